"""Answers what an offer may do in a market on a day: every requirement, every feature, every route, with reasons."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date

from beachhead.compliance.approval import Holding, Vehicle
from beachhead.compliance.finding import Assessment, FeatureVerdict
from beachhead.compliance.in_hand import hand
from beachhead.compliance.jurisdiction import Jurisdiction, Scope
from beachhead.compliance.prospect import Prospect, prospect
from beachhead.compliance.ready import NEVER, Ready, network, ready
from beachhead.compliance.requirement import Place
from beachhead.compliance.rulebook import Law, Rulebook
from beachhead.compliance.sale import blocked_until, completion, offered, sale_date

_NOTHING_HELD = Holding()


def assess(rulebook: Rulebook, vehicle: Vehicle, market: str, on: date, holding: Holding = _NOTHING_HELD) -> Assessment:
    """What one vehicle may do in one market on one day; unknown is never read as allowed."""
    return next(assess_all(rulebook, [vehicle], [market], [on], holding))


def assess_all(
    rulebook: Rulebook,
    vehicles: Iterable[Vehicle],
    markets: Sequence[str],
    days: Sequence[date],
    holding: Holding = _NOTHING_HELD,
) -> Iterator[Assessment]:
    """Every vehicle in every market on every day, in that order; work that answers share is done once."""
    net = network(rulebook)
    since = min(days)
    counted = {item.market for item in holding.used}
    for vehicle in vehicles:
        in_hand = hand(rulebook, vehicle, holding)
        whens = [ready(net, in_hand, day) for day in days]
        answered: dict[int, tuple[Law, list[Assessment]]] = {}
        for market in markets:
            law = law_of(rulebook, market)
            if id(law) not in answered or counted.intersection(law.jurisdiction.markets):
                ahead = prospect(net, vehicle, law, in_hand, since)
                answers = [read(ahead, market, when, day, holding) for when, day in zip(whens, days, strict=True)]
                answered[id(law)] = (law, answers)  # the law is kept, so that its identity stays its own
            yield from (replace(answer, market=market) for answer in answered[id(law)][1])


def read(ahead: Prospect, market: str, when: Ready, on: date, holding: Holding) -> Assessment:
    """A prospect on one day in one market."""
    span = ahead.on(on)
    features = tuple(
        blocked_until(feature, _switched_on(ahead, position, when))
        if feature.verdict is FeatureVerdict.BLOCKED
        else feature
        for position, feature in enumerate(span.features)
    )
    return Assessment(
        offer=ahead.vehicle.code,
        market=market,
        jurisdiction=ahead.law.jurisdiction.code,
        on=on,
        findings=span.findings,
        features=features,
        routes=tuple(
            sale_date(offered(route, market, on, ahead.vehicle.of_type), position, ahead, when, holding.used)
            for position, route in enumerate(ahead.law.routes)
        ),
    )


def _switched_on(ahead: Prospect, position: int, when: Ready) -> int:
    """First day on which a feature is permitted and all it needs can be shown; `NEVER` if none is known.

    It walks through time span by span, as the day of sale is found: a rule that opens later still waits for what it
    needs, and what is ready only after a rule has changed answers to the later rule.
    """
    for span in ahead.spans_from(date.fromordinal(when.on)):
        begins = max(when.on, span.start.toordinal())
        if span.features[position].verdict in (FeatureVerdict.ALLOWED, FeatureVerdict.CONDITIONAL):
            return begins
        for dues, positions in span.awaited:
            if position in positions:
                day = max(begins, completion(dues, when).day)
                if day < span.end.toordinal():
                    return day
    return NEVER


def law_of(rulebook: Rulebook, market: str) -> Law:
    """The law of a market; of one that no rule file covers, a law without a rule."""
    return rulebook.laws.get(market) or _lawless(rulebook, market)


def _lawless(rulebook: Rulebook, market: str) -> Law:
    """The law of a market that no rule file covers: nothing is known, nothing is allowed."""
    nobody = Jurisdiction(
        code="",
        name=f"{market}, which no rule file covers",
        scope=Scope.MARKET,
        markets=(market,),
        adopts=None,
        whole_vehicle=(),
        as_of=max((entry.as_of for entry in rulebook.jurisdictions.values()), default=date.min),
        place=Place(file="for this market", line=1),
    )
    return Law(jurisdiction=nobody, lineage=(), rules={}, feature_rules={}, routes=(), whole_vehicle=())
