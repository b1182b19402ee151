"""What planned charging saves in each market, and the statements about demand that follow from it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from math import exp, sqrt
from pathlib import Path

import numpy as np

from beachhead.case.belief.believe import first_belief, tracked
from beachhead.case.charging.home import charging_homes, first_monday
from beachhead.case.cluster import workers_at
from beachhead.case.open import Launch
from beachhead.case.put_rows import put_rows
from beachhead.charging.record import Prices, day_hour, hour_day, read_loads, read_prices
from beachhead.charging.tariff import bundled_tariffs, tariff_of
from beachhead.charging.value import (
    LEAST_SESSIONS,
    Baseline,
    MarketValue,
    demand_shift,
    demand_statement,
    market_values,
)
from beachhead.charging.year import PAST_HOURS
from beachhead.evidence.tables.studies import StudyKind, StudyRow
from beachhead.store import require_writable
from beachhead.world.errors import BadInput
from beachhead.world.figures import how_many, some

STUDY = "CHARGING"
_COLUMNS = (
    "study", "market", "kind", "cars", "weeks", "reach", "bias_mean", "bias_sd", "weight", "source", "as_of", "grade"
)  # fmt: skip
_YEAR_HOURS = 52 * 168


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Valued:
    """The value of planned charging in several markets.

    Attributes:
        markets: one a market, in the order asked.
        homes: number of homes, and where they come from.
        whose: "on record" or "made up".
        first_day: first of the 364 days of prices.
        whose_load: household loads it is counted on: "on record" or "made up".
        left_out: homes with too few sessions on record to be learnt (`LEAST_SESSIONS`), which are not counted.
        without_tariff: zones of the file that no known tariff reads, of which nothing can be said.
    """

    markets: tuple[MarketValue, ...]
    homes: int
    whose: str
    first_day: date
    whose_load: str
    left_out: int
    without_tariff: tuple[str, ...] = ()

    @property
    def said_of_left_out(self) -> str:
        """One sentence on the homes left out; empty where there are none."""
        if not self.left_out:
            return ""
        have = "more has" if self.left_out == 1 else "more have"
        return f"{self.left_out} {have} fewer than {LEAST_SESSIONS} sessions on record and cannot be learnt: left out."

    @property
    def said_without_tariff(self) -> str:
        """One sentence on the columns of prices that no tariff reads; empty where there are none."""
        if not self.without_tariff:
            return ""
        columns = how_many(len(self.without_tariff), "column")
        return f"No tariff is known for {columns} of the prices, of which nothing is said: {some(self.without_tariff)}."


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """What a market's saving does to demand, and the row of studies.csv that says so.

    Attributes:
        market: market code.
        saved_eur: saving a year against charging on arrival at the spot price.
        price_eur: mean price of the offers there, EUR.
        log_shift: shift of log demand.
        cars: what the row says, cars a year.
        bias_sd: noise of the row, on the log scale.
    """

    market: str
    saved_eur: float
    price_eur: float
    log_shift: float
    cars: float
    bias_sd: float


def charging_value(
    prices: Path,
    *,
    markets: Sequence[str] = (),
    sessions: Path | None = None,
    chargers: Path | None = None,
    loads: Path | None = None,
    year: int | None = None,
    most_homes: int | None = None,
    seed: int = 0,
    scheduler: str | None = None,
    tick: Callable[[int, int], None] | None = None,
) -> Valued:
    """What the planner saves a driver a year in each market whose price zone is in the file.

    `scheduler` is the address of a Dask scheduler whose workers live the homes' years; local cores if None. The numbers
    are the same.

    Raises:
        BadInput: if a market has no tariff, or the file lacks its zone or the year, or the cluster is not there.
    """
    table = read_prices(prices)
    first_day = first_monday(year or table.last_day.year - (table.last_day < date(table.last_day.year, 12, 29)))
    anchor = day_hour(first_day)
    homes = charging_homes(sessions, chargers, first_day=first_day, seed=seed)
    if most_homes is not None and len(homes) > most_homes:
        picks = np.random.default_rng(seed).choice(len(homes), most_homes, replace=False)
        homes = tuple(homes[pick] for pick in sorted(picks))
    tariffs = [tariff_of(code) for code in markets] or [t for t in bundled_tariffs().values() if t.zone in table.zones]
    if not tariffs:
        zones = ", ".join(sorted({tariff.zone for tariff in bundled_tariffs().values()}))
        raise BadInput(f"{prices.name} has no zone with a tariff: {', '.join(table.zones)}", f"name columns {zones}")
    _require_prices(table, [tariff.zone for tariff in tariffs], anchor, prices.name)
    by_peak = any(tariff.peak_eur_per_kw > 0 for tariff in tariffs)
    metered = read_loads(loads) if loads is not None and by_peak else ()
    with workers_at(scheduler) as run:
        found = market_values(homes, table, tariffs, anchor, loads=metered, seed=seed, run=run, tick=tick)
    return Valued(
        markets=found,
        homes=found[0].homes,
        whose="on record" if sessions is not None else "made up",
        first_day=first_day,
        whose_load="on record" if metered else "made up",
        left_out=len(homes) - found[0].homes,
        without_tariff=tuple(zone for zone in table.zones if zone not in {t.zone for t in bundled_tariffs().values()}),
    )


def require_shifts_of(launch: Launch, prices: Path, markets: Sequence[str], *, write: bool) -> None:
    """Refuse what `demand_shifts` or `write_shifts` would refuse once all is worked out; no markets: all with prices.

    Raises:
        BadInput: none of the markets is one of the launch, or none of the launch has prices.
        NotStored: the launch may only be looked at.
    """
    known = [market.code for market in launch.folder.markets if not market.is_home]
    if markets and not set(markets) & set(known):
        raise BadInput(f"{', '.join(markets)} is no market of this launch", f"name some of {', '.join(known)}")
    if write:
        require_writable(launch.store)
    zones = dict.fromkeys(tariff.zone for tariff in bundled_tariffs().values() if tariff.market in known)
    if not markets and not set(zones) & set(read_prices(prices).zones):
        cure = f"add a column: {', '.join(zones)}" if zones else "leave --launch out: no tariff of its markets is known"
        raise BadInput(f"{prices.name} holds no prices of a market of this launch", cure)


def demand_shifts(launch: Launch, valued: Valued) -> tuple[Shift, ...]:
    """What the savings say about demand in the launch's markets: statements that move the prior, and tell no more."""
    before = tracked(launch, first_belief(launch)).over_years()
    worth = {value.market: value for value in valued.markets if value.market in before.markets}
    if not worth:
        raise BadInput("none of the markets valued is in this launch", "name markets of markets.csv")
    prices: dict[str, list[float]] = {}
    euro = launch.folder.euro("savings in charging")
    for row in launch.folder.prices:
        prices.setdefault(row.market, []).append(row.amount / euro)
    codes = [code for code in before.markets if code in worth and code in prices]
    at = [before.markets.index(code) for code in codes]
    saved = [worth[code].saved_eur[Baseline.SPOT].mean for code in codes]
    price = [float(np.mean(prices[code])) for code in codes]
    shift = np.array([demand_shift(one, cost) for one, cost in zip(saved, price, strict=True)])
    said, noise = demand_statement(before.mean[at], before.cov[np.ix_(at, at)], shift)
    rows = zip(codes, saved, price, shift, said, noise, strict=True)
    return tuple(
        Shift(
            market=code,
            saved_eur=eur,
            price_eur=cost,
            log_shift=float(moved),
            cars=exp(log_cars),
            bias_sd=sqrt(max(sd**2 - exp(-log_cars), 1e-6)),
        )
        for code, eur, cost, moved, log_cars, sd in rows
    )


