"""Places and the minutes between them, without a routing server.

Minutes = great circle x circuity of the country, driven stretch by stretch at the speeds of `SPEEDS`. Never a full
matrix: each place lists the candidates within a horizon, found with a tree of points on the unit sphere.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from beachhead.siting.field import Floats, Ints, Lists, lists_of

EARTH_KM = 6371.0088  # mean radius, IUGG; grade A
# Road distance over great circle by country, from the pairs of cities in docs/explanation/siting.md; grade B. Those of
# Ballou, Rahardja & Sakai (Transportation Research A 36, 2002, table 3) overstate the same pairs by 16 %.
CIRCUITY = {"BR": 1.15, "DE": 1.2, "ES": 1.2, "FR": 1.15, "GB": 1.25, "HU": 1.2, "IT": 1.15, "JP": 1.25, "MX": 1.25}
CIRCUITY |= {"NL": 1.3, "NO": 1.45, "PL": 1.15, "SE": 1.2, "US": 1.2}
CIRCUITY_ELSEWHERE = 1.25
# (up to road km, km/h): town streets, trunk roads, motorways, each stretch at its own speed; fitted to the same pairs.
SPEEDS = ((5.0, 30.0), (30.0, 60.0), (np.inf, 105.0))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Places:
    """N settlements; arrays are read-only.

    Attributes:
        name: N names.
        country: N ISO alpha-2 codes.
        lat: (N,), degrees north, -90..90.
        lon: (N,), degrees east, -180..180.
        people: (N,), inhabitants, not negative.
    """

    name: tuple[str, ...]
    country: tuple[str, ...]
    lat: Floats
    lon: Floats
    people: Floats

    def __post_init__(self) -> None:
        count = len(self.name)
        if not (len(self.country) == len(self.lat) == len(self.lon) == len(self.people) == count):
            raise ValueError("columns of places differ in length")
        good = (np.abs(self.lat) <= 90) & (np.abs(self.lon) <= 180) & (self.people >= 0) & np.isfinite(self.people)
        if not good.all():
            row = int(np.flatnonzero(~good)[0])
            raise ValueError(
                f"place {row} ({self.name[row]}): latitude {self.lat[row]}, longitude {self.lon[row]}, "
                f"people {self.people[row]} is not a place"
            )
        for values in (self.lat, self.lon, self.people):
            values.setflags(write=False)

    def __len__(self) -> int:
        return len(self.name)


def great_circle_km(lat1: Floats, lon1: Floats, lat2: Floats, lon2: Floats) -> Floats:
    """Great-circle distance by the haversine formula, km; arguments in degrees, broadcast together."""
    a, b, c, d = (np.radians(v) for v in (lat1, lon1, lat2, lon2))
    h = np.sin((c - a) / 2) ** 2 + np.cos(a) * np.cos(c) * np.sin((d - b) / 2) ** 2
    return np.asarray(2 * EARTH_KM * np.arcsin(np.sqrt(np.clip(h, 0, 1))))


def minutes_by_road(great_circle: Floats, circuity: Floats | float) -> Floats:
    """Driving minutes over a great-circle distance in km: stretch by stretch at the speeds of `SPEEDS`."""
    road = np.asarray(great_circle) * circuity
    minutes = np.zeros_like(road)
    begin = 0.0
    for end, speed in SPEEDS:
        minutes += np.clip(road - begin, 0.0, end - begin) / speed * 60.0
        begin = end
    return minutes


def circuity_of(country: str) -> float:
    """Road km per great-circle km in a country."""
    return CIRCUITY.get(country, CIRCUITY_ELSEWHERE)


def km_within(minutes: float) -> float:
    """Great-circle km beyond which no place of the least circuitous country lies within so many minutes."""
    road = begin = spent = 0.0
    for end, speed in SPEEDS:
        stretch = min(end - begin, max(minutes - spent, 0.0) / 60.0 * speed)
        road, spent, begin = road + stretch, spent + stretch / speed * 60.0, end
    return road / min(CIRCUITY.values())


def on_sphere(lat: Floats, lon: Floats) -> NDArray[np.float64]:
    """(N, 3) points of the unit sphere."""
    a, b = np.radians(lat), np.radians(lon)
    return np.column_stack([np.cos(a) * np.cos(b), np.cos(a) * np.sin(b), np.sin(a)])


def travel(places: Places, sites: Ints, minutes: float) -> Lists:
    """For each place the sites (numbers into `sites`) of its own country within so many minutes, nearest first.

    Borders are not crossed: a car is bought, registered and served in one country.
    """
    points = on_sphere(places.lat, places.lon)
    tree = cKDTree(points[sites])
    chord = 2 * np.sin(min(km_within(minutes) / EARTH_KM, np.pi) / 2)
    near = tree.query_ball_point(points, chord, return_sorted=False)
    row = np.repeat(np.arange(len(places)), [len(some) for some in near])
    item = np.concatenate([np.asarray(some, np.int64) for some in near]) if len(row) else np.zeros(0, np.int64)
    code = np.unique(places.country, return_inverse=True)[1]
    same = code[row] == code[sites[item]]
    row, item = row[same], item[same]
    at = sites[item]
    bend = np.array([circuity_of(country) for country in places.country])
    cost = minutes_by_road(great_circle_km(places.lat[row], places.lon[row], places.lat[at], places.lon[at]), bend[row])
    inside = cost <= minutes
    row, item, cost = row[inside], item[inside], cost[inside]
    order = np.lexsort((item, cost, row))
    ptr = np.concatenate([[0], np.cumsum(np.bincount(row, minlength=len(places)))]).astype(np.int64)
    return Lists(ptr, item[order].astype(np.int32), cost[order])


def close_pairs(lat: Floats, lon: Floats, km: float) -> Lists:
    """Rows of places nearer than so many great-circle km, both directions."""
    tree = cKDTree(on_sphere(lat, lon))
    pairs = tree.query_pairs(2 * np.sin(min(km / EARTH_KM, np.pi) / 2), output_type="ndarray")
    both = np.concatenate([pairs, pairs[:, ::-1]])
    return lists_of(both[:, 0], both[:, 1], np.zeros(len(both)), len(lat))
