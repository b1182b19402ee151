from dataclasses import replace

import numpy as np
import pytest

from beachhead.launch.bound.certify import certify_controlled
from beachhead.launch.bound.clairvoyant import as_is, clairvoyant
from beachhead.launch.bound.control import (
    BOUND_WORLDS,
    SCORES,
    Control,
    control_alone,
    control_variate,
    controlled,
    enough,
    telling,
)
from beachhead.launch.bound.penalised import expected_urgency, penalised
from beachhead.launch.bound.revealed import revealed, split_own, what_is_told
from beachhead.launch.draws import draw_scores, draw_worlds
from beachhead.launch.estimate import Estimate, estimate
from beachhead.launch.plan.headline import after_horizon, worth
from beachhead.launch.plan.plan import plan
from beachhead.launch.policy.play import play
from beachhead.launch.policy.value import profit_after
from beachhead.launch.question.action import Standing
from beachhead.launch.question.kernel_terms import SCALED
from beachhead.launch.scene import expected_information, set_up
from beachhead.world.market import Channel, Stage


def test_a_control_of_known_mean_takes_away_the_noise_it_explains():
    rng = np.random.default_rng(0)
    seen = np.array([estimate_pair(rng) for _ in range(200)])
    plain, freed = seen[:, 0], seen[:, 1]
    assert freed.mean() == pytest.approx(3.0, abs=4 * freed.std() / 200**0.5)
    assert freed.std() < 0.2 * plain.std()


def estimate_pair(rng):
    worlds = rng.exponential(1.0, 100)
    sample = 2 * worlds + 1 + 0.1 * rng.standard_normal(100)
    return estimate(sample).mean, controlled(sample, known(worlds, 1.0)).mean


def known(worlds, mean):
    """A control whose mean is known without error."""
    return Control(worlds, mean, np.zeros(SCORES))


FLAT = known(np.zeros(4), 0.0)


def test_the_error_is_honest_where_few_worlds_carry_the_value_and_scatter_most():
    rng = np.random.default_rng(1)
    covered = []
    for _ in range(400):
        boom = np.exp(1.5 * rng.standard_normal(24))
        sample = boom * (1 + 0.3 * rng.standard_normal(24))
        found = controlled(sample, known(boom, np.exp(1.125)))
        covered.append(abs(found.mean - np.exp(1.125)) < 2 * found.se)
    assert np.mean(covered) > 0.85  # .65 with one scatter for all worlds and slopes taken as known


def test_where_one_world_of_many_pays_it_carries_no_slope_and_no_error_is_stated():
    paying = np.zeros(24)
    paying[7] = 1.0
    sample = 12 * paying - 0.9
    found = controlled(sample, known(paying, 0.8))  # the line through that one world says 8.7, with an error of 0
    assert found.mean == pytest.approx(sample.mean())
    assert found.se is None


def test_a_launch_that_seldom_pays_is_played_until_enough_worlds_pay(made_up_launch):
    problem = made_up_launch(M=1)
    mean = np.asarray(problem.belief.mean) - np.array([1.2, 0.0])
    problem = replace(problem, belief=replace(problem.belief, mean=mean, cov=2 * np.asarray(problem.belief.cov)))
    made = plan(problem, seed=3, worlds=8)
    theta = np.array([world.theta for world in draw_worlds(problem, seed=3, count=BOUND_WORLDS)])
    control = control_variate(set_up(problem), theta, draw_scores(problem.markets, 3, SCORES))
    least = enough(8, control)
    paying = control.worlds[:least]
    assert 8 < least <= made.worlds == made.certificate.value.count
    assert np.count_nonzero(paying) == telling(paying) == 8
    assert made.certificate.value.se is not None


def test_the_control_has_the_mean_it_is_said_to_have(made_up_launch):
    problem = made_up_launch(M=8)
    scene, scores = set_up(problem), draw_scores(problem.markets, 5, SCORES)
    worlds = draw_worlds(problem, seed=3, count=4000)
    theta = np.array([world.theta for world in worlds])
    control = control_variate(scene, theta, scores)
    error = 4 * np.hypot(control.worlds.std() / 4000**0.5, control.rest.std() / SCORES**0.5)
    assert control.worlds.mean() == pytest.approx(control.mean, abs=error)
    assert control.mean > 0
    alone = control_alone(scene, theta)
    assert alone.worlds.mean() == pytest.approx(alone.mean, abs=4 * alone.worlds.std() / 4000**0.5)
    assert (alone.worlds >= control.worlds - 1e-6).all()


