"""Markets in which nothing may be scaled within the horizon: what shuts each, and what would have to change."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from beachhead.world.economics import Economics
from beachhead.world.quarter import Quarter


class Bar(StrEnum):
    """What shuts a market; the first that does, in the order in which the rooms may move its dates."""

    DATES = "dates"
    TASKS = "tasks"
    APPROVALS = "approvals"
    OFFERS = "offers"


WHY = {
    Bar.DATES: "{where} {is_are} shut: earliest_scale of economics.csv says {when}, after the last quarter planned; an "
    "earlier date there would open {it_them}.",
    Bar.TASKS: "{where} {is_are} shut: the tasks are done for {when}, after the last quarter planned; `beachhead "
    "programme risk` says what holds {it_them} up.",
    Bar.APPROVALS: "{where} {is_are} shut until the approvals are settled: `beachhead comply` says what is missing.",
    Bar.OFFERS: "{where} {is_are} shut: no offer can be sold there within the horizon; see prices.csv, and "
    "available_from in offers.csv.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Shut:
    """A market that cannot be scaled within the horizon.

    Attributes:
        market: market code.
        bar: what shuts it.
        opens: the quarter in which it would open by what shuts it; None where none is known.
    """

    market: str
    bar: Bar
    opens: Quarter | None


def shut_markets(
    markets: Iterable[str], end: Quarter, dates: Sequence[tuple[Bar, Sequence[Economics]]]
) -> tuple[Shut, ...]:
    """Name what shuts each market.

    Args:
        markets: codes of those that cannot be scaled within the horizon.
        end: the first quarter after the horizon.
        dates: economics as each room left them, in the order asked.
    """
    return tuple(_shut(market, end, dates) for market in markets)


def _shut(market: str, end: Quarter, dates: Sequence[tuple[Bar, Sequence[Economics]]]) -> Shut:
    for bar, rows in dates:
        first = min(row.earliest_scale for row in rows if row.market == market)
        if first >= end:
            # approvals that nobody can date are written as the end of the horizon, which is no date of theirs
            return Shut(market=market, bar=bar, opens=None if bar is Bar.APPROVALS else first)
    return Shut(market=market, bar=Bar.OFFERS, opens=None)


def shut_said(shut: Sequence[Shut], names: Mapping[str, str]) -> str:
    """Which markets are shut, why, and what would open them, in a sentence a cause; empty if none is."""
    told = []
    for bar in Bar:
        for opens in dict.fromkeys(each.opens for each in shut if each.bar is bar):
            where = [names[each.market] for each in shut if each.bar is bar and each.opens == opens]
            one = len(where) == 1
            words = {"is_are": "is" if one else "are", "it_them": "it" if one else "them", "when": opens}
            told.append(WHY[bar].format(where=listed(where), **words))
    return " ".join(told)


def listed(names: Sequence[str]) -> str:
    """Names as a sentence has them: A, B and C."""
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
