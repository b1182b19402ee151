"""Market research on an open launch: which facts are doubted, and what knowing them is worth to its plan."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from beachhead.case.belief.spending import Spending, spending_of
from beachhead.case.belief.studies import folder_evidence
from beachhead.case.clock import today
from beachhead.case.open import Launch
from beachhead.case.plan.planning import Question, put_question
from beachhead.case.plan.shut import Shut, listed, shut_said
from beachhead.case.plan.worth import least_worth
from beachhead.evidence.tables.economics import EconomicsRow
from beachhead.launch.information.research import TOP, Doubt, Research, Screened, State, Worth, research
from beachhead.launch.question.action import Standing
from beachhead.world.brief import brief
from beachhead.world.economics import Economics
from beachhead.world.evidence import Evidence
from beachhead.world.figures import percent
from beachhead.world.market import Market, Stage
from beachhead.world.source import Grade, Source

LEVEL_SD = {Grade.A: 0.03, Grade.B: 0.12, Grade.C: 0.3}
"""What a number of each grade leaves open, sd of its log (grade C itself)."""
MONEY_SD = {Grade.A: 0.05, Grade.B: 0.15, Grade.C: 0.3}
DRIFT_SD = 0.15
"""How far a market's size moves in a year, sd of the log, where nobody has looked again (yearly changes of the
electric-car markets of 23 countries, 2019 to 2025; rounded)."""
GROWTH_YEARS = 2.5
GROWTH_SD = {Grade.A: 0.03, Grade.B: 0.05, Grade.C: 0.08}
STALE_DAYS = 548
LOOKED_AT = 3
SURE = 0.9
PREDICTORS = {
    "phone_share": 0.10,
    "public_fast_chargers_points": 0.03,
    "household_electricity_usd_per_kwh": 0.02,
    "people_in_flats_share": 0.02,
    "gdp_per_head_ppp_usd": 0.04,
}
"""Facts that may foretell a newcomer's share, by the end of their name, with the share of the variance of log demand
that they are hoped to explain (grade C: the maker's phone share correlates at .38 with a newcomer's share, on 17
points; the others are guesses)."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Researched:
    """The answer to `beachhead research`.

    Attributes:
        question: what is believed, and where the launch stands.
        found: screen and facts.
        studies: outside evidence that the belief already holds.
        spending: what awareness and showcases of exposure.csv do, one a market with spending.
        least: what is worth less is as good as worth nothing, launch currency.
    """

    question: Question
    found: Research
    studies: tuple[Evidence, ...]
    spending: tuple[Spending, ...]
    least: float

    __repr__ = brief


def screen_said(screen: Sequence[Screened], names: Mapping[str, str], shut: Sequence[Shut] = ()) -> str:
    """Which open markets are best to look at, whether their median return bears that out, and what opens the others.

    Args:
        screen: the markets, best first.
        names: of the markets, by code.
        shut: those that cannot be scaled within the horizon, with what shuts them.
    """
    if not screen:
        return "No market abroad that might be entered has economics to screen by."
    best = [s for s in screen if s.can_open][:LOOKED_AT]
    closed = {s.market for s in screen if not s.can_open}
    opened_by = shut_said([each for each in shut if each.market in closed], names)
    said = " ".join(part for part in (_best_said(best, names), opened_by) if part)
    if len(screen) <= TOP:
        return said
    sure = sum(s.top_odds >= SURE for s in screen[:TOP])
    there = "is" if sure == 1 else "are"
    return f"{said} Of the first {TOP}, {sure or 'none'} {there} there with odds of {percent(SURE)} or more."


def settled_said(standings: Mapping[str, Standing], names: Mapping[str, str]) -> str:
    """Which markets abroad are no longer screened, and why; "" where all are.

    Args:
        standings: where every market stands, by code.
        names: of the markets, by code.
    """

    def those(stage: Stage) -> list[str]:
        return [names[code] for code, at in standings.items() if at.stage is stage and not at.is_home]

    scaled, left = those(Stage.SCALED), those(Stage.EXITED)
    told = (f"Scaled already: {listed(scaled)}." if scaled else "", f"Left: {listed(left)}." if left else "")
    return " ".join(filter(None, told))


def _best_said(best: Sequence[Screened], names: Mapping[str, str]) -> str:
    if not best:
        return "No market can be scaled within the plan's horizon, so none is best to look at now."
    pays = [names[s.market] for s in best if s.score > 0]
    loses = [names[s.market] for s in best if s.score <= 0]
    if not pays:
        return f"Best to look at, though none covers its fixed cost at its median demand: {listed(loses)}."
    if loses:
        them = "does not cover its" if len(loses) == 1 else "do not cover their"
        return f"Best to look at: {listed(pays)}. At median demand {listed(loses)}, next in order, {them} fixed cost."
    return f"Best to look at: {listed(pays)}."


