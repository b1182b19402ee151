"""Pilots at other prices than list: options that may be taken, never a loss of the bound, and discounted by doubt."""

import json
from dataclasses import replace

import numpy as np
import pytest

from beachhead.belief.choice import PriceResponse
from beachhead.belief.priced import elasticities
from beachhead.launch.bound.clairvoyant import clairvoyant
from beachhead.launch.bound.penalised import penalised
from beachhead.launch.bound.revealed import revealed, split_own, told_with
from beachhead.launch.draws import draw_worlds
from beachhead.launch.information.batch_design import design
from beachhead.launch.information.worth import batch_worth
from beachhead.launch.plan.plan import plan
from beachhead.launch.policy.play import levels_of, play, with_elasticities
from beachhead.launch.policy.shadow_prices import expected_cost, pilots_may_earn
from beachhead.launch.policy.value import pilot_noise
from beachhead.launch.question.action import ActionKind, PilotMenu
from beachhead.launch.question.problem import Problem
from beachhead.launch.scene import set_up
from beachhead.store.codec import decode, encode
from beachhead.world.errors import BadInput
from beachhead.world.market import Channel

KEPT = 30_000.0


def priced(plain, points, elasticity=3.0, doubt=0.4, kept=KEPT):
    """The made-up launch with these price points and cars of which the maker keeps that much."""
    M, C = plain.terms.capital.shape
    shared = np.full((M, M), 0.7 * doubt**2) + 0.3 * doubt**2 * np.eye(M)
    answers = elasticities(PriceResponse(markets=plain.markets, mean=np.full(M, np.log(elasticity)), cov=shared))
    return answers, points, np.full((M, C), kept)


@pytest.fixture
def at_prices(made_up_launch):
    def made(points, *, M=6, seed=0, kept=KEPT, doubt=0.4, **changes):
        plain = made_up_launch(M=M, seed=seed)
        answers, _, keeps = priced(plain, points, doubt=doubt)
        problem = made_up_launch(M=M, seed=seed, menu=PilotMenu(price_points=points), answers=answers, **changes)
        return replace(problem, terms=replace(problem.terms, kept=keeps * kept / KEPT))

    return made


def test_designs_at_list_price_come_first_and_stand_as_without_prices(at_prices, made_up_launch):
    terms, plain = at_prices((0.9, 1.0, 1.1)).terms, made_up_launch(M=6).terms
    assert terms.asked.tolist() == [1.0] * 3 + [0.9] * 3 + [1.1] * 3
    assert terms.batches.tolist() == [50, 150, 400] * 3
    assert terms.sizes == 3
    np.testing.assert_array_equal(terms.pilot_reach[:, :, :3], plain.pilot_reach)
    assert (terms.lure[:, :3] == 1).all()
    assert (terms.doubt[:, :3] == 0).all()
    assert (terms.lure[:, 3:6] > 1.3).all()
    assert (terms.lure[:, 6:] < 0.8).all()


def test_with_list_price_alone_every_number_is_as_without_prices(at_prices, made_up_launch):
    with_answers, without = plan(at_prices((1.0,)), seed=3, worlds=4), plan(made_up_launch(M=6), seed=3, worlds=4)
    assert with_answers.certificate == without.certificate
    assert with_answers.actions == without.actions


def test_another_price_point_never_lowers_a_bound(at_prices):
    one, two, three = at_prices((1.0,)), at_prices((0.9, 1.0)), at_prices((0.9, 1.0, 1.1))
    scenes = [set_up(problem) for problem in (one, two, three)]
    split = split_own(scenes[0].cov)
    for worlds in zip(*(draw_worlds(problem, 5, 6) for problem in (one, two, three)), strict=True):
        clear, told, charged = [], [], []
        for scene, world in zip(scenes, worlds, strict=True):
            clear.append(clairvoyant(scene.terms, scene.position, world.theta))
            told.append(revealed(scene.terms, scene.position, scene.mean, split, world))
            charged.append(penalised(scene.terms, scene.position, scene.mean, split, world))
        for found in (clear, told, charged):
            assert found[0] == pytest.approx(found[1], rel=1e-9)  # a discount only costs
            assert found[2] >= found[1] * (1 - 1e-6)


