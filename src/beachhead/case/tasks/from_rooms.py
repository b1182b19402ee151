"""Tasks that side rooms bring: approvals from compliance, openings from siting, closings from stores.csv."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

from beachhead.case.answers.sited import Opening, kept_openings
from beachhead.case.compliance.answer import Brief, brief, keeps_approvals
from beachhead.case.open import Launch
from beachhead.case.programme import Assessed, assess_programme, standing_on
from beachhead.case.siting.answer import ask_sites, terms_of
from beachhead.case.siting.question import Ask, Model
from beachhead.compliance.assess import law_of, read
from beachhead.compliance.finding import SaleDate
from beachhead.compliance.in_hand import hand
from beachhead.compliance.prospect import Prospect, prospect
from beachhead.compliance.ready import Ready, network, ready
from beachhead.compliance.road import Road, road
from beachhead.evidence.tables.roles import RoleRow
from beachhead.evidence.tables.stores import StoreRow
from beachhead.programme.risk import DRAWS
from beachhead.programme.task import DAYS_PER_WEEK, Blocks, Duration, Task

APPROVAL, OPENING, CLOSING = "approval", "opening", "closing"
SOONER, LATER = 0.8, 1.6
"""Low and high point of a duration that a rule file, or a site format, states as one number (assumption, grade C)."""
HOMOLOGATION, RETAIL = "homologation", "retail"
WEEKS_A_QUARTER = 13
SITING_WORK = 20.0


def assess_whole(
    launch: Launch,
    *,
    on: date | None = None,
    draws: int = DRAWS,
    exact_seconds: float = 0.0,
    approvals: bool = True,
    openings: bool = False,
) -> Assessed:
    """Schedule and odds of the tasks of the folder and of those that side rooms bring.

    Args:
        launch: the launch.
        on: the day; see `case.programme.standing_on`.
        draws: of all durations.
        exact_seconds: for OR-Tools to shorten the schedule.
        approvals: whether to ask compliance for the approvals still to be had.
        openings: whether to add the sites that siting opens: those of its answer on record, which `site --keep` put
            there; while there is none, siting is asked for some units of work. The stores of stores.csv that close
            come with them.
    """
    day = standing_on(launch, on).on
    extra = approval_tasks(launch, day) if approvals else ()
    if openings:
        extra = (*extra, *opening_tasks(launch, _openings(launch)), *closing_tasks(launch, day))
    return assess_programme(launch, on=on, draws=draws, exact_seconds=exact_seconds, extra=extra)


def approval_tasks(launch: Launch, on: date) -> tuple[Task, ...]:
    """Every approval still to be had, each once, and one closing task a market for its pilots and for scaling.

    Each market goes the road of the offer that may be sold there first. A market without a road on record has no task:
    compliance shuts it in the plan. None at all if the folder does not keep approvals.
    """
    if not keeps_approvals(launch.folder):
        return ()
    asked = brief(launch.folder)
    owner = HOMOLOGATION if _has_role(launch, HOMOLOGATION) else ""
    steps = _Steps(owner, on, launch.folder.euro("costs of approvals"))
    gates = [
        _closing(market, opens, best, ahead, steps.take(market, ahead), owner)
        for market, opens, best, ahead in _roads(asked, on)
    ]
    return (*steps.tasks.values(), *gates)


class _Steps:
    """Gathers approvals; a step that several markets need alike is one task.

    Attributes:
        euro: worth of one euro in the launch's currency.
        tasks: by code, each after what it waits for.
    """

    def __init__(self, owner: str, on: date, euro: float) -> None:
        self.owner, self.on, self.euro = owner, on, euro
        self.tasks: dict[str, Task] = {}
        self.known: dict[tuple[str, float, float, tuple[str, ...]], str] = {}

    def take(self, market: str, ahead: Road) -> tuple[str, ...]:
        """Codes of all steps of a road."""
        named: dict[str, str] = {}
        for activity in (timed.activity for timed in ahead.schedule.timed):
            after = tuple(named[need] for need in activity.needs)
            key = (activity.code, activity.days, activity.not_before, after)
            code = self.known.setdefault(key, self._free(activity.code))
            named[activity.code] = code
            known = self.tasks.get(code)
            self.tasks[code] = Task(
                code=code,
                name=activity.title,
                duration=_around(activity.days / DAYS_PER_WEEK),
                after=after,
                owner=self.owner,
                markets=frozenset({market}) | (known.markets if known is not None else frozenset()),
                not_before=self.on + timedelta(days=round(activity.not_before)),
                cost=activity.cost_eur * self.euro,
            )
        return tuple(named.values())

    def _free(self, written: str) -> str:
        """A code not taken yet: the same approval may be had by other ways elsewhere."""
        code = f"{APPROVAL}.{written.replace(' ', '-')}"
        taken = sum(1 for each in self.known.values() if each == code or each.startswith(f"{code}~"))
        return f"{code}~{taken + 1}" if taken else code


def opening_tasks(launch: Launch, openings: Iterable[Opening]) -> tuple[Task, ...]:
    """One task a new site of siting's plan; it is due by the end of the quarter in which siting lets it open."""
    owner = RETAIL if _has_role(launch, RETAIL) else ""
    found = []
    for one in openings:
        if one.opens is None:
            continue
        lead = max(one.lead, 1)
        found.append(
            Task(
                code=f"{OPENING}.{one.market}.{one.place.replace(' ', '-')}.{one.number}",
                name=f"open {one.place}",
                duration=_around(lead * WEEKS_A_QUARTER),
                owner=owner,
                markets=frozenset({one.market}),
                not_before=(one.opens + -lead).first_day,
                due=one.opens.last_day,
                cost=one.cost,
            )
        )
    return tuple(found)


