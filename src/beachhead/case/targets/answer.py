"""Targets of an open launch: their odds under the plan, what would move them, and what follows when one is met."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import numpy as np
from numpy.typing import NDArray

from beachhead import store
from beachhead.case.log import entries, say
from beachhead.case.open import Launch
from beachhead.case.plan.planning import inputs_changed, newest_plan, put_question
from beachhead.case.plan.target_facts import (
    COUNTED,
    PARTS,
    bev_growth,
    cars_before,
    in_scope,
    known_rivals,
    markets_inside,
    met,
    ordered_cars,
    seen_cars,
    sold_in,
    taken_at_home,
    targets_in_force,
    untold,
)
from beachhead.case.targets.levers import abroad, levers, with_margin
from beachhead.case.targets.raising import held_against
from beachhead.evidence.cell import meant
from beachhead.evidence.tables.stores import StoreRow
from beachhead.launch.aim.steer import PLAIN, Steering, find_steering
from beachhead.launch.plan.volumes import planned_cars
from beachhead.launch.question.problem import Problem
from beachhead.ledger import Act, Outcome, Said, Stated
from beachhead.programme.rank import Known, draw_rivals, ranks
from beachhead.programme.target import Kind, Target, TargetOdds, target_odds
from beachhead.world.brief import brief
from beachhead.world.errors import BadInput, NotLearnt
from beachhead.world.figures import how_many
from beachhead.world.quarter import QUARTERS_A_YEAR, Quarter
from beachhead.world.trailing_year import trailing_year

Floats = NDArray[np.float64]

WORLDS = 60
LEVER_WORLDS = 24
RIVALS_A_WORLD = 50
BONUSES_EUR = (1_000.0, 2_000.0, 4_000.0, 8_000.0, 16_000.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """What one change does to one target.

    Attributes:
        lever: code of the change.
        name: the change in words.
        target: code of the target.
        change: change of its odds.
        error: Monte Carlo standard error of that change, worlds paired.
    """

    lever: str
    name: str
    target: str
    change: float
    error: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceStep:
    """What a bonus on every car that counts towards a target would do.

    Attributes:
        bonus: money a car that the plan is paid on top, launch currency.
        odds: probability of the target then.
        cars: expected cars that count, discounted, over the quarters planned.
        cost: value given up against the plan without it: the integral of the bonus over the cars it adds.
    """

    bonus: float
    odds: float
    cars: float
    cost: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """The shadow price of a target: how much more a car must be worth for its odds to rise.

    Attributes:
        target: code.
        steps: from no bonus to the largest tried.
    """

    target: str
    steps: tuple[PriceStep, ...]

    def bonus_for(self, odds: float) -> float | None:
        """The least bonus at which the target has these odds, read off between steps; None if none tried does."""
        for low, high in zip(self.steps, self.steps[1:], strict=False):
            if low.odds >= odds:
                return low.bonus
            if high.odds >= odds:
                return low.bonus + (odds - low.odds) / (high.odds - low.odds) * (high.bonus - low.bonus)
        return None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Assessed:
    """The answer.

    Attributes:
        quarters: T quarters, the first decided now.
        worlds: made-up worlds behind the odds.
        odds: one a target, in order.
        met: codes of targets that are met, as `target_facts.met` tells them.
        unsettled: codes of those that are not, and may have been: of cars that count rows tell the order alone, or
            nothing.
        proposed: what the raise rules put in place of met targets that nobody has raised yet.
        rivals: the latest year of other makers, by scope of a rank target.
        effects: what each change does to each target; empty if not asked.
        price: shadow price of one target; None if not asked.
        notes: sentences on what the odds rest on.
    """

    quarters: tuple[Quarter, ...]
    worlds: int
    odds: tuple[TargetOdds, ...]
    met: tuple[str, ...]
    proposed: tuple[Target, ...]
    rivals: Mapping[str, Known]
    effects: tuple[Effect, ...]
    price: Price | None
    notes: tuple[str, ...]
    unsettled: tuple[str, ...] = ()

    __repr__ = brief


def assess_targets(
    launch: Launch,
    *,
    on: date | None = None,
    worlds: int = WORLDS,
    what_if: bool = True,
    price: str | None = None,
    tick: Callable[[int, int], None] | None = None,
) -> Assessed:
    """Odds of every target in force, under the newest plan on record, or one made for the day if there is none.

    Args:
        launch: the launch.
        on: the day; None for that of the newest plan.
        worlds: made-up worlds played.
        what_if: whether to try what would move the odds.
        price: code of a target whose shadow price is wanted.
        tick: called with (steps done, steps in all).
    """
    asked = targets_in_force(launch)
    if worlds < LEVER_WORLDS:
        raise BadInput(f"odds cannot rest on {worlds} worlds", f"use at least {LEVER_WORLDS}")
    if price is not None and price not in {target.code for target in asked}:
        raise BadInput(f"{price!r} is no target", meant(price, {t.code for t in asked}, "name a code of targets.csv"))
    problem, steering, notes = _problem(launch, on)
    with store.reading(launch.store) as work:
        seen = seen_cars(launch, work)
        ordered = ordered_cars(launch, work, seen)
        shown = met(launch, work, asked, seen)
        unsettled = tuple(code for code in met(launch, work, asked, {**seen, **ordered}) if code not in shown)
    scene = _Scene(launch, problem, asked, steering, shown)
    tried = levers(launch) if what_if else ()
    steps = worlds + LEVER_WORLDS * (len(tried) + len(BONUSES_EUR) * (price is not None))
    done = _Counter(steps, tick)
    base = scene.cars(problem, worlds, done)
    odds = scene.odds(base)
    few = scene.odds(base[:LEVER_WORLDS])
    effects: list[Effect] = []
    for lever in tried:
        changed = scene.odds(scene.cars(lever.change(problem), LEVER_WORLDS, done))
        effects += (
            _effect(lever.code, lever.name, lever.part, before, after)
            for before, after in zip(few, changed, strict=True)
            if before.odds is not None
        )
    return Assessed(
        quarters=problem.quarters,
        worlds=worlds,
        odds=odds,
        met=shown,
        proposed=tuple(each.next for each in held_against(asked, shown) if each.is_met and each.next is not None),
        rivals=scene.rivals,
        effects=tuple(effects),
        price=None if price is None else _price(scene, problem, price, base[:LEVER_WORLDS], done),
        notes=(*notes, *_ordered_note(launch, asked, ordered), *scene.untold_note()),
        unsettled=(*unsettled, *(t.code for t in asked if t.code not in {*shown, *unsettled} and scene.gaps(t))),
    )


def _ordered_note(
    launch: Launch, targets: Sequence[Target], ordered: Mapping[tuple[str, Quarter], float]
) -> tuple[str, ...]:
    """What to send, where targets count cars sold and rows tell orders alone."""
    scopes = {target.scope for target in targets if target.kind in (*COUNTED, Kind.RANK)}
    inside = {market.code for scope in scopes for market in markets_inside(launch, scope)}
    untold = sum(cars for (code, _), cars in ordered.items() if code in inside)
    if untold <= PARTS:
        return ()
    known = f"of {how_many(round(untold), 'car')} on record the order alone is known"
    return (f"{known}, and they count once rows tell deliveries or registrations",)


def state_odds(launch: Launch, found: Assessed, *, who: str, at: datetime) -> tuple[Stated, ...]:
    """Enter the odds of targets in the ledger, to be scored once their day has come; those on record stay.

    What is known by now of odds stated earlier is entered too: that a target was met, or that its day is over.
    """
    stated = tuple(
        Stated(
            name=f"{_prefix(item.target)}{found.quarters[0]}",
            event=f"{item.target.name}: {item.target.amount_said} {item.target.kind} {in_scope(item.target.scope)}",
            probability=item.odds,
            by=item.target.by.last_day,
        )
        for item in found.odds
        if item.odds is not None and item.target.by <= found.quarters[-1] and item.target.code not in found.met
    )
    with store.writing(launch.store) as work:
        said = entries(work)
        known = {odds.name for entry in said for odds in entry.said.odds}
        outcomes = _outcomes(found, known - {o.name for entry in said for o in entry.said.outcomes}, at.date())
        if outcomes:
            say(work, Said(at=at, who=who, act=Act.OUTCOME, because="targets", outcomes=outcomes))
        fresh = tuple(each for each in stated if each.name not in known)
        if fresh:
            say(work, Said(at=at, who=who, act=Act.FORECAST, because="odds of targets", odds=fresh))
    return fresh


def _prefix(target: Target) -> str:
    return f"target {target.code} by {target.by}, said "


def _outcomes(found: Assessed, waiting: set[str], today: date) -> tuple[Outcome, ...]:
    """Of odds still open: what is met, and what rows can no longer show. That a rank is met only people tell."""
    settled = []
    for item in found.odds:
        shown = item.target.code in found.met
        over = item.target.by.last_day < today and item.target.kind in COUNTED
        over = over and item.target.code not in found.unsettled  # what no row tells may have been sold in time
        if shown or over:
            names = sorted(name for name in waiting if name.startswith(_prefix(item.target)))
            settled += [Outcome(name=name, happened=shown) for name in names]
    return tuple(settled)


class _Counter:
    def __init__(self, total: int, tick: Callable[[int, int], None] | None) -> None:
        self.total, self.done, self.tick = total, 0, tick

    def step(self, done: int, total: int) -> None:
        """One more world."""
        self.done += 1
        if self.tick is not None:
            self.tick(self.done, self.total)


class _Scene:
    """What all plays of one question share: targets, scopes, rivals and what was sold before."""

    def __init__(
        self, launch: Launch, problem: Problem, targets: tuple[Target, ...], steering: Steering, shown: tuple[str, ...]
    ) -> None:
        self.launch, self.problem, self.targets, self.steering = launch, problem, targets, steering
        self.shown = shown
        self.seed = launch.folder.terms.seeds.plan
        self.inside = {t.scope: _mask(launch, problem, t.scope) for t in targets}
        with store.reading(launch.store) as work:
            self.seen = seen_cars(launch, work)
        self.untold = untold(launch, self.seen, problem)
        self.at_home = taken_at_home(launch, self.seen, problem)
        scopes = {t.scope for t in targets if t.kind is Kind.RANK}
        self.rivals = {s: known for s in sorted(scopes) if (known := known_rivals(launch, s)) is not None}

    def cars(self, problem: Problem, worlds: int, done: _Counter) -> Floats:
        """(S, M, T) cars that the plan would sell."""
        return planned_cars(problem, self.seed, worlds, done.step, self.steering).values

    def odds(self, cars: Floats) -> tuple[TargetOdds, ...]:
        """Odds of every target."""
        levels = {target.code: self._why_not(target) or self._level(target, cars) for target in self.targets}
        return target_odds(self.targets, levels, self.problem.quarters, repeats=RIVALS_A_WORLD, met=self.shown)

    def sold(self, scope: str, cars: Floats) -> tuple[Floats, Floats]:
        """(S, T) cars sold within a scope, and (P,) those of the quarters before, as far as they are on record."""
        inside = self.inside[scope]
        codes = {code for code, there in zip(self.problem.markets, inside, strict=True) if there}
        return cars[:, inside].sum(axis=1), cars_before(
            self.launch, {**self.at_home, **self.seen}, codes, self.problem.quarters[0]
        )

    def gaps(self, target: Target) -> list[tuple[str, Quarter]]:
        """Markets and quarters up to a target's day in which cars that count were sold, and of which no row tells."""
        if target.kind not in (*COUNTED, Kind.RANK):
            return []
        inside = markets_inside(self.launch, target.scope)
        codes = {market.code for market in inside if not (market.is_home and target.kind is Kind.MARKETS_LIVE)}
        return [(code, quarter) for code, quarter in self.untold if code in codes and quarter <= target.by]

    def _why_not(self, target: Target) -> str:
        """Why it cannot be told whether a target whose day is over was met; "" where it can, or its day is to come."""
        is_over = target.by < self.quarters[0] and target.kind in COUNTED and target.code not in self.shown
        gaps = self.gaps(target) if is_over else []
        return f"its day is over, and {self._untold_sentence(gaps)}" if gaps else ""

    def untold_note(self) -> tuple[str, ...]:
        """What is taken for sales at home of which no row tells, where a target counts them."""
        counted = {gap for target in self.targets for gap in self.gaps(target)}
        gaps = [gap for gap in self.at_home if gap in counted]
        if not gaps:
            return ()
        return (f"{self._untold_sentence(gaps)}, and as many are taken as are expected of the year to come",)

    def _untold_sentence(self, gaps: Sequence[tuple[str, Quarter]]) -> str:
        names = {market.code: market.name for market in self.launch.folder.markets}
        where = ", ".join(dict.fromkeys(names[code] for code, _ in gaps))
        first, last = min(quarter for _, quarter in gaps), max(quarter for _, quarter in gaps)
        return f"no row tells what was sold in {where} in {first}" + (f" to {last}" if last > first else "")

    def _level(self, target: Target, cars: Floats) -> Floats | str:
        sold, before = self.sold(target.scope, cars)
        match target.kind:
            case Kind.CARS_PER_YEAR:
                level: Floats | str = trailing_year(sold, before)
            case Kind.CARS_IN_TOTAL:
                level = sold.cumsum(axis=1) + before.sum()
            case Kind.MARKETS_LIVE:
                level = self._live(target.scope, cars)
            case Kind.STORES_OPEN:
                level = self._stores(target, len(cars))
            case Kind.SERVICE_COVER:
                level = self._cover(target, cars)
            case Kind.RANK:
                return self._rank(target, trailing_year(sold, before))
        return level if isinstance(level, str) else np.repeat(level, RIVALS_A_WORLD, axis=0)

    def _live(self, scope: str, cars: Floats) -> Floats:
        """Markets that sold in each of the last four quarters, those on record too: a pilot alone makes none live."""
        inside, first = self.inside[scope], self.problem.quarters[0]
        earlier = [first + -back for back in range(QUARTERS_A_YEAR - 1, 0, -1)]
        before = np.array(
            [
                [at.is_home or sold_in(self.seen, code, q, at.since) for q in earlier]
                for code, at, there in zip(self.problem.markets, self.problem.standing, inside, strict=True)
                if there
            ],
            dtype=np.bool_,
        ).reshape(-1, len(earlier))
        sells = np.concatenate([np.broadcast_to(before, (len(cars), *before.shape)), cars[:, inside] > 0], axis=2)
        years = np.lib.stride_tricks.sliding_window_view(sells, QUARTERS_A_YEAR, axis=2)
        return np.asarray(years.all(axis=3).sum(axis=1), dtype=np.float64)

    def _stores(self, target: Target, draws: int) -> Floats | str:
        codes = {market.code for market in markets_inside(self.launch, target.scope)}
        rows = [row for row in self.launch.folder.rows(StoreRow) if row.market in codes]
        open_in = [float(sum(row.count for row in rows if row.is_open(quarter))) for quarter in self.problem.quarters]
        if not rows or max(open_in) < target.amount:
            most = f"{max(open_in):,.0f}" if rows else "no"
            return f"stores.csv lists {most} stores by {self.problem.quarters[-1]}: add those planned, with open_from"
        return np.tile(np.array(open_in), (draws, 1))

    def _cover(self, target: Target, cars: Floats) -> Floats | str:
        rows = [row for row in self.launch.folder.rows(StoreRow) if row.service_bays]
        if not rows:
            return "no row of stores.csv gives service_bays"
        served = np.array(
            [
                [any(row.market == code and row.is_open(quarter) for row in rows) for quarter in self.quarters]
                for code in self.problem.markets
            ],
            dtype=np.float64,
        )
        inside = cars[:, self.inside[target.scope]]
        total = inside.sum(axis=1)
        covered = (inside * served[self.inside[target.scope]]).sum(axis=1)
        return np.where(total > 0, covered / np.maximum(total, 1e-9), 0.0)

    @property
    def quarters(self) -> tuple[Quarter, ...]:
        """T quarters."""
        return self.problem.quarters

    def _rank(self, target: Target, own: Floats) -> Floats | str:
        known = self.rivals.get(target.scope)
        if known is None:
            return f"rivals.csv and competitors.csv say nothing of {target.scope}"
        ends = [quarter.year + quarter.number / 4 for quarter in self.quarters]
        own = np.repeat(own, RIVALS_A_WORLD, axis=0)
        growth = bev_growth(markets_inside(self.launch, target.scope))
        drawn = draw_rivals(known, ends, len(own), self.launch.folder.terms.seeds.outlook, growth=growth)
        place = ranks(own, drawn).astype(np.float64)
        # Before four quarters are known, a rank would be one of less than a year.
        known_quarters = self.quarters[0] - self.launch.folder.terms.start
        place[:, : max(3 - known_quarters, 0)] = np.nan
        return place


