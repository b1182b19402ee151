"""Turns rows observed in the market into a reading of demand: what was counted, how long and before how many eyes."""

from beachhead.pilot.read import RUNNING, is_scaled, merge, read

__all__ = ["RUNNING", "is_scaled", "merge", "read"]
