"""How numbers are said in sentences: units, sensible digits, and never a rounded certainty."""

from __future__ import annotations

import math


def money(amount: float, currency: str) -> str:
    """Three significant digits with the scale in words' place: `EUR 12.3 M`, `-EUR 450 k`."""
    sign, size = ("-" if amount < -0.5 else ""), abs(amount)
    for floor, divisor, suffix in ((1e9, 1e9, " bn"), (1e6, 1e6, " M"), (1e4, 1e3, " k")):
        if size >= floor * 0.9995:
            return f"{sign}{currency} {_three_digits(size / divisor)}{suffix}"
    return f"{sign}{currency} {size:,.0f}"


def cars(count: float) -> str:
    """Cars to three significant digits: `12,300`; `never` for a break-even that no demand reaches."""
    if math.isinf(count):
        return "never"
    if abs(count) < 1000:
        return f"{count:,.0f}"
    step = 10 ** (math.floor(math.log10(abs(count))) - 2)
    return f"{round(count / step) * step:,.0f}"


def percent(share: float, error: float | None = None) -> str:
    """A share as `91 %`, with its standard error as `91 ± 2 %`; ends are said as `<1 %` and `>99 %`."""
    if error is not None and error >= 0.005:
        return f"{100 * share:.0f} ± {100 * error:.0f} %"
    if 0 < share < 0.01:
        return "<1 %"
    return ">99 %" if 0.99 < share < 1 else f"{100 * share:.0f} %"


def _three_digits(size: float) -> str:
    return f"{size:.2f}" if size < 9.995 else f"{size:.1f}" if size < 99.95 else f"{size:,.0f}"
