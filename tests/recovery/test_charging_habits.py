"""What is learnt of a home: known habits come back, intervals cover, and nothing later than the plug-in is used."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from beachhead.charging.habit import (
    departure_interval,
    departure_quantile,
    learn_habits,
    learn_pool,
    sure_until,
)
from beachhead.charging.record import Home, read_homes

DAY = 24 * 60
MONDAY = (4 + 7 * 2700) * DAY  # a Monday 00:00


def commuter(seed: int, days: int = 120, leaves: float = 7.25, spread: float = 25.0) -> Home:
    """Comes home at about 17:40 and leaves the next morning; some evenings it is off again within two hours."""
    rng = np.random.default_rng(seed)
    begin, end, energy = [], [], []
    for day in range(days):
        arrive = MONDAY + day * DAY + int(rng.normal(17.7 * 60, 30))
        stays_short = rng.random() < 0.2
        minutes = rng.uniform(30, 110) if stays_short else (24 + leaves) * 60 + rng.normal(0, spread) - arrive % DAY
        begin.append(arrive)
        end.append(arrive + int(minutes))
        energy.append(min(rng.gamma(4, 2.0), 0.9 * 7.4 * minutes / 60))
    return Home(
        name=f"home{seed}",
        place="made up",
        plug_in=np.array(begin),
        plug_out=np.array(end),
        energy_kwh=np.array(energy),
        power_kw=7.4,
        battery_kwh=50.0,
    )


POOL = learn_pool([commuter(seed) for seed in range(100, 106)])


def test_ninety_percent_intervals_of_the_departure_cover_nine_in_ten() -> None:
    inside = []
    for seed in range(8):
        home = commuter(seed)
        habits = learn_habits(home, POOL)
        for k in range(10, home.sessions):
            low, high = departure_interval(habits, k, int(home.plug_in[k]))
            inside.append(low <= home.plug_out[k] <= high)
    assert 0.87 <= np.mean(inside) <= 0.93


def test_intervals_cover_the_true_departures_of_homes_that_are_recorded_by_whole_hours(tmp_path: Path) -> None:
    lines, true = ["user_id,plugin_time,plugout_time,energy_session"], {}
    for seed in range(14):
        home = commuter(seed, spread=8.0)
        begin, end = (60 * ((minutes + 30) // 60) for minutes in (home.plug_in, home.plug_out))
        seen = np.flatnonzero(end > begin)
        true[f"{seed:02}"] = home.plug_out[seen]
        moments = np.stack((begin, end)).T[seen].astype("datetime64[m]")
        rows = zip(moments, home.energy_kwh[seen], strict=True)
        lines += [f"{seed:02},{one[0]},{one[1]},{kwh:.2f}" for one, kwh in rows]
    (tmp_path / "sessions.csv").write_text("\n".join(lines), encoding="utf-8")
    homes = read_homes(tmp_path / "sessions.csv")
    pool, inside = learn_pool(homes[8:]), []
    for home in homes[:8]:
        habits = learn_habits(home, pool)
        for k in range(10, home.sessions):
            low, high = departure_interval(habits, k, int(home.plug_in[k]))
            inside.append(low <= true[home.name][k] <= high)
    assert 0.87 <= np.mean(inside) <= 0.95


def test_the_median_departure_of_a_regular_home_is_found() -> None:
    home = commuter(1, leaves=9.5)
    habits = learn_habits(home, POOL)
    late = [departure_quantile(habits, k, int(home.plug_in[k]), 0.6) % DAY / 60 for k in range(60, 120)]
    assert np.median(late) == pytest.approx(9.5, abs=0.5)


def test_a_session_is_foretold_from_earlier_sessions_only() -> None:
    home = commuter(3)
    cut = Home(
        name="cut",
        place="",
        plug_in=home.plug_in[:51],
        plug_out=np.concatenate((home.plug_out[:50], home.plug_in[50:51] + 400)),
        energy_kwh=home.energy_kwh[:51],
        power_kw=home.power_kw,
        battery_kwh=home.battery_kwh,
    )
    whole, part = learn_habits(home, POOL), learn_habits(cut, POOL)
    for name in ("depart", "early", "later", "trip_kwh", "away_hours"):
        assert np.array_equal(getattr(whole, name)[50], getattr(part, name)[50])


def test_to_be_sure_until_a_minute_is_one_less_the_chance_to_have_left() -> None:
    home = commuter(5)
    habits, plugged = learn_habits(home, POOL), int(home.plug_in[80])
    for level in (0.05, 0.5, 0.97):
        minute = departure_quantile(habits, 80, plugged, level)
        assert sure_until(habits, 80, plugged, minute) == pytest.approx(1 - level, abs=1e-6)


def test_stays_beyond_the_hours_told_apart_thin_out_instead_of_ending_there() -> None:
    begin = MONDAY + np.arange(30) * 7 * DAY + 18 * 60
    home = Home(
        name="away by train",
        place="",
        plug_in=begin,
        plug_out=begin + 5 * DAY,
        energy_kwh=np.full(30, 20.0),
        power_kw=7.4,
        battery_kwh=50.0,
    )
    habits, plugged = learn_habits(home, POOL), int(begin[29])
    late = departure_quantile(habits, 29, plugged, 0.9)
    assert plugged + 97 * 60 < late
    assert sure_until(habits, 29, plugged, late) == pytest.approx(0.1, abs=1e-6)
