"""What a solar roof is expected to give: a clear sky less its clouds.

Position of the sun: Spencer (1971), Search 2(5), as in pvlib's `declination_spencer71`, `equation_of_time_spencer71`.
Clear sky: Haurwitz (1945), J. Meteorology 2, pvlib's `clearsky.haurwitz`. Clouds: Kasten & Czeplak (1980), Solar Energy
24. Direct and diffuse light: Erbs, Klein & Duffie (1982), Solar Energy 28, pvlib's `irradiance.erbs`. On the
roof: isotropic sky, Liu & Jordan (1963). `tests/published` holds each to pvlib 0.16.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from beachhead.world.errors import BadInput

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_SUN, _GROUND, _PERFORMANCE = 1366.1, 0.2, 0.85
_STEPS = 4  # moments looked at in an hour
_BERLIN = ZoneInfo("Europe/Berlin")


@dataclass(frozen=True, slots=True, kw_only=True)
class Roof:
    """A solar roof.

    Attributes:
        kwp: peak power, kW.
        latitude: degrees north.
        longitude: degrees east.
        tilt: degrees from flat; default 35.
        azimuth: degrees from north over east; default 180, south.
        zone: time zone of the clock by which its hours are told; default that of Berlin.
    """

    kwp: float
    latitude: float
    longitude: float
    tilt: float = 35.0
    azimuth: float = 180.0
    zone: ZoneInfo = _BERLIN

    def __post_init__(self) -> None:
        if not 0 < self.kwp <= 1000:
            raise BadInput(f"a roof of {self.kwp} kW", "state its peak power in kW, such as 6")
        if not (-90 <= self.latitude <= 90 and -180 <= self.longitude <= 180):
            raise BadInput(f"a roof at {self.latitude}, {self.longitude}", "state degrees north and east")
        if not -360 <= self.azimuth <= 360:
            raise BadInput(
                f"a roof that faces {self.azimuth} degrees", "state degrees from north over east: 180 is south"
            )
        if not 0 <= self.tilt <= 90:
            raise BadInput(f"a roof tilted by {self.tilt} degrees", "state 0 (flat) to 90 (a wall)")


def expected_sun(roof: Roof, hour: Ints, cloud: float) -> Floats:
    """(T,) kWh that the roof gives in hours since 1970 on its clock, under a share of cloud 0..1."""
    if not 0 <= cloud <= 1:
        raise BadInput(f"a cloud cover of {cloud}", "state a share between 0 and 1")
    kwh, begins = np.zeros(hour.size), utc_minutes(hour, roof.zone)
    for step in range(_STEPS):
        utc = begins + 60 * (step + 0.5) / _STEPS
        cos_zenith, azimuth = sun_position(utc, roof.latitude, roof.longitude)
        light = haurwitz(cos_zenith) * (1 - 0.75 * cloud**3.4)
        kwh += roof.kwp * on_roof(light, cos_zenith, azimuth, day_of_year(utc), roof.tilt, roof.azimuth) / 1000
    return _PERFORMANCE * kwh / _STEPS


def utc_minutes(hour: Ints, zone: ZoneInfo) -> Floats:
    """(T,) minutes since 1970 UTC at which hours since 1970 begin on the clock of a zone, its own summer time kept."""
    clock = (datetime(1970, 1, 1, tzinfo=zone) + timedelta(hours=one) for one in hour.tolist())
    return np.array([moment.timestamp() / 60 for moment in clock])


def sun_position(utc_minute: Floats, latitude: float, longitude: float) -> tuple[Floats, Floats]:
    """Cosine of the zenith angle, and azimuth in radians from north over east, at minutes since 1970 UTC."""
    angle = 2 * np.pi * (day_of_year(utc_minute) - 1) / 365
    declination = (
        0.006918 - 0.399912 * np.cos(angle) + 0.070257 * np.sin(angle) - 0.006758 * np.cos(2 * angle)
        + 0.000907 * np.sin(2 * angle) - 0.002697 * np.cos(3 * angle) + 0.00148 * np.sin(3 * angle)
    )  # fmt: skip
    equation = (1440 / (2 * np.pi)) * (
        0.0000075 + 0.001868 * np.cos(angle) - 0.032077 * np.sin(angle) - 0.014615 * np.cos(2 * angle)
        - 0.040849 * np.sin(2 * angle)
    )  # fmt: skip
    turn = np.radians((utc_minute % 1440 + equation + 4 * longitude) / 4 - 180)
    north = np.radians(latitude)
    cos_zenith = np.sin(north) * np.sin(declination) + np.cos(north) * np.cos(declination) * np.cos(turn)
    azimuth = np.pi + np.arctan2(
        np.sin(turn), np.cos(turn) * np.sin(north) - np.tan(declination) * np.cos(north)
    )  # fmt: skip
    return cos_zenith, azimuth


def haurwitz(cos_zenith: Floats) -> Floats:
    """Light of a clear sky on flat ground, W/m2."""
    up = np.maximum(cos_zenith, 1e-9)
    return np.where(cos_zenith > 0, 1098.0 * up * np.exp(-0.059 / up), 0.0)


def diffuse(light: Floats, cos_zenith: Floats, day: Floats) -> Floats:
    """Diffuse part of the light on flat ground, W/m2."""
    beyond = _SUN * (1 + 0.033 * np.cos(2 * np.pi * day / 365)) * np.maximum(cos_zenith, 0.065)
    clear = np.clip(light / beyond, 0.0, 1.0)
    middle = 0.9511 - 0.1604 * clear + 4.388 * clear**2 - 16.638 * clear**3 + 12.336 * clear**4
    share = np.where(clear <= 0.22, 1 - 0.09 * clear, np.where(clear <= 0.8, middle, 0.165))
    return np.asarray(share * light)


def on_roof(light: Floats, cos_zenith: Floats, azimuth: Floats, day: Floats, tilt: float, faces: float) -> Floats:
    """Light on a tilted roof, W/m2: direct, from an even sky, and from the ground."""
    slope, up = np.radians(tilt), np.maximum(cos_zenith, 0.065)
    sky = diffuse(light, cos_zenith, day)
    sin_zenith = np.sqrt(np.maximum(1 - cos_zenith**2, 0.0))
    incidence = cos_zenith * np.cos(slope) + sin_zenith * np.sin(slope) * np.cos(azimuth - np.radians(faces))
    direct = (light - sky) / up * np.maximum(incidence, 0.0)
    return np.asarray(direct + sky * (1 + np.cos(slope)) / 2 + light * _GROUND * (1 - np.cos(slope)) / 2)


def day_of_year(utc_minute: Floats) -> Floats:
    """Day of the year, 1 on New Year's Day."""
    day = np.floor_divide(utc_minute, 1440).astype("datetime64[D]")
    return np.asarray((day - day.astype("datetime64[Y]").astype("datetime64[D]")).astype(np.float64) + 1)
