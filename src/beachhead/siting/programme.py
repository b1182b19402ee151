"""The only place of this room that runs HiGHS: one thread, and limits in nodes, so that it does the same anywhere."""

from __future__ import annotations

import highspy

from beachhead.siting.pace import LOADED, PIVOT, TREE_NODE
from beachhead.world.highs import opened
from beachhead.world.work import Meter


def to_the_end(lp: highspy.HighsLp) -> highspy.Highs:
    """The model, to be solved without a gap."""
    return opened(lp, mip_rel_gap=0.0, mip_abs_gap=1e-6)


def run(highs: highspy.Highs, meter: Meter) -> None:
    """Solve to the end, as a linear programme may be, and book what it took."""
    highs.run()
    _book(highs, meter)


def run_tree(highs: highspy.Highs, meter: Meter, work: float) -> None:
    """Solve with `work` units for the tree at most, no more than the meter has left, and book what it took.

    HiGHS counts nodes but not pivots within its tree: the root is always finished, and the nodes are limited by what
    one of a programme of this size takes. The clock binds only where the meter has one.
    """
    units = min(work, meter.left)
    if units < float("inf"):
        nodes = units / (TREE_NODE * max(highs.getNumNz(), 1))
        highs.setOptionValue("mip_max_nodes", int(min(max(nodes, 1), 2**31 - 1)))
    if meter.seconds_left < float("inf"):
        # HiGHS counts its clock over all runs of a model
        highs.setOptionValue("time_limit", highs.getRunTime() + max(meter.seconds_left, 0.1))
    highs.run()
    _book(highs, meter)
    meter.by_clock = meter.by_clock or highs.getModelStatus() == highspy.HighsModelStatus.kTimeLimit


def _book(highs: highspy.Highs, meter: Meter) -> None:
    pivots = max(highs.getInfo().simplex_iteration_count, 0)
    meter.charge((LOADED + pivots * PIVOT) * highs.getNumNz())
