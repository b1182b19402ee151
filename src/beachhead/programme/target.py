"""Targets and their odds: when each is reached in draws of what is to come, and what follows when it is."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from beachhead.world.figures import percent
from beachhead.world.quarter import Quarter

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

FAN = (0.05, 0.25, 0.5, 0.75, 0.95)
SURE = (0.5, 0.8, 0.95)
_RAISED = ", raised to "


class Kind(StrEnum):
    """What a target counts."""

    CARS_PER_YEAR = "cars_per_year"
    CARS_IN_TOTAL = "cars_in_total"
    MARKETS_LIVE = "markets_live"
    STORES_OPEN = "stores_open"
    SERVICE_COVER = "service_cover"
    RANK = "rank"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What is to be reached, and by when.

    Attributes:
        code: key.
        name: in words.
        kind: what is counted.
        scope: where: `world`, `abroad`, a region or a market.
        amount: to be reached; for a rank the worst that counts.
        by: last quarter that counts.
        after: codes of targets that must be met before.
        raise_share: share by which the next is higher; for a rank, places closer to the top. None if there is none.
        raise_quarters: quarters after `by` that the next is given.
    """

    code: str
    name: str
    kind: Kind
    scope: str
    amount: float
    by: Quarter
    after: tuple[str, ...] = ()
    raise_share: float | None = None
    raise_quarters: int = 0

    def holds(self, values: Floats) -> NDArray[np.bool_]:
        """Where a level counts as reached; an unknown level (NaN) never does."""
        if self.kind is Kind.RANK:
            return np.asarray(values <= self.amount)
        return np.asarray(values >= self.amount * (1 - 1e-12))

    @property
    def amount_said(self) -> str:
        """The amount as a sentence tells it: `1,300,000`, `6.5`, `rank 4`, `95 %`."""
        match self.kind:
            case Kind.SERVICE_COVER:
                return percent(self.amount)
            case Kind.RANK:
                return f"rank {self.amount:.0f}"
            case _:
                return f"{self.amount:,.0f}" if self.amount >= 100 else f"{self.amount:,.4g}"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TargetOdds:
    """The odds of one target.

    Attributes:
        target: which.
        quarters: T quarters looked at.
        odds: probability that it is reached by its day; None if it cannot be told.
        error: Monte Carlo standard error of `odds`.
        fan: (5, T), quantiles at `FAN` of the level in each quarter, NaN where unknown; read-only.
        reached_by: for each of `SURE`, the first quarter by which it is reached with that probability, or None.
        by_quarter: (T,), probability that it is reached by the end of each quarter; read-only.
        hit: (S,), whether it is reached in time, draw by draw; read-only.
        why_not: why the odds cannot be told; "" if they can.
    """

    target: Target
    quarters: tuple[Quarter, ...]
    odds: float | None
    error: float
    fan: Floats
    reached_by: tuple[Quarter | None, ...]
    by_quarter: Floats
    hit: NDArray[np.bool_]
    why_not: str = ""


def target_odds(
    targets: Sequence[Target],
    levels: Mapping[str, Floats | str],
    quarters: tuple[Quarter, ...],
    *,
    repeats: int = 1,
    met: Collection[str] = (),
) -> tuple[TargetOdds, ...]:
    """Odds of targets, in their order.

    Args:
        targets: what is to be reached; whatever one comes after is among them.
        levels: by code, (S, T) draws of the level at the end of each quarter, or in words why it cannot be told.
        quarters: T quarters.
        repeats: draws in a row that share a world of our own sales; only whole worlds are independent.
        met: codes of targets that are met: they stay so, wherever the level goes from here, and if it cannot be told.
    """
    first: dict[str, Ints | None] = {}
    by_code = {target.code: target for target in targets}
    for target in targets:
        _first_reached(target, by_code, levels, len(quarters), first, met)
    return tuple(
        _odds(target, levels[target.code], first[target.code], quarters, repeats, target.code in met)
        for target in targets
    )


def next_target(target: Target) -> Target | None:
    """What the raise rule puts in a target's place once it is met; None if there is no rule, or no better rank."""
    if target.raise_share is None:
        return None
    if target.kind is Kind.RANK:
        amount = target.amount - target.raise_share
        if amount < 1:
            return None
    else:
        amount = target.amount * (1 + target.raise_share)
        if target.kind is Kind.SERVICE_COVER:
            amount = min(amount, 1.0)
        elif amount >= 10:
            amount = float(round(amount))
        if amount <= target.amount:
            return None
    stem, _, number = target.code.rpartition("-raised")
    code = f"{stem or target.code}-raised{int(number) + 1 if stem and number.isdigit() else 1}"
    new = replace(target, code=code, amount=amount, by=target.by + target.raise_quarters, after=(target.code,))
    return replace(new, name=f"{target.name.partition(_RAISED)[0]}{_RAISED}{new.amount_said}")


