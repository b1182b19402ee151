"""What knowing something is worth before the next gate: a market's demand, a shared factor, a fact, a batch.

Knowing x moves the belief about every market along cov(theta_j, x). What that is worth is read off the option values
of `informed`, so the decision that follows is inside: scale then or later, pilot first, at the first gate that permits
it, or never (correlated knowledge gradient, Frazier, Powell & Dayanik 2009). Values hold at the plan's shadow prices,
which stand for the limits. What a later pilot would tell in time anyway is therefore worth no more than its fee.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from beachhead.launch.information.batch_design import Design, design
from beachhead.launch.information.informed import best_course, gain, informed_values
from beachhead.launch.policy.select import choose
from beachhead.launch.policy.value import list_starts, pilot_noise
from beachhead.launch.question.action import LIST_PRICE
from beachhead.launch.question.kernel_terms import OUT, PILOT, SCALE, Floats, Terms
from beachhead.launch.question.problem import Problem
from beachhead.launch.scene import Scene, set_up
from beachhead.world.market import Channel


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """The value of knowing one thing for certain, or as well as a study of given noise tells it.

    Attributes:
        what: market code, `all markets`, `region X`, `early-adopter bias`, or `MARKET field`.
        value: expected gain, launch currency, before what finding out costs.
        here: part of it gained in the market itself; all of it for a fact, none for a factor.
        spread: standard deviation of what is known, of log demand or as a share of the fact.
    """

    what: str
    value: float
    here: float
    spread: float


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchWorth:
    """What a batch in a market is worth.

    Attributes:
        design: what it can tell.
        gross: expected value of what it tells (EVSI), launch currency.
        here: part of it gained in this market.
        elsewhere: part gained in other markets.
        cost: of the pilot.
        net: gross less cost.
        most: value of knowing this market's demand for certain, or gross where the shared bias makes that more.
        others: pilots that the plan starts in other markets in the same quarter.
        on_top: expected value of what the batch tells beyond what those pilots and starts tell.
    """

    design: Design
    gross: float
    here: float
    elsewhere: float
    cost: float
    net: float
    most: float
    others: int
    on_top: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """How uncertain a fact of a market is.

    Attributes:
        market: market code.
        field: capital, opex, margin or demand.
        share: standard deviation as a share of the fact.
        source: who says so, in words.
    """

    market: str
    field: str
    share: float
    source: str


def normal_gain(mean: float, sd: float) -> float:
    """E max(0, X) - max(0, mean) for X ~ N(mean, sd^2): news that moves a net benefit by sd, act or not.

    Unit normal loss (Raiffa & Schlaifer 1961, section 5.4; Wilson 2015). Published: the two-normal example of the R
    package voi, tests/published/test_launch_worth.py.
    """
    if sd <= 0.0:
        return 0.0
    z = min(abs(mean) / sd, 40.0)  # beyond, both terms are 0 to the last bit; at infinity they are not numbers
    return sd * (math.exp(-0.5 * z * z) / math.sqrt(2 * math.pi) - z * 0.5 * math.erfc(z / math.sqrt(2)))


def resolved_sd(prior_sd: float, noise_sd: float, size: int) -> float:
    """Spread of the posterior mean after `size` readings of that noise: s^2 / sqrt(s^2 + noise^2 / size)."""
    var = prior_sd**2
    return var / math.sqrt(var + noise_sd**2 / size) if size > 0 and var > 0 else 0.0


def know_everything(problem: Problem) -> float:
    """EVPI: gain from knowing demand in every market before the next gate."""
    scene, table = _tables(problem)
    return float(sum(gain(table, j, 1.0) for j in range(len(scene.mean) - 1)))


def know_markets(problem: Problem) -> tuple[Known, ...]:
    """EVPPI of every undecided market's demand, largest first."""
    scene, table = _tables(problem)
    M = len(problem.markets)
    found = [
        _known(problem, scene, table, problem.markets[i], np.eye(M + 1)[i], own=i)
        for i in range(M)
        if scene.position.stage[i] == OUT and scene.cov[i, i] > 1e-12
    ]
    return _largest_first(found)


def know_factors(problem: Problem, regions: tuple[str, ...]) -> tuple[Known, ...]:
    """EVPPI of what markets share: the mean level of all, the mean level of each region, the early-adopter bias.

    Args:
        problem: the launch.
        regions: (M,) region of each market; a region of one market is that market and is left out.
    """
    scene, table = _tables(problem)
    M = len(problem.markets)
    out = np.array([scene.position.stage[i] == OUT for i in range(M)])
    rows = [("all markets", out)]
    for name in sorted(set(regions)):
        inside = out & (np.array(regions) == name)
        if inside.sum() > 1:
            rows.append((f"region {name}", inside))
    found = [
        _known(problem, scene, table, what, np.append(inside / inside.sum(), 0.0))
        for what, inside in rows
        if inside.any()
    ]
    found.append(_known(problem, scene, table, "early-adopter bias", np.eye(M + 1)[M]))
    return _largest_first(found)


def know_facts(problem: Problem, spreads: Iterable[Spread]) -> tuple[Known, ...]:
    """EVPPI of facts, largest first.

    A fact about demand removes its share of the market's variance, so it is worth no more than demand itself. A fact
    about money decides between the market's best course (start, or pilot first and then start) and never entering it;
    that course's value is taken as linear in the fact, the fact as normal.
    """
    scene, table = _tables(problem)
    found = []
    for spread in spreads:
        i = problem.markets.index(spread.market)
        if table[i, -1] <= 0 or spread.share <= 0:
            continue
        if spread.field == "demand":
            value = gain(table, i, spread.share**2 / scene.cov[i, i])
        else:
            now, up, down = (_course(scene, i, spread.field, factor * spread.share) for factor in (0, 1, -1))
            value = normal_gain(now, abs(up - down) / 2)
        found.append(Known(what=f"{spread.market} {spread.field}", value=value, here=value, spread=spread.share))
    return _largest_first(found)


