"""What was known of a brand and a country when the brand came: income, chargers, duty, price, phone share."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from math import log, log1p, nan

import numpy as np
from numpy.typing import NDArray

from beachhead.evidence.tables.areas import AREAS
from beachhead.world.entry import Entry

COVARIATES = ("market size", "income", "charging points per car", "phone share", "duty", "price position")
"""Names of the columns of `surroundings`, in their order."""

REFERENCE_PRICE_EUR = 45_000.0
"""What an electric car cost in the mean over the years of the panel (grade C); price position = log ratio to it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Duty:
    made_in: str
    market: str
    brand: str
    valid_from: date
    rate: float


def surroundings(entries: Sequence[Entry]) -> NDArray[np.float64]:
    """(n, 6) what stood at each entry, in the order of `COVARIATES`; NaN where no source says.

    Market size: log of battery-electric cars a year at the pace of the entry's months 7-12 (of all its months where
    it is younger). Income: log of GDP per head at purchasing power. Charging points per car: log of public points at
    the end of 2024 over cars registered in 2024 (a snapshot: no source gives each year). Phone share: of Xiaomi, 0..1.
    Duty: log(1 + rate) on the brand's cars on the day of entry. Price position: log of the first car's list price over
    45,000 EUR.
    """
    return np.array([_row(entry) for entry in entries], dtype=np.float64).reshape(-1, len(COVARIATES))


def _row(entry: Entry) -> tuple[float, ...]:
    known = _countries().get(entry.country, {})
    made_in, price = _brands().get(entry.brand, ("", nan))
    months = entry.market[6:12] if len(entry.market) >= 12 else entry.market
    rate = duty(entry.brand, made_in, entry.country, date(entry.first // 12, entry.first % 12 + 1, 1))
    points = known.get("public_fast_chargers_points", nan) + known.get("public_slow_chargers_points", nan)
    return (
        float(np.log(months.mean() * 12)),
        log(known["gdp_per_head_ppp_usd"]) if "gdp_per_head_ppp_usd" in known else nan,
        log(points / known.get("bev_registered_in_2024_cars", nan)) if points > 0 else nan,
        known.get("xiaomi_phone_share", nan),
        log1p(rate),
        log(price / REFERENCE_PRICE_EUR),
    )


def duty(brand: str, made_in: str, country: str, day: date) -> float:
    """Rate on a brand's cars on a day, 0.1 = 10 %; of the brand itself where a row names it; NaN where no row says."""
    places = (country, "EU") if country in AREAS["EU"] else (country,)
    rows = [d for d in _duties() if d.made_in == made_in and d.market in places and d.brand in ("", brand)]
    held = [d for d in rows if d.valid_from <= day]
    return max(held, key=lambda d: (d.valid_from, d.brand != "")).rate if held else nan


@cache
def _countries() -> dict[str, dict[str, float]]:
    out: dict[str, dict[str, float]] = {}
    for row in _table("countries.csv"):
        out.setdefault(row["country"], {})[row["name"]] = float(row["value"])
    return out


@cache
def _brands() -> dict[str, tuple[str, float]]:
    return {row["brand"]: (row["made_in"], float(row["price_eur"])) for row in _table("brands.csv")}


@cache
def _duties() -> tuple[_Duty, ...]:
    return tuple(
        _Duty(
            made_in=row["made_in"],
            market=row["market"],
            brand=row["brand"],
            valid_from=date.fromisoformat(row["valid_from"]),
            rate=float(row["rate"]),
        )
        for row in _table("duties.csv")
    )


def _table(name: str) -> list[dict[str, str]]:
    text = files(__package__).joinpath("facts", name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))
