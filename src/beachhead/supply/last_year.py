"""What the last year planned brings to each market: cars, where they are made, what one costs and earns."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from beachhead.supply.handback import Handback
from beachhead.supply.plan import SupplyPlan

Floats = NDArray[np.float64]

LOST = 0.02
"""Share of the planned cars that may be lost on the way before the rest counts as kept out."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MarketYear:
    """One market; expected over the futures, money a car in the launch's currency, NaN where an offer cannot come.

    Attributes:
        market: its number.
        cars: planned.
        kept_out: share of them that no quota, lane or margin lets in, 0..1; 0 where it is no more than what is lost on
            the way.
        made_in: (P,), share of the cars that arrive from each plant; 0 throughout where none do.
        landed: landed cost over the mix of offers.
        margin: likewise.
        margin_low: 10 % quantile over the futures.
        margin_high: 90 % quantile.
        exported: the margin if only plants that run already were used.
    """

    market: int
    cars: float
    kept_out: float
    made_in: Floats
    landed: float
    margin: float
    margin_low: float
    margin_high: float
    exported: float


def last_year(plan: SupplyPlan, back: Handback) -> tuple[MarketYear, ...]:
    """Markets with planned cars in it, the largest first."""
    network, weight, last = plan.network, plan.futures.probability, plan.network.last_year
    planned = np.tensordot(weight, plan.futures.cars, axes=1)[:, last].sum(axis=1)
    by_plant = np.tensordot(weight, plan.by_plant, axes=1)[:, :, last].sum(axis=2)
    found = []
    for m in np.argsort(-planned):
        if planned[m] <= 0:
            continue
        landed = network.mix[m] * back.landed[m, :, last].mean(axis=-1)
        margins = (back.margin, back.margin_low, back.margin_high, back.exported)
        margin, low, high, exported = (float(each[m, last].mean()) for each in margins)
        found.append(
            MarketYear(
                market=int(m),
                cars=float(planned[m]),
                kept_out=_kept_out(float(by_plant[:, m].sum() / planned[m])),
                made_in=by_plant[:, m] / max(float(by_plant[:, m].sum()), 1e-9),
                landed=float(landed[network.mix[m] > 0].sum()),
                margin=margin,
                margin_low=low,
                margin_high=high,
                exported=exported,
            )
        )
    return tuple(found)


def _kept_out(arriving: float) -> float:
    return 1.0 - arriving if arriving < 1.0 - LOST else 0.0
