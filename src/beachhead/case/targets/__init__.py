"""Targets of an open launch: their odds, and what would move them."""
