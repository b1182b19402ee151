"""Uncertain durations and the critical path against textbooks.

Reliable Construction Company: F. S. Hillier and G. J. Lieberman, "Introduction to Operations Research", chapter on
project management with PERT/CPM: fourteen activities with optimistic, most likely and pessimistic weeks; mean critical
path START-A-B-C-E-F-J-L-N-FINISH of 44 weeks, its variance 9, and P(done in 47 weeks) = P(Z <= 1) = 0.84.

The seven activities a to g of the encyclopaedia article "Program evaluation and review technique" (Wikipedia), with
three points each; its critical path is a-c-e-g with 19.51 expected days.
"""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from scipy.stats import norm

from beachhead.programme.duration import mean_weeks, quantiles, share_done_by, textbook_sd_weeks
from beachhead.programme.network import assemble
from beachhead.programme.risk import Gate, assess
from beachhead.programme.task import Duration, Shape, Task
from beachhead.verification.scheduling import RELIABLE

DAY = date(2027, 1, 4)
MEANS = dict(zip("ABCDEFGHIJKLMN", (2, 4, 10, 6, 4, 5, 7, 9, 7, 8, 4, 5, 2, 6), strict=True))
PATH = "ABCEFJLN"
ENCYCLOPAEDIA = {
    "a": (2, 4, 6, ""),
    "b": (3, 5, 9, ""),
    "c": (4, 5, 7, "a"),
    "d": (4, 6, 10, "a"),
    "e": (4, 5, 7, "b c"),
    "f": (3, 4, 8, "d"),
    "g": (3, 5, 8, "e"),
}


def network(table, shape=Shape.PERT):
    return assemble(
        [
            Task(
                code=code,
                name=code,
                duration=Duration(low=low, likely=likely, high=high, shape=shape),
                after=tuple(after.split()),
            )
            for code, (low, likely, high, after) in table.items()
        ],
        (),
        DAY,
    )


@pytest.mark.parametrize("code", MEANS)
def test_reliable_construction_has_the_printed_means(code):
    low, likely, high, _ = RELIABLE[code]
    assert mean_weeks(Duration(low=low, likely=likely, high=high)) == pytest.approx(MEANS[code])


def test_reliable_construction_takes_44_weeks_along_the_printed_path():
    risk = assess(network(RELIABLE), on=DAY, common=0.0, seed=5)
    assert (risk.end.expected - DAY).days == 44 * 7
    variance = sum(
        textbook_sd_weeks(Duration(low=a, likely=m, high=b)) ** 2 for a, m, b in (RELIABLE[c][:3] for c in PATH)
    )
    assert variance == pytest.approx(9.0)
    assert norm.cdf((47 - 44) / variance**0.5) == pytest.approx(0.84, abs=0.005)
    most = sorted(risk.tasks, key=lambda task: -task.criticality)
    assert {task.code for task in most[:8]} == set(PATH)


def test_the_book_is_a_little_too_hopeful_about_47_weeks_because_other_paths_may_be_longer():
    risk = assess(network(RELIABLE), [Gate(code="end", tasks=("M", "N"))], on=DAY, common=0.0, seed=5)
    weeks = risk.gates[0].days / 7
    assert 0.79 < (weeks <= 47).mean() < 0.84
    assert 44.1 < weeks.mean() < 44.6


def test_the_encyclopaedias_example_takes_19_51_days():
    risk = assess(network(ENCYCLOPAEDIA), on=DAY, common=0.0)
    # The article's "days" stand here as weeks.
    assert (risk.end.expected - DAY).days == pytest.approx(19.5 * 7, abs=1)
    most = sorted(risk.tasks, key=lambda task: -task.criticality)
    assert {task.code for task in most[:4]} == set("aceg")


@pytest.mark.parametrize(
    ("shape", "mean", "sd"),
    [
        (Shape.TRIANGLE, 7.0, ((4 + 81 + 100 - 18 - 20 - 90) / 18) ** 0.5),
        (Shape.UNIFORM, 6.0, 8 / 12**0.5),
    ],
)
def test_simple_shapes_have_their_textbook_mean_and_spread(shape, mean, sd):
    task = Task(code="x", name="x", duration=Duration(low=2, likely=9, high=10, shape=shape))
    days = assess(assemble([task], (), DAY), on=DAY, draws=200_000).end.days
    assert days.mean() / 7 == pytest.approx(mean, rel=2e-3)
    assert days.std() / 7 == pytest.approx(sd, rel=5e-3)


@pytest.mark.parametrize("shape", list(Shape))
def test_the_expected_duration_is_the_mean_of_its_quantiles_and_the_share_done_by_one_its_probability(shape):
    at = (np.arange(100_000) + 0.5) / 100_000
    for low, likely, high in ((2, 9, 10), (3, 3, 8), (1, 2, 40)):
        duration = Duration(low=low, likely=likely, high=high, shape=shape)
        assert mean_weeks(duration) == pytest.approx(quantiles(duration, at).mean(), rel=1e-3)
        probable = np.array([0.05, 0.3, 0.5, 0.9])
        found = [share_done_by(duration, weeks) for weeks in quantiles(duration, probable)]
        assert found == pytest.approx(probable, abs=1e-6)


def test_low_and_high_of_a_log_normal_duration_are_its_10_and_90_percent_quantiles():
    task = Task(code="x", name="x", duration=Duration(low=4, likely=7, high=16, shape=Shape.LOGNORMAL))
    days = assess(assemble([task], (), DAY), on=DAY, draws=200_000).end.days
    assert (days <= 28).mean() == pytest.approx(0.1, abs=0.003)
    assert (days <= 112).mean() == pytest.approx(0.9, abs=0.003)


def test_of_two_tasks_alike_each_is_the_last_in_half_the_draws():
    programme = network({"a": (2, 4, 6, ""), "b": (2, 4, 6, ""), "c": (1, 1, 1, "a b")})
    risk = assess(programme, [Gate(code="all", tasks=("c",))], on=DAY, draws=10_000, seed=1)
    (gate,) = risk.gates
    critical = dict(gate.critical)
    assert critical["c"] == 1.0
    assert critical["a"] == pytest.approx(0.5, abs=0.02)
    assert critical["a"] + critical["b"] == pytest.approx(1.0, abs=1e-3)
    assert {task.code: task.criticality for task in risk.tasks} == pytest.approx(critical)
