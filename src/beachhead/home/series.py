"""What a server recorded, day by day (UTC): spells of the plug, energies and prices by the quarter of an hour.

A day is merged from every reading of it: what is known stays, what was not known is filled in. So reading twice, or in
another order, changes nothing, and nothing is lost when the server forgets.

A state holds until the next one. Four rules say when that is not believed: `unknown` and `unavailable` are not known;
a power that has not moved for longer than `hold_seconds` is not known from then on (a server that was down looks like
one that says nothing new); a quarter of an hour of which less than two thirds are known is not known; a counter that
slips for a moment, to 0 as its integration starts anew, has counted nothing by coming back.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from beachhead.charging.record import MOST_PRICE
from beachhead.home.home_assistant import UNKNOWN, Change, number_of
from beachhead.home.setup import PRICE_UNITS, Setup

Floats = NDArray[np.float64]

DAY = 86_400
QUARTER = 900
QUARTERS = DAY // QUARTER
_LEAST_KNOWN = 600
_MOST_KW = 100.0
"""What no home draws or gives: its main fuse lets less through (63 A on three phases are 43 kW)."""
_LATE_SECONDS = 6 * 3600
"""How long a counter may have stood still, its server away, before it tells what it counted."""
_POWER = {"w": 0.001, "kw": 1.0, "mw": 1000.0}
_COUNTER = {"wh": 0.001, "kwh": 1.0, "mwh": 1000.0}
_HUNDREDTHS = frozenset(("ct", "cts", "cent", "cents", "c", "c€", "¢", "snt", "øre", "öre", "ore", "p", "pence", "gr"))
_COINS = frozenset(("€", "euro", "$", "£", "kr", "kr.", "zł", "kč", "ft", "lei"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Spell:
    """A span of a day, seconds from its midnight UTC, in which the cable is in or out; between spells it is unknown."""

    begin: float
    end: float
    plugged: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Gauge:
    """How a state is read as energy.

    Attributes:
        factor: kW, or kWh, for one unit.
        counts: True for a counter of energy, False for power.
        hold_seconds: a power above `idle_kw` that does not move for longer is not believed.
        idle_kw: a power up to this may hold for ever.
        spread_seconds: what a counter gains is spread over at most so long before the reading.
        most_kw: and not over longer than it takes at this power.
    """

    factor: float
    counts: bool
    hold_seconds: float
    idle_kw: float
    spread_seconds: float
    most_kw: float | None = None


def gauge_of(unit: str, use: str, setup: Setup) -> Gauge | None:
    """How an entity of that unit is read; None for a unit that is neither power, current nor energy.

    A charger may draw the same power for as long as it takes to fill the car; a household never does for an hour.
    """
    small = unit.strip().lower()
    full = 1.5 * 3600 * setup.battery_kwh / setup.power_kw
    hold, idle, spread = (full, 0.1, 1800.0) if use == "charger" else (3600.0, 0.0, 6 * 3600.0)
    if use == "solar":
        idle = 0.05
    if small in _POWER and unit.strip() != "mW":
        return Gauge(factor=_POWER[small], counts=False, hold_seconds=hold, idle_kw=idle, spread_seconds=spread)
    if small == "a":
        kw = setup.amps.volts * setup.amps.phases[0] / 1000
        return Gauge(factor=kw, counts=False, hold_seconds=hold, idle_kw=idle, spread_seconds=spread)
    if small in _COUNTER and unit.strip() != "mWh":
        most = setup.power_kw if use == "charger" else None
        return Gauge(
            factor=_COUNTER[small],
            counts=True,
            hold_seconds=hold,
            idle_kw=idle,
            spread_seconds=spread,
            most_kw=most,
        )
    return None


def plug_day(changes: Sequence[Change], midnight: float, until: float, setup: Setup) -> tuple[Spell, ...]:
    """The spells of a day that begins at `midnight`, known `until` then (both seconds since 1970)."""
    spells = []
    for change, next_at in _spans(changes, until):
        begin, end = max(change.at, midnight) - midnight, min(next_at, midnight + DAY) - midnight
        plugged = plugged_by(change.text, setup)
        if end > begin and plugged is not None:
            spells.append(Spell(begin=begin, end=end, plugged=plugged))
    return joined(spells)


def plugged_by(text: str, setup: Setup) -> bool | None:
    """Whether a state of the plug means that the cable is in; None for one that says nothing, or is not known."""
    word = text.strip().lower()
    return True if word in setup.plugged else False if word in setup.unplugged else None


def joined(spells: Iterable[Spell]) -> tuple[Spell, ...]:
    """Spells in a row, alike neighbours as one; where two of them speak, the later one of the list counts."""
    cuts: list[Spell] = []
    for spell in spells:
        cuts = _over(cuts, spell)
    found: list[Spell] = []
    for spell in sorted(cuts, key=lambda one: one.begin):
        if found and found[-1].plugged == spell.plugged and found[-1].end == spell.begin:
            found[-1] = Spell(begin=found[-1].begin, end=spell.end, plugged=spell.plugged)
        else:
            found.append(spell)
    return tuple(found)


def merged_spells(kept: Sequence[Spell], read: Sequence[Spell]) -> tuple[Spell, ...]:
    """A day as kept, with what it did not know from a new reading."""
    return joined([*read, *kept])


def merged_quarters(kept: Floats, read: Floats) -> Floats:
    """(96,) as kept, with what it did not know from a new reading."""
    return np.where(np.isnan(kept), read, kept)


def energy_day(changes: Sequence[Change], midnight: float, until: float, gauge: Gauge) -> Floats:
    """(96,) kWh in each quarter of an hour of a day; NaN where it is not known or not over."""
    rates = _counter_rates(changes, until, gauge) if gauge.counts else _power_rates(changes, until, gauge)
    return _quarters(rates, midnight, until, as_mean=False)


def unit_doubt(unit: str, setup: Setup) -> tuple[str, str]:
    """(what is wrong, the cure) where a price is told ten times or more off home.toml's unit; empty where it is not.

    Only the size counts: whole coins or hundredths, kWh or MWh. A unit that tells neither is believed.
    """
    money, _, energy = (part.strip() for part in unit.lower().partition("/"))
    coin = 0.01 if money in _HUNDREDTHS else 1.0 if money in _COINS or (len(money) == 3 and money.isalpha()) else None
    size = {"kwh": 1.0, "mwh": 0.001}.get(energy)
    if coin is None or size is None or coin * size == PRICE_UNITS[setup.price_unit]:
        return "", ""
    wanted = next((name for name, told in PRICE_UNITS.items() if told == coin * size), None)
    write = f"name one in {', '.join(PRICE_UNITS)}" if wanted is None else f'write price_unit = "{wanted}" there'
    return f"is in {unit.strip()}, but home.toml says {setup.price_unit}", f"{write}, or mend the unit of the entity"


def is_price(value: float, setup: Setup) -> bool:
    """Whether what a price entity tells, in its unit, can be a price at all, by the bound that price files have."""
    return abs(1000 * value * setup.price_eur) <= MOST_PRICE


def price_day(changes: Sequence[Change], midnight: float, until: float, setup: Setup) -> Floats:
    """(96,) mean of a price in each quarter of an hour of a day, in its own unit; NaN where it is not known."""
    rates = [
        (change.at, min(next_at, change.at + 26 * 3600), value)
        for change, next_at in _spans(changes, until)
        if (value := number_of(change.text)) is not None and is_price(value, setup)
    ]
    return _quarters(rates, midnight, until, as_mean=True)


def _over(cuts: list[Spell], spell: Spell) -> list[Spell]:
    """The spells with one laid over them."""
    found = []
    for cut in cuts:
        if cut.begin < spell.begin:
            found.append(Spell(begin=cut.begin, end=min(cut.end, spell.begin), plugged=cut.plugged))
        if cut.end > spell.end:
            found.append(Spell(begin=max(cut.begin, spell.end), end=cut.end, plugged=cut.plugged))
    return [*found, spell]


def _spans(changes: Sequence[Change], until: float) -> Iterable[tuple[Change, float]]:
    """Each change with the moment of the next one; the last holds until `until`."""
    if changes:
        yield from ((one, other.at) for one, other in pairwise(changes))
        yield changes[-1], max(until, changes[-1].at)


def _power_rates(changes: Sequence[Change], until: float, gauge: Gauge) -> list[tuple[float, float, float]]:
    """(begin, end, kW) of every span whose power is known."""
    found = []
    for change, next_at in _spans(changes, until):
        value = None if change.text.strip().lower() in UNKNOWN else number_of(change.text)
        if value is None:
            continue
        power = value * gauge.factor
        held = next_at if 0 <= power <= gauge.idle_kw else min(next_at, change.at + gauge.hold_seconds)
        found.append((change.at, held, power))
    return found


def _counter_rates(changes: Sequence[Change], until: float, gauge: Gauge) -> list[tuple[float, float, float]]:
    """(begin, end, kW) between the readings of a counter; a reading below the one before is a counter begun anew.

    Readings across an unknown span are joined: a counter does not lose what it counted meanwhile. One that stands still
    counts nothing, but for the time that it may yet spread its next gain over.
    """
    numbers = _without_slips(
        [(one.at, value * gauge.factor) for one in changes if (value := number_of(one.text)) is not None], gauge
    )
    found = []
    for (before, low), (at, high) in pairwise(numbers):
        if at <= before or not _can_gain((before, low), (at, high), gauge, late_seconds=_LATE_SECONDS):
            continue
        gain = _gain(low, high)
        spread = gauge.spread_seconds if gauge.most_kw is None else max(3600 * gain / gauge.most_kw, 1.0)
        begin = max(before, at - min(spread, gauge.spread_seconds))
        found += [(before, begin, 0.0), (begin, at, 3600 * gain / (at - begin))]
    if numbers:
        found.append((numbers[-1][0], until - gauge.spread_seconds, 0.0))
    return [span for span in found if span[1] > span[0]]


def _without_slips(numbers: list[tuple[float, float]], gauge: Gauge) -> list[tuple[float, float]]:
    """Readings of a counter without those between which it goes on as if they had not been: a 0 after a restart.

    A counter that begins anew stays low; one that is back where it was within minutes said something else meanwhile.
    """
    kept: list[tuple[float, float]] = []
    for at, reading in enumerate(numbers):
        following = numbers[at + 1] if at + 1 < len(numbers) else None
        if kept and following is not None and kept[-1][1] <= following[1]:
            through = kept[-1], reading, following
            goes = all(_can_gain(*pair, gauge) for pair in pairwise(through))
            if not goes and (
                reading[1] < kept[-1][1] or not _can_gain(kept[-1], reading, gauge, late_seconds=_LATE_SECONDS)
            ):
                continue
        kept.append(reading)
    return kept


def _can_gain(
    before: tuple[float, float], after: tuple[float, float], gauge: Gauge, *, late_seconds: float = 0.0
) -> bool:
    """Whether so much can be drawn between two readings, the first of which may have come so late."""
    seconds = after[0] - before[0] + late_seconds
    return 3600 * _gain(before[1], after[1]) <= 1.5 * (gauge.most_kw or _MOST_KW) * seconds


def _gain(low: float, high: float) -> float:
    """What a counter gained from one reading to the next; all that it says if it began anew."""
    return high - low if high >= low else high


def _quarters(rates: Iterable[tuple[float, float, float]], midnight: float, until: float, *, as_mean: bool) -> Floats:
    total, known = np.zeros(QUARTERS), np.zeros(QUARTERS)
    for begin, end, rate in rates:
        first, last = max(begin - midnight, 0.0), min(end - midnight, float(DAY))
        if last <= first:
            continue
        slots = np.arange(int(first // QUARTER), min(int(np.ceil(last / QUARTER)), QUARTERS))
        part = np.minimum(last, (slots + 1) * QUARTER) - np.maximum(first, slots * QUARTER)
        total[slots] += rate * part
        known[slots] += part
    over = midnight + QUARTER * (np.arange(QUARTERS) + 1) <= until
    mean = np.divide(total, known, out=np.full(QUARTERS, np.nan), where=(known >= _LEAST_KNOWN) & over)
    found: Floats = np.round(mean if as_mean else mean * QUARTER / 3600, 6)
    return found
