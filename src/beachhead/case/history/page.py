"""The backtest as one page of figures: how uniform the transforms are, and what was forecast beside what came."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

import numpy as np

from beachhead.belief.history.backtest import Backtest, Scored
from beachhead.belief.history.case import filled
from beachhead.world.entry import month_text

BINS = 10
MOST_FANS = 24
_WIDE, _HIGH, _PAD = 300, 170, 34

_STYLE = """body{font:15px/1.4 system-ui,sans-serif;margin:2rem auto;max-width:980px;padding:0 1rem}
body{color:#1a1a1a;background:#fff}
svg{max-width:100%;height:auto}.grid{display:flex;flex-wrap:wrap;gap:1rem}figure{margin:0}figcaption{font-size:13px}
.bar{fill:#3b6ea5}.ref{stroke:#b04a2f;stroke-dasharray:4 3}.fan90{fill:#cfdcec}.fan50{fill:#8fb0d6}
.mid{stroke:#1f4e86;fill:none;stroke-width:2}.seen{fill:none;stroke:#1a1a1a;stroke-width:1.5}.axis{stroke:#777}
text{font:11px system-ui,sans-serif;fill:#333}
@media (prefers-color-scheme:dark){body{color:#eee;background:#16181c}text{fill:#ccc}.seen{stroke:#eee}}"""


def backtest_page(answer: Backtest) -> str:
    """The page as HTML with plain SVG inside; no script, nothing from outside."""
    fans = sorted(answer.scored, key=lambda s: (-s.case.target, s.case.brand, s.case.entry.country, s.case.months))
    shown = _spread_out(fans)
    histograms = [
        _histogram(o.months, [s for s in answer.scored if s.case.months == o.months], o.pit_ks_p)
        for o in answer.origins
    ]
    parts = [
        '<!doctype html><html lang="en"><head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width,initial-scale=1"><title>Backtest of the entry model</title>',
        f"<style>{_STYLE}</style></head><body><h1>Backtest of the entry model</h1>",
        "<h2>Probability integral transforms</h2>",
        "<p>If the forecasts are right, all bars are equally high, but for chance (dashed: the mean).</p>",
        '<div class="grid">',
        *histograms,
        "</div><h2>Fans</h2>",
        (
            "<p>Cars a quarter, square-root scale: seen (line), forecast at the origin (middle, 50 % and 90 %), for "
            f"{len(shown)} of {len(fans)} forecasts, evenly picked from the largest total to the smallest.</p>"
        ),
        '<div class="grid">',
        *(_fan(s) for s in shown),
        "</div></body></html>",
    ]
    return "\n".join(parts)


def _spread_out(fans: Sequence[Scored]) -> list[Scored]:
    if len(fans) <= MOST_FANS:
        return list(fans)
    return [fans[i] for i in np.linspace(0, len(fans) - 1, MOST_FANS).round().astype(int)]


def _histogram(months: int, scored: Sequence[Scored], p: float) -> str:
    counts = np.histogram([s.transform for s in scored], bins=BINS, range=(0, 1))[0]
    top, step = max(int(counts.max()), 1), (_WIDE - 2 * _PAD) / BINS
    bars = "".join(
        f'<rect class="bar" x="{_PAD + i * step:.1f}" y="{_y(n / top):.1f}" width="{step - 2:.1f}" '
        f'height="{_y(0) - _y(n / top):.1f}"/>'
        for i, n in enumerate(counts)
    )
    mean = _y(len(scored) / BINS / top)
    label = f"{months} months seen: {len(scored)} forecasts, Kolmogorov-Smirnov p {p:.2f}"
    said = f"Histogram; counts by tenth: {', '.join(str(int(n)) for n in counts)}"
    inside = (
        f'{bars}<line class="ref" x1="{_PAD}" x2="{_WIDE - _PAD}" y1="{mean:.1f}" y2="{mean:.1f}"/>{_axis("0", "1")}'
    )
    return _figure(label, said, inside)


def _fan(s: Scored) -> str:
    """Quarters before the origin as seen, the four after it as forecast and as they came."""
    cars, k = filled(s.case.entry), s.case.months
    seen = [float(cars[i : i + 3].sum()) for i in range(k % 3, k + 12, 3)]
    before = len(seen) - 4
    quantiles = np.quantile(s.forecast.quarters, [0.05, 0.25, 0.5, 0.75, 0.95], axis=1)
    top = max(*seen, float(quantiles[3].max()), 1.0)
    xs = [_PAD + (i + 0.5) * (_WIDE - 2 * _PAD) / len(seen) for i in range(len(seen))]

    def line(values: Iterator[float] | Sequence[float], places: Sequence[float]) -> str:
        return " ".join(f"{x:.1f},{_y((min(v, top) / top) ** 0.5):.1f}" for x, v in zip(places, values, strict=True))

    ahead = xs[before:]
    bands = "".join(
        f'<polygon class="{name}" points="{line(quantiles[low], ahead)} {line(quantiles[high][::-1], ahead[::-1])}"/>'
        for name, low, high in (("fan90", 0, 4), ("fan50", 1, 3))
    )
    entry = s.case.entry
    label = f"{entry.brand} in {entry.country} after {k} months, {month_text(s.case.origin)}"
    middle, came = sum(quantiles[2]), sum(seen[before:])
    said = f"Forecast of the year, sum of the quarters' medians, {middle:,.0f} cars; came {came:,.0f}"
    inside = (
        f'{bands}<polyline class="mid" points="{line(quantiles[2], ahead)}"/>'
        f'<polyline class="seen" points="{line(seen, xs)}"/>{_axis("entry", "origin + 12 months")}'
        f'<text x="{_PAD - 4}" y="{_y(1) + 4:.0f}" text-anchor="end">{top:,.0f}</text>'
    )
    return _figure(label, said, inside)


def _figure(label: str, said: str, inside: str) -> str:
    name = escape(f"{label}. {said}", quote=True)
    return (
        f'<figure><svg viewBox="0 0 {_WIDE} {_HIGH}" width="{_WIDE}" height="{_HIGH}" role="img" aria-label="{name}">'
        f"{inside}</svg><figcaption>{escape(label)}</figcaption></figure>"
    )


def _axis(left: str, right: str) -> str:
    floor = _y(0)
    return (
        f'<line class="axis" x1="{_PAD}" x2="{_WIDE - _PAD}" y1="{floor}" y2="{floor}"/>'
        f'<text x="{_PAD}" y="{floor + 14:.0f}">{escape(left)}</text>'
        f'<text x="{_WIDE - _PAD}" y="{floor + 14:.0f}" text-anchor="end">{escape(right)}</text>'
    )


def _y(share: float) -> float:
    return 14 + (1 - share) * (_HIGH - 40)
