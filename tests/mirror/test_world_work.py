"""Work is counted, and a clock stops a search only where somebody asks for one."""

import time

import pytest

from beachhead.world.work import Meter, in_turn, meter


def test_a_search_stops_when_its_work_is_done_and_not_before():
    counted = meter(2.0)
    counted.charge(1.5)
    assert not counted.must_stop()
    assert counted.left == pytest.approx(0.5)
    counted.charge(1.0)
    assert counted.must_stop()
    assert counted.left == 0.0
    assert not counted.by_clock


def test_without_a_clock_the_time_is_never_read(monkeypatch):
    monkeypatch.setattr(time, "perf_counter", lambda: pytest.fail("somebody looked at the clock"))
    counted = meter(1.0)
    assert not counted.must_stop()
    assert counted.seconds_left == float("inf")
    assert not counted.part(0.5).must_stop()


def test_a_clock_that_struck_is_remembered_only_where_it_stopped_something(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(time, "perf_counter", lambda: now[0])
    counted, done = meter(10.0, 5.0), meter(10.0, 5.0)
    done.charge(10.0)
    assert not counted.must_stop()
    now[0] = 6.0
    assert counted.must_stop()
    assert done.must_stop()
    assert counted.by_clock
    assert not done.by_clock  # its work was done: the clock changed nothing


def test_a_part_has_no_more_than_is_left_and_is_booked_on_the_whole():
    whole = Meter(limit=10.0, done=4.0)
    part = whole.part(8.0)
    assert part.limit == 6.0
    part.charge(2.5)
    part.by_clock = True
    assert whole.done == 4.0
    whole.settle(part)
    assert whole.done == 6.5
    assert whole.by_clock


def test_whoever_listens_hears_what_is_done_of_what_there_is_at_most():
    heard = []
    counted = meter(10.0, tick=lambda done, total: heard.append((done, total)))
    counted.charge(2.0)
    counted.foreseen = 8.0
    counted.charge(1.0)
    part = counted.part(4.0)
    part.charge(2.0)
    counted.settle(part)
    counted.charge(20.0)
    assert heard == [(2.0, 10.0), (3.0, 8.0), (5.0, 8.0), (5.0, 8.0), (8.0, 8.0)]


def test_nobody_is_told_of_a_search_whose_end_is_not_in_sight():
    Meter(tick=lambda done, total: pytest.fail("told")).charge(1.0)


def test_searches_one_after_the_other_are_told_as_shares_of_the_whole():
    heard = []
    first, second = in_turn(lambda done, total: heard.append(done / total), [3.0, 1.0])
    first(5.0, 10.0)
    first(10.0, 10.0)
    second(1.0, 2.0)
    second(9.0, 2.0)  # more than was foreseen
    assert heard == [0.375, 0.75, 0.875, 1.0]
    assert in_turn(None, [3.0, 1.0]) == [None, None]
