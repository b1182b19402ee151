"""From registrations by brand and month to entries: who came new into a country, when, and what followed."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from beachhead.evidence.panel.counts import Counts, Months, read_counts
from beachhead.evidence.panel.names import BEV_ONLY_UNTIL, long_sold, region
from beachhead.world.entry import Entry, MarketSeries, Panel, month_text

ENTRY_CARS = 5
QUIET_MONTHS = 3
FIRST_QUARTER_CARS = 10
FEWEST_MONTHS = 3
NEW_WITHIN_MONTHS = 24
ESTABLISHED_COUNTRIES = 3
HOME_OF_MAKERS = "CN"


def read_panel(folder: Path) -> Panel:
    """The panel of entries in a folder of registration files.

    An entry begins in the first month with at least 5 battery-electric cars after 3 months below 5 (or unlisted with a
    ceiling below 25 cars or .3 % of the market) that starts a quarter of at least 10 cars; fewer is grey import.

    Raises:
        BadInput: see `read_counts`.
    """
    counts = read_counts(folder)
    notes = list(counts.notes)
    entries: list[Entry] = []
    context = _context(counts)
    for country, brand in sorted(set(counts.bev) | set(counts.official)):
        if country == HOME_OF_MAKERS:
            continue
        found, why = _entry(counts, context, country, brand)
        if found is not None:
            entries.append(found)
        if why:
            notes.append(why)
    return Panel(
        entries=tuple(sorted(entries, key=lambda e: (e.brand, e.country, e.first))),
        markets=tuple(_market(country, months) for country, months in sorted(counts.totals.items()) if months),
        notes=tuple(notes),
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Series:
    """Counts of one brand and country over the months its sources cover, gaps between censored."""

    first: int
    cars: NDArray[np.float64]
    ceiling: NDArray[np.float64]
    market: NDArray[np.float64]
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Context:
    """What is worked out once for all series.

    Attributes:
        pure: months in which a brand sold nothing but battery-electric cars, by brand.
        ceilings: most that an unlisted brand can have sold, by country and month.
        established: brands that were selling before the sources begin.
    """

    pure: dict[str, set[int]]
    ceilings: dict[str, Months]
    established: set[str]


def _context(counts: Counts) -> _Context:
    span = _span(counts)
    return _Context(
        pure={
            brand: _pure_months(counts, brand, span)
            for brand in sorted({b for _, b in [*counts.bev, *counts.official]})
        },
        ceilings={country: _ceilings(counts, country) for country in counts.covered},
        established=_established(counts),
    )


def _entry(counts: Counts, context: _Context, country: str, brand: str) -> tuple[Entry | None, str]:
    runs = _series(counts, context, country, brand)
    begun = next(((n, start) for n, run in enumerate(runs) if (start := _start(run)) is not None), None)
    if begun is None:
        return None, ""
    series, start = runs[begun[0]], begun[1]
    unknown = np.isnan(series.market[start:])
    known = int(np.argmax(unknown)) if unknown.any() else len(unknown)
    if known < FEWEST_MONTHS:
        return None, f"{brand} in {country}: no battery-electric total of the country: left out"
    kept = slice(start, start + known)
    first = series.first + start
    is_cut = unknown.any() or begun[0] + 1 < len(runs)
    lacking = "total of the country" if unknown.any() else "source that lists brands there"
    return (
        Entry(
            brand=brand,
            country=country,
            region=region(country),
            first=first,
            cars=series.cars[kept],
            ceiling=series.ceiling[kept],
            market=series.market[kept],
            newcomer=_is_newcomer(counts, country, brand, first, brand in context.established or long_sold(brand)),
            source=" + ".join(series.sources),
        ),
        f"{brand} in {country}: no {lacking} in {month_text(first + known)}: read up to there" if is_cut else "",
    )


def _series(counts: Counts, context: _Context, country: str, brand: str) -> list[_Series]:
    """Best count of each month: the listed battery-electric one; for brands that sell nothing else all fuels do.

    One series for each unbroken run of months that the sources cover, the earliest first.
    """
    listed = counts.bev.get((country, brand), {})
    whole = counts.official.get((country, brand), {})
    all_fuel = counts.all_fuel.get((country, brand), {})
    pure = context.pure[brand]
    covered = counts.covered.get(country, set())
    complete = {m for m in counts.official_covered.get(country, set()) if m in pure} if whole else set()
    months = sorted(covered | complete)
    if not months or not (listed or complete):
        return []
    best = {m: (whole.get(m, 0.0), "official register") for m in complete}
    best |= {m: (all_fuel[m], "Open-EV-Charts, all fuels") for m in all_fuel if m in pure and m not in complete}
    best |= {m: (cars, "Open-EV-Charts") for m, cars in listed.items()}
    ceilings, totals = context.ceilings.get(country, {}), counts.totals.get(country, {})
    return [_over(run, best, ceilings, totals) for run in _runs(months)]


def _over(span: list[int], best: dict[int, tuple[float, str]], ceilings: Months, totals: Months) -> _Series:
    """The series over an unbroken run of months; what is not counted has a ceiling."""
    return _Series(
        first=span[0],
        cars=np.array([best[m][0] if m in best else np.nan for m in span]),
        ceiling=np.array([np.nan if m in best else ceilings.get(m, np.inf) for m in span]),
        market=np.array([totals.get(m, np.nan) or np.nan for m in span]),
        sources=tuple(sorted({best[m][1] for m in span if m in best})),
    )


def _pure_months(counts: Counts, brand: str, span: tuple[int, int]) -> set[int]:
    """Months in which at least 97 % of the brand's cars of the year around, in all countries, were battery-electric."""
    bev: Months = defaultdict(float)
    both: Months = defaultdict(float)
    for country in counts.covered.keys() - {HOME_OF_MAKERS}:
        all_fuel = counts.all_fuel.get((country, brand), {})
        for month, value in counts.bev.get((country, brand), {}).items():
            if month in all_fuel:
                bev[month] += value
                both[month] += max(all_fuel[month], value)
    known_until = 12 * BEV_ONLY_UNTIL.get(brand, 0) + 11
    out = set()
    for month in range(span[0], span[1] + 1):
        near = [m for m in range(month - 6, month + 6) if m in both] if both else []
        sold = sum(both[m] for m in near)
        if sold >= 20:
            if sum(bev[m] for m in near) >= 0.97 * sold:
                out.add(month)
        elif month <= known_until:
            out.add(month)
    return out