def ask_research(launch: Launch, *, on: date | None = None, seed: int | None = None) -> Researched:
    """Screen the markets of a launch and order its doubtful facts by what knowing them is worth.

    Args:
        launch: the launch.
        on: the day; None for today.
        seed: of the draws; that of the outlook in launch.toml if None.
    """
    question = put_question(launch, on=on)
    found = research(
        question.problem,
        tuple(doubts(launch, question, on or today())),
        seed=launch.folder.terms.seeds.outlook if seed is None else seed,
    )
    return Researched(
        question=question,
        found=found,
        studies=folder_evidence(launch),
        spending=spending_of(launch, question.held.exposed, question.now),
        least=least_worth(launch),
    )


def worth_checking(found: Researched) -> tuple[Worth, ...]:
    """Facts whose settling is worth `least` or more, most worth first."""
    return tuple(worth for worth in found.found.facts if worth.worth > 0 and worth.worth >= found.least)


def effect_worth(found: Researched, market: str) -> float | None:
    """What knowing the effect of spending in a market is worth to the plan; None where it is no question for it."""
    asked = [w.worth for w in found.found.facts if w.doubt.market == market and w.doubt.table == "exposure"]
    return asked[0] if asked else None


def doubts(launch: Launch, question: Question, today: date) -> Iterator[Doubt]:
    """Every fact about a market abroad that is stale, weak or missing."""
    variance = {code: question.problem.belief.cov[m, m] for m, code in enumerate(question.problem.markets)}
    common = _common_facts(launch)
    for market in launch.folder.markets:
        if market.is_home or market.code not in variance:
            continue
        yield from _size_doubts(market, today)
        rows = [pair for pair in _economics_as_written(launch) if pair[0].market == market.code]
        if rows:
            best, written = max(rows, key=lambda pair: pair[0].unit_margin * pair[0].reach)
            yield from _money_doubts(best, written, launch.folder.terms.currency, today)
        yield from _missing(market, common, float(variance[market.code]))
    for spent in spending_of(launch, question.held.exposed, question.now):
        if spent.log_sd > 0 and not launch.market(spent.market).is_home:
            yield Doubt(
                market=spent.market,
                table="exposure",
                field="effect",
                states=(State.WEAK,),
                value=spent.gain,
                grade=spent.source.grade.value,
                age_days=None,  # it is the maker's own effect that is doubted, not the age of the studies
                log_sd=spent.log_sd,
            )


def _size_doubts(market: Market, today: date) -> Iterator[Doubt]:
    said = market.source
    years = max(0.0, (today - said.as_of).days / 365.25)
    level = (LEVEL_SD[said.grade] ** 2 + DRIFT_SD**2 * max(0.0, years - 1)) ** 0.5
    yield _doubt(market.code, "markets", "bev_per_year", market.bev_per_year, said, today, level)
    # the source grades the level; growth is a forecast, so one grade worse
    grade = {Grade.A: Grade.B}.get(said.grade, Grade.C)
    growth = Source(who=said.who, as_of=said.as_of, grade=grade)
    spread = GROWTH_SD[grade] * GROWTH_YEARS
    yield _doubt(market.code, "markets", "bev_growth", market.bev_growth, growth, today, spread)


def _economics_as_written(launch: Launch) -> list[tuple[Economics, EconomicsRow]]:
    """The rows of economics.csv in the launch's currency, and as they stand there."""
    return list(zip(launch.folder.economics, launch.folder.rows(EconomicsRow), strict=True))


def _money_doubts(row: Economics, written: EconomicsRow, currency: str, today: date) -> Iterator[Doubt]:
    for field, value in (("unit_margin", written.unit_margin), ("capital", written.capital)):
        spread = MONEY_SD[row.source.grade] * (1.0 if field == "unit_margin" else 0.5)  # half of break-even is capital
        found = _doubt(row.market, "economics", field, value, row.source, today, spread)
        yield replace(found, channel=row.channel.value, currency=written.currency or currency)


def _missing(market: Market, common: frozenset[str], variance: float) -> Iterator[Doubt]:
    held = {fact.name for fact in market.facts}
    for name in sorted(common - held):
        explained = next((share for ending, share in PREDICTORS.items() if name.endswith(ending)), None)
        if explained is not None:
            yield Doubt(
                market=market.code,
                table="facts",
                field=name,
                states=(State.MISSING,),
                value=None,
                grade="",
                age_days=None,
                log_sd=(explained * variance) ** 0.5,
            )


def _common_facts(launch: Launch) -> frozenset[str]:
    return frozenset(fact.name for market in launch.folder.markets for fact in market.facts)


def _doubt(market: str, table: str, field: str, value: float, said: Source, today: date, log_sd: float) -> Doubt:
    age = (today - said.as_of).days
    stale = (State.STALE,) if age > STALE_DAYS else ()
    weak = (State.WEAK,) if said.grade is not Grade.A else ()
    return Doubt(
        market=market,
        table=table,
        field=field,
        states=(*stale, *weak),
        value=value,
        grade=said.grade.value,
        age_days=age,
        log_sd=log_sd,
    )
