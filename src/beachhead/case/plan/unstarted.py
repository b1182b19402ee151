"""Rows of a market that no decision has started: taken in as any others, and said, for a code is soon mistyped."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from datetime import date

from beachhead.case.log import whole
from beachhead.case.open import Launch
from beachhead.case.plan.standing import choices
from beachhead.case.rows.observe import Receipt
from beachhead.evidence.tables.renames import Renamed, RenameRow
from beachhead.launch.question.action import ActionKind
from beachhead.world.errors import NotStored

_STARTS = (ActionKind.PILOT, ActionKind.SCALE)


def with_unstarted(launch: Launch, receipt: Receipt) -> Receipt:
    """The receipt with the markets of which it has a row that ends before any decision on record starts them.

    A pilot or a start at full scale counts from the first day of its quarter, home always, a code of old as what it is
    now. None where the ledger does not read: whoever sends rows has done nothing to it, and other commands say so.
    """
    try:
        entries, _ = whole(launch.store)
        chose = choices(launch, entries)
    except NotStored:
        return receipt
    started = {market.code: date.min for market in launch.folder.markets if market.is_home}
    for chosen in chose:
        if chosen.action.kind in _STARTS:
            code, day = chosen.action.market, chosen.quarter.first_day
            started[code] = min(day, started.get(code, day))
    now_called: defaultdict[str, set[str]] = defaultdict(set)
    for rename in launch.folder.rows(RenameRow):
        if rename.kind is Renamed.MARKET:
            now_called[rename.was].add(rename.now)

    def has_begun(code: str, end: date) -> bool:
        return any(started.get(each, date.max) <= end for each in (code, *now_called[code]))

    return replace(
        receipt, unstarted=tuple(c for c, end in sorted(receipt.first_ends.items()) if not has_begun(c, end))
    )


def unstarted_sentence(codes: tuple[str, ...]) -> str:
    """What to tell who sent such rows; "" where there are none."""
    if not codes:
        return ""
    named = codes[0] if len(codes) == 1 else f"{', '.join(codes[:-1])} and {codes[-1]}"
    return (
        f"No decision on record had started {named} by the end of such rows, which count as evidence all the same. "
        "If a code is wrong, send its row again with the word withdrawn in place of the numbers."
    )
