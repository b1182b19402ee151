"""How good stated odds were, once the outcomes are known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, log

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import stdtrit

from beachhead.ledger.entry import Act, Entry, Stated
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
        happened_low: lower end of the 90 % Wilson interval of that share, as if the events were independent.
        happened_high: upper end.
        clusters: groups of events that hang together, such as those known on one day.
        clustered_low: lower end of the 90 % interval that allows for it, see `cluster_interval`.
        clustered_high: upper end.
    """

    low: float
    high: float
    count: int
    stated: float
    happened: float
    happened_low: float
    happened_high: float
    clusters: int
    clustered_low: float
    clustered_high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """How good stated odds were; lower is better.

    Attributes:
        count: how many.
        brier: mean squared distance between odds and outcome, 0..1 (Brier 1950); 0.25 for saying 50 % always.
        brier_error: its standard error, events of one cluster counting as one; None where all are of one cluster.
        log_score: mean of -log(probability given to what happened), nats (Good 1952); infinite if certainty was wrong.
        calibration: one row for each band in which odds were stated.
    """

    count: int
    brier: float
    brier_error: float | None
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
    """Match stated odds with the last outcome recorded for each; odds stated after their outcome do not count.

    Of odds that a forecaster stated twice for one event the first count: who says it again may know more by then.
    """
    first_known: dict[str, int] = {}
    happened: dict[str, bool] = {}
    for entry in entries:
        for outcome in entry.said.outcomes:
            first_known.setdefault(outcome.name, entry.number)
            happened[outcome.name] = outcome.happened
    return tuple(
        Settled(stated=stated, happened=happened[stated.name])
        for number, stated in first_stated(entries)
        if number < first_known.get(stated.name, 0)
    )


def first_stated(entries: Sequence[Entry]) -> tuple[tuple[int, Stated], ...]:
    """Every event's odds as each forecaster first stated them, with the number of the entry; drafts state none."""
    found: dict[tuple[str, str], tuple[int, Stated]] = {}
    for entry in entries:
        if entry.said.act is not Act.DRAFT:
            for stated in entry.said.odds:
                found.setdefault((stated.forecaster, stated.name), (entry.number, stated))
    return tuple(found.values())


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


def score(probability: ArrayLike, happened: ArrayLike, *, cluster: ArrayLike | None = None, bands: int = 10) -> Score:
    """Score W stated probabilities against W outcomes; `bands` of equal width for the calibration table.

    `cluster`, (W,), names what hangs together; without it every event stands alone.
    """
    p, y = np.asarray(probability, dtype=np.float64), np.asarray(happened, dtype=np.float64)
    if p.shape != y.shape or p.ndim != 1:
        raise ValueError(f"{p.shape} probabilities, {y.shape} outcomes")
    if p.size == 0:
        raise NotLearnt("no stated odds have an outcome yet", "wait for the outcomes, or record them")
    group = np.arange(p.size) if cluster is None else np.unique(np.asarray(cluster), return_inverse=True)[1]
    with np.errstate(divide="ignore"):
        surprise = -np.log(np.where(y == 1, p, 1 - p))
    return Score(
        count=p.size,
        brier=float(np.mean((p - y) ** 2)),
        brier_error=_clustered((p - y) ** 2, group)[1] if len(np.unique(group)) > 1 else None,
        log_score=float(np.mean(surprise)) + 0.0,  # no "-0.0" for perfect odds
        calibration=_calibration(p, y, group, bands),
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


def _calibration(
    p: NDArray[np.float64], y: NDArray[np.float64], group: NDArray[np.int64], bands: int
) -> tuple[CalibrationRow, ...]:
    band = np.minimum((p * bands).astype(int), bands - 1)
    likeness = _likeness(y, group, band)
    return tuple(
        _calibration_row(p[mine], y[mine], group[mine], likeness, b / bands, (b + 1) / bands)
        for b in np.unique(band)
        for mine in [band == b]
    )


def _calibration_row(
    p: NDArray[np.float64], y: NDArray[np.float64], group: NDArray[np.int64], likeness: float, low: float, high: float
) -> CalibrationRow:
    share, sizes = float(y.mean()), np.unique(group, return_counts=True)[1]
    at_least, at_most = wilson(share, p.size)
    alike_least, alike_most = cluster_interval(share, sizes, likeness)
    return CalibrationRow(
        low=float(low),
        high=float(high),
        count=p.size,
        stated=float(p.mean()),
        happened=share,
        happened_low=at_least,
        happened_high=at_most,
        clusters=len(sizes),
        clustered_low=alike_least,
        clustered_high=alike_most,
    )


def _likeness(y: NDArray[np.float64], group: NDArray[np.int64], band: NDArray[np.int64]) -> float:
    """Correlation of two outcomes of one group, 0 or more; by moments over all pairs that share a band.

    Each outcome is taken about its band's share, so that odds that are wrong all alike do not pass for dependence.
    """
    shared, possible = 0.0, 0.0
    for b in np.unique(band):
        mine = band == b
        rest, where = y[mine] - y[mine].mean(), np.unique(group[mine], return_inverse=True)[1]
        sizes = np.bincount(where)
        shared += float((np.bincount(where, rest) ** 2).sum() - (rest**2).sum())
        possible += float((sizes * (sizes - 1)).sum() * y[mine].mean() * (1 - y[mine].mean()))
    return min(max(shared / possible, 0.0), 1.0) if possible > 0 else 0.0


def cluster_interval(
    share: float, sizes: NDArray[np.int64], likeness: float, level: float = 0.9
) -> tuple[float, float]:
    """Interval for a share of events that come in groups of (G,) `sizes`, two of a group correlated by `likeness`.

    Wilson's interval on the effective number of events, n over the design effect 1 + likeness (sum of sizes^2 / n - 1)
    (Kish 1965; Rao & Scott 1992), with the t distribution of G - 1 degrees instead of the normal, as few groups say
    little (Korn & Graubard 1998). Its cover on dependent odds is measured in `tests/recovery/test_ledger_calibration`.
    """
    count, groups = int(sizes.sum()), len(sizes)
    if groups < 2:
        return (0.0, 1.0) if count > 1 else wilson(share, count)
    if (sizes == 1).all():
        return wilson(share, count)
    effect = 1 + likeness * (float((sizes**2).sum()) / count - 1)
    return wilson(share, count / effect, z=float(stdtrit(groups - 1, (1 + level) / 2)))


def wilson(share: float, count: float, z: float = 1.6448536269514722) -> tuple[float, float]:
    """Wilson's interval for a share of `count` trials; Wilson 1927, as (4) in Brown, Cai & DasGupta 2001."""
    centre = (share + z * z / (2 * count)) / (1 + z * z / count)
    half = z / (1 + z * z / count) * float(np.sqrt(share * (1 - share) / count + z * z / (4 * count * count)))
    return min(share, max(0.0, centre - half)), max(share, min(1.0, centre + half))  # rounding never excludes the share
