"""What a scaled market is worth before its demand is known: a closed form, because of the exit.

Demand E = exp(theta) with theta ~ N(m, v). A market scaled in quarter s earns E0 E - o in s; after s a signal with
variance q arrives, and the maker keeps the market (A E - B from s+1 on) or leaves it for the salvage. That choice is a
European call on a log-normal, valued by Black's formula (Black 1976, eq. 16) with variance v^2 / (v + q), the part
of v that the signal resolves (Raiffa & Schlaifer 1961, section 5.5; as in Frazier, Powell & Dayanik 2009).
"""

from __future__ import annotations

import math

import numpy as np

from beachhead.launch.question.kernel_terms import (
    OUT,
    Floats,
    Ints,
    Position,
    Prices,
    Terms,
    look_var,
    may_start,
    usual_design,
)
from beachhead.world.by_reference import by_reference
from beachhead.world.compiled import compiled, inlined, inner
from beachhead.world.quarter import QUARTERS_A_YEAR

# Gauss-Hermite nodes for a standard normal, and the shares of variance at which option values are tabulated.
NODES, WEIGHTS = np.polynomial.hermite_e.hermegauss(9)
WEIGHTS = WEIGHTS / WEIGHTS.sum()
FEW_NODES, FEW_WEIGHTS = np.polynomial.hermite_e.hermegauss(5)
FEW_WEIGHTS = FEW_WEIGHTS / FEW_WEIGHTS.sum()
# With few markets there is time for finer ones, and each decision weighs more.
FEW_MARKETS = 6
FINE_NODES, FINE_WEIGHTS = np.polynomial.hermite_e.hermegauss(41)
FINE_WEIGHTS = FINE_WEIGHTS / FINE_WEIGHTS.sum()
FINE_FEW_NODES, FINE_FEW_WEIGHTS = np.polynomial.hermite_e.hermegauss(21)
FINE_FEW_WEIGHTS = FINE_FEW_WEIGHTS / FINE_FEW_WEIGHTS.sum()
SHARES = np.array([0.0, 0.05, 0.12, 0.25, 0.4, 0.6, 0.8, 0.92, 1.0])
_ROOT_HALF = math.sqrt(0.5)


@compiled
def normal_cdf(x: float) -> float:
    """Standard normal distribution function."""
    return 0.5 * math.erfc(-x * _ROOT_HALF)


@inner
def keep_or_leave(
    gain: float, cost: float, salvage: float, mean: float, var: float, resolved: float
) -> tuple[float, float]:
    """E max(gain E - cost, salvage) when `resolved` of var(theta) is learnt first, and E[E; kept] / E[E].

    Args:
        gain: A, money for each car a year of E from the next quarter on.
        cost: B, money spent if kept.
        salvage: money if left.
        mean: of theta.
        var: of theta.
        resolved: variance of the posterior mean of theta at the moment of choice.
    """
    expected = gain * math.exp(mean + 0.5 * var)
    strike = cost + salvage
    if strike <= 0.0:
        return expected - cost, 1.0
    if expected <= 0.0:
        return salvage, 0.0
    if resolved <= 1e-12:
        if expected > strike:
            return expected - cost, 1.0
        return salvage, 0.0
    sd = math.sqrt(resolved)
    d1 = math.log(expected / strike) / sd + 0.5 * sd
    kept = normal_cdf(d1)
    return salvage + expected * kept - strike * normal_cdf(d1 - sd), kept


@compiled
def rates_from(terms: Terms, car_price: Floats, i: int, c: int, since: int, now: int) -> tuple[float, float, float]:
    """Of a market scaled in quarter `since`, seen from `now`: gain now, gain later, cost later."""
    T = terms.path.shape[1]
    later = 0.0
    weight = 1.0
    for t in range(now + 1, T):
        later += weight * served(terms, i, c, since, t) * max(terms.margin[i, c, t] - car_price[t], 0.0)
        weight *= terms.discount
    later += weight * terms.tail * served_after(terms, i, c, since) * terms.margin[i, c, T - 1]
    quarters = (1.0 - weight) / (1.0 - terms.discount) if terms.discount < 1.0 else float(T - 1 - now)
    cost = terms.opex[i, c] * (quarters + weight * terms.tail)
    gain_now = served(terms, i, c, since, now) * max(terms.margin[i, c, now] - car_price[now], 0.0)
    return gain_now, later, cost


@compiled
def served(terms: Terms, i: int, c: int, since: int, t: int) -> float:
    """Cars sold in quarter t for each car a year of E, in a market scaled in quarter `since`."""
    age = min(t - since, terms.ramp.shape[2] - 1)
    rate: float = 0.25 * terms.ramp[i, c, age] * terms.path[i, t]
    return rate


