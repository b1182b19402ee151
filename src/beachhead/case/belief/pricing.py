"""What was asked against list price, and how demand answers to it: tables and rows into the belief's terms."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable

from beachhead.belief.choice import choice_fit, price_response, weigh_stated
from beachhead.belief.priced import Elasticities, elasticities
from beachhead.case.belief.conjoint import stated_elasticities
from beachhead.case.belief.offer_list import offer_list
from beachhead.case.open import Launch
from beachhead.world.figures import percent
from beachhead.world.reading import DemandCount, Observation


def answers_to_price(launch: Launch) -> Elasticities:
    """Elasticities of every market before any row: shipped experiments, and those of responses.csv."""
    codes = tuple(market.code for market in launch.folder.markets)
    lists = {code: made for code in codes if (made := offer_list(launch, code)) is not None}
    return elasticities(weigh_stated(price_response(codes, choice_fit()), stated_elasticities(launch, lists)))


def price_point_of(launch: Launch) -> Callable[[Observation], float]:
    """Price of a row over that of prices.csv, all offers together over their mean price; 1 where either says none."""
    folder = launch.folder
    listed = {(price.market, price.offer): price.amount for price in folder.prices}
    for code in {price.market for price in folder.prices}:
        if (offers := offer_list(launch, code)) is not None:
            listed[code, ""] = offers.typical_price

    def point(row: Observation) -> float:
        amount = listed.get((row.market, row.offer))
        if row.price is None or amount is None:
            return 1.0
        return folder.money(row.price, row.currency) / amount

    return point


def off_list_lines(launch: Launch, counts: Iterable[DemandCount]) -> tuple[str, ...]:
    """One sentence for each market and price that was not list price: how its sales are read."""
    cars: dict[tuple[str, float], int] = defaultdict(int)
    for count in counts:
        if count.price_point != 1.0:
            cars[count.market, round(count.price_point, 3)] += count.count
    if not cars:
        return ()
    answers = answers_to_price(launch)
    lines = []
    for (code, point), sold in sorted(cars.items()):
        low, middle, high = (1 / f for f in reversed(answers.factor(code, point)))
        lines.append(
            f"{code}: {sold:,} counted at {percent(point)} of list price; list price would have sold "
            f"{percent(middle)} of that ({percent(low)} to {percent(high)}), by an elasticity of "
            f"{answers.mean[answers.markets.index(code)]:.1f} before any row"
        )
    return tuple(lines)