def test_what_is_not_told_leaves_the_control_its_mean(made_up_launch):
    problem = made_up_launch(M=8)
    wide = replace(problem.belief, cov=4 * np.asarray(problem.belief.cov))
    problem = replace(problem, belief=wide)
    scene, scores = set_up(problem), draw_scores(problem.markets, 5, SCORES)
    worlds = draw_worlds(problem, seed=3, count=2000)
    split = split_own(scene.cov)
    given = np.array([what_is_told(scene.position, scene.mean, split, world) for world in worlds])
    told = control_variate(scene, given, scores, split.own)
    known = control_variate(scene, np.array([world.theta for world in worlds]), scores)
    gap = told.worlds - known.worlds
    assert told.mean == known.mean
    assert gap.mean() == pytest.approx(0.0, abs=3 * gap.std() / 2000**0.5)
    assert np.corrcoef(told.worlds, known.worlds)[0, 1] > 0.5


def test_cars_that_never_lack_leave_the_control_to_the_calls_alone_and_few_cars_cap_it(made_up_launch):
    problem = made_up_launch(M=8)
    scene, scores = set_up(problem), draw_scores(problem.markets, 5, SCORES)
    theta = np.array([world.theta for world in draw_worlds(problem, seed=3, count=50)])

    def cars(factor):
        terms = replace(scene.terms, cars_cap=np.asarray(scene.terms.cars_cap) * factor)
        return control_variate(scene._replace(terms=terms), theta, scores)

    ample, some, none = cars(1e6), cars(1.0), cars(0.0)
    assert ample.rest == pytest.approx(0.0, abs=1e-6 * ample.mean)
    assert (ample.worlds >= some.worlds - 1e-6).all()
    assert (some.worlds >= none.worlds - 1e-6).all()
    assert ample.mean > some.mean > none.mean


BOUNDS = np.array([4.0, 6.0] * 4 + [5.0, 9.0] * 4)
"""Of worlds by hand, the first eight of them played."""


def test_value_is_bound_less_gap_and_the_share_goes_with_them():
    made = certify_controlled(np.array([3.0, 5.0] * 4), BOUNDS, np.zeros(16), FLAT, "by hand")
    assert (made.bound.mean, made.gap.mean, made.value.mean) == (6.0, 1.0, 5.0)
    assert made.share == pytest.approx(5 / 6)
    assert made.committed is None


def test_a_plan_that_does_nothing_is_worth_nothing_for_certain():
    made = certify_controlled(np.zeros(8), BOUNDS, np.zeros(16), FLAT, "by hand")
    assert (made.value.mean, made.value.se, made.share) == (0.0, 0.0, 0.0)


def test_worlds_too_few_to_tell_an_error_state_none_and_no_share_of_the_bound():
    made = certify_controlled(np.array([-1.2e6, -1.2e6]), 1e7 * BOUNDS, np.zeros(16), FLAT, "by hand")
    assert made.value.se is None  # two worlds that agree are no proof of anything
    assert made.gap.se is None
    assert made.share is None
    said = worth(made, "EUR")
    assert "± ?; no plan can earn more than EUR 60.0 M ± EUR" in said
    assert "2 worlds are too few to say how exactly this is known" in said
    assert "at least" not in said


def test_worlds_that_happen_to_agree_on_a_loss_leave_the_doubt_of_the_bound():
    made = certify_controlled(np.full(8, -1.2), BOUNDS, np.zeros(16), FLAT, "by hand")
    assert made.value.se > 0.3


def test_no_plan_is_said_to_be_better_than_the_best_possible():
    made = certify_controlled(np.array([5.0, 7.0] * 4), BOUNDS, np.zeros(16), FLAT, "by hand")
    assert made.share > 1
    said = worth(made, "EUR")
    assert "117 %" not in said
    assert "reaches as nearly as these worlds can tell" in said


