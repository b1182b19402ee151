"""Counts that come late: the delay is found from corrections, and a reading of the last weeks is no longer too low."""

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest

from beachhead.belief import Belief, update
from beachhead.belief.calendar import calendar_count, calendar_factor
from beachhead.belief.fitted import entry_fit
from beachhead.pilot.nowcast import Version, allow_for_delay, delays
from beachhead.world.quarter import Quarter, grid
from beachhead.world.reading import DemandCount, Funnel, Reading

TODAY = date(2027, 12, 31)
MEAN_DELAY = 15.0


def sent_weekly(rng, *, weekly, weeks, lag, today=TODAY):
    """Registrations of `weeks` weeks as a source sends them each Monday, with exponential delays."""
    versions, truth = [], []
    for number in range(weeks):
        end = today - timedelta(days=7 * (weeks - number) - 6)
        cars = rng.poisson(weekly)
        truth.append(cars)
        known = end + timedelta(days=1) + np.array([timedelta(days=int(d)) for d in rng.exponential(lag, cars)])
        day = end + timedelta(days=1)
        while day <= today:
            count = int(sum(k <= day for k in known))
            if not versions or versions[-1].span != str(end) or versions[-1].count != count:
                versions.append(Version(span=str(end), funnel=Funnel.REGISTRATIONS, end=end, sent=day, count=count))
            day += timedelta(days=7)
    return versions, truth


def last_counts(versions):
    held = {}
    for v in versions:
        held[v.span] = v
    return list(held.values())


def count_of(version):
    return DemandCount(
        market="NO",
        offer="",
        start=version.end - timedelta(days=6),
        end=version.end,
        count=version.count,
        reach=1.0,
        funnel=Funnel.REGISTRATIONS,
        is_pilot=False,
    )


