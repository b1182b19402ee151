"""Made-up launches: a few numbers that say what kind of launch, and a problem drawn from them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from beachhead.belief.belief import Belief
from beachhead.launch.question.action import PilotMenu
from beachhead.launch.question.kernel_terms import Floats
from beachhead.launch.question.problem import Problem, Scenario, assemble
from beachhead.world.economics import Economics, Limits
from beachhead.world.market import Channel
from beachhead.world.quarter import Quarter, grid
from beachhead.world.source import Grade, Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Regime:
    """A kind of launch; every field is explained where the regimes are written down (benchmarks/regimes.toml)."""

    quarters: int
    discount: float
    terminal_quarters: float
    log_level_mean: float
    log_level_sd: float
    global_sd: float
    region_sd: float
    own_sd: float
    regions: int
    fan_mean: float
    fan_sd: float
    margin_low: float
    margin_high: float
    break_even_factor: float
    break_even_sd: float
    capital_share: float
    exit_share: float
    ramp_shortest: int
    ramp_longest: int
    capital_per_year: float
    markets_per_start: float
    cars_share: float
    cars_ramp: int
    batches: tuple[int, ...]
    pilot_sales_share: float
    pilot_size_per_50: float
    pilot_cost_per_car: float
    pilot_start_fee: float
    pilot_quarter_fee: float
    pilot_quarters: int
    pool_per_market: float
    tariff_cut: float
    tariff_odds: float
    tariff_quarter: int
    instances: int
    starts_per_quarter: int | None = None


def made_up_launch(regime: Regime, markets: int, seed: int) -> Problem:
    """A launch into `markets` made-up markets of that kind; the same seed gives the same launch.

    A market's break-even demand decides what it costs: capital and opex together are the discounted margin which that
    demand would earn if scaled at once, shared out by `capital_share`.
    """
    rng = np.random.default_rng([seed, markets])
    M, T = markets, regime.quarters
    level = regime.log_level_mean + regime.log_level_sd * rng.standard_normal(M)
    margin = rng.uniform(regime.margin_low, regime.margin_high, M)
    break_even = regime.break_even_factor * np.exp(level + regime.break_even_sd * rng.standard_normal(M))
    ramp_length = rng.integers(regime.ramp_shortest, regime.ramp_longest + 1, M)
    weights = regime.discount ** np.arange(T)
    lasting = weights.sum() + regime.discount**T * regime.terminal_quarters
    ramps = np.minimum((np.arange(T) + 1) / ramp_length[:, None], 1.0)
    served = ramps @ weights + ramps[:, -1] * regime.discount**T * regime.terminal_quarters
    worth = break_even * margin / 4 * served
    capital = regime.capital_share * worth
    quarters = grid(Quarter(2027, 1), T)
    belief = Belief(
        markets=tuple(f"M{i:03d}" for i in range(M)),
        quarters=quarters,
        mean=np.append(level, regime.fan_mean),
        cov=_covariance(regime, M),
        log_path=np.zeros((M, T)),
        nb_size_weekly=1.0,
    )
    economics = _economics(regime, belief, capital, (1 - regime.capital_share) * worth / lasting, margin, ramps)
    limits = _limits(regime, belief, capital)
    problem = assemble(
        belief=belief,
        economics=economics,
        limits=limits,
        discount=regime.discount,
        terminal_quarters=regime.terminal_quarters,
        scenarios=_tariffs(regime, belief, margin),
        menu=PilotMenu(batches=tuple(regime.batches), quarters=regime.pilot_quarters),
    )
    # dispersion goes by the batch, not by reach: a batch of 50 has the same weekly size in every market
    size = regime.pilot_size_per_50 / 50 * np.exp(level) / (4 * regime.pilot_sales_share)
    return replace(problem, terms=replace(problem.terms, week_size=size))


def _economics(
    regime: Regime, belief: Belief, capital: Floats, opex: Floats, margin: Floats, ramps: Floats
) -> list[Economics]:
    """One own store a market."""
    source = Source(who="made up for a rehearsal", as_of=date(2026, 1, 1), grade=Grade.C)
    first = belief.quarters[0]
    return [
        Economics(
            market=code,
            channel=Channel.OWN_STORE,
            capital=capital[i],
            exit_share=regime.exit_share,
            opex_per_quarter=opex[i],
            unit_margin=margin[i],
            reach=1.0,
            ramp=tuple(ramps[i]),
            pilot_start_fee=regime.pilot_start_fee * capital[i],
            pilot_fee_per_quarter=regime.pilot_quarter_fee * capital[i],
            pilot_cost_per_car=regime.pilot_cost_per_car,
            pilot_reach=min(1.0, regime.pilot_sales_share * 100 * 4 / np.exp(belief.mean[i])),
            earliest_scale=first,
            earliest_pilot=first,
            source=source,
        )
        for i, code in enumerate(belief.markets)
    ]


def _limits(regime: Regime, belief: Belief, capital: Floats) -> Limits:
    """Capital a year as a share of what all markets take; cars as a share of what they are expected to sell."""
    M, T = belief.log_path.shape
    expected = float(np.exp(belief.mean[:M] + np.diag(belief.cov)[:M] / 2).sum() / 4)
    return Limits(
        capital_per_year={q.year: regime.capital_per_year * float(capital.sum()) for q in belief.quarters},
        scale_starts_per_quarter=regime.starts_per_quarter or max(1, int(M / regime.markets_per_start)),
        cars_per_quarter=tuple(regime.cars_share * expected * min(1.0, (t + 1) / regime.cars_ramp) for t in range(T)),
        pilot_cars_per_quarter=(regime.pool_per_market * M,) * T,
    )


def _tariffs(regime: Regime, belief: Belief, margin: Floats) -> tuple[Scenario, ...]:
    """No tariff, and one that cuts every margin from its quarter on."""
    if regime.tariff_odds == 0:
        return ()
    known = belief.quarters[regime.tariff_quarter]
    cut = {
        (code, Channel.OWN_STORE): tuple(-regime.tariff_cut * margin[i] if q >= known else 0.0 for q in belief.quarters)
        for i, code in enumerate(belief.markets)
    }
    return (
        Scenario(name="no tariff", odds=1 - regime.tariff_odds, known_from=known, margin_change={}),
        Scenario(name="tariff", odds=regime.tariff_odds, known_from=known, margin_change=cut),
    )


def _covariance(regime: Regime, M: int) -> Floats:
    region = np.arange(M) % regime.regions
    cov = np.zeros((M + 1, M + 1))
    cov[:M, :M] = regime.global_sd**2 + regime.region_sd**2 * (region[:, None] == region) + regime.own_sd**2 * np.eye(M)
    cov[M, M] = regime.fan_sd**2
    return cov
