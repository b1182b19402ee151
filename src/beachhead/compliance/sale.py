"""The earliest legal day of sale by one route, and by when a missing requirement can be shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from beachhead.compliance.approval import Used
from beachhead.compliance.finding import FeatureFinding, Reason, SaleDate
from beachhead.compliance.owed import Owed
from beachhead.compliance.prospect import Prospect, Span
from beachhead.compliance.ready import NEVER, Ready
from beachhead.compliance.requirement import Accepted
from beachhead.compliance.rule import Route, Volume
from beachhead.world.figures import how_many


@dataclass(frozen=True, slots=True)
class Completion:
    """When everything owed can be shown; days as ordinals, `NEVER` if not all can.

    Attributes:
        day: the day on which all is shown.
        days: for each due.
        systems: the day on which everything a whole-vehicle approval covers is shown.
    """

    day: int
    days: list[int]
    systems: int


@dataclass(frozen=True, slots=True)
class Offered:
    """A route as one market offers it on a day.

    Attributes:
        route: the route.
        markets: markets that share its cap.
        begins: first day that matters: the day asked about, or the day the route opens.
        of_type: type of the car; empty if no cars are counted.
    """

    route: Route
    markets: frozenset[str]
    begins: date
    of_type: str = ""

    @property
    def cap_unknown(self) -> bool:
        """Whether it is for small series but nobody has told us the limit."""
        return self.route.volume is Volume.SMALL_SERIES and self.route.cap is None

    def cap_left(self, year: int, used: Sequence[Used]) -> int | None:
        """Cars left of the cap in a year; None without a known cap."""
        if self.route.cap is None:
            return None
        mine = (item for item in used if item.year == year and item.route in ("", self.route.code))
        return max(0, self.route.cap - sum(item.cars for item in mine if self._counts(item)))

    def _counts(self, item: Used) -> bool:
        """Whether cars count against the cap: of a market that shares it, and of the type where the cap is a type's."""
        another_type = self.route.per_type and item.type_name not in ("", self.of_type)
        return item.market in self.markets and not another_type


def offered(route: Route, market: str, on: date, of_type: str = "") -> Offered:
    """A route as one market offers it on a day, to a car of a type."""
    markets = frozenset({market}) if route.per_market else route.markets
    return Offered(route, markets, max(on, route.begins), of_type)


def sale_date(offer: Offered, position: int, ahead: Prospect, when: Ready, used: Sequence[Used]) -> SaleDate:
    """The first day on which cars may be sold by the route, which stands at `position` in the law.

    It walks through time span by span. In each, everything owed there must be shown; the first day of a span on which
    it can be is the answer. What is unknown keeps the route shut; the day it would open if all of it were asked is
    told as provisional.
    """
    provisional: date | None = None
    first: tuple[Owed, Completion] | None = None
    for span in ahead.spans_from(offer.begins):
        dues = span.owed[position]
        done = completion(dues, when)
        first = first or (dues, done)
        day = _day_within(offer, span, done.day, used)
        if day is not None and dues.all_settled and not offer.cap_unknown:
            return _told(offer, when, (day, None), (dues, done), used)
        provisional = provisional or day
    assert first is not None  # the last span never ends
    return _told(offer, when, (None, provisional), first, used)


def completion(dues: Owed, when: Ready) -> Completion:
    """The day on which everything owed can be shown: systems first, then what waits for them."""
    days = when.early(dues.numbers)
    systems = max([when.on, *(days[index] for index in dues.systems if days[index] < NEVER)])
    latest = max(days, default=when.on)
    if latest == NEVER:
        for index, day in enumerate(days):
            if day == NEVER:
                days[index] = when.first_day(dues.accepts[index], systems)
        latest = max(days)
    return Completion(latest, days, systems)


def blocked_until(finding: FeatureFinding, day: int) -> FeatureFinding:
    """A blocked feature with the day on which what it awaits can be shown."""
    return FeatureFinding(
        finding.feature,
        finding.title,
        finding.verdict,
        finding.conditions,
        None if day >= NEVER else date.fromordinal(day),
        finding.awaits,
        finding.reasons,
    )


