"""benchmarks/policy.py: other people's worlds are held against the bound that holds for them."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from _contest import contest
from _regime import made_up_launch
from beachhead.launch.draws import draw_worlds
from beachhead.world.errors import BadInput
from policy import drawn, freed_mean, jackknife_se, measure, regimes, times_rivals

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
FAMILIES = sorted((BENCHMARKS / "families").glob("*.py"))


@pytest.mark.parametrize("family", FAMILIES, ids=lambda path: path.stem)
def test_a_family_keeps_how_uncertain_each_market_is_and_changes_how_it_comes_about(family):
    problem = made_up_launch(regimes()["base"], 4, seed=0)
    worlds = drawn(problem, 3, 4000, family)
    off = np.array([np.append(world.theta, world.beta) for world in worlds]) - problem.belief.mean
    sd = np.sqrt(np.diag(problem.belief.cov))
    assert np.abs(off.mean(axis=0)).max() < 5 * sd.max() / 4000**0.5
    assert off.std(axis=0) == pytest.approx(sd, rel=0.15)
    believed = problem.belief.cov[0, 1] / (sd[0] * sd[1])
    shared = np.corrcoef(off.T)[0, 1]
    expected = {"heavy_tails": believed, "no_correlation": 0.0, "one_factor": 0.95}[family.stem]
    assert shared == pytest.approx(expected, abs=0.08)


def test_worlds_that_the_belief_did_not_draw_are_held_against_the_clairvoyant_alone():
    family = BENCHMARKS / "families" / "one_factor.py"
    (ours, _) = measure(regimes()["base"], "base", 10, 4, family, ours=True)
    assert ours["value"] > 0
    assert ours["bound"] == "clairvoyant"
    assert ours["share_of_bound"] == ours["share_of_clairvoyant"] <= 1.0 + 1e-9


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (None, "is no Python file"),
        ("import nothing_of_that_name", "cannot be run: ModuleNotFoundError"),
        ("def worlds(problem, seed, count)", "cannot be run: SyntaxError"),
        ("world = 3", "has no function worlds"),
        ("def worlds(problem, seed, count): return 1 / 0", "worlds failed: ZeroDivisionError"),
        ("def worlds(problem, seed, count): return [([9.0] * 4, 0.1)]", "makes 1 worlds where 3 are asked for"),
        ("def worlds(problem, seed, count):\n while True: yield [9.0] * 4, 0.1", "makes more than 3 worlds"),
        ("def worlds(problem, seed, count): return [[9.0] * 5] * count", "world 1 is no pair"),
        ("def worlds(problem, seed, count): return [([9.0] * 5, 0.1)] * count", "has shape (5,) where there are 4"),
        ("def worlds(problem, seed, count): return [([9.0] * 3 + [float('nan')], 0.1)] * count", "world 1 holds nan"),
        ("def worlds(problem, seed, count): return [([9.0] * 4, 1e6)] * count", "world 1 holds 1e+06"),
    ],
)
def test_a_family_that_makes_no_worlds_is_refused_in_a_sentence(tmp_path, body, said):
    file = tmp_path / "family.py"
    if body is not None:
        file.write_text(body + "\n")
    with pytest.raises(BadInput) as error:
        drawn(made_up_launch(regimes()["base"], 4, seed=0), 3, 3, file)
    assert error.value.message.startswith(str(file))
    assert said in error.value.message


def test_where_nobody_can_earn_anything_there_is_a_loss_and_no_share_of_it(tmp_path):
    file = tmp_path / "ruin.py"
    file.write_text(
        "def worlds(problem, seed, count):\n return [(problem.belief.mean[:-1] - 5, 0.0)] * count\n", encoding="utf-8"
    )
    (ours, _) = rows = measure(regimes()["base"], "base", 6, 4, file, ours=True)
    assert ours["value"] < 0
    assert ours["share_of_bound"] is ours["share_of_clairvoyant"] is ours["se"] is None
    assert json.loads(json.dumps(rows, allow_nan=False)) == rows


def test_of_a_single_world_no_error_is_told():
    (ours, _) = measure(regimes()["base"], "base", 10, 1, None, ours=True)
    assert ours["share_of_clairvoyant"] > 0
    assert ours["se"] is None


def test_a_multiple_of_a_rival_is_taken_over_the_worlds_that_a_contest_plays():
    few = replace(regimes()["base"], instances=2)
    rows = times_rivals(few, "base", 10, 3)
    plays = []
    for seed, worlds in ((0, 2), (1, 1)):
        problem = made_up_launch(few, 10, seed=seed)
        plays.append(contest(problem, draw_worlds(problem, 1000 + seed, worlds), believed=False))
    earned = np.concatenate([play.values for play in plays], axis=1).sum(axis=1)
    times = {row["rival"]: row["times"] for row in rows}
    assert set(plays[0].policies[2:]) < set(times)
    of_the_contest = [times[rival] for rival in plays[0].policies[2:]]
    assert of_the_contest == pytest.approx(list(earned[0] / earned[2:]), rel=1e-9)


def test_the_error_of_a_mean_over_launches_of_equal_size_is_that_of_the_mean_of_their_means():
    sample, launch = np.random.default_rng(4).normal(size=60), np.repeat(np.arange(10), 6)
    means = sample.reshape(10, 6).mean(axis=1)
    assert jackknife_se(lambda kept: float(sample[kept].mean()), launch) == pytest.approx(means.std(ddof=1) / 10**0.5)
    alone = jackknife_se(lambda kept: float(sample[kept].mean()), np.zeros(60))  # of one launch each world counts
    assert alone == pytest.approx(sample.std(ddof=1) / 60**0.5)


def test_the_error_of_a_mean_freed_by_a_control_has_the_error_of_its_slope_in_it():
    draws = np.random.default_rng(5)
    found, stated, slope_known = [], [], []
    for _ in range(1500):
        control = draws.standard_t(6, size=10)
        sample = 3 + 2 * control + draws.normal(size=10)
        found.append(freed_mean(sample, control))
        stated.append(jackknife_se(lambda kept, s=sample, c=control: freed_mean(s[kept], c[kept]), np.arange(10)))
        spread = control - control.mean()
        slope_known.append((sample - (spread @ sample) / (spread @ spread) * control).std(ddof=1) / 10**0.5)
    truth = np.std(found)
    assert np.mean(found) == pytest.approx(3, abs=4 * truth / 1500**0.5)
    assert np.median(stated) == pytest.approx(truth, rel=0.1)
    assert np.median(slope_known) < 0.9 * truth
