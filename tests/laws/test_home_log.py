"""The log: what is known stays, what was not known is filled in, in whatever order it is read."""

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from beachhead.home.home_assistant import Change
from beachhead.home.log import DayRead, keep_days, open_log, recorded
from beachhead.home.series import (
    DAY,
    QUARTER,
    QUARTERS,
    Gauge,
    Spell,
    energy_day,
    joined,
    merged_quarters,
    merged_spells,
)
from beachhead.store import last_delivery, reading

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
POWER = Gauge(factor=0.001, counts=False, hold_seconds=1e9, idle_kw=0.1, spread_seconds=1800)
COUNTER = Gauge(factor=1.0, counts=True, hold_seconds=1e9, idle_kw=0.1, spread_seconds=1800)


@st.composite
def truths(draw: st.DrawFn) -> list[bool | None]:
    """A day in hours: in, out or not known."""
    return draw(st.lists(st.sampled_from([True, False, None]), min_size=24, max_size=24))


def _spells(hours: list[bool | None], known: list[bool]) -> tuple[Spell, ...]:
    return joined(
        Spell(begin=3600.0 * at, end=3600.0 * (at + 1), plugged=plugged)
        for at, plugged in enumerate(hours)
        if known[at] and plugged is not None
    )


masks = st.lists(st.booleans(), min_size=24, max_size=24)


@settings(deadline=None, derandomize=True, max_examples=60)
@given(truths(), masks, masks)
def test_partial_readings_of_one_day_merge_in_any_order_to_the_same_day(hours, one, other):
    first, second = _spells(hours, one), _spells(hours, other)
    both = _spells(hours, [a or b for a, b in zip(one, other, strict=True)])
    assert merged_spells(first, second) == merged_spells(second, first) == both
    assert merged_spells(both, first) == both
    truth = np.array([np.nan if hour is None else float(hour) for hour in hours]).repeat(4)
    a, b = (np.where(np.repeat(mask, 4), truth, np.nan) for mask in (one, other))
    merged = merged_quarters(a, b)
    assert np.array_equal(merged, merged_quarters(b, a), equal_nan=True)
    assert np.array_equal(merged_quarters(merged, a), merged, equal_nan=True)


@settings(deadline=None, derandomize=True, max_examples=60)
@given(st.lists(st.tuples(st.floats(0, DAY - 1), st.floats(0, 11_000)), min_size=1, max_size=30))
def test_energy_of_a_day_is_the_area_under_its_power(points):
    changes = [Change(at=at, text=repr(watts)) for at, watts in sorted(dict(points).items())]
    quarters = energy_day(changes, 0.0, float(DAY), POWER)
    known = np.isfinite(quarters)
    edges = [change.at for change in changes] + [float(DAY)]
    area = sum(float(c.text) / 3.6e6 * (end - c.at) for c, end in zip(changes, edges[1:], strict=True))
    first = int(changes[0].at // QUARTER) + 1
    assert known[first:].all()
    part = sum(
        float(c.text) / 3.6e6 * max(min(end, first * QUARTER) - c.at, 0.0)
        for c, end in zip(changes, edges[1:], strict=True)
    )
    assert abs(np.nansum(quarters[first:]) - (area - part)) < 1e-4


@settings(deadline=None, derandomize=True, max_examples=60)
@given(st.lists(st.floats(0.01, 3.0), min_size=2, max_size=20), st.integers(0, 19))
def test_a_counter_loses_nothing_it_counted_and_takes_a_fall_for_a_new_beginning(gains, reset):
    total, counted, changes = 50.0, 0.0, [Change(at=900.0, text="50")]
    for number, gain in enumerate(gains):
        total = gain if number == reset else total + gain
        counted += gain
        changes.append(Change(at=900.0 + 600.0 * (number + 1), text=repr(total)))
        changes.append(Change(at=900.0 + 600.0 * (number + 1) + 60.0, text="unavailable"))
    quarters = energy_day(changes, 0.0, float(DAY), COUNTER)
    assert np.nansum(quarters) == pytest.approx(counted, abs=1e-4)


@settings(deadline=None, derandomize=True, max_examples=60)
@given(st.integers(1, 16), st.sampled_from([0.0, 17.0, 99_999.0]), st.floats(1.0, 250.0), st.booleans())
def test_a_counter_that_slips_for_a_moment_counts_nothing_by_coming_back(where, slip, after_seconds, is_meter):
    """An integration that starts anew says 0 and then its total again: 1,000 kWh stood in one session."""
    gauge = replace(COUNTER, most_kw=None) if is_meter else replace(COUNTER, most_kw=11.0)
    changes = [Change(at=900.0 + 300.0 * at, text=f"{1000 + 0.9 * at:.2f}") for at in range(18)]
    slipped = Change(at=changes[where].at + after_seconds, text=repr(slip))
    changes = [*changes[: where + 1], slipped, *changes[where + 1 :]]
    quarters = energy_day(changes, 0.0, float(DAY), gauge)
    assert np.nansum(quarters) == pytest.approx(0.9 * 17, abs=1e-4)
    assert np.nanmax(quarters) <= 11.0 / 4


def test_reading_the_same_history_twice_writes_nothing(tmp_path: Path) -> None:
    store = open_log(tmp_path)
    quarters = np.full(QUARTERS, np.nan)
    quarters[:40] = 0.25
    spells = (Spell(begin=0.0, end=36_000.0, plugged=True),)
    read = DayRead(day=date(2026, 3, 2), spells=spells, quarters={"charger": quarters})
    assert keep_days(store, [read], name="a", at=NOON) == 2
    with reading(store) as work:
        before = last_delivery(work)
    assert keep_days(store, [read], name="b", at=NOON) == 0
    assert keep_days(store, [DayRead(day=read.day, spells=(), quarters={})], name="c", at=NOON) == 0
    with reading(store) as work:
        assert last_delivery(work) == before
    later = np.full(QUARTERS, 9.0)
    assert keep_days(store, [DayRead(day=read.day, spells=(), quarters={"charger": later})], name="d", at=NOON) == 1
    kept = recorded(store).quarters["charger"][read.day]
    assert kept[:40].tolist() == [0.25] * 40  # what was known stays
    assert kept[40:].tolist() == [9.0] * 56
