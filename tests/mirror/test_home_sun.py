"""What a roof will give, by forecast entities of several kinds, by the sky, and by the roof at this moment."""

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pytest

from beachhead.charging.record import day_hour
from beachhead.charging.sun import expected_sun
from beachhead.home.home_assistant import State
from beachhead.home.setup import Setup, read_setup
from beachhead.home.sun import Sun, sun_of, told_sun
from beachhead.world.errors import BadInput
from made_home import folder_of

NOON = datetime(2026, 6, 20, 10, 30, tzinfo=UTC)  # 12:30 there
HOUR = day_hour(date(2026, 6, 20)) + 12


def setup_of(path: Path, **lines: str) -> Setup:
    return read_setup(folder_of(path, "http://127.0.0.1:1", lines=lines))


def state(entity: str, text: str, unit: str = "", **attributes: object) -> State:
    attributes = {"unit_of_measurement": unit} | attributes
    return State(entity=entity, text=text, changed=NOON, attributes=attributes, by_person=False)


@pytest.mark.parametrize(
    "attributes",
    [
        {"detailedHourly": [{"period_start": "2026-06-20T12:00:00+02:00", "pv_estimate": 4.0},
                            {"period_start": "2026-06-20T13:00:00+02:00", "pv_estimate": 2.0}]},
        {"detailedForecast": [{"period_start": f"2026-06-20T1{h}:{m}:00+02:00", "pv_estimate": kw, "pv_estimate10": 1.0}
                              for h, m, kw in ((2, "00", 5.0), (2, "30", 3.0), (3, "00", 2.5), (3, "30", 1.5))]},
        {"watts": {"2026-06-20T10:00:00+00:00": 4500, "2026-06-20T10:30:00+00:00": 3500,
                   "2026-06-20T11:00:00+00:00": 2500, "2026-06-20T11:30:00+00:00": 1500}},
        {"wh_hours": {"2026-06-20 12:00:00": 4000, "2026-06-20 13:00:00": 2000}, "friendly_name": "Roof"},
    ],
    ids=["hours", "half-hours", "moments", "table"],
)  # fmt: skip
def test_forecasts_of_all_kinds_tell_the_same_hours(tmp_path: Path, attributes: dict[str, object]) -> None:
    assert told_sun(attributes, setup_of(tmp_path / "home")) == {HOUR: 4.0, HOUR + 1: 2.0}


def test_what_is_no_forecast_is_none(tmp_path: Path) -> None:
    setup = setup_of(tmp_path / "home")
    for told in ([1, 2], [{"start": "soon", "kw": 1}], [{"start": "2026-06-20T12:00", "kw": "much"}], "sunny", None):
        assert told_sun({"forecast": told, "watts": {"soon": 5, "2026-06-20T12:00": float("nan")}}, setup) == {}


@pytest.mark.parametrize(
    ("zone", "latitude", "longitude", "noon"),
    [("Asia/Tokyo", 35.7, 139.7, 11.7), ("Australia/Sydney", -33.9, 151.2, 11.95), ("Europe/Berlin", 52.5, 13.4, 13.1)],
)
def test_the_sky_s_noon_is_that_of_the_home_s_own_clock(tmp_path, zone, latitude, longitude, noon):
    sky = f"[sun]\nroof_kw = 6\nlatitude = {latitude}\nlongitude = {longitude}\ntilt = 0\n\n[plan]"
    setup = setup_of(tmp_path / "home", **{"[plan]": sky, "time_zone = ": f'time_zone = "{zone}"'})
    midnight = datetime(2026, 6, 20, tzinfo=setup.zone).astimezone(UTC)
    found = sun_of(setup, {}, midnight)
    assert found is not None
    assert found.kwh is not None
    day = np.array(found.kwh[:24])
    assert (day @ (np.arange(24) + 0.5)) / day.sum() == pytest.approx(noon, abs=0.1)


def test_hours_that_no_forecast_tells_are_the_sky_s_and_the_hour_at_hand_is_what_the_roof_gives(tmp_path: Path) -> None:
    sky = "[sun]\nroof_kw = 6\nlatitude = 48.1\nlongitude = 11.6\ncloud = 0.3\nfeed_in_cents_per_kwh = 8\n\n[plan]"
    setup = setup_of(tmp_path / "home", **{"[plan]": sky, "forecast = ": 'forecast = "sensor.sky"'})
    assert setup.roof is not None
    assert setup.feed_in_eur == pytest.approx(0.08)
    entities = replace(setup.entities, solar="sensor.roof")
    setup = replace(setup, entities=entities)
    told = state("sensor.sky", "1", watts={"2026-06-20T13:00:00+02:00": 1000})
    roof = state("sensor.roof", "2500", "W")
    found = sun_of(setup, {"forecast": told, "solar": roof}, NOON)
    assert found is not None
    assert found.kwh is not None
    assert found.note == ""
    assert found.kwh[:2] == (2.5, 1.0)
    clear = expected_sun(setup.roof, HOUR + 2 + np.arange(5), 0.3)
    assert found.kwh[2:7] == pytest.approx(clear.tolist())
    silent = sun_of(setup, {"forecast": state("sensor.sky", "unavailable")}, NOON)
    assert silent is not None
    assert "a clear sky less 30 % cloud is taken" in silent.note
    bare = replace(setup, roof=None)
    today = state("sensor.sky", "1", wh_hours={"2026-06-20 09:00:00": 700, "2026-06-20 14:00:00": 1500})
    alike = sun_of(bare, {"forecast": today}, NOON)
    assert alike is not None
    assert alike.kwh is not None
    tomorrow_too = [alike.kwh[t] for t in (0, 2, 21, 26, 45)]
    assert tomorrow_too == pytest.approx([0.0, 1.5, 0.7, 1.5, 0.7])  # a day that is not told is taken to be like today
    assert sun_of(bare, {"forecast": state("sensor.sky", "unavailable")}, NOON) == Sun(
        kwh=None, note="The sun's forecast tells no hours to come; planned without the sun."
    )
    assert sun_of(replace(bare, entities=replace(entities, forecast=None)), {}, NOON) is None


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ({"[plan]": "[sun]\nfeed_in_cents_per_kwh = 8\n\n[plan]"}, "sun.roof_kw: is missing"),
        ({"[plan]": "[sun]\nroof_kw = 6\nlatitude = 48\n\n[plan]"}, "sun.longitude: is missing"),
        ({"[plan]": "[sun]\nroof_kw = 6\nlatitude = 480\nlongitude = 11\n\n[plan]"}, "less than or equal to 90"),
        ({"forecast = ": 'forecast = "sensor.sky"'}, "sun: is missing, and entities.forecast tells of a roof"),
    ],
)
def test_a_roof_that_is_not_told_whole_is_refused_with_its_cure(
    tmp_path: Path, lines: dict[str, str], told: str
) -> None:
    with pytest.raises(BadInput) as refused:
        setup_of(tmp_path / "home", **lines)
    assert told in str(refused.value)
