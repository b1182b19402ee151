"""What a quarter tells of the years, against Gaussians written out in full."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

import made_up
from beachhead.belief import Belief, Lasting, Tracked, update, weigh_evidence
from beachhead.belief.lasting import LOOKS, YEARS, look, read_through, widened_by
from beachhead.world.evidence import Evidence
from beachhead.world.reading import DemandCount, Funnel, Reading
from beachhead.world.source import Grade, Source

LASTING = Lasting(walk=0.07, scatter=0.1)


def first() -> Belief:
    return made_up.belief(3, size_log_sd=0.0)


def tracked(belief: Belief | None = None, settled: tuple[str, ...] = ()) -> Tracked:
    return Tracked(belief=belief or first(), prior=first(), lasting=LASTING, grown=np.zeros((3, 3)), settled=settled)


def said(market: str, log_demand: float, sd: float) -> Evidence:
    return Evidence(
        market=market, study=f"made up {market}", log_demand=log_demand, sampling_sd=sd, bias_mean=0.0, bias_sd=1e-9,
        weight=1.0, kind="survey",
        source=Source(who=f"made up {market}", as_of=date(2026, 1, 1), grade=Grade.C),
    )  # fmt: skip


def count(cars: int, reach: float = 0.03, is_pilot: bool = True) -> DemandCount:
    return DemandCount(
        market="M000", offer="", start=date(2027, 1, 1), end=date(2027, 3, 31), count=cars, reach=reach,
        funnel=Funnel.ORDERS, is_pilot=is_pilot,
    )  # fmt: skip


def learnt() -> Belief:
    return weigh_evidence(first(), (said("M000", 9.5, 0.3), said("M001", 6.0, 0.6)))


def in_full(var: float, quarters: int) -> np.ndarray:
    """Covariance of the levels of so many quarters that keep a variance and move by .07 of it a quarter."""
    at = np.arange(quarters)
    return var * np.sqrt(1 - 0.07) ** np.abs(np.subtract.outer(at, at))


def test_the_level_over_the_years_is_the_regression_on_the_quarters_written_out():
    held, M = learnt(), 3
    kernel, average = in_full(1.0, YEARS), np.full(YEARS, 1 / YEARS)
    levels = np.kron(kernel, first().cov[:M, :M])
    mean_of = np.kron(average, np.eye(M))  # of each market's sixteen levels
    to_first = mean_of @ levels[:, :M] @ np.linalg.inv(levels[:M, :M])
    over = tracked(held).over_years()
    raised = 0.5 * ((1 - LASTING.of_mean) * np.diag(first().cov)[:M] + LASTING.scatter)
    expected = first().mean[:M] + to_first @ (held.mean[:M] - first().mean[:M]) + raised
    np.testing.assert_allclose(over.mean[:M], expected, rtol=1e-9)
    left = mean_of @ levels @ mean_of.T + to_first @ (held.cov[:M, :M] - first().cov[:M, :M]) @ to_first.T
    np.testing.assert_allclose(over.cov[:M, :M], left, rtol=1e-9)
    np.testing.assert_allclose(over.cov[-1], np.append(LASTING.along * held.cov[-1, :M], held.cov[-1, -1]), atol=1e-12)
    assert np.linalg.eigvalsh(over.cov).min() > 0
    np.testing.assert_array_equal(over.log_path, held.log_path)


def test_cars_do_not_come_of_doubt():
    """What is expected to be sold over the years does not grow while nothing is read; a prior sells what it says."""
    level = np.exp(first().mean[:3] + 0.5 * (np.diag(first().cov)[:3] + LASTING.scatter))
    over = tracked().over_years()
    np.testing.assert_allclose(np.exp(over.mean[:3] + 0.5 * np.diag(over.cov)[:3]), level, rtol=1e-12)
    now = tracked(learnt())
    over = now.over_years()
    expected = np.exp(over.mean[:3] + 0.5 * np.diag(over.cov)[:3])
    for _ in range(6):
        now = now.later()
        over = now.over_years()
        np.testing.assert_allclose(np.exp(over.mean[:3] + 0.5 * np.diag(over.cov)[:3]), expected, rtol=1e-9)
    read = now.read(Reading(counts=(count(5000, reach=0.9, is_pilot=False),)))[0]
    assert read.grown[0, 0] < 0.3 * now.grown[0, 0]
    assert 0.5 * now.grown[1, 1] < read.grown[1, 1] <= now.grown[1, 1]


def test_time_takes_no_level_beyond_the_prior_and_leaves_a_prior_alone():
    before = tracked()
    assert np.array_equal(before.later().belief.cov, first().cov)
    now = tracked(learnt())
    for _ in range(60):
        now = now.later()
    assert (np.diag(now.belief.cov)[:3] <= np.diag(first().cov)[:3] * (1 + 1e-12)).all()
    assert np.linalg.eigvalsh(now.belief.cov).min() > 0
    assert now.belief.mean.tolist() == learnt().mean.tolist()


def test_so_many_quarters_in_a_row_leave_what_the_gaussian_in_full_leaves():
    for var in (0.2, 2.45):
        levels = in_full(var, YEARS)
        before, average = levels.mean(), levels.mean(axis=0)
        noise = LASTING.noise(np.array([var]))[0]
        for n in range(1, LOOKS + 1):
            seen = levels[:n, :n] + LASTING.scatter * np.eye(n)
            left = before - average[:n] @ np.linalg.solve(seen, average[:n])
            assert 1 / (1 / before + (1 / noise[:n]).sum()) == pytest.approx(left, rel=1e-9)
        assert noise[1] > noise[0] > LASTING.scatter  # a second quarter in a row tells less than the first


def test_a_quarter_read_exactly_tells_of_the_level_what_its_scatter_leaves():
    """A statement about what the quarter sells is one about the level with the scatter on top of its error."""
    held, shown = first(), widened_by(first(), np.diag([0.1, 0.1, 0.0]))
    cars = round(np.exp(9.0 + held.log_path[0, 0]) * 90 / 365.25 * 0.9)
    plain = weigh_evidence(held, (said("M000", 9.0, np.sqrt(0.1 + 1 / cars)),))
    sure = replace(held, nb_size_weekly=1e9)
    shown = replace(shown, nb_size_weekly=1e9)
    found = read_through(sure, shown, Reading(counts=(count(cars, reach=0.9, is_pilot=False),)), correct=False).belief
    np.testing.assert_allclose(found.mean, plain.mean, atol=2e-3)
    np.testing.assert_allclose(found.cov, plain.cov, atol=2e-3)


def test_where_quarters_do_not_scatter_reading_is_the_plain_update():
    held, reading = first(), Reading(counts=(count(80),))
    plain, through = update(held, reading), read_through(held, held, reading)
    assert np.array_equal(plain.belief.cov, through.belief.cov)
    assert len(through.draws)
    home = tracked(settled=("M000", "M001", "M002")).read(reading)[1]
    assert np.array_equal(plain.belief.cov, home.belief.cov)


def test_what_the_next_quarter_shows_sells_on_average_what_the_years_do():
    over = tracked().over_years()
    shown = look(over, np.array([0, 1, 9]))
    noise = [over.look_var[0, 0], over.look_var[1, 1], over.look_var[2, LOOKS - 1]]
    np.testing.assert_allclose((np.diag(shown.cov) - np.diag(over.cov))[:3], noise, rtol=1e-12)
    np.testing.assert_allclose(
        shown.mean[:3] + 0.5 * np.diag(shown.cov)[:3], over.mean[:3] + 0.5 * np.diag(over.cov)[:3], rtol=1e-12
    )
    held = first()
    assert look(held, np.zeros(3, dtype=np.int64)) is held


def test_a_level_that_stays_is_planned_on_as_it_is():
    over = replace(tracked(learnt()), lasting=Lasting(walk=0.0, scatter=0.0)).over_years()
    np.testing.assert_allclose(over.mean, learnt().mean, rtol=1e-12)
    np.testing.assert_allclose(over.cov, learnt().cov, atol=1e-12)
    assert over.look_var[:, 0].max() < 1e-6


@pytest.mark.parametrize("wrong", [{"walk": -0.1}, {"scatter": -0.1}])
def test_numbers_that_no_level_has_are_refused(wrong):
    with pytest.raises(ValueError, match="negative"):
        Lasting(**{"walk": 0.1, "scatter": 0.1} | wrong)


def test_a_neighbour_that_is_read_for_years_takes_no_cars_from_a_market_that_is_not():
    """Markets that share what the entries share, drawn going back to the prior: on average what is expected comes."""
    lasting, quarters, worlds = Lasting(walk=0.075, scatter=0.1), 16, 800
    cov = np.diag([2.4 * 0.4, 2.4 * 0.4, 0.0]) + np.pad(np.full((2, 2), 2.4 * 0.6), (0, 1))
    start = made_up.belief(2, size_log_sd=0.0)
    start = replace(start, mean=np.array([8.0, 8.0, 0.0]), cov=cov)
    begun = Tracked(belief=start, prior=start, lasting=lasting, grown=np.zeros((2, 2)))
    before = expected_cars(begun)
    at = np.arange(quarters)
    root = np.linalg.cholesky((1 - lasting.walk) ** (0.5 * np.abs(np.subtract.outer(at, at))))
    half = np.random.default_rng(2).standard_normal((worlds // 2, quarters))
    found = []
    for moved in 8.0 + np.sqrt(2.4) * np.concatenate([half, -half]) @ root.T:
        now = begun
        for number, level in enumerate(moved):
            now = now.later() if number else now
            now = now.told(weigh_evidence(now.seen, (said(now.belief.markets[0], level, 0.01),)))
        found.append(expected_cars(now)[1])
    assert np.mean(found) == pytest.approx(before[1], rel=0.06)  # .88 where each was counted alone


def expected_cars(now: Tracked) -> np.ndarray:
    over = now.over_years()
    return np.exp(over.mean + 0.5 * np.diag(over.cov))
