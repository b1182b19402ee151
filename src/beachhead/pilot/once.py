"""Rows that tell of the same cars: all offers beside one offer, a whole channel beside one of its stores.

A sheet often has a line for each offer and a line of their sum, or orders by offer and registrations of all. Each car
is counted once: of rows of one batch, market and channel that share a day, those are taken whose count covers most
days, of equals the nearest to demand, of the same count the row of the whole, which leaves no offer or store out.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from beachhead.pilot.count import CARS, counted, funnel_of
from beachhead.world.reading import Funnel, Observation

_Depth = tuple[bool, bool, str]
"""Whether rows name an offer and a store, and the code of before a merger that their store stands for."""

Depths = tuple[str, str]
"""In words, in what one depth differs from another, and that one from it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EachOnce:
    """Rows in which no car stands twice.

    Attributes:
        rows: those to be counted, in the order given.
        again: those that tell of the same cars again, each with the words for its depth and for that of the rows that
            are counted in its place: `by offer`, `of all offers`.
    """

    rows: tuple[Observation, ...]
    again: tuple[tuple[Observation, Depths], ...]


def each_once(rows: Iterable[Observation], *, funnels: Sequence[Funnel] = CARS) -> EachOnce:
    """The rows without those whose cars other rows count already.

    Args:
        rows: current rows; rows of one key do not overlap.
        funnels: counts that matter, the one that is wanted most first; a row with none of them replaces no other.
    """
    given = tuple(rows)
    by_supply: dict[tuple[str, ...], dict[_Depth, list[Observation]]] = defaultdict(lambda: defaultdict(list))
    for row in given:
        by_supply[row.batch, row.market, row.channel.value][_depth(row)].append(row)
    again: dict[Observation, Depths] = {}
    for depths in by_supply.values():
        if len(depths) > 1:
            again |= _again(depths, funnels)
    if not again:
        return EachOnce(rows=given, again=())
    return EachOnce(
        rows=tuple(row for row in given if row not in again),
        again=tuple((row, again[row]) for row in given if row in again),
    )


def _again(depths: Mapping[_Depth, Sequence[Observation]], funnels: Sequence[Funnel]) -> dict[Observation, Depths]:
    """Rows that tell again what rows of a depth before theirs tell, with the words for both."""
    taken: dict[_Depth, list[Observation]] = {}
    again: dict[Observation, Depths] = {}
    for depth in _in_order(depths, funnels):
        told = [row for row in depths[depth] if _counts(row, funnels) or _counts(row, tuple(Funnel))]
        for other, theirs in taken.items():
            for row in _sharing(told, depth, theirs, other):
                again.setdefault(row, (_words(depth, other), _words(other, depth)))
        taken[depth] = [row for row in told if row not in again and _counts(row, funnels)]
    return again


def _in_order(depths: Mapping[_Depth, Sequence[Observation]], funnels: Sequence[Funnel]) -> list[_Depth]:
    """Depths by the days that their count covers, then by how near to demand it is, then the whole first."""
    count = {depth: funnel_of(rows, funnels) for depth, rows in depths.items()}
    days: dict[Funnel, set[int]] = defaultdict(set)
    for depth, rows in depths.items():
        days[count[depth]] |= {d for row in rows if counted(row, count[depth]) is not None for d in _span(row)}

    def rank(depth: _Depth) -> tuple[object, ...]:
        empty = not any(_counts(row, funnels) for row in depths[depth])
        return empty, -len(days[count[depth]]), funnels.index(count[depth]), depth[:2].count(True), depth

    return sorted(depths, key=rank)


def _sharing(
    rows: Sequence[Observation], depth: _Depth, theirs: Sequence[Observation], other: _Depth
) -> list[Observation]:
    """Rows of one depth that share a day, and each code that both depths name, with rows of another."""
    if depth[2] != other[2]:
        return []
    offer, store = depth[0] and other[0], depth[1] and other[1]
    days: dict[tuple[str, str], set[int]] = defaultdict(set)
    for row in theirs:
        days[row.offer if offer else "", row.store if store else ""].update(_span(row))
    at = [days.get((row.offer if offer else "", row.store if store else "")) for row in rows]
    return [row for row, known in zip(rows, at, strict=True) if known and not known.isdisjoint(_span(row))]


def _depth(row: Observation) -> _Depth:
    store, _, was = row.store.partition("@")  # as renames.csv keeps the parts of a merged market apart
    return bool(row.offer), bool(store), was


def _words(depth: _Depth, beside: _Depth) -> str:
    """In what a depth differs from another."""
    offers = "by offer" if depth[0] else "of all offers"
    stores = "by store" if depth[1] else "of the whole channel"
    pairs = ((offers, depth[0] != beside[0]), (stores, depth[1] != beside[1]))
    return ", ".join(words for words, differs in pairs if differs)


def _counts(row: Observation, funnels: Sequence[Funnel]) -> bool:
    return any(counted(row, funnel) is not None for funnel in funnels)


def _span(row: Observation) -> range:
    return range(row.start.toordinal(), row.end.toordinal() + 1)
