from dataclasses import replace
from datetime import date, timedelta
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from beachhead.pilot import RUNNING, merge, read
from beachhead.pilot.funnel import join_funnel
from beachhead.pilot.once import each_once
from beachhead.world.market import Channel
from beachhead.world.reading import Funnel, Observation

NEW_YEAR = date(2027, 1, 1)


def row(week: int = 0, **change) -> Observation:
    start = NEW_YEAR + timedelta(weeks=week)
    plain = Observation(
        batch="b1",
        market="NO",
        offer="SU7",
        channel=Channel.AGENT,
        store="",
        start=start,
        end=start + timedelta(days=6),
        reach=0.1,
    )
    return replace(plain, **change)


def counts(*rows, **how):
    return read(rows, **{"default_reach": lambda _: None} | how).counts


def reasons(*rows, **how):
    return read(rows, **{"default_reach": lambda _: None} | how).left_out


def test_orders_that_were_not_cancelled_are_preferred_to_deliveries_and_registrations():
    (count,) = counts(row(orders=12, cancellations=2, deliveries=4, registrations=3))
    assert (count.count, count.funnel, count.reach, count.is_pilot) == (10, Funnel.ORDERS, 0.1, True)
    (count,) = counts(row(deliveries=4, registrations=3))
    assert (count.count, count.funnel) == (4, Funnel.DELIVERIES)


def test_a_blank_is_not_a_zero():
    assert counts(row(orders=0))[0].count == 0
    assert counts(row()) == ()
    assert reasons(row(leads=40)) == (
        "b1 NO SU7 agent, 2027-01-01 to 2027-01-07: no orders, deliveries or registrations were observed",
    )


def test_a_known_sell_out_day_ends_the_span_there():
    (count,) = counts(row(orders=50, opening_stock=50, sold_out_on=date(2027, 1, 3)))
    assert (count.end, count.sold_out, count.stock_bound) == (date(2027, 1, 3), True, False)


def test_a_sell_out_on_an_unknown_day_says_only_that_demand_was_at_least_the_count():
    (count,) = counts(row(orders=50, opening_stock=50))
    assert (count.end, count.sold_out, count.stock_bound) == (date(2027, 1, 7), False, True)
    assert counts(row(orders=49, opening_stock=50))[0].stock_bound is False
    assert counts(row(orders=49, waitlist=3))[0].stock_bound is True
    assert counts(row(orders=49, waitlist=3, opening_stock=50))[0].stock_bound is False


def test_stock_stated_once_is_carried_from_row_to_row():
    first, second = counts(row(0, orders=30, opening_stock=50), row(1, orders=20))
    assert (first.stock_bound, second.stock_bound) == (False, True)
    assert (
        "nothing was for sale" in reasons(row(0, orders=30, opening_stock=50), row(1, orders=20), row(2, orders=0))[0]
    )


def test_after_a_row_without_a_count_the_stock_is_no_longer_known():
    assert [c.stock_bound for c in counts(row(0, opening_stock=50, orders=5), row(1, leads=3), row(2, orders=50))] == [
        False,
        False,
    ]


def test_weeks_after_a_sell_out_are_not_weeks_without_demand():
    sold_out = row(0, orders=50, sold_out_on=date(2027, 1, 5))
    assert len(counts(sold_out, row(1, orders=0))) == 1
    assert len(counts(sold_out, row(1, orders=0, opening_stock=20))) == 2
    came_back = counts(sold_out, row(1, orders=1))[1]
    assert (came_back.count, came_back.stock_bound) == (1, True)


def test_a_car_is_not_counted_as_an_order_and_again_as_a_registration():
    rows = (row(0, orders=50), row(1, orders=20), row(2, registrations=60))
    assert [c.count for c in counts(*rows)] == [50, 20]
    assert "may be the same cars as the orders" in reasons(*rows)[0]
    mostly_registered = (row(0, orders=50, registrations=1), row(1, registrations=20), row(2, registrations=60))
    assert [c.count for c in counts(*mostly_registered)] == [1, 20, 60]


def test_reach_is_the_rows_own_else_the_default_else_the_row_is_left_out():
    assert counts(row(orders=1), default_reach=lambda _: 0.5)[0].reach == 0.1
    assert counts(row(orders=1, reach=None), default_reach=lambda _: 0.5)[0].reach == 0.5
    assert "reach is not known" in reasons(row(orders=1, reach=None))[0]
    assert "nobody could have bought" in reasons(row(orders=1, reach=0.0))[0]


def test_the_running_supply_of_a_scaled_market_is_no_pilot():
    assert counts(row(orders=1, batch=RUNNING))[0].is_pilot is False
    since = {"NO": NEW_YEAR + timedelta(weeks=1)}
    assert [c.is_pilot for c in counts(row(0, orders=1), row(1, orders=1), scaled_since=since)] == [True, False]