@compiled
def served_after(terms: Terms, i: int, c: int, since: int) -> float:
    """Cars sold in a quarter after the horizon, likewise: at the mean pace of the last year.

    The quarter in which a launch ends may be the best of the year, and no year has four of it.
    """
    T = terms.path.shape[1]
    first = max(T - QUARTERS_A_YEAR, 0)
    pace = 0.0
    for t in range(first, T):
        pace += terms.path[i, t]
    age = min(T - 1 - since, terms.ramp.shape[2] - 1)
    rate: float = 0.25 * terms.ramp[i, c, age] * (pace / (T - first))
    return rate


@compiled
def profit_after(terms: Terms, i: int, c: int, since: int, demand: float) -> float:
    """Money that a market scaled in quarter `since` brings in a quarter after the horizon, at the last margin."""
    margin = terms.margin[i, c, terms.path.shape[1] - 1]
    profit: float = margin * served_after(terms, i, c, since) * demand - terms.opex[i, c]
    return profit


@by_reference
class Starts:
    """Every start of every market that the limits permit from a gate on, flat; N starts, sorted by market and quarter.

    Attributes:
        begin: (M+1,), starts of market i are begin[i] .. begin[i+1]-1.
        route: (N,), route.
        quarter: (N,), quarter of the start.
        factor: (N,), discount from the gate to the start.
        spent: (N,), capital, price of capital and start, and the first quarter's opex.
        first: (N,), E0.
        later: (N,), A.
        strike: (N,), B plus the salvage; below zero where staying is paid for by a bonus.
        log_ratio: (N,), log(A / strike).
        salvage: (N,), money back on exit; of a start in the last quarter, which nobody can leave, this, `later` and
            `strike` are 0, and what comes after the horizon is in `spent` and `first`.
        discount: of one quarter.
        signal_var: variance with which a scaled market then shows log E.

    The last two stand here so that the kernels inside the loops take these few arrays only: to hand the whole of Terms
    on counts its every array up and down again, which took most of a gate.
    """

    begin: Ints
    route: Ints
    quarter: Ints
    factor: Floats
    spent: Floats
    first: Floats
    later: Floats
    strike: Floats
    log_ratio: Floats
    salvage: Floats
    discount: float
    signal_var: float


@compiled
def list_starts(terms: Terms, position: Position, now: int, prices: Prices) -> Starts:
    """All permitted starts of undecided markets: the route exists, its date has come, its capital fits that year."""
    M, C = terms.capital.shape
    T = terms.path.shape[1]
    most = M * C * (T - now)
    begin = np.zeros(M + 1, dtype=np.int64)
    route = np.empty(most, dtype=np.int64)
    quarter = np.empty(most, dtype=np.int64)
    columns = np.empty((7, most))
    n = 0
    for i in range(M):
        begin[i] = n
        if position.stage[i] != OUT:
            continue
        permitted = may_start(terms, position, i)
        for s in range(now, T):
            for c in range(C):
                if permitted[c, s] == 0:
                    continue
                first, later, cost = rates_from(terms, prices.car, i, c, s, s)
                price = terms.capital[i, c] * (1.0 + prices.capital[terms.year[s]]) + prices.start[s]
                spent, salvage = price + terms.opex[i, c], terms.salvage[i, c]
                strike = cost + salvage
                if s + 1 == T:  # no gate follows at which to leave: what comes after the horizon comes for certain
                    first, spent = first + terms.discount * later, spent + terms.discount * cost
                    later = strike = salvage = 0.0
                route[n], quarter[n] = c, s
                columns[0, n] = terms.discount ** (s - now)
                columns[1, n] = spent
                columns[2, n], columns[3, n], columns[4, n] = first, later, strike
                columns[5, n] = math.log(later / strike) if later > 0.0 and strike > 0.0 else np.inf
                columns[6, n] = salvage
                n += 1
    begin[M] = n
    return Starts(
        begin,
        route[:n],
        quarter[:n],
        columns[0, :n],
        columns[1, :n],
        columns[2, :n],
        columns[3, :n],
        columns[4, :n],
        columns[5, :n],
        columns[6, :n],
        terms.discount,
        terms.signal_var,
    )


