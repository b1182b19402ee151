"""The entry panel: registrations by brand, country and month, read with explicit censoring."""

from beachhead.evidence.panel.entries import read_panel

__all__ = ["read_panel"]
