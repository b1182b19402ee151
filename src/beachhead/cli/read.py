"""`beachhead read`: what the observed rows say, how the belief moved, what the gates make of it."""

from __future__ import annotations

from math import log

from beachhead.case.open import Launch, open_launch
from beachhead.case.reading import Moved, Read
from beachhead.case.reading import read as read_launch
from beachhead.cli.clock import OnOption, day_of
from beachhead.cli.show import JsonFlag, LaunchDir, cars, odds, say, show_json, show_table
from beachhead.launch.gate import Verdict
from beachhead.launch.monitor import Monitor, Shown
from beachhead.world.reading import DemandCount

SHOWN_MOVES = 8


def read(directory: LaunchDir, on: OnOption = None, as_json: JsonFlag = False) -> None:
    """Read the observed rows: belief before and after, and every open gate held against it."""
    launch = open_launch(directory)
    found = read_launch(launch, on=day_of(on))
    if as_json:
        show_json(
            {
                "launch": launch.folder.terms.name,
                "quarter": found.question.now,
                "markets": found.moved,
                "judgements": found.judgements,
                "left_out": found.reading.left_out,
                "allowed_for": found.reading.allowed_for,
                "counts": found.reading.counts,
                "monitors": found.monitors,
                "effective_sample_size": found.effective_sample_size,
                "importance_corrected": found.corrected,
            }
        )
    else:
        show_read(launch, found)


def show_read(launch: Launch, found: Read) -> None:
    """Sentences for the markets with rows, then the table of what moved."""
    names = {market.code: market.name for market in launch.folder.markets}
    seen = [moved for moved in found.moved if moved.days]
    if not seen:
        say(f"Nothing has been observed yet. Send rows with `beachhead observe {launch.path} FILE`.")
    for row in seen:
        say(moved_sentence(row, names[row.market]))
    for monitor in found.monitors:
        say(monitor_sentence(monitor, names[monitor.market]))
    for line in gate_lines(found, names):
        say(line)
    for line in found.reading.allowed_for[:SHOWN_MOVES]:
        say(f"Allowed for: {line}.")
    if len(found.reading.allowed_for) > SHOWN_MOVES:
        say(f"... and {len(found.reading.allowed_for) - SHOWN_MOVES} spans more; `--json` lists them.")
    for line in _calendar_lines(found, names):
        say(line)
    for line in found.reading.left_out[:SHOWN_MOVES]:
        say(f"Says nothing about demand: {line}.")
    if len(found.reading.left_out) > SHOWN_MOVES:
        say(f"... and {len(found.reading.left_out) - SHOWN_MOVES} rows more.")
    moved = sorted(found.moved, key=lambda row: -abs(row.median / row.median_before - 1))[:SHOWN_MOVES]
    if seen:
        show_table(
            ["market", "before, cars a year", "90 %", "now", "90 %", "change"],
            [
                [names[m.market], cars(m.median_before), f"{cars(m.low_before)}-{cars(m.high_before)}"]
                + [cars(m.median), f"{cars(m.low)}-{cars(m.high)}", f"x {m.median / m.median_before:.2f}"]
                for m in moved
            ],
            title="Belief about yearly demand at full scale: where it moved most",
            right={1, 2, 3, 4, 5},
        )
        say(
            f"Importance correction: {found.effective_sample_size:,.0f} effective draws."
            if found.corrected
            else "The importance correction was not made; the belief is the Laplace approximation."
        )


def gate_lines(found: Read, names: dict[str, str]) -> list[str]:
    """One sentence for each open gate; those that wait for their first rows share one."""
    seen = {moved.market for moved in found.moved if moved.days}
    waiting = [j for j in found.judgements if j.market not in seen and j.verdict is Verdict.UNDECIDED]
    told = [j for j in found.judgements if j not in waiting] if len(waiting) > 1 else list(found.judgements)
    lines = [f"{names[j.market]}: the gate says {j.verdict}; {j.reason}." for j in told]
    if len(waiting) > 1:
        each = ", ".join(f"{names[j.market]} {odds(j.odds)}" for j in waiting)
        lines.append(
            f"{len(waiting)} gates stay undecided until their markets send rows; odds of breaking even: {each}."
        )
    return lines


def _calendar_lines(found: Read, names: dict[str, str]) -> list[str]:
    """One sentence for each market whose deliveries or registrations were read against its calendar."""
    widest: dict[str, DemandCount] = {}
    for count in found.reading.counts:
        if count.calendar != 1.0:
            held = widest.setdefault(count.market, count)
            widest[count.market] = max(held, count, key=lambda c: abs(log(c.calendar)))
    return [
        f"{names[code]}: {c.funnel} are read against the calendar; from {c.start} to {c.end} {c.calendar:.2f} times "
        "an even spread of the quarter is expected."
        for code, c in sorted(widest.items())
        if not 0.95 <= c.calendar <= 1.05
    ]


def monitor_sentence(monitor: Monitor, name: str) -> str:
    """What the counts alone have shown, valid however often one looks, and the planned look if there is one."""
    last = monitor.sightings[-1]
    head = f"{name}, counts alone, valid at every look: {cars(last.low)} to {cars(last.high)} cars a year"
    if monitor.break_even is None:
        return f"{head} (95 %)."
    level = f"break-even, {cars(monitor.break_even)}"
    if monitor.shown is Shown.OPEN:
        strongest = max(last.evidence_above or 0.0, last.evidence_below or 0.0)
        told = f"not yet shown to be above or below its {level} (evidence {strongest:,.1f} of {monitor.threshold:.0f})"
    else:
        told = f"shown on {monitor.shown_on} to be {monitor.shown} its {level}"
    look = monitor.look
    if look is None or look.statistic is None or look.boundary is None:
        return f"{head}; {told}."
    passed = "crossed" if look.crossed else "not crossed"
    planned = f"planned look {look.number} of {look.of}: {look.statistic:.2f} against {look.boundary:.2f}, {passed}"
    return f"{head}; {told}; {planned}."


def moved_sentence(moved: Moved, name: str) -> str:
    """What was counted in a market, and what is believed of its demand now and was before."""
    sold = ", sold out" if moved.sold_out else ""
    counted = f"{moved.counted:,} cars in {moved.days} days" if moved.cars_counted else "no car counted yet, only leads"
    above = f"; {odds(moved.odds.probability)} that it beats its break-even" if moved.odds else ""
    return (
        f"{name}: {counted}{sold}; demand at full scale now {cars(moved.median)} "
        f"cars a year (90 %: {cars(moved.low)} to {cars(moved.high)}), before {cars(moved.median_before)} "
        f"({cars(moved.low_before)} to {cars(moved.high_before)}){above}."
    )
