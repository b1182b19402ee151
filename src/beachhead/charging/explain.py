"""A plan of the session at hand in sentences: what is done, why, how sure, and what the other way would cost."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np

from beachhead.charging.keep import Block, Choice
from beachhead.charging.now import NowPlan
from beachhead.charging.whole import LEAST_KWH, CarPath, WholePlan
from beachhead.charging.year import CAUTION

_FULL = 0.05  # kWh: what no display shows


def sentences(plan: NowPlan) -> list[str]:
    """The plan in plain sentences, the decision first."""
    lines = [_decision(plan), _sureness(plan), _departure(plan)]
    if plan.cap_kw is not None:
        lines.append(_peak(plan, plan.cap_kw))
    follows = _change(plan)
    if follows:
        lines.append(follows)
    return lines


def whole_sentences(plan: WholePlan, names: list[str]) -> list[str]:
    """The plan in plain sentences, the decisions first."""
    lines = [
        _car_decision(car, name if len(names) > 1 else "The car") for name, car in zip(names, plan.cars, strict=True)
    ]
    waits = "waiting" if plan.cars[0].draw_kwh[0] > LEAST_KWH else "charging now"
    whose = names[0] if len(names) > 1 else "the car"
    lines.append(f"For {whose}, {waits} would cost {_other_way(plan)}, all else planned anew.")
    if plan.battery_kwh.max() > 0:
        lines.append(_battery(plan))
    if plan.cap_kw is not None:
        lines.append(f"House and cars are planned for a highest hour of {plan.cap_kw:.1f} kW this month.")
    lines.append(
        f"Expected to add {plan.cost_eur:.2f} EUR, what the cars will lack or hold after they leave counted; "
        f"{_proof(plan)}."
    )
    return lines


def _other_way(plan: WholePlan) -> str:
    cents = 100 * plan.other_costs_eur
    if cents < 0:
        return f"{-cents:.1f} cents less on average, but more trips would lack energy"
    return f"{cents:.1f} cents more"


def _proof(plan: WholePlan) -> str:
    """How near it is to the best, counted as the programme does."""
    cautious = abs(plan.counted_eur - plan.cost_eur) > 5e-3
    proof = "proven cheapest in expectation" if plan.gap < 1e-6 else f"within {100 * plan.gap:.2g} % of the cheapest"
    if not cautious:
        return f"{proof} (bound {plan.bound_eur:.2f} EUR)"
    counts = f"energy that lacks for trips counted at {CAUTION:g} times its price"
    return f"{proof} with {counts} ({plan.counted_eur:.2f} EUR, bound {plan.bound_eur:.2f} EUR)"


def moment_of(minute: float) -> datetime:
    """A minute since 1970 as a time on the clock at home."""
    return datetime(1970, 1, 1) + timedelta(minutes=round(minute))


def dated(minute: float) -> str:
    """A minute since 1970 on the clock at home, as `2026-11-20T07:10`."""
    return moment_of(minute).isoformat(timespec="minutes")


def clock(minute: float) -> str:
    """A minute since 1970 local as weekday and time."""
    return f"{moment_of(minute):%a %H:%M}"


def _told(minute: float, first_hour: int) -> str:
    """A departure that was told; with its date where its weekday could be taken for an earlier one."""
    if minute < 60 * first_hour + 6 * 1440:
        return clock(minute)
    return f"{moment_of(minute):%a %d %b %H:%M}"


def _decision(plan: NowPlan) -> str:
    other = _cents(abs(plan.other_costs_eur))
    price = f"{100 * plan.price[0]:.1f} ct/kWh"
    if plan.charge_now:
        if plan.by_sun_kwh[0] > _FULL:
            price = _by_sun(plan, 0)
        if plan.cautious:
            return f"Charges now at {price} to be safe: {_less(plan, 'waiting')}."
        if plan.other_costs_eur < 0:
            return f"Keeps charging at {price}."
        return (
            f"Charges now at {price}: waiting would cost {other} more, counting the chance that the car leaves early."
        )
    if plan.stored_kwh[0] >= plan.battery_kwh - _FULL:
        return "Does not charge: the battery is full."
    if plan.cautious:
        return f"Waits at {price}: {_less(plan, 'charging this hour')}."
    if plan.other_costs_eur < 0:
        return f"Waits at {price}."
    there = f"{price.removesuffix(' ct/kWh')} now"
    later = np.flatnonzero(plan.draw_kwh > 1e-6)
    if plan.stored_kwh[0] >= plan.level_kwh.max() - 1e-6:
        return f"Does not charge: what is stored is enough for now; charging this hour would cost {other} more."
    if later.size == 0:
        return f"Waits; charging this hour would cost {other} more."
    start = int(later[0])
    if plan.by_sun_kwh[start] > 0.5 * plan.draw_kwh[start]:
        paid = f"feeding in pays {100 * plan.sell_eur_per_kwh:.1f} ct/kWh, the grid asks {there}"
        moment = clock(60 * (plan.first_hour + start))
        return f"Waits for the sun until {moment}: {paid}; charging this hour would cost {other} more."
    said = "" if start < plan.published else " (expected; not published yet)"
    if plan.sun_kwh[0] > _FULL:  # what is waited for is dearer than nothing: the sun is sold meanwhile
        there = f"{there}, and feeds the sun in at {100 * plan.sell_eur_per_kwh:.1f} ct meanwhile"
    return (
        f"Waits until {clock(60 * (plan.first_hour + start))}, at {100 * plan.price[start]:.1f} ct{said} "
        f"instead of {there}; charging this hour would cost {other} more."
    )


def _by_sun(plan: NowPlan, hour: int) -> str:
    """The price of an hour in which the sun has a part: what feeding in would pay, and the grid's for the rest."""
    share = plan.by_sun_kwh[hour] / plan.draw_kwh[hour]
    grid = "" if share > 0.995 else f", the rest at {100 * plan.price[hour]:.1f} ct"
    much = "all of it" if share > 0.995 else f"{100 * share:.0f} % of it"
    return f"{100 * plan.sell_eur_per_kwh:.1f} ct/kWh, {much} from the sun{grid}"