def _span(counts: Counts) -> tuple[int, int]:
    months = [m for covered in [*counts.covered.values(), *counts.official_covered.values()] for m in covered]
    return min(months), max(months)


def _ceilings(counts: Counts, country: str) -> Months:
    """Most that an unlisted brand can have sold: no more than the least listed one, nor than the total leaves over."""
    least: Months = {}
    listed: Months = defaultdict(float)
    for (where, _), months in counts.bev.items():
        if where == country:
            for month, value in months.items():
                least[month] = min(least.get(month, np.inf), value)
                listed[month] += value
    totals = counts.totals.get(country, {})
    return {m: min(value, max(totals.get(m, np.inf) - listed[m], 0.0)) for m, value in least.items()}


def _runs(months: list[int]) -> list[list[int]]:
    """Sorted months as unbroken runs, the earliest first."""
    runs = [[months[0]]]
    for month in months[1:]:
        if month == runs[-1][-1] + 1:
            runs[-1].append(month)
        else:
            runs.append([month])
    return runs


def _start(series: _Series) -> int | None:
    quiet = np.where(
        np.isnan(series.cars), series.ceiling < np.fmax(25, 0.003 * series.market), series.cars < ENTRY_CARS
    )
    sold = np.nan_to_num(series.cars, nan=0.0)
    for t in range(QUIET_MONTHS, len(sold)):
        opens = sold[t] >= ENTRY_CARS and quiet[t - QUIET_MONTHS : t].all()
        if opens and sold[t : t + 3].sum() >= FIRST_QUARTER_CARS:
            return t
    return None


def _is_newcomer(counts: Counts, country: str, brand: str, first: int, established: bool) -> bool:
    """In no month more than two years before the entry were five cars of any fuel seen in the country.

    Of a brand that was already selling elsewhere when the sources begin, or is known to have been, absence must be
    shown: by counts of all fuels that begin at least three years before the entry.
    """
    sources = [
        (counts.all_fuel, _months_of_all_fuel(counts, country)),
        (counts.official, counts.official_covered.get(country, set())),
    ]
    before = first - NEW_WITHIN_MONTHS
    for series, _ in sources:
        if any(value >= ENTRY_CARS for m, value in series.get((country, brand), {}).items() if m < before):
            return False
    return not established or any(covered and min(covered) <= before - 12 for _, covered in sources)


def _months_of_all_fuel(counts: Counts, country: str) -> set[int]:
    return {m for (where, _), months in counts.all_fuel.items() if where == country for m in months}


def _established(counts: Counts) -> set[str]:
    """Brands already selling, in at least 3 countries, in the first quarter that a source covers there."""
    begun: dict[str, set[str]] = defaultdict(set)
    for series in (counts.bev, counts.all_fuel, counts.official):
        opening: dict[str, int] = {}
        for (country, _), months in series.items():
            opening[country] = min([opening.get(country, 10**9), *months])
        for (country, brand), months in series.items():
            sold = [month for month, value in months.items() if value > 0]
            if sold and min(sold) < opening[country] + 3 and opening[country] < 12 * 2020:
                begun[brand].add(country)
    return {brand for brand, countries in begun.items() if len(countries - {HOME_OF_MAKERS}) >= ESTABLISHED_COUNTRIES}


def _market(country: str, months: Months) -> MarketSeries:
    first, last = min(months), max(months)
    cars = np.array([months.get(m, np.nan) for m in range(first, last + 1)])
    return MarketSeries(country=country, region=region(country), first=first, cars=cars)
