"""What a question about an open launch is worth: a batch, a market, a shared factor, a fact."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from statistics import median

from beachhead.case.open import Launch
from beachhead.case.plan.planning import WORLDS, put_question
from beachhead.launch.information.batch_design import pilot_channel
from beachhead.launch.information.tornado import Swing, tornado
from beachhead.launch.information.worth import (
    BatchWorth,
    Known,
    Spread,
    batch_worth,
    know_everything,
    know_factors,
    know_facts,
    know_markets,
)
from beachhead.launch.question.problem import Problem
from beachhead.world.brief import brief
from beachhead.world.errors import BadInput
from beachhead.world.figures import how_many
from beachhead.world.market import Channel
from beachhead.world.quarter import Quarter
from beachhead.world.source import Grade

SPREADS = {Grade.A: 0.05, Grade.B: 0.15, Grade.C: 0.30}
"""How far off a fact of each grade may be, one standard deviation as a share of it (assumption, grade C)."""

LEAST_SHARE = 1e-3
"""What knowing something must be worth to be shown, as a share of a car's price: an hour of looking it up costs as much
(assumption). An amount would mean another thing in each currency."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Worth:
    """What questions about the launch are worth.

    Attributes:
        quarter: the quarter decided.
        currency: of all values.
        everything: value of knowing all demand before the next gate (EVPI).
        batches: batches asked about.
        markets: value of knowing each market's demand, largest first.
        factors: value of knowing what markets share, largest first.
        facts: value of knowing each fact for certain, largest first.
        swings: the largest assumptions; empty if not asked.
        least: what is worth less is as good as worth nothing, launch currency.
    """

    quarter: Quarter
    currency: str
    everything: float
    batches: tuple[BatchWorth, ...]
    markets: tuple[Known, ...]
    factors: tuple[Known, ...]
    facts: tuple[Known, ...]
    swings: tuple[Swing, ...]
    least: float

    __repr__ = brief


def ask_worth(
    launch: Launch,
    *,
    market: str | None = None,
    batches: tuple[int, ...] = (),
    channel: Channel | None = None,
    price_points: tuple[float, ...] = (),
    on: date | None = None,
    swings: bool = True,
    worlds: int = WORLDS,
    seed: int | None = None,
    tick: Callable[[int, int], None] | None = None,
) -> Worth:
    """The worth of questions, decisions that follow included.

    Args:
        launch: the launch.
        market: market of the batches; None for none.
        batches: cars; the menu's if none are named.
        channel: of the pilot; the one through which the plan would pilot if None.
        price_points: prices over list price; the menu's if none are named.
        on: the day; None for today.
        swings: whether to plan anew under each changed assumption.
        worlds: worlds played for each swing; more are where the launch seldom pays.
        seed: of those worlds; that of launch.toml if None.
        tick: called with (swings done, swings in all).
    """
    if market is None and batches:
        raise BadInput(f"a batch of {batches[0]} cars has no market", "name it with --market")
    if market is None and price_points:
        raise BadInput(f"a price of {price_points[0]:g} times list has no market", "name it with --market")
    if market is not None:
        launch.market(market)
    question = put_question(launch, on=on)
    problem = question.problem
    sizes = batches or (problem.menu.batches if market is not None else ())
    drawn = launch.folder.terms.seeds.plan if seed is None else seed
    regions = {m.code: m.region for m in launch.folder.markets}
    return Worth(
        quarter=question.now,
        currency=launch.folder.terms.currency,
        everything=know_everything(problem),
        batches=() if market is None else _batches(problem, market, sizes, channel, price_points),
        markets=know_markets(problem),
        factors=know_factors(problem, tuple(regions[code] for code in problem.markets)),
        facts=know_facts(problem, spreads(launch, problem)),
        swings=tornado(problem, drawn, worlds, tick=tick) if swings else (),
        least=least_worth(launch),
    )


def least_worth(launch: Launch) -> float:
    """What knowing something must be worth to be shown: `LEAST_SHARE` of the median price asked, launch currency."""
    prices = [price.amount for price in launch.folder.prices]
    return LEAST_SHARE * median(prices) if prices else 0.0


def worth_something(rows: Sequence[Known], least: float) -> tuple[Known, ...]:
    """Those worth `least` or more, in their order."""
    return tuple(row for row in rows if row.value > 0 and row.value >= least)


def named(what: str, names: Mapping[str, str]) -> str:
    """What could be known, with the market's name where it begins with a code."""
    code, _, rest = what.partition(" ")
    return f"{names[code]} {rest}".strip() if code in names else what


def worth_most_said(shown: int, worth: Sequence[Known]) -> str:
    """How much of what is worth something is shown; "" if all is."""
    return f"The {shown} worth most of {len(worth)}" if len(worth) > shown else ""


def worth_nothing_said(facts: Sequence[Known], least: float) -> str:
    """How many facts are worth nothing, in a sentence; "" if none is."""
    idle = len(facts) - len(worth_something(facts, least))
    if not idle:
        return ""
    of_all = f"Of {how_many(len(facts), 'fact')} {idle}" if idle < len(facts) else f"All {len(facts)} facts"
    are = "is" if idle == 1 and idle < len(facts) else "are"
    return f"{of_all} {are} worth nothing to know: by itself none would change what the plan does."


def _batches(
    problem: Problem, market: str, sizes: tuple[int, ...], channel: Channel | None, points: tuple[float, ...]
) -> tuple[BatchWorth, ...]:
    through, asked = channel or pilot_channel(problem, market), points or problem.menu.price_points
    return tuple(batch_worth(problem, market, size, through, point) for point in asked for size in sizes)


def spreads(launch: Launch, problem: Problem) -> tuple[Spread, ...]:
    """How uncertain each fact is, by the grade of its source; a market's weakest row counts."""
    grades = {m.code: m.source.grade for m in launch.folder.markets}
    rows: dict[str, Grade] = {}
    for row in launch.folder.economics:
        rows[row.market] = max(rows.get(row.market, Grade.A), row.source.grade)
    found = []
    for code in problem.markets:
        found.append(_spread(code, "demand", grades[code], "markets.csv, bev_per_year"))
        if code in rows:
            for field, column in (("capital", "capital"), ("opex", "opex_per_quarter"), ("margin", "unit_margin")):
                found.append(_spread(code, field, rows[code], f"economics.csv, {column}"))
    return tuple(found)


def _spread(market: str, field: str, grade: Grade, where: str) -> Spread:
    return Spread(market=market, field=field, share=SPREADS[grade], source=f"{where}, grade {grade.value}")
