import re
from dataclasses import replace

import numpy as np
import pytest

from beachhead.launch.bound.clairvoyant import clairvoyant
from beachhead.launch.bound.control import BOUND_WORLDS
from beachhead.launch.draws import draw_worlds
from beachhead.launch.information.batch_design import design
from beachhead.launch.judge.judge import judge, recommend
from beachhead.launch.plan.plan import plan
from beachhead.launch.plan.reason import sentence
from beachhead.launch.question.action import ActionKind
from beachhead.launch.question.gate import Verdict
from beachhead.launch.question.problem import kernel_position, kernel_terms
from beachhead.world.economics import Limits
from beachhead.world.errors import BadInput
from beachhead.world.market import Channel


def test_the_same_problem_and_seed_give_the_same_plan(made_up_launch):
    problem = made_up_launch()
    one, two = plan(problem, seed=3, worlds=4), plan(problem, seed=3, worlds=4)
    assert one.actions == two.actions
    assert one.certificate == two.certificate
    assert np.array_equal(one.timeline.cash, two.timeline.cash)


def test_permuting_the_markets_permutes_the_plan(made_up_launch):
    straight = plan(made_up_launch(M=6), seed=1, worlds=4)
    shuffled = plan(made_up_launch(M=6, order=(4, 0, 5, 2, 1, 3)), seed=1, worlds=4)
    assert {a.market: a for a in straight.actions} == {a.market: a for a in shuffled.actions}
    assert shuffled.certificate.value.mean == pytest.approx(straight.certificate.value.mean, rel=1e-9)
    assert shuffled.certificate.bound.mean == pytest.approx(straight.certificate.bound.mean, rel=1e-9)


def test_no_world_is_played_better_than_a_clairvoyant_would(made_up_launch):
    answer = plan(made_up_launch(M=8, seed=2), seed=5, worlds=8)
    assert 0 < answer.certificate.value.mean < answer.certificate.bound.mean


def test_shorter_pilots_meet_the_same_worlds(made_up_launch):
    problem = made_up_launch()
    shorter = replace(problem, terms=replace(problem.terms, weeks=4))
    for long, short in zip(draw_worlds(problem, 1, 3), draw_worlds(shorter, 1, 3), strict=True):
        assert (long.theta == short.theta).all()
        assert (long.noise == short.noise).all()
        assert (long.luck[:, :, :4] == short.luck).all()


def test_relaxing_a_limit_never_lowers_the_clairvoyant_bound(made_up_launch):
    problem = made_up_launch(M=8)
    terms, position = kernel_terms(problem), kernel_position(problem)
    for world in draw_worlds(problem, seed=0, count=3):
        tight = clairvoyant(terms, position, world.theta)
        for name in ("capital_cap", "starts_cap", "cars_cap"):
            loose = replace(terms, **{name: getattr(terms, name) * 1.5})
            assert clairvoyant(loose, position, world.theta) >= tight - 1e-6 * abs(tight)


def test_markets_that_may_not_be_split_are_worth_no_more(made_up_launch):
    problem = made_up_launch(M=8)
    terms, position = kernel_terms(problem), kernel_position(problem)
    for world in draw_worlds(problem, seed=0, count=3):
        split = clairvoyant(terms, position, world.theta)
        assert clairvoyant(terms, position, world.theta, whole=True) <= split * (1 + 1e-6) + 1e-6


def test_a_market_with_no_upside_and_no_link_to_others_is_never_piloted(made_up_launch):
    problem = made_up_launch(M=5)
    mean, cov = problem.belief.mean.copy(), problem.belief.cov.copy()
    mean[2] -= 6
    cov[2, :] = cov[:, 2] = 0
    cov[2, 2] = 0.3
    cov[5, :] = cov[:, 5] = 0
    lone = replace(problem, belief=replace(problem.belief, mean=mean, cov=cov))
    answer = plan(lone, seed=0, worlds=6)
    assert answer.actions[2].kind is ActionKind.WAIT
    assert answer.timeline.piloting[2].max() == 0
    assert answer.timeline.scaled[2].max() == 0


def test_nobody_waits_for_pilots_that_no_cars_are_set_aside_for(made_up_launch):
    problem = made_up_launch(M=2)
    none_allowed = replace(
        problem, menu=replace(problem.menu, quarters=0), terms=replace(problem.terms, pilot_quarters=0)
    )
    none_to_ship = replace(problem, terms=replace(problem.terms, pool_cap=np.zeros_like(problem.terms.pool_cap)))
    answer = plan(none_to_ship, seed=1)
    assert answer.actions == plan(none_allowed, seed=1).actions
    assert answer.certificate.value.mean == pytest.approx(plan(none_allowed, seed=1).certificate.value.mean)
    assert answer.certificate.value.mean > 5 * answer.certificate.value.se


@pytest.mark.parametrize(("markets", "played"), [(1, BOUND_WORLDS), (8, 24)])
def test_more_worlds_are_played_where_a_few_carry_the_value(made_up_launch, markets, played):
    told = plan(made_up_launch(M=markets, seed=3), seed=1, worlds=24).certificate
    assert told.value.count == played
    assert told.value.se < 0.1 * told.bound.mean


