"""The clairvoyant programme of one world written out, so that a stranger can check the bound with another solver.

The proof of the bound has two steps (docs/explanation/launch-policy.md). The file holds both for one world: its optimum
is what no plan can exceed there, and the plan's own course stands in it as a point that keeps every row.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from beachhead.launch.aim.steer import Course
from beachhead.launch.bound.clairvoyant import Programme, Ways, as_is, highest, list_ways, programme
from beachhead.launch.policy.play import Played, World, play_towards
from beachhead.launch.policy.shadow_prices import pilots_may_earn
from beachhead.launch.policy.value import profit_after
from beachhead.launch.question.kernel_terms import EXITED, OUT, SCALED, Floats, Position, Terms, under
from beachhead.launch.question.problem import Problem
from beachhead.world.algebra import row_text

MILLION = 1e6
_DIGITS = 9


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Algebra:
    """The clairvoyant programme of one world with names, and the plan's own course in it.

    Attributes:
        columns: N names.
        rows: R names.
        asked: the programme, launch currency and cars.
        carrying_on: value of carrying on as is in this world, which bound and value are over.
        pilots_may_earn: the most that pilots could bring, which the bound adds.
        course: (N,), the plan's own course as a point of the programme.
        pilots: what the plan's pilots cost in this world, outside the programme.
    """

    columns: tuple[str, ...]
    rows: tuple[str, ...]
    asked: Programme
    carrying_on: float
    pilots_may_earn: float
    course: Floats
    pilots: float

    @property
    def bound(self) -> float:
        """What no plan can exceed in this world, over carrying on as is."""
        best = highest(self.asked, len(self.columns)) if self.columns else 0.0
        return best + self.pilots_may_earn - self.carrying_on

    @property
    def earned(self) -> float:
        """What the plan earns in this world, over carrying on as is."""
        return float(self.asked.cost @ self.course) - self.carrying_on - self.pilots


def write_out(problem: Problem, course: Course, world: World) -> Algebra:
    """The programme of one world, the plan played in it.

    Ways that no best answer takes are left out (`bound.list_ways`), but for those that the plan itself took.

    Args:
        problem: the launch.
        course: the plan, as set by `steer.set_course`.
        world: told.
    """
    terms, position, demand = under(course.terms, world.scenario), course.position, np.exp(world.theta)
    played = play_towards(*course, world)
    can_pay = list_ways(terms, position, demand, np.zeros((*terms.capital.shape, terms.path.shape[1])))
    ways, taken = _with_own(can_pay, _own_ways(terms, position, demand, played))
    asked = programme(terms, position, demand, ways)
    groups = _groups(ways)
    point = np.concatenate([taken, *(played.sold[:, i] * (played.route[i] == c) for i, c in groups)])
    idle = as_is(terms, position, demand)
    return Algebra(
        columns=(*_way_names(problem, ways), *_by_quarter(problem, "sold", groups)),
        rows=_row_names(problem, groups),
        asked=asked,
        carrying_on=idle,
        pilots_may_earn=pilots_may_earn(terms, position),
        course=point,
        pilots=float(asked.cost @ point) - played.value,
    )


def _own_ways(terms: Terms, position: Position, demand: Floats, played: Played) -> Ways:
    """The way in which the plan ran each market that it scaled or kept."""
    T = terms.path.shape[1]
    rows = []
    for i in np.flatnonzero((position.stage == SCALED) | (played.stage == SCALED).any(axis=0)).tolist():
        is_new, c = position.stage[i] == OUT, int(played.route[i])
        start = int(np.argmax(played.stage[:, i] == SCALED)) if is_new else int(position.since[i])
        left = played.stage[:, i] == EXITED
        end = int(np.argmax(left)) if left.any() else T
        rows.append((i, c, start, end, _fixed_money(terms, i, c, start, end, float(demand[i]), bool(is_new)), is_new))
    market, route, begin, last, money, new = np.array(rows, dtype=np.float64).reshape(-1, 6).T
    whole = [column.astype(np.int64) for column in (market, route, begin, last, new)]
    return Ways(whole[0], whole[1], whole[2], whole[3], money, whole[4])


def _fixed_money(terms: Terms, i: int, c: int, start: int, end: int, demand: float, is_new: bool) -> float:
    """Capital, opex, salvage and what comes after the horizon, discounted: all but the cars sold before it."""
    T = terms.path.shape[1]
    weights = terms.discount ** np.arange(T + 1)
    money = (
        -weights[max(start, 0) : end].sum() * terms.opex[i, c] - is_new * weights[max(start, 0)] * terms.capital[i, c]
    )
    if end < T:
        return float(money + weights[end] * terms.salvage[i, c])
    return float(money + weights[T] * terms.tail * profit_after(terms, i, c, start, demand))


def _with_own(listed: Ways, own: Ways) -> tuple[Ways, Floats]:
    """Both, in order of market, each once; and (N,) 1 where it is the plan's own."""
    keys = [tuple(row) for row in np.column_stack(listed[:4]).tolist()]
    mine = [tuple(row) for row in np.column_stack(own[:4]).tolist()]
    new = [k for k, key in enumerate(mine) if key not in set(keys)]
    both = Ways._make(np.concatenate([a, b[new]]) for a, b in zip(listed, own, strict=True))
    order = np.argsort(both.market, kind="stable")
    taken = np.array([key in set(mine) for key in (*keys, *(mine[k] for k in new))], dtype=np.float64)
    return Ways._make(a[order] for a in both), taken[order]


