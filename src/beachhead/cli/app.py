"""The whole command-line application, for whoever needs all commands at once: the reference, the tests."""

from __future__ import annotations

from beachhead.cli.start import COMMANDS, build

app = build(COMMANDS)