def test_a_price_that_earns_more_than_a_car_costs_is_in_the_bound(at_prices):
    dear, usual = at_prices((1.0, 1.25), kept=60_000.0), at_prices((1.0, 1.1))
    scene = set_up(dear)
    assert pilots_may_earn(scene.terms, scene.position) > 0
    assert pilots_may_earn(set_up(usual).terms, scene.position) == 0
    for world in draw_worlds(dear, 7, 20):
        assert play(*scene, world).value <= clairvoyant(scene.terms, scene.position, world.theta) * (1 + 1e-6) + 1e-6


def test_no_world_is_played_better_than_a_clairvoyant_would(at_prices):
    problem = at_prices((0.9, 0.95, 1.0, 1.05))
    scene = set_up(problem)
    for world in draw_worlds(problem, 7, 30):
        assert play(*scene, world).value <= clairvoyant(scene.terms, scene.position, world.theta) * (1 + 1e-6) + 1e-6


def test_where_nothing_is_known_of_the_answer_to_price_and_cars_sell_out_anyway_list_price_is_asked(at_prices):
    problem = at_prices((0.9, 1.0), doubt=3.0, seed=1)
    keen = replace(problem.belief, mean=problem.belief.mean + np.append(np.full(6, 2.0), 0.0))
    chosen = [a for a in plan(replace(problem, belief=keen), seed=1, worlds=2).actions if a.kind is ActionKind.PILOT]
    assert all(action.price_point == 1.0 for action in chosen)
    piloted = plan(problem, seed=1, worlds=2).actions
    assert {a.price_point for a in piloted if a.kind is ActionKind.PILOT} == {1.0}


def test_a_discount_known_to_draw_buyers_is_chosen_where_few_come_and_cars_earn_the_same(at_prices):
    problem = at_prices((0.6, 1.0), doubt=0.01, kept=0.0)
    slow = replace(problem, terms=replace(problem.terms, pilot_reach=problem.terms.pilot_reach * 0.05))
    chosen = [a for a in plan(slow, seed=1, worlds=2).actions if a.kind is ActionKind.PILOT]
    assert chosen
    assert {a.price_point for a in chosen} == {0.6}


def test_doubt_about_the_elasticity_is_noise_and_a_lower_price_sells_more(at_prices):
    sure, unsure = set_up(at_prices((0.9, 1.0), doubt=1e-6)), set_up(at_prices((0.9, 1.0), doubt=0.5))
    for number in (3, 4, 5):
        quiet = pilot_noise(sure.terms, sure.mean, 0, 0, number, 0, 0)
        assert pilot_noise(unsure.terms, unsure.mean, 0, 0, number, 0, 0) > quiet
    at = sure.terms, sure.position, sure.mean, sure.cov, 0, 0
    assert expected_cost(*at, 3, 0) > expected_cost(*at, 0, 0)


def test_levels_and_elasticities_learnt_together_leave_the_levels_a_proper_belief(at_prices):
    problem = at_prices((0.9, 1.0))
    scene = set_up(problem)
    wide_mean, wide_cov = with_elasticities(scene.terms, scene.mean, scene.cov)
    mean, cov = levels_of(wide_mean, wide_cov)
    np.testing.assert_array_equal(mean, scene.mean)
    np.testing.assert_array_equal(cov, scene.cov)
    for world in draw_worlds(problem, 2, 5):
        assert np.linalg.eigvalsh(play(*scene, world).cov).min() > -1e-9


