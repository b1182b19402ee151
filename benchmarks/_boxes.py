"""Pandora's problem written as a launch: an optimal-stopping problem whose value is known, for plan and bound to meet.

Weitzman (1979, Econometrica 47, 641-654): boxes i hold independent prizes x_i; opening one costs c_i and takes a
period; at most one prize may be taken, or none; when to stop, and which box next? Open the closed box of the highest
reservation value z_i, E max(x_i - z_i, 0) = c_i, until a prize found is larger than every z left. That is worth
E max(0, max_i min(x_i, z_i)) (Kleinberg, Waggoner & Weyl 2016, lemma 1).

A box is a market, opening it a pilot, taking its prize a scaling for which there is capital once; nothing is discounted
and nothing is sold before the last quarter, so waiting costs nothing. Prizes are log-normal less the capital, and so
dear that none is taken unseen: their mean is not above zero. Demand is read with a little noise, so the known value is
above what any plan can reach; the bound must be above it all the same, for its pilots tell at least as much.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
from scipy import integrate, optimize
from scipy.special import ndtr

from beachhead.belief.belief import Belief
from beachhead.launch.bound.clairvoyant import clairvoyant
from beachhead.launch.bound.control import SCORES, control_variate, controlled
from beachhead.launch.bound.penalised import penalised
from beachhead.launch.bound.revealed import split_own
from beachhead.launch.draws import draw_scores, draw_worlds
from beachhead.launch.estimate import Estimate
from beachhead.launch.policy.play import World, play
from beachhead.launch.question.action import PilotMenu
from beachhead.launch.question.problem import Problem, assemble
from beachhead.launch.scene import set_up
from beachhead.world.economics import Economics, Limits
from beachhead.world.market import Channel
from beachhead.world.quarter import Quarter, grid
from beachhead.world.source import Grade, Source

MARGIN = 4000.0
BATCH = 10**6
_KAPPA = 120.0
"""A pilot reads log demand with a standard deviation of about 1 / sqrt(kappa)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """A closed box: its prize is `worth` x LogNormal(0, sd) less `capital`.

    Attributes:
        worth: median of what a start earns, money.
        sd: of its logarithm.
        capital: spent on the start.
        fee: spent on opening.
    """

    worth: float
    sd: float
    capital: float
    fee: float

    def hoped(self, above: float) -> float:
        """E max(prize - above, 0): Black's call on a log-normal."""
        strike = self.capital + above
        d2 = math.log(self.worth / strike) / self.sd
        mean = self.worth * math.exp(self.sd**2 / 2)
        return float(mean * ndtr(d2 + self.sd) - strike * ndtr(d2))

    def reservation(self) -> float:
        """Reservation value z: E max(prize - z, 0) = fee; below zero where the box is not worth its fee."""
        low = -0.999 * self.capital
        return float(optimize.brentq(lambda z: self.hoped(z) - self.fee, low, 1e3 * self.capital))

    def odds_below(self, prize: float) -> float:
        """P(prize <= that much)."""
        return float(ndtr(math.log((prize + self.capital) / self.worth) / self.sd))


BOXES = tuple(
    Box(worth=100e6 * w, sd=sd, capital=100e6 * w * math.exp(sd**2 / 2) * 1.02, fee=1e6 * fee)
    for w, sd, fee in ((1.0, 0.7, 4.0), (1.3, 0.6, 8.0), (0.8, 0.9, 6.0), (1.1, 0.8, 12.0), (0.6, 0.7, 2.0))
)


def value_of_boxes(boxes: tuple[Box, ...]) -> float:
    """What the best search is worth: integral of P(max_i min(x_i, z_i) > v) over v > 0."""
    ends = sorted(z for z in (box.reservation() for box in boxes) if z > 0)

    def above(v: float) -> float:
        return 1.0 - math.prod(box.odds_below(v) for box in boxes if box.reservation() > v)

    return sum(integrate.quad(above, a, b)[0] for a, b in zip([0.0, *ends], ends, strict=False))


def boxes_as_launch(boxes: tuple[Box, ...]) -> Problem:
    """The launch whose best plan is the best search."""
    M, T = len(boxes), len(boxes) + 2
    quarters = grid(Quarter(2027, 1), T)
    names = tuple(f"box {i + 1}" for i in range(M))
    median = np.array([box.worth * 4 / MARGIN for box in boxes])
    belief = Belief(
        markets=names,
        quarters=quarters,
        mean=np.append(np.log(median), 0.0),
        cov=np.diag([*(box.sd**2 for box in boxes), 0.0]),
        log_path=np.zeros((M, T)),
        nb_size_weekly=1.0,
    )
    dearest = max(box.capital for box in boxes)
    economics = [
        Economics(
            market=name,
            channel=Channel.OWN_STORE,
            capital=dearest,
            exit_share=0.0,
            opex_per_quarter=0.0,
            unit_margin=MARGIN,
            reach=1.0,
            ramp=(1.0,),
            pilot_start_fee=box.fee,
            pilot_fee_per_quarter=0.0,
            pilot_cost_per_car=0.0,
            pilot_reach=1.0,
            earliest_scale=quarters[0],
            earliest_pilot=quarters[0],
            source=Source(who="made up", as_of=date(2026, 1, 1), grade=Grade.C),
        )
        for name, box in zip(names, boxes, strict=True)
    ]
    problem = assemble(
        belief=belief,
        economics=economics,
        limits=Limits(
            capital_per_year={q.year: dearest for q in quarters},
            scale_starts_per_quarter=M,
            cars_per_quarter=(1e12,) * T,
            pilot_cars_per_quarter=(float(BATCH * M),) * T,
        ),
        discount=1.0,
        terminal_quarters=0.0,
        menu=PilotMenu(batches=(BATCH,), quarters=1),
    )
    capital = np.array([[box.capital] for box in boxes])
    margin = np.zeros((M, 1, T))
    margin[:, :, -1] = MARGIN
    terms = replace(
        problem.terms,
        capital=capital,
        margin=margin,
        scenario_margin=margin[None],
        year=np.zeros(T, dtype=np.int64),
        week_size=np.full(M, _KAPPA / 13),
        capital_cap=np.array([dearest]),
    )
    return replace(problem, terms=terms)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bracket:
    """A known value between what the production policy earns and what the production bounds allow.

    Attributes:
        known: by the theorem.
        plan: of the policy, played.
        bound: penalised, whole markets.
        clairvoyant: all told, nothing charged.
    """

    known: float
    plan: Estimate
    bound: Estimate
    clairvoyant: Estimate


def bracket(boxes: tuple[Box, ...], worlds: int, seed: int = 0) -> Bracket:
    """Plan and bound of the launch on the same worlds, beside its known value."""
    scene = set_up(boxes_as_launch(boxes))
    drawn = draw_worlds(boxes_as_launch(boxes), seed, worlds)
    split = split_own(scene.cov)
    scores = draw_scores(boxes_as_launch(boxes).markets, seed, SCORES)
    control = control_variate(scene, np.array([world.theta for world in drawn]), scores)
    terms, position = scene.terms, scene.position

    def measured(of: Callable[[World], float]) -> Estimate:
        return controlled(np.array([of(world) for world in drawn]), control)

    return Bracket(
        known=value_of_boxes(boxes),
        plan=measured(lambda world: play(*scene, world).value),
        bound=measured(lambda world: penalised(terms, position, scene.mean, split, world, whole=True)),
        clairvoyant=measured(lambda world: clairvoyant(terms, position, world.theta)),
    )
