"""The anytime-valid monitor under counts whose truth is known."""

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest

from beachhead.belief import Belief
from beachhead.launch.judge.looks import hwang_shih_decani
from beachhead.launch.judge.monitor import Monitor, Shown, planned_look, watch
from beachhead.launch.question.gate import Gate
from beachhead.world.market import Channel
from beachhead.world.quarter import Quarter, grid
from beachhead.world.reading import DemandCount, Funnel

BREAK_EVEN, REACH, BIAS = 3000.0, 0.3, 0.15


def before(sd: float = 1.6) -> Belief:
    return Belief(
        markets=("A", "B"),
        quarters=grid(Quarter(2027, 1), 4),
        mean=np.array([8.3, 8.0, BIAS]),
        cov=np.diag([sd**2, sd**2, 0.04]),
        log_path=np.zeros((2, 4)),
        nb_size_weekly=20.0,
    )


def weeks(ratio: float, dispersion: float, rng: np.random.Generator, count: int = 26) -> tuple[DemandCount, ...]:
    """Weekly orders of a pilot whose market buys `ratio` x break-even; variance mu + dispersion x mu^2."""
    mean = BREAK_EVEN * ratio * np.exp(BIAS) * REACH * 7 / 365.25
    shocks = rng.gamma(1 / dispersion, dispersion, count)
    starts = [date(2027, 1, 4) + timedelta(days=7 * week) for week in range(count)]
    return tuple(
        DemandCount(
            market="A",
            offer="",
            start=start,
            end=start + timedelta(days=6),
            count=int(rng.poisson(mean * shock)),
            reach=REACH,
            funnel=Funnel.ORDERS,
        )
        for start, shock in zip(starts, shocks, strict=True)
    )


def follow(counts) -> Monitor:
    found = watch(before(), counts, "A", break_even=BREAK_EVEN)
    assert found is not None
    return found


def played(ratio: float, dispersion: float, times: int, seed: int) -> list[Monitor]:
    rng = np.random.default_rng(seed)
    return [follow(weeks(ratio, dispersion, rng)) for _ in range(times)]


def test_twenty_six_looks_at_the_break_even_itself_raise_no_alarm_too_many():
    found = played(1.0, 1.0, 30, 1)
    assert sum(m.shown is not Shown.OPEN for m in found) <= 4  # more has odds below 2 % at 5 %


@pytest.mark.full
@pytest.mark.parametrize("dispersion", [0.1, 0.5, 1.0, 2.0])
def test_false_alarms_of_26_looks_stay_within_five_percent(dispersion):
    found = played(1.0, dispersion, 250, int(10 * dispersion))
    above = np.mean([m.shown is Shown.ABOVE for m in found])
    below = np.mean([m.shown is Shown.BELOW for m in found])
    assert above + below <= 0.05
    covered = [m.sightings[-1].low <= BREAK_EVEN <= m.sightings[-1].high for m in found]
    assert np.mean(covered) >= 0.95


@pytest.mark.full
@pytest.mark.parametrize(("dispersion", "ratio", "least"), [(0.1, 1.5, 0.85), (0.5, 2.0, 0.85), (1.0, 3.0, 0.85)])
def test_the_stated_power_is_reached(dispersion, ratio, least):
    found = played(ratio, dispersion, 60, 3)
    assert np.mean([m.shown is Shown.ABOVE for m in found]) >= least


def test_demand_three_times_its_break_even_is_shown_and_stays_shown():
    counts = weeks(3.0, 0.1, np.random.default_rng(2))
    found = follow(counts)
    assert found.shown is Shown.ABOVE
    assert found.shown_on is not None
    assert found.shown_on < date(2027, 3, 1)
    assert follow(weeks(0.3, 0.1, np.random.default_rng(2))).shown is Shown.BELOW
    slump = tuple(replace(c, count=0) if c.start > date(2027, 5, 1) else c for c in counts)
    assert follow(slump).shown is Shown.ABOVE


def test_a_look_at_the_past_does_not_change_with_what_came_later():
    counts = weeks(1.5, 0.5, np.random.default_rng(3))
    early, whole = follow(counts[:10]), follow(counts)
    for one, other in zip(early.sightings, whole.sightings, strict=False):
        assert one.cars == other.cars
        assert one.low == pytest.approx(other.low, rel=0.2)  # the grids differ a little
        assert one.high == pytest.approx(other.high, rel=0.2)


