"""What a pilot batch can tell and what it cannot, before it is shipped."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import ndtr

from beachhead.belief import coming_year
from beachhead.launch.information.batch_outcome import Shown, shown
from beachhead.launch.judge.break_even import break_even
from beachhead.launch.policy.select import best_pilot_route, choose
from beachhead.launch.policy.shadow_prices import expected_cost
from beachhead.launch.question.action import LIST_PRICE
from beachhead.launch.question.kernel_terms import PILOT, Floats, Terms, look_var
from beachhead.launch.question.problem import Problem, kernel_position, kernel_terms, looked, price_answer
from beachhead.launch.scene import set_up
from beachhead.world.errors import BadInput
from beachhead.world.market import Channel, Stage
from beachhead.world.reading import is_far_from_list

LEAST_TAUGHT = 0.005
"""Share of another market's variance below which a batch teaches nothing about it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Design:
    """What one batch in one market is expected to tell.

    Attributes:
        market: market code.
        channel: channel of the pilot.
        batch: cars shipped.
        price_point: price asked over the list price.
        weeks: weeks until the planned look.
        reach: share of the market's full-scale demand that the pilot reaches.
        cost: money expected to be spent on it, what its price brings more or less than list price included.
        expected_orders: orders expected within the weeks, stock permitting.
        odds_sold_out: chance, before seeing anything, that orders over the weeks reach the batch.
        noise_sd: standard error of a look at log pilot demand that leaves as much open as the batch is expected to.
        sd_before: of log demand in this market.
        sd_after: expected after the reading.
        information: 1 / variance on log demand that it adds, expected.
        share_resolved: share of the variance of log demand that it removes.
        floor_sd: what no pilot can remove, however large: the early-adopter bias that all pilots share, and what the
            quarter is off the level over the years.
        break_even: cars of the coming year at which scaling just pays, by the route of scaling, whatever that of the
            pilot.
        odds_break_even: P(demand >= break-even) now.
        odds_wrong: expected chance of misjudging the side of break-even after the reading.
        teaches: other markets by share of their variance removed, largest first.
    """

    market: str
    channel: Channel
    batch: int
    price_point: float
    weeks: int
    reach: float
    cost: float
    expected_orders: float
    odds_sold_out: float
    noise_sd: float
    sd_before: float
    sd_after: float
    information: float
    share_resolved: float
    floor_sd: float
    break_even: float
    odds_break_even: float
    odds_wrong: float
    teaches: tuple[tuple[str, float], ...]


def design(
    problem: Problem, market: str, batch: int, channel: Channel | None = None, price_point: float = LIST_PRICE
) -> Design:
    """What `batch` cars in `market` can and cannot tell.

    Args:
        problem: the launch.
        market: market code.
        batch: cars shipped; need not stand on the menu.
        channel: of the pilot; that of `pilot_channel` if None.
        price_point: price asked over the list price; need not stand on the menu.
    """
    named = channel or pilot_channel(problem, market)
    i, c = _route(problem, market, named)
    terms = with_pilot(problem, batch, price_point)
    mean, cov = np.asarray(problem.belief.mean), np.asarray(problem.belief.cov)
    last = len(mean) - 1
    before = int(looked(problem)[i])
    off = look_var(terms, i, before)
    tied = _tied(problem, i, price_point)
    along = cov[:, i] + cov[:, last] + tied
    asked = float(along[i] + along[last] + tied[i] + tied[last] + terms.doubt[i, 0]) + off
    found = _shown(problem, terms, i, c, float(mean[i] + mean[last]) - 0.5 * off, math.sqrt(max(asked, 0.0)))
    noise = found.noise + float(terms.doubt[i, 0]) + off
    spread = asked + found.noise
    left = cov[i, i] - along[i] ** 2 / spread
    scaled = break_even(problem, i, terms)
    level = scaled.cars_per_year
    others = [
        (code, float(along[j] ** 2 / spread / cov[j, j]))
        for j, code in enumerate(problem.markets)
        if j != i and cov[j, j] > 1e-12
    ]
    return Design(
        market=market,
        channel=named,
        batch=batch,
        price_point=price_point,
        weeks=terms.weeks,
        reach=float(terms.pilot_reach[i, c, 0]),
        cost=expected_cost(terms, kernel_position(problem), mean, cov, i, c, 0, 0),
        expected_orders=found.orders,
        odds_sold_out=found.sold_out,
        noise_sd=math.sqrt(noise),
        sd_before=math.sqrt(cov[i, i]),
        sd_after=math.sqrt(max(left, 0.0)),
        information=1 / max(left, 1e-12) - 1 / max(cov[i, i], 1e-12),
        share_resolved=1 - left / max(cov[i, i], 1e-12),
        floor_sd=_floor(cov, i, last, off),
        break_even=coming_year(problem.belief, problem.quarters[0]).cars(market, level),
        odds_break_even=scaled.odds,
        odds_wrong=_odds_wrong(found, float(mean[i]), level, float(cov[i, i]), float(along[i]), asked),
        teaches=tuple(sorted((row for row in others if row[1] > LEAST_TAUGHT), key=lambda row: (-row[1], row[0]))[:5]),
    )


