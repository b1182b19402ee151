"""Belief + options + limits -> what to do at this gate, what to expect after it, and how good that is."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from beachhead.belief import coming_year
from beachhead.launch.aim.pursue import Pursued, pursue
from beachhead.launch.aim.steer import PLAIN, most_candidates, pick, play_all, set_course, steer, worlds_for
from beachhead.launch.bound.certificate import Certificate
from beachhead.launch.bound.certify import certify_controlled
from beachhead.launch.bound.clairvoyant import as_is, clairvoyant
from beachhead.launch.bound.control import BOUND_WORLDS, SCORES, Control, control_variate, controlled, enough
from beachhead.launch.bound.penalised import SCOUTS, expected_urgency, penalised
from beachhead.launch.bound.revealed import split_own, told_with, what_is_told
from beachhead.launch.draws import draw_scores, draw_worlds
from beachhead.launch.estimate import Estimate
from beachhead.launch.judge.break_even import break_even
from beachhead.launch.judge.judge import judge
from beachhead.launch.plan.reason import Figure, Reason
from beachhead.launch.policy.play import Bars, Played, World, marked_down
from beachhead.launch.policy.select import Choice, choose
from beachhead.launch.policy.shadow_prices import expected_cost
from beachhead.launch.policy.threads import in_threads
from beachhead.launch.question.action import LIST_PRICE, Action, ActionKind
from beachhead.launch.question.gate import Gate, Verdict
from beachhead.launch.question.kernel_terms import (
    EXIT,
    EXITED,
    OUT,
    PILOT,
    SCALE,
    WAIT,
    Floats,
    Position,
    Prices,
    Terms,
    at_stake,
    under,
)
from beachhead.launch.question.problem import Problem
from beachhead.launch.scene import Scene, expected_information
from beachhead.world.brief import brief
from beachhead.world.errors import BadInput
from beachhead.world.figures import how_many
from beachhead.world.quarter import Quarter

_KINDS = {0: ActionKind.WAIT, PILOT: ActionKind.PILOT, SCALE: ActionKind.SCALE, EXIT: ActionKind.EXIT}
METHOD = "clairvoyant LP over affordable markets"
TIGHTER_METHOD = "penalised clairvoyant LP, shared factors told after the first gate"
VAGUE = 0.1
"""Error of a plan's value, as a share of the bound, beyond which every world drawn for the bound is played."""
CLOSE_ENOUGH = 0.9
TIGHTER_WORLDS = 24
"""Below that share the slower bound is taken too, on so many worlds, and the smaller of the two holds."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Timeline:
    """What to expect if the plan is followed, as odds over the worlds played.

    Attributes:
        markets: M codes.
        quarters: T quarters.
        piloting: (M, T), odds that a pilot runs in the quarter.
        scaled: (M, T), odds that the market is scaled in it.
        exited: (M, T), odds that it has been left by then.
        pilot_cars: (T,), expected pilot cars.
        cars: (T,), expected cars sold by scaled markets, the home market included.
        cash: (T,), expected money of the quarter, not discounted.
        cash_low: (T,), 5 % quantile of money cumulated to the quarter.
    """

    markets: tuple[str, ...]
    quarters: tuple[Quarter, ...]
    piloting: NDArray[np.float64]
    scaled: NDArray[np.float64]
    exited: NDArray[np.float64]
    pilot_cars: NDArray[np.float64]
    cars: NDArray[np.float64]
    cash: NDArray[np.float64]
    cash_low: NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ShadowPrices:
    """What one more unit of a limit would be worth at this gate.

    Attributes:
        capital: by calendar year, money gained per unit of money of extra capital.
        scale_start: by quarter, money gained by one more scale start.
        car: by quarter, money gained by one more car.
        pilot_car: money gained by one more pilot car in this quarter.
    """

    capital: dict[int, float]
    scale_start: dict[Quarter, float]
    car: dict[Quarter, float]
    pilot_car: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Plan:
    """The answer to a problem.

    Attributes:
        quarter: the quarter decided now.
        actions: (M,), what to do with each market now.
        reasons: (M,), why, with the largest numbers first.
        gates: gates that hold from now on: those already registered and one for each pilot started now.
        spare_gates: gates of the markets not entered yet, registered only if a person starts a pilot there now.
        timeline: what to expect in later quarters.
        prices: shadow prices of the limits.
        certificate: value, bound, gap.
        unaffordable: markets whose capital exceeds every year's limit in every route; left out of plan and bound.
        seed: seed of the worlds.
        worlds: number of worlds played.
        pursued: how well the objective is served and what it costs; None where it is expected value without a floor.
    """

    quarter: Quarter
    actions: tuple[Action, ...]
    reasons: tuple[Reason, ...]
    gates: tuple[Gate, ...]
    spare_gates: tuple[Gate, ...]
    timeline: Timeline
    prices: ShadowPrices
    certificate: Certificate
    unaffordable: tuple[str, ...]
    seed: int
    worlds: int
    pursued: Pursued | None = None

    __repr__ = brief


def plan(problem: Problem, seed: int, worlds: int = 24, tick: Callable[[int, int], None] | None = None) -> Plan:
    """Plan a launch: decide this gate, play the policy on made-up worlds, and bound what any plan could earn.

    A problem with an objective is first searched for the policy that serves it (`launch.aim.steer`).

    Args:
        problem: the question.
        seed: of the worlds; the same problem and seed give the same plan, bit for bit on one machine.
        worlds: how many worlds to play; more are where there is an objective, where a launch seldom pays, and where
            these tell its value poorly.
        tick: called with (worlds done, worlds in all) as they end.
    """
    if worlds < 2:
        raise BadInput(f"a plan cannot rest on {how_many(worlds, 'world')}", "use at least 2 worlds")
    objective = problem.objective
    is_plain = objective is None or objective.is_plain
    if objective is not None and not is_plain:
        worlds = max(worlds, worlds_for(objective))
    candidates = 0 if objective is None or is_plain else most_candidates(objective)
    tell = _shares_of(tick, worlds, candidates)
    tried = steer(problem, seed, tick=lambda done, most: tell(done, 0))
    steering = PLAIN if objective is None or not tried else pick(objective, tried)
    course = set_course(problem, steering)
    scene = Scene(*course[2:])
    terms, position, bars, prices = scene.terms, scene.position, scene.bars, scene.prices
    feared = marked_down(position, scene.mean, scene.cov, course.caution)
    choice = choose(course.aim, position, feared, scene.cov, 0, prices)
    drawn = draw_worlds(problem, seed, max(worlds, BOUND_WORLDS))
    scores = draw_scores(problem.markets, seed, SCORES)
    control = control_variate(scene, np.array([world.theta for world in drawn]), scores)
    worlds = enough(worlds, control) or worlds
    tell = _shares_of(tick, worlds, candidates)
    played = play_all(course, drawn[:worlds], lambda done, _: tell(-1, done))
    rows = _bounded(scene, drawn)
    tighter = _tighter(scene, drawn, scores) if _is_far(_certified(played, rows, control)) else None
    if worlds < len(drawn) and _is_vague(_certified(played, rows, control, tighter)):
        few, worlds = worlds, len(drawn)
        tell = _shares_of(tick, worlds, candidates)
        played = [*played, *play_all(course, drawn[few:], lambda done, _: tell(-1, few + done))]
    after = controlled(_gained(played, rows) - _within(scene, drawn, played), control)
    certificate = replace(_certified(played, rows, control, tighter), after=after)
    return Plan(
        quarter=problem.quarters[0],
        actions=tuple(_action(problem, choice, i) for i in range(len(problem.markets))),
        reasons=tuple(_reason(problem, terms, position, choice, i) for i in range(len(problem.markets))),
        gates=problem.gates + _new_gates(problem, terms, bars, choice, choice.action == PILOT),
        spare_gates=_new_gates(problem, terms, bars, choice, (position.stage == OUT) & (choice.action == WAIT)),
        timeline=_timeline(problem, played),
        prices=_shadow(problem, prices, choice),
        certificate=certificate,
        unaffordable=tuple(
            code
            for i, code in enumerate(problem.markets)
            if position.stage[i] == OUT and terms.capital[i].min() > terms.capital_cap.max()
        ),
        seed=seed,
        worlds=worlds,
        pursued=None
        if is_plain
        else pursue(problem, course, steering, tried, drawn[:worlds], played, certificate, seed),
    )


def _shares_of(tick: Callable[[int, int], None] | None, worlds: int, candidates: int) -> Callable[[int, int], None]:
    """Tells worlds done of all, those of the search's candidates included; -1 candidates: the search is over."""

    def tell(searched: int, played: int) -> None:
        if tick is not None:
            tick((candidates if searched < 0 else searched) * worlds + played, (candidates + 1) * worlds)

    return tell


