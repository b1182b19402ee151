"""`beachhead read`: what the observed rows say, how the belief moved, what the gates make of it."""

from __future__ import annotations

from math import log
from typing import Annotated

import typer

from beachhead.case.open import Launch, open_launch
from beachhead.case.reading import Read, monitor_sentence, moved_sentence
from beachhead.case.reading import read as read_launch
from beachhead.case.score.outcome import State
from beachhead.case.score.outcomes import register_outcomes
from beachhead.cli.clock import OnOption, Who, day_of, name_of, now
from beachhead.cli.show import JsonFlag, LaunchDir, cars, odds, say, show_json, show_table
from beachhead.launch.question.gate import Verdict
from beachhead.ledger import Said
from beachhead.world.reading import DemandCount

SHOWN_MOVES = 8


RegisterFlag = Annotated[
    bool, typer.Option("--register", help="Enter in the ledger what came of the odds stated with decisions.")
]


def read(
    directory: LaunchDir,
    on: OnOption = None,
    register: RegisterFlag = False,
    who: Who = None,
    as_json: JsonFlag = False,
) -> None:
    """Read the observed rows: belief before and after, and every open gate held against it."""
    launch = open_launch(directory)
    day = day_of(on)
    entered = register_outcomes(launch, on=day, who=name_of(who), at=now()) if register else ()
    found = read_launch(launch, on=day)
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
                "outcomes": found.outcomes,
                "entered": entered,
                "effective_sample_size": found.effective_sample_size,
                "importance_corrected": found.corrected,
            }
        )
    else:
        show_read(launch, found)
        for line in outcome_lines(launch, found, entered, asked=register):
            say(line)


def show_read(launch: Launch, found: Read) -> None:
    """Sentences for the markets with rows, then the table of what moved."""
    names = {market.code: market.name for market in launch.folder.markets}
    seen = [moved for moved in found.moved if moved.days]
    if not seen:
        say(f"Nothing has been observed yet. Send rows with `beachhead observe {launch.path} FILE`.")
    for row in seen:
        say(moved_sentence(row, names[row.market], found.question.year))
    for monitor in found.monitors:
        say(monitor_sentence(monitor, names[monitor.market], found.question.year))
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
            title=f"Belief about demand at full scale, {found.question.year.span}: where it moved most",
            right={1, 2, 3, 4, 5},
        )
        say(
            f"Importance correction: {found.effective_sample_size:,.0f} effective draws."
            if found.corrected
            else "The importance correction was not made; the belief is the Laplace approximation."
        )


def outcome_lines(launch: Launch, found: Read, entered: tuple[Said, ...], *, asked: bool) -> list[str]:
    """What came of each decision's odds, and whether the ledger has it."""
    names = {market.code: market.name for market in launch.folder.markets}
    told = [came for came in found.outcomes if came.state is State.TOLD]
    lines = []
    for number in dict.fromkeys(came.entry for came in told):
        mine = [came for came in told if came.entry == number]
        events = ", ".join(
            f"{event_of(came.stated.name)} {odds(came.stated.probability)} ({'yes' if came.happened else 'no'})"
            for came in mine
        )
        name = names.get(mine[0].market, mine[0].market)
        lines.append(f"{name}, {mine[0].why}. What had been stated, and whether it came: {events}.")
    known = sum(len(said.outcomes) for said in entered)
    fresh = sum(not came.on_record for came in told)
    if known:
        lines.append(f"Entered in the ledger: what came of {_probabilities(known)}.")
    elif asked:
        lines.append("Nothing new is known of the odds stated with decisions; nothing was entered.")
    elif fresh:
        lines.append(f"`beachhead read {launch.path} --register` enters what came of {_probabilities(fresh)}.")
    return lines


def event_of(name: str) -> str:
    """The event in few words, off the name of its odds: `sold out`, `gate opens`, `7 to 50 orders`, `break-even`."""
    _, through, rest = name.partition(" through ")
    return rest.partition(" ")[2] if through else name.split(" ", 2)[-1]


def _probabilities(count: int) -> str:
    return "1 stated probability" if count == 1 else f"{count} stated probabilities"


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