def _problem(launch: Launch, on: date | None) -> tuple[Problem, Steering, tuple[str, ...]]:
    try:
        planned = newest_plan(launch) if on is None else None
    except NotLearnt:
        planned = None
    if planned is None:
        question = put_question(launch, on=on)
        steering = find_steering(question.problem, launch.folder.terms.seeds.plan)
        return question.problem, steering, (f"a question put anew for {question.now}",)
    with store.reading(launch.store) as work:
        problem = store.get(work, planned.record.problem, Problem)
    note = f"the plan of {planned.record.quarter}, made {planned.made_at:%Y-%m-%d}"
    if inputs_changed(launch, planned):
        note += f"; tables or rows have changed since: run `beachhead plan {launch.path}`"
    return problem, PLAIN if planned.plan.pursued is None else planned.plan.pursued.steering, (note,)


def _mask(launch: Launch, problem: Problem, scope: str) -> NDArray[np.bool_]:
    codes = {market.code for market in markets_inside(launch, scope)}
    return np.array([code in codes for code in problem.markets])


def _effect(lever: str, name: str, part: float, before: TargetOdds, after: TargetOdds) -> Effect:
    moved = part * (after.hit.astype(np.float64) - before.hit).reshape(-1, RIVALS_A_WORLD).mean(axis=1)
    return Effect(
        lever=lever,
        name=name,
        target=before.target.code,
        change=float(moved.mean()),
        error=float(moved.std(ddof=1) / np.sqrt(len(moved))),
    )


