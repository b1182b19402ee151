"""The plan of an open launch: put together from belief, tables and ledger, answered, and kept on record."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import partial
from pathlib import Path

from beachhead.belief import Belief, Year, coming_year
from beachhead.case.answers.newest import keep_newest, newest
from beachhead.case.answers.serviced import TOPIC as SERVICE
from beachhead.case.answers.serviced import service_inputs
from beachhead.case.answers.sited import TOPIC as SITING
from beachhead.case.answers.sited import siting_inputs
from beachhead.case.answers.supplied import TOPIC as SUPPLY
from beachhead.case.answers.supplied import SupplyTerms, supply_inputs
from beachhead.case.belief.believe import Held, believe, from_quarter, read_rows
from beachhead.case.belief.rivals import rival_notes
from beachhead.case.belief.spending import spending_notes
from beachhead.case.clock import today
from beachhead.case.compliance.answer import permitted, vehicle_of
from beachhead.case.log import KEEPS_SCORE, head, since
from beachhead.case.open import Launch, quarter_on
from beachhead.case.plan.objective import objective_note, objective_of
from beachhead.case.plan.shut import Bar, Shut, shut_markets
from beachhead.case.plan.standing import Standings, standings
from beachhead.case.plan.target_facts import home_untold
from beachhead.case.programme import TOPIC as PROGRESS
from beachhead.case.programme import with_readiness
from beachhead.case.quality.judge import readiness
from beachhead.case.quality.workshop import TOPICS as WORKSHOP
from beachhead.case.rows.observe import TOPIC as ROWS
from beachhead.compliance.approval import Used
from beachhead.evidence.terms import PilotsSection
from beachhead.launch.aim.steer import find_steering, set_course
from beachhead.launch.draws import draw_worlds
from beachhead.launch.judge.judge import judge, recommend
from beachhead.launch.plan.algebra import Algebra, spell, write_out
from beachhead.launch.plan.headline import pursuit
from beachhead.launch.plan.plan import Plan, plan
from beachhead.launch.question.action import PilotMenu
from beachhead.launch.question.gate import Judgement, Recommendation, Verdict
from beachhead.launch.question.problem import Problem, assemble
from beachhead.store import deliveries, get, last_delivery, put, reading, ref_of, writing
from beachhead.world.brief import brief
from beachhead.world.economics import Economics, Limits
from beachhead.world.errors import NotLearnt
from beachhead.world.market import Stage
from beachhead.world.offer import Offer
from beachhead.world.quarter import Quarter
from beachhead.world.reading import Reading
from beachhead.world.ref import Ref
from beachhead.world.whole import write_whole

TOPIC = "plan"
PLAN_RECORD = "plan_record"
"""Kind under which a plan is kept with all that it rests on."""
WORLDS = 24
TOPICS_READ = (ROWS, PROGRESS, SITING, SUPPLY, SERVICE, *WORKSHOP)
"""What a question is read from besides the tables."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanRecord:
    """A plan as it was made: everything it rests on, by hash.

    Attributes:
        quarter: the quarter decided.
        problem: record of the question, from which the plan can be made again.
        seed: of the worlds.
        worlds: made-up worlds played.
        plan: record of the `launch.plan.plan.Plan`.
        belief: record of the belief planned on.
        reading: record of the reading behind it.
        recommendations: record of the recommendations.
        folder_digest: digest of the tables.
        ledger_head: digest of the last entry when the plan's question was put.
        read_to: number of the last delivery by then.
        notes: sentences on the objective, and on what other rooms changed in the question: markets shut by approvals,
            margins by supply.
    """

    quarter: Quarter
    problem: Ref
    seed: int
    worlds: int
    plan: Ref
    belief: Ref
    reading: Ref
    recommendations: Ref
    folder_digest: str
    ledger_head: str
    read_to: int = 0
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Recommendations:
    """What the re-solved plan chooses among what the gates allow.

    Attributes:
        rows: one a market, in plan order.
    """

    rows: tuple[Recommendation, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Planned:
    """A plan on record, with the nouns it is made of.

    Attributes:
        record: what was kept.
        ref: content address of the record.
        plan: the plan.
        belief: the belief it rests on, from the quarter decided on.
        recommendations: one a market.
        made_at: when, UTC.
        kept: false where the launch may only be looked at, so that the plan is on no record.
    """

    record: PlanRecord
    ref: Ref
    plan: Plan
    belief: Belief
    recommendations: tuple[Recommendation, ...]
    made_at: datetime
    kept: bool = True

    __repr__ = brief


def make_plan(
    launch: Launch,
    *,
    on: date | None = None,
    worlds: int = WORLDS,
    seed: int | None = None,
    who: str,
    at: datetime,
    tick: Callable[[int, int], None] | None = None,
) -> Planned:
    """Plan the launch as it stands on a day, and keep plan, belief and reading on record.

    Args:
        launch: the launch.
        on: the day; None for today.
        worlds: made-up worlds played for value and bound.
        seed: of the worlds; that of launch.toml if None.
        who: who asks.
        at: when.
        tick: called with (worlds done, worlds in all).
    """
    question = put_question(launch, on=on)
    drawn = launch.folder.terms.seeds.plan if seed is None else seed
    made = plan(question.problem, drawn, worlds, tick)
    return _keep(launch, question, made, recommended(question.problem, made), who, at, seed=drawn, worlds=worlds)


def write_bound(
    launch: Launch, path: Path, *, world: int = 0, on: date | None = None, seed: int | None = None
) -> Algebra:
    """Write the bound of one of the plan's worlds as algebra (.lp), with the plan's own course in it.

    Args:
        launch: the launch.
        path: of the file.
        world: number of the world, 0 for the first that the plan is played in.
        on: the day; None for today.
        seed: of the worlds; that of launch.toml if None.
    """
    question, terms = put_question(launch, on=on), launch.folder.terms
    drawn = terms.seeds.plan if seed is None else seed
    course = set_course(question.problem, find_steering(question.problem, drawn))
    algebra = write_out(question.problem, course, draw_worlds(question.problem, drawn, 1, first=world)[0])
    told = f"{terms.name}, {question.now}, world {world} of seed {drawn}"
    write_whole(path, spell(algebra, terms.currency, told))
    return algebra


def recommended(problem: Problem, made: Plan) -> tuple[Recommendation, ...]:
    """What a plan chooses among what the registered gates allow, one a market."""
    return recommend(made.actions, tuple(judge(gate, problem) for gate in problem.gates))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Question:
    """What a plan answers, and what is believed and decided so far.

    Attributes:
        now: the quarter decided.
        held: belief and reading.
        standings: stages, gates, capital.
        problem: the question in the planner's terms.
        ledger_head: hash of the ledger's last entry, taken before anything else was read.
        read_to: number of the last delivery, likewise.
        notes: sentences on what other rooms changed in it.
        shut: markets in which nothing may be scaled within the horizon, each with what shuts it.
    """

    now: Quarter
    held: Held
    standings: Standings
    problem: Problem
    ledger_head: str
    read_to: int
    notes: tuple[str, ...] = ()
    shut: tuple[Shut, ...] = ()

    __repr__ = brief

    @property
    def year(self) -> Year:
        """The coming year, in whose cars demand and break-even are told."""
        return coming_year(self.held.belief, self.now)

    @property
    def judgements(self) -> tuple[Judgement, ...]:
        """Every open gate held against the belief."""
        return tuple(judge(gate, self.problem) for gate in self.problem.gates)

    @property
    def stopped(self) -> frozenset[str]:
        """Markets that their gates stop."""
        return frozenset(said.market for said in self.judgements if said.verdict is Verdict.STOP)


def put_question(
    launch: Launch,
    *,
    on: date | None = None,
    economics: tuple[Economics, ...] | None = None,
    limits: Limits | None = None,
    supply: SupplyTerms | None = None,
    count_on_supply: bool = True,
    count_on_service: bool = True,
    seen_to: date | None = None,
) -> Question:
    """Put the question together from belief, tables and ledger.

    Args:
        launch: the launch.
        on: the day; None for today. Rows that end after its quarter are left out, as are later decisions.
        economics: what a side room made of economics.csv; the table itself if None. Tasks and approvals may move its
            dates later, approvals limit its pilots, as if work on those not held began with the quarter.
        limits: what a side room made of the limits; those of launch.toml if None.
        supply: what supply answered; its newest answer on record if None.
        count_on_supply: false for supply's own first question, which must not rest on its last answer.
        count_on_service: likewise for after-sales.
        seen_to: leave out rows that end after this day too; None for the last of the quarter.
    """
    with reading(launch.store) as work:
        after, read_to = head(work).sha256, last_delivery(work)
    now = quarter_on(launch, on)
    day = min(on or today(), now.last_day)
    ready = readiness(launch, day)
    stand = standings(launch, now, asked=ready.asked, met=ready.met)
    held = believe(launch, scaled_since=stand.scaled_since, until=now.last_day, seen_to=seen_to)
    folder, belief = launch.folder, from_quarter(held.belief, now)
    given = folder.economics if economics is None else economics
    network = siting_inputs(launch, given)
    care = service_inputs(launch, network.economics) if count_on_service else None
    begun = [code for code, at in stand.by_market.items() if at.stage in (Stage.SCALED, Stage.EXITED)]
    given_care = network.economics if care is None else care.economics
    tasks = with_readiness(launch, given_care, day, until=now.last_day, begun=begun)
    rows = tasks.economics
    caps = folder.limits if limits is None else limits
    rules = permitted(folder, rows, now.first_day, _small_series_used(stand, folder.offers))
    routes = supply_inputs(launch, belief.quarters, rows, caps, supply) if count_on_supply else None
    problem = assemble(
        belief=belief,
        economics=rules.economics,
        limits=limits_from(caps if routes is None else routes.limits, now - folder.terms.start),
        discount=folder.terms.discount_per_quarter,
        terminal_quarters=folder.terms.terminal_quarters,
        menu=menu_of(folder.terms.pilots),
        offers=folder.offers,
        prices=folder.prices,
        standing=stand.by_market,
        gates=stand.gates,
        committed=stand.committed,
        scenarios=() if routes is None else routes.scenarios,
        answers=held.answers,
    )
    at_home = home_untold(launch, problem)
    aim = objective_of(launch, problem.markets, problem.quarters, stand.since, at_home)
    problem = replace(problem, objective=aim)
    notes = (
        *objective_note(launch, now),
        *spending_notes(launch, held.exposed, now),
        *rival_notes(launch, held.rivals, now),
        *tasks.notes,
        *rules.notes,
        *(note for room in (network, care, routes) if room is not None for note in room.notes),
    )
    return Question(
        now=now,
        held=held,
        standings=stand,
        problem=problem,
        ledger_head=after,
        read_to=read_to,
        notes=notes,
        shut=shut_markets(
            (code for m, code in enumerate(problem.markets) if not problem.can_open(m)),
            problem.quarters[-1] + 1,
            ((Bar.DATES, given), (Bar.TASKS, rows), (Bar.APPROVALS, rules.economics)),
        ),
    )


def newest_plan(launch: Launch) -> Planned:
    """The plan made last; NotLearnt while there is none."""
    with reading(launch.store) as work:
        kept = newest(work, TOPIC)
        if kept is None:
            raise NotLearnt("no plan is on record yet", f"run `beachhead plan {launch.path}`")
        record = get(work, kept.ref, PlanRecord)
        return Planned(
            record=record,
            ref=kept.ref,
            plan=get(work, record.plan, Plan),
            belief=get(work, record.belief, Belief),
            recommendations=get(work, record.recommendations, Recommendations).rows,
            made_at=kept.at,
        )


def is_stale(launch: Launch, planned: Planned) -> bool:
    """True if tables, observations or decisions changed since the plan was made; what came of odds is none of them."""
    with reading(launch.store) as work:
        new = since(work, planned.record.ledger_head)
    return any(entry.said.act not in KEEPS_SCORE for entry in new) or inputs_changed(launch, planned)


def inputs_changed(launch: Launch, planned: Planned) -> bool:
    """True if tables or observations have changed since the plan was made."""
    if planned.record.folder_digest != launch.folder.digest:
        return True
    with reading(launch.store) as work:
        then = get(work, planned.record.reading, Reading)
        if any(sent.number > planned.record.read_to for topic in TOPICS_READ for sent in deliveries(work, topic)):
            return True
    quarter = planned.record.quarter
    since = standings(launch, quarter).scaled_since
    return then != read_rows(launch, scaled_since=since, until=quarter.last_day)


def overtaken(planned: Planned, now: Quarter, is_changed: bool) -> str:
    """Why a plan no longer speaks of the quarter decided now; `is_changed` where its inputs have; "" where it does."""
    decided = planned.record.quarter
    if decided < now:
        return f"The newest plan decides {decided}, and it is {now} now"
    return "New observations or tables have come in since the plan was made" if is_changed else ""


def _keep(
    launch: Launch,
    question: Question,
    made: Plan,
    chosen: tuple[Recommendation, ...],
    who: str,
    at: datetime,
    *,
    seed: int,
    worlds: int,
) -> Planned:
    kept = launch.store.writable
    if kept:
        with writing(launch.store) as work:
            record = _record(launch, question, made, chosen, partial(put, work), seed=seed, worlds=worlds)
            ref = put(work, PLAN_RECORD, record)
            keep_newest(work, TOPIC, ref, name="plan", who=who, at=at)
    else:
        record = _record(launch, question, made, chosen, ref_of, seed=seed, worlds=worlds)
        ref = ref_of(PLAN_RECORD, record)
    return Planned(
        record=record,
        ref=ref,
        plan=made,
        belief=question.problem.belief,
        recommendations=chosen,
        made_at=at,
        kept=kept,
    )


def _record(
    launch: Launch,
    question: Question,
    made: Plan,
    chosen: tuple[Recommendation, ...],
    refer: Callable[[str, object], Ref],
    *,
    seed: int,
    worlds: int,
) -> PlanRecord:
    told = () if made.pursued is None else pursuit(made.pursued, launch.folder.terms.currency)
    return PlanRecord(
        quarter=question.now,
        problem=refer("problem", question.problem),
        seed=seed,
        worlds=worlds,
        plan=refer("plan", made),
        belief=refer("belief", question.problem.belief),
        reading=refer("reading", question.held.reading),
        recommendations=refer("recommendations", Recommendations(rows=chosen)),
        folder_digest=launch.folder.digest,
        ledger_head=question.ledger_head,
        read_to=question.read_to,
        notes=(*told, *question.notes),
    )


def _small_series_used(stand: Standings, offers: Sequence[Offer]) -> tuple[Used, ...]:
    """Every pilot counts against the small series of its market: nobody can tell here under which paper it ran.

    One that shipped offers of a single type counts against that type's limit; of several types it counts in full
    against each, as nobody can tell here how many were of which.
    """
    type_of = {offer.code: vehicle_of(offer, "").of_type for offer in offers}
    found = []
    for (code, year, shipped), cars in sorted(stand.pilot_cars.items()):
        types = {type_of.get(offer, "") for offer in shipped}
        found.append(Used(market=code, year=year, cars=cars, type_name=types.pop() if len(types) == 1 else ""))
    return tuple(found)


def menu_of(pilots: PilotsSection) -> PilotMenu:
    """The pilots that launch.toml lets a plan choose."""
    return PilotMenu(
        batches=pilots.batches,
        weeks=pilots.weeks,
        quarters=pilots.quarters,
        offers=pilots.offers,
        price_points=pilots.price_points,
    )


def limits_from(limits: Limits, skip: int) -> Limits:
    """The limits of all quarters but the first `skip`."""
    return Limits(
        capital_per_year=limits.capital_per_year,
        scale_starts_per_quarter=limits.scale_starts_per_quarter,
        cars_per_quarter=limits.cars_per_quarter[skip:],
        pilot_cars_per_quarter=limits.pilot_cars_per_quarter[skip:],
    )
