"""Supply's answer on record, and what a plan makes of it: margins by scenario, and the cars that new plants add."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from beachhead.case.answers.newest import keep_newest, newest
from beachhead.case.open import Launch
from beachhead.launch.question.problem import Scenario
from beachhead.store import get, put, reading, writing
from beachhead.world.economics import Economics, Limits, best_margins
from beachhead.world.figures import how_many
from beachhead.world.market import Channel
from beachhead.world.quarter import Quarter
from beachhead.world.ref import Ref

Floats = NDArray[np.float64]

TOPIC = "supply_terms"
TABLES = ("plants", "lanes", "tariffs", "fx", "fx_scenarios", "offers", "prices", "economics", "markets")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SupplyCourse:
    """One way that duties and currencies may go.

    Attributes:
        name: the ways in words, such as `eu_duty: minimum_price, yuan: as_now`.
        odds: 0..1.
        margin: (M, T), expected margin of a planned car, launch currency; NaN where no route is open.
    """

    name: str
    odds: float
    margin: Floats


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SupplyTerms:
    """What a plan may count on once supply has answered.

    Attributes:
        quarters: T quarters.
        markets: M market codes.
        courses: what margins may be; odds add up to 1.
        known_from: quarter at whose start everybody knows which course holds.
        added: (T,), expected cars a quarter of the plants to be committed to.
        capital: expected capital of those plants, which the plan's limits do not count; launch currency.
        tables: digest of each table, and of launch.toml, that the answer rests on.
    """

    quarters: tuple[Quarter, ...]
    markets: tuple[str, ...]
    courses: tuple[SupplyCourse, ...]
    known_from: Quarter
    added: Floats
    capital: float
    tables: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class SupplyInputs:
    """What supply makes of a plan's inputs.

    Attributes:
        scenarios: of margins; empty while supply has not answered, and margins stay as they are in economics.csv.
        limits: with the cars of new plants.
        notes: sentences on what was changed, or why not.
    """

    scenarios: tuple[Scenario, ...]
    limits: Limits
    notes: tuple[str, ...]


def supply_inputs(
    launch: Launch,
    quarters: tuple[Quarter, ...],
    economics: Iterable[Economics],
    limits: Limits,
    terms: SupplyTerms | None = None,
) -> SupplyInputs:
    """Scenarios of margins and the cars of new plants from `terms`, or from the newest answer on record.

    An answer on record that rests on other tables than those of today is not used, and a note says so.

    Args:
        launch: the launch.
        quarters: the quarters planned.
        economics: rows whose unit margins the scenarios change.
        limits: over the quarters of launch.toml.
        terms: an answer at hand.
    """
    if terms is None:
        found = _newest(launch)
        if found is None:
            return SupplyInputs(scenarios=(), limits=limits, notes=())
        terms, at = found
        if changed := _changed(launch, terms):
            return SupplyInputs(scenarios=(), limits=limits, notes=(_left_out(launch, changed, at),))
    rows = tuple(economics)
    notes = [_counted(launch, terms, rows)]
    if len(terms.courses) > 1 and terms.known_from <= quarters[0]:
        files = "tariffs.csv and fx_scenarios.csv"
        notes.append(f"By {terms.known_from} everybody knows how duties and currencies went: write it into {files}.")
    return SupplyInputs(
        scenarios=tuple(_scenario(course, terms, quarters, rows) for course in terms.courses),
        limits=_with_cars(limits, launch.folder.terms.start, terms),
        notes=tuple(notes),
    )


def supply_stands(launch: Launch) -> bool:
    """Whether plans count on supply: it has answered, on the tables of today."""
    found = _newest(launch)
    return found is not None and not _changed(launch, found[0])


def keep_terms(launch: Launch, terms: SupplyTerms, *, who: str, at: datetime) -> Ref:
    """Put an answer on record; from then on plans count on it."""
    with writing(launch.store) as work:
        ref = put(work, "supply_terms", terms)
        keep_newest(work, TOPIC, ref, name="supply", who=who, at=at)
    return ref


def digests(launch: Launch) -> dict[str, str]:
    """Digest of each table that supply rests on, and of launch.toml."""
    said = {f"{name}.csv": repr(launch.folder.tables.get(name, ())) for name in TABLES}
    said["launch.toml"] = repr(launch.folder.terms)
    return {name: hashlib.sha256(text.encode()).hexdigest() for name, text in said.items()}


def _newest(launch: Launch) -> tuple[SupplyTerms, datetime] | None:
    with reading(launch.store) as work:
        kept = newest(work, TOPIC)
        return None if kept is None else (get(work, kept.ref, SupplyTerms), kept.at)


def _changed(launch: Launch, terms: SupplyTerms) -> tuple[str, ...]:
    now = digests(launch)
    return tuple(name for name in now if terms.tables.get(name) != now[name])


def _left_out(launch: Launch, changed: tuple[str, ...], at: datetime) -> str:
    files = ", ".join(changed)
    verb = "has" if len(changed) == 1 else "have"
    cure = f"beachhead supply {launch.path} --keep"
    return f"Supply's answer of {at:%Y-%m-%d} is left out: {files} {verb} changed since; run `{cure}`."


def _scenario(
    course: SupplyCourse, terms: SupplyTerms, quarters: tuple[Quarter, ...], economics: tuple[Economics, ...]
) -> Scenario:
    """Margins of a course less the margins of the table, for each channel as for the market's best."""
    change: dict[tuple[str, Channel], tuple[float, ...]] = {}
    places = [quarter - terms.quarters[0] for quarter in quarters]
    best = best_margins(economics)  # supply settles its selling cost on it, so its margins compare with it
    for m, market in enumerate(terms.markets):
        gain = [course.margin[m, t] - best[market] if 0 <= t < len(terms.quarters) else 0.0 for t in places]
        known = tuple(float(each) if np.isfinite(each) else 0.0 for each in gain)
        for row in economics:
            if row.market == market:
                change[market, row.channel] = known
    return Scenario(name=course.name, odds=course.odds, known_from=terms.known_from, margin_change=change)


def _with_cars(limits: Limits, start: Quarter, terms: SupplyTerms) -> Limits:
    skip = terms.quarters[0] - start
    cars = np.array(limits.cars_per_quarter)
    count = min(len(terms.added), len(cars) - skip)
    cars[skip : skip + count] += terms.added[:count]
    return replace(limits, cars_per_quarter=tuple(float(c) for c in cars))


def _counted(launch: Launch, terms: SupplyTerms, economics: tuple[Economics, ...]) -> str:
    best = best_margins(economics)
    expected = sum(course.odds * course.margin for course in terms.courses)
    changes = [
        (float(np.nanmean(row)) - best[code], code)
        for row, code in zip(np.atleast_2d(expected), terms.markets, strict=True)
        if np.isfinite(row).any()
    ]
    currency, names = launch.folder.terms.currency, {market.code: market.name for market in launch.folder.markets}
    parts = [
        f"margins in {how_many(len(terms.courses), 'scenario')} of duties and currencies, known from {terms.known_from}"
    ]
    if changes:
        (worst, low), (most, high) = min(changes), max(changes)
        parts.append(f"on average {worst:+,.0f} {currency} a car in {names[low]} to {most:+,.0f} in {names[high]}")
    if terms.added.max() >= 1:
        cost = f"whose {currency} {terms.capital / 1e6:,.0f} M of capital this plan does not count"
        parts.append(f"up to {how_many(round(float(terms.added.max())), 'more car')} a quarter from new plants, {cost}")
    return f"Counts on supply's answer: {'; '.join(parts)}."