def test_of_two_bounds_the_smaller_is_taken_unless_luck_may_have_made_it_so():
    values = np.array([3.0, 5.0] * 4)

    def made(mean, se):
        other = Estimate(mean=mean, se=se, count=9)
        return certify_controlled(values, BOUNDS, np.zeros(16), FLAT, "one", other, "two")

    taken, doubtful, larger = made(3.0, 0.1), made(5.5, 0.1), made(8.0, 0.1)
    assert made(3.0, None).method == "one"  # a bound of too few worlds never is
    assert (taken.bound.mean, taken.method, taken.value.mean) == (3.0, "two", 5.0)
    assert (doubtful.bound.mean, doubtful.method) == (larger.bound.mean, larger.method) == (6.0, "one")


def test_the_own_part_leaves_a_covariance_and_takes_all_that_is_own(made_up_launch):
    problem = made_up_launch(M=8)
    cov = np.asarray(problem.belief.cov)
    split = split_own(cov)
    shared = cov.copy()
    shared[range(8), range(8)] -= split.own
    assert np.linalg.eigvalsh(shared).min() > -1e-8
    assert split.own.min() == pytest.approx(0.25, rel=0.01)  # the own variance that the launch was made with
    left = split.root @ split.root.T + split.gain @ cov @ split.gain.T
    assert left == pytest.approx(np.diag(split.own), abs=1e-6)


def test_telling_the_factors_bounds_the_plan_as_telling_everything_does(made_up_launch):
    problem = made_up_launch(M=8, seed=2)
    scene = set_up(problem)
    split = split_own(scene.cov)
    worlds = draw_worlds(problem, seed=4, count=200)
    theta = np.array([world.theta for world in worlds])
    given = np.array([what_is_told(scene.position, scene.mean, split, world) for world in worlds])
    clear = np.array([clairvoyant(scene.terms, scene.position, t) for t in theta])
    told = np.array([revealed(scene.terms, scene.position, scene.mean, split, world) for world in worlds])
    values = np.array([play(*scene, w).value - as_is(scene.terms, scene.position, np.exp(w.theta)) for w in worlds])
    scores = draw_scores(problem.markets, 4, SCORES)
    all_told = control_variate(scene, theta, scores)
    above, below = controlled(clear, all_told), controlled(values, all_told)
    between = controlled(told, control_variate(scene, given, scores, split.own))
    assert below.mean + 4 * below.se < min(between.mean, above.mean)  # either bound may be the smaller
    assert between.se < 0.7 * told.std() / 200**0.5


def test_relaxing_a_limit_never_lowers_the_factor_revealed_bound_at_given_prices(made_up_launch):
    problem = made_up_launch(M=6, seed=2)
    scene = set_up(problem)
    split = split_own(scene.cov)
    for world in draw_worlds(problem, seed=4, count=3):
        tight = revealed(scene.terms, scene.position, scene.mean, split, world)
        ample = replace(
            scene.terms,
            **{n: getattr(scene.terms, n) * 100 for n in ("capital_cap", "starts_cap", "cars_cap", "pool_cap")},
        )
        assert revealed(ample, scene.position, scene.mean, split, world) >= tight - 1e-6 * abs(tight)


def test_charging_foresight_lowers_the_factor_revealed_bound_and_whole_markets_lower_it_further(made_up_launch):
    problem = made_up_launch(M=8, seed=2)
    scene = set_up(problem)
    split = split_own(scene.cov)
    worlds = draw_worlds(problem, seed=4, count=20)
    told = np.array([revealed(scene.terms, scene.position, scene.mean, split, world) for world in worlds])
    charged = np.array([penalised(scene.terms, scene.position, scene.mean, split, world) for world in worlds])
    whole = np.array([penalised(scene.terms, scene.position, scene.mean, split, w, whole=True) for w in worlds])
    assert charged.mean() < 0.99 * told.mean()
    assert (whole <= charged + 1e-6 * np.abs(charged)).all()
    assert whole.mean() < charged.mean()


def test_telling_what_is_shared_after_the_first_gate_lowers_the_bound_yet_not_below_the_plan(made_up_launch):
    problem = made_up_launch(M=8, seed=2)
    scene = set_up(problem)
    at = scene.terms, scene.position, scene.mean, split_own(scene.cov)
    worlds = draw_worlds(problem, seed=4, count=60)
    urgency = expected_urgency(*at, draw_worlds(problem, seed=5, count=40))
    told = np.array([penalised(*at, world) for world in worlds])
    after = np.array([penalised(*at, world, urgency=urgency) for world in worlds])
    values = np.array([play(*scene, w).value - as_is(scene.terms, scene.position, np.exp(w.theta)) for w in worlds])
    lower = told - after
    assert lower.mean() > 3 * lower.std() / 60**0.5
    gap = after - values
    assert gap.mean() > 3 * gap.std() / 60**0.5


