"""Charging: exactness and speed against HiGHS, regret with users held out, cover of departure intervals, value table.

    python benchmarks/charging.py [--quick] [--json] [--peers] [--scheduler ADDRESS]
        [--only exactness,speed,regret,ladder,live,peak,value,fleet]
        [--prices CSV] [--sessions CSV] [--chargers CSV] [--loads CSV] [--year YEAR] [--zone ZONE] [--emhass PYTHON]

Peers run in the same process: the HiGHS LP and MILP of the same tasks, and the price-sorted planner with a fixed 07:00
goal or the true departure. `--peers` puts EMHASS beside them, in a Python that has it (its versions of numpy and pandas
are not ours: `uv venv emhass; uv pip install --python emhass/bin/python emhass`). `fleet` is 8 zones x 1,000 homes x 5
policies, minutes of work (on a Dask cluster with `--scheduler`, by the same path as `charge value`), and `ladder` the
regret split by what is not known, `live` what the live plan costs and misses on the same sessions, minutes too: these
run when they are named. Without files the shared data is used; without that
there is nothing to measure.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from _charging_cases import lattice_case, one_session, real_task, shared
from _charging_live import followed
from beachhead.case.charging.home import first_monday
from beachhead.case.cluster import workers_at
from beachhead.charging.convex import bare, plan_convex, solve_convex
from beachhead.charging.habit import departure_interval, learn_pool
from beachhead.charging.household import HomeBattery, HomeTask, plan_household
from beachhead.charging.lattice import lattice_program, plan_lattice
from beachhead.charging.peak import metered
from beachhead.charging.record import (
    Home,
    Load,
    Prices,
    day_hour,
    hour_day,
    read_homes,
    read_loads,
    read_prices,
    spread_in_steps,
)
from beachhead.charging.tariff import bundled_tariffs
from beachhead.charging.value import Baseline, Ready, make_ready, market_values
from beachhead.charging.year import PAST_HOURS, Policy, Told, charge_told, charge_year, course_of
from beachhead.world.errors import BadInput

FIGURES = ("exactness", "speed", "regret", "ladder", "live", "peak", "value", "fleet")
YEAR = 2023  # of the figures in the docs
_PEAK_ROWS = [(Policy.ARRIVAL, False), (Policy.LEARNED, False), (Policy.TAP, False), (Policy.LEARNED, True)]
_PEAK_ROWS += [(Policy.TAP, True), (Policy.FORESIGHT, True)]
Data = tuple[Prices, tuple[Load, ...], tuple[Home, ...]]


def main() -> None:
    """Measure; what is wrong with a file is said in a sentence."""
    try:
        _main()
    except BadInput as error:
        raise SystemExit(str(error)) from error


def _main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer cases; ends within a minute or two")
    parser.add_argument("--json", action="store_true", help="print one object of figures")
    parser.add_argument("--only", default="exactness,speed,regret,peak,value", help="figures, with commas")
    folder = shared("charging")
    parser.add_argument("--prices", type=Path, default=folder / "greendcc_dayahead_2020_2024_local.csv.gz")
    parser.add_argument("--sessions", type=Path, default=folder / "norway12_charging_sessions.csv.gz")
    parser.add_argument("--chargers", type=Path, default=folder / "norway12_user_power_capacity_predictions.csv")
    parser.add_argument("--loads", type=Path, default=folder / "lcl_2013_halfhourly_kwh_87households.csv.gz")
    parser.add_argument("--peers", action="store_true", help="EMHASS beside the planner and HiGHS")
    parser.add_argument("--emhass", default=sys.executable, help="a Python that has emhass")
    parser.add_argument("--scheduler", metavar="ADDRESS", help="Dask scheduler on which the fleet lives its years")
    parser.add_argument("--zone", help="price zone of the capacity tariff; default BE, or the first with prices")
    parser.add_argument("--year", type=int, help=f"year of prices; default {YEAR}, or the last that the file holds")
    asked = parser.parse_args()
    wanted = [name.strip() for name in asked.only.split(",")]
    if unknown := [name for name in wanted if name not in FIGURES]:
        parser.error(f"no figures {', '.join(unknown)}; there are {', '.join(FIGURES)}")
    prices = read_prices(asked.prices)
    homes = read_homes(asked.sessions, asked.chargers if asked.chargers.exists() else None)
    year, prices = whole_year(prices, asked.year, asked.prices.name)
    anchor = _first_monday(year)
    figures: dict[str, Any] = {}
    if "exactness" in wanted or "speed" in wanted or asked.peers:
        data = (prices.between(date(year, 1, 1), date(year, 12, 31)), read_loads(asked.loads), homes)
        if "exactness" in wanted:
            figures["exactness"] = exactness(data, 300 if asked.quick else 10_000, 40 if asked.quick else 1_000)
        if "speed" in wanted:
            figures["speed"] = speed(data, 60 if asked.quick else 300)
        if asked.peers:
            figures["peers"] = peers(data, 6 if asked.quick else 40, asked.emhass)
    if "regret" in wanted:
        figures["regret"] = regret(prices, few(homes, 16) if asked.quick else homes, anchor, quick=asked.quick)
    if "ladder" in wanted:
        ready = make_ready(few(homes, 16 if asked.quick else 4, 3), least_sessions=2)
        figures["ladder"] = ladder(ready, prices, among(prices, ("DE-LU", "ES", "FR")), anchor)
    if "live" in wanted:
        figures["live"] = live(prices, homes, 2 if asked.quick else 40, 10 if asked.quick else 40, anchor)
    if "peak" in wanted:
        loads = read_loads(asked.loads)
        figures["peak"] = peak(
            prices, few(homes, 8 if asked.quick else 2), loads, asked.zone or among(prices, ("BE",))[0], anchor
        )
    if "value" in wanted:
        figures["value"] = value(prices, few(homes, 16) if asked.quick else homes, anchor, quick=asked.quick)
    if "fleet" in wanted:
        figures["fleet"] = fleet(prices, homes, 40 if asked.quick else 1_000, asked.scheduler, anchor)
    print(json.dumps(figures, indent=2, default=float)) if asked.json else show(figures)


def whole_year(prices: Prices, asked: int | None, file: str) -> tuple[int, Prices]:
    """The year to measure in, and the zones whose prices hold it and the 56 days before it."""
    years = range(hour_day(prices.first_hour).year, prices.last_day.year + 1)
    held = {year: zones for year in years if (zones := _held(prices, year))}
    year = asked or (YEAR if YEAR in held else max(held, default=0))
    if year not in held:
        told = f"{file} spans {hour_day(prices.first_hour)} to {prices.last_day}, which is"
        cure = f"name --year {' or '.join(map(str, held))}" if held else "give prices of fourteen months or more"
        raise BadInput(f"{told} no zone's whole year {asked or ''} with the 56 days before it".replace("  ", " "), cure)
    rows = [prices.zones.index(zone) for zone in held[year]]
    return year, Prices(zones=held[year], first_hour=prices.first_hour, eur_per_kwh=prices.eur_per_kwh[rows])


def _held(prices: Prices, year: int) -> tuple[str, ...]:
    """Zones with prices for every hour of a year, of its 52 weeks and of the 56 days before those."""
    begin = min(_first_monday(year) - PAST_HOURS, day_hour(date(year, 1, 1))) - prices.first_hour
    end = max(_first_monday(year) + 52 * 168, day_hour(date(year + 1, 1, 1))) - prices.first_hour
    if begin < 0 or end > prices.eur_per_kwh.shape[1]:
        return ()
    return tuple(zone for zone in prices.zones if np.isfinite(prices.zone(zone)[begin:end]).all())


def _first_monday(year: int) -> int:
    return day_hour(first_monday(year))


def few(homes: tuple[Home, ...], each: int, first: int = 0) -> tuple[Home, ...]:
    """Every so manieth home, from one on; of few homes more of them, so that some are left to learn from."""
    return homes[first::each] if len(homes) >= 4 * each else homes[:: max(1, len(homes) // 4)]


def among(prices: Prices, wanted: tuple[str, ...]) -> tuple[str, ...]:
    """The zones wanted that have prices, or the first with prices."""
    return tuple(zone for zone in wanted if zone in prices.zones) or prices.zones[:1]


def exactness(data: Data, convex: int, lattice: int) -> dict[str, float]:
    """Largest relative difference of the cost to the judge's, and largest gap of our certificates."""
    rng, worst, gap = np.random.default_rng(2), 0.0, 0.0
    for number in range(convex):
        task = real_task(rng, *data, gives=number % 4 == 0)
        ours, judge = plan_convex(task), plan_household(HomeTask(cars=(task,)))
        worst = max(worst, abs(ours.objective_eur - judge.bound_eur) / max(abs(judge.bound_eur), 0.01))
        gap = max(gap, ours.gap)
    worst_lattice = 0.0
    for _ in range(lattice):
        task, charger = lattice_case(rng, *data)
        mine, theirs = plan_lattice(task, charger), lattice_program(task, charger).solve(gap=0.0, nodes=1_000_000)
        without = float(task.buy @ np.maximum(task.net_load_kwh, 0) - task.sell @ np.maximum(-task.net_load_kwh, 0))
        cost = theirs.objective - without
        worst_lattice = max(worst_lattice, abs(mine.objective_eur - cost) / max(abs(cost), 0.01))
    return {
        "convex_cases": convex,
        "convex_worst_relative": worst,
        "convex_worst_gap": gap,
        "lattice_cases": lattice,
        "lattice_worst_relative": worst_lattice,
    }