def pilot_channel(problem: Problem, market: str) -> Channel:
    """The channel through which the plan pilots the market now; where it does not, the one that would gain most."""
    i = _index(problem, market)
    scene = set_up(problem)
    at = scene.terms, scene.position, scene.mean, scene.cov, 0, scene.prices
    choice = choose(*at)
    c = int(choice.route[i]) if choice.action[i] == PILOT else best_pilot_route(*at, i)
    channel = problem.channels[i][c] if c >= 0 else None
    if channel is None:
        raise BadInput(f"{market} has no route that a pilot could take", "add a row to economics.csv")
    return channel


def _index(problem: Problem, market: str) -> int:
    if market not in problem.markets:
        raise BadInput(f"{market!r} is not a market of this launch", f"name one of {', '.join(problem.markets)}")
    return problem.markets.index(market)


def _route(problem: Problem, market: str, channel: Channel) -> tuple[int, int]:
    i = _index(problem, market)
    if problem.standing[i].is_home:
        raise BadInput(f"{market} is the home market", "name a market to enter: nothing is piloted at home")
    if problem.standing[i].stage is Stage.SCALED:
        raise BadInput(f"{market} is scaled already", "name another market: what it sells tells more than a pilot")
    if problem.standing[i].stage is Stage.EXITED:
        raise BadInput(f"{market} was left", "name a market that may still be entered: one that was left stays so")
    if channel not in problem.channels[i]:
        raise BadInput(f"{market} has no economics for {channel}", "add the row to economics.csv")
    return i, problem.channels[i].index(channel)


def with_pilot(problem: Problem, batch: int, price_point: float = LIST_PRICE) -> Terms:
    """The arrays with a menu of that one pilot; reach in proportion to the batch."""
    if batch < 1:
        raise BadInput(f"a batch of {batch} cars tells nothing", "ship at least one car")
    if is_far_from_list(price_point):
        raise BadInput(
            f"a price of {price_point:g} times list is too far from list price", "ask for 0.5 to 2 times list price"
        )
    if price_point != LIST_PRICE and problem.answers is None:
        raise BadInput("this question does not say how demand answers to price", "ask at list price")
    terms, asked = kernel_terms(problem), np.array([price_point])
    per_car = terms.pilot_reach[:, :, :1] / terms.batches[0]
    lure, doubt = np.ones((len(problem.markets), 1)), np.zeros((len(problem.markets), 1))
    if problem.answers is not None:
        lure, doubt = price_answer(problem.answers, asked)
    return replace(
        terms,
        batches=np.array([batch], dtype=np.int64),
        pilot_reach=np.clip(per_car * batch, 1e-12, 1.0),
        asked=asked,
        sizes=1,
        lure=lure,
        doubt=doubt,
    )


def _tied(problem: Problem, i: int, price_point: float) -> Floats:
    """(M+1,) covariance of levels and bias with what the price does to the pilot's orders."""
    if problem.answers is None:
        return np.zeros(len(problem.belief.mean))
    return np.asarray(-math.log(price_point) * problem.answers.cross[i])


def _shown(problem: Problem, terms: Terms, i: int, c: int, middle: float, sd: float) -> Shown:
    """What the batch will show of log pilot demand at its price: mean `middle`, but for the price, and spread `sd`."""
    reach = float(terms.pilot_reach[i, c, 0])
    offered = reach * float(terms.path[i, 0]) * 7 * terms.weeks / 365.25 * float(terms.lure[i, 0])
    week, doubt = float(terms.week_size[i]) * reach, problem.belief.nb_size_log_sd
    return shown(int(terms.batches[0]), terms.weeks, week, doubt, middle + math.log(max(offered, 1e-300)), sd)


def _floor(cov: Floats, i: int, last: int, off: float) -> float:
    """Standard deviation of theta_i that is left when what the quarter shows of theta_i + beta is known exactly."""
    spread = cov[i, i] + 2 * cov[i, last] + cov[last, last] + off
    return math.sqrt(max(cov[i, i] - (cov[i, i] + cov[i, last]) ** 2 / max(spread, 1e-12), 0.0))


def _odds_wrong(found: Shown, mean: float, level: float, before: float, along: float, asked: float) -> float:
    """E min(P, 1-P) over outcomes, P = P(theta >= break-even) after the outcome.

    Where any demand pays, or none, there is nothing to misjudge. `along` is the covariance of theta with log pilot
    demand, `asked` the variance of that.
    """
    if not 0 < level < math.inf:
        return 0.0
    slope = along / max(asked, 1e-12)
    rest = math.sqrt(max(before - slope * along, 1e-12))
    above = found.joint @ ndtr((mean + slope * found.level - math.log(level)) / rest)
    return float(np.minimum(above, found.joint.sum(axis=1) - above).sum())
