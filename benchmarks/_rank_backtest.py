"""Asks of the past how well odds of ranks came true: by rolling origin, only on what was known.

Peers: `last rank` says that a maker of a rank ends in the top as often as makers of that rank did before; `trend`
carries the last year's change of share on, with the errors that this made before; `as is` says that ranks stay.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binom

from beachhead.programme.rank import Dynamics, Floats, History, draw_volumes
from beachhead.programme.rank_fit import FEWEST_CARS, MOST_RANK, answered, fit_dynamics, listed_at, origins

HORIZONS = (1, 2, 3)
TOP = 5
_ASKED_RANKS = 12
_MOST_STEP = 1.0

OURS, LAST_RANK, TREND, AS_IS = "beachhead", "last rank", "trend", "as is"


class Question(NamedTuple):
    """Will a maker be among the top in a scope so many years on?

    Attributes:
        scope: where.
        year: when it was asked.
        horizon: years ahead.
        brand: who.
        rank: rank when it was asked, 1 first.
        happened: whether it came so.
        became: rank then; the number of makers listed and one more if it was not listed.
    """

    scope: str
    year: float
    horizon: int
    brand: str
    rank: int
    happened: bool
    became: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Backtest:
    """Odds of ranks said in the past, and what came of them.

    Attributes:
        questions: Q questions.
        odds: by forecaster, (Q,).
        covered: (Q,), whether the rank that came lies within our 5 % and 95 % quantiles.
        fits: dynamics by the year in which they were fitted.
    """

    questions: tuple[Question, ...]
    odds: Mapping[str, Floats]
    covered: NDArray[np.bool_]
    fits: Mapping[float, Dynamics]

    def brier(self, who: str, horizon: int | None = None) -> float:
        """Mean squared difference between odds and what happened (G. W. Brier, Monthly Weather Review 78, 1950)."""
        happened = np.array([q.happened for q in self.questions], dtype=np.float64)
        mine = np.array([horizon in (None, q.horizon) for q in self.questions])
        return float(((self.odds[who] - happened)[mine] ** 2).mean())


@dataclass(frozen=True, slots=True, kw_only=True)
class Decile:
    """Questions whose odds were alike.

    Attributes:
        low, high: odds from, to.
        count: questions.
        said: mean odds.
        came: share that happened.
        band: 5 % and 95 % quantile of that share if the odds are right and questions within a scope hang together.
    """

    low: float
    high: float
    count: int
    said: float
    came: float
    band: tuple[float, float]

    @property
    def reliable(self) -> bool:
        """Whether what came lies within the band."""
        return self.band[0] <= self.came <= self.band[1]


def backtest(histories: Sequence[History], years: Sequence[float], *, draws: int = 6000, seed: int = 1) -> Backtest:
    """Ask at the end of each year who will be among the top one, two and three years on.

    Args:
        histories: one a scope.
        years: when to ask; those with too little before them are left out.
        draws: of each outlook.
        seed: of the draws.
    """
    questions: list[Question] = []
    odds: dict[str, list[float]] = defaultdict(list)
    covered: list[bool] = []
    fits: dict[float, Dynamics] = {}
    for year in years:
        if not answered(histories, year):
            continue
        fits[year] = fit_dynamics(histories, year)
        table, errors = _rank_table(histories, year), _trend_errors(histories, year)
        rng = np.random.default_rng([seed, round(year * 100)])
        for history in histories:
            asked = _questions(history, year)
            if not asked:
                continue
            placed = _places(history, fits[year], year, draws, rng)
            trend = _trend_places(history, year, errors, rng)
            for q in asked:
                mine = placed[q.horizon][:, history.brands.index(q.brand)]
                questions.append(q)
                odds[OURS].append(float((mine <= TOP).mean()))
                odds[LAST_RANK].append(table.get((q.horizon, q.rank), 0.5))
                odds[TREND].append(float((trend[q.horizon][:, history.brands.index(q.brand)] <= TOP).mean()))
                odds[AS_IS].append(float(q.rank <= TOP))
                low, high = np.quantile(mine, (0.05, 0.95), method="nearest")
                covered.append(bool(low <= q.became <= high))
    return Backtest(
        questions=tuple(questions),
        odds={who: np.array(said) for who, said in odds.items()},
        covered=np.array(covered, dtype=np.bool_),
        fits=fits,
    )


def deciles(tested: Backtest, *, repeats: int = 1000, seed: int = 1) -> tuple[Decile, ...]:
    """Reliability of our odds, tenth by tenth.

    Questions of one scope share their market and their rivals. The band is that of independent questions, widened by
    the square root of the variance inflation that a bootstrap over scopes shows.
    """
    happened = np.array([q.happened for q in tested.questions], dtype=np.float64)
    said = tested.odds[OURS]
    scopes = np.array([q.scope for q in tested.questions])
    rng, found = np.random.default_rng(seed), []
    for tenth in range(10):
        inside = np.minimum((said * 10).astype(int), 9) == tenth
        count = int(inside.sum())
        if count == 0:
            continue
        mean, came = float(said[inside].mean()), float(happened[inside].mean())
        width = _inflation(happened[inside] - said[inside], scopes[inside], repeats, rng)
        low, high = binom.ppf((0.05, 0.95), count, mean) / count
        band = (max(0.0, mean + width * (low - mean)), min(1.0, mean + width * (high - mean)))
        found.append(Decile(low=tenth / 10, high=(tenth + 1) / 10, count=count, said=mean, came=came, band=band))
    return tuple(found)


def _questions(history: History, year: float) -> list[Question]:
    if year not in history.years:
        return []
    now, asked = np.nan_to_num(listed_at(history, year)), []
    order = [int(i) for i in np.argsort(-now, kind="stable") if now[i] > 0][:_ASKED_RANKS]
    for horizon in HORIZONS:
        if year + horizon not in history.years:
            continue
        then = np.nan_to_num(listed_at(history, year + horizon))
        for rank, i in enumerate(order, start=1):
            became = int((then > then[i]).sum()) + 1
            asked.append(
                Question(history.scope, year, horizon, history.brands[i], rank, became <= TOP and then[i] > 0, became)
            )
    return asked


def _places(
    history: History, dynamics: Dynamics, year: float, draws: int, rng: np.random.Generator
) -> dict[int, NDArray[np.int64]]:
    """By horizon, (S, B) ranks drawn from what was known."""
    volumes = draw_volumes(_yearly(history, year), dynamics, max(HORIZONS), draws, rng)
    return {h: _ranked(volumes[:, :, h - 1]) for h in HORIZONS}


def _yearly(history: History, year: float) -> History:
    """The year and the one before, as they were known; trailing years may lie closer together."""
    pick = [y for y in (year - 1, year) if y in history.years]
    cars = np.stack([listed_at(history, y) for y in pick], axis=1)
    return History(scope=history.scope, brands=history.brands, years=tuple(pick), cars=cars)


def _ranked(volumes: Floats) -> NDArray[np.int64]:
    return np.asarray((-volumes).argsort(axis=1, kind="stable").argsort(axis=1, kind="stable") + 1)


def _rank_table(histories: Sequence[History], until: float) -> dict[tuple[int, int], float]:
    """How often a maker of a rank was among the top later on, by horizon and rank (rule of succession)."""
    seen: dict[tuple[int, int], list[bool]] = defaultdict(list)
    for history in histories:
        for year in history.years:
            for q in _questions(history, year):
                if year + q.horizon <= until:
                    seen[q.horizon, q.rank].append(q.happened)
    return {key: (sum(came) + 1) / (len(came) + 2) for key, came in seen.items()}


def _trend_errors(histories: Sequence[History], until: float) -> dict[int, float]:
    """By horizon, half the width of the middle 68 % of errors that carrying the last change on made before."""
    errors: dict[int, list[float]] = {h: [] for h in HORIZONS}
    for history in histories:
        for horizon in HORIZONS:
            for now in origins(history, horizon, until):
                past, then = _yearly(history, now), listed_at(history, now + horizon)
                cars = past.cars[:, -1]
                for i in np.argsort(-np.nan_to_num(cars))[:MOST_RANK]:
                    if np.nan_to_num(cars[i]) >= FEWEST_CARS and np.nan_to_num(then[i]) > 0:
                        moved = np.log(then[i] / np.nansum(then)) - np.log(cars[i] / np.nansum(cars))
                        errors[horizon].append(moved - horizon * _last_step(past)[i])
    spread = {h: np.quantile(e, (0.16, 0.84)) if len(e) > 20 else np.array([-1.0, 1.0]) for h, e in errors.items()}
    return {h: float(b - a) / 2 for h, (a, b) in spread.items()}


def _trend_places(
    history: History, year: float, errors: Mapping[int, float], rng: np.random.Generator
) -> dict[int, NDArray[np.int64]]:
    past = _yearly(history, year)
    now = np.nan_to_num(past.cars[:, -1])
    with np.errstate(divide="ignore"):
        start = np.log(now / now.sum())
    found = {}
    for h in HORIZONS:
        noise = errors[h] * rng.standard_normal((2000, len(now)))
        found[h] = _ranked(np.exp(start + h * _last_step(past) + noise))
    return found


def _last_step(history: History) -> Floats:
    """(B,) change of log share in the last year, at most one either way; 0 where it is not known."""
    if len(history.years) < 2:
        return np.zeros(len(history.brands))
    before, now = (history.cars[:, p] for p in (-2, -1))
    with np.errstate(divide="ignore", invalid="ignore"):
        step = np.log(now / np.nansum(now)) - np.log(before / np.nansum(before))
    return np.clip(np.where(np.isfinite(step), step, 0.0), -_MOST_STEP, _MOST_STEP)


def _inflation(missed: Floats, scopes: NDArray[np.str_], repeats: int, rng: np.random.Generator) -> float:
    """Square root of the ratio of the mean's variance over whole scopes to that over single questions, 1 or more."""
    names = np.unique(scopes)
    if len(names) < 3:
        return 1.0
    sums = np.array([missed[scopes == name].sum() for name in names])
    counts = np.array([(scopes == name).sum() for name in names])
    drawn = rng.integers(0, len(names), size=(repeats, len(names)))
    by_scope = (sums[drawn].sum(axis=1) / counts[drawn].sum(axis=1)).std()
    by_question = missed.std() / np.sqrt(len(missed))
    return float(max(1.0, by_scope / by_question)) if by_question > 0 else 1.0
