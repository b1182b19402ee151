"""Turns observed rows into a reading of demand."""