def test_earliest_dates_hold_and_the_reason_says_so(made_up_launch):
    problem = made_up_launch(M=5)
    first = problem.terms.first_pilot.copy()
    first[:] = 5
    later = replace(problem, terms=replace(problem.terms, first_pilot=first, first_scale=first))
    answer = plan(later, seed=0, worlds=4)
    assert {a.kind for a in answer.actions} == {ActionKind.WAIT}
    assert answer.timeline.piloting[:, :5].max() == answer.timeline.scaled[:, :5].max() == 0
    assert answer.timeline.piloting[:, 5:].max() + answer.timeline.scaled[:, 5:].max() > 0
    assert "2028Q2" in sentence(answer.reasons[0], "EUR")


def test_a_small_series_caps_the_batch_until_the_market_is_open(made_up_launch):
    problem = made_up_launch(M=5)
    free = plan(problem, seed=0, worlds=4)
    largest = max(action.batch for action in free.actions)
    assert largest > 50
    later = np.full_like(problem.terms.first_scale, 6)
    for cap in (0.0, 60.0):
        series = np.full_like(problem.terms.small_series, cap)
        capped = replace(problem, terms=replace(problem.terms, first_scale=later, small_series=series))
        answer = plan(capped, seed=0, worlds=4)
        assert max(action.batch for action in answer.actions) <= cap
        if not cap:
            assert answer.timeline.piloting[:, :6].max() == 0


def test_a_market_too_dear_for_every_year_is_named_and_left_out(made_up_launch):
    problem = made_up_launch(M=5)
    capital = problem.terms.capital.copy()
    capital[1] *= 100
    answer = plan(replace(problem, terms=replace(problem.terms, capital=capital)), seed=0, worlds=3)
    assert answer.unaffordable == ("M01",)
    assert answer.actions[1].kind is ActionKind.WAIT


def test_the_better_channel_is_picked(made_up_launch):
    both = made_up_launch(M=5, channels=(Channel.OWN_STORE, Channel.DEALER))
    margin = both.terms.margin.copy()
    margin[:, both.channels[0].index(Channel.DEALER)] *= 3
    terms = replace(both.terms, margin=margin, scenario_margin=margin[None])
    answer = plan(replace(both, terms=terms), seed=0, worlds=3)
    scaled = [a for a in answer.actions if a.kind is ActionKind.SCALE]
    assert scaled
    assert {a.channel for a in scaled} == {Channel.DEALER}


def test_every_pilot_gets_a_gate_before_it_starts_and_the_gate_judges_what_comes_back(made_up_launch):
    problem = made_up_launch(M=8)
    answer = plan(problem, seed=0, worlds=3)
    piloted = {a.market for a in answer.actions if a.kind is ActionKind.PILOT}
    assert piloted
    assert {g.market for g in answer.gates} == piloted
    gate = answer.gates[0]
    assert judge(gate, problem).verdict is Verdict.UNDECIDED

    i = problem.markets.index(gate.market)
    good, bad = problem.belief.mean.copy(), problem.belief.mean.copy()
    good[i], bad[i] = np.log(gate.break_even) + 1.0, np.log(gate.break_even) - 1.5
    cov = problem.belief.cov.copy()
    cov[i, :] *= 0.3
    cov[:, i] *= 0.3
    told = replace(problem, belief=replace(problem.belief, mean=good, cov=cov), gates=answer.gates)
    assert judge(gate, told).verdict is Verdict.SCALE
    unready = replace(gate, readiness=("service_cover",))
    assert judge(unready, told).verdict is Verdict.HOLD
    assert judge(unready, told).unmet == ("service_cover",)
    free = judge(replace(gate, capital=0.0, max_expected_loss=0.0), told)  # an importer's own money opened the market
    assert (free.verdict, free.reason.split(",")[0]) == (Verdict.HOLD, "a loss is expected")
    sad = replace(told, belief=replace(problem.belief, mean=bad, cov=cov))
    assert judge(gate, sad).verdict is Verdict.STOP
    again = plan(sad, seed=0, worlds=3)
    chosen = recommend(again.actions, [judge(gate, sad)])[i]
    assert chosen.action is ActionKind.WAIT
    assert chosen.verdict is Verdict.STOP


def test_a_gate_that_is_missed_by_a_little_says_so_in_figures_that_differ(made_up_launch):
    """A market was held since its expected loss was 35 % of what is at stake and the gate allowed 35 %."""
    problem = made_up_launch(M=8)
    gate = plan(problem, seed=0, worlds=3).gates[0]
    i = problem.markets.index(gate.market)
    mean, cov = problem.belief.mean.copy(), problem.belief.cov.copy()
    mean[i] = np.log(gate.break_even) + 1.0
    cov[i, :] *= 0.3
    cov[:, i] *= 0.3
    told = replace(problem, belief=replace(problem.belief, mean=mean, cov=cov))
    found = judge(gate, told)
    for strict in (
        replace(gate, max_expected_loss=0.9999 * found.expected_loss),
        replace(gate, scale_odds=found.odds + 0.0004),
        replace(gate, scale_odds=min(1.0, found.odds + 0.0004), stop_odds=min(1.0, found.odds + 0.0004)),
    ):
        held = judge(strict, told)
        assert held.verdict in (Verdict.HOLD, Verdict.STOP)
        one, other = re.findall(r"([\d.]+) %", held.reason)
        assert float(one) != float(other), held.reason