def _bounded(scene: Scene, drawn: list[World]) -> Floats:
    """(N, 3): bound, value of carrying on as is, and of it what lies abroad; in two threads (kernels free the lock)."""
    home = replace(scene.position, stage=np.where(scene.position.fixed == 1, scene.position.stage, EXITED))

    def one(world: World) -> tuple[float, float, float]:
        terms, demand = under(scene.terms, world.scenario), np.exp(world.theta)
        idle = as_is(terms, scene.position, demand)
        return clairvoyant(terms, scene.position, world.theta), idle, idle - as_is(terms, home, demand)

    return np.array(in_threads(one, drawn))


def _certified(played: list[Played], rows: Floats, control: Control, tighter: Estimate | None = None) -> Certificate:
    """Bound on all worlds drawn, gap on those played."""
    return certify_controlled(_gained(played, rows), rows[:, 0], rows[:, 2], control, METHOD, tighter, TIGHTER_METHOD)


def _gained(played: list[Played], rows: Floats) -> Floats:
    """What the plan brings in each world over carrying on as is."""
    return np.array([p.value for p in played]) - rows[: len(played), 1]


def _is_far(certificate: Certificate) -> bool:
    """Whether the value is so far from the bound that the slower one is worth its time."""
    return certificate.share is not None and certificate.share < CLOSE_ENOUGH


