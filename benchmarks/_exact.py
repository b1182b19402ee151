"""Exact references for the launch policy: joint-belief dynamic programmes small enough to solve.

Not part of the package: production never calls it. A tiny launch has M = 2 or 3 markets, Gaussian pilots of known noise
and one Gaussian signal in the first quarter of a scaled market, so that the belief is a mean vector and the covariance
follows from what has been looked at. The programme is solved backwards on a grid of means by Gauss-Hermite integration
and cubic interpolation; its greedy policy and ours are then played on the same worlds.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from _regime import Regime, made_up_launch
from beachhead.belief.tilt import learn_level
from beachhead.launch.draws import draw_worlds
from beachhead.launch.policy.play import LATER_ROUNDS, apply, bar, copy_position
from beachhead.launch.policy.select import choose
from beachhead.launch.policy.shadow_prices import find_prices
from beachhead.launch.question.action import PilotMenu
from beachhead.launch.question.kernel_terms import PILOT, SCALE, WAIT
from beachhead.launch.question.problem import Problem
from beachhead.launch.scene import Scene, set_up
from beachhead.world.by_reference import parts
from beachhead.world.compiled import compiled, inner


class Exact(NamedTuple):
    """A solved tiny launch.

    Attributes:
        values: (T+1, S, G), value by quarter, joint status and grid point of the means.
        axis_low: (M,), lowest mean of the grid.
        axis_step: (M,), step of the grid.
        points: grid points an axis.
        covs: (S, M, M), covariance of theta by joint status.
        pilots: most pilots a market.
        noise: variance of a pilot.
    """

    values: np.ndarray
    axis_low: np.ndarray
    axis_step: np.ndarray
    points: int
    covs: np.ndarray
    pilots: int
    noise: float


# Status of one market with up to P pilots: 0..P out with that many pilots, then P+1 + n scaled, then 2(P+1) + n left.


def solve(scene: Scene, noise: float, points: int, reach_sd: float = 4.0) -> Exact:
    """Solve the joint-belief programme of a tiny launch without car limits (ramp of one quarter, one route)."""
    terms = scene.terms
    M, T = terms.path.shape
    pilots = int(terms.pilot_quarters)
    states = (3 * (pilots + 1)) ** M
    cov = np.ascontiguousarray(scene.cov[:M, :M])
    covs = np.stack([_cov_of(cov, s, M, pilots, noise, terms.signal_var) for s in range(states)])
    sd = np.sqrt(np.diag(cov))
    low = scene.mean[:M] - reach_sd * sd
    step = 2 * reach_sd * sd / (points - 1)
    values = _backward(terms, covs, low, step, points, pilots, rules(M), T, states)
    return Exact(values, low, step, points, covs, pilots, noise)


def rules(M: int) -> tuple[tuple[np.ndarray, np.ndarray], ...]:
    """Gauss-Hermite nodes and weights for 0, 1, 2 and 3 looks at once: kinks need many nodes."""
    out = []
    for nodes in (1, 21, 11, 7) if M == 3 else (1, 41, 15, 7):
        g, w = np.polynomial.hermite_e.hermegauss(nodes)
        out.append((g, w / w.sum()))
    return tuple(out)


def _cov_of(cov: np.ndarray, status: int, M: int, pilots: int, noise: float, signal: float) -> np.ndarray:
    """Covariance after every look that a joint status implies."""
    out = cov.copy()
    for i in range(M):
        own = status // (3 * (pilots + 1)) ** i % (3 * (pilots + 1))
        looks = [noise] * (own % (pilots + 1)) + ([signal] if own > pilots else [])
        for var in looks:
            along = out[:, i].copy()
            out -= np.outer(along, along) / (along[i] + var)
    return out


@inner
def _own(status: int, i: int, base: int) -> int:
    return status // base**i % base


@inner
def _taps(x: float, points: int, index: np.ndarray, weight: np.ndarray) -> None:
    """Four-point Lagrange interpolation at x grid steps, clamped to the grid."""
    x = min(max(x, 0.0), points - 1.0)
    k = min(max(math.floor(x) - 1, 0), points - 4)
    u = x - k
    for a in range(4):
        index[a] = k + a
        part = 1.0
        for b in range(4):
            if b != a:
                part *= (u - b) / (a - b)
        weight[a] = part


@compiled
def _interpolate(values: np.ndarray, low: np.ndarray, step: np.ndarray, points: int, mean: np.ndarray) -> float:
    """Cubic interpolation on the grid of means."""
    M = mean.shape[0]
    index = np.empty((M, 4), dtype=np.int64)
    weight = np.empty((M, 4))
    for i in range(M):
        _taps((mean[i] - low[i]) / step[i], points, index[i], weight[i])
    total = 0.0
    for corner in range(4**M):
        part, place, stride, rest = 1.0, 0, 1, corner
        for i in range(M):
            a = rest % 4
            rest //= 4
            part *= weight[i, a]
            place += index[i, a] * stride
            stride *= points
        total += part * values[place]
    return total


@inner
def _shift(values: np.ndarray, out: np.ndarray, stride: int, points: int, steps: float) -> None:
    """out[k] = values at k + steps along one axis."""
    index = np.empty(4, dtype=np.int64)
    weight = np.empty(4)
    size = values.shape[0]
    for k in range(points):
        _taps(k + steps, points, index, weight)
        for outer in range(0, size, stride * points):
            for within in range(stride):
                here = outer + within
                out[here + k * stride] = (
                    weight[0] * values[here + index[0] * stride]
                    + weight[1] * values[here + index[1] * stride]
                    + weight[2] * values[here + index[2] * stride]
                    + weight[3] * values[here + index[3] * stride]
                )


@inner
def _expect_all(
    values: np.ndarray, step: np.ndarray, points: int, root: np.ndarray, looks: int, g: np.ndarray, w: np.ndarray
) -> np.ndarray:
    """Expected next value at every grid point when the mean moves by root z."""
    M = step.shape[0]
    n = g.shape[0]
    total = np.zeros(values.shape[0])
    one, two = np.empty(values.shape[0]), np.empty(values.shape[0])
    for k in range(n**looks):
        weight = 1.0
        rest = k
        one[:] = values
        move = np.zeros(M)
        for a in range(looks):
            q = rest % n
            rest //= n
            weight *= w[q]
            for i in range(M):
                move[i] += root[i, a] * g[q]
        if weight < 1e-7:
            continue
        stride = 1
        for i in range(M):
            if abs(move[i]) > 1e-12:
                _shift(one, two, stride, points, move[i] / step[i])
                one[:] = two
            stride *= points
        total += weight * one
    return total


@inner
def _spent(terms, status: int, M: int, pilots: int) -> float:
    """Capital committed so far: a tiny launch has one budget for its whole horizon."""
    total = 0.0
    for i in range(M):
        if _own(status, i, 3 * (pilots + 1)) > pilots:
            total += terms.capital[i, 0]
    return total


@inner
def _decode(joint: int, M: int, kinds: np.ndarray) -> None:
    for i in range(M):
        kinds[i] = joint % 3
        joint //= 3


@inner
def _allowed(terms, status: int, kinds: np.ndarray, t: int, M: int, pilots: int) -> bool:
    """Whether kinds (0 stay, 1 pilot, 2 scale or leave) may be done."""
    base = 3 * (pilots + 1)
    capital = _spent(terms, status, M, pilots)
    begun = 0
    for i in range(M):
        own = _own(status, i, base)
        if own <= pilots:
            if kinds[i] == 1 and own == pilots:
                return False
            if kinds[i] == 2:
                capital += terms.capital[i, 0]
                begun += 1
        elif own < 2 * (pilots + 1):
            if kinds[i] == 1:
                return False
        elif kinds[i] != 0:
            return False
    return capital <= terms.capital_cap[0] + 1e-9 and (begun == 0 or begun <= terms.starts_cap[t])


@compiled
def _after(status: int, kinds: np.ndarray, M: int, pilots: int) -> int:
    base = 3 * (pilots + 1)
    out = 0
    stride = 1
    for i in range(M):
        own = _own(status, i, base)
        if own <= pilots:
            own = own + 1 if kinds[i] == 1 else (own + pilots + 1 if kinds[i] == 2 else own)
        elif own < 2 * (pilots + 1) and kinds[i] == 2:
            own += pilots + 1
        out += own * stride
        stride *= base
    return out


@inner
def _reward(terms, status: int, kinds: np.ndarray, mean: np.ndarray, cov: np.ndarray, t: int, pilots: int) -> float:
    """Expected money of the quarter; `status` before the actions."""
    M = mean.shape[0]
    base = 3 * (pilots + 1)
    money = 0.0
    for i in range(M):
        own = _own(status, i, base)
        sells = False
        if own <= pilots:
            if kinds[i] == 1:
                money -= terms.quarter_fee[i, 0] + (terms.start_fee[i, 0] if own == 0 else 0.0)
            elif kinds[i] == 2:
                money -= terms.capital[i, 0]
                sells = True
        elif own < 2 * (pilots + 1):
            if kinds[i] == 2:
                money += terms.salvage[i, 0]
            else:
                sells = True
        if sells:
            rate = 0.25 * terms.ramp[i, 0, 0] * terms.margin[i, 0, t] * math.exp(mean[i] + 0.5 * cov[i, i])
            money += rate - terms.opex[i, 0]
    return money


@inner
def _root(before: np.ndarray, after: np.ndarray, looks: int) -> np.ndarray:
    """(M, looks) root of before - after, by eigenvalues."""
    values, vectors = np.linalg.eigh(before - after)
    M = before.shape[0]
    out = np.zeros((M, max(looks, 1)))
    for k in range(min(looks, M)):
        out[:, k] = vectors[:, M - 1 - k] * math.sqrt(max(values[M - 1 - k], 0.0))
    return out


@inner
def _future(
    values: np.ndarray,
    low: np.ndarray,
    step: np.ndarray,
    points: int,
    mean: np.ndarray,
    root: np.ndarray,
    looks: int,
    g: np.ndarray,
    w: np.ndarray,
) -> float:
    """Expected next value when the mean moves by root z."""
    M = mean.shape[0]
    n = g.shape[0]
    total = 0.0
    moved = np.empty(M)
    for k in range(n**looks):
        weight = 1.0
        rest = k
        moved[:] = mean
        for a in range(looks):
            q = rest % n
            rest //= n
            weight *= w[q]
            for i in range(M):
                moved[i] += root[i, a] * g[q]
        total += weight * _interpolate(values, low, step, points, moved)
    return total


@inner
def _looks(status: int, kinds: np.ndarray, M: int, pilots: int) -> int:
    base = 3 * (pilots + 1)
    total = 0
    for i in range(M):
        if _own(status, i, base) <= pilots and kinds[i] > 0:
            total += 1
    return total


@compiled
def _backward(terms, covs, low, step, points, pilots, rules, T, states):
    M = low.shape[0]
    size = points**M
    base = 3 * (pilots + 1)
    values = np.zeros((T + 1, states, size))
    mean = np.empty(M)
    kinds = np.zeros(M, dtype=np.int64)
    for status in range(states):
        for point in range(size):
            money = 0.0
            rest = point
            for i in range(M):
                level = low[i] + step[i] * (rest % points)
                rest //= points
                own = _own(status, i, base)
                if own > pilots and own < 2 * (pilots + 1):
                    rate = 0.25 * terms.ramp[i, 0, 0] * terms.margin[i, 0, T - 1]
                    money += terms.tail * (rate * math.exp(level + 0.5 * covs[status, i, i]) - terms.opex[i, 0])
            values[T, status, point] = money
    for t in range(T - 1, -1, -1):
        for status in range(states):
            for point in range(size):
                values[t, status, point] = -np.inf
            for joint in range(3**M):
                _decode(joint, M, kinds)
                if not _allowed(terms, status, kinds, t, M, pilots):
                    continue
                after = _after(status, kinds, M, pilots)
                looks = _looks(status, kinds, M, pilots)
                root = _root(covs[status], covs[after], looks)
                g, w = rules[min(looks, 3)]
                ahead = _expect_all(values[t + 1, after], step, points, root, looks, g, w)
                for point in range(size):
                    rest = point
                    for i in range(M):
                        mean[i] = low[i] + step[i] * (rest % points)
                        rest //= points
                    value = _reward(terms, status, kinds, mean, covs[status], t, pilots) + terms.discount * ahead[point]
                    if value > values[t, status, point]:
                        values[t, status, point] = value
    return values


def start_value(exact: Exact, mean: np.ndarray) -> float:
    """Value of the launch before anything is known."""
    return float(_interpolate(exact.values[0, 0], exact.axis_low, exact.axis_step, exact.points, mean))


@inner
def value_at(terms, exact: Exact, rules, status: int, mean, t: int) -> float:
    """Value at any mean; where nothing is looked at the step is taken exactly, for interpolation blurs the kinks."""
    M, T = terms.path.shape
    if t >= T:
        return _interpolate(exact.values[t, status], exact.axis_low, exact.axis_step, exact.points, mean)
    kinds = np.zeros(M, dtype=np.int64)
    best = -np.inf
    for joint in range(3**M):
        _decode(joint, M, kinds)
        if not _allowed(terms, status, kinds, t, M, exact.pilots):
            continue
        after = _after(status, kinds, M, exact.pilots)
        looks = _looks(status, kinds, M, exact.pilots)
        worth = _reward(terms, status, kinds, mean, exact.covs[status], t, exact.pilots)
        if looks > 0:
            root = _root(exact.covs[status], exact.covs[after], looks)
            g, w = rules[min(looks, 3)]
            worth += terms.discount * _future(
                exact.values[t + 1, after], exact.axis_low, exact.axis_step, exact.points, mean, root, looks, g, w
            )
        else:
            worth += terms.discount * value_at(terms, exact, rules, after, mean, t + 1)
        best = max(best, worth)
    return best


@compiled
def best_and_chosen(terms, exact: Exact, rules, status: int, mean, t: int, chosen) -> tuple[float, float]:
    """Value of the best joint action and of the chosen one, both by one step of the programme; -inf if not allowed."""
    M = mean.shape[0]
    kinds = np.zeros(M, dtype=np.int64)
    best, ours = -np.inf, -np.inf
    for joint in range(3**M):
        _decode(joint, M, kinds)
        if not _allowed(terms, status, kinds, t, M, exact.pilots):
            continue
        after = _after(status, kinds, M, exact.pilots)
        looks = _looks(status, kinds, M, exact.pilots)
        root = _root(exact.covs[status], exact.covs[after], looks)
        g, w = rules[min(looks, 3)]
        worth = _reward(terms, status, kinds, mean, exact.covs[status], t, exact.pilots)
        if looks > 0:
            worth += terms.discount * _future(
                exact.values[t + 1, after], exact.axis_low, exact.axis_step, exact.points, mean, root, looks, g, w
            )
        else:
            worth += terms.discount * value_at(terms, exact, rules, after, mean, t + 1)
        best = max(best, worth)
        if (kinds == chosen).all():
            ours = worth
    return best, ours


@compiled
def loss_of_ours(
    terms, start, bars, mean0, cov0, first_price, exact: Exact, rules, theta, pilot_noise, signal_noise, rounds
):
    """What our policy loses in one world: sum over gates of best less chosen action value.

    Its mean is the optimum less the policy's value (performance-difference lemma, Kakade & Langford 2002, lemma 6.1),
    with far less noise than the difference of two played values. Production decides and books; pilots are Gaussian.
    """
    M, T = terms.path.shape
    position = copy_position(start)
    mean, cov = mean0.copy(), cov0.copy()
    price = first_price
    information = bars.at_start.copy()
    batch = np.zeros(M)
    kinds = np.zeros(M, dtype=np.int64)
    loss, weight = 0.0, 1.0
    status = 0
    for t in range(T):
        if t > 0:
            price = find_prices(terms, position, mean, cov, t, price, rounds)
            bar(terms, position, bars, information, mean, cov, t)
        choice = choose(terms, position, mean, cov, t, price)
        for i in range(M):
            kinds[i] = 1 if choice.action[i] == PILOT else (0 if choice.action[i] == WAIT else 2)
        best, ours = best_and_chosen(terms, exact, rules, status, mean[:M], t, kinds)
        loss += weight * (best - ours)
        weight *= terms.discount
        status = _after(status, kinds, M, exact.pilots)
        apply(terms, position, choice.action, choice.route, choice.design, t, batch)
        for i in range(M):
            if choice.action[i] == PILOT:
                if information[i] < 0.0:
                    information[i] = 1.0 / max(cov[i, i], 1e-12)
                learn_level(mean, cov, i, theta[i] + math.sqrt(exact.noise) * pilot_noise[t, i], exact.noise)
            elif choice.action[i] == SCALE:
                learn_level(mean, cov, i, theta[i] + math.sqrt(terms.signal_var) * signal_noise[t, i], terms.signal_var)
    return loss


class Tiny(NamedTuple):
    """One tiny instance.

    Attributes:
        name: what it is.
        markets: M.
        correlation: of theta between markets.
        budget: share of all capital that may be spent in the whole horizon.
        fee: of a pilot, share of the market's capital.
    """

    name: str
    markets: int
    correlation: float
    budget: float
    fee: float


def tiny_instances() -> list[Tiny]:
    """M = 2, 3; correlation 0, .7; loose, tight; cheap, dear pilots: sixteen instances."""
    return [
        Tiny(f"M={m} corr={rho} {size} {price}", m, rho, budget, fee)
        for m in (2, 3)
        for rho in (0.0, 0.7)
        for size, budget in (("loose", 1.0), ("tight", 0.7))
        for price, fee in (("cheap", 0.01), ("dear", 0.06))
    ]


PILOT_NOISE = 0.1


def tiny_problem(tiny: Tiny, base: Regime) -> Problem:
    """The tiny instance as a production problem; one budget, no car limit, full sales at once, one batch."""
    M = tiny.markets
    T, pilots = {2: (8, 2), 3: (6, 1)}.get(M, (12, 2))
    regime = replace(
        base,
        quarters=T,
        ramp_shortest=1,
        ramp_longest=1,
        cars_share=1e6,
        cars_ramp=1,
        capital_per_year=1e6,
        starts_per_quarter=M,
        batches=(1000,),
        pilot_cost_per_car=0.0,
        pilot_start_fee=tiny.fee,
        pilot_quarter_fee=tiny.fee / 2,
        pilot_quarters=pilots,
        pool_per_market=1e9,
        fan_mean=0.0,
        fan_sd=0.0,
        log_level_sd=0.3,
        break_even_factor=1.25,
    )
    problem = made_up_launch(regime, M, seed=5)
    cov = np.zeros((M + 1, M + 1))
    cov[:M, :M] = 0.49 * (tiny.correlation + (1 - tiny.correlation) * np.eye(M))
    capital = problem.terms.capital[:, 0]
    cap = capital.sum() * tiny.budget if tiny.budget < 1 else capital.sum() * 1.001
    terms = replace(
        problem.terms,
        year=np.zeros(T, dtype=np.int64),
        capital_cap=np.array([cap]),
        batches=np.array([10**9], dtype=np.int64),
        pilot_reach=np.full((M, 1, 1), 1e5),
        week_size=np.full(M, 1 / (13 * 1e5 * PILOT_NOISE)),
        signal_quarters=1,
        pool_cap=np.full(T, 1e12),
    )
    return replace(
        problem, belief=replace(problem.belief, cov=cov), terms=terms, menu=PilotMenu(batches=(10**9,), quarters=pilots)
    )


def tiny_share(tiny: Tiny, base: Regime, worlds: int, seed: int = 0, points: int = 21) -> tuple[float, float]:
    """Our value over the optimum: 1 + E(ours - exact policy) / optimum on common worlds, and its standard error."""
    problem = tiny_problem(tiny, base)
    scene = set_up(problem)
    M = tiny.markets
    exact = solve(scene, PILOT_NOISE, *((31, 4.0) if M == 2 else (points, 3.6)))
    optimum = start_value(exact, scene.mean[:M])
    rng = np.random.default_rng(seed)
    losses = []
    for world in draw_worlds(problem, seed, worlds):
        shape = (len(problem.quarters), M)
        noise = rng.standard_normal(shape), rng.standard_normal(shape)
        losses.append(loss_of_ours(*scene, exact, rules(M), world.theta, *noise, LATER_ROUNDS))
    return 1 - float(np.mean(losses)) / optimum, float(np.std(losses)) / math.sqrt(worlds) / optimum


def independent_share(base: Regime, worlds: int, seed: int = 0) -> tuple[float, float]:
    """Ten markets without correlation or limits: our value over the sum of ten exact single-market optima, and its se.

    The launch falls apart into its markets, so the loss of a gate is the sum of the markets' losses.
    """
    problem = tiny_problem(Tiny("independent", 10, 0.0, 1.0, 0.01), base)
    scene = set_up(problem)
    M, T = scene.terms.path.shape
    alone = [_one_market(scene, i) for i in range(M)]
    exact = [solve(s, PILOT_NOISE, 121, 5.0) for s in alone]
    optimum = sum(start_value(e, s.mean[:1]) for e, s in zip(exact, alone, strict=True))
    rng = np.random.default_rng(seed)
    losses = []
    for world in draw_worlds(problem, seed, worlds):
        pilot_noise, signal_noise = rng.standard_normal((T, M)), rng.standard_normal((T, M))
        losses.append(_loss_alone(scene, alone, exact, world.theta, pilot_noise, signal_noise))
    return 1 - float(np.mean(losses)) / optimum, float(np.std(losses)) / math.sqrt(worlds) / optimum


def _one_market(scene: Scene, i: int) -> Scene:
    """The launch into market i alone."""
    M = len(scene.mean) - 1
    terms = parts(scene.terms)
    for name, array in terms.items():
        if isinstance(array, np.ndarray) and array.ndim and name not in ("year", "starts_cap", "cars_cap", "pool_cap"):
            if name == "scenario_margin":
                terms[name] = np.ascontiguousarray(array[:, i : i + 1])
            elif array.shape[0] == M and name not in ("capital_cap", "batches", "scenario_odds"):
                terms[name] = np.ascontiguousarray(array[i : i + 1])
    at = [i, M]
    return scene._replace(
        terms=type(scene.terms)(**terms),
        mean=scene.mean[at].copy(),
        cov=np.ascontiguousarray(scene.cov[np.ix_(at, at)]),
    )


def _loss_alone(scene, alone, exact, theta, pilot_noise, signal_noise) -> float:
    terms, position = scene.terms, copy_position(scene.position)
    mean, cov, price = scene.mean.copy(), scene.cov.copy(), scene.prices
    M, T = terms.path.shape
    information = scene.bars.at_start.copy()
    status = [0] * M
    batch = np.zeros(M)
    loss, weight = 0.0, 1.0
    for t in range(T):
        if t > 0:
            price = find_prices(terms, position, mean, cov, t, price, LATER_ROUNDS)
            bar(terms, position, scene.bars, information, mean, cov, t)
        choice = choose(terms, position, mean, cov, t, price)
        for i in range(M):
            kind = np.array([{WAIT: 0, PILOT: 1}.get(int(choice.action[i]), 2)])
            best, ours = best_and_chosen(alone[i].terms, exact[i], rules(1), status[i], mean[i : i + 1], t, kind)
            loss += weight * (best - ours)
            status[i] = _after(status[i], kind, 1, exact[i].pilots)
        weight *= terms.discount
        apply(terms, position, choice.action, choice.route, choice.design, t, batch)
        for i in range(M):
            if choice.action[i] == PILOT:
                if information[i] < 0.0:
                    information[i] = 1.0 / max(cov[i, i], 1e-12)
                learn_level(mean, cov, i, theta[i] + math.sqrt(PILOT_NOISE) * pilot_noise[t, i], PILOT_NOISE)
            elif choice.action[i] == SCALE:
                seen = theta[i] + math.sqrt(terms.signal_var) * signal_noise[t, i]
                learn_level(mean, cov, i, seen, terms.signal_var)
    return loss