def _day_within(offer: Offered, span: Span, done: int, used: Sequence[Used]) -> date | None:
    """First day of the span on which all is shown and cars are left, or None."""
    if done >= NEVER:
        return None
    day: date | None = max(offer.begins, span.start, date.fromordinal(done))
    while day is not None and offer.cap_left(day.year, used) == 0:
        day = date(day.year + 1, 1, 1) if day.year < date.max.year else None
    end = min(span.end, offer.route.until or date.max)
    return day if day is not None and day < end else None


def _told(
    offer: Offered,
    when: Ready,
    days: tuple[date | None, date | None],
    deciding: tuple[Owed, Completion],
    used: Sequence[Used],
) -> SaleDate:
    route, on, (day, provisional), (dues, done) = offer.route, date.fromordinal(when.on), days, deciding
    shut: tuple[str, ...] = ()
    to_settle: tuple[str, ...] = ()
    waits_for: tuple[str, ...] = ()
    if day is None:
        asked = zip(dues.requirements[: dues.missing], done.days, strict=False)
        shut = tuple(code for code, shown in asked if shown == NEVER)
        unknown = dues.requirements[dues.missing :]
        to_settle = (*unknown, "cars a year") if offer.cap_unknown else unknown
    elif when.on < day.toordinal() == done.day:
        latest = zip(dues.requirements, done.days, strict=True)
        waits_for = tuple(code for code, shown in latest if shown == done.day)
    left = offer.cap_left((day or on).year, used)
    accepts = dict(zip(dues.requirements, dues.accepts, strict=True))
    text = _sentence(route, on, day, waits_for, [_with_cure(code, accepts[code]) for code in shut], to_settle)
    carried = [Reason(f"{step.jurisdiction} opens it by {step.through}.", step.source) for step in route.adopted]
    return SaleDate(
        route=route.code,
        title=route.title,
        volume=route.volume,
        day=day,
        cap=route.cap,
        cap_left=left,
        waits_for=waits_for,
        shut_by=shut,
        to_settle=to_settle,
        provisional=provisional,
        reasons=(Reason(text, route.source), *carried, *_cap_reasons(offer, left, (day or on).year)),
    )


def _sentence(
    route: Route,
    on: date,
    day: date | None,
    waits_for: Sequence[str],
    shut: Sequence[str],
    to_settle: Sequence[str],
) -> str:
    if day == on:
        return f"{route.title}: everything asked is shown; sale is legal on {on}."
    if day is not None:
        last = f"; last to be shown: {', '.join(waits_for)}" if waits_for else ""
        return f"{route.title}: first legal day of sale {day}{last}."
    if route.until is not None and route.until <= on:
        return f"{route.title}: closed since {route.until}."
    parts = []
    if shut:
        parts.append(f"no way on record to show {', '.join(shut)}")
    if to_settle:
        parts.append(f"to be settled: {', '.join(to_settle)}")
    return f"{route.title}: no legal day of sale known; {'; '.join(parts) or 'nothing on record opens it'}."


def _with_cure(code: str, accepts: Sequence[Accepted]) -> str:
    """A requirement that nothing can show, with the feature to declare where that alone would."""
    features = [item.equipment for item in accepts if item.equipment is not None]
    return f"{code} (declare {' or '.join(features)} among the offer's features)" if features else code


def _cap_reasons(offer: Offered, left: int | None, year: int) -> list[Reason]:
    """The limit in words."""
    route = offer.route
    if route.cap is None or left is None:
        text = "The limit of cars a year is not known." if offer.cap_unknown else ""
    else:
        of_type = " of one type" if route.per_type else ""
        text = f"Limit {how_many(route.cap, 'car')}{of_type} a year; {left:,} left in {year}."
    words = " ".join(part for part in (text, route.note) if part)
    return [Reason(words, route.source)] if words else []
