"""How good stated odds were, once the outcomes are known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, log

import numpy as np
from numpy.typing import ArrayLike, NDArray

from beachhead.ledger.entry import Entry, Stated
from beachhead.world.errors import NotLearnt


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """Odds whose outcome is known.

    Attributes:
        stated: what was said.
        happened: what came.
    """

    stated: Stated
    happened: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CalibrationRow:
    """Of the events given odds in one band, how many happened.

    Attributes:
        low: lower end of the band of stated odds, included.
        high: upper end; included in the last band only.
        count: how many odds were stated in it.
        stated: their mean.
        happened: share of the events that happened.
        happened_low: lower end of the 90 % Wilson interval of that share.
        happened_high: upper end.
    """

    low: float
    high: float
    count: int
    stated: float
    happened: float
    happened_low: float
    happened_high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """How good stated odds were; lower is better.

    Attributes:
        count: how many.
        brier: mean squared distance between odds and outcome, 0..1 (Brier 1950); 0.25 for saying 50 % always.
        log_score: mean of -log(probability given to what happened), nats (Good 1952); infinite if certainty was wrong.
        calibration: one row for each band in which odds were stated.
    """

    count: int
    brier: float
    log_score: float
    calibration: tuple[CalibrationRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Margin:
    """How much lower one forecaster's loss is than another's on the events that both gave odds for.

    Attributes:
        count: events that both gave odds for.
        brier: mean of the other's squared error less ours; positive = ours is better.
        brier_error: its standard error; events known on the same day count as one cluster.
        log_score: mean of the other's log loss less ours.
        log_error: its standard error, likewise.
    """

    count: int
    brier: float
    brier_error: float
    log_score: float
    log_error: float


def settle(entries: Sequence[Entry]) -> tuple[Settled, ...]:
    """Match stated odds with the last outcome recorded for each; odds stated after their outcome do not count."""
    first_known: dict[str, int] = {}
    happened: dict[str, bool] = {}
    for entry in entries:
        for outcome in entry.said.outcomes:
            first_known.setdefault(outcome.name, entry.number)
            happened[outcome.name] = outcome.happened
    return tuple(
        Settled(stated=stated, happened=happened[stated.name])
        for entry in entries
        for stated in entry.said.odds
        if entry.number < first_known.get(stated.name, 0)
    )


def margin(ours: Sequence[Settled], others: Sequence[Settled]) -> Margin:
    """Compare two forecasters event by event, with cluster-robust errors (Liang & Zeger 1986) by day of knowing."""
    theirs = {settled.stated.name: settled for settled in others}
    pairs = [(one, theirs[one.stated.name]) for one in ours if one.stated.name in theirs]
    if not pairs:
        raise NotLearnt("the forecasters have no event in common", "let both state odds of the same events")
    days = np.array([one.stated.by.toordinal() for one, _ in pairs])
    brier, brier_error = _clustered(np.array([_squared(b) - _squared(a) for a, b in pairs]), days)
    logs, log_error = _clustered(np.array([_surprise(b) - _surprise(a) for a, b in pairs]), days)
    return Margin(count=len(pairs), brier=brier, brier_error=brier_error, log_score=logs, log_error=log_error)


def score(probability: ArrayLike, happened: ArrayLike, *, bands: int = 10) -> Score:
    """Score W stated probabilities against W outcomes; `bands` of equal width for the calibration table."""
    p, y = np.asarray(probability, dtype=np.float64), np.asarray(happened, dtype=np.float64)
    if p.shape != y.shape or p.ndim != 1:
        raise ValueError(f"{p.shape} probabilities, {y.shape} outcomes")
    if p.size == 0:
        raise NotLearnt("no stated odds have an outcome yet", "wait for the outcomes, or record them")
    with np.errstate(divide="ignore"):
        surprise = -np.log(np.where(y == 1, p, 1 - p))
    return Score(
        count=p.size,
        brier=float(np.mean((p - y) ** 2)),
        log_score=float(np.mean(surprise)) + 0.0,  # no "-0.0" for perfect odds
        calibration=_calibration(p, y, bands),
    )


def _squared(settled: Settled) -> float:
    return (settled.stated.probability - settled.happened) ** 2


def _surprise(settled: Settled) -> float:
    p = settled.stated.probability if settled.happened else 1 - settled.stated.probability
    return -log(p) if p > 0 else inf


def _clustered(gain: NDArray[np.float64], cluster: NDArray[np.int64]) -> tuple[float, float]:
    """Mean gain and its standard error, gains within a cluster being as dependent as they like."""
    if not np.isfinite(gain).all():
        return float(np.mean(gain)), inf
    mean = float(gain.mean())
    sums = np.bincount(np.unique(cluster, return_inverse=True)[1], gain - mean)
    clusters = max(len(sums), 2)
    return mean, float(np.sqrt(np.sum(sums**2) * clusters / (clusters - 1)) / len(gain))


def _calibration(p: NDArray[np.float64], y: NDArray[np.float64], bands: int) -> tuple[CalibrationRow, ...]:
    band = np.minimum((p * bands).astype(int), bands - 1)
    return tuple(_calibration_row(p[band == b], y[band == b], b / bands, (b + 1) / bands) for b in np.unique(band))


def _calibration_row(p: NDArray[np.float64], y: NDArray[np.float64], low: float, high: float) -> CalibrationRow:
    share = float(y.mean())
    at_least, at_most = wilson(share, p.size)
    return CalibrationRow(
        low=float(low),
        high=float(high),
        count=p.size,
        stated=float(p.mean()),
        happened=share,
        happened_low=at_least,
        happened_high=at_most,
    )


def wilson(share: float, count: int, z: float = 1.6448536269514722) -> tuple[float, float]:
    """Wilson's interval for a share of `count` trials; Wilson 1927, as (4) in Brown, Cai & DasGupta 2001."""
    centre = (share + z * z / (2 * count)) / (1 + z * z / count)
    half = z / (1 + z * z / count) * float(np.sqrt(share * (1 - share) / count + z * z / (4 * count * count)))
    return min(share, max(0.0, centre - half)), max(share, min(1.0, centre + half))  # rounding never excludes the share
