"""The proof that goes with a plan: what no plan could have earned more than."""

from __future__ import annotations

from dataclasses import dataclass

from beachhead.launch.estimate import Estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """Value of the plan and an upper bound on the value of any plan, on the same worlds.

    Attributes:
        value: expected net present value of the plan over carrying on as is, launch currency.
        bound: what no plan that cannot see the future could earn more than, in expectation.
        gap: bound less value, paired by world.
        share: value / bound; None where the bound is not positive, and where the error of the value is unknown.
        method: how the bound was found.
        committed: value of the markets entered already if nothing more is done, the home market aside; None if none.
        after: what of the value is counted after the horizon, over carrying on as is; None where it was not told.
    """

    value: Estimate
    bound: Estimate
    gap: Estimate
    share: float | None
    method: str
    committed: Estimate | None = None
    after: Estimate | None = None
