from dataclasses import replace
from datetime import date

import pytest

from beachhead.case.score.outcome_of_pilot import _told
from beachhead.pilot.result import result_of
from beachhead.world.market import Channel
from beachhead.world.reading import Observation


def row(start: date, end: date, orders: int | None, **more) -> Observation:
    plain = Observation(batch="b", market="NO", offer="ONE", channel=Channel.DEALER, store="", start=start, end=end)
    return replace(plain, orders=orders, **more)


APRIL = row(date(2027, 4, 1), date(2027, 4, 30), 20, opening_stock=100)
MAY = row(date(2027, 5, 1), date(2027, 5, 31), 30)
JUNE = row(date(2027, 6, 1), date(2027, 6, 30), 15)


def result(*rows: Observation, batch: int = 100, price_point: float = 1.0, asked: float = 1.0):
    return result_of(
        rows, batch=batch, weeks=13, until=date(2027, 6, 30), price_point=price_point, price_of=lambda _: asked
    )


def test_one_order_is_one_order_in_words():
    alone = result(row(date(2027, 4, 1), date(2027, 6, 30), 1, opening_stock=100))
    assert _told(alone) == "pilot of 100, 2027-04-01 to 2027-06-30: 1 order"
    assert _told(result(APRIL, MAY, JUNE)) == "pilot of 100, 2027-04-01 to 2027-06-30: 65 orders"


def test_orders_of_its_weeks_are_added_up():
    found = result(APRIL, MAY, JUNE)
    assert (found.first, found.last, found.at_least, found.at_most) == (date(2027, 4, 1), date(2027, 6, 30), 65, 65)
    assert found.sold_out is False
    assert found.unlike == found.missing == ""
    assert found.within(60, 65) is True
    assert found.within(66, 100) is False


def test_cancelled_orders_do_not_count():
    assert result(APRIL, MAY, replace(JUNE, cancellations=5)).at_least == 60


def test_a_batch_that_sold_out_took_as_many_orders_as_it_had_cars():
    found = result(APRIL, row(date(2027, 5, 1), date(2027, 5, 12), 80, sold_out_on=date(2027, 5, 12)))
    assert found.sold_out is True
    assert found.within(100, 100) is True
    assert found.missing == ""
    assert result(replace(APRIL, orders=100)).sold_out is True  # no day is said, the stock is


def test_it_is_sold_out_when_every_store_is():
    here = replace(APRIL, store="a", orders=50, opening_stock=50, sold_out_on=date(2027, 4, 20))
    there = [replace(each, store="b") for each in (replace(APRIL, opening_stock=50, orders=10), MAY, JUNE)]
    assert result(here, *there).sold_out is True  # 10 + 30 + 15 are more than 50
    there[2] = replace(there[2], orders=3)
    found = result(here, *there)
    assert (found.sold_out, found.at_least) == (False, 93)


def test_a_row_that_reaches_beyond_its_weeks_leaves_open_what_lies_within():
    found = result(APRIL, MAY, row(date(2027, 6, 1), date(2027, 7, 31), 40))
    assert (found.at_least, found.at_most) == (50, 90)
    assert found.within(40, 95) is True
    assert found.within(0, 49) is False
    assert found.within(60, 70) is None
    assert found.sold_out is False
    assert result(APRIL, MAY, row(date(2027, 6, 1), date(2027, 7, 31), 50)).sold_out is None


def test_a_start_a_few_days_late_ends_with_its_quarter_and_a_late_one_does_not():
    assert result(replace(APRIL, start=date(2027, 4, 9)), MAY, JUNE).last == date(2027, 6, 30)
    late = result(replace(APRIL, start=date(2027, 4, 19)), MAY, JUNE)
    assert late.last == date(2027, 7, 18)
    assert late.missing == "no row tells of 18 of its 91 days"


def test_days_without_a_row_are_missing():
    assert result(APRIL, JUNE).missing == "no row tells of 31 of its 91 days"


@pytest.mark.parametrize(
    ("found", "unlike"),
    [
        (result(replace(APRIL, opening_stock=60), MAY, JUNE), "60 cars were shipped, 100 were decided"),
        (result(replace(APRIL, opening_stock=None, orders=90), MAY, JUNE), "135 cars were sold, of 100 that were"),
        (result(APRIL, MAY, JUNE, asked=0.9), "sold at 90 % of list price, 100 % was decided"),
        (result(APRIL, MAY, JUNE, asked=0.9, price_point=0.9), ""),
        (result(replace(APRIL, opening_stock=95), MAY, JUNE), ""),
    ],
)
def test_a_pilot_that_was_run_otherwise_says_how(found, unlike):
    assert found.unlike.startswith(unlike)
    assert bool(found.unlike) == bool(unlike)


def test_a_batch_may_come_in_two_shipments():
    first = replace(APRIL, opening_stock=40)
    second = replace(MAY, opening_stock=80)  # 20 were left, 60 came
    assert result(first, second, JUNE).unlike == ""
    assert result(replace(APRIL, opening_stock=100), replace(MAY, opening_stock=80), JUNE).unlike == ""  # what was left


def test_rows_that_count_no_car_show_nothing():
    assert result() is None
    assert result(replace(APRIL, orders=None, leads=40)) is None
