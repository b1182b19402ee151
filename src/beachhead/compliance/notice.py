"""Changes as they are told to a person: what happens alike, of one cause on one day, is one notice."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from beachhead.compliance.finding import Verdict, weakest
from beachhead.compliance.watch import Change
from beachhead.world.source import Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """Changes of one day that turn alike, for the same offers and markets.

    What closes something, waits for something or leaves work to be done is told by itself; what eases is told together,
    such as all requirements that one expected approval shows.

    Attributes:
        day: first day of the new state.
        what: `requirement`, `feature` or `route`.
        codes: what changes, by code.
        titles: of each.
        before: how it stood.
        becomes: how it stands.
        offers: offer codes.
        markets: market codes.
        by: what shows it from then on, in words; "" where it is no evidence that brings the change.
        closes: as in `Change`.
        act_by: as in `Change`.
        expected: as in `Change`.
        late: as in `Change`.
        source: who says so: of what eases the weakest of its reasons, else the rule.
    """

    day: date
    what: str
    codes: tuple[str, ...]
    titles: tuple[str, ...]
    before: str
    becomes: str
    offers: tuple[str, ...]
    markets: tuple[str, ...]
    by: str
    closes: bool
    act_by: date | None
    expected: date | None
    late: bool
    source: Source

    @property
    def no_way(self) -> bool:
        """Whether it closes something that nothing on record would open again."""
        return self.closes and self.act_by is None and self.expected is None


def notices(changes: Iterable[Change]) -> tuple[Notice, ...]:
    """The changes gathered, in order of day; a change stands in one notice for each set of markets it hits alike."""
    places: dict[_Turn, dict[str, dict[str, None]]] = {}
    titles: dict[tuple[str, str], str] = {}
    for change in changes:
        where = places.setdefault(_turn(change), {}).setdefault(change.offer, {})
        where.update(dict.fromkeys(change.markets))
        titles[(change.what, change.code)] = change.title
    gathered: dict[tuple[_Turn, tuple[str, ...], tuple[str, ...]], list[str]] = {}
    for turn, by_offer in places.items():
        for offers, markets in _alike(by_offer):
            key = turn if _stands_alone(turn) else turn._replace(code="")
            gathered.setdefault((key, offers, markets), []).append(turn.code)
    found = [
        Notice(
            codes=tuple(codes),
            titles=tuple(titles[(turn.what, code)] for code in codes),
            offers=offers,
            markets=markets,
            **{name: value for name, value in turn._asdict().items() if name != "code"},
        )
        for (turn, offers, markets), codes in gathered.items()
    ]
    return tuple(sorted(found, key=lambda notice: notice.day))


class _Turn(NamedTuple):
    """What a change says apart from whom it hits."""

    day: date
    what: str
    code: str
    before: str
    becomes: str
    by: str
    closes: bool
    act_by: date | None
    expected: date | None
    late: bool
    source: Source


def _turn(change: Change) -> _Turn:
    shown = change.what == "requirement" and change.after == Verdict.MET
    alone = _stands_alone(change)
    return _Turn(
        day=change.day,
        what=change.what,
        code=change.code,
        before=change.before,
        becomes=change.becomes,
        by=change.reasons[-1].text if shown else "",
        closes=change.closes,
        act_by=change.act_by,
        expected=change.expected,
        late=change.late,
        source=change.reasons[0].source if alone else _weakest(change),
    )


def _stands_alone(change: Change | _Turn) -> bool:
    return change.closes or change.act_by is not None or change.expected is not None or change.what == "route"


def _weakest(change: Change) -> Source:
    """The source that the change stands or falls with; of several as weak the last, which is the evidence."""
    grade = weakest(change.reasons)
    return next(reason.source for reason in reversed(change.reasons) if reason.source.grade is grade)


def _alike(by_offer: dict[str, dict[str, None]]) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
    """Offers that are hit in the same markets, with these."""
    sharing: defaultdict[tuple[str, ...], list[str]] = defaultdict(list)
    for offer, markets in by_offer.items():
        sharing[tuple(sorted(markets))].append(offer)
    return [(tuple(offers), markets) for markets, offers in sharing.items()]