@inlined
def value_of(
    starts: Starts, e: int, expected: float, level: float, sd: float, hope: float, floor: float
) -> tuple[float, float]:
    """Value of start e in money of the gate, and the share of E kept after it; -inf if it cannot exceed `floor`.

    Args:
        starts: from `list_starts`.
        e: which start.
        expected: E[E].
        level: log of `expected`.
        sd: standard deviation of the posterior mean when the choice to keep or leave is made.
        hope: 2 Phi(sd / 2) - 1: the most that not yet knowing can add, as a share of the strike.
        floor: values at or below it are of no interest; a bound on the option then saves the two normal integrals.
    """
    strike, discount = starts.strike[e], starts.discount
    stays = starts.later[e] * expected
    sure = starts.first[e] * expected - starts.spent[e] + discount * starts.salvage[e]
    most = starts.factor[e] * (sure + discount * (max(stays - strike, 0.0) + max(strike, 0.0) * hope))
    if most <= floor:
        return -np.inf, 0.0
    if strike <= 0.0:
        return starts.factor[e] * (sure + discount * max(stays - strike, 0.0)), 1.0
    if stays <= 0.0:
        return starts.factor[e] * sure, 0.0
    if sd <= 1e-6:
        kept = 1.0 if stays > strike else 0.0
        return starts.factor[e] * (sure + discount * kept * (stays - strike)), kept
    d1 = (starts.log_ratio[e] + level) / sd + 0.5 * sd
    kept = normal_cdf(d1)
    call = stays * kept - strike * normal_cdf(d1 - sd)
    return starts.factor[e] * (sure + discount * call), kept


@inlined
def best_start(starts: Starts, earliest: int, i: int, mean: float, var: float) -> tuple[float, int]:
    """Best of never (0, -1) and starting in a quarter from `earliest` on: value at the gate, and which start."""
    level = mean + 0.5 * var
    expected = math.exp(level)
    sd = var / math.sqrt(var + starts.signal_var)
    hope = 2.0 * normal_cdf(0.5 * sd) - 1.0
    best, which = 0.0, -1
    for e in range(starts.begin[i], starts.begin[i + 1]):
        if starts.quarter[e] < earliest:
            continue
        value, _ = value_of(starts, e, expected, level, sd, hope, best)
        if value > best:
            best, which = value, e
    return best, which


@compiled
def scale_now(starts: Starts, now: int, i: int, mean: float, var: float) -> tuple[float, int]:
    """Best value of scaling in quarter `now`, negative values included, and its route; (-inf, -1) if not permitted."""
    best, which = best_entry(starts, now, now, i, mean, var)
    return best, starts.route[which] if which >= 0 else -1


@inner
def best_entry(starts: Starts, first: int, last: int, i: int, mean: float, var: float) -> tuple[float, int]:
    """Best of starting in the quarters `first` to `last`, never to start left aside: so a loss is told as a loss.

    Returns the value at the gate and which start; (-inf, -1) where none is permitted.
    """
    level = mean + 0.5 * var
    expected = math.exp(level)
    sd = var / math.sqrt(var + starts.signal_var)
    best, which = -np.inf, -1
    for e in range(starts.begin[i], starts.begin[i + 1]):
        if first <= starts.quarter[e] <= last:
            value, _ = value_of(starts, e, expected, level, sd, 1.0, best)
            if value > best:
                best, which = value, e
    return best, which


@inner
def option_tables(
    terms: Terms, starts: Starts, position: Position, mean: Floats, cov: Floats, now: int
) -> tuple[Floats, Floats]:
    """Psi: (M, 9) twice, value at the next gate when a share SHARES[k] of var(theta_i) is removed before it.

    At the next gate a market may be scaled then or later, dropped, or piloted once more with the middle batch, at the
    first gate that permits it. The
    first table is for a market that is left alone now, the second for one that is piloted now (start fee spent).
    Made monotone in the share, as the value of information is. A market whose gate demands a reading may be started
    only where the share reaches what the gate asks for: left alone it is worth what a later pilot would open.
    """
    M = terms.capital.shape[0]
    alone, again = np.zeros((M, SHARES.shape[0])), np.zeros((M, SHARES.shape[0]))
    for i in range(M):
        tabulate(terms, starts, position, mean, cov, now, i, alone[i], again[i])
    return alone, again


@inner
def tabulate(
    terms: Terms,
    starts: Starts,
    position: Position,
    mean: Floats,
    cov: Floats,
    now: int,
    i: int,
    alone: Floats,
    again: Floats,
) -> None:
    """Fill market i's rows (9,) of the two option tables."""
    alone[:] = 0.0
    again[:] = 0.0
    if position.stage[i] != OUT or starts.begin[i] == starts.begin[i + 1]:
        return
    nodes, weights, few_nodes, few_weights = _nodes(terms.capital.shape[0])
    var = cov[i, i]
    noise, fee_alone, noise_again, fee_again, when = next_pilot(terms, position, mean, now, i)
    wait = terms.discount ** (when - now)
    for k in range(SHARES.shape[0]):
        step = math.sqrt(SHARES[k] * var)
        left = (1.0 - SHARES[k]) * var
        learnt = resolvable(left, float(cov[i, -1]), float(cov[-1, -1]), noise)
        learnt_again = resolvable(left, float(cov[i, -1]), float(cov[-1, -1]), noise_again)
        shut_alone = SHARES[k] < position.barred[i]
        shut_again = shut_alone and position.barred[i] > SHARES[1]
        first = second = 0.0
        for g in range(nodes.shape[0]):
            if k == 0 and g > 0:
                break
            level = mean[i] + step * nodes[g] if k > 0 else mean[i]
            weight = weights[g] if k > 0 else 1.0
            value, _ = best_start(starts, now + 1, i, level, left)
            look = more = 0.0
            if learnt > 1e-9 and fee_again < np.inf:
                for h in range(few_nodes.shape[0]):
                    better, _ = best_start(starts, when + 1, i, level + math.sqrt(learnt) * few_nodes[h], left - learnt)
                    look += few_weights[h] * better
                more = look
                if learnt_again != learnt:  # a second quarter in a row tells less than a first
                    more = 0.0
                    for h in range(few_nodes.shape[0]):
                        better, _ = best_start(
                            starts, when + 1, i, level + math.sqrt(learnt_again) * few_nodes[h], left - learnt_again
                        )
                        more += few_weights[h] * better
            first += weight * max(0.0 if shut_alone else value, look - wait * fee_alone)
            second += weight * max(0.0 if shut_again else value, more - wait * fee_again)
        alone[k] = max(first, alone[k - 1]) if k > 0 else first
        again[k] = max(second, again[k - 1]) if k > 0 else second