def test_intervals_only_ever_narrow_and_order_of_counts_does_not_matter():
    counts = weeks(1.0, 0.5, np.random.default_rng(4))
    found = follow(counts)
    assert found == follow(counts[::-1])
    lows, highs = [s.low for s in found.sightings], [s.high for s in found.sightings]
    assert lows == sorted(lows)
    assert highs == sorted(highs, reverse=True)


def test_a_batch_gone_in_three_days_says_more_than_one_gone_some_day():
    start = date(2027, 1, 4)
    row = DemandCount(
        market="A",
        offer="",
        start=start,
        end=start + timedelta(days=2),
        count=150,
        reach=REACH,
        funnel=Funnel.ORDERS,
        sold_out=True,
    )
    later = replace(row, end=start + timedelta(days=90), sold_out=False, stock_bound=True)
    known, unknown = follow((row,)), follow((later,))
    assert known.sightings[-1].low > 2 * unknown.sightings[-1].low


def test_an_end_that_the_counts_do_not_set_is_not_the_end_of_the_rates_tried():
    week = weeks(1.0, 0.5, np.random.default_rng(4), count=1)[0]
    (none,) = follow((replace(week, count=0),)).sightings
    assert (none.low, none.high) == (0.0, np.inf)  # weeks may scatter so much that any demand leaves one empty
    assert follow(weeks(1.0, 0.5, np.random.default_rng(4))).sightings[-1].high < np.inf
    at_least = follow((replace(week, count=150, stock_bound=True),)).sightings[-1]
    assert 0 < at_least.low < at_least.high == np.inf


def test_a_market_without_counts_has_no_monitor_and_one_without_break_even_no_verdict():
    counts = weeks(1.0, 0.5, np.random.default_rng(5), count=3)
    assert watch(before(), counts, "B") is None
    plain = watch(before(), counts, "A")
    assert plain is not None
    assert plain.shown is Shown.OPEN
    assert plain.sightings[-1].evidence_above is None


def test_a_planned_look_holds_what_the_counts_alone_say_against_its_published_boundary():
    gate = Gate(
        market="A",
        registered=Quarter(2027, 1),
        looks=(Quarter(2027, 2), Quarter(2027, 3)),
        channel=Channel.OWN_STORE,
        break_even=BREAK_EVEN,
        scale_odds=0.35,
        stop_odds=0.05,
        information=1.0,
        information_at_start=0.4,
        max_expected_loss=1e6,
        capital=1e7,
    )
    prior = before(sd=1.0)
    # one exact signal x with variance .25 on theta: posterior precision 1 + 4
    x = np.log(BREAK_EVEN) + 1.0
    cov = np.array(prior.cov)
    cov[0, 0] = 1 / 5
    mean = np.array(prior.mean)
    mean[0] = (prior.mean[0] + 4 * x) / 5
    after = replace(prior, mean=mean, cov=cov)
    first = planned_look(gate, prior, after, Quarter(2027, 2))
    assert (first.number, first.of) == (1, 2)
    assert first.statistic == pytest.approx(1.0 / 0.5)
    assert first.boundary == pytest.approx(hwang_shih_decani(2, 0.05, -4).upper[0])
    assert not first.crossed
    second = planned_look(gate, prior, after, Quarter(2027, 3))
    assert second.crossed  # 2.0 against 1.67
    assert planned_look(gate, prior, after, Quarter(2027, 1)).boundary is None


def test_offers_sold_in_turn_show_what_one_offer_shows_and_those_at_once_what_their_sum_does():
    counts = weeks(1.4, 0.3, np.random.default_rng(4))
    whole = follow(counts)
    in_turn = [replace(c, offer="ONE" if n < 13 else "TWO") for n, c in enumerate(counts)]
    assert follow(in_turn).sightings == whole.sightings
    some = [c.count // 3 for c in counts]
    at_once = [
        replace(c, offer=offer, count=n)
        for c, part in zip(counts, some, strict=True)
        for offer, n in (("ONE", part), ("TWO", c.count - part))
    ]
    last, told = whole.sightings[-1], follow(at_once).sightings[-1]
    assert (told.low, told.high) == pytest.approx((last.low, last.high), rel=0.05)  # the grid is another
    # what was sold at another price is not counted, but could be had
    cheap = follow([replace(c, price_point=0.9 if c.offer == "ONE" else 1.0) for c in at_once]).sightings[-1]
    assert cheap.low < 1.4 * BREAK_EVEN < cheap.high
    assert cheap.high == pytest.approx(4 / 3 * last.high, rel=0.25)
