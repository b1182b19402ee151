"""Random charging tasks cut from real prices, loads and sessions: what planners are compared on."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from beachhead.charging.charger import Charger
from beachhead.charging.record import Home, Load, Prices
from beachhead.charging.task import Car, ChargingTask, Leftover


def shared(*parts: str) -> Path:
    """A file of the shared data beside the repository (BEACHHEAD_SHARED may point elsewhere)."""
    import os

    root = os.environ.get("BEACHHEAD_SHARED") or Path(__file__).resolve().parents[2] / "shared"
    return Path(root, "data", *parts)


def real_task(
    rng: np.random.Generator,
    prices: Prices,
    loads: tuple[Load, ...],
    homes: tuple[Home, ...],
    *,
    slots: int = 192,
    slot_hours: float = 0.25,
    gives: bool = False,
) -> ChargingTask:
    """A task of two days or so: a zone's prices, a household's load, a home's sessions, a solar roof in half."""
    hours = int(np.ceil(slots * slot_hours))
    start = prices.first_hour + int(rng.integers(0, 363 * 24))
    zone = prices.zone(prices.zones[rng.integers(len(prices.zones))])
    spot = zone[start - prices.first_hour :][:hours]
    per_hour = round(1 / slot_hours)
    buy = np.repeat(spot, per_hour)[:slots] * rng.choice([1.0, 1.21]) + rng.choice([0.0, 0.08, 0.15])
    net = _net_load(rng, loads[rng.integers(len(loads))], start, slots, slot_hours)
    sell = np.minimum(buy, rng.choice([0.08, 0.05]) if rng.random() < 0.5 else np.repeat(spot, per_hour)[:slots])
    if gives:  # a lossy car that gives back must not meet a price at which burning energy pays
        buy, sell = np.maximum(buy, 0.0), np.maximum(sell, 0.0)
    home = homes[rng.integers(len(homes))]
    present, trips = _comings(rng, home, slots, slot_hours)
    car = Car(
        battery_kwh=home.battery_kwh,
        power_kw=home.power_kw,
        reserve_kwh=float(rng.choice([0.0, 0.1, 0.3])) * home.battery_kwh,
        efficiency=float(rng.choice([1.0, 0.9])),
        discharge_kw=float(home.power_kw) if gives else 0.0,
        discharge_efficiency=0.93,
    )
    pieces = int(rng.integers(0, 4))
    leftover = Leftover(
        widths_kwh=tuple(rng.uniform(0.1, 0.5, pieces) * car.battery_kwh),
        eur_per_kwh=tuple(np.sort(np.maximum(rng.normal(buy.mean(), 0.05, pieces), 0.0))[::-1]),
    )
    return ChargingTask(
        slot_hours=slot_hours,
        buy=buy,
        sell=sell,
        net_load_kwh=net,
        present=present,
        trips_kwh=trips,
        car=car,
        start_kwh=float(rng.uniform(0.0, car.battery_kwh)),
        fuse_kw=float(rng.choice([np.inf, 9.2, 17.0])),
        shortage_eur_per_kwh=float(rng.choice([0.6, 2.0])),
        leftover=leftover,
    )


def lattice_case(
    rng: np.random.Generator, prices: Prices, loads: tuple[Load, ...], homes: tuple[Home, ...], *, slots: int = 192
) -> tuple[ChargingTask, Charger]:
    """A task for the charger's lattice: every kind of wallbox, a fifth paid more for selling than buying costs."""
    task = real_task(rng, prices, loads, homes, slots=slots)
    fuse = task.fuse_kw * (2 if task.fuse_kw < 10 else 1)
    task = replace(task, car=replace(task.car, reserve_kwh=0.0), fuse_kw=fuse)
    if rng.random() < 0.2:
        task = replace(task, sell=task.sell + 0.05)
    phases = ((3,), (1,), (1, 3))[rng.integers(3)]
    return task, Charger(
        phases=phases,
        most_amps=int(rng.choice([16, 32])),
        start_eur=float(rng.choice([0.0, 0.02, 0.1])),
        least_on_slots=int(rng.integers(1, 5)),
        least_off_slots=int(rng.integers(1, 4)),
    )


def one_session(
    rng: np.random.Generator, prices: Prices, loads: tuple[Load, ...], homes: tuple[Home, ...]
) -> tuple[ChargingTask, int, int]:
    """A real session as the only one of 192 quarter-hours: its task, the slot it begins in and the one it leaves at."""
    while True:
        task = replace(real_task(rng, prices, loads, homes), fuse_kw=float("inf"))
        home = homes[rng.integers(len(homes))]
        k = int(rng.integers(home.sessions))
        begin = int(rng.integers(2, 40))
        end = begin + int((home.plug_out[k] - home.plug_in[k]) // 15)
        kwh = min(float(home.energy_kwh[k]), home.power_kw * (end - begin) / 4)
        if begin + 2 < end < task.slots - 1 and kwh > 1:
            break
    present, trips = np.zeros(task.slots), np.zeros(task.slots)
    present[begin:end], trips[end] = 1.0, kwh
    car = Car(battery_kwh=kwh, power_kw=home.power_kw)
    sell = np.minimum(task.sell, task.buy)
    task = replace(
        task, sell=sell, present=present, trips_kwh=trips, car=car, start_kwh=0.0, shortage_eur_per_kwh=5.0,
        leftover=Leftover(),
    )  # fmt: skip
    return task, begin, end


def _net_load(rng: np.random.Generator, load: Load, start: int, slots: int, slot_hours: float) -> np.ndarray:
    at = int(((start - load.first_hour) % (363 * 24)) / load.slot_hours)
    times = at + (np.arange(slots) * slot_hours / load.slot_hours).astype(int)
    used = load.kwh[times % load.kwh.size] * slot_hours / load.slot_hours
    if rng.random() < 0.5:
        return used
    hour = (start + np.arange(slots) * slot_hours) % 24
    sun = np.maximum(np.sin((hour - 6) / 12 * np.pi), 0.0) ** 1.5
    return used - float(rng.uniform(1, 6)) * float(rng.uniform(0.1, 1)) * sun * slot_hours


def _comings(rng: np.random.Generator, home: Home, slots: int, slot_hours: float) -> tuple[np.ndarray, np.ndarray]:
    """Presence of each slot and the energy of trips, from a stretch of the home's sessions."""
    first = int(rng.integers(home.sessions))
    begin = home.plug_in[first] - int(rng.integers(0, 240))
    edge = begin + np.arange(slots + 1) * slot_hours * 60
    present, trips = np.zeros(slots), np.zeros(slots)
    for number in range(first, home.sessions):
        if home.plug_in[number] >= edge[-1]:
            break
        inside = np.clip(
            np.minimum(edge[1:], home.plug_out[number]) - np.maximum(edge[:-1], home.plug_in[number]), 0, None
        )
        present += inside / (slot_hours * 60)
        left = int((home.plug_out[number] - begin) // (slot_hours * 60)) + 1
        if left < slots and number + 1 < home.sessions:
            trips[left] += home.energy_kwh[number + 1]
    return np.clip(present, 0.0, 1.0), trips
