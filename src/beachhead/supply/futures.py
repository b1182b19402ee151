"""What may come: planned cars, the turns the world takes and how long each plant takes to build, S draws together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from beachhead.supply.lane import WEEKS_PER_QUARTER
from beachhead.supply.network import Network
from beachhead.supply.plant import LeadTime
from beachhead.supply.tariff import Fork, Turn
from beachhead.world.outlook import Outlook

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Futures:
    """S draws of all that is uncertain.

    Attributes:
        cars: (S, M, T), planned cars to be delivered in each market and quarter.
        turns: (S, F), number of the label that each fork takes.
        lead_quarters: (S, P), whole quarters from commitment to the first car; learnt only by building.
        probability: (S,), summing to 1.
        seed: seed of turns and lead times.
    """

    cars: Floats
    turns: Ints
    lead_quarters: Ints
    probability: Floats
    seed: int

    def __post_init__(self) -> None:
        for name in ("cars", "turns", "lead_quarters", "probability"):
            array = np.array(getattr(self, name))
            array.setflags(write=False)
            object.__setattr__(self, name, array)
        if not len(self.cars) == len(self.turns) == len(self.lead_quarters) == len(self.probability):
            raise ValueError("the draws of cars, turns, lead times and probabilities differ in number")
        if abs(self.probability.sum() - 1) > 1e-9 or (self.probability <= 0).any():
            raise ValueError("probabilities of the draws must be positive and sum to 1")

    def turns_of(self, network: Network, draw: int) -> frozenset[Turn]:
        """The ways the world goes in one draw."""
        labels = zip(network.forks, self.turns[draw], strict=True)
        return frozenset(Turn(fork=fork.name, label=fork.labels[number]) for fork, number in labels)


def draw_futures(network: Network, planned: Outlook, *, seed: int) -> Futures:
    """Join the draws of planned cars with turns and lead times, drawn evenly over their distributions.

    Turns and lead times are independent of demand; each is sampled systematically (one stratum a draw, in random
    order), so that odds come out as stated even with few draws.
    """
    planned.require(tuple(market.code for market in network.markets), network.quarters)
    draws = len(planned.values)
    rng = np.random.default_rng(seed)
    turns = np.zeros((draws, len(network.forks)), dtype=np.int64)
    for number, fork in enumerate(network.forks):
        turns[:, number] = _labels(fork, _strata(rng, draws))
    leads = np.zeros((draws, len(network.plants)), dtype=np.int64)
    for number, plant in enumerate(network.plants):
        weeks = _weeks(plant.lead, _strata(rng, draws))
        leads[:, number] = np.ceil(weeks / WEEKS_PER_QUARTER - 1e-9)
    return Futures(
        cars=planned.values,
        turns=turns,
        lead_quarters=leads,
        probability=np.full(draws, 1 / draws),
        seed=seed,
    )


def keep(futures: Futures, draws: Ints) -> Futures:
    """Only these draws, their probabilities scaled to 1."""
    share = futures.probability[draws]
    return Futures(
        cars=futures.cars[draws],
        turns=futures.turns[draws],
        lead_quarters=futures.lead_quarters[draws],
        probability=share / share.sum(),
        seed=futures.seed,
    )


def _strata(rng: np.random.Generator, draws: int) -> Floats:
    """(S,), one uniform number from each of S equal strata, in random order."""
    return rng.permutation((np.arange(draws) + rng.random(draws)) / draws)


def _labels(fork: Fork, uniform: Floats) -> Ints:
    edges = np.cumsum(fork.odds)[:-1]
    return np.searchsorted(edges, uniform, side="right").astype(np.int64)


def _weeks(lead: LeadTime, uniform: Floats) -> Floats:
    """Inverse of the triangular distribution."""
    span = lead.high - lead.low
    if span == 0:
        return np.full(len(uniform), lead.likely)
    turn = (lead.likely - lead.low) / span
    rising = lead.low + np.sqrt(uniform * span * (lead.likely - lead.low))
    falling = lead.high - np.sqrt((1 - uniform) * span * (lead.high - lead.likely))
    return np.where(uniform < turn, rising, falling)
