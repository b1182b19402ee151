"""The driver's page: one sentence, "leaving at" by one tap, the hours to come, what was decided: HTML, no script."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from html import escape

import numpy as np

from beachhead.case.charging.files import stored_band
from beachhead.home.decision import Decision, Kind
from beachhead.home.learn import Usual
from beachhead.home.plan import Planned
from beachhead.home.setup import Setup
from beachhead.world.figures import how_many

_HOURS = 30
_STALE_SECONDS = 75 * 60
"""A plan that goes on is logged once an hour."""
_WIDE, _HIGH, _LEFT, _TOP = 660, 250, 38, 14
_KINDS = {
    Kind.PLANNED: "as planned",
    Kind.MANUAL: "by hand",
    Kind.AWAY: "away",
    Kind.FAILED: "something is missing",
    Kind.STOPPED: "stopped",
}
_STYLE = """
:root { color-scheme: light dark; --ink: #1c242c; --soft: #5b6772; --line: #d9dfe4; --ground: #fbfcfd; --card: #fff;
  --car: #1b7f5d; --price: #b9c6d2; --now: #0072b2; --on: #fff; --warn: #9a4a00; }
@media (prefers-color-scheme: dark) { :root { --ink: #e8edf1; --soft: #9fabb6; --line: #333d46; --ground: #12171b;
  --card: #1a2127; --car: #2fb587; --price: #4a5966; --now: #56b4e9; --on: #06141c;
  --warn: #f0a04b; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
main { max-width: 46rem; margin: 0 auto; padding: 1rem; display: grid; gap: 1rem;
  grid-template-columns: minmax(0, 1fr); }
h1 { font-size: 1.35rem; line-height: 1.35; margin: .2rem 0; font-weight: 600; }
h2 { font-size: 1rem; margin: 0 0 .5rem; }
p { margin: .3rem 0; } .soft { color: var(--soft); font-size: .92rem; } .warn { color: var(--warn); }
section { background: var(--card); border: 1px solid var(--line); border-radius: .6rem; padding: .9rem 1rem; }
form { display: flex; flex-wrap: wrap; gap: .5rem; align-items: center; }
form.next { margin-top: .6rem; }
button, input { font: inherit; min-height: 44px; border-radius: .5rem; border: 1px solid var(--line); padding: 0 .9rem;
  background: var(--ground); color: var(--ink); }
button { cursor: pointer; }
button[aria-pressed=true] { background: var(--now); border-color: var(--now); color: var(--on); }
button:focus-visible, input:focus-visible, summary:focus-visible { outline: 3px solid var(--now); outline-offset: 2px; }
svg { width: 100%; height: auto; display: block; } svg text { fill: var(--soft); font-size: 12px; }
@media (max-width: 600px) { svg text { font-size: 20px; } }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: right; padding: .25rem .4rem; border-bottom: 1px solid var(--line); font-weight: 400; }
th:first-child, td:first-child { text-align: left; } thead th { color: var(--soft); font-size: .88rem; }
summary { cursor: pointer; min-height: 32px; } ol { margin: 0; padding: 0; list-style: none; }
li { padding: .45rem 0; border-bottom: 1px solid var(--line); } li:last-child { border: 0; }
.key { display: inline-block; width: .8rem; height: .8rem; border-radius: 2px; margin: 0 .3rem 0 .8rem;
  vertical-align: -1px; }
"""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Seen:
    """What the page tells.

    Attributes:
        now: the moment, UTC.
        planned: the plan; None while the cable is out, or something is missing.
        said: what to say instead of a plan, or beside it; empty if nothing.
        usual: when the car usually leaves.
        decided: the last decisions, newest first.
        token: to be sent back with every tap, so that no other page can tap.
    """

    now: datetime
    planned: Planned | None
    said: str
    usual: tuple[Usual, ...]
    decided: tuple[Decision, ...]
    token: str


def page_of(seen: Seen, setup: Setup) -> str:
    """The page as HTML."""
    parts = [_head(seen), _leaving(seen, setup)]
    if seen.planned is not None:
        parts.append(_chart(seen.planned, setup))
    parts.append(_decided(seen.decided, setup))
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Charging</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta http-equiv="refresh" content="300">'
        f"<style>{_STYLE}</style></head><body><main>{''.join(parts)}</main></body></html>"
    )


def _head(seen: Seen) -> str:
    if seen.planned is None:
        return f"<header><h1>{escape(seen.said)}</h1></header>"
    first, *others = seen.planned.sentences
    note = seen.said or in_force(seen)
    warn = f'<p class="warn">{escape(note)}</p>' if note else ""
    rest = "".join(f'<p class="soft">{escape(one)}</p>' for one in others)
    return f"<header><h1>{escape(first)}</h1>{warn}{rest}</header>"


def in_force(seen: Seen) -> str:
    """Why the plan is not what the charger does; empty if it is."""
    last = next((one for one in seen.decided if not one.dry), None)
    if last is None or last.kind is Kind.STOPPED or (seen.now - last.at).total_seconds() > _STALE_SECONDS:
        return "Nobody carries this out: `beachhead home run` is not running."
    if last.kind is Kind.MANUAL:
        return "The charger is set by hand until the next plug-in; this is what the plan would do."
    return last.why if last.kind is Kind.FAILED else ""


def _leaving(seen: Seen, setup: Setup) -> str:
    """Times to tap: the usual ones of the next days' departures, any other, or that it is not known."""
    told = None if seen.planned is None else seen.planned.live.leaves
    buttons = "".join(
        f'<button name="at" value="{at:%Y-%m-%dT%H:%M}" aria-pressed="{"true" if at == told else "false"}">'
        f"{at:%a %H:%M}</button>"
        for at in choices_of(seen, setup)
    )
    value = "" if told is None else f' value="{told:%Y-%m-%dT%H:%M}"'
    forget = "" if told is None else '<button name="at" value="forget">not known</button>'
    hidden = f'<input type="hidden" name="token" value="{escape(seen.token)}">'
    state = "Nothing is told: the usual is expected." if told is None else f"Told: {told:%A %H:%M}."
    return (
        f'<section><h2>Leaving at</h2><form method="post" action="/leaving">{hidden}{buttons}{forget}</form>'
        f'<form method="post" action="/leaving" class="next">{hidden}<label for="other">another time</label>'
        f'<input id="other" type="datetime-local" name="at" required{value}><button>set</button></form>'
        f'<p class="soft">{state}</p></section>'
    )


def choices_of(seen: Seen, setup: Setup) -> list[datetime]:
    """Up to five departures to tap, on the home's clock: around the usual time of the next day that has one."""
    local = seen.now.astimezone(setup.zone).replace(tzinfo=None)
    for ahead in (0, 1, 2):
        day = local.date() + timedelta(days=ahead)
        kind = "Saturdays" if day.weekday() == 5 else "Sundays" if day.weekday() == 6 else "working days"
        median = next((one.median for one in seen.usual if one.kind == kind), 450.0)
        middle = datetime.combine(day, datetime.min.time()) + timedelta(minutes=round(median / 30) * 30)
        found = [middle + timedelta(minutes=30 * step) for step in (-2, -1, 0, 1, 2)]
        if found[0] > local + timedelta(minutes=30):
            return found
    return []


def _chart(planned: Planned, setup: Setup) -> str:
    """Price of each hour, what is drawn in it, and what the battery holds with its band."""
    plan = planned.plan
    count = min(_HOURS, len(plan.price))
    low, high = stored_band(plan)
    price = 100 * plan.price[:count]
    table = "".join(
        f"<tr><td>{_clock(plan.first_hour + t):%a %H:%M}</td>"
        f"<td>{price[t]:.1f}{'' if t < plan.published else ' *'}</td>"
        f"<td>{f'{plan.draw_kwh[t]:.1f}' if plan.draw_kwh[t] > 0.05 else ''}</td>"
        f"<td>{low[t + 1]:.0f} to {high[t + 1]:.0f}</td></tr>"
        for t in range(count)
    )
    note = '<p class="soft">* expected; not published yet.</p>' if plan.published < count else ""
    return (
        f"<section><h2>The next {how_many(count, 'hour')}</h2>{_svg(planned, setup, count)}"
        '<p class="soft"><span class="key" style="background:var(--price);margin-left:0"></span>price, ct/kWh'
        '<span class="key" style="background:var(--car)"></span>charges'
        '<span class="key" style="background:var(--now)"></span>in the battery, kWh, with nine chances in ten</p>'
        "<details><summary>as a table</summary><table><thead><tr><th>hour</th><th>ct/kWh</th><th>charges, kWh</th>"
        f"<th>holds, kWh</th></tr></thead><tbody>{table}</tbody></table>{note}</details></section>"
    )


def _svg(planned: Planned, setup: Setup, count: int) -> str:
    plan = planned.plan
    low, high = stored_band(plan)
    price = 100 * plan.price[:count]
    bottom, top = min(float(price.min()), 0.0), max(float(price.max()), 1.0) * 1.08
    floor, width = _HIGH - 24, (_WIDE - 2 * _LEFT) / count

    def of_price(value: float) -> float:
        return floor - (value - bottom) / (top - bottom) * (floor - _TOP)

    def of_stored(value: float) -> float:
        return floor - value / max(setup.battery_kwh, float(high.max()), 1e-9) * (floor - _TOP)

    bars = "".join(
        f'<rect x="{_LEFT + t * width + 1:.1f}" y="{min(of_price(price[t]), of_price(0)):.1f}" width="{width - 2:.1f}" '
        f'height="{max(abs(of_price(price[t]) - of_price(0)), 0.5):.1f}" '
        f'fill="var(--{"car" if plan.draw_kwh[t] > 0.05 else "price"})"/>'
        for t in range(count)
    )
    edges = [_LEFT + t * width for t in range(count + 1)]
    upper = [f"{x:.1f},{of_stored(float(y)):.1f}" for x, y in zip(edges, high[: count + 1], strict=True)]
    lower = [f"{x:.1f},{of_stored(float(y)):.1f}" for x, y in zip(edges, low[: count + 1], strict=True)]
    line = [f"{x:.1f},{of_stored(float(y)):.1f}" for x, y in zip(edges, plan.stored_kwh[: count + 1], strict=True)]
    hours = "".join(
        f'<text x="{_LEFT + (t + 0.5) * width:.1f}" y="{_HIGH - 6}" text-anchor="middle">'
        f"{_clock(plan.first_hour + t):%H}</text>"
        for t in range(count)
        if (plan.first_hour + t) % 3 == 0
    )
    marks = "".join(
        f'<text x="{_LEFT - 6}" y="{of_price(value) + 4:.1f}" text-anchor="end">{value:.0f}</text>'
        for value in np.linspace(0, top / 1.08, 3)
    ) + "".join(
        f'<text x="{_WIDE - _LEFT + 6}" y="{of_stored(value) + 4:.1f}">{value:.0f}</text>'
        for value in np.linspace(0, setup.battery_kwh, 3)
    )
    drawn = [t for t in range(count) if plan.draw_kwh[t] > 0.05]
    says = f"charges from {_clock(plan.first_hour + drawn[0]):%a %H:%M}" if drawn else "does not charge"
    told = f"Prices of {how_many(count, 'hour')}, {price.min():.0f} to {price.max():.0f} cents a kWh; the car {says}."
    return (
        f'<svg viewBox="0 0 {_WIDE} {_HIGH}" role="img" aria-label="{escape(told)}">{bars}'
        f'<polygon points="{" ".join([*upper, *reversed(lower)])}" fill="var(--now)" fill-opacity=".18"/>'
        f'<polyline points="{" ".join(line)}" fill="none" stroke="var(--now)" stroke-width="2.5"/>{hours}{marks}</svg>'
    )


def _decided(decided: Sequence[Decision], setup: Setup) -> str:
    if not decided:
        return '<section><h2>Decided</h2><p class="soft">Nothing yet: start `beachhead home run`.</p></section>'
    rows = "".join(
        f"<li><strong>{one.at.astimezone(setup.zone):%a %H:%M}</strong> "
        f'<span class="soft">{_KINDS[one.kind]}{" (only tried)" if one.dry else ""}</span><br>'
        f"{escape(_short(one.why))}</li>"
        for one in decided
    )
    return f"<section><h2>Decided</h2><ol>{rows}</ol></section>"


def _short(why: str) -> str:
    """The first sentence, or two if the first is short."""
    parts = why.split(". ")
    cut = ". ".join(parts[: 1 if len(parts[0]) > 60 else 2])
    return cut if cut.endswith(".") else f"{cut}."


def _clock(hour: int) -> datetime:
    return datetime(1970, 1, 1) + timedelta(hours=hour)
