"""How numbers are said in sentences: units, sensible digits, and never a rounded certainty."""

from __future__ import annotations

import math
from collections.abc import Sequence

MANY = 50
"""Cases from which a share of them is said in per cent."""


def money(amount: float, currency: str) -> str:
    """Three significant digits with the scale in words' place: `EUR 12.3 M`, `-EUR 450 k`."""
    sign, size = ("-" if amount < -0.5 else ""), abs(amount)
    for floor, divisor, suffix in ((1e9, 1e9, " bn"), (1e6, 1e6, " M"), (1e4, 1e3, " k")):
        if size >= floor * 0.9995:
            return f"{sign}{currency} {_three_digits(size / divisor)}{suffix}"
    return f"{sign}{currency} {size:,.0f}"


def give_or_take(amount: float, se: float | None, currency: str) -> str:
    """An amount with its standard error: `EUR 12.3 M ± EUR 450 k`; ` ± ?` where too few worlds tell one."""
    return f"{money(amount, currency)} ± {'?' if se is None else money(se, currency)}"


def cars(count: float) -> str:
    """Cars to three significant digits: `12,300`; `never` for a break-even that no demand reaches."""
    if math.isinf(count):
        return "never"
    if abs(count) < 1000:
        return f"{count:z,.0f}"
    step = 10 ** (math.floor(math.log10(abs(count))) - 2)
    return f"{round(count / step) * step:,.0f}"


def spaced(code: str) -> str:
    """A code put into words: `own_store` as `own store`."""
    return code.replace("_", " ")


def units(work: float) -> str:
    """Units of work to a tenth or a whole: `under 0.1`, `0.4`, `12`, `240`."""
    if 0 < work < 0.05:
        return "under 0.1"
    return f"{work:.1f}" if work < 10 and work != round(work) else f"{work:,.0f}"


def expected(count: float, noun: str) -> str:
    """An expected count: `0.4 centres`, `1 centre`, `12,300 centres`; what is between none and one is not `0`."""
    said = units(count) if count < 10 else cars(count)
    return f"{said} {noun}" if said == "1" else f"{said} {noun}s"


def how_many(count: int, noun: str, nouns: str = "") -> str:
    """`1 market`, `1,200 markets`; `nouns` where an s does not make the plural: `2 entries`."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {nouns or f'{noun}s'}"


def some(names: Sequence[str], most: int = 8) -> str:
    """The first names, and how many more there are."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def listed(names: Sequence[str], most: int = 12) -> str:
    """Codes in a row, the first of them after their count where they are more than `most`."""
    return " ".join(names) if len(names) <= most else f"{len(names)}: {' '.join(names[:most])} ..."


def within_minutes(count: float) -> str:
    """`1 minute`, `45 minutes`, `22.5 minutes`."""
    return f"{count:g} minute{'' if count == 1 else 's'}"


def percent(share: float, error: float | None = None) -> str:
    """A share as `91 %`, with its standard error as `91 ± 2 %`; ends are said as `<1 %` and `>99 %`."""
    if error is not None and error >= 0.005:
        return f"{100 * share:.0f} ± {100 * error:.0f} %"
    if 0 < share < 0.01:
        return "<1 %"
    return ">99 %" if 0.99 < share < 1 else f"{100 * share:z.0f} %"


def at_least(share: float) -> str:
    """A share that is a lower bound, rounded down: `at least 91 %`, `more than 99 %`."""
    if 0 < share < 0.01:
        return "more than 0 %"
    if 0.99 < share < 1:
        return "more than 99 %"
    return f"at least {percent(math.floor(100 * share + 1e-9) / 100)}"


def at_price(point: float) -> str:
    """What is asked, to put behind a deed: ` at 95 % of list`; nothing at list price."""
    return "" if point == 1.0 else f" at {100 * point:.3g} % of list"


def odds(share: float) -> str:
    """Odds counted from draws, as `percent`; that none or all of some thousand did is no certainty: `<1 %`, `>99 %`."""
    return percent(min(max(share, 1e-6), 1 - 1e-6))


def odds_of(share: float, worlds: int) -> str:
    """Odds with the spread that so few worlds leave (Jeffreys 1946: beta with half a world added to each side)."""
    a, b = share * worlds + 0.5, (1 - share) * worlds + 0.5
    return percent(share, math.sqrt(a * b / (a + b + 1)) / (a + b))


def tally(part: int, whole: int) -> str:
    """A share of few as its count, `3 of 17`, which says itself how much it shows; of many as `18 %`; `-` of none."""
    if not whole:
        return "-"
    return percent(part / whole) if whole >= MANY else f"{part} of {whole}"


def duration(days: float, hours_a_day: float = 24.0) -> str:
    """A span of time in the unit that reads best: `12 min`, `5.3 h`, `2.1 days`; `never` for one without end.

    Days that are not of 24 hours, such as a workshop's, say how many hours they have.
    """
    if math.isinf(days):
        return "never"
    sign, size = ("-" if days < 0 else ""), abs(days)
    minutes = 60 * hours_a_day * size
    if 0 < minutes < 1:
        return f"{sign}<1 min"
    if minutes < 90:
        return f"{sign}{minutes:.0f} min"
    if size < 1:
        return f"{sign}{minutes / 60:.1f} h"
    return f"{sign}{size:.1f} days" if size < 9.95 else f"{sign}{size:.0f} days"


def _three_digits(size: float) -> str:
    return f"{size:.2f}" if size < 9.995 else f"{size:.1f}" if size < 99.95 else f"{size:,.0f}"
