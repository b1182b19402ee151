"""What a change of price, trim list or mix in one market is about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from beachhead.belief.choice import OfferList
from beachhead.world.market import Channel


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Stake:
    """What a change in one market is about; money in the launch's currency.

    Attributes:
        offers: what is on offer, at the prices asked now.
        margins: (J,) contribution of a car of each offer at those prices.
        kept: share of a price change that reaches the maker, after tax and the channel's cut.
        net: (J,) net price of each offer.
        shipped: (J,) shares of the offers in what is shipped, adding to 1.
        mix_counts: (J,) cars of each offer sold so far.
        stated_mix: (J,) cars that choice experiments on the mix are worth; empty if there were none.
        served: share of the demand at full scale that the channel serves, path of the coming year included.
        test_reach: share of the demand that a price test would reach.
        size: cars of all makers sold a year.
        channel: channel sold through.
        car_price: what a car is worth elsewhere (shadow price of cars), taken off every margin.
        penalised: true if the maker's nationality costs it buyers there.
    """

    offers: OfferList
    margins: tuple[float, ...]
    kept: float
    net: tuple[float, ...]
    shipped: tuple[float, ...]
    mix_counts: tuple[int, ...]
    served: float
    test_reach: float
    size: float
    channel: Channel
    car_price: float = 0.0
    penalised: bool = False
    stated_mix: tuple[float, ...] = ()


def split_margin(
    unit_margin: float, net: Sequence[float], costs: Sequence[float | None], mix: Sequence[float], cut: float
) -> tuple[float, ...]:
    """Contribution of each offer such that their mean over the mix is the channel's unit margin.

    What the unit margin leaves for cost is spread over the offers in proportion to their ex-works cost, or to their
    net price where a cost is missing.

    Args:
        unit_margin: mean contribution a car.
        net: (J,) net prices.
        costs: (J,) ex-works costs, any one currency; None where not known.
        mix: (J,) adding to 1.
        cut: share of the net price that stays with the channel.
    """
    known = [c for c in costs if c is not None]
    spread = np.array(known if len(known) == len(costs) else net, dtype=np.float64)
    earned = (1 - cut) * np.array(net, dtype=np.float64)
    weight = np.array(mix, dtype=np.float64)
    cost = float(weight @ earned) - unit_margin
    return tuple(float(v) for v in earned - cost * spread / float(weight @ spread))
