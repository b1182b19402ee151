"""The funnel as one model: every stage tells of demand in its time, each buyer once, and made-up truths are found."""

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest

from beachhead import pilot
from beachhead.belief import Belief, update
from beachhead.pilot.funnel import fit_funnel, join_funnel
from beachhead.world.market import Channel
from beachhead.world.quarter import Quarter, grid
from beachhead.world.reading import Funnel, Observation, Reading

FIRST = date(2027, 1, 4)
REACH = 0.5


def made_up(rng, *, level, conversion, delay_weeks, weeks=26, batch="b", market="NO"):
    """Weeks of one shop: leads, orders a share of them, hand-overs `delay_weeks` after the order."""
    weekly = np.exp(level) * REACH * 7 / 365.25
    leads = rng.poisson(weekly / conversion, weeks)
    orders = rng.binomial(leads, conversion)
    handed = np.zeros(weeks, dtype=int)
    for week, cars in enumerate(orders):
        for gap in np.maximum(np.round(rng.normal(delay_weeks, 1, cars)), 0).astype(int):
            if week + gap < weeks:
                handed[week + gap] += 1
    return [
        Observation(
            batch=batch,
            market=market,
            offer="",
            channel=Channel.AGENT,
            store="",
            start=FIRST + timedelta(weeks=w),
            end=FIRST + timedelta(weeks=w, days=6),
            reach=REACH,
            leads=int(leads[w]),
            orders=int(orders[w]),
            deliveries=int(handed[w]),
        )
        for w in range(weeks)
    ]


def joined(rows):
    seen = pilot.read(rows, default_reach=lambda _: None)
    return seen, join_funnel(rows, seen, default_reach=lambda _: None)


def belief(level, sd=1.2):
    return Belief(
        markets=("NO",),
        quarters=grid(Quarter(2027, 1), 8),
        mean=np.array([level, 0.0]),
        cov=np.diag([sd**2, 1e-6]),
        log_path=np.zeros((1, 8)),
        nb_size_weekly=20.0,
        nb_size_log_sd=0.1,
    )


def test_conversion_and_delay_are_found():
    rng = np.random.default_rng(1)
    shops = [made_up(rng, level=8.0, conversion=0.10, delay_weeks=5, batch=f"b{i}") for i in range(6)]
    fit = fit_funnel(shops)
    assert np.exp(fit.conversions[Funnel.LEADS].log_mean) == pytest.approx(0.10, rel=0.15)
    assert fit.conversions[Funnel.LEADS].shops == 6
    assert fit.delay_days == pytest.approx(35, abs=5)


def test_orders_tell_of_demand_before_any_of_their_cars_has_come():
    rows = made_up(np.random.default_rng(2), level=7.0, conversion=0.1, delay_weeks=8, weeks=20)
    # deliveries were written down for the first twelve weeks, orders only since; none of their cars has come
    mixed = [replace(r, leads=None, orders=None) if w < 12 else replace(r, leads=None, deliveries=None)
             for w, r in enumerate(rows)]  # fmt: skip
    seen, whole = joined(mixed)
    assert {c.funnel for c in seen.counts} == {Funnel.DELIVERIES}
    assert sum(c.funnel is Funnel.ORDERS for c in whole.counts) >= 7
    assert any("cannot have come yet" in line for line in whole.allowed_for)
    assert len(whole.left_out) < len(seen.left_out)


def test_no_buyer_is_counted_as_an_order_and_again_as_a_car():
    rows = made_up(np.random.default_rng(3), level=7.0, conversion=0.1, delay_weeks=4, weeks=20)
    seen, whole = joined(rows)
    assert whole.counts == seen.counts, "where orders are known throughout nothing is added"
    late = [
        replace(r, leads=None, **({"deliveries": None} if w < 12 else {"orders": None})) for w, r in enumerate(rows)
    ]
    seen, whole = joined(late)
    assert {c.funnel for c in seen.counts} == {Funnel.ORDERS}
    assert whole.counts == seen.counts, "cars handed over after the orders were counted are those orders"


