"""Beachhead plans, runs and learns from a staged product launch across countries."""

__version__ = "0.1.0"