def _price(scene: _Scene, problem: Problem, code: str, base: Floats, done: _Counter) -> Price:
    """Pay the plan a bonus for each car that counts, more and more of it.

    A plan that maximises value plus bonus times cars gives up, for one more car, just the bonus (the envelope theorem);
    so the value given up is the integral of the bonus over the cars it adds.
    """
    place = next(i for i, target in enumerate(scene.targets) if target.code == code)
    scope = scene.targets[place].scope
    counts = scene.inside[scope].astype(np.float64)
    if not (counts * abroad(problem)).any():
        raise BadInput(f"{code} counts no cars abroad, so a bonus there moves nothing", "ask for another target")
    weight = problem.terms.discount ** np.arange(len(problem.quarters))

    def step(cars: Floats, bonus: float, last: PriceStep | None) -> PriceStep:
        odds = scene.odds(cars)[place].odds
        if odds is None:
            raise NotLearnt(f"the odds of {code} cannot be told", "see `beachhead targets`")
        counted = float((scene.sold(scope, cars)[0] @ weight).mean())
        cost = 0.0
        if last is not None:
            cost = last.cost + (bonus + last.bonus) / 2 * max(counted - last.cars, 0.0)
        return PriceStep(bonus=bonus, odds=odds, cars=counted, cost=cost)

    steps = [step(base, 0.0, None)]
    euro = scene.launch.folder.euro("the margins tried")
    for bonus in (euro * each for each in BONUSES_EUR):
        paid = with_margin(problem, bonus * counts * abroad(problem))
        steps.append(step(scene.cars(paid, LEVER_WORLDS, done), bonus, steps[-1]))
    return Price(target=code, steps=tuple(steps))
