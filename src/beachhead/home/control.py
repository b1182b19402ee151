"""From a plan to the charger: on or off, how many amps, and only what must change."""

from __future__ import annotations

from dataclasses import dataclass
from math import floor

from beachhead.charging.now import NowPlan
from beachhead.home.home_assistant import Server, call
from beachhead.home.live import Live
from beachhead.home.setup import Setup
from beachhead.world.errors import BeachheadError

STEP_HOURS = 0.25


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """How the charger is to be.

    Attributes:
        on: whether it may charge.
        amps: current a phase; None where it cannot be set, or need not be.
    """

    on: bool
    amps: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A service to call for an entity, with the value it is set to (None: no value)."""

    service: str
    entity: str
    value: int | None = None

    def __str__(self) -> str:
        return f"{self.service} {self.entity}" + ("" if self.value is None else f" {self.value} A")


def order_of(plan: NowPlan, live: Live, setup: Setup) -> Order:
    """What the next quarter of an hour is to be.

    Where nothing holds the power down, the car charges as fast as it can until the plan says stop. Under a cap on the
    month's highest hour, and by the sun, the current follows the plan; where that is less than the charger's least
    current (or, under a cap, it can only be switched), it charges in a quarter of an hour if the plan still wants at
    least half of what that would draw.
    """
    rest = 1 - live.at.astimezone(setup.zone).minute / 60  # hours of the plan begin on the home's clock
    draw = float(plan.draw_kwh[0])
    if not plan.charge_now:
        return Order(on=False, amps=_off_amps(setup))
    settable = setup.entities.current is not None
    if plan.cap_kw is None and not (settable and _by_sun(plan, rest, setup)):
        return full(setup)
    amps = floor(draw / rest / _kw_of(1, setup) + 1e-6)
    if settable and amps >= setup.amps.least_amps:
        return Order(on=True, amps=min(amps, setup.amps.most_amps))
    least_kw = _kw_of(setup.amps.least_amps, setup) if settable else setup.power_kw
    if draw < 0.5 * least_kw * min(STEP_HOURS, rest):
        return Order(on=False, amps=_off_amps(setup))
    return Order(on=True, amps=setup.amps.least_amps if settable else None)


def least_kw(setup: Setup) -> float:
    """Least that the charger draws while it charges, kW: all it can where it can only be switched."""
    if setup.entities.current is None:
        return setup.power_kw
    return min(_kw_of(setup.amps.least_amps, setup), setup.power_kw)


def _by_sun(plan: NowPlan, rest: float, setup: Setup) -> bool:
    """Whether the hour at hand is to draw no more than the sun gives, or the least that the charger can."""
    sun = float(plan.sun_kwh[0])
    return sun > 0.05 and float(plan.draw_kwh[0]) <= max(sun, rest * least_kw(setup)) + 1e-6


def full(setup: Setup) -> Order:
    """Charging as fast as the charger can: what is safe whenever nothing better is known."""
    return Order(on=True, amps=setup.amps.most_amps if setup.entities.current else None)


def commands(order: Order, live: Live | None, setup: Setup) -> tuple[Command, ...]:
    """What must be sent so that the charger is as ordered; all of it if nobody knows how it is."""
    found = []
    switch, current = setup.entities.switch, setup.entities.current
    amps_now = None if live is None else live.amps
    if current is not None and order.amps is not None and amps_now != order.amps:
        found.append(Command(service=f"{_domain(current)}.set_value", entity=current, value=order.amps))
    if switch is not None and (live is None or live.on is not order.on):
        verb = "turn_on" if order.on else "turn_off"
        found.append(Command(service=f"{_domain(switch)}.{verb}", entity=switch))
    return tuple(found)


def send(server: Server, wanted: tuple[Command, ...]) -> None:
    """Send commands to the server, in order."""
    for one in wanted:
        said = {} if one.value is None else {"value": one.value}
        call(server, one.service, one.entity, **said)


def let_charge(server: Server, live: Live | None, setup: Setup) -> tuple[tuple[Command, ...], str]:
    """Let the car charge, whatever fails: each command is sent though another one was refused.

    Returns what was sent, and what went wrong, in words.
    """
    sent, wrong = [], []
    for one in commands(full(setup), live, setup):
        try:
            send(server, (one,))
            sent.append(one)
        except BeachheadError as error:
            wrong.append(error.message)
    return tuple(sent), "; ".join(wrong)


def follows(order: Order, on: bool | None, amps: float | None, setup: Setup) -> bool | None:
    """Whether a charger that is so is as ordered; None if that is not known."""
    known: list[bool | None] = []
    if setup.entities.switch is not None:
        known.append(None if on is None else on is order.on)
    if setup.entities.current is not None and order.amps is not None:
        known.append(None if amps is None else amps == order.amps)
    if False in known:
        return False
    return None if None in known or not known else True


def _kw_of(amps: int, setup: Setup) -> float:
    return setup.amps.kwh(amps * setup.amps.phases[0], 1.0)


def set_by_hand(order: Order, on: bool | None, amps: float | None, by_person: bool, setup: Setup) -> bool:
    """Whether a charger that obeyed and is now otherwise was set so by the driver.

    Switched on against the order, it always was: by the server, the car's app or a button at the box. Switched off or
    down, only if a person did it through the server: a charger that stops by itself, because it is hot, offline or
    the car asked for it, is told to go on, or the car would stand empty in the morning.
    """
    if follows(order, on, amps, setup) is not False:
        return False
    return by_person or (on is True and not order.on)


def _off_amps(setup: Setup) -> int | None:
    """A charger without a switch is stopped by a current of nothing."""
    return 0 if setup.entities.switch is None else None


def _domain(entity: str) -> str:
    return entity.partition(".")[0]
