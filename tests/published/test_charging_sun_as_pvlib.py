"""The sun on a roof against pvlib 0.16.1 (solarposition, clearsky.haurwitz, irradiance.erbs, get_total_irradiance).

Munich, 48.1 N 11.6 E: midsummer 11:00, equinox 08:30, midwinter 14:00 UTC of 2023; a south roof tilted by 35 degrees.
"""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from beachhead.charging.sun import (
    Roof,
    day_of_year,
    diffuse,
    expected_sun,
    haurwitz,
    on_roof,
    sun_position,
    utc_minutes,
)
from beachhead.world.errors import BadInput

MOMENTS = [datetime(2023, 6, 21, 11), datetime(2023, 3, 20, 8, 30), datetime(2023, 12, 21, 14)]
MINUTES = np.array([moment.replace(tzinfo=UTC).timestamp() / 60 for moment in MOMENTS])
ZENITH = np.array([0.90758544, 0.48285454, 0.15857641])
AZIMUTH = np.array([171.81511364, 128.92448525, 218.57548423])
CLEAR = np.array([933.80758019, 469.19374769, 120.02097329])
DIFFUSE = np.array([155.618803, 110.683393, 69.903099])
ON_ROOF = np.array([1000.277337, 637.147689, 246.734594])


def test_the_sun_stands_where_pvlib_puts_it() -> None:
    zenith, azimuth = sun_position(MINUTES, 48.1, 11.6)
    assert zenith == pytest.approx(ZENITH, abs=1e-7)
    assert np.degrees(azimuth) == pytest.approx(AZIMUTH, abs=1e-6)


def test_the_light_of_a_clear_sky_is_that_of_pvlib() -> None:
    day = day_of_year(MINUTES)
    assert haurwitz(ZENITH) == pytest.approx(CLEAR, rel=1e-6)
    assert diffuse(CLEAR, ZENITH, day) == pytest.approx(DIFFUSE, rel=0.02)  # pvlib takes Spencer's distance of the sun
    assert on_roof(CLEAR, ZENITH, np.radians(AZIMUTH), day, 35, 180) == pytest.approx(ON_ROOF, rel=0.01)


@pytest.mark.parametrize(
    ("zone", "ahead"),
    [
        ("Europe/Berlin", [1, 2, 2, 1, 1]),
        ("Europe/Lisbon", [0, 1, 1, 0, 0]),
        ("Asia/Shanghai", [8, 8, 8, 8, 8]),  # no summer time
        ("America/New_York", [-4, -4, -4, -4, -5]),  # another one: from 12 March until 5 November
    ],
)
def test_the_local_clock_is_put_forward_in_summer_as_its_zone_has_it(zone, ahead) -> None:
    hour = np.array([int(datetime(*when, tzinfo=UTC).timestamp()) // 3600 for when in (
        (2023, 3, 26, 1), (2023, 3, 26, 3), (2023, 10, 29, 1), (2023, 10, 29, 4), (2023, 12, 1, 12)
    )])  # fmt: skip
    assert (hour - utc_minutes(hour, ZoneInfo(zone)) / 60).tolist() == ahead


def test_the_sun_is_highest_an_hour_later_by_the_clock_in_summer() -> None:
    noon = int(datetime(2023, 6, 21, tzinfo=UTC).timestamp()) // 3600 + np.arange(24)
    roof = Roof(kwp=6, latitude=48.1, longitude=11.6)
    clear, grey = (expected_sun(roof, noon, cloud) for cloud in (0.0, 1.0))
    assert np.argmax(clear) == 13
    assert 25 < clear.sum() < 45
    assert grey.sum() == pytest.approx(0.25 * clear.sum(), rel=0.1)
    with pytest.raises(BadInput, match="cloud cover of 3"):
        expected_sun(roof, noon, 3.0)