def test_an_importer_who_puts_up_the_capital_passes_a_gate_once_demand_surely_pays(made_up_launch):
    problem = made_up_launch(M=3)
    capital = np.array(problem.terms.capital)
    verdicts = []
    for taken in (0.0, 1e-6, 1.0):
        terms = replace(problem.terms, capital=taken * capital, salvage=0.2 * taken * capital)
        answer = plan(replace(problem, terms=terms), seed=0, worlds=2)
        gate = (answer.gates + answer.spare_gates)[0]
        i = problem.markets.index(gate.market)
        assert gate.capital == max(terms.capital[i, 0], 4 * terms.opex[i, 0])
        mean, cov = problem.belief.mean.copy(), problem.belief.cov.copy()
        mean[i] = np.log(gate.break_even) + 0.5
        cov[i, :] *= 0.3
        cov[:, i] *= 0.3
        told = replace(problem, terms=terms, belief=replace(problem.belief, mean=mean, cov=cov), gates=(gate,))
        verdicts.append(judge(gate, told).verdict)
    assert verdicts == [Verdict.SCALE] * 3


def test_a_larger_batch_tells_more_but_never_more_than_the_shared_bias_leaves(made_up_launch):
    problem = made_up_launch(M=5)
    small, large = design(problem, "M01", 50), design(problem, "M01", 400)
    assert small.sd_after > large.sd_after > large.floor_sd > 0
    assert small.odds_wrong > large.odds_wrong


def test_missing_economics_and_short_limits_are_all_named_at_once(made_up_launch):
    with pytest.raises(BadInput, match=r"M00 has no economics.*cars_per_quarter has 3 values for 12 quarters"):
        made_up_launch(
            economics=[],
            limits=Limits(
                capital_per_year={2027: 1.0},
                scale_starts_per_quarter=1,
                cars_per_quarter=(1.0,) * 3,
                pilot_cars_per_quarter=(1.0,) * 12,
            ),
        )


def test_reason_gate_and_design_name_one_break_even_whatever_channel_the_pilot_goes_by(made_up_launch):
    problem = made_up_launch(M=4, channels=(Channel.OWN_STORE, Channel.IMPORTER))
    capital, car_cost = np.array(problem.terms.capital), np.array(problem.terms.car_cost)
    capital[:, problem.channels[0].index(Channel.IMPORTER)] *= 3.0
    car_cost[:, problem.channels[0].index(Channel.OWN_STORE)] *= 4.0
    problem = replace(problem, terms=replace(problem.terms, capital=capital, car_cost=car_cost))
    answer = plan(problem, seed=0, worlds=2)
    piloted = [a for a in answer.actions if a.kind is ActionKind.PILOT]
    gates = {gate.market: gate for gate in answer.gates}
    assert piloted
    for action in piloted:
        gate = gates[action.market]
        reason = next(reason for reason in answer.reasons if reason.market == action.market)
        told = design(problem, action.market, 50)
        assert (action.channel, gate.channel) == (Channel.IMPORTER, Channel.OWN_STORE) == (told.channel, gate.channel)
        assert gate.break_even == reason.figure("break_even_level")
        assert reason.figure("break_even_demand") == told.break_even
        assert reason.figure("odds_of_break_even") == told.odds_break_even


def test_a_pilot_that_opens_a_market_whose_gate_demands_a_reading_is_run(made_up_launch):
    problem = made_up_launch(M=4)
    answer = plan(problem, seed=0, worlds=2)
    mean, cov = problem.belief.mean.copy(), 0.02 * np.eye(5)
    gates = {gate.market: gate for gate in (*answer.gates, *answer.spare_gates)}
    gate = gates[problem.markets[1]]
    mean[1] = np.log(gate.break_even) + 1.0
    sure = replace(problem, belief=replace(problem.belief, mean=mean, cov=cov))
    assert plan(sure, seed=0, worlds=2).actions[1].kind is ActionKind.SCALE
    asks = replace(gate, information_at_start=1 / 0.02, information=2.0)
    shut = replace(sure, gates=(asks,))
    assert judge(asks, shut).verdict is Verdict.UNDECIDED
    assert plan(shut, seed=0, worlds=2).actions[1].kind is ActionKind.PILOT
    unready = replace(asks, information=0.0, readiness=("service_cover",))
    waits = replace(sure, gates=(unready,))
    assert judge(unready, waits).verdict is Verdict.HOLD
    assert plan(waits, seed=0, worlds=2).actions[1].kind is ActionKind.WAIT
