"""How good stated odds were, once the outcomes are known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

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
