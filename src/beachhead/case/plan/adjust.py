"""Price, trim and mix of an open launch: tables and rows in, the best change in each market out."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import partial

import numpy as np

from beachhead.belief.choice import (
    ChoiceFit,
    Learnt,
    OfferList,
    PricedCount,
    StatedElasticity,
    choice_fit,
    learn_prices,
    price_response,
    weigh_stated,
)
from beachhead.case.belief.believe import followed
from beachhead.case.belief.conjoint import stated_elasticities, stated_mix
from beachhead.case.belief.offer_list import offer_list
from beachhead.case.belief.pricing import price_point_of
from beachhead.case.belief.studies import folder_evidence
from beachhead.case.open import Launch
from beachhead.case.plan.planning import Question, newest_plan, put_question
from beachhead.case.rows.observe import rows_today
from beachhead.evidence.tables.offers import OfferRow
from beachhead.launch.adjust.adjust import Adjustment, adjust
from beachhead.launch.adjust.stake import Stake, split_margin
from beachhead.launch.plan.plan import Plan
from beachhead.pilot.read import read
from beachhead.store import reading
from beachhead.world.brief import brief
from beachhead.world.economics import CHANNEL_CUT, Economics
from beachhead.world.errors import BadInput, NotLearnt
from beachhead.world.figures import cars, money, spaced
from beachhead.world.market import Market, Stage
from beachhead.world.quarter import QUARTERS_A_YEAR
from beachhead.world.reading import DemandCount, Observation

PENALISED_HOMES = ("CN",)
"""Home countries whose badge the choice experiments found to cost buyers abroad."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Adjusted:
    """The answer to `beachhead adjust`.

    Attributes:
        question: what is believed, and where the launch stands.
        learnt: levels and elasticities.
        rows: one a market with prices and economics, largest expected gain first.
        fit: the numbers of the choice experiments.
        car_price: what a car is worth elsewhere in the newest plan; 0 without a plan.
        priced_counts: counts whose price was known.
        stated: what choice experiments of one's own said of price.
    """

    question: Question
    learnt: Learnt
    rows: tuple[Adjustment, ...]
    fit: ChoiceFit
    car_price: float
    priced_counts: int
    stated: tuple[StatedElasticity, ...] = ()

    __repr__ = brief


def ask_adjust(
    launch: Launch, *, on: date | None = None, market: str | None = None, seed: int | None = None
) -> Adjusted:
    """The change of price, trim list or mix with the largest expected gain in each market.

    Args:
        launch: the launch.
        on: the day; None for today.
        market: this market alone; None for all abroad that were not left.
        seed: of the draws; that of the outlook in launch.toml if None.
    """
    wanted = None if market is None else launch.market(market)
    question, fit = put_question(launch, on=on), choice_fit()
    lists = {m.code: made for m in launch.folder.markets if (made := offer_list(launch, m.code)) is not None}
    if wanted is not None and wanted.code not in lists:
        raise BadInput(f"no offer has a price in {wanted.name}", "add rows to prices.csv")
    held = question.held
    counts = priced_counts(launch, tuple(c for c in held.reading.counts if c.counts_cars))
    stated = stated_elasticities(launch, lists)
    response = weigh_stated(price_response(held.start.markets, fit), stated)
    follow = partial(
        followed, launch, evidence=folder_evidence(launch), until=question.now.last_day, course=held.rivals
    )
    learnt = learn_prices(held.start, response, counts, lists, fit, follow)
    car_price, sold = _car_price(launch), sold_by_offer(launch, until=question.now.last_day)
    stakes = [
        stake
        for m in launch.folder.markets
        if not m.is_home and m.code in lists and (wanted is None or m.code == wanted.code)
        if question.standings.by_market[m.code].stage is not Stage.EXITED
        for stake in [_stake(launch, question, m, lists[m.code], sold, car_price)]
        if stake is not None
    ]
    if wanted is not None and not stakes:
        is_left = question.standings.by_market[wanted.code].stage is Stage.EXITED
        why = "was left" if is_left else "is the home market" if wanted.is_home else "has no row in economics.csv"
        raise BadInput(f"{wanted.name} {why}", "name a market abroad that has prices and economics")
    drawn = launch.folder.terms.seeds.outlook if seed is None else seed
    return Adjusted(
        question=question,
        learnt=learnt,
        rows=adjust(learnt, stakes, fit, seed=drawn),
        fit=fit,
        car_price=car_price,
        priced_counts=sum(c.price is not None for c in counts),
        stated=stated,
    )


