"""Whether the server says what home.toml expects: entities, units, plausible values, prices ahead, history."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from beachhead.home.home_assistant import Server, State, ask_config, history_of, state_of
from beachhead.home.live import departure_told, stored_kwh_of
from beachhead.home.published import told_prices
from beachhead.home.series import gauge_of, plugged_by, unit_doubt
from beachhead.home.setup import Setup
from beachhead.home.sun import FORECASTS, told_sun

_DEPTHS = (1, 3, 7, 10, 14, 30, 60, 90, 180, 365)
_MOST_HOME_KW = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What an entity says, and whether that can be.

    Attributes:
        use: what it is for.
        entity: its name.
        says: what it says now, in words.
        problem: what is wrong with that; empty if nothing is.
        cure: what to do about it.
    """

    use: str
    entity: str
    says: str
    problem: str = ""
    cure: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What the server was found to be.

    Attributes:
        version: of the server.
        findings: one an entity, and one for the time zone if it differs.
        history_days: days back for which the plug is on record, as far as looked; 0 for none.
        history_ends: True if the server was seen to have no more.
    """

    version: str
    findings: tuple[Finding, ...]
    history_days: int
    history_ends: bool

    @property
    def problems(self) -> tuple[Finding, ...]:
        """What stands in the way."""
        return tuple(found for found in self.findings if found.problem)


def check(setup: Setup, server: Server, now: datetime) -> Checked:
    """Ask the server about every entity of the home.

    Raises:
        BadInput: if the token is refused.
        Unreachable: if the server does not answer.
    """
    config = ask_config(server)
    states = {use: state_of(server, name) for use, name in setup.entities.named.items()}
    findings = [_finding(use, setup.entities.named[use], state, setup, now) for use, state in states.items()]
    findings += _between({use: state for use, state in states.items() if state is not None}, setup)
    zone = str(config.get("time_zone") or "")
    if zone and zone != setup.zone.key:
        cure = f'write time_zone = "{zone}"'
        findings.append(
            Finding(use="time zone", entity=setup.zone.key, says=zone, problem="is not the server's", cure=cure)
        )
    depth, ends = _history(setup, server, now) if states.get("plug") else (0, True)
    version = str(config.get("version", ""))
    return Checked(version=version, findings=tuple(findings), history_days=depth, history_ends=ends)


def _finding(use: str, entity: str, state: State | None, setup: Setup, now: datetime) -> Finding:
    if state is None:
        cure = "look for it under Settings, Devices & services, Entities"
        return Finding(use=use, entity=entity, says="is not there", problem="the server does not know it", cure=cure)
    if not state.known:
        cure = "wake the device, or see why it does not answer; a helper that was never set is unknown too"
        problem = "" if use in ("leaves", "battery") else "has no value now"
        return Finding(use=use, entity=entity, says=f"is {state.text} now", problem=problem, cure=cure)
    says, problem, cure = _said(use, state, setup, now)
    return Finding(use=use, entity=entity, says=says, problem=problem, cure=cure)


def _said(use: str, state: State, setup: Setup, now: datetime) -> tuple[str, str, str]:
    """(what it says, what is wrong, the cure) of an entity with a value."""
    if use == "plug":
        plugged = plugged_by(state.text, setup)
        if plugged is None:
            return f"says {state.text!r}", "means neither in nor out", f"add {state.text!r} to plugged or unplugged"
        return f"says {state.text}: the cable is {'in' if plugged else 'out'}", "", ""
    if use in ("charger", "meter", "solar"):
        return _metered(use, state, setup)
    if use == "switch":
        wrong = "" if state.text in ("on", "off") else "is neither on nor off"
        return f"is {state.text}", wrong, "name the switch that allows charging"
    if use == "current":
        return _current(state, setup)
    if use == "battery":
        stored = stored_kwh_of(state, setup)
        if stored is None:
            return f"reads {_reading(state)}", "is no charge of this battery", "name one in % or kWh, within the car's"
        return f"reads {_reading(state)}: {stored:.1f} of {setup.battery_kwh:g} kWh", "", ""
    if use in FORECASTS:
        hours = told_sun(state.attributes, setup)
        says, cure = f"tells {len(hours)} hours, {sum(hours.values()):.1f} kWh", "name one that tells the hours to come"
        return says, "" if hours else "tells no hours to come", cure
    if use == "leaves":
        told = departure_told(state, setup, now, None)
        return f"says {state.text}" + (f": leaves {told:%a %H:%M}" if told else ": no departure ahead"), "", ""
    return _price(state, setup, now)


def _metered(use: str, state: State, setup: Setup) -> tuple[str, str, str]:
    gauge, value = gauge_of(state.unit, use, setup), state.number
    reads = f"reads {_reading(state)}"
    if gauge is None:
        return reads, f"is in {state.unit or 'no unit'}", "name one in W, kW, A, Wh or kWh"
    if value is None:
        return f"says {state.text!r}", "is no number", "name a sensor of power or energy"
    if gauge.counts:
        return f"{reads}, a counter", "is a counter below 0" if value < 0 else "", "name another counter"
    power = value * gauge.factor
    most = 1.3 * setup.power_kw if use == "charger" else _MOST_HOME_KW
    low = -_MOST_HOME_KW if use == "meter" and setup.entities.solar else -0.2
    said = f"{reads}, {power:.1f} kW now"
    if power > most:
        cure = (
            "mend power_kw, or look whether its unit is right" if use == "charger" else "look whether its unit is right"
        )
        return said, f"is more than {most:.1f} kW", cure
    return said, "is below 0" if power < low else "", "name the sensor that counts what is drawn"


def _current(state: State, setup: Setup) -> tuple[str, str, str]:
    least = state.attributes.get("min")
    says = f"is {_reading(state)}"
    if state.number is None:
        return f"says {state.text!r}", "is no number", "name the number that sets the current"
    if setup.entities.switch is None and isinstance(least, int | float) and least > 0:
        return f"{says}, from {least:g} on", "cannot turn charging off", "name the charger's switch too"
    return says, "", ""


def _price(state: State, setup: Setup, now: datetime) -> tuple[str, str, str]:
    if state.number is None:
        return f"says {state.text!r}", "is no price", "name a sensor whose state is the price now"
    price = state.number * setup.price_eur
    told = told_prices(state.attributes, setup, now)
    hours = sum(int(np.isfinite(values).sum()) for values in told.values()) // 4
    says = f"reads {_reading(state)}, {100 * price:.1f} ct/kWh; tells {hours} hours"
    problem, cure = unit_doubt(state.unit, setup)
    if problem:
        return says, problem, cure
    if abs(price) > 2:
        return says, "is more than 2 EUR/kWh", "mend price_unit under [tariff]"
    return says, "" if hours else "tells no prices to come", "name one with the day's prices among its attributes"


def _between(states: Mapping[str, State], setup: Setup) -> list[Finding]:
    """What cannot be true together."""
    plug, charger = states.get("plug"), states.get("charger")
    if plug is None or charger is None or plugged_by(plug.text, setup) is not False:
        return []
    gauge, value = gauge_of(charger.unit, "charger", setup), charger.number
    if gauge is None or gauge.counts or value is None or value * gauge.factor < 0.5:
        return []
    problem = "draws power while the cable is out"
    cure = "look whether both belong to one charger, and which states mean plugged"
    return [Finding(use="charger", entity=charger.entity, says=_reading(charger), problem=problem, cure=cure)]


def _reading(state: State) -> str:
    value = state.number
    if value is None:
        return state.text
    shown = f"{value:,.0f}" if abs(value) >= 1000 else f"{value:g}"
    return f"{shown} {state.unit}".strip()


def _history(setup: Setup, server: Server, now: datetime) -> tuple[int, bool]:
    """Days back for which the plug is on record, and whether more were looked for in vain."""
    found = 0
    for days in _DEPTHS:
        begin = now - timedelta(days=days)
        if not history_of(server, [setup.entities.plug], begin, begin + timedelta(hours=12))[setup.entities.plug]:
            return found, True
        found = days
    return found, False
