"""Where every market stands, told by the ledger: what people chose is what happened."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date

from beachhead.case.answers.sited import sited_routes
from beachhead.case.log import whole
from beachhead.case.open import Launch
from beachhead.case.plan.decision import CHOSEN, Chosen
from beachhead.launch.question.action import ActionKind, Standing
from beachhead.launch.question.gate import Gate
from beachhead.ledger import Act, Entry
from beachhead.store import get, reading
from beachhead.world.market import Channel, Stage
from beachhead.world.quarter import Quarter
from beachhead.world.ref import Ref

HOME_SINCE_QUARTERS = 40
READ_AFTER = 1
"""Quarters after its own in which a pilot counts as under way: its gate is read then, and decided on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standings:
    """Where the launch stands at a quarter.

    Attributes:
        by_market: standing of every market, home included.
        gates: gates registered and still open, one a market at most.
        committed: capital committed so far, by calendar year, launch currency: what the plan decided on counted, or
            what siting's answer says where one was kept only after the decision.
        scaled_since: first day of the quarter in which each market that is scaled, or was until it was left, was
            started: what it sold from then on stays what a scaled market sold.
        pilot_cars: cars shipped by pilots of earlier quarters, by market, calendar year and the offers shipped.
    """

    by_market: Mapping[str, Standing]
    gates: tuple[Gate, ...]
    committed: Mapping[int, float]
    scaled_since: Mapping[str, date]
    pilot_cars: Mapping[tuple[str, int, tuple[str, ...]], int]

    @property
    def since(self) -> Mapping[str, Quarter]:
        """Quarter in which each market that is scaled was."""
        return {code: standing.since for code, standing in self.by_market.items() if standing.since is not None}


def standings(
    launch: Launch,
    now: Quarter,
    *,
    asked: Mapping[str, tuple[str, ...]] | None = None,
    met: Mapping[str, frozenset[str]] | None = None,
) -> Standings:
    """Read the ledger up to a quarter.

    Args:
        launch: the launch.
        now: the quarter decided; a pilot decided in an earlier quarter has run, what was decided for a later one is
            not known yet.
        asked: readiness that gates registered from now on ask for, by market.
        met: readiness conditions met, by market.
    """
    by_market = {market.code: _at_start(launch, market.code, market.is_home) for market in launch.folder.markets}
    said, _ = whole(launch.store)
    abroad = {code for code, standing in by_market.items() if not standing.is_home}  # a market may leave the tables
    chosen = [one for one in choices(launch, said) if one.action.market in abroad and one.quarter <= now]
    started = {code: standing.since for code, standing in by_market.items() if standing.since is not None}
    for one in chosen:
        code = one.action.market
        by_market[code] = after = _after(by_market[code], one, now)
        if after.since is not None:
            started[code] = after.since
    known = (gate for gate in _gates(launch, said) if gate.registered <= now)
    gates = {gate.market: gate for gate in known if gate.market in by_market}
    conditions = {**(asked or {}), **{code: gate.readiness for code, gate in gates.items()}}
    ready = met or {}
    by_market = {
        code: replace(standing, conditions=conditions.get(code, ()), met=ready.get(code, frozenset()))
        for code, standing in by_market.items()
    }
    open_gates = [g for code, g in gates.items() if by_market[code].stage in (Stage.OUT, Stage.PILOTING)]
    return Standings(
        by_market=by_market,
        gates=tuple(sorted(open_gates, key=lambda gate: gate.market)),
        committed=_committed(launch, chosen),
        scaled_since={code: since.first_day for code, since in started.items()},
        pilot_cars=_shipped(chosen, now),
    )


def _shipped(chosen: Iterable[Chosen], now: Quarter) -> Counter[tuple[str, int, tuple[str, ...]]]:
    """Cars of pilots of earlier quarters, by market, calendar year and offers."""
    shipped: Counter[tuple[str, int, tuple[str, ...]]] = Counter()
    for one in chosen:
        if one.action.kind is ActionKind.PILOT and one.quarter < now:
            shipped[one.action.market, one.quarter.year, one.action.offers] += one.action.batch
    return shipped


