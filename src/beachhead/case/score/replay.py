"""Tells a real entry again, quarter by quarter: odds are registered first, then the quarter's data is read and learnt.

The maker ships where and when it really did; nothing is learnt where nothing shipped.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from beachhead import pilot, store
from beachhead.belief.simple import Seen, error_of
from beachhead.case.belief.believe import first_belief, from_quarter, tracked
from beachhead.case.belief.pricing import answers_to_price
from beachhead.case.open import Launch
from beachhead.case.plan.planning import limits_from, menu_of
from beachhead.case.rows.observe import keep, known_codes
from beachhead.case.score.foretell import BRAND_MEAN, LAST_VALUE, Foretold, Past, foretell, register, served, settle
from beachhead.evidence.mapping import read_mapping
from beachhead.evidence.observations import read_observations
from beachhead.evidence.observed import ObservationFile, ObservedRow
from beachhead.launch.plan.plan import plan
from beachhead.launch.question.action import Action, ActionKind, Standing
from beachhead.launch.question.problem import assemble
from beachhead.world.errors import BadInput
from beachhead.world.market import Stage
from beachhead.world.quarter import Quarter
from beachhead.world.reading import Observation

FOLDER, HISTORY, MAPPING = "history", "registrations.csv", "mapping.toml"
WORLDS = 2
"""Made-up worlds for a plan whose actions alone are wanted; they do not depend on it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One quarter of a replay.

    Attributes:
        quarter: the quarter.
        entered: markets in which the maker began to sell in it.
        foretold: markets whose odds were registered.
        counts: cars registered by market, of every market with rows.
        advice: what Beachhead would have done at its start, waiting left out; None unless asked for.
    """

    quarter: Quarter
    entered: tuple[str, ...]
    foretold: tuple[Foretold, ...]
    counts: Mapping[str, int]
    advice: tuple[Action, ...] | None


def replay(
    launch: Launch,
    *,
    who: str,
    at: datetime,
    advise: bool = False,
    tick: Callable[[int, int], None] | None = None,
) -> tuple[Step, ...]:
    """Follow the history of a launch from its first quarter to its last row.

    Doing it again, also after it was cut short, enters nothing twice.

    Args:
        launch: a launch whose folder holds `history/registrations.csv`, and `history/mapping.toml` where its columns
            are not ours.
        who: in whose name odds and rows are entered.
        at: when.
        advise: also plan at the start of each quarter, given what the maker had done until then.
        tick: called with (quarters done, quarters in all).
    """
    by_quarter = _history(launch)
    first = launch.folder.terms.start
    count = max(by_quarter) - first + 1
    past = Past(tracked=tracked(launch, first_belief(launch)), since={}, channels={}, last={}, errors={})
    steps = []
    for number in range(count):
        now = first + number
        if number:
            past = replace(past, tracked=past.tracked.later())
        advice = _advice(launch, past, now) if advise else None
        step, past = _step(launch, past, now, by_quarter.get(now, ()), who, at)
        steps.append(replace(step, advice=advice))
        if tick is not None:
            tick(number + 1, count)
    return tuple(steps)


def _history(launch: Launch) -> dict[Quarter, tuple[ObservedRow, ...]]:
    folder = launch.path / FOLDER
    if not (folder / HISTORY).is_file():
        cure = "try `beachhead new DIR --example byd-europe-2021`"
        raise BadInput(f"{launch.path} has no {FOLDER}/{HISTORY}", cure)
    mapping = read_mapping(folder / MAPPING) if (folder / MAPPING).is_file() else None
    file = read_observations(folder / HISTORY, known=known_codes(launch.folder), mapping=mapping)
    by_quarter: dict[Quarter, tuple[ObservedRow, ...]] = {}
    for row in file.rows:
        quarter = Quarter.of(row.observation.start)
        if quarter not in launch.folder.terms.grid or Quarter.of(row.observation.end) != quarter:
            what = f"{HISTORY}:{row.line}: {row.observation.start} to {row.observation.end}"
            raise BadInput(f"{what} is not within one quarter of the launch", "split the row, or mend launch.toml")
        by_quarter[quarter] = (*by_quarter.get(quarter, ()), row)
    return by_quarter


def _step(
    launch: Launch, past: Past, now: Quarter, rows: Sequence[ObservedRow], who: str, at: datetime
) -> tuple[Step, Past]:
    """One quarter: odds on record, then rows on record, then learn. A quarter without rows teaches nothing."""
    if not rows:
        return Step(quarter=now, entered=(), foretold=(), counts={}, advice=None), past
    spans, channels = _spans(rows), {row.observation.market: row.observation.channel for row in rows}
    entered = tuple(code for code in spans if code not in past.since)
    past = replace(past, since={**dict.fromkeys(entered, now), **past.since}, channels={**past.channels, **channels})
    whole = {code: span for code, span in spans.items() if _is_whole(rows, code, span, now, first=code in entered)}
    foretold = foretell(launch, past, now, whole)
    counts = {code: _registered(rows, code) for code in spans}
    if foretold:
        with store.writing(launch.store) as work:
            register(work, launch, now, past.tracked.seen, foretold, who=who, at=at)
    keep(launch.store, ObservationFile(name=f"{HISTORY} {now}", rows=tuple(rows)), who=who, at=at)
    if foretold:
        with store.writing(launch.store) as work:
            settle(work, now, foretold, counts, who=who, at=at)
    step = Step(quarter=now, entered=entered, foretold=foretold, counts=counts, advice=None)
    return step, _learnt(launch, past, rows, step)


def _spans(rows: Sequence[ObservedRow]) -> dict[str, tuple[date, date]]:
    """First and last day that each market's register reports in a quarter."""
    by_market: dict[str, list[Observation]] = defaultdict(list)
    for row in rows:
        by_market[row.observation.market].append(row.observation)
    return {code: (min(r.start for r in seen), max(r.end for r in seen)) for code, seen in by_market.items()}


