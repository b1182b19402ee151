"""Run the command line with `python -m beachhead`."""

from beachhead.cli import main

main()
