"""A problem as plain arrays: what the compiled kernels read."""

from __future__ import annotations

from dataclasses import field

import numpy as np
from numpy.typing import NDArray

from beachhead.world.by_reference import by_reference
from beachhead.world.compiled import compiled, inner
from beachhead.world.quarter import QUARTERS_A_YEAR

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@by_reference
class Terms:
    """The arrays of one launch; C routes (channels) a market, D pilot designs (batch and price point), Y years.

    Designs at list price come first, by batch; then those at each other price point, by batch.

    Attributes:
        capital: (M, C), spent when scaled; infinite where the route does not exist.
        salvage: (M, C), money back on exit.
        opex: (M, C), a quarter.
        margin: (M, C, T), a car; the mean over the scenarios of tariffs.
        ramp: (M, C, J), share of demand served j quarters after the start, reach included; the last holds on. J is T,
            or the longest ramp where fewer quarters are left than it takes.
        path: (M, T), demand of the quarter over demand at theta.
        start_fee: (M, C), once per piloted market.
        quarter_fee: (M, C), each pilot quarter.
        car_cost: (M, C), each pilot car.
        pilot_reach: (M, C, D), share of demand that a pilot reaches.
        week_size: (M,), negative-binomial size of one week at full reach.
        first_scale: (M, C), first quarter index in which scaling is permitted.
        first_pilot: (M, C), first quarter index in which a pilot is permitted.
        small_series: (M, C), largest pilot permitted before `first_scale`, cars; infinite where no limit stands.
        batches: (D,), cars.
        asked: (D,), price asked over the list price.
        sizes: how many batches there are: that many designs are at list price, and come first.
        lure: (M, D), demand at the design's price over that at list price; its median.
        doubt: (M, D), variance of the log of that.
        kept: (M, C), what the maker keeps of a list price, a car: a price point p earns (p - 1) times as much more.
        elasticity: (M,), expected price elasticity, sign left out; (0,) where every design is at list price.
        elasticity_cov: (M, 2M+1), its covariance with log demand (M), the elasticities (M) and the early-adopter bias.
        look_var: (M, L), variance of the log with which a market's pilot quarter shows its level over the years, after
            none to L - 1 or more pilot quarters; (1, 1), zero, where quarters show it as it is.
        year: (T,), index of the calendar year.
        capital_cap: (Y,), capital a year.
        starts_cap: (T,), scale starts a quarter.
        cars_cap: (T,), cars a quarter.
        pool_cap: (T,), pilot cars a quarter.
        scenario_margin: (G, M, C, T), margin in each of G scenarios of tariffs.
        scenario_odds: (G,), adding up to 1.
        scenario_known: quarter index at whose start the scenario becomes known.
        discount: of one quarter.
        tail: quarters of run-rate profit that stand for what comes after the horizon.
        signal_var: variance of the log-demand signal of a scaled market's quarter.
        signal_quarters: quarters after the start that give such a signal.
        pilot_quarters: most pilot quarters a market may have.
        weeks: weeks of a pilot quarter.
    """

    capital: Floats
    salvage: Floats
    opex: Floats
    margin: Floats
    ramp: Floats
    path: Floats
    start_fee: Floats
    quarter_fee: Floats
    car_cost: Floats
    pilot_reach: Floats
    week_size: Floats
    first_scale: Ints
    first_pilot: Ints
    small_series: Floats
    batches: Ints
    year: Ints
    capital_cap: Floats
    starts_cap: Floats
    cars_cap: Floats
    pool_cap: Floats
    scenario_margin: Floats
    scenario_odds: Floats
    scenario_known: int
    discount: float
    tail: float
    signal_var: float
    signal_quarters: int
    pilot_quarters: int
    weeks: int
    asked: Floats = field(default_factory=lambda: np.empty(0))
    sizes: int = 0
    lure: Floats = field(default_factory=lambda: np.empty((0, 0)))
    doubt: Floats = field(default_factory=lambda: np.empty((0, 0)))
    kept: Floats = field(default_factory=lambda: np.empty((0, 0)))
    elasticity: Floats = field(default_factory=lambda: np.empty(0))
    elasticity_cov: Floats = field(default_factory=lambda: np.empty((0, 0)))
    look_var: Floats = field(default_factory=lambda: np.zeros((1, 1)))


@by_reference
class Position:
    """Where every market stands at a gate; arrays are changed in place while a world is played.

    Attributes:
        stage: (M,), 0 out (or piloting), 1 scaled, 2 exited.
        route: (M,), route of a scaled market.
        since: (M,), quarter index in which it was scaled (negative: before the horizon).
        piloted: (M,), pilot quarters so far.
        fixed: (M,), 1 where the stage may not be changed (the home market).
        barred: (M,), 0 where scaling is allowed now; else the registered gate does not allow it, and this is the least
            share of the variance of log demand that has to be removed before it may; -1 where no look changes that.
        spent: (Y,), capital already committed in each year.
    """

    stage: Ints
    route: Ints
    since: Ints
    piloted: Ints
    fixed: Ints
    barred: Floats
    spent: Floats


