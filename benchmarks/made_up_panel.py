"""A made-up panel of entries with the shape of the real one, drawn from the entry model itself."""

from __future__ import annotations

import numpy as np

from beachhead.belief.history.covariance import EntryParams, covariance
from beachhead.belief.history.points import Points
from beachhead.world.entry import Entry, MarketSeries, Panel

FIRST, LAST = 12 * 2018, 12 * 2026 + 5
COUNTRIES = ("AT", "CH", "DE", "DK", "ES", "FI", "FR", "IE", "IT", "NL", "NO", "PT", "SE")
PARAMS = EntryParams(
    brand=1.3, brand_slope=0.3, brand_drift=0.6, brand_drift_months=15.0, brand_region=0.4, country=0.35, entry=0.6,
    entry_slope=0.2, entry_drift=0.3, entry_drift_months=15.0, entry_walk=0.5, cohort=0.3, cohort_months=15.0,
    noise=0.6, noise_volume=0.25,
)  # fmt: skip


def panel(seed: int, brands: int = 15) -> Panel:
    """Brands enter a few countries each between 2019 and 2024; shares follow the model, counts are Poisson."""
    rng = np.random.default_rng(seed)
    markets = tuple(_market(code, rng) for code in COUNTRIES)
    cohort = _drift(PARAMS.cohort, PARAMS.cohort_months, LAST - FIRST + 1, rng)
    level = dict(zip(COUNTRIES, PARAMS.country * rng.standard_normal(len(COUNTRIES)), strict=True))
    entries: list[Entry] = []
    for b in range(brands):
        entries += _brand(f"Brand {b:02d}", markets, cohort, level, rng)
    return Panel(entries=tuple(entries), markets=markets)


def _market(code: str, rng: np.random.Generator) -> MarketSeries:
    """Registrations that grow by a quarter a year, more or less, with scatter and a year's drift."""
    months = LAST - FIRST + 1
    growth = np.cumsum(0.22 / 12 + 0.09 * rng.standard_normal(months) / np.sqrt(3))
    cars = np.exp(rng.uniform(6, 8.5) + growth + 0.1 * rng.standard_normal(months))
    return MarketSeries(country=code, region=_region(code), first=FIRST, cars=np.round(cars) + 20)


def _region(code: str) -> str:
    return {
        "AT": "dach",
        "CH": "dach",
        "DE": "dach",
        "DK": "nordic",
        "FI": "nordic",
        "NO": "nordic",
        "SE": "nordic",
    }.get(code, "rest")


def _drift(sd: float, months: float, length: int, rng: np.random.Generator) -> np.ndarray:
    keep = np.exp(-1 / months)
    out = np.empty(length)
    out[0] = sd * rng.standard_normal()
    for t in range(1, length):
        out[t] = keep * out[t - 1] + sd * np.sqrt(1 - keep**2) * rng.standard_normal()
    return out


def _brand(
    name: str, markets: tuple[MarketSeries, ...], cohort: np.ndarray, level: dict[str, float], rng
) -> list[Entry]:
    begin = int(rng.integers(12 * 2019 + 4, 12 * 2024 + 8))
    chosen = rng.choice(len(markets), size=int(rng.integers(2, 11)), replace=False)
    firsts = {markets[m].country: begin + int(rng.integers(0, 18)) for m in chosen}
    firsts = {c: f for c, f in firsts.items() if f < LAST - 8}
    months = [(i, c, a) for i, (c, f) in enumerate(firsts.items()) for a in range(min(60, LAST - f + 1))]
    at = _points(months, firsts, markets)
    alone = covariance(at, at, PARAMS) - PARAMS.cohort**2 * np.exp(
        -np.abs(at.month[:, None] - at.month) / PARAMS.cohort_months
    )
    alone -= PARAMS.country**2 * (at.country[:, None] == at.country)
    # the wide priors of the linear part are for learning, not for drawing
    alone -= _linear_part(at)
    effect = np.linalg.cholesky(alone + 1e-8 * np.eye(len(months))) @ rng.standard_normal(len(months))
    own: list[Entry] = []
    for i, (country, first) in enumerate(firsts.items()):
        ages = np.array([a for j, _, a in months if j == i])
        market = next(m for m in markets if m.country == country)
        here = market.cars[first - FIRST + ages]
        log_share = -5.0 + 0.35 * np.log((ages + 0.5) / 9.5) + effect[[j == i for j, _, _ in months]]
        log_share = log_share + cohort[first - FIRST + ages] + level[country]
        volume = np.clip(log_share + np.log(here / 50), -4, 4)
        noise = PARAMS.noise * np.exp(-0.5 * PARAMS.noise_volume * volume) * rng.standard_normal(len(ages))
        cars = rng.poisson(here * np.exp(np.minimum(log_share + noise, -1.0))).astype(np.float64)
        own.append(
            Entry(
                brand=name, country=country, region=market.region, first=first, cars=cars,
                ceiling=np.full(len(cars), np.nan), market=here, newcomer=True, source="made up",
            )
        )  # fmt: skip
    return own


def _points(months: list[tuple[int, str, int]], firsts: dict[str, int], markets: tuple[MarketSeries, ...]) -> Points:
    index = {m.country: n for n, m in enumerate(markets)}
    regions = {name: n for n, name in enumerate(sorted({m.region for m in markets}))}
    n = len(months)
    age = np.array([a + 0.5 for _, _, a in months])
    month = np.array([firsts[c] + a + 0.5 for _, c, a in months])
    zeros = np.zeros(n)
    return Points(
        entry=np.array([i for i, _, _ in months]), brand=np.zeros(n, dtype=np.int64),
        country=np.array([index[c] for _, c, _ in months]),
        region=np.array([regions[markets[index[c]].region] for _, c, _ in months]),
        age=age, month=month, last=month.astype(np.int64), width=np.ones(n), cars=zeros, unlisted=zeros,
        log_share=zeros, volume=zeros, size=zeros, lifted=zeros,
    )  # fmt: skip


def _linear_part(at: Points) -> np.ndarray:
    from beachhead.belief.history.covariance import _linear

    design = _linear(at)
    return design @ design.T
