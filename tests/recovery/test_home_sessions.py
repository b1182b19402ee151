"""A made-up driver's truth, told by a home server as history, is found again in the log."""

import csv
from datetime import UTC, date, datetime
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from beachhead.charging.driver import Kind, made_driver, made_load
from beachhead.charging.record import day_hour, read_homes, read_loads, read_prices
from beachhead.home.home_assistant import server_of
from beachhead.home.learn import Learnt, learn
from beachhead.home.log import open_log
from beachhead.home.setup import read_setup
from made_home import (
    BATTERY,
    METER,
    PLUG,
    POWER,
    PRICE,
    TOKEN,
    MadeHome,
    Serving,
    folder_of,
    home_of,
    with_meter,
    with_prices,
)

BERLIN = ZoneInfo("Europe/Berlin")


def learnt(made: MadeHome, folder: Path, monkeypatch: pytest.MonkeyPatch, days: int, **lines: str) -> Learnt:
    """What `home learn --days N` finds at the home's server."""
    monkeypatch.setenv("HASS_TOKEN", TOKEN)
    with Serving(made) as serving:
        folder = folder_of(folder, serving.url, lines={f"{key} = ": f'{key} = "{to}"' for key, to in lines.items()})
        setup = read_setup(folder)
        store = open_log(folder)
        return learn(setup, server_of(setup), store, datetime.fromtimestamp(made.now, UTC), days=days)


