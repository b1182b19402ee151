"""The anytime-valid monitor: what a market's counts have shown, however often one looks.

Weekly counts are negative binomial with rate e^x and an unknown dispersion. For every rate x the process

    E_t(x) = [mixture likelihood of all counts so far] / [largest likelihood of them at rate x over the dispersion]

is, if x is the true rate, at most a non-negative martingale that starts at 1 (universal inference: Wasserman, Ramdas &
Balakrishnan 2020, PNAS 117, section 8; Ramdas, Grünwald, Vovk & Shafer 2023, Statistical Science 38). By Ville's
inequality it ever reaches 1/alpha with probability at most alpha, whatever the dispersion and whenever one looks. The
rates that have never been rejected form an interval that covers the truth at all times together with probability
1 - alpha; demand is shown to be above its break-even once the whole interval is. The mixture is the belief before the
counts, so the price of looking at will is least where the prior was right, and is never paid in false alarms. The
truth is that of the quarters counted: what they are off the level over the years (`belief.lasting`) is not in it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from itertools import groupby
from math import inf, log, sqrt

import numpy as np
from numpy.typing import NDArray
from scipy.special import betainc, gammaln, logsumexp

from beachhead.belief.belief import Belief
from beachhead.belief.coming_year import Year
from beachhead.belief.line_up import offer_shares
from beachhead.belief.rows import Rows, rows
from beachhead.launch.judge.looks import hwang_shih_decani
from beachhead.launch.question.gate import Gate
from beachhead.world.quarter import Quarter
from beachhead.world.reading import DemandCount

Array = NDArray[np.float64]

ALPHA = 0.05
GAMMA = -4.0
_RATES, _SIZES = 121, 61
_SIZE_SD = 1.5


class Shown(StrEnum):
    """What the counts alone have shown of demand against its break-even."""

    ABOVE = "above"
    BELOW = "below"
    OPEN = "open"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """One look; cars a year at full scale, in a quarter whose path is 1 or in a year (`in_year`).

    Attributes:
        day: last day counted.
        cars: cars counted so far.
        low: lower end of the interval that covers the truth at all looks together, if there is one truth; above `high`
            where no single level fits all counts, as when demand has moved. 0 where the counts set no lower end.
        high: its upper end; infinite where the counts set none: few cars come of any demand if weeks scatter enough.
        evidence_above: e-value against "demand is at most its break-even"; None without a break-even.
        evidence_below: e-value against "demand is at least its break-even".
    """

    day: date
    cars: int
    low: float
    high: float
    evidence_above: float | None
    evidence_below: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedLook:
    """The look that the gate planned, with its group-sequential boundary.

    Attributes:
        number: 1, 2 ... of `of`; 0 before the first.
        of: planned looks.
        statistic: standardised distance of what the counts alone say from the break-even, on the log.
        boundary: the statistic at which this look shows demand above its break-even; None before the first.
        crossed: true if it does.
    """

    number: int
    of: int
    statistic: float | None
    boundary: float | None
    crossed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Monitor:
    """The monitor of one market.

    Attributes:
        market: market code.
        is_pilot: true if its counts are a pilot's; then the mean early-adopter bias is taken off.
        break_even: cars a year at full scale, as in its sightings; None where no gate is registered.
        alpha: probability of ever showing what is not so.
        threshold: e-value at which something is shown, 1 / alpha.
        sightings: in order of time.
        shown: what has been shown; it stays shown.
        shown_on: since when.
        look: the planned look; None without a gate.
    """

    market: str
    is_pilot: bool
    break_even: float | None
    alpha: float
    threshold: float
    sightings: tuple[Sighting, ...]
    shown: Shown
    shown_on: date | None
    look: PlannedLook | None


def watch(
    before: Belief,
    counts: Sequence[DemandCount],
    market: str,
    *,
    mix: Mapping[tuple[str, str], float] | None = None,
    break_even: float | None = None,
    alpha: float = ALPHA,
) -> Monitor | None:
    """Follow a market's counts at list price; None where it has none.

    What holds whatever the truth cannot rest on an elasticity that is only believed: other prices are left out.

    Args:
        before: the belief before any of the counts: the mixture, and the path.
        counts: of any markets; a market that was piloted and then scaled is followed by its later kind.
        market: market code.
        mix: weight of each market's offers in its demand, as in `offer_shares`.
        break_even: cars a year at full scale and path 1.
        alpha: probability of ever being wrong.
    """
    own = [c for c in counts if c.market == market and c.price_point == 1.0]
    if not own:
        return None
    is_pilot = all(c.is_pilot for c in own)
    own = sorted((c for c in own if c.is_pilot == is_pilot), key=lambda c: (c.end, c.start, c.offer))
    m = before.markets.index(market)
    bias = float(before.mean[-1]) if is_pilot else 0.0
    prior_sd = sqrt(float(before.cov[m, m]) + (float(before.cov[-1, -1]) if is_pilot else 0.0))
    grid = _Grid.around(before, float(before.mean[m]) + bias, prior_sd, own, break_even, bias)
    shares = offer_shares((c for c in counts if c.market == market and c.is_pilot == is_pilot), mix)
    sightings: list[Sighting] = []
    score, cars = np.zeros((len(grid.rate), len(grid.log_size))), 0
    low, high = -inf, inf
    for day, batch in groupby(own, key=lambda c: c.end):
        group = tuple(batch)
        cars += sum(c.count for c in group)
        score += _log_likelihood(rows(before, group, shares), grid)
        evidence = float(logsumexp(score + grid.log_weight)) - _profile(score)
        inside = np.flatnonzero(evidence < log(1 / alpha))
        if len(inside):
            low, high = max(low, grid.edge(int(inside[0]), -1)), min(high, grid.edge(int(inside[-1]), 1))
        sightings.append(_sighting(day, cars, low - bias, high - bias, grid, evidence))
    shown, since = _shown(sightings, break_even)
    return Monitor(
        market=market,
        is_pilot=is_pilot,
        break_even=break_even,
        alpha=alpha,
        threshold=1 / alpha,
        sightings=tuple(sightings),
        shown=shown,
        shown_on=since,
        look=None,
    )


def in_year(monitor: Monitor, year: Year) -> Monitor:
    """The same monitor in cars of a year, as people are told it; `watch` leaves it on the level."""

    def told(level: float) -> float:
        return year.cars(monitor.market, level)

    seen = tuple(replace(sight, low=told(sight.low), high=told(sight.high)) for sight in monitor.sightings)
    level = monitor.break_even
    return replace(monitor, sightings=seen, break_even=None if level is None else told(level))


def planned_look(gate: Gate, before: Belief, after: Belief, now: Quarter, *, alpha: float = ALPHA) -> PlannedLook:
    """The gate's planned look at `now`, one-sided, alpha spent by Hwang, Shih & DeCani with gamma -4.

    What the counts alone say is the posterior with what was held before taken out: information 1/v1 - 1/v0, estimate
    (m1/v1 - m0/v0) over it.

    Args:
        gate: with its planned looks.
        before: the belief before the counts, studies in it.
        after: the belief after them.
        now: the quarter decided.
        alpha: probability of showing demand above its break-even where it is not, over all planned looks.
    """
    held = sum(look <= now for look in gate.looks)
    m = before.markets.index(gate.market)
    m0, v0, m1, v1 = (float(x) for x in (before.mean[m], before.cov[m, m], after.mean[m], after.cov[m, m]))
    information = 1 / v1 - 1 / v0
    if held == 0 or information <= 1e-9 or gate.break_even <= 0:
        return PlannedLook(number=held, of=len(gate.looks), statistic=None, boundary=None, crossed=False)
    statistic = ((m1 / v1 - m0 / v0) / information - log(gate.break_even)) * sqrt(information)
    boundary = hwang_shih_decani(len(gate.looks), alpha, GAMMA).upper[held - 1]
    return PlannedLook(
        number=held, of=len(gate.looks), statistic=statistic, boundary=boundary, crossed=statistic >= boundary
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Grid:
    """Log rates (X,) and log sizes (K,) with the log weights (X, K) of the mixture; `at` is the break-even's place."""

    rate: Array
    log_size: Array
    log_weight: Array
    at: int | None

    @classmethod
    def around(
        cls,
        before: Belief,
        centre: float,
        sd: float,
        counts: Sequence[DemandCount],
        break_even: float | None,
        bias: float,
    ) -> _Grid:
        """Rates within 5 sd of the prior and 6 of the counts' own; the break-even is one of them."""
        exposure = sum(c.reach * c.years for c in counts)
        crude = log((sum(c.count for c in counts) + 0.5) / exposure)
        ends = [centre - 5 * sd, centre + 5 * sd, crude - 6, crude + 6]
        rate = np.linspace(min(ends), max(ends), _RATES)
        rate = np.union1d(rate, np.linspace(crude - 1.5, crude + 1.5, _RATES))
        at = None
        if break_even is not None and break_even > 0:
            rate = np.union1d(rate, [log(break_even) + bias])
            at = int(np.searchsorted(rate, log(break_even) + bias))
        log_size = np.linspace(log(0.02), log(1e5), _SIZES)
        by_rate = -0.5 * ((rate - centre) / sd) ** 2 + np.log(np.gradient(rate))
        spread = np.hypot(before.nb_size_log_sd, _SIZE_SD)
        by_size = -0.5 * ((log_size - log(before.nb_size_weekly)) / spread) ** 2
        weight = by_rate[:, None] + by_size
        return cls(rate=rate, log_size=log_size, log_weight=weight - logsumexp(weight), at=at)

    def edge(self, place: int, step: int) -> float:
        """The rejected rate next to an accepted one, erring on the wide side; infinite beyond the grid."""
        beside = place + step
        return float(self.rate[beside]) if 0 <= beside < len(self.rate) else step * inf