def _is_whole(rows: Sequence[ObservedRow], code: str, span: tuple[date, date], now: Quarter, *, first: bool) -> bool:
    """True if the register reports without a gap to the quarter's end, from its start unless the maker begins in it."""
    start, end = span
    mine = [row.observation for row in rows if row.observation.market == code]
    gapless = sum((row.end - row.start).days + 1 for row in mine) == (end - start).days + 1
    return gapless and end == now.last_day and (first or start == now.first_day)


def _registered(rows: Sequence[ObservedRow], code: str) -> int:
    return sum(row.observation.registrations or 0 for row in rows if row.observation.market == code)


def _learnt(launch: Launch, past: Past, rows: Sequence[ObservedRow], step: Step) -> Past:
    """What is known after the quarter was read."""

    def reach(row: Observation) -> float:
        return served(launch, row.market, row.channel, step.quarter - past.since[row.market])

    reading = pilot.read((row.observation for row in rows), default_reach=reach)
    held, _ = past.tracked.read(reading, seed=launch.folder.terms.seeds.outlook)
    last, errors = dict(past.last), {name: list(made) for name, made in past.errors.items()}
    for each in step.foretold:
        count = step.counts[each.market]
        errors.setdefault(BRAND_MEAN, []).append(error_of(each.levels[BRAND_MEAN], count))
        if each.market in past.last:
            errors.setdefault(LAST_VALUE, []).append(error_of(each.levels[LAST_VALUE], count))
        last[each.market] = Seen(market=each.market, count=count, size=each.size)
    return replace(past, tracked=held, last=last, errors={name: tuple(made) for name, made in errors.items()})


def _advice(launch: Launch, past: Past, now: Quarter) -> tuple[Action, ...]:
    """What the plan would do now, given where the maker sells; waiting left out."""
    folder = launch.folder
    standing = {
        code: Standing(stage=Stage.SCALED, channel=past.channels[code], since=since)
        for code, since in past.since.items()
    }
    problem = assemble(
        belief=from_quarter(past.tracked.over_years(), now),
        economics=folder.economics,
        limits=limits_from(folder.limits, now - folder.terms.start),
        discount=folder.terms.discount_per_quarter,
        terminal_quarters=folder.terms.terminal_quarters,
        menu=menu_of(folder.terms.pilots),
        offers=folder.offers,
        prices=folder.prices,
        standing=standing,
        answers=answers_to_price(launch),
    )
    made = plan(problem, folder.terms.seeds.plan, WORLDS)
    return tuple(action for action in made.actions if action.kind is not ActionKind.WAIT)