def speed(data: Data, cases: int) -> dict[str, float]:
    """Seconds a plan of 192 slots on one core, ours and HiGHS on the same tasks; battery homes in milliseconds."""
    rng = np.random.default_rng(5)
    tasks = [real_task(rng, *data) for _ in range(cases)]
    plan_convex(tasks[0])
    questions = [bare(task) for task in tasks]
    ours = _timed(solve_convex, questions)
    judge = _timed(lambda task: plan_household(HomeTask(cars=(task,))), tasks)
    pairs = [lattice_case(rng, *data) for _ in range(max(cases // 3, 20))]
    plan_lattice(*pairs[0])
    lattice = _timed(lambda pair: plan_lattice(*pair), pairs)
    milp = _timed(lambda pair: lattice_program(*pair).solve(gap=0.0, nodes=1_000_000), pairs)
    battery = HomeBattery(capacity_kwh=10.0, power_kw=5.0, start_kwh=3.0)
    homes = [HomeTask(cars=(task,), battery=battery) for task in tasks[:40]]
    with_battery = _timed(plan_household, homes)
    return {
        "convex_plans_per_second": 1 / ours.mean(),
        "convex_over_highs_lp": judge.mean() / ours.mean(),
        "household_years_per_second": 1 / ours.mean() / (365 / 2),
        "lattice_ms_median": 1e3 * float(np.median(lattice)),
        "lattice_over_highs_milp_median": float(np.median(milp / lattice)),
        "lattice_over_highs_milp_total": milp.sum() / lattice.sum(),
        "car_and_battery_ms_median": 1e3 * float(np.median(with_battery)),
        "car_and_battery_worst_gap": max(plan_household(home).gap for home in homes),
    }


def _timed(verb: Any, cases: list[Any]) -> np.ndarray:
    """Seconds of one core: processor time, as every solver here runs on one thread and the machine may be shared."""
    seconds = []
    for case in cases:
        began = time.process_time()
        verb(case)
        seconds.append(time.process_time() - began)
    return np.array(seconds)


def peers(data: Data, cases: int, python: str) -> dict[str, Any]:
    """One real session each in 192 slots with load and sun: this planner, HiGHS and EMHASS on the same bill.

    Processor seconds; EMHASS's are those of `perform_dayahead_forecast_optim`, without its imports and configuration.
    """
    rng, tasks, asked = np.random.default_rng(8), [], []
    while len(tasks) < cases:
        task, begin, end = one_session(rng, *data)
        tasks.append(task)
        asked.append(
            {
                "buy": task.buy.tolist(), "sell": task.sell.tolist(), "net_load_kwh": task.net_load_kwh.tolist(),
                "slot_hours": task.slot_hours, "power_kw": task.car.power_kw, "kwh": task.car.battery_kwh,
                "begin": begin, "end": end,
            }
        )  # fmt: skip
    plan_convex(tasks[0])
    ours = _timed(plan_convex, tasks)
    judge = _timed(lambda task: plan_household(HomeTask(cars=(task,))), tasks)
    mine = np.array([plan_convex(task).cost_eur for task in tasks])
    table = {
        "this planner": {"ms_median": 1e3 * float(np.median(ours)), "cost_eur": mine.sum()},
        "HiGHS LP": {
            "ms_median": 1e3 * float(np.median(judge)),
            "cost_eur": sum(plan_household(HomeTask(cars=(task,))).cost_eur for task in tasks),
        },
    }
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "tasks.json")
        file.write_text(json.dumps(asked), encoding="utf-8")
        script = Path(__file__).with_name("_emhass_peer.py")
        env = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        ran = subprocess.run([python, str(script), str(file)], capture_output=True, text=True, env=env, check=False)
    if ran.returncode:
        last = ran.stderr.strip().splitlines()[-1:] or ["no word"]
        return {"table": table, "emhass": f"not run: {last[0]}; name a Python that has it with --emhass"}
    said = json.loads(ran.stdout.strip().splitlines()[-1])
    theirs = np.array([_bill(task, a["draw_kwh"]) for task, a in zip(tasks, said["answers"], strict=True)])
    seconds = np.array([answer["seconds"] for answer in said["answers"]])
    table[f"EMHASS {said['version']}"] = {"ms_median": 1e3 * float(np.median(seconds)), "cost_eur": theirs.sum()}
    return {
        "cases": cases,
        "table": table,
        "emhass_optimal": sum(answer["optimal"] for answer in said["answers"]),
        "emhass_worst_cost_above_ours_eur": float((theirs - mine).max()),
        "emhass_worst_cost_below_ours_eur": float((mine - theirs).max()),
        "over_emhass_median": float(np.median(seconds / ours)),
    }


def _bill(task: Any, draw: list[float]) -> float:
    """What drawing adds to the bill, EUR."""
    net = task.net_load_kwh + np.array(draw)
    with_car = task.buy @ np.maximum(net, 0) - task.sell @ np.maximum(-net, 0)
    alone = task.buy @ np.maximum(task.net_load_kwh, 0) - task.sell @ np.maximum(-task.net_load_kwh, 0)
    return float(with_car - alone)


def fleet(prices: Prices, homes: tuple[Home, ...], count: int, scheduler: str | None, anchor: int) -> dict[str, Any]:
    """8 zones x 1,000 homes x 5 policies, every home learnt anew: the homes on record, round and round.

    Spot prices alone in every zone; the charge on the monthly peak is another question (`peak`). On a cluster the core
    seconds and the memory are those of this process alone.
    """
    known = [home for home in homes if home.sessions >= 20]
    picked = [replace(known[n % len(known)], name=f"home {n}") for n in range(count)]
    tariff = bundled_tariffs()["DE"]
    everywhere = [replace(tariff, zone=zone, peak_eur_per_kw=0.0) for zone in prices.zones]
    market_values(known[:2], prices, everywhere[:1], anchor)
    began, core = time.perf_counter(), time.process_time()
    with workers_at(scheduler) as run:
        market_values(picked, prices, everywhere, anchor, run=run)
    return {
        "homes": count,
        "sessions": sum(home.sessions for home in picked),
        "zones": len(prices.zones),
        "policies": 5,
        "core_seconds": time.process_time() - core,
        "most_memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "wall_seconds_on_this_machine": time.perf_counter() - began,
    }


def regret(prices: Prices, homes: tuple[Home, ...], anchor: int, *, quick: bool) -> dict[str, Any]:
    """Share of the perfect-foresight saving by policy at bare spot prices; users are held out of the prior."""
    began = time.perf_counter()
    ready = make_ready(homes, least_sessions=2)
    zones = among(prices, ("DE-LU", "ES")) if quick else prices.zones
    with ThreadPoolExecutor(2) as pool:
        tables = list(pool.map(lambda one: _by_zone(one, prices, zones, anchor), ready))
    total = np.array(tables).sum(0)  # (zones, policies, [cost, missing, driven])
    names = [policy.name.lower() for policy in Policy]
    cost = total[:, :, 0]
    arrival, foresight = cost[:, names.index("arrival")], cost[:, names.index("foresight")]
    share = (arrival[:, None] - cost) / (arrival - foresight)[:, None]
    missing = total[:, :, 1] / total[:, :, 2]
    return {
        "homes": len(ready),
        "sessions": sum(home.home.sessions for home in ready),
        "share_of_foresight": dict(zip(names, share.mean(0).tolist(), strict=True)),
        "missing_share": dict(zip(names, missing.mean(0).tolist(), strict=True)),
        "learned_by_zone": dict(zip(zones, share[:, names.index("learned")].tolist(), strict=True)),
        "interval_90_covers": _covers(ready),
        "interval_90_covers_by_whole_hours": _covers_by_whole_hours(homes),
        "seconds": time.perf_counter() - began,
    }


def _covers(ready: tuple[Ready, ...], out: dict[str, np.ndarray] | None = None) -> float:
    """Share of departures within their 90 % intervals; those of `out` by home, or those that were learnt."""
    inside = [
        low <= (home.home.plug_out if out is None else out[home.home.name])[k] <= high
        for home in ready
        for k in range(home.home.sessions)
        for low, high in [departure_interval(home.habits, k, int(home.home.plug_in[k]))]
    ]
    return float(np.mean(inside))


def _covers_by_whole_hours(homes: tuple[Home, ...]) -> float:
    """Share of the true departures within the intervals of a record by the nearest whole hours.

    Sessions that last no time in that record are left out.
    """
    spread, out = [], {}
    for home in homes:
        begin, end = (60 * ((minutes + 30) // 60) for minutes in (home.plug_in, home.plug_out))
        end[:-1] = np.minimum(end[:-1], begin[1:])
        seen = end > begin
        kwh, out[home.name] = home.energy_kwh[seen], home.plug_out[seen]
        begin, end = spread_in_steps(begin[seen], end[seen], 60 * kwh / home.power_kw)
        spread.append(replace(home, plug_in=begin, plug_out=end, energy_kwh=kwh))
    return _covers(make_ready(spread, least_sessions=2), out)


def _by_zone(ready: Ready, prices: Prices, zones: tuple[str, ...], anchor: int) -> np.ndarray:
    found = np.zeros((len(zones), len(Policy), 3))
    for z, zone in enumerate(zones):
        course = course_of(prices.zone(zone), prices.first_hour, anchor)
        for p, policy in enumerate(Policy):
            year, _ = charge_year(ready.home, ready.pieces, course, policy, ready.habits)
            found[z, p] = year.cost_eur, year.missing_kwh, year.driven_kwh
    return found


def ladder(ready: tuple[Ready, ...], prices: Prices, zones: tuple[str, ...], anchor: int) -> dict[str, Any]:
    """Share of the perfect-foresight saving of the same planner, told ever more; energy that lacks at its price."""
    names = ("departure", "trip", "prices")
    steps = [Told(**dict(zip(names, told, strict=True))) for told in itertools.product((False, True), repeat=3)]

    def one(home: Ready) -> np.ndarray:
        found = np.zeros((len(zones), len(steps) + 2, 2))
        for z, zone in enumerate(zones):
            course = course_of(prices.zone(zone), prices.first_hour, anchor)
            years = [charge_told(home.home, home.pieces, course, home.habits, step)[0] for step in steps]
            years += [charge_year(home.home, home.pieces, course, p)[0] for p in (Policy.ARRIVAL, Policy.FORESIGHT)]
            found[z] = [(year.cost_eur, year.missing_kwh / year.driven_kwh) for year in years]
        return found

    with ThreadPoolExecutor(2) as pool:
        rows = np.array(list(pool.map(one, ready)))  # (homes, zones, steps + 2, [cost, missing])
    labels = [" + ".join(name for name in names if getattr(step, name)) or "nothing" for step in steps]
    share = [_share(rows[..., 0], j) for j in range(len(steps))]
    rng = np.random.default_rng(3)
    draws = [rows[rng.integers(0, len(rows), len(rows)), ..., 0] for _ in range(400)]
    spread = [np.quantile([_share(draw, j) for draw in draws], (0.025, 0.975)).tolist() for j in range(len(steps))]
    return {
        "homes": len(ready),
        "zones": list(zones),
        "share_of_foresight": dict(zip(labels, share, strict=True)),
        "interval_95_over_homes": dict(zip(labels, spread, strict=True)),
    }


def _share(cost: np.ndarray, column: int) -> float:
    """Saving of a column over that of the last (foresight), both against the last but one, summed over homes."""
    total = cost.sum(0)
    return float(((total[:, -2] - total[:, column]) / (total[:, -2] - total[:, -1])).mean())


def live(prices: Prices, homes: tuple[Home, ...], count: int, sessions: int, anchor: int) -> dict[str, Any]:
    """The live plan, hour by hour, beside the simulated year: the newest sessions of homes no setting was chosen on.

    The prior is learnt from the other homes. Intervals are the percentile bootstrap over homes.
    """
    mine = [home for home in homes[3::4] if home.sessions >= 2 * sessions][:count]
    if not mine:
        raise BadInput(f"no home to follow has {2 * sessions} sessions or more", "give sessions of more homes")
    names = {home.name for home in mine}
    pool = learn_pool([home for home in homes if home.name not in names])
    course = course_of(prices.zone(among(prices, ("DE-LU",))[0]), prices.first_hour, anchor)
    rows = np.array([followed(home, home.sessions - sessions, home.sessions, course, pool) for home in mine])
    driven = np.array([np.minimum(home.energy_kwh, home.battery_kwh)[-sessions:].sum() for home in mine])
    rng, picks = np.random.default_rng(4), np.arange(len(mine))
    drawn = [rng.integers(0, len(mine), len(mine)) for _ in range(400)]

    def shown(figure: Any) -> list[float]:
        return [figure(picks), *np.quantile([figure(draw) for draw in drawn], (0.025, 0.975)).tolist()]

    return {
        "homes": len(mine),
        "sessions": len(mine) * sessions,
        **{
            name: {
                "share_of_foresight": shown(lambda d, j=j: 1 - _over(rows[d, :, 0], j) / _over(rows[d, :, 0], 0)),
                "missing_share": shown(lambda d, j=j: rows[d, j, 1].sum() / driven[d].sum()),
                "sessions_with_two_restarts": rows[:, j, 2].sum() / (len(mine) * sessions),
            }
            for j, name in ((1, "simulated"), (2, "live"))
        },
    }


def _over(cost: np.ndarray, column: int) -> float:
    """What a column costs above the last, perfect foresight, over all homes."""
    return float((cost[:, column] - cost[:, -1]).sum())


def peak(prices: Prices, homes: tuple[Home, ...], loads: tuple[Load, ...], zone: str, anchor: int) -> dict[str, Any]:
    """Energy and peak charge of house and car, EUR a home and year, over the optimum that knows everything.

    `_blind` does not look at the peak. The household's own peak is in all of them.
    """
    ready = make_ready(homes, least_sessions=40)
    tariff = bundled_tariffs()["BE"]
    course = course_of(tariff.spot(prices.zone(zone)), prices.first_hour, anchor)

    def one(number: int) -> np.ndarray:
        its, load = ready[number], loads[7 * number % len(loads)]
        meter = metered(load, its.home, tariff.peak_eur_per_kw)
        alone = meter.eur_per_kw * float(meter.peaks().sum())
        found = []
        for policy, knows in _PEAK_ROWS:
            year, draw = charge_year(its.home, its.pieces, course, policy, its.habits, meter if knows else None)
            added = meter.added_eur(its.pieces.hour, draw)
            found.append([year.cost_eur - year.peak_eur, added + alone, year.missing_kwh, year.driven_kwh])
        return its.per_year * np.array(found)

    with ThreadPoolExecutor(2) as pool:
        rows = np.array(list(pool.map(one, range(len(ready))))).mean(0)
    missing = rows[:, 2] / rows[:, 3]
    rows = rows[:, :2]
    total, names = rows.sum(1), [f"{p.name.lower()}{'' if knows else '_blind'}" for p, knows in _PEAK_ROWS]
    return {
        "homes": len(ready),
        "energy_eur": dict(zip(names, rows[:, 0].tolist(), strict=True)),
        "peak_eur": dict(zip(names, rows[:, 1].tolist(), strict=True)),
        "over_optimum": dict(zip(names, (total / total[-1] - 1).tolist(), strict=True)),
        "missing_share": dict(zip(names, missing.tolist(), strict=True)),
    }


def value(prices: Prices, homes: tuple[Home, ...], anchor: int, *, quick: bool) -> dict[str, Any]:
    """EUR a driver and year saved by market, and the rate at which home-years are simulated."""
    tariffs = [tariff for tariff in bundled_tariffs().values() if tariff.zone in prices.zones][: 2 if quick else None]
    if not tariffs:
        zones = ", ".join(sorted({tariff.zone for tariff in bundled_tariffs().values()}))
        raise BadInput(f"no tariff is known of {', '.join(prices.zones)}", f"name columns {zones}, or leave out value")
    began = time.perf_counter()
    found = market_values(homes, prices, tariffs, anchor)
    seconds = time.perf_counter() - began
    table = {
        one.market: {
            **{baseline.name.lower(): vars_of(one.saved_eur[baseline]) for baseline in Baseline},
            "share_of_foresight": one.share_of_foresight,
        }
        for one in found
    }
    return {
        "markets": table,
        "homes": found[0].homes,
        "five_policies_home_years_per_second": found[0].homes * len(found) / seconds,
    }


def vars_of(saving: Any) -> list[float]:
    return [saving.mean, saving.low, saving.high]


def show(figures: dict[str, Any], indent: str = "") -> None:
    for name, figure in figures.items():
        if isinstance(figure, dict):
            print(f"{indent}{name}")
            show(figure, indent + "  ")
        else:
            print(f"{indent}{name}: {figure:.4g}" if isinstance(figure, float) else f"{indent}{name}: {figure}")


if __name__ == "__main__":
    main()