def test_a_pilot_whose_quarter_is_not_the_years_lowers_the_bound_yet_not_below_the_plan(made_up_launch):
    problem = made_up_launch(M=8, seed=2)
    scene, worlds = set_up(problem), draw_worlds(problem, seed=4, count=60)
    blurred = scene._replace(terms=replace(scene.terms, look_var=np.tile([0.8, 2.5], (8, 1))))
    exact, after = (
        np.array([penalised(each.terms, each.position, each.mean, split_own(each.cov), w) for w in worlds])
        for each in (scene, blurred)
    )
    values = np.array([play(*blurred, w).value - as_is(scene.terms, scene.position, np.exp(w.theta)) for w in worlds])
    lower = exact - after
    assert lower.mean() > 3 * lower.std() / 60**0.5
    gap = after - values
    assert gap.mean() > 3 * gap.std() / 60**0.5


def test_where_no_limit_binds_the_charge_takes_away_all_that_foresight_of_a_market_would_bring(made_up_launch):
    problem = made_up_launch(M=4, seed=2)
    scene = set_up(problem)
    scene = scene._replace(
        terms=replace(
            scene.terms,
            **{n: getattr(scene.terms, n) * 1000 for n in ("capital_cap", "starts_cap", "cars_cap", "pool_cap")},
        )
    )
    split = split_own(scene.cov)
    worlds = draw_worlds(problem, seed=4, count=6)
    first = worlds[0]
    told = what_is_told(scene.position, scene.mean, split, first)
    found = []
    for world in worlds:  # the shared part of the first world, the own part and the pilots' luck of each
        z = np.append(world.theta, first.beta) - scene.mean
        noise = first.noise.copy()
        noise[-1] = np.linalg.lstsq(split.root, world.theta - told - split.gain @ z, rcond=None)[0]
        same = world._replace(beta=first.beta, noise=noise)
        assert what_is_told(scene.position, scene.mean, split, same) == pytest.approx(told, abs=1e-6)
        found.append(penalised(scene.terms, scene.position, scene.mean, split, same))
    assert np.ptp([world.theta for world in worlds], axis=0).min() > 0.3
    assert found == pytest.approx([found[0]] * 6, rel=2e-3)


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


def test_what_is_counted_after_the_horizon_is_told_and_only_that(made_up_launch):
    problem = made_up_launch(M=6, seed=1)
    made, scene = plan(problem, seed=0, worlds=3), set_up(problem)
    terms, T = scene.terms, len(problem.quarters)
    after = []
    for world in draw_worlds(problem, seed=0, count=3):
        played = play(terms, scene.position, scene.bars, scene.mean, scene.cov, scene.prices, world)
        last, since = played.stage[-1] == SCALED, (played.stage == SCALED).argmax(axis=0)
        rates = [
            profit_after(terms, i, int(played.route[i]), int(since[i]), float(np.exp(world.theta[i])))
            for i in np.flatnonzero(last)
        ]
        after.append(terms.discount**T * terms.tail * sum(rates))
    assert np.ptp(after) > 0
    assert made.certificate.after.mean == pytest.approx(np.mean(after), rel=1e-9)


def test_the_sentence_on_quarters_after_the_horizon_says_whether_it_pays_back_before(made_up_launch):
    made = plan(made_up_launch(M=6, seed=1), seed=0, worlds=8)

    def told(mean):
        return Estimate(mean=mean, se=1.0, count=8)

    def said(value, after, car=0.0):
        certificate = replace(made.certificate, value=told(value), after=told(after))
        prices = replace(made.prices, car={made.timeline.quarters[-1]: car})
        return " ".join(after_horizon(replace(made, certificate=certificate, prices=prices), "EUR"))

    assert said(10e6, 6e6).startswith("Of the value, EUR 6.00 M")
    assert said(10e6, 12e6).startswith("It pays back after")
    assert said(10e6, 12e6, car=5.0).endswith("are taken to be short no longer then.")
    assert "short" not in said(10e6, 6e6)
    assert said(10e6, 0.5e6) == said(-1e6, 6e6) == ""
    old = replace(made, certificate=replace(made.certificate, after=None))
    assert after_horizon(old, "EUR") == ()