def _committed(launch: Launch, chosen: Iterable[Chosen]) -> dict[int, float]:
    """Capital of what was started, by calendar year, launch currency."""
    table = {(row.market, row.channel): row.capital for row in launch.folder.economics}
    sites = sited_routes(launch)
    committed: dict[int, float] = {}
    for one in chosen:
        if one.action.kind is ActionKind.SCALE and one.action.channel is not None:
            year = one.quarter.year
            committed[year] = committed.get(year, 0.0) + _spent(one, table, sites)
    return committed


def capital_of_starts(launch: Launch, now: Quarter) -> dict[str, float]:
    """Capital that the start of each market scaled by a quarter committed, launch currency; not of those left since."""
    said, _ = whole(launch.store)
    table = {(row.market, row.channel): row.capital for row in launch.folder.economics}
    sites, spent = sited_routes(launch), {}
    for one in choices(launch, said):
        if one.quarter <= now and one.action.kind is ActionKind.SCALE:
            spent[one.action.market] = _spent(one, table, sites)
        elif one.quarter <= now and one.action.kind is ActionKind.EXIT:
            spent.pop(one.action.market, None)
    return spent


def _spent(
    chosen: Chosen, table: Mapping[tuple[str, Channel], float], sites: Mapping[tuple[str, Channel], float]
) -> float:
    """What a start commits; a decision whose plan counted on sites stays as it was decided."""
    action = chosen.action
    key = (action.market, action.channel or Channel.OWN_STORE)
    if not chosen.on_sites and key in sites:
        return sites[key]
    return table.get(key, 0.0) if chosen.capital is None else chosen.capital


def _at_start(launch: Launch, code: str, is_home: bool) -> Standing:
    if not is_home:
        return Standing()
    channel = next((row.channel for row in launch.folder.economics if row.market == code), Channel.OWN_STORE)
    since = launch.folder.terms.start + -HOME_SINCE_QUARTERS
    return Standing(stage=Stage.SCALED, channel=channel, since=since, is_home=True)


def choices(launch: Launch, said: Iterable[Entry]) -> list[Chosen]:
    """What was chosen, market by market, oldest first; a later choice of the same quarter replaces the earlier."""
    latest: dict[tuple[str, Quarter], Chosen] = {}
    with reading(launch.store) as work:
        for entry in said:
            ref = next((ref for ref in entry.said.refs if ref.kind == CHOSEN), None)
            if entry.said.act in (Act.DECISION, Act.OVERRIDE) and ref is not None:
                chosen = get(work, ref, Chosen)
                latest[chosen.action.market, chosen.quarter] = chosen
    return sorted(latest.values(), key=lambda chosen: (chosen.quarter, chosen.action.market))


def _after(standing: Standing, chosen: Chosen, now: Quarter) -> Standing:
    action, quarter = chosen.action, chosen.quarter
    match action.kind:
        case ActionKind.PILOT if standing.stage in (Stage.OUT, Stage.PILOTING):
            ran = standing.pilot_quarters + (1 if quarter < now else 0)
            stage = Stage.PILOTING if quarter + READ_AFTER >= now else Stage.OUT
            return replace(standing, stage=stage, channel=action.channel, pilot_quarters=ran)
        case ActionKind.SCALE if standing.stage in (Stage.OUT, Stage.PILOTING):
            return replace(standing, stage=Stage.SCALED, channel=action.channel, since=quarter)
        case ActionKind.WAIT if standing.stage is Stage.PILOTING:
            return replace(standing, stage=Stage.OUT)  # its pilot is over, and none follows
        case ActionKind.EXIT:
            return replace(standing, stage=Stage.EXITED, channel=None, since=None)
        case _:
            return standing


def _gates(launch: Launch, said: Iterable[Entry]) -> list[Gate]:
    refs: list[Ref] = [ref for entry in said if entry.said.act is Act.GATES for ref in entry.said.refs]
    with reading(launch.store) as work:
        return [get(work, ref, Gate) for ref in refs if ref.kind == "gate"]
