"""A small covering problem solved as a mixed-integer programme by HiGHS: the exact finish where prices leave a gap.

Prices know budgets only as tolls and conflicts not at all, and the search moves one site at a time; where few sites and
few people are left over, neither is exact. `x_jt` is 1 where site j stands in period t, `y_it` the part of customer i
that is covered then: `y_it <= sum of x_jt that reach i`, `x_jt <= x_j,t+1`, and what is used up to t is within what was
saved up to t.
"""

from __future__ import annotations

from dataclasses import dataclass

import highspy
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from beachhead.siting.field import Floats, Ints
from beachhead.siting.ground import Ground
from beachhead.siting.programme import run_tree, to_the_end
from beachhead.world.highs import lp_of
from beachhead.world.work import Meter


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CoverFinish:
    """What HiGHS found.

    Attributes:
        opens: (J,), opening periods, T for never; None if it found no schedule that keeps every budget to the cent.
        bound: no schedule is worth more; inf where none was proved.
    """

    opens: Ints | None
    bound: float


def entries(ground: Ground) -> int:
    """About how many entries the programme of a ground has."""
    return ground.periods * (len(ground.reach.item) + len(ground.people) + 4 * ground.sites)


def finish_cover(ground: Ground, *, start: Ints, work: float, meter: Meter) -> CoverFinish:
    """Solve the ground from a known schedule within `work` units; the best so far where they do not do."""
    sites, periods = ground.sites, ground.periods
    highs = to_the_end(_model(ground))
    stands = (start[:, None] <= np.arange(periods)).astype(float).ravel()
    highs.setSolution(len(stands), np.arange(len(stands), dtype=np.int32), stands)
    run_tree(highs, meter, work)
    info = highs.getInfo()
    opens = None
    if info.primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible:
        value = np.array(highs.getSolution().col_value[: sites * periods]).reshape(sites, periods)
        opens = (periods - (value > 0.5).sum(axis=1)).astype(np.int32)
        opens = opens if _is_paid(ground, opens) else None
    bound = -float(info.mip_dual_bound)
    return CoverFinish(opens=opens, bound=bound if np.isfinite(bound) else np.inf)


def _model(ground: Ground) -> highspy.HighsLp:
    """Least of minus the worth; columns are sites by period, then customers by period."""
    sites, periods = ground.sites, ground.periods
    opened = sites * periods
    columns = opened + len(ground.people) * periods
    blocks = [_reached(ground), _nested(ground), *_budgets(ground), _apart(ground)]
    rows = [len(most) for _, _, _, most in blocks]
    first = np.cumsum([0, *rows])
    row = np.concatenate([at + begin for (at, _, _, _), begin in zip(blocks, first, strict=False)])
    column, value = (np.concatenate([block[k] for block in blocks]) for k in (1, 2))
    stands = (ground.kept[:, None] & (ground.since[:, None] <= np.arange(periods))).ravel()
    may = stands | np.repeat(~ground.kept, periods)
    return lp_of(
        cost=np.concatenate([np.zeros(opened), -_worth(ground).ravel()]),
        lower=np.concatenate([stands.astype(float), np.zeros(columns - opened)]),
        upper=np.concatenate([may.astype(float), np.ones(columns - opened)]),
        matrix=csr_array((value, (row, column)), shape=(sum(rows), columns)),
        row_lower=np.full(sum(rows), -np.inf),
        row_upper=np.concatenate([most for _, _, _, most in blocks]),
        whole=np.arange(columns) < opened,
    )


def _worth(ground: Ground) -> Floats:
    """(I, T), what a candidate gains that covers a customer in a period; nothing where a site that closes does so."""
    worth = np.outer(ground.people, ground.worth)
    return worth if ground.leaving is None else np.where(ground.leaving, 0.0, worth)


_Block = tuple[NDArray[np.int64], NDArray[np.int64], Floats, Floats]
"""Rows, columns and values of entries, and the most that each row may come to."""


def _reached(ground: Ground) -> _Block:
    """Nobody is covered whom no open site reaches."""
    customers, periods = len(ground.people), ground.periods
    when = np.arange(periods)
    of = np.repeat(np.arange(customers), np.diff(ground.reach.ptr))
    own = np.arange(customers * periods)
    row = np.concatenate([own, (of[:, None] * periods + when).ravel()])
    column = np.concatenate([ground.sites * periods + own, (ground.reach.item[:, None] * periods + when).ravel()])
    value = np.concatenate([np.ones(len(own)), np.full(len(of) * periods, -1.0)])
    return row, column, value, np.zeros(len(own))


def _nested(ground: Ground) -> _Block:
    """A site stays open."""
    sites, steps = ground.sites, ground.periods - 1
    begin = (np.arange(sites)[:, None] * ground.periods + np.arange(steps)).ravel()
    row = np.arange(sites * steps)
    value = np.concatenate([np.ones(len(row)), np.full(len(row), -1.0)])
    return np.concatenate([row, row]), np.concatenate([begin, begin + 1]), value, np.zeros(len(row))


def _budgets(ground: Ground) -> list[_Block]:
    """What new sites use up to each period, as a share of what was saved up to then, or of the dearest site."""
    found = []
    dearest = max(float(ground.price.max(initial=0.0)), 1e-12)
    for of, saved in _savings(ground):
        for t in np.flatnonzero(np.isfinite(saved)):
            unit = max(float(saved[t]), dearest)
            row = np.zeros(len(of), np.int64)
            found.append((row, of * ground.periods + t, ground.price[of] / unit, np.array([saved[t] / unit])))
    return found


def _savings(ground: Ground) -> list[tuple[NDArray[np.int64], Floats]]:
    """New sites of each group, then of all, with what they may use up to each period, (T,)."""
    new = ~ground.kept
    groups = [(np.flatnonzero(new & (ground.group == g)), np.cumsum(own)) for g, own in enumerate(ground.budget)]
    return [*groups, (np.flatnonzero(new), np.cumsum(ground.total))]


def _apart(ground: Ground) -> _Block:
    """Of two sites too close one is open at most; those that stand already stand."""
    first = np.repeat(np.arange(ground.sites), np.diff(ground.conflict.ptr))
    second = ground.conflict.item
    pairs = np.column_stack([first, second])[(first < second) & ~(ground.kept[first] & ground.kept[second])]
    last = pairs * ground.periods + ground.periods - 1
    return np.repeat(np.arange(len(pairs)), 2), last.ravel(), np.ones(2 * len(pairs)), np.ones(len(pairs))


def _is_paid(ground: Ground, opens: Ints) -> bool:
    """Whether no budget is overdrawn, by the measure of the search; HiGHS allows itself a little more."""
    for of, saved in _savings(ground):
        used = [ground.price[of][opens[of] <= t].sum() for t in range(ground.periods)]
        if (np.array(used) > saved + 1e-9).any():
            return False
    return True