def _less(plan: NowPlan, other: str) -> str:
    return f"{other} would cost {_cents(-plan.other_costs_eur)} less on average, but more trips would lack energy"


def _sureness(plan: NowPlan) -> str:
    """How sure it is that the energy that the plan will hold is there in time."""
    drawn = np.flatnonzero(plan.draw_kwh > 1e-6)
    half, most = plan.next_trip_kwh
    needs = f"half of the next trips need up to {half:.0f}, nine in ten up to {most:.0f} kWh."
    if drawn.size == 0:
        return f"It holds {plan.stored_kwh[0]:.0f} kWh; {needs}"
    first = _first_block_end(drawn)
    end = 60 * (plan.first_hour + first + 1)
    if plan.there[first + 1] < 0.5:  # more likely than not it leaves before: what it then holds is what matters
        gone = min(max(int(plan.leaves[0] // 60) - plan.first_hour, 0), len(plan.draw_kwh))
        return f"95 % sure of {plan.stored_kwh[gone]:.0f} kWh when it leaves; {needs}"
    return f"{100 * plan.there[first + 1]:.0f} % sure of {plan.stored_kwh[first + 1]:.0f} kWh at {clock(end)}; {needs}"


def _first_block_end(drawn: np.ndarray) -> int:
    gaps = np.flatnonzero(np.diff(drawn) > 6)
    return int(drawn[gaps[0]] if gaps.size else drawn[-1])


def _change(plan: NowPlan) -> str:
    """How it follows from the plan before, and what changing is worth; nothing if it is the same."""
    change, worth = plan.change, _cents(abs(plan.change.gain_eur))
    dearer = change.gain_eur < 0
    if change.choice is Choice.CHANGED:
        saves = f"saves {worth}" if not dearer else f"costs {worth} more on average, but fewer trips lack energy"
        return f"Changed: {_blocks(change.best)} instead of {_blocks(change.before)}, which {saves}."
    if dearer and change.choice in (Choice.SMALL, Choice.RESTARTS):
        why = "too little to change for" if change.choice is Choice.SMALL else _started(plan)
        return f"Keeps to the plan before; {_blocks(change.best)} would be safer, but cost {worth} more: {why}."
    if change.choice is Choice.SMALL:
        return f"Keeps to the plan before; {_blocks(change.best)} would save only {worth}: too little to change for."
    if change.choice is Choice.RESTARTS:
        return f"Keeps to the plan before: {_blocks(change.best)} would save {worth}, but {_started(plan)}."
    if plan.kept and change.choice is Choice.FIRST:
        wanted = "charging" if plan.wanted else "waiting"
        saves = _cents(max(-plan.other_costs_eur, 0.0))
        return f"{wanted.capitalize()} would be better by only {saves}: too little to change for."
    return ""


def _started(plan: NowPlan) -> str:
    often = f"is to start {_times(plan.most_starts)} at most"
    return f"the charger has started {_times(plan.starts)} and {often}"


def _blocks(blocks: tuple[Block, ...]) -> str:
    """When it charges: "charging Tue 01:00 to 04:00 and Tue 13:00 to 14:00"."""
    if not blocks:
        return "not charging"
    spans = [
        f"{clock(60 * block.first_hour)} to {clock(60 * (block.first_hour + block.hours)).split()[1]}"
        for block in blocks[:3]
    ]
    more = f" and {len(blocks) - 3} more" if len(blocks) > 3 else ""
    return "charging " + (", ".join(spans[:-1]) + " and " if len(spans) > 1 else "") + spans[-1] + more


def _times(count: int) -> str:
    return {1: "once", 2: "twice"}.get(count, f"{count} times")


def _departure(plan: NowPlan) -> str:
    low, middle, high = plan.leaves
    if low == high:
        return f"Leaves {_told(middle, plan.first_hour)}, as told."
    return f"Expected to leave around {clock(middle)}; nine times in ten between {clock(low)} and {clock(high)}."


def _peak(plan: NowPlan, cap: float) -> str:
    """What the house is kept under, and why: locked in, or worth raising to."""
    each = f"each kW above costs {plan.peak_eur_per_kw:.2f} EUR this month"
    if cap <= plan.peak_so_far_kw + 1e-6:
        return f"Keeps house and car under the {cap:.1f} kW already reached this month; {each}."
    so_far = f"{plan.peak_so_far_kw:.1f} kW are reached so far"
    return f"Lets house and car go up to {cap:.1f} kW this month; {so_far}, {each}."


def _cents(eur: float) -> str:
    said = f"{100 * eur:.0f}" if eur >= 0.01 else f"{100 * eur:.1f}"
    return f"{said} cent" if said == "1" else f"{said} cents"


def _car_decision(car: CarPath, name: str) -> str:
    first, price = car.known.chances.first_hour, 100 * car.known.chances.price[0]
    low, middle, high = car.known.leaves
    leaves = f"leaves between {clock(low)} and {clock(high)}"
    if low == high:
        leaves = f"leaves {_told(middle, first)}, as told"
    if car.draw_kwh[0] > LEAST_KWH:
        return f"{name} charges {car.draw_kwh[0]:.1f} kWh this hour at {price:.1f} ct/kWh; it {leaves}."
    if car.give_kwh[0] > LEAST_KWH:
        return f"{name} gives back {car.give_kwh[0]:.1f} kWh this hour at {price:.1f} ct/kWh; it {leaves}."
    later = np.flatnonzero(car.draw_kwh > LEAST_KWH)
    if later.size == 0:
        return f"{name} does not charge: what is stored is enough; it {leaves}."
    return f"{name} waits until {clock(60 * (first + int(later[0])))}; it {leaves}."


def _battery(plan: WholePlan) -> str:
    into, out = plan.battery_in_kwh[:24].sum(), plan.battery_out_kwh[:24].sum()
    now = plan.battery_in_kwh[0] - plan.battery_out_kwh[0]
    does = "rests" if abs(now) <= 0.05 else f"takes {now:.1f} kWh" if now > 0 else f"gives {-now:.1f} kWh"
    return f"The home battery {does} this hour; in a day it takes {into:.1f} and gives {out:.1f} kWh."