@by_reference
class Prices:
    """Shadow prices.

    Attributes:
        capital: (Y,), extra value of one unit of capital in that year, per unit of money.
        start: (T,), money for one more scale start in that quarter.
        car: (T,), money for one more car in that quarter.
    """

    capital: Floats
    start: Floats
    car: Floats


OUT, SCALED, EXITED = 0, 1, 2
"""Stages of a market."""
WAIT, PILOT, SCALE, EXIT = 0, 1, 2, 3
"""What a gate may decide on a market."""


def at_stake(terms: Terms) -> Floats:
    """(M, C) money that scaling puts at stake: the capital, or a year of the fixed cost where that is more.

    Whoever lets an importer put up the capital still pays for the market until it is left. Infinite where the route
    does not exist.
    """
    return np.maximum(terms.capital, QUARTERS_A_YEAR * terms.opex)


@compiled
def under(terms: Terms, scenario: int) -> Terms:
    """The terms once that scenario of tariffs is known."""
    return _with(terms, terms.scenario_margin[scenario], terms.lure, terms.doubt)


@inner
def answering(terms: Terms, lure: Floats, doubt: Floats) -> Terms:
    """The terms with another expectation of how demand answers to price."""
    return _with(terms, terms.margin, lure, doubt)


@inner
def _with(terms: Terms, margin: Floats, lure: Floats, doubt: Floats) -> Terms:
    return Terms(
        terms.capital,
        terms.salvage,
        terms.opex,
        margin,
        terms.ramp,
        terms.path,
        terms.start_fee,
        terms.quarter_fee,
        terms.car_cost,
        terms.pilot_reach,
        terms.week_size,
        terms.first_scale,
        terms.first_pilot,
        terms.small_series,
        terms.batches,
        terms.year,
        terms.capital_cap,
        terms.starts_cap,
        terms.cars_cap,
        terms.pool_cap,
        terms.scenario_margin,
        terms.scenario_odds,
        terms.scenario_known,
        terms.discount,
        terms.tail,
        terms.signal_var,
        terms.signal_quarters,
        terms.pilot_quarters,
        terms.weeks,
        terms.asked,
        terms.sizes,
        lure,
        doubt,
        terms.kept,
        terms.elasticity,
        terms.elasticity_cov,
        terms.look_var,
    )


@compiled
def look_var(terms: Terms, i: int, before: int) -> float:
    """Variance of the log with which market i's next pilot quarter shows its level over the years.

    Args:
        terms: of the launch.
        i: market.
        before: pilot quarters that it has had.
    """
    M, L = terms.look_var.shape
    return float(terms.look_var[min(i, M - 1), min(before, L - 1)])


@inner
def has_prices(terms: Terms) -> bool:
    """Whether any pilot design is at another price than list."""
    return bool(terms.elasticity.shape[0] > 0)


@inner
def price_gain(terms: Terms, i: int, c: int, design: int) -> float:
    """Money a pilot car sold brings more than at list price."""
    return float((terms.asked[design] - 1.0) * terms.kept[i, c])


@compiled
def may_start(terms: Terms, position: Position, i: int) -> Ints:
    """(C, T), 1 where a start is permitted: the route exists, its date has come, there is capital and a start left."""
    C, T = terms.capital.shape[1], terms.path.shape[1]
    permitted = np.zeros((C, T), dtype=np.int64)
    for c in range(C):
        for s in range(terms.first_scale[i, c], T):
            left = max(terms.capital_cap[terms.year[s]] - position.spent[terms.year[s]], 0.0)
            if terms.capital[i, c] <= left and terms.starts_cap[s] >= 1.0:
                permitted[c, s] = 1
    return permitted


@compiled
def may_pilot(terms: Terms, i: int, c: int, batch: float, now: int) -> bool:
    """Whether a pilot of that batch is permitted through that route now; approvals for small series cap it."""
    if not np.isfinite(terms.capital[i, c]) or now < terms.first_pilot[i, c]:
        return False
    return bool(batch <= terms.small_series[i, c] or now >= terms.first_scale[i, c])


@inner
def usual_design(terms: Terms, i: int, c: int, now: int) -> int:
    """The middle batch at list price, or the largest below it permitted through that route now; -1 if none is.

    None is where the cars set aside for pilots do not make up the smallest batch: nobody waits for what it would tell.
    """
    if terms.batches[0] > terms.pool_cap[now]:
        return -1
    for design in range(terms.sizes // 2, -1, -1):
        if may_pilot(terms, i, c, terms.batches[design], now):
            return design
    return -1