def write_shifts(launch: Launch, shifts: Sequence[Shift], on: date) -> Path:
    """Put the statements into the launch's studies.csv in place of all earlier ones; other studies stay as they are.

    All earlier ones, for other markets too: the statements move the mean as they say only as they were found together.
    """
    rows = []
    for shift in shifts:
        who = (
            f"simulated here: planned charging saves {shift.saved_eur:.0f} EUR a year in {shift.market}, "
            f"{100 * shift.log_shift:.1f} % more demand"
        )
        row = {"study": _study(shift.market), "market": shift.market, "kind": StudyKind.EXPERT.value}
        row |= {"cars": f"{shift.cars:.6g}", "bias_mean": "0", "bias_sd": f"{shift.bias_sd:.6g}"}
        rows.append(row | {"source": who, "as_of": on.isoformat(), "grade": "C"})
    return put_rows(launch, "studies.csv", _COLUMNS, rows, replaces=lambda row: row["study"] == _study(row["market"]))


def counts_shifts(launch: Launch) -> bool:
    """Whether statements of charging stand in the launch's studies.csv."""
    return any(row.study == _study(row.market) for row in launch.folder.rows(StudyRow))


def _study(market: str) -> str:
    return f"{STUDY}-{market}"


def _require_prices(table: Prices, zones: Sequence[str], anchor: int, name: str) -> None:
    """Refuse a year of which prices lack in a zone, and name a year or the prices that would do."""
    short = [zone for zone in dict.fromkeys(zones) if not _holds(table, zone, anchor)]
    if not short:
        return
    years = range(hour_day(table.first_hour).year, table.last_day.year + 1)
    whole = [year for year in years if all(_holds(table, zone, day_hour(first_monday(year))) for zone in zones)]
    needed = f"give prices from {hour_day(anchor - PAST_HOURS)} to {hour_day(anchor + _YEAR_HOURS - 1)}"
    raise BadInput(
        f"{name} does not hold 56 days before {hour_day(anchor)} and the 52 weeks after it for {', '.join(short)}; "
        f"it spans {hour_day(table.first_hour)} to {table.last_day}",
        f"name --year {' or '.join(map(str, whole))}, or {needed}" if whole else needed,
    )


def _holds(table: Prices, zone: str, anchor: int) -> bool:
    at = anchor - table.first_hour
    span = table.zone(zone)[max(at - PAST_HOURS, 0) : at + _YEAR_HOURS]
    return at >= PAST_HOURS and span.size == PAST_HOURS + _YEAR_HOURS and bool(np.isfinite(span).all())