@pytest.mark.parametrize("kind", [Kind.COMMUTER, Kind.SHIFT])
def test_sessions_are_the_driver_s_to_the_minute_and_energy_over_a_clock_change(
    kind: Kind, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = datetime(2026, 11, 19, 12, 0, tzinfo=UTC)
    driver = made_driver(kind, 1, day_hour(date(2026, 9, 21)), 60)  # 25 October: clocks go back
    made = with_prices(home_of(driver, BERLIN, now), datetime(2026, 9, 19, tzinfo=UTC), 64)
    found = learnt(made, tmp_path / "home", monkeypatch, 62)
    truth = [trip for trip in made.trips if trip[1] <= now.timestamp()]
    assert found.sessions.cut == found.sessions.unmetered == 0
    got = np.array([(one.begin, one.end, one.kwh) for one in found.sessions.whole])
    assert got[:, :2].tolist() == [[begin, end] for begin, end, _ in truth]
    assert got[:, 2] == pytest.approx([kwh for _, _, kwh in truth], abs=2e-3)
    assert found.tables.sessions is not None
    home = read_homes(found.tables.sessions, found.tables.chargers)[0]  # as `charge plan` reads it
    count = home.sessions
    assert count == len(truth)
    assert home.plug_in.tolist() == driver.plug_in[:count].tolist()
    assert home.energy_kwh == pytest.approx(driver.energy_kwh[:count], abs=2e-3)


def test_a_household_s_load_is_found_beside_the_car_on_the_home_s_clock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin, now = datetime(2026, 1, 30, tzinfo=UTC), datetime(2026, 3, 2, 12, tzinfo=UTC)
    driver = made_driver(Kind.COMMUTER, 1, day_hour(date(2026, 1, 31)), 40)
    made = with_meter(with_prices(home_of(driver, BERLIN, now), begin, 34), driver, begin, 34)
    found = learnt(made, tmp_path / "home", monkeypatch, 32, meter=METER)
    truth = made_load(0, day_hour(date(2026, 1, 30)), 34)
    assert found.tables.loads is not None
    load = read_loads(found.tables.loads)[0]
    hourly = load.kwh[: load.kwh.size // 4 * 4].reshape(-1, 4).sum(1)
    at = load.first_hour - truth.first_hour - 1  # the clock of Berlin in winter
    assert hourly[:-4] == pytest.approx(truth.kwh[at : at + hourly.size - 4], abs=2e-3)


def test_prices_on_record_and_those_told_ahead_make_one_table_with_24_hours_a_day(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = datetime(2026, 3, 30, 12, 30, tzinfo=UTC)  # the day after clocks went forward; 14:30 there
    driver = made_driver(Kind.COMMUTER, 1, day_hour(date(2026, 3, 1)), 40)
    made = with_prices(home_of(driver, BERLIN, now), datetime(2026, 3, 1, tzinfo=UTC), 40)
    found = learnt(made, tmp_path / "home", monkeypatch, 20)
    assert found.tables.prices is not None
    table = read_prices(found.tables.prices)
    assert table.last_day == date(2026, 3, 31)
    with found.tables.prices.open(encoding="utf-8") as handle:
        rows = {row["time"]: float(row["DE-LU"]) for row in csv.DictReader(handle)}
    assert "2026-03-29 02:00" not in rows  # an hour that never was
    summer = datetime(2026, 3, 31, 18, tzinfo=BERLIN)
    assert rows["2026-03-31 18:00"] == pytest.approx(1000 * made.price_of[int(summer.timestamp() // 3600)], abs=1e-3)
    assert np.isfinite(table.eur_per_kwh).all()


def test_a_counter_in_kwh_tells_the_same_energy_as_the_power_did(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = datetime(2026, 3, 2, 12, tzinfo=UTC)
    driver = made_driver(Kind.COMMUTER, 1, day_hour(date(2026, 2, 1)), 40)
    made = with_prices(home_of(driver, BERLIN, now), datetime(2026, 1, 31, tzinfo=UTC), 40)
    total, counter = 100.0, [(made.trips[0][0] - 3600, "100.0")]
    for (begin, power), (end, _) in pairwise(made.changes[POWER]):
        steps = int((end - begin) // 240) if power != "0" else 0
        for step in range(1, steps + 2 * (power != "0")):
            at = min(begin + 240 * step, end)
            counter.append((at, f"{total + float(power) / 1000 * (at - begin) / 3600:.4f}"))
        total += float(power) / 1000 * (end - begin) / 3600
        if total > 250:  # it begins anew
            total = 0.0
            counter.append((end + 300, "0.0"))
    made.changes["sensor.wallbox_energy"] = counter
    made.attributes["sensor.wallbox_energy"] = {"unit_of_measurement": "kWh"}
    found = learnt(made, tmp_path / "home", monkeypatch, 32, charger="sensor.wallbox_energy")
    truth = [trip for trip in made.trips if trip[1] <= now.timestamp()]
    assert [one.kwh for one in found.sessions.whole] == pytest.approx([kwh for _, _, kwh in truth], abs=5e-3)


def test_what_the_server_does_not_know_is_bridged_or_left_out_as_the_rules_say(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    day = datetime(2026, 3, 2, tzinfo=UTC).timestamp()
    at = {h: day + 3600 * h for h in range(24 * 6)}
    plug = [
        (at[1], "off"), (at[18], "on"), (at[20], "unavailable"), (at[22], "on"), (at[31], "off"),  # a restart
        (at[42], "on"), (at[50], "off"), (at[50] + 60, "on"), (at[55], "off"),  # a flap
        (at[66], "on"), (at[78], "unknown"), (at[78] + 1800, "off"),  # left in a short gap: when it was known again
        (at[90], "on"), (at[96], "unavailable"), (at[110], "off"),  # left in a long gap: nobody knows when
        (at[114], "on"), (at[126], "off"), (at[138], "on"),  # its energy is not known; under way
    ]  # fmt: skip
    power = [
        (at[1], "0"), (at[19], "4000"), (at[20], "unavailable"), (at[22], "4000"), (at[23], "0"),
        (at[43], "4000"), (at[44], "0"), (at[67], "4000"), (at[68], "0"), (at[91], "4000"), (at[92], "0"),
        (at[114], "unknown"), (at[126], "0"),
    ]  # fmt: skip
    now = datetime(2026, 3, 7, 20, tzinfo=UTC)
    made = MadeHome(zone=BERLIN, trips=[], now=now.timestamp(), changes={PLUG: plug, POWER: power})
    made.changes |= {"switch.wallbox": [(at[1], "on")], PRICE: [(at[1], "0.1")], BATTERY: [(at[1], "50")]}
    made.attributes = {POWER: {"unit_of_measurement": "W"}, PRICE: {"unit_of_measurement": "EUR/kWh"}}
    found = learnt(made, tmp_path / "home", monkeypatch, 7).sessions
    assert [(one.begin, one.end) for one in found.whole] == [
        (at[18], at[31]), (at[42], at[55]), (at[66], at[78] + 1800),
    ]  # fmt: skip
    assert [one.kwh for one in found.whole] == pytest.approx([8.0, 4.0, 4.0], abs=1e-3)
    assert (found.cut, found.unmetered, found.open_since) == (1, 1, at[138])


def test_a_server_that_was_down_for_days_is_not_taken_for_a_car_that_charged_for_days(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    day = datetime(2026, 3, 2, tzinfo=UTC).timestamp()
    made = MadeHome(zone=BERLIN, trips=[], now=day + 6 * 86400)
    made.changes = {
        PLUG: [(day, "off"), (day + 3600, "on"), (day + 4 * 86400, "off")],
        POWER: [(day, "0"), (day + 7200, "11000"), (day + 4 * 86400, "0")],  # down from the first evening on
        "switch.wallbox": [(day, "on")], PRICE: [(day, "0.1")],
    }  # fmt: skip
    made.attributes = {POWER: {"unit_of_measurement": "W"}, PRICE: {"unit_of_measurement": "EUR/kWh"}}
    found = learnt(made, tmp_path / "home", monkeypatch, 7).sessions
    assert (len(found.whole), found.unmetered) == (0, 1)
