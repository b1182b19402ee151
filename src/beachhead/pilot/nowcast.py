"""Counts that come in late: what share of a span's cars has been reported by now, learnt from past corrections.

A source that reports late sends a number, and a larger one for the same span afterwards; every version stays on
record. C(a) is what was known of a span at age a, days after its last day. Chain ladder over ages (Mack 1993, ASTIN
Bulletin 23, equation 2; as reverse hazards Lawless 1994, Canadian Journal of Statistics 22): the share of C(a') that
was known at a is the sum of C(a) over that of C(a'), over all spans seen at both; the share reported at an age is the
product of those from there on. Its spread is that of binomial thinning times the over-dispersion of the spans.
Nothing is filled in: the count stays what was sent, and is set against the share that can have been reported.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
from numpy.typing import NDArray

from beachhead.world.reading import DemandCount, Funnel

Array = NDArray[np.float64]

AGES = (*range(36), *range(42, 92, 7), 126, 182)
"""Days after a span's end at which what is known is compared; older numbers are taken for final."""
FEWEST_SPANS = 3
"""Spans seen at two ages before a step between them is believed."""
WORTH_SAYING = 0.98
"""A span of which more has come is left as it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One number sent for one span.

    Attributes:
        span: what it counts: key, first and last day, as one text.
        funnel: which count it is.
        end: last day of the span.
        sent: day on which it came in.
        count: cars.
    """

    span: str
    funnel: Funnel
    end: date
    sent: date
    count: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Delay:
    """How a funnel's counts fill up with age.

    Attributes:
        ages: (A,) days after a span's end.
        share: (A,) expected share reported by then, 0..1; does not fall.
        log_sd: (A,) standard deviation of its log.
        spans: spans that were seen at two ages or more.
    """

    ages: tuple[int, ...]
    share: Array
    log_sd: Array
    spans: int

    def at(self, age: int) -> tuple[float, float]:
        """Share reported `age` days after a span's end, and the spread of its log; between ages linear in the share."""
        share = float(np.interp(age, self.ages, self.share))
        return share, float(np.interp(age, self.ages, self.log_sd)) if share < 1 else 0.0


def delays(versions: Iterable[Version], *, today: date) -> dict[Funnel, Delay]:
    """How late each funnel's counts come, learnt from versions of the same span; none where nothing was corrected.

    Args:
        versions: every number ever sent, corrected ones too.
        today: day up to which the record is known: a number not corrected by then still stood.
    """
    by_funnel: dict[Funnel, dict[str, list[Version]]] = defaultdict(lambda: defaultdict(list))
    for version in sorted(versions, key=lambda v: (v.span, v.sent)):
        by_funnel[version.funnel][version.span].append(version)
    found = {funnel: _delay(list(spans.values()), today) for funnel, spans in by_funnel.items()}
    return {funnel: delay for funnel, delay in found.items() if delay is not None}


def allow_for_delay(
    counts: Sequence[DemandCount], learnt: dict[Funnel, Delay], *, today: date
) -> tuple[tuple[DemandCount, ...], tuple[str, ...]]:
    """Counts set against the share that has been reported, and a sentence for each span that is not whole.

    A span that stock ended is left as it is: its last car is known.
    """
    out, said = [], []
    for count in counts:
        delay = learnt.get(count.funnel)
        age = (today - count.end).days
        share, spread = delay.at(max(age, 0)) if delay is not None else (1.0, 0.0)
        if delay is None or share >= WORTH_SAYING or count.sold_out or count.stock_bound:
            out.append(count)
            continue
        both = float(np.hypot(count.factor_log_sd, spread))
        out.append(replace(count, reported=share, factor_log_sd=both))
        said.append(_sentence(count, age, delay, share, spread))
    return tuple(out), tuple(said)


def _sentence(count: DemandCount, age: int, delay: Delay, share: float, spread: float) -> str:
    low, high = share * np.exp(-1.645 * spread), min(share * np.exp(1.645 * spread), 1.0)
    whose = f"{count.market} {count.offer}".strip()
    part = f"{share:.0%} of the span ({low:.0%} to {high:.0%}, by {delay.spans} earlier ones)"
    known = f"{count.count:,} {count.funnel} known {age} days after"
    return f"{whose} {count.start} to {count.end}: {known}, {part}; about {count.count / share:,.0f} to be expected"


def _delay(spans: list[list[Version]], today: date) -> Delay | None:
    """Chain ladder; None where fewer than three spans were seen at two ages, or none ever changed."""
    known = np.array([_known_at(versions, today) for versions in spans])
    several = int((np.isfinite(known).sum(axis=1) >= 2).sum())
    if several < FEWEST_SPANS or not any(len({v.count for v in versions}) > 1 for versions in spans):
        return None
    share, variance = np.ones(len(AGES)), np.zeros(len(AGES))
    for at in range(len(AGES) - 2, -1, -1):
        step, doubt = _step(known[:, at], known[:, at + 1])
        share[at] = share[at + 1] * step
        variance[at] = variance[at + 1] + doubt
    return Delay(ages=AGES, share=share, log_sd=np.sqrt(variance), spans=several)


def _known_at(versions: list[Version], today: date) -> Array:
    """(A,) what was known of a span at each age; NaN before it was first sent and after today."""
    out = np.full(len(AGES), np.nan)
    for place, age in enumerate(AGES):
        known = [v.count for v in versions if (v.sent - v.end).days <= age]
        if known and age <= (today - versions[0].end).days:
            out[place] = known[-1]
    return out


def _step(early: Array, late: Array) -> tuple[float, float]:
    """Share of the later numbers known at the earlier age, at most 1, and the variance of its log."""
    both = np.isfinite(early) & np.isfinite(late)
    then, now = early[both], late[both]
    if both.sum() < FEWEST_SPANS or now.sum() <= 0 or then.sum() <= 0:
        return 1.0, 0.0
    share = min(float(then.sum() / now.sum()), 1.0)
    if share >= 1:
        return 1.0, 0.0
    expected = np.maximum(now * share * (1 - share), 1e-9)
    excess = max(float(np.sum((then - share * now) ** 2 / expected) / max(both.sum() - 1, 1)), 1.0)
    # of a new span of typical size as well as of the share itself: both are thinned
    typical = float(np.median(now[now > 0])) if (now > 0).any() else 1.0
    return share, excess * (1 - share) / share * (1 / float(now.sum()) + 1 / typical)
