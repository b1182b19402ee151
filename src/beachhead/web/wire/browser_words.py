"""What a sentence says to do on the command line, said for who reads it in a browser: a page, a button, a field.

Rooms speak of the command line, where all of them can be asked. Sentences and refusals pass through here on their way
to the wire, so that nobody in front of a page is told to type an option.
"""

from __future__ import annotations

import re

WORDS: tuple[tuple[str, str], ...] = (
    # whole cures, where the browser has a way of its own, or none is needed
    (r" ?, or name a day within them \(`--on` on the command line\)", ""),
    (r"`--on [^`]*` shows it as of today", "“Work it out as of today” shows it so"),
    (r"add --because \"\.\.\.\"", "say why in the field “because”"),
    (r", or use --replace to put this row in its place", ""),
    (r" with `observe --replace`", ""),
    (r": play (\d+) or more \(--worlds\)", r": Plan again plays more than \1"),
    (r" \(`--cars CC=N` sets them\)| \(`--no-paying`\)| \(`--rivals`\)", ""),
    (r"`beachhead programme risk --on [^`]*` says when", "“Work it out as of today”, under Programme, says when"),
    (r"; beachhead backtest --notes lists them", ""),
    (r"; `beachhead new DIR --example xiaomi` (shows one|makes one)", "; the bundled launch xiaomi has one"),
    (r"leave --launch out: no tariff", "no tariff"),
    (r"there is none: keep one with --set and --name", "there is none: try one under Plan"),
    (r"decide on a plan, or `beachhead targets DIR --register`;.*", "decide on a plan, under Decisions"),
    (r"`read DIR --register` enters .*", "once it is known, a button enters it under Decisions"),
    (r"see `(beachhead )?log[^`]*`", "see the ledger under Decisions"),
    # commands that are buttons and pages here
    (r"run `beachhead plan[^`]*`", "press “Plan again”, under Plan"),
    (r"run `beachhead supply [^`]* --keep`", "whoever runs the launch keeps a new one on the command line"),
    (r"run `beachhead site [^`]* --keep`", "whoever runs the launch keeps a new one on the command line"),
    (r"`beachhead programme( risk)?`", "the page Programme"),
    (r"`beachhead comply`", "the page Compliance"),
    (r"`beachhead targets`", "the page Targets"),
    (r"`beachhead supply`", "the page Supply"),
    (r"`beachhead (observe|read)[^`]*`", "the page Pilots"),
    # fields
    (r"--count\b", "the number of new sites"),
    (r"--minutes\b", "the minutes by road"),
    (r"--work\b", "the work at most"),
    (r"--year\b", "year"),
    (r"--least-people\b", "the least people of a settlement (on the command line)"),
    (r"--site-people\b", "the least people of a place for a site (on the command line)"),
    # what the browser has no field for
    (r"`beachhead [^`]*--[^`]*`", "the command line"),
    (r"`(?:new|service|site|charge|evidence|replay|worth|targets)\b[^`]*--[^`]*`", "the command line"),
    (r"`--([a-z][a-z-]*)[^`]*`", r"“\1” of the command line"),
    (r"`?--([a-z][a-z-]*)`?", r"“\1” of the command line"),
)
"""What is said on the command line, and what in a browser; the first that fits comes first."""
_WORDS = tuple((re.compile(pattern), words) for pattern, words in WORDS)


def in_browser(text: str) -> str:
    """The sentence as a page says it."""
    if "--" not in text and "`" not in text:
        return text
    for pattern, words in _WORDS:
        text = pattern.sub(words, text)
    return text
