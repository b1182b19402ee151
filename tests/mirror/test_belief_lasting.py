"""What a quarter tells of the years, against Gaussians written out in full."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

import made_up
from beachhead.belief import Belief, Lasting, Tracked, update, weigh_evidence
from beachhead.belief.lasting import LOOKS, YEARS, look, read_through
from beachhead.world.evidence import Evidence
from beachhead.world.reading import DemandCount, Funnel, Reading
from beachhead.world.source import Grade, Source

LASTING = Lasting(kept=0.96, scatter=0.1)


def first() -> Belief:
    return made_up.belief(3, size_log_sd=0.0)


def tracked(belief: Belief | None = None, settled: tuple[str, ...] = ()) -> Tracked:
    return Tracked(belief=belief or first(), prior=first(), lasting=LASTING, settled=settled)


def said(market: str, log_demand: float, sd: float) -> Evidence:
    return Evidence(
        market=market, log_demand=log_demand, sampling_sd=sd, bias_mean=0.0, bias_sd=1e-9, weight=1.0, kind="survey",
        source=Source(who=f"made up {market}", as_of=date(2026, 1, 1), grade=Grade.C),
    )  # fmt: skip


def count(cars: int, reach: float = 0.03, is_pilot: bool = True) -> DemandCount:
    return DemandCount(
        market="M000", offer="", start=date(2027, 1, 1), end=date(2027, 3, 31), count=cars, reach=reach,
        funnel=Funnel.ORDERS, is_pilot=is_pilot,
    )  # fmt: skip


def in_full(belief: Belief) -> tuple[np.ndarray, np.ndarray]:
    """Mean and covariance of the levels of 16 quarters, given the first: an AR(1) about the prior written out."""
    M, prior = len(belief.markets), first()
    mean, cov = [belief.mean[:M]], np.zeros((YEARS * M, YEARS * M))
    cov[:M, :M] = belief.cov[:M, :M]
    for t in range(1, YEARS):
        mean.append(prior.mean[:M] + 0.96 * (mean[-1] - prior.mean[:M]))
        now, before = slice(t * M, (t + 1) * M), slice((t - 1) * M, t * M)
        cov[now, : t * M] = 0.96 * cov[before, : t * M]
        cov[: t * M, now] = cov[now, : t * M].T
        cov[now, now] = 0.96**2 * cov[before, before] + (1 - 0.96**2) * prior.cov[:M, :M]
    return np.concatenate(mean), cov


def learnt() -> Belief:
    return weigh_evidence(first(), (said("M000", 9.5, 0.3), said("M001", 6.0, 0.6)))


def test_the_mean_of_the_levels_and_the_sales_of_every_quarter_are_those_written_out():
    held = learnt()
    mean, cov = in_full(held)
    M = len(held.markets)
    average = np.tile(np.eye(M), YEARS) / YEARS
    over = tracked(held).over_years(1)
    raised = 0.5 * ((1 - LASTING.of_mean) * np.diag(first().cov)[:M] + LASTING.scatter)
    np.testing.assert_allclose(over.mean[:M], average @ mean + raised, rtol=1e-12)
    np.testing.assert_allclose(over.cov[:M, :M], average @ cov @ average.T, rtol=1e-10)
    np.testing.assert_allclose(over.cov[-1], np.append(LASTING.along * held.cov[-1, :M], held.cov[-1, -1]), atol=1e-12)
    sells = np.exp(over.mean[:M] + 0.5 * np.diag(over.cov)[:M])[:, None] * np.exp(over.log_path)
    at = np.arange(M)
    for t in range(1, len(held.quarters)):
        level = (t - 1) * M + at
        expected = np.exp(mean[level] + 0.5 * (cov[level, level] + LASTING.scatter) + held.log_path[:, t])
        np.testing.assert_allclose(sells[:, t], expected, rtol=1e-9)


def test_a_prior_stays_what_it_is_and_keeps_its_course():
    before = tracked()
    later = before.later().later()
    np.testing.assert_allclose(later.belief.cov, first().cov, atol=1e-12)
    np.testing.assert_allclose(before.over_years(0).log_path, first().log_path, atol=1e-9)
    grown = np.exp(before.over_years(0).mean[:3] + 0.5 * np.diag(before.over_years(0).cov)[:3])
    level = np.exp(first().mean[:3] + 0.5 * (np.diag(first().cov)[:3] + LASTING.scatter))
    np.testing.assert_allclose(grown, level, rtol=1e-12)


def test_so_many_quarters_in_a_row_tell_what_the_gaussian_in_full_tells():
    for var in (0.2, 2.45):
        at = np.arange(YEARS)
        levels = var * 0.96 ** np.abs(np.subtract.outer(at, at))
        mean_var, along = levels.mean(), levels.mean(axis=0)
        noise = LASTING.noise(np.array([var]))[0]
        for n in range(1, LOOKS + 1):
            seen = levels[:n, :n] + LASTING.scatter * np.eye(n)
            left = mean_var - along[:n] @ np.linalg.solve(seen, along[:n])
            assert 1 / (1 / mean_var + (1 / noise[:n]).sum()) == pytest.approx(left, rel=1e-9)
        assert noise[1] > noise[0] > LASTING.scatter  # a second quarter in a row tells less than the first


def test_a_quarter_read_exactly_tells_of_the_level_what_its_scatter_leaves():
    """A statement about what the quarter sells is one about the level with the scatter on top of its error."""
    held, var = first(), np.array([0.1, 0.1, 0.0])
    cars = round(np.exp(9.0 + held.log_path[0, 0]) * 90 / 365.25 * 0.9)
    plain = weigh_evidence(held, (said("M000", 9.0, np.sqrt(0.1 + 1 / cars)),))
    sure = replace(held, nb_size_weekly=1e9)
    found = read_through(sure, var, Reading(counts=(count(cars, reach=0.9, is_pilot=False),)), correct=False).belief
    np.testing.assert_allclose(found.mean, plain.mean, atol=2e-3)
    np.testing.assert_allclose(found.cov, plain.cov, atol=2e-3)


def test_where_quarters_do_not_scatter_reading_is_the_plain_update():
    held, reading = first(), Reading(counts=(count(80),))
    plain, through = update(held, reading), read_through(held, np.zeros(3), reading)
    assert np.array_equal(plain.belief.cov, through.belief.cov)
    assert len(through.draws)
    home = tracked(settled=("M000", "M001", "M002")).read(reading)[1]
    assert np.array_equal(plain.belief.cov, home.belief.cov)


def test_what_the_next_quarter_shows_sells_on_average_what_the_years_do():
    over = tracked().over_years(0)
    var, shown = look(over, np.array([0, 1, 9]))
    assert var.tolist() == [over.look_var[0, 0], over.look_var[1, 1], over.look_var[2, LOOKS - 1]]
    np.testing.assert_allclose(
        shown.mean[:3] + 0.5 * np.diag(shown.cov)[:3], over.mean[:3] + 0.5 * np.diag(over.cov)[:3], rtol=1e-12
    )
    bare, as_it_is = look(first(), np.zeros(3, dtype=np.int64))
    assert not bare.any()
    assert as_it_is.mean.tolist() == first().mean.tolist()


def test_a_level_that_hardly_fades_is_planned_on_as_it_is():
    over = replace(tracked(learnt()), lasting=Lasting(kept=1 - 1e-6, scatter=0.0)).over_years(0)
    np.testing.assert_allclose(over.mean, learnt().mean, atol=1e-4)
    np.testing.assert_allclose(over.cov, learnt().cov, atol=1e-4)
    np.testing.assert_allclose(over.log_path, learnt().log_path, atol=1e-4)


@pytest.mark.parametrize("wrong", [{"kept": 0.0}, {"kept": 1.0}, {"scatter": -0.1}])
def test_numbers_that_no_level_has_are_refused(wrong):
    with pytest.raises(ValueError, match="kept"):
        Lasting(**{"kept": 0.9, "scatter": 0.1} | wrong)