def as_things_are(row: Adjustment, name: str, currency: str) -> str:
    """The sentence that a table of changes is read against: cars and contribution of a year if nothing is changed.

    Args:
        row: the market's answer.
        name: of the market.
        currency: of the launch.
    """
    return (
        f"{name}, through {spaced(row.channel)}: {cars(row.cars)} cars and {money(row.contribution, currency)} a year "
        "expected at full scale as things are (means; medians are lower)."
    )


def priced_counts(launch: Launch, counts: tuple[DemandCount, ...]) -> tuple[PricedCount, ...]:
    """The counts of a reading with the price asked then, launch currency; the mean where stores asked differently."""
    asked: dict[tuple[str, str, date], list[float]] = defaultdict(list)
    with reading(launch.store) as work:
        for row in rows_today(launch.folder, work, default_reach=lambda row: row.reach):
            if row.price is not None:
                asked[row.market, row.offer, row.start].append(launch.folder.money(row.price, row.currency))
    found = [asked.get((c.market, c.offer, c.start)) for c in counts]
    return tuple(
        PricedCount(count=c, price=float(np.mean(p)) if p else None) for c, p in zip(counts, found, strict=True)
    )


def sold_by_offer(launch: Launch, *, until: date) -> Mapping[tuple[str, str], int]:
    """Cars sold by market and offer in the rows that name one: they tell the mix of a sum that counts the demand.

    Each car is counted once, as in `pilot.read`; rows far from list price say nothing, rows of unknown reach do.

    Args:
        launch: the launch.
        until: rows that end later are left out.
    """
    with reading(launch.store) as work:
        rows = rows_today(launch.folder, work, default_reach=_any_reach)
    named = [row for row in rows if row.offer and row.end <= until]
    found: Counter[tuple[str, str]] = Counter()
    for count in read(named, default_reach=_any_reach, price_point=price_point_of(launch)).counts:
        found[count.market, count.offer] += count.count
    return found


def _any_reach(row: Observation) -> float:
    return 1.0 if row.reach is None else row.reach


def _stake(
    launch: Launch,
    question: Question,
    market: Market,
    offers: OfferList,
    sold: Mapping[tuple[str, str], int],
    car_price: float,
) -> Stake | None:
    row = _channel_row(launch, question, market.code)
    if row is None:
        return None
    prices = {p.offer: p for p in launch.folder.prices if p.market == market.code}
    net = tuple(prices[code].net for code in offers.offers)
    costs = {r.code: r.ex_works_cost for r in launch.folder.rows(OfferRow)}
    cut = CHANNEL_CUT[row.channel]
    m = question.problem.markets.index(market.code)
    path = float(question.year.course[m])
    vat = sum(prices[code].vat * w for code, w in zip(offers.offers, offers.mix, strict=True))
    sells = question.standings.by_market[market.code].since is not None
    home = next((m.code for m in launch.folder.markets if m.is_home), "")
    return Stake(
        offers=offers,
        margins=split_margin(row.unit_margin, net, [costs[code] for code in offers.offers], offers.mix, cut),
        kept=(1 - cut) / (1 + vat),
        net=net,
        shipped=offers.mix,
        stated_mix=stated_mix(launch, offers),
        mix_counts=tuple(sold.get((market.code, code), 0) for code in offers.offers),
        served=row.reach * path,
        test_reach=row.reach if sells else row.pilot_reach,
        size=market.bev_per_year,
        channel=row.channel,
        car_price=car_price,
        penalised=home in PENALISED_HOMES and market.code != home,
    )


def _channel_row(launch: Launch, question: Question, code: str) -> Economics | None:
    """Economics of the channel sold through; where none is chosen yet, of that which would earn most a year."""
    rows = [row for row in launch.folder.economics if row.market == code]
    chosen = question.standings.by_market[code].channel
    named = [row for row in rows if row.channel is chosen] or rows
    return max(named, key=lambda row: row.unit_margin * row.reach, default=None)


def _car_price(launch: Launch) -> float:
    """What a car is worth elsewhere over the coming year, by the newest plan."""
    try:
        made: Plan = newest_plan(launch).plan
    except NotLearnt:
        return 0.0
    coming = sorted(made.prices.car)[:QUARTERS_A_YEAR]
    return float(np.mean([made.prices.car[quarter] for quarter in coming])) if coming else 0.0