def _is_vague(certificate: Certificate) -> bool:
    """Whether the value's own error is a large part of what any plan could earn: a few worlds carry most of it."""
    value, bound = certificate.value, certificate.bound
    return value.se is not None and value.se > VAGUE * bound.mean > 0


def _tighter(scene: Scene, drawn: list[World], scores: Floats) -> Estimate:
    """The slower bound, on the first of the worlds."""
    split = split_own(*told_with(scene.terms, scene.cov))
    few, others = drawn[:TIGHTER_WORLDS], drawn[TIGHTER_WORLDS : TIGHTER_WORLDS + SCOUTS]
    at = scene.terms, scene.position, scene.mean, split
    urgency = expected_urgency(*at, others)
    bounds = np.array(in_threads(lambda w: penalised(*at, w, urgency=urgency), few))
    told = np.array([what_is_told(scene.position, scene.mean, split, world) for world in few])
    return controlled(bounds, control_variate(scene, told, scores, split.own))


def _within(scene: Scene, drawn: list[World], played: list[Played]) -> Floats:
    """What the plan earned to the end of the horizon over carrying on as is, discounted: that and no later quarter."""

    def one(world: World, course: Played) -> float:
        terms = replace(under(scene.terms, world.scenario), tail=0.0)
        earned = float(course.cash @ terms.discount ** np.arange(len(course.cash)))
        return earned - as_is(terms, scene.position, np.exp(world.theta))

    return np.array([one(world, course) for world, course in zip(drawn, played, strict=False)])


def _action(problem: Problem, choice: Choice, i: int) -> Action:
    kind = _KINDS[int(choice.action[i])]
    if kind in (ActionKind.WAIT, ActionKind.EXIT):
        return Action(market=problem.markets[i], kind=kind)
    ready = [code for code, first in problem.offers[i] if first <= 0]
    pilot = kind is ActionKind.PILOT
    return Action(
        market=problem.markets[i],
        kind=kind,
        channel=problem.channels[i][int(choice.route[i])],
        offers=tuple(ready[: problem.menu.offers] if pilot else ready),
        batch=int(problem.terms.batches[choice.design[i]]) if pilot else 0,
        weeks=problem.menu.weeks if pilot else 0,
        price_point=float(problem.terms.asked[choice.design[i]]) if pilot else LIST_PRICE,
    )


