"""exposure.csv as spending in the terms of the belief, and what it says for the reader."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from beachhead.belief import Belief
from beachhead.belief.exposure import Exposed, ExposureFit, Spend, exposure_fit, log_lift
from beachhead.case.open import Launch
from beachhead.evidence.tables.exposure import ExposureRow
from beachhead.world.errors import BadInput
from beachhead.world.figures import money, some
from beachhead.world.quarter import Quarter
from beachhead.world.source import Source

_NINETY = float(ndtri(0.95)) * np.array([-1.0, 0.0, 1.0])
_LEAST_SAID = 0.01


def spends_of(launch: Launch) -> tuple[Spend, ...]:
    """What counts of each row, launch currency."""
    return tuple(
        Spend(
            market=row.market,
            kind=row.kind.value,
            start=row.start,
            end=row.end,
            amount=launch.folder.money(row.spend, row.currency) * row.weight,
        )
        for row in launch.folder.rows(ExposureRow)
    )


def lift_of(launch: Launch, before: Belief, fit: ExposureFit | None = None) -> NDArray[np.float64] | None:
    """(M, T) log of demand gained if spending works as published; None where exposure.csv says nothing."""
    spends, numbers = spends_of(launch), fit or exposure_fit()
    if not any(spend.amount > 0 for spend in spends):
        return None
    return log_lift(spends, before.markets, before.quarters, _usual(launch, before, spends, numbers), numbers)


@dataclass(frozen=True, slots=True, kw_only=True)
class Spending:
    """What is spent in one market, and what it does to demand from a quarter on.

    Attributes:
        market: market code.
        total: of all rows, weights counted, launch currency.
        gain: median share by which demand is higher in the mean of the quarters still to come; 0.1 = 10 %.
        gain_low: 5 % point.
        gain_high: 95 % point.
        log_sd: what the doubt about the effect leaves open, sd of log demand.
        effect: factor on the published elasticities, median after the counts.
        effect_low: 5 % point.
        effect_high: 95 % point.
        source: of the published elasticities.
    """

    market: str
    total: float
    gain: float
    gain_low: float
    gain_high: float
    log_sd: float
    effect: float
    effect_low: float
    effect_high: float
    source: Source


def spending_of(launch: Launch, exposed: Exposed | None, now: Quarter) -> tuple[Spending, ...]:
    """One for each market with spending, largest gain first; none where exposure.csv says nothing."""
    if exposed is None:
        return ()
    totals: dict[str, float] = defaultdict(float)
    for spend in spends_of(launch):
        totals[spend.market] += spend.amount
    ahead, source = now - launch.folder.terms.start, exposure_fit().source
    low, median, high = (float(v) for v in np.exp(exposed.log_mean + exposed.log_sd * _NINETY))
    found = []
    for code, total in totals.items():
        gain = exposed.gain(code, 0.9, ahead)
        found.append(
            Spending(
                market=code,
                total=total,
                gain=float(gain[1]),
                gain_low=float(gain[0]),
                gain_high=float(gain[2]),
                log_sd=exposed.open_sd(code, ahead),
                effect=median,
                effect_low=low,
                effect_high=high,
                source=source,
            )
        )
    return tuple(sorted(found, key=lambda s: (-s.gain, s.market)))


def effect_said(found: Sequence[Spending]) -> str:
    """How well the effect of spending is known, in a sentence; "" where nothing is spent."""
    if not found:
        return ""
    first = found[0]
    return (
        f"It works {first.effect:.2f} times as well as published studies say (90 %: {first.effect_low:.2f} to "
        f"{first.effect_high:.2f}); sales while spending changes narrow that."
    )


def spending_notes(launch: Launch, exposed: Exposed | None, now: Quarter) -> tuple[str, ...]:
    """One sentence for all spending: where it raises demand most, and what is not counted."""
    found = spending_of(launch, exposed, now)
    if not found:
        return ()
    total = money(sum(spent.total for spent in found), launch.folder.terms.currency)
    moved = [spent for spent in found if spent.gain >= _LEAST_SAID]
    if not moved:
        return (f"The {total} of exposure.csv is forgotten from here on: it raises demand nowhere by 1 %.",)
    said = some(
        [f"{launch.market(s.market).name} {s.gain:.0%} ({s.gain_low:.0%} to {s.gain_high:.0%})" for s in moved], 4
    )
    every = f"{said} (90 % intervals, mean of the quarters to come)"
    return (
        f"Awareness and showcases (exposure.csv, {total} in all) raise demand in {every}.",
        "What is spent on them is not taken off the plan's value.",
    )


def spending_change(before: Launch, after: Launch) -> tuple[str, ...]:
    """A sentence where two launches spend differently: what the comparison of their values leaves out."""
    more = sum(s.amount for s in spends_of(after)) - sum(s.amount for s in spends_of(before))
    if not more:
        return ()
    said = f"{money(abs(more), after.folder.terms.currency)} {'more' if more > 0 else 'less'}"
    return (f"Spending of exposure.csv is {said} (weights counted), which is not taken off the values above.",)


def _usual(launch: Launch, before: Belief, spends: Sequence[Spend], fit: ExposureFit) -> dict[str, float]:
    """What newcomers spend a year in each market with spending: a share of expected sales at list prices."""
    prices: dict[str, list[float]] = {}
    for price in launch.folder.prices:
        prices.setdefault(price.market, []).append(price.amount)
    if not prices:
        raise BadInput("exposure.csv is set against usual spending, which needs list prices", "add rows to prices.csv")
    elsewhere = float(np.median([np.mean(amounts) for amounts in prices.values()]))
    return {
        code: fit.usual_share
        * float(np.exp(before.mean[before.markets.index(code)]))
        * float(np.mean(prices.get(code, [elsewhere])))
        for code in {spend.market for spend in spends}
    }