def _log_likelihood(data: Rows, grid: _Grid) -> Array:
    """(X, K) log probability of the rows of one look."""
    out = np.zeros((len(grid.rate), len(grid.log_size)))
    size_weekly = np.exp(grid.log_size)
    for w in range(len(data.count)):
        n, size, mean = data.count[w], data.size[w] * size_weekly, data.mean[w] * np.exp(grid.rate)[:, None]
        if data.stock_bound[w]:
            out += _log(_reached(n, size, mean))
        elif data.sold_out[w]:
            by_morning = _reached(
                n, data.size_before[w] * size_weekly, data.mean_before[w] * np.exp(grid.rate)[:, None]
            )
            out += _log(_reached(n, size, mean) - (by_morning if data.size_before[w] > 0 else 0.0))
        else:
            log_odds = np.log(mean) - np.log(size)
            counted = gammaln(n + size) - gammaln(size) - gammaln(n + 1)
            out += counted + n * log_odds - (n + size) * np.logaddexp(0.0, log_odds)
    return out


def _reached(n: float, size: Array, mean: Array) -> Array:
    """P(N >= n) of the negative binomial."""
    if n <= 0:
        return np.ones(np.broadcast_shapes(size.shape, mean.shape))
    out: Array = betainc(n, np.maximum(size, 1e-12), mean / (mean + np.maximum(size, 1e-12)))
    return out


