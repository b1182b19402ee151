"""How many sites of a market pay: up to where the next would not earn its capital and running cost."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from beachhead.case.open import Launch
from beachhead.case.siting.demand import cars_by_quarter
from beachhead.case.siting.question import Ask
from beachhead.case.siting.scene import Scene, own_lists
from beachhead.siting.cover_search import greedy_order
from beachhead.siting.field import Floats
from beachhead.siting.ground import one_period
from beachhead.siting.worth import within
from beachhead.world.economics import best_margins
from beachhead.world.figures import some
from beachhead.world.market import Channel
from beachhead.world.quarter import QUARTERS_A_YEAR, Quarter


def paying_sites(
    launch: Launch, ask: Ask, scene: Scene, starts: Sequence[int], quarters: tuple[Quarter, ...]
) -> tuple[Floats, tuple[str, ...]]:
    """(M,), new sites of each market up to where one more would not pay, and what is to be said of it.

    Sites are added where each adds most people within the minutes. One more pays if what its people buy over the
    quarters left and those after the launch that the plan counts, at the margin of own stores (of the best channel
    where there are none), is worth more than its running cost and capital. Demand is what is expected at full scale in
    the better half of what is believed, since only where demand is good a market is scaled.
    """
    terms = launch.folder.terms
    demand, margin = cars_by_quarter(launch), _margins(launch)
    most, never = np.zeros(len(scene.markets)), []
    for m, code in enumerate(scene.markets):
        if starts[m] >= len(quarters):
            continue
        fade = terms.discount_per_quarter ** np.arange(len(quarters) - starts[m])
        after = terms.terminal_quarters * fade[-1]  # quarters after the horizon, at the pace of its last year
        sold = demand[code][starts[m] :] @ fade + after * demand[code][-QUARTERS_A_YEAR:].mean()
        earned = float(sold) * margin.get(code, 0.0)
        worth = demand[code][starts[m] :] * fade
        worth[-1] += after * demand[code][-QUARTERS_A_YEAR:].mean()
        running = scene.format.opex_per_quarter * float(fade.sum() + after)
        capital = scene.price * terms.discount_per_quarter**-scene.format.lead_quarters
        gains = _gains(ask, scene, m, _left(scene, worth)) * earned > running + capital
        most[m] = len(gains) if gains.all() else float(np.argmin(gains))
        if most[m] == 0:
            never.append(code)
    said = "Each market gets sites up to where one more would not earn its capital and running cost (`--no-paying`)"
    return most, (f"{said}; in {some(never)} the first already would not." if never else f"{said}.",)


def _left(scene: Scene, worth: Floats) -> Floats:
    """(N,), share of what a person buys from a market's start on that no site takes which closes later.

    `worth` is what a person buys by quarter from that start on, what the launch does not see in the last.
    """
    if scene.leaving is None:
        return np.ones(len(scene.places))
    open_then = ~scene.leaving[:, scene.leaving.shape[1] - len(worth) :]
    return np.asarray(open_then @ worth / max(float(worth.sum()), 1e-300))


def _gains(ask: Ask, scene: Scene, m: int, left: Floats) -> Floats:
    """(n,), share of what the market's people buy that each further site brings within the minutes, best first."""
    here, sites = scene.market == m, scene.market[scene.candidates] == m
    people = scene.places.people[here]
    reach = own_lists(within(scene.minutes, ask.minutes), here, sites)
    ground = one_period(reach, people * left[here], np.inf, kept=scene.stands[sites], sites=int(sites.sum()))
    _, covered = greedy_order(ground)
    return np.diff(covered) / max(float(people.sum()), 1.0)


def _margins(launch: Launch) -> dict[str, float]:
    """By market: of own stores, or of the best channel where it has none."""
    own = {row.market: row.unit_margin for row in launch.folder.economics if row.channel is Channel.OWN_STORE}
    return best_margins(launch.folder.economics) | own