def closing_tasks(launch: Launch, on: date) -> tuple[Task, ...]:
    """One dated event a row of stores.csv that closes within the launch, on the last day of its last quarter open.

    What had closed before the day asked about is no event any more.
    """
    owner, last = RETAIL if _has_role(launch, RETAIL) else "", launch.folder.terms.grid[-1]
    found = []
    for row in launch.folder.rows(StoreRow):
        if row.open_until is None or row.open_until >= last or row.open_until.last_day < on:
            continue
        many = f" ({row.count:,} stores)" if row.count > 1 else ""
        found.append(
            Task(
                code=f"{CLOSING}.{row.market}.{row.code}",
                name=f"close {row.city or row.code}{many}",
                duration=Duration(low=0, likely=0, high=0),
                owner=owner,
                markets=frozenset({row.market}),
                not_before=row.open_until.last_day,
                due=row.open_until.last_day,
            )
        )
    return tuple(found)


def _openings(launch: Launch) -> tuple[Opening, ...]:
    kept = kept_openings(launch)
    if kept:
        return kept
    return terms_of(launch, ask_sites(launch, Ask(model=Model.PHASES, work=SITING_WORK))).openings


def _roads(asked: Brief, on: date) -> list[tuple[str, Blocks, SaleDate, Road]]:
    """By market, the earliest road to unlimited sale and the earliest to a small series that comes before it."""
    net = network(asked.rulebook)
    found: dict[tuple[str, Blocks], tuple[SaleDate, Prospect, Ready, int]] = {}
    for vehicle in asked.vehicles:
        in_hand = hand(asked.rulebook, vehicle, asked.holding)
        when = ready(net, in_hand, on)
        for market in asked.markets:
            ahead = prospect(net, vehicle, law_of(asked.rulebook, market), in_hand, on)
            answer = read(ahead, market, when, on, asked.holding)
            for opens, best in ((Blocks.PILOT, answer.pilot), (Blocks.SCALE, answer.unlimited)):
                if best is None or best.day is None:
                    continue
                known = found.get((market, opens))
                if known is None or known[0].day is None or best.day < known[0].day:
                    found[market, opens] = (best, ahead, when, answer.routes.index(best))
    return [
        (market, opens, best, road(ahead, when, position, best))
        for (market, opens), (best, ahead, when, position) in found.items()
        if opens is Blocks.SCALE or _comes_first(best, found.get((market, Blocks.SCALE)))
    ]


def _comes_first(pilot: SaleDate, scale: tuple[SaleDate, Prospect, Ready, int] | None) -> bool:
    """Whether a small series may be sold before unlimited sale makes it needless."""
    return scale is None or scale[0].day is None or (pilot.day is not None and pilot.day < scale[0].day)


def _closing(market: str, opens: Blocks, best: SaleDate, ahead: Road, codes: tuple[str, ...], owner: str) -> Task:
    """All is shown: what blocks the market. Promises and the law may let it open only later than work takes."""
    assert best.day is not None
    waits = ahead.day is None or best.day > ahead.day
    what = "a small series" if opens is Blocks.PILOT else "unlimited sale"
    return Task(
        code=f"{APPROVAL}.{market}.{opens}",
        name=f"approvals for {what} complete",
        duration=Duration(low=0, likely=0, high=0),
        after=codes,
        owner=owner,
        markets=frozenset({market}),
        blocks=opens,
        not_before=max(best.day, ahead.on) if waits else ahead.on,
    )


def _around(weeks: float) -> Duration:
    return Duration(low=SOONER * weeks, likely=weeks, high=LATER * weeks)


def _has_role(launch: Launch, code: str) -> bool:
    return any(row.code == code for row in launch.folder.rows(RoleRow))