def _groups(ways: Ways) -> list[tuple[int, int]]:
    """(market, route) in the order in which the programme numbers them."""
    return list(dict.fromkeys(zip(ways.market.tolist(), ways.route.tolist(), strict=True)))


def _way_names(problem: Problem, ways: Ways) -> Iterator[str]:
    quarters = problem.quarters
    for i, c, start, end, is_new in zip(ways.market, ways.route, ways.start, ways.end, ways.is_new, strict=True):
        name = ("enter_" if is_new else "keep_") + _place(problem, int(i), int(c))
        name += f"_{quarters[start]}" if is_new else ""
        yield name + (f"_leave_{quarters[end]}" if end < len(quarters) else "")


def _row_names(problem: Problem, groups: list[tuple[int, int]]) -> tuple[str, ...]:
    years = sorted({quarter.year for quarter in problem.quarters})
    return (
        *(f"once_{_plain(code)}" for code in problem.markets),
        *(f"capital_{year}" for year in years),
        *(f"starts_{quarter}" for quarter in problem.quarters),
        *(f"cars_{quarter}" for quarter in problem.quarters),
        *_by_quarter(problem, "demand", groups),
    )


def _by_quarter(problem: Problem, what: str, groups: list[tuple[int, int]]) -> Iterator[str]:
    return (f"{what}_{_place(problem, i, c)}_{quarter}" for i, c in groups for quarter in problem.quarters)


def _place(problem: Problem, i: int, c: int) -> str:
    channel = problem.channels[i][c]
    return f"{_plain(problem.markets[i])}_{channel.value if channel else c}"


def _plain(code: str) -> str:
    """A market code in the characters that .lp files allow in names."""
    return re.sub(r"[^A-Za-z0-9_.]", "_", code)


def spell(algebra: Algebra, currency: str, told: str) -> str:
    """The programme as text in the .lp format, money in millions.

    Args:
        algebra: the programme.
        currency: of the launch.
        told: the launch, its quarter and the world, in words.
    """
    asked, names = algebra.asked, algebra.columns
    unit = np.where([row.startswith("capital_") for row in algebra.rows], MILLION, 1.0)
    by_row: dict[int, list[tuple[float, str]]] = {}
    for row, column, value in zip(asked.row, asked.column, asked.value, strict=True):
        by_row.setdefault(int(row), []).append((float(value) / unit[row], names[column]))
    objective = [(cost / MILLION, name) for cost, name in zip(asked.cost, names, strict=True)]
    aside = [
        (-algebra.carrying_on / MILLION, "carrying_on_as_is"),
        (algebra.pilots_may_earn / MILLION, "pilots_may_earn"),
    ]
    aside = [(value, name) for value, name in aside if value != 0.0]
    lines = [
        *_preface(algebra, currency, told),
        "maximize",
        *row_text("value", [*objective, *aside], digits=_DIGITS),
        "subject to",
    ]
    for r, terms in sorted(by_row.items()):
        holds = "=" if asked.lower[r] == asked.upper[r] else "<="
        lines += row_text(algebra.rows[r], terms, f"{holds} {asked.upper[r] / unit[r]:.{_DIGITS}g}", digits=_DIGITS)
    lines += ["bounds", *(f" {name} = 1" for _, name in aside), "end"]
    taken = [f"\\ {names[k]} = {algebra.course[k]:.9g}" for k in np.flatnonzero(algebra.course)]
    return "\n".join(
        [*lines, "\\ The plan's own course in this world, a point that keeps every row; all others 0:", *taken, ""]
    )


def _preface(algebra: Algebra, currency: str, told: str) -> Iterable[str]:
    money = (algebra.bound, algebra.earned, algebra.pilots, algebra.earned + algebra.pilots)
    bound, earned, pilots, worth = (f"{round(value / MILLION, 9) + 0.0:.9g}" for value in money)
    return (
        f"\\ {told}: the best that anyone could do who knew all demand in this world.",
        f"\\ Money in million {currency}, discounted to the first quarter, over carrying on as is; cars in cars.",
        "\\ enter_MARKET_CHANNEL_START[_leave_QUARTER]: share of the market entered so; keep_: entered before.",
        "\\ sold_MARKET_CHANNEL_QUARTER: cars sold. Rows: a market once; limits; cars sold at most demand.",
        "\\ Ways that no best answer takes are left out, but for those that the plan itself took.",
        f"\\ Optimum: {bound}. The plan earns {earned} after {pilots} for its pilots, which stand outside the",
        f"\\ programme: its course, at the end, is worth {worth} in it.",
    )