def batch_worth(
    problem: Problem, market: str, batch: int, channel: Channel | None = None, price_point: float = LIST_PRICE
) -> BatchWorth:
    """EVSI of `batch` cars in `market`, as the only pilot of this gate, net of what it costs; see `design`."""
    asked = design(problem, market, batch, channel, price_point)
    scene, table = _tables(problem)
    i, M = problem.markets.index(market), len(problem.markets)
    told = np.eye(M + 1)[i] + np.eye(M + 1)[M]
    after = _after_pilot(scene, i)
    gross = _known(problem, scene, table, market, told, own=i, noise=asked.noise_sd**2, after=after)
    most = _known(problem, scene, table, market, np.eye(M + 1)[i], own=i)
    on_top, others = _beyond(scene, table, i, told, asked.noise_sd**2)
    return BatchWorth(
        design=asked,
        gross=gross.value,
        here=gross.here,
        elsewhere=gross.value - gross.here,
        cost=asked.cost,
        net=gross.value - asked.cost,
        most=max(most.value, gross.value),
        others=others,
        on_top=on_top,
    )


def _beyond(scene: Scene, table: Floats, i: int, told: Floats, noise: float) -> tuple[float, int]:
    """Value of told'z + noise once the plan's other pilots and starts of this gate are read, and how many pilots."""
    terms, M = scene.terms, len(scene.mean) - 1
    choice = choose(terms, scene.position, scene.mean, scene.cov, 0, scene.prices)
    cov, pilots = scene.cov.copy(), 0
    for j in range(M):
        if j == i or choice.action[j] not in (PILOT, SCALE):
            continue
        look = np.eye(M + 1)[j]
        var = terms.signal_var
        if choice.action[j] == PILOT:
            look, pilots = look + np.eye(M + 1)[M], pilots + 1
            var = pilot_noise(
                terms, scene.mean, j, int(choice.route[j]), int(choice.design[j]), 0, int(scene.position.piloted[j])
            )
        cov = _after(cov, look, var)
    last = _after(cov, told, noise)
    total = 0.0
    for j in range(M):
        if scene.position.stage[j] == OUT and choice.action[j] != SCALE and scene.cov[j, j] > 1e-12:
            before, after = (min(max(1 - c[j, j] / scene.cov[j, j], 0.0), 1.0) for c in (cov, last))
            total += gain(table, j, after) - gain(table, j, before)
    return total, pilots


def _after(cov: Floats, look: Floats, noise: float) -> Floats:
    """Covariance after a look at look'z + noise."""
    along = cov @ look
    return np.asarray(cov - np.outer(along, along) / (look @ along + noise))


def _tables(problem: Problem) -> tuple[Scene, Floats]:
    """The scene, and (M, K) values by share of variance removed, see `informed`."""
    scene = set_up(problem)
    starts = list_starts(scene.terms, scene.position, 0, scene.prices)
    return scene, informed_values(scene.terms, starts, scene.position, scene.mean, scene.cov, 0)


def _after_pilot(scene: Scene, i: int) -> Floats:
    """The same table once market i was piloted: the next pilot there has no start to pay, tells less, may be barred."""
    piloted = np.array(scene.position.piloted)
    piloted[i] += 1
    position = replace(scene.position, piloted=piloted)
    starts = list_starts(scene.terms, position, 0, scene.prices)
    return informed_values(scene.terms, starts, position, scene.mean, scene.cov, 0)


def _known(
    problem: Problem,
    scene: Scene,
    table: Floats,
    what: str,
    told: Floats,
    own: int | None = None,
    noise: float = 0.0,
    after: Floats | None = None,
) -> Known:
    """Value of seeing told'z + noise; `table` is linear between shares, so its gain is never negative.

    `after` has the values of market `own` once it was piloted: what is seen there is then no first look any more.
    """
    along = scene.cov @ told
    spread = float(told @ along) + noise
    if spread <= 1e-14:
        return Known(what=what, value=0.0, here=0.0, spread=0.0)
    gains = np.zeros(len(problem.markets))
    for j in range(len(gains)):
        if scene.cov[j, j] > 1e-12 and scene.position.stage[j] == OUT:
            share = min(along[j] ** 2 / (spread * scene.cov[j, j]), 1.0)
            gains[j] = gain(table, j, share, after if j == own else None)
    here = 0.0 if own is None else float(gains[own])
    return Known(what=what, value=float(gains.sum()), here=here, spread=math.sqrt(max(spread - noise, 0.0)))


def _largest_first(found: list[Known]) -> tuple[Known, ...]:
    return tuple(sorted(found, key=lambda k: (-k.value, k.what)))


def _course(scene: Scene, i: int, field: str, share: float) -> float:
    """Value of market i's best course with a fact of it changed by that share."""
    terms = _with_fact(scene.terms, i, field, 1.0 + share)
    starts = list_starts(terms, scene.position, 0, scene.prices)
    value = best_course(terms, starts, scene.position, scene.mean, scene.cov, 0, i)
    return value if math.isfinite(value) else 0.0  # dearer than any year can pay for: never entered


def _with_fact(terms: Terms, i: int, field: str, factor: float) -> Terms:
    names = {"capital": ("capital", "salvage"), "opex": ("opex",), "margin": ("margin",)}[field]
    arrays: dict[str, Any] = {name: np.array(getattr(terms, name)) for name in names}
    for array in arrays.values():
        array[i] *= factor
    return replace(terms, **arrays)