def test_cars_ordered_before_orders_were_written_down_are_counted_when_they_were_ordered():
    rows = made_up(np.random.default_rng(3), level=7.0, conversion=0.1, delay_weeks=4, weeks=20)
    early = [
        replace(r, leads=None, **({"orders": None} if w < 6 else {"deliveries": None})) for w, r in enumerate(rows)
    ]
    _, whole = joined(early)
    handed = [c for c in whole.counts if c.funnel is Funnel.DELIVERIES]
    assert len(handed) == 6
    assert all(c.end < FIRST + timedelta(weeks=6) for c in handed)


def test_leads_of_the_newest_weeks_are_orders_to_come_and_those_before_known_orders_are_not():
    rows = made_up(np.random.default_rng(4), level=8.0, conversion=0.1, delay_weeks=4, weeks=12)
    newest = [r if w < 8 else replace(r, orders=None, deliveries=None) for w, r in enumerate(rows)]
    _, whole = joined(newest)
    assert sum(c.funnel is Funnel.LEADS for c in whole.counts) == 4
    oldest = [r if w >= 4 else replace(r, orders=None, deliveries=None) for w, r in enumerate(rows)]
    _, whole = joined(oldest)
    assert not any(c.funnel is Funnel.LEADS for c in whole.counts)


def test_spans_after_a_sell_out_are_marked_and_their_leads_say_nothing():
    rows = made_up(np.random.default_rng(5), level=8.0, conversion=0.1, delay_weeks=4, weeks=8)
    sold = [r if w < 4 else replace(r, orders=None, deliveries=None) for w, r in enumerate(rows)]
    sold[3] = replace(sold[3], sold_out_on=sold[3].end)
    _, whole = joined(sold)
    assert not any(c.funnel is Funnel.LEADS for c in whole.counts)
    assert sum(c.sold_out for c in whole.counts) == 1


def test_demand_is_found_from_leads_alone_within_what_is_stated_and_better_with_shops_that_convert_alike():
    rng, hits, errors, before = np.random.default_rng(6), [], [], []
    for _ in range(40):
        level = rng.normal(7.5, 1.2)
        others = [
            made_up(
                rng, level=7.5, conversion=0.1 * np.exp(0.3 * rng.normal()), delay_weeks=4, batch=f"o{i}", market="SE"
            )
            for i in range(4)
        ]
        own = made_up(rng, level=level, conversion=0.1 * np.exp(0.3 * rng.normal()), delay_weeks=4, weeks=6)
        rows = [replace(r, orders=None, deliveries=None) for r in own]
        _, whole = joined([*rows, *(r for shop in others for r in shop)])
        mine = Reading(counts=tuple(c for c in whole.counts if c.market == "NO"))
        found = update(belief(7.5), mine).belief
        sd = np.sqrt(found.cov[0, 0])
        errors.append(found.mean[0] - level)
        before.append(7.5 - level)
        hits.append(abs(found.mean[0] - level) <= 1.645 * sd)
    assert np.mean(hits) >= 0.8
    assert np.sqrt(np.mean(np.square(errors))) < 0.5 * np.sqrt(np.mean(np.square(before)))


def test_orders_before_deliveries_halve_the_error_of_waiting_for_cars():
    """Ten weeks after opening no car has come, twelve weeks being the way: deliveries say demand is nothing."""
    rng, by_cars, by_all = np.random.default_rng(7), [], []
    for _ in range(30):
        level = rng.normal(7.0, 1.0)
        rows = made_up(rng, level=level, conversion=0.1, delay_weeks=12, weeks=10)
        _, whole = joined(rows)
        cars, _ = joined([replace(r, leads=None, orders=None) for r in rows])
        by_all.append(update(belief(7.0), whole).belief.mean[0] - level)
        by_cars.append(update(belief(7.0), cars).belief.mean[0] - level)
    assert np.sqrt(np.mean(np.square(by_all))) < 0.3 * np.sqrt(np.mean(np.square(by_cars)))