@inner
def _nodes(markets: int) -> tuple[Floats, Floats, Floats, Floats]:
    """Nodes and weights of what is learnt first, and of what a pilot teaches after that."""
    if markets <= FEW_MARKETS:
        return FINE_NODES, FINE_WEIGHTS, FINE_FEW_NODES, FINE_FEW_WEIGHTS
    return NODES, WEIGHTS, FEW_NODES, FEW_WEIGHTS


@inner
def resolvable(left: float, shared: float, fan: float, noise: float) -> float:
    """Part of a remaining variance that one more pilot resolves."""
    along = max(left + shared, 0.0)
    return min(along * along / max(left + 2.0 * shared + fan + noise, 1e-12), left)


@inner
def next_pilot(
    terms: Terms, position: Position, mean: Floats, now: int, i: int
) -> tuple[float, float, float, float, int]:
    """The usual batch at the first later gate that permits it: noise and fee after no pilot now, after one, quarter.

    A market that opens in a year can be piloted then: what is learnt about it today must not be credited with what that
    pilot would tell anyway.
    """
    if position.piloted[i] >= terms.pilot_quarters:
        return 1.0, np.inf, 1.0, np.inf, now + 1
    for t in range(now + 1, terms.path.shape[1]):
        for c in range(terms.capital.shape[1]):
            design = usual_design(terms, i, c, t)
            if design >= 0:
                running = terms.quarter_fee[i, c] + terms.car_cost[i, c] * terms.batches[design]
                alone = running + (terms.start_fee[i, c] if position.piloted[i] == 0 else 0.0)
                again = running if position.piloted[i] + 1 < terms.pilot_quarters else np.inf
                before = position.piloted[i]
                noise = pilot_noise(terms, mean, i, c, design, t, before)
                more = look_var(terms, i, before + 1) - look_var(terms, i, before)
                return noise, alone, noise + more, again, t
    return 1.0, np.inf, 1.0, np.inf, now + 1


@compiled
def pilot_noise(terms: Terms, mean: Floats, i: int, c: int, design: int, t: int, before: int) -> float:
    """Approximate variance with which a pilot measures x = theta_i + beta: Poisson part plus over-dispersion.

    1 / (b min(rho, 1)) + max(1, rho) / (weeks k), rho the expected orders over the batch: a batch that sells out early
    gives fewer weeks, and each week has size k (delta method on log of a negative-binomial total). At another price
    than list the doubt about what list price would have sold comes on top, and so does what the quarter is off the
    level over the years, given that `before` pilot quarters were read.
    """
    reach = terms.pilot_reach[i, c, design]
    expected = reach * terms.path[i, t] * math.exp(mean[i] + mean[mean.shape[0] - 1]) * terms.weeks / 52.0
    expected *= terms.lure[i, design]
    batch = float(terms.batches[design])
    rho = expected / batch
    size = terms.week_size[i] * reach
    counted = 1.0 / max(batch * min(rho, 1.0), 1e-9) + max(1.0, rho) / (terms.weeks * size)
    return float(counted + terms.doubt[i, design] + look_var(terms, i, before))


@inner
def look_up(table: Floats, i: int, share: float) -> float:
    """Psi_i at a share of variance removed, linear between the tabulated ones."""
    if share <= 0.0:
        return float(table[i, 0])
    for k in range(1, SHARES.shape[0]):
        if share <= SHARES[k]:
            part = (share - SHARES[k - 1]) / (SHARES[k] - SHARES[k - 1])
            return float(table[i, k - 1] + part * (table[i, k] - table[i, k - 1]))
    return float(table[i, SHARES.shape[0] - 1])