def _reason(problem: Problem, terms: Terms, position: Position, choice: Choice, i: int) -> Reason:
    """The numbers behind the action, the largest first."""
    mean, var = float(problem.belief.mean[i]), float(problem.belief.cov[i, i])
    code = problem.markets[i]
    kind = _KINDS[int(choice.action[i])]
    if position.stage[i] == EXITED:
        return Reason(market=code, kind=kind, figures=())
    year = coming_year(problem.belief, problem.quarters[0])
    expected = year.cars(code, math.exp(mean + var / 2))
    if position.stage[i] != OUT:
        return Reason(market=code, kind=kind, figures=(Figure(name="expected_demand", value=expected),))
    scaled = break_even(problem, i, terms, int(choice.route[i]) if kind is ActionKind.SCALE else -1)
    figures = {
        "odds_of_break_even": scaled.odds,
        "break_even_demand": year.cars(code, scaled.cars_per_year),
        "break_even_level": scaled.cars_per_year,
        "expected_demand": expected,
        "expected_loss": scaled.expected_loss,
        "capital": float(terms.capital[i, scaled.route]),
        "gain": float(choice.gain[i]),
        "value_of_waiting": float(choice.wait_value[i]),
        "own_news": float(choice.own_news[i]),
        "news_for_others": float(choice.other_news[i]),
    }
    if np.isfinite(choice.scale_now[i]):
        figures["value_of_scaling_now"] = float(choice.scale_now[i])
    if kind is ActionKind.PILOT:
        at = terms, position, np.asarray(problem.belief.mean), np.asarray(problem.belief.cov)
        figures["pilot_cost"] = expected_cost(*at, i, int(choice.route[i]), int(choice.design[i]), 0)
    lead = {
        ActionKind.PILOT: ("own_news", "news_for_others", "pilot_cost"),
        ActionKind.SCALE: ("odds_of_break_even", "value_of_scaling_now", "capital"),
        ActionKind.WAIT: ("odds_of_break_even", "value_of_waiting", "value_of_scaling_now"),
        ActionKind.EXIT: ("expected_demand",),
    }[kind]
    names = [n for n in lead if n in figures] + [n for n in figures if n not in lead]
    blocked = ""
    if not np.isfinite(terms.capital[i]).any() or terms.capital[i].min() > terms.capital_cap.max():
        blocked = "its capital exceeds every year's limit"
    elif position.barred[i] != 0:
        verdicts = [judge(gate, problem).verdict for gate in problem.gates if gate.market == code]
        blocked = "its gate says stop" if Verdict.STOP in verdicts else "its gate does not allow scaling yet"
    elif int(terms.first_pilot[i].min()) > 0:
        first = int(terms.first_pilot[i].min())
        blocked = (
            f"nothing may be sold before {problem.quarters[first]}"
            if first < len(problem.quarters)
            else "nothing may be sold within the horizon"
        )
    return Reason(
        market=code, kind=kind, figures=tuple(Figure(name=n, value=figures[n]) for n in names), blocked=blocked
    )


def _new_gates(
    problem: Problem, terms: Terms, bars: Bars, choice: Choice, wanted: NDArray[np.bool_]
) -> tuple[Gate, ...]:
    """One gate for each wanted market that has a route and no gate yet; `wanted` is (M,)."""
    held = {gate.market for gate in problem.gates}
    return tuple(
        _gate(problem, terms, bars, i, int(choice.design[i]))
        for i, code in enumerate(problem.markets)
        if wanted[i] and code not in held and np.isfinite(terms.capital[i]).any()
    )


def _gate(problem: Problem, terms: Terms, bars: Bars, i: int, design: int) -> Gate:
    """The gate of a pilot, on the route through which the market would be scaled.

    What it asks for is a share of what the batch shipped may bring; of the middle batch where none is shipped.
    """
    information = float(bars.information[i])
    if design >= 0:
        mean_now, cov_now = np.asarray(problem.belief.mean), np.asarray(problem.belief.cov)
        information = problem.rule.information_share * expected_information(terms, mean_now, cov_now, i, design)
    scaled = break_even(problem, i, terms)
    channel = problem.channels[i][scaled.route]
    assert channel is not None
    return Gate(
        market=problem.markets[i],
        registered=problem.quarters[0],
        looks=problem.quarters[1 : 1 + problem.menu.quarters],
        channel=channel,
        break_even=scaled.cars_per_year,
        scale_odds=problem.rule.scale_odds,
        stop_odds=problem.rule.stop_odds,
        information=information,
        information_at_start=float(1 / max(problem.belief.cov[i, i], 1e-12)),
        max_expected_loss=float(bars.loss[i]),
        capital=float(at_stake(terms)[i, scaled.route]),
        readiness=problem.standing[i].conditions,
    )


def _timeline(problem: Problem, played: list[Played]) -> Timeline:
    stage = np.stack([p.stage for p in played])
    cash = np.stack([p.cash for p in played])
    return Timeline(
        markets=problem.markets,
        quarters=problem.quarters,
        piloting=(stage == 3).mean(axis=0).T,
        scaled=(stage == 1).mean(axis=0).T,
        exited=(stage == 2).mean(axis=0).T,
        pilot_cars=np.stack([p.batch.sum(axis=1) for p in played]).mean(axis=0),
        cars=np.stack([p.sold.sum(axis=1) for p in played]).mean(axis=0),
        cash=cash.mean(axis=0),
        cash_low=np.quantile(cash.cumsum(axis=1), 0.05, axis=0),
    )


def _shadow(problem: Problem, prices: Prices, choice: Choice) -> ShadowPrices:
    years = sorted({q.year for q in problem.quarters})
    return ShadowPrices(
        capital={year: float(prices.capital[k]) for k, year in enumerate(years)},
        scale_start={q: float(prices.start[t]) for t, q in enumerate(problem.quarters)},
        car={q: float(prices.car[t]) for t, q in enumerate(problem.quarters)},
        pilot_car=float(choice.pool_price),
    )