def test_levels_that_rows_have_tied_to_elasticities_keep_their_own_part_apart_from_both(at_prices):
    problem = at_prices((0.9, 1.0))
    M = len(problem.markets)
    cross = np.column_stack([-0.3 * np.eye(M), np.zeros(M)])
    tied = replace(problem.terms, elasticity_cov=np.column_stack([cross[:, :M], problem.answers.cov, cross[:, M]]))
    cov, wide = told_with(tied, problem.belief.cov)
    assert wide is not None
    own = split_own(cov, wide).own
    assert (own <= split_own(cov).own + 1e-9).all()
    left = wide - np.diag(np.append(own, np.zeros(M + 1)))
    assert np.linalg.eigvalsh(left).min() > -1e-6


def test_worlds_are_the_same_whatever_prices_are_on_the_menu_and_elasticities_have_their_moments(at_prices):
    plain, problem = at_prices((1.0,)), at_prices((0.9, 1.0))
    few, worlds = draw_worlds(plain, 3, 4), draw_worlds(problem, 3, 2000)
    for one, other in zip(few, worlds[:4], strict=True):
        assert (one.theta == other.theta).all()
        assert (one.luck == other.luck).all()
        assert (one.elasticity == 0).all()
    drawn = np.array([world.elasticity for world in worlds])
    np.testing.assert_allclose(drawn.mean(axis=0), problem.answers.mean, rtol=0.05)
    np.testing.assert_allclose(np.cov(drawn.T), problem.answers.cov, rtol=0.15)
    later = draw_worlds(problem, 3, 2, first=2)
    assert (later[0].elasticity == worlds[2].elasticity).all()


def test_a_question_on_record_from_before_prices_is_read_with_every_pilot_at_list(made_up_launch):
    problem = made_up_launch(M=6)
    tree = json.loads(encode(problem))
    for name in ("asked", "sizes", "lure", "doubt", "kept", "elasticity", "elasticity_cov"):
        del tree["terms"][name]
    del tree["answers"], tree["menu"]["price_points"], tree["belief"]["elastic"]
    old = decode(json.dumps(tree), Problem)
    assert old.terms.asked.tolist() == [1.0] * 3
    assert plan(old, seed=1, worlds=2).certificate == plan(problem, seed=1, worlds=2).certificate


def test_a_batch_is_judged_through_the_channel_that_the_plan_pilots_through(made_up_launch):
    problem = made_up_launch(M=6, channels=(Channel.OWN_STORE, Channel.IMPORTER))
    cheap = replace(problem, terms=replace(problem.terms, start_fee=problem.terms.start_fee * np.array([1.0, 20.0])))
    for asked in (problem, cheap):
        chosen = [action for action in plan(asked, seed=1, worlds=2).actions if action.kind is ActionKind.PILOT]
        assert chosen
        for action in chosen:
            assert design(asked, action.market, action.batch).channel is action.channel
    assert {design(cheap, code, 150).channel for code in cheap.markets} == {Channel.IMPORTER}


def test_a_batch_at_a_discount_tells_less_costs_more_and_sells_more(at_prices):
    problem = at_prices((1.0,))
    at_list, cheap = (batch_worth(problem, "M01", 150, price_point=point) for point in (1.0, 0.9))
    assert cheap.gross < at_list.gross
    assert cheap.cost > at_list.cost
    assert cheap.design.expected_orders > at_list.design.expected_orders
    with pytest.raises(BadInput, match="too far from list"):
        batch_worth(problem, "M01", 150, price_point=0.2)


def test_what_rows_tied_together_tells_less_the_second_time(at_prices):
    problem = at_prices((1.0,))
    M = len(problem.markets)
    cross = np.column_stack([0.1 * np.eye(M), np.zeros(M)])
    tied = replace(problem, answers=replace(problem.answers, cross=cross))
    assert design(tied, "M01", 150, price_point=1.0).sd_after == design(problem, "M01", 150).sd_after
    again = replace(problem, answers=replace(problem.answers, cross=-cross))
    assert design(again, "M01", 150, price_point=0.9).sd_after > design(tied, "M01", 150, price_point=0.9).sd_after
