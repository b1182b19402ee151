"""Registrations from the official sources into a user cache, in the columns that the entry panel reads."""

from beachhead.evidence.fetch.cache import Fetched, cache_folder, fetch
from beachhead.evidence.fetch.sources import SOURCES, OnlineSource

__all__ = ["SOURCES", "Fetched", "OnlineSource", "cache_folder", "fetch"]
