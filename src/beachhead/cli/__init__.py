"""The command line: each command parses, calls `case`, prints. Exit 0 done, 1 ours, 2 usage."""

from beachhead.cli.start import main

__all__ = ["main"]
