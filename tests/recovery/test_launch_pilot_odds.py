"""In worlds drawn from the prior, the odds stated with a pilot are those with which its events happen."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from scipy.special import ndtr

from beachhead.belief import Posterior
from beachhead.belief.lasting import look, read_through
from beachhead.belief.priced import asked_off_list, joined, parted
from beachhead.case.open import open_launch
from beachhead.case.plan.planning import put_question
from beachhead.launch.information.batch_design import design
from beachhead.launch.information.pilot_odds import PilotOdds, _opens, _result, pilot_odds, planned_span
from beachhead.launch.judge.break_even import break_even
from beachhead.launch.judge.judge import opens
from beachhead.launch.question.action import Action, ActionKind
from beachhead.launch.question.gate import Gate
from beachhead.launch.question.problem import looked
from beachhead.world.market import Channel
from beachhead.world.reading import Reading

EXAMPLE = Path(__file__).parents[2] / "src" / "beachhead" / "case" / "examples" / "byd-norway-2021"
BATCHES = (50, 150, 400)


@pytest.fixture(scope="module")
def problem():
    launch = open_launch(EXAMPLE)
    return put_question(launch, on=launch.folder.terms.start.first_day).problem


def pilot(market: str, batch: int, price_point: float = 1.0) -> Action:
    return Action(
        market=market, kind=ActionKind.PILOT, channel=Channel.DEALER, batch=batch, weeks=13, price_point=price_point
    )


def gate_of(problem, market: str) -> Gate:
    """One that a good pilot opens in a fair share of worlds, so that its odds can be told from 0."""
    i = problem.markets.index(market)
    level = float(np.exp(problem.belief.mean[i]))
    at_start = 1 / float(problem.belief.cov[i, i])
    return Gate(
        market=market,
        registered=problem.quarters[0],
        looks=problem.quarters[1:2],
        channel=Channel.DEALER,
        break_even=level,
        scale_odds=0.35,
        stop_odds=0.05,
        information=0.5 * at_start,
        information_at_start=at_start,
        max_expected_loss=1e12,
        capital=1e6,
    )


def weekly_orders(problem, action: Action, rng, worlds: int) -> np.ndarray:
    """(S, weeks) orders that stock does not end, in worlds drawn from the belief."""
    span, belief = planned_span(problem, action), problem.belief
    i = problem.markets.index(action.market)
    z = rng.multivariate_normal(belief.mean, belief.cov, worlds, method="cholesky")
    e = rng.normal(problem.answers.mean[i], np.sqrt(problem.answers.cov[i, i]), worlds)
    off = (look(belief, looked(problem)).cov - belief.cov)[i, i]
    quarter = rng.normal(-0.5 * off, np.sqrt(off), worlds)  # what it is off the years
    rate = np.exp(z[:, i] + quarter + z[:, -1] - e * np.log(action.price_point) + belief.log_path[i, 0])
    size = belief.nb_size_weekly * np.exp(belief.nb_size_log_sd * rng.standard_normal(worlds)) * span.reach
    mean = rate * span.reach * 7 / 365.25
    gamma = rng.gamma(size[:, None], (mean / size)[:, None], (worlds, action.weeks))
    return rng.poisson(np.minimum(gamma, 1e9))


def ended_by_stock(weekly: np.ndarray, batch: int) -> np.ndarray:
    return np.minimum(weekly.sum(axis=1), batch)


def came(odds: PilotOdds, orders: np.ndarray) -> list[tuple[float, float, float]]:
    """(level or 0 for the batch, stated, share of worlds in which it came) of the events on orders."""
    out = [(0.0, odds.sold_out, float((orders >= odds.batch).mean()))]
    for each in odds.ranges:
        inside = (each.low <= orders) & (orders <= each.high)
        out.append((each.level, each.probability, float(inside.mean())))
    return out


@pytest.mark.parametrize("price_point", [1.0, 0.9])
def test_odds_of_selling_out_and_of_a_range_of_orders_are_met(problem, price_point):
    rng, worlds = np.random.default_rng(7), 4000
    found = []
    for market in problem.markets:
        for batch in BATCHES:
            action = pilot(market, batch, price_point)
            orders = ended_by_stock(weekly_orders(problem, action, rng, worlds), batch)
            found += came(pilot_odds(problem, action, None), orders)
    level, stated, share = np.array(found).T
    error = np.sqrt(stated * (1 - stated) / worlds)
    assert np.abs(share - stated).max() < 0.04
    assert np.sqrt(np.mean(((share - stated) / error) ** 2)) < 1.5  # of about 50 events, 1 when calibrated
    assert 0.88 <= share[level == 0.9].mean() <= 0.92
    assert 0.49 <= share[level == 0.5].mean() <= 0.53


def held_after(problem, action: Action, weekly: np.ndarray, correct: bool = False) -> Posterior:
    """What reading the weeks, one by one and ended by stock, leaves to be held."""
    span, left, counts = planned_span(problem, action), action.batch, []
    for week, orders in enumerate(weekly):
        start = span.start + timedelta(days=7 * week)
        if orders >= left:
            gone = start + timedelta(days=int(7 * left / (orders + 1)))  # evenly over the week
            counts.append(replace(span, start=start, end=gone, count=left, sold_out=True))
            break
        counts.append(replace(span, start=start, end=start + timedelta(days=6), count=int(orders)))
        left -= orders
    belief = joined(problem.belief, problem.answers, asked_off_list(counts))
    read = read_through(belief, look(belief, looked(problem)), Reading(counts=tuple(counts)), correct=correct)
    return parted(read, problem.answers)[0]


def judged(problem, action: Action, weekly: np.ndarray, gate: Gate) -> bool:
    """What the reading makes of the gate."""
    return opens(gate, replace(problem, belief=held_after(problem, action, weekly).belief), later=1)


@pytest.mark.parametrize("worlds", [30, pytest.param(500, marks=pytest.mark.full)])
def test_odds_that_the_gate_opens_are_met(problem, worlds):
    rng = np.random.default_rng(11)
    stated, share = [], []
    for market, batch, price_point in (("NO", 150, 1.0), ("DK", 50, 1.0), ("FI", 150, 0.9), ("NL", 400, 1.0)):
        action, gate = pilot(market, batch, price_point), gate_of(problem, market)
        stated.append(pilot_odds(problem, action, gate).opens)
        weeks = weekly_orders(problem, action, rng, worlds)
        share.append(np.mean([judged(problem, action, weekly, gate) for weekly in weeks]))
    stated, share = np.array(stated), np.array(share)
    error = np.sqrt(stated * (1 - stated) / worlds)
    assert ((stated > 0.03) & (stated < 0.6)).all()
    assert np.abs((share - stated) / error).max() < 3.2
    assert abs(share.mean() - stated.mean()) < 3 * np.sqrt(np.sum(error**2)) / len(error)


@pytest.mark.parametrize("worlds", [60, pytest.param(1000, marks=pytest.mark.full)])
def test_a_batch_leaves_open_on_average_what_its_design_says(problem, worlds):
    """Small batches most of all: a pilot that sells less than is expected tells less too."""
    rng = np.random.default_rng(5)
    apart, apart_wrong = [], []
    for market, batch, price_point in (("NO", 5, 1.0), ("FI", 5, 1.0), ("DE", 20, 1.0), ("NO", 150, 0.9)):
        action = pilot(market, batch, price_point)
        i = problem.markets.index(market)
        plain = design(problem, market, batch, Channel.DEALER, price_point)
        level = np.log(break_even(problem, i).cars_per_year)
        weekly = weekly_orders(problem, action, rng, worlds)
        read = [held_after(problem, action, weeks, correct=True).belief for weeks in weekly]
        left = np.array([held.cov[i, i] for held in read])
        above = np.array([ndtr((held.mean[i] - level) / held.cov[i, i] ** 0.5) for held in read])
        wrong = np.minimum(above, 1 - above)
        apart.append((left.mean() - plain.sd_after**2) / (left.std() / worlds**0.5))
        apart_wrong.append((wrong.mean() - plain.odds_wrong) / (wrong.std() / worlds**0.5))
        assert left.mean() == pytest.approx(plain.sd_after**2, rel=0.06)
    assert np.abs(apart).max() < 3.2
    assert np.abs(apart_wrong).max() < 3.2


def test_selling_out_has_the_same_odds_in_a_design_and_in_what_a_decision_states(problem):
    for market, batch, price_point in (("NO", 5, 1.0), ("DE", 50, 0.9), ("FI", 400, 1.0)):
        stated = pilot_odds(problem, pilot(market, batch, price_point), None)
        plain = design(problem, market, batch, Channel.DEALER, price_point)
        assert plain.odds_sold_out == pytest.approx(stated.sold_out, abs=1e-3)


def test_a_better_result_never_shuts_the_gate(problem):
    """What the bisection rests on."""
    for market, batch in (("NO", 50), ("DK", 150)):
        span, gate = planned_span(problem, pilot(market, batch)), gate_of(problem, market)
        ranks = range(0, batch + 91, 6)
        shown = look(problem.belief, looked(problem))
        verdicts = [_opens(problem, problem.belief, shown, _result(span, rank), gate) for rank in ranks]
        assert verdicts == sorted(verdicts)
        assert set(verdicts) == {False, True}