def test_the_share_reported_by_age_is_found():
    found = []
    for seed in range(6):
        versions, _ = sent_weekly(np.random.default_rng(seed), weekly=60, weeks=40, lag=MEAN_DELAY)
        delay = delays(versions, today=TODAY)[Funnel.REGISTRATIONS]
        found.append([delay.at(age)[0] for age in (7, 14, 28, 56)])
        assert (np.diff(delay.share) >= -1e-12).all()
    # sent on day 1 after the end: at age a the last number is of the last multiple of 7 days plus 1 before it
    truth = [1 - np.exp(-(7 * ((a - 1) // 7) + 1) / MEAN_DELAY) for a in (7, 14, 28, 56)]
    assert np.mean(found, axis=0) == pytest.approx(truth, abs=0.05)


def test_the_interval_of_the_share_reported_holds_the_truth():
    inside, asked = 0, 0
    for seed in range(12):
        versions, truth = sent_weekly(np.random.default_rng(100 + seed), weekly=60, weeks=30, lag=MEAN_DELAY)
        delay = delays(versions, today=TODAY)[Funnel.REGISTRATIONS]
        for version, whole in zip(last_counts(versions)[-8:], truth[-8:], strict=True):
            share, spread = delay.at((TODAY - version.end).days)
            asked += 1
            inside += abs(np.log(max(version.count, 0.5) / share / whole)) <= 1.645 * spread + 0.02
    assert 0.8 <= inside / asked <= 1.0


def belief(level, market="NO"):
    quarters = grid(Quarter(2027, 1), 8)
    return Belief(
        markets=(market,),
        quarters=quarters,
        mean=np.array([level, 0.0]),
        cov=np.diag([1.0, 1e-6]),
        log_path=np.zeros((1, 8)),
        nb_size_weekly=20.0,
        nb_size_log_sd=0.1,
    )


def test_demand_read_from_the_last_weeks_is_no_longer_too_low():
    raw, mended = [], []
    for seed in range(5):
        versions, _ = sent_weekly(np.random.default_rng(200 + seed), weekly=60, weeks=30, lag=MEAN_DELAY)
        recent = [count_of(v) for v in last_counts(versions)[-3:]]
        allowed, said = allow_for_delay(recent, delays(versions, today=TODAY), today=TODAY)
        assert len(said) >= 2
        assert "to be expected" in said[0]
        assert [c.count for c in allowed] == [c.count for c in recent], "what was sent stays what was sent"
        truth = np.log(60 * 365.25 / 7)
        for counts, out in ((recent, raw), (allowed, mended)):
            out.append(update(belief(truth), Reading(counts=tuple(counts))).belief.mean[0] - truth)
    assert np.mean(raw) < -0.3
    assert abs(np.mean(mended)) < 0.15


def test_a_source_that_never_corrects_is_read_as_it_stands():
    versions = [
        Version(span=str(n), funnel=Funnel.ORDERS, end=TODAY - timedelta(days=7 * n), sent=TODAY, count=10)
        for n in range(1, 20)
    ]
    assert delays(versions, today=TODAY) == {}
    counts = [count_of(v) for v in versions]
    assert allow_for_delay(counts, {}, today=TODAY) == (tuple(counts), ())


def test_a_count_that_stock_ended_is_whole():
    versions, _ = sent_weekly(np.random.default_rng(1), weekly=60, weeks=30, lag=MEAN_DELAY)
    last = count_of(versions[-1])
    sold_out = DemandCount(**{f: getattr(last, f) for f in ("market", "offer", "start", "end", "count", "reach")},
                           funnel=last.funnel, sold_out=True)  # fmt: skip
    allowed, said = allow_for_delay([sold_out], delays(versions, today=TODAY), today=TODAY)
    assert allowed == (sold_out,)
    assert said == ()


def test_the_british_plates_make_march_large_and_february_small_and_a_whole_quarter_even():
    fit = entry_fit()
    march = calendar_factor(fit, "GB", date(2027, 3, 1), date(2027, 3, 31))
    february = calendar_factor(fit, "GB", date(2027, 2, 1), date(2027, 2, 28))
    assert march > 1.4
    assert february < 0.75
    assert calendar_factor(fit, "GB", date(2027, 1, 1), date(2027, 3, 31)) == pytest.approx(1)
    assert calendar_factor(fit, "GB", date(2027, 1, 1), date(2027, 12, 31)) == pytest.approx(1)
    assert calendar_factor(fit, "IE", date(2027, 1, 1), date(2027, 1, 31)) > 1.05


def test_a_span_counts_by_its_days_against_the_mean_of_its_quarters():
    plain = entry_fit()
    fit = replace(plain, months={"all": tuple(np.log([1.0, 2.0, 3.0] * 4))}, within_quarter=(0.0, 0.0, 0.0))
    # 31 + 2 x 28 + 3 x 31 = 180 for 90 days, 30 + 2 x 31 + 3 x 30 = 182 for 91: a mean of 2 in both quarters
    assert calendar_factor(fit, "NO", date(2027, 1, 1), date(2027, 1, 31)) == pytest.approx(0.5)
    assert calendar_factor(fit, "NO", date(2027, 1, 1), date(2027, 3, 31)) == pytest.approx(1.0)
    first, second = np.exp(fit.season_of("NO")[:2])
    shaped = first * 15 * 3 / 2 + second * (30 + 2 * 31) / 2
    found = calendar_factor(fit, "NO", date(2027, 3, 17), date(2027, 5, 31))
    assert found == pytest.approx(shaped / (15 * first + 61 * second))
    row = DemandCount(
        market="NO", offer="", start=date(2027, 1, 1), end=date(2027, 1, 31), count=9, reach=1.0,
        funnel=Funnel.REGISTRATIONS, factor_log_sd=0.2,
    )  # fmt: skip
    told = calendar_count(fit, row)
    assert (told.calendar, told.factor_log_sd) == pytest.approx((0.5, (0.2**2 + 0.1**2) ** 0.5))


def test_level_is_found_from_a_march_alone_where_plates_change():
    fit, truth, off = entry_fit(), np.log(3000.0), {"plain": [], "calendar": []}
    rng = np.random.default_rng(3)
    for _ in range(20):
        expected = 3000 * 31 / 365.25 * calendar_factor(fit, "GB", date(2027, 3, 1), date(2027, 3, 31))
        row = DemandCount(
            market="GB", offer="", start=date(2027, 3, 1), end=date(2027, 3, 31), count=int(rng.poisson(expected)),
            reach=1.0, funnel=Funnel.REGISTRATIONS, is_pilot=False,
        )  # fmt: skip
        shaped = calendar_count(fit, row)
        for name, count in (("plain", row), ("calendar", shaped)):
            off[name].append(update(belief(truth, "GB"), Reading(counts=(count,))).belief.mean[0] - truth)
    assert np.mean(off["plain"]) > 0.2
    assert abs(np.mean(off["calendar"])) < 0.08


def test_orders_follow_no_registers_calendar():
    row = DemandCount(
        market="GB", offer="", start=date(2027, 3, 1), end=date(2027, 3, 31), count=9, reach=1.0, funnel=Funnel.ORDERS
    )
    assert calendar_count(entry_fit(), row) is row
