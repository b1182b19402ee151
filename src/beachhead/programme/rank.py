"""Where a maker stands among others: rivals' volumes as a random walk of their shares, drawn jointly.

Shares follow a random walk with drift on the additive log-ratio scale, log(share / share of the rest) (J. Aitchison,
"The Statistical Analysis of Compositional Data", 1986): a step has a drift and an innovation whose spread falls with
size and with the years, as markets grow up, and whose tails are Student's. Shares stay between 0 and 1 and add up, and
what one gains the others lose. The numbers are fitted in `rank_fit`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

TIGHT = 0.03
"""Spread of the log of a volume that a maker publishes itself."""
OLDER_SD = 0.2
"""Spread of a total that a maker published for an earlier year (assumption, grade C)."""
UNLISTED_SD = 0.3
"""Spread of what listed models leave out, where fewer than three makers tell it (assumption, grade C)."""
REST = 0.02
"""Least share left to makers that no source lists."""
CALMING_YEARS = 3
"""Years for which markets are taken to grow calmer still; odds of what lies further off were never put to the test."""
TYPICAL = -3.0  # log of a share of 5 %, at which `Dynamics.log_sd` is said
_MOST_SIZE = 2.5
_BOUND = 12.0  # innovations beyond this many scales are cut: they would mean a maker out of nothing


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class History:
    """Cars a year of the makers seen in one scope.

    Attributes:
        scope: what they are counted in, such as `world` or a region.
        brands: B names.
        years: Y labels of years, one apart, oldest first; for trailing years the year in which they end.
        cars: (B, Y); NaN where a maker is not listed, which is not zero. Read-only.
    """

    scope: str
    brands: tuple[str, ...]
    years: tuple[float, ...]
    cars: Floats

    def __post_init__(self) -> None:
        cars = np.array(self.cars, dtype=np.float64)
        if cars.shape != (len(self.brands), len(self.years)):
            raise ValueError(f"cars have shape {cars.shape}, labels say ({len(self.brands)}, {len(self.years)})")
        if (cars < 0).any() or np.isinf(cars).any():
            raise ValueError("cars must not be negative or infinite")
        cars.setflags(write=False)
        object.__setattr__(self, "cars", cars)

    def upto(self, year: float) -> History:
        """What was known at the end of a year."""
        keep = [place for place, each in enumerate(self.years) if each <= year]
        return History(
            scope=self.scope, brands=self.brands, years=tuple(self.years[p] for p in keep), cars=self.cars[:, keep]
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Known:
    """The latest year of each maker in a scope, as far as it is known.

    Attributes:
        scope: what it is counted in.
        year: the year.
        brands: B names, the largest first.
        cars: (B,), best estimate.
        sd: (B,), spread of its log.
        factor: what listed volumes were multiplied by to stand for all.
        told_by: makers from which that factor was read.
    """

    scope: str
    year: int
    brands: tuple[str, ...]
    cars: Floats
    sd: Floats
    factor: float
    told_by: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Dynamics:
    """How shares move in a year.

    Attributes:
        drift: mean step of log share against the rest.
        log_sd: log of the scale of a step at a share of 5 % in the year after `until`.
        size: by how much that log changes for each unit of log share.
        calm: by how much it changes with each year: young markets move more than grown ones; at most 0.
        dof: degrees of freedom of Student's innovations.
        growth_sd: spread of the market's own log growth in a year around what is expected.
        until: data up to this year went in.
        steps: yearly steps it was fitted on.
    """

    drift: float
    log_sd: float
    size: float
    calm: float
    dof: float
    growth_sd: float
    until: float
    steps: int


FITTED = Dynamics(
    drift=-0.130,
    log_sd=-0.990,
    size=-0.295,
    calm=-0.0702,
    dof=6.0,
    growth_sd=0.254,
    until=2026.5,
    steps=2933,
)
"""Fitted by `benchmarks/programme.py` on registrations by brand, half year by half year, in 19 countries and in twelve
together (Open-EV-Charts, from national sources, 2017 to mid-2026); `growth_sd` is that of the twelve together."""


def known_volumes(
    scope: str, listed: Mapping[int, Mapping[str, float]], own: Mapping[int, Mapping[str, float]]
) -> Known:
    """What makers sold in the latest year listed, listed volumes scaled to what makers themselves publish.

    Sources leave out models and countries, by how much differs from maker to maker. Where a maker publishes a total,
    the latest counts, less surely if it is of an earlier year. For the others listed volume is raised by the ratio of
    published to listed cars of the makers and years that have both; its uncertainty is their spread, weighted by cars.

    Args:
        scope: what is counted.
        listed: by year and brand, cars as sources list them.
        own: by year and brand, cars as the maker publishes them; empty where only listed volumes are compared.
    """
    year = max([*listed, *own])
    pairs = {
        brand: (listed[each][brand], cars)
        for each in sorted(own)
        for brand, cars in own[each].items()
        if cars > 0 and listed.get(each, {}).get(brand, 0) > 0
    }
    here, said = (np.array([pair[side] for pair in pairs.values()]) for side in (0, 1))
    factor = float(said.sum() / here.sum()) if pairs else 1.0
    loose = UNLISTED_SD if own else TIGHT
    if len(pairs) >= 3:
        loose = float(np.sqrt(np.average(np.log(said / here / factor) ** 2, weights=here)))
    latest = {brand: (each, cars) for each in sorted(own) for brand, cars in own[each].items()}
    best = {brand: (cars * factor, loose) for brand, cars in listed.get(year, {}).items()}
    best |= {brand: (cars, TIGHT if each == year else OLDER_SD) for brand, (each, cars) in latest.items()}
    brands = tuple(sorted((b for b in best if best[b][0] > 0), key=lambda b: (-best[b][0], b)))
    return Known(
        scope=scope,
        year=year,
        brands=brands,
        cars=np.array([best[b][0] for b in brands]),
        sd=np.array([best[b][1] for b in brands]),
        factor=factor,
        told_by=tuple(sorted(pairs)),
    )


def draw_rivals(
    known: Known, ends: Sequence[float], draws: int, seed: int, *, growth: float = 0.0, dynamics: Dynamics = FITTED
) -> Floats:
    """(S, B, E) cars of each maker in the years that end at `ends` (2031.0 is the end of 2030).

    Between the ends of calendar years volumes are read off on the log scale.
    """
    rng = np.random.default_rng(seed)
    past = History(scope=known.scope, brands=known.brands, years=(float(known.year),), cars=known.cars[:, None])
    ahead = np.maximum(np.asarray(ends) - (known.year + 1), 0.0)
    years = max(int(np.ceil(ahead.max(initial=0))), 1)
    future = draw_volumes(past, dynamics, years, draws, rng, growth=growth, sd=known.sd)
    whole = np.concatenate([np.broadcast_to(known.cars, future.shape[:2])[:, :, None], future], axis=2)
    low = np.minimum(np.floor(ahead).astype(int), years - 1)
    part = ahead - low
    with np.errstate(divide="ignore"):
        logs = np.log(whole)
    return np.asarray(np.exp(logs[:, :, low] * (1 - part) + logs[:, :, low + 1] * part))


def draw_volumes(
    history: History,
    dynamics: Dynamics,
    years: int,
    draws: int,
    rng: np.random.Generator,
    *,
    growth: float = 0.0,
    sd: Floats | None = None,
) -> Floats:
    """(S, B, H) cars a year of each maker in the years that follow the last of `history`.

    Args:
        history: volumes seen; makers not listed in its last year get none.
        dynamics: how shares move.
        years: H years ahead.
        draws: S draws.
        rng: where chance comes from.
        growth: expected log growth of the market a year.
        sd: (B,), spread of the log of the volumes seen; None if they are known exactly.
    """
    now = history.cars[:, -1]
    there = np.nan_to_num(now) > 0
    total = now[there].sum()
    rest = REST / (1 - REST)
    start = np.full(len(now), -np.inf)
    start[there] = np.log(now[there] / total)
    x = np.broadcast_to(start, (draws, len(now)))
    if sd is not None:
        x = x + sd * rng.standard_normal(x.shape)
    whole = total / (1 - REST)  # the listed makers begin with what they sold
    size = whole * np.exp(growth * np.arange(1, years + 1) + dynamics.growth_sd * _walk(rng, draws, years))
    out = np.empty((draws, len(now), years))
    for t in range(years):
        chance = np.clip(rng.standard_t(dynamics.dof, size=x.shape), -_BOUND, _BOUND)
        x = x + dynamics.drift + scale(dynamics, x, min(t, CALMING_YEARS)) * chance
        volume = np.exp(x)
        out[:, :, t] = size[:, t : t + 1] * volume / (volume.sum(axis=1, keepdims=True) + rest)
    return out


def scale(dynamics: Dynamics, log_share: Floats, years: float) -> Floats:
    """Scale of a step of makers with these log shares, so many years after the first to come."""
    size = np.clip(np.where(np.isfinite(log_share), log_share, TYPICAL) - TYPICAL, -_MOST_SIZE - 0.5, _MOST_SIZE)
    return np.asarray(np.exp(dynamics.log_sd + dynamics.size * size + dynamics.calm * years))


def ranks(own: Floats, rivals: Floats) -> NDArray[np.int64]:
    """(S, T) rank of `own` (S, T) among `rivals` (S, B, T): one more than the number that sell more."""
    return np.asarray(1 + (rivals > own[:, None, :]).sum(axis=1))


def _walk(rng: np.random.Generator, draws: int, years: int) -> Floats:
    return np.asarray(rng.standard_normal((draws, years)).cumsum(axis=1))
