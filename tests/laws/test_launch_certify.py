import numpy as np
import pytest

from beachhead.launch.action import Standing
from beachhead.launch.certify import certify_controlled, control_variate, controlled, estimate
from beachhead.launch.draws import draw_worlds
from beachhead.launch.headline import worth
from beachhead.launch.plan import plan
from beachhead.launch.scene import expected_information, set_up
from beachhead.world.market import Channel, Stage


def test_a_control_of_known_mean_takes_away_the_noise_it_explains():
    rng = np.random.default_rng(0)
    seen = np.array([estimate_pair(rng) for _ in range(200)])
    plain, freed = seen[:, 0], seen[:, 1]
    assert freed.mean() == pytest.approx(3.0, abs=4 * freed.std() / 200**0.5)
    assert freed.std() < 0.2 * plain.std()


def estimate_pair(rng):
    control = rng.exponential(1.0, 100)
    sample = 2 * control + 1 + 0.1 * rng.standard_normal(100)
    return estimate(sample).mean, controlled(sample, control, 1.0).mean


def test_the_control_has_the_mean_it_is_said_to_have(made_up_launch):
    problem = made_up_launch(M=8)
    worlds = draw_worlds(problem, seed=3, count=4000)
    control, mean = control_variate(set_up(problem), np.array([world.theta for world in worlds]))
    assert control.mean() == pytest.approx(mean, abs=4 * control.std() / 4000**0.5)
    assert mean > 0


def test_value_is_bound_less_gap_and_the_share_goes_with_them():
    bounds = np.array([4.0, 6.0, 5.0, 9.0])
    made = certify_controlled(np.array([3.0, 5.0]), bounds, np.zeros(4), np.zeros(4), 0.0, "by hand")
    assert (made.bound.mean, made.gap.mean, made.value.mean) == (6.0, 1.0, 5.0)
    assert made.share == pytest.approx(5 / 6)
    assert made.committed is None


def test_what_is_entered_already_is_told_beside_what_is_still_open(made_up_launch):
    problem = made_up_launch(M=6, seed=1)
    from_out = plan(problem, seed=0, worlds=3)
    assert from_out.certificate.committed is None
    at = Standing(stage=Stage.SCALED, channel=Channel.OWN_STORE, since=problem.quarters[0] + -4)
    entered = made_up_launch(M=6, seed=1, standing={"M00": at})
    after = plan(entered, seed=0, worlds=3)
    assert after.certificate.committed is not None
    assert "entered already are worth EUR" in worth(after.certificate, "EUR")


def test_a_gate_asks_for_a_share_of_what_the_batch_shipped_may_bring(made_up_launch):
    problem = made_up_launch(M=8)
    answer, scene = plan(problem, seed=0, worlds=2), set_up(problem)
    by_market = {action.market: action for action in answer.actions}
    for gate in answer.gates:
        i = problem.markets.index(gate.market)
        batch = list(problem.terms.batches).index(by_market[gate.market].batch)
        expected = expected_information(scene.terms, scene.mean, scene.cov, i, batch)
        assert gate.information == pytest.approx(problem.rule.information_share * expected)
    assert answer.gates