def is_raised(target: Target, targets: Sequence[Target]) -> bool:
    """True if one of the targets takes its place once it is met: it counts the same in the same scope, after it.

    Another kind of target, or one of another scope, may wait for it too and is not its next.
    """
    return any(target.code in each.after and (each.kind, each.scope) == (target.kind, target.scope) for each in targets)


def _first_reached(
    target: Target,
    by_code: Mapping[str, Target],
    levels: Mapping[str, Floats | str],
    quarters: int,
    first: dict[str, Ints | None],
    met: Collection[str],
) -> Ints | None:
    """(S,) index of the quarter in which a target is first reached, T for never; None if it cannot be told."""
    if target.code in first:
        return first[target.code]
    level = levels[target.code]
    found: Ints | None = None
    if target.code in met:
        found = np.zeros(_draws(levels), dtype=np.int64)
    elif not isinstance(level, str):
        held = target.holds(level)
        start = np.zeros(len(held), dtype=np.int64)
        known = True
        for code in target.after:
            before = _first_reached(by_code[code], by_code, levels, quarters, first, met)
            known = known and before is not None
            if before is not None:
                start = np.maximum(start, before)
        if known:
            late = np.arange(quarters) >= start[:, None]
            counts = held & late
            found = np.where(counts.any(axis=1), counts.argmax(axis=1), quarters)
    first[target.code] = found
    return found


def _draws(levels: Mapping[str, Floats | str]) -> int:
    """S, which all levels share; 1 if none can be told."""
    return next((len(level) for level in levels.values() if not isinstance(level, str)), 1)


def _odds(
    target: Target, level: Floats | str, first: Ints | None, quarters: tuple[Quarter, ...], repeats: int, is_met: bool
) -> TargetOdds:
    count = len(quarters)
    unknown = np.full((len(FAN), count), np.nan)
    if first is None:
        why = level if isinstance(level, str) else f"it comes after {' '.join(target.after)}, which cannot be told"
        never = np.zeros(0, dtype=np.bool_)
        return _frozen(target, quarters, None, 0.0, unknown, (None,) * len(SURE), np.full(count, np.nan), never, why)
    last = min(target.by - quarters[0], count - 1)
    hit = first <= last if last >= 0 else np.full(len(first), is_met)
    odds = float(hit.mean())
    by_quarter = (first[:, None] <= np.arange(count)).mean(axis=0)
    fan = unknown
    if not isinstance(level, str):
        known = np.isfinite(level).all(axis=0)
        fan[:, known] = np.quantile(level[:, known], FAN, axis=0)
    reached = tuple(next((q for q, p in zip(quarters, by_quarter, strict=True) if p >= sure), None) for sure in SURE)
    why = ""
    if target.by > quarters[-1] and not is_met:
        why = f"counted to {quarters[-1]}, the last quarter planned"
    error = 0.0 if is_met or last < 0 else _error(hit, repeats)
    return _frozen(target, quarters, odds, error, fan, reached, by_quarter, hit, why)


def _error(hit: NDArray[np.bool_], repeats: int) -> float:
    """Standard error of the share of hits over independent worlds; never 0 from a finite number of them."""
    worlds = hit.reshape(-1, repeats).mean(axis=1)
    smooth = (worlds.sum() + 1) / (len(worlds) + 2)
    least = smooth * (1 - smooth) / (len(worlds) + 2)
    spread = worlds.var(ddof=1) / len(worlds) if len(worlds) > 1 else 0.0
    return float(np.sqrt(max(spread, least if worlds.min() == worlds.max() else 0.0)))


def _frozen(
    target: Target,
    quarters: tuple[Quarter, ...],
    odds: float | None,
    error: float,
    fan: Floats,
    reached: tuple[Quarter | None, ...],
    by_quarter: Floats,
    hit: NDArray[np.bool_],
    why: str,
) -> TargetOdds:
    for array in (fan, by_quarter, hit):
        array.setflags(write=False)
    return TargetOdds(
        target=target,
        quarters=quarters,
        odds=odds,
        error=error,
        fan=fan,
        reached_by=reached,
        by_quarter=by_quarter,
        hit=hit,
        why_not=why,
    )