maybe = st.none() | st.integers(0, 60)
observed = st.builds(
    lambda week, **change: row(week, **change),
    week=st.integers(0, 8),
    batch=st.sampled_from(["b1", "b2", RUNNING]),
    market=st.sampled_from(["NO", "SE"]),
    offer=st.sampled_from(["SU7", "YU7"]),
    reach=st.none() | st.floats(0, 1),
    opening_stock=maybe,
    orders=maybe,
    cancellations=st.none() | st.integers(0, 5),
    deliveries=maybe,
    registrations=maybe,
    waitlist=maybe,
    sold_out_on=st.none(),
)
sets_of_rows = st.lists(observed, max_size=12, unique_by=lambda r: (r.key, r.start))


@settings(deadline=None, derandomize=True, max_examples=300)
@given(sets_of_rows, st.randoms())
def test_rows_give_the_same_reading_in_any_order(rows, random):
    shuffled = rows[:]
    random.shuffle(shuffled)
    assert read(rows, default_reach=lambda _: 0.2) == read(shuffled, default_reach=lambda _: 0.2)


@settings(deadline=None, derandomize=True, max_examples=300)
@given(sets_of_rows, st.randoms())
def test_disjoint_rows_read_apart_merge_in_any_order_to_the_reading_of_all(rows, random):
    """Disjoint: no key in two parts, since stock is carried within a key."""
    keys = sorted({r.key for r in rows})
    part = {key: random.randrange(3) for key in keys}
    readings = [read([r for r in rows if part[r.key] == p], default_reach=lambda _: 0.2) for p in range(3)]
    random.shuffle(readings)
    assert merge(*readings) == read(rows, default_reach=lambda _: 0.2)
    assert merge(readings[0], merge(readings[1], readings[2])) == merge(merge(readings[2], readings[1]), readings[0])


@settings(deadline=None, derandomize=True, max_examples=300)
@given(sets_of_rows)
def test_every_row_is_either_counted_or_left_out_with_a_reason(rows):
    reading = read(rows, default_reach=lambda _: 0.2)
    assert len(reading.counts) + len(reading.left_out) == len(rows)
    assert all(": " in sentence for sentence in reading.left_out)


@pytest.mark.parametrize("rows", [(), (row(),)])
def test_rows_that_say_nothing_give_an_empty_reading(rows):
    assert counts(*rows) == ()


def test_a_line_of_the_sum_beside_lines_of_offers_counts_no_car_twice():
    parts = [row(week, offer=offer, orders=n) for week in range(3) for offer, n in (("SU7", 6), ("YU7", 4))]
    sums = [row(week, offer="", orders=10) for week in range(3)]
    read_of_both = read([*parts, *sums], default_reach=lambda _: None)
    assert read_of_both.counts == counts(*sums)
    (line,) = read_of_both.left_out
    assert line == (
        "b1 NO agent, 2027-01-01 to 2027-01-21: 6 rows by offer tell of the same cars as those of all offers, "
        "which are counted"
    )
    (one,) = reasons(parts[0], sums[0])
    assert one.endswith("1 row by offer tells of the same cars as those of all offers, which are counted")


def test_of_two_depths_the_count_that_covers_most_days_is_taken_and_what_it_leaves_open_is_not_lost():
    weekly = [row(week, orders=5) for week in range(4)]
    registered = [row(0, offer="", registrations=3), row(4, offer="", registrations=9)]
    found = counts(*weekly, *registered)
    assert [(count.offer, count.count, count.funnel) for count in found] == [
        *[("SU7", 5, Funnel.ORDERS)] * 4,
        ("", 9, Funnel.REGISTRATIONS),  # nobody told of that week's orders
    ]
    begun = [row(0, offer="", orders=7), *(row(week, orders=5) for week in (1, 2))]
    assert counts(*begun) == tuple(c for each in begun for c in counts(each))  # one after the other: nothing is shared


def test_stores_and_offers_that_name_nothing_in_common_tell_of_the_same_cars_too():
    by_offer, by_store = row(orders=5), row(offer="", store="oslo", orders=4)
    assert len(counts(by_offer, by_store)) == 1
    assert len(counts(by_offer, row(offer="YU7", store="oslo", orders=4))) == 2
    assert len(counts(by_offer, row(offer="", batch="b2", orders=4))) == 2
    assert len(counts(by_offer, row(offer="", channel=Channel.DEALER, orders=4))) == 2


def test_leads_of_all_offers_beside_orders_of_one_are_no_further_orders():
    weekly = [row(week, orders=5, leads=None) for week in range(3)]
    leads = row(0, offer="", leads=90, end=weekly[-1].end)
    seen = read([*weekly, leads], default_reach=lambda _: 0.1)
    assert join_funnel([*weekly, leads], seen, default_reach=lambda _: 0.1).counts == counts(*weekly)


@settings(deadline=None, derandomize=True)
@given(st.lists(st.tuples(st.sampled_from("AB "), st.sampled_from("xy "), st.integers(0, 3), st.integers(0, 9))))
def test_of_any_rows_no_two_that_are_counted_can_be_of_the_same_cars(said):
    rows = {(o, s, w): row(w, offer=o.strip(), store=s.strip(), orders=n) for o, s, w, n in said}
    found = each_once(rows.values())
    assert len(found.rows) + len(found.again) == len(rows)
    for one, other in combinations(found.rows, 2):
        apart = (one.offer and other.offer and one.offer != other.offer) or (
            one.store and other.store and one.store != other.store
        )
        assert apart or one.start != other.start