def _log(probability: Array) -> Array:
    out: Array = np.log(np.maximum(probability, 1e-300))
    return out


def _profile(score: Array) -> Array:
    """(X,) largest log likelihood over the size, between the grid's points by a parabola."""
    best = score.argmax(axis=1)
    inner = np.clip(best, 1, score.shape[1] - 2)
    row = np.arange(len(score))
    left, mid, right = score[row, inner - 1], score[row, inner], score[row, inner + 1]
    bend = left - 2 * mid + right
    with np.errstate(divide="ignore", invalid="ignore"):
        lift = np.where((bend < 0) & (best == inner), -((right - left) ** 2) / (8 * bend), 0.0)
    out: Array = score[row, best] + lift
    return out


def _sighting(day: date, cars: int, low: float, high: float, grid: _Grid, evidence: Array) -> Sighting:
    at = grid.at
    return Sighting(
        day=day,
        cars=cars,
        low=float(np.exp(low)),
        high=float(np.exp(high)),
        evidence_above=None if at is None else _value(evidence[: at + 1]),
        evidence_below=None if at is None else _value(evidence[at:]),
    )


def _value(evidence: Array) -> float:
    """The least evidence against any of the rates, as an e-value."""
    return float(np.exp(min(float(evidence.min()), 700.0)))


def _shown(sightings: Sequence[Sighting], break_even: float | None) -> tuple[Shown, date | None]:
    """What is shown first stays shown."""
    if break_even is not None:
        for sighting in sightings:
            if sighting.low >= break_even:
                return Shown.ABOVE, sighting.day
            if sighting.high <= break_even:
                return Shown.BELOW, sighting.day
    return Shown.OPEN, None
