"""The same folder, seed and version give the same answer however slow the machine is.

Every reading of the clock is an hour after the one before, which is slower than a hundredfold: a search that looked at
it would end at once. HiGHS has a clock of its own, which must be off.
"""

from __future__ import annotations

import csv
import shutil
import time
from datetime import date
from itertools import count
from pathlib import Path
from typing import Any

import highspy
import numpy as np
import pytest

from beachhead.case.aftersales import ask_service
from beachhead.case.new import new_launch
from beachhead.case.open import open_launch
from beachhead.case.siting.answer import ask_sites
from beachhead.case.siting.question import Ask, Model, Sited
from beachhead.case.siting.words import effort_sentence
from beachhead.case.supply.answer import Supplied, ask_supply
from beachhead.case.supply.words import headline
from beachhead.charging.driver import Kind, made_driver
from beachhead.charging.habit import learn_pool
from beachhead.charging.household import HomeBattery
from beachhead.charging.situation import Situation
from beachhead.charging.stochastic import HORIZON
from beachhead.charging.whole import Plugged, WholeHome, WholePlan, plan_whole
from beachhead.cli.service import service_answer
from beachhead.cli.show import plain
from beachhead.cli.site_files import site_answer
from beachhead.cli.supply import supply_answer
from beachhead.siting.instances import median_field
from beachhead.siting.solve import Effort, Status, solve
from beachhead.supply.plan import Depth

EXAMPLE = Path(__file__).parents[2] / "src" / "beachhead" / "case" / "examples" / "xiaomi"
DAY = date(2027, 1, 5)
HOUR = 3600.0


@pytest.fixture
def slow_machine(monkeypatch) -> pytest.MonkeyPatch:
    """An hour passes between any two looks at the clock, and HiGHS may not look at its own."""
    ticks = count()
    for clock in ("perf_counter", "monotonic", "process_time", "thread_time"):
        monkeypatch.setattr(time, clock, lambda: HOUR * next(ticks))
    run = highspy.Highs.run

    def without_clock(model: Any) -> Any:
        _, limit = model.getOptionValue("time_limit")
        assert limit == np.inf, f"HiGHS would stop after {limit} s"
        return run(model)

    monkeypatch.setattr(highspy.Highs, "run", without_clock)
    return monkeypatch


@pytest.fixture(scope="module")
def starter(tmp_path_factory) -> Path:
    return new_launch(tmp_path_factory.mktemp("steady") / "launch", "starter").resolve()


@pytest.fixture(scope="module")
def xiaomi(tmp_path_factory) -> Path:
    """The bundled launch cut down to three destinations, home and three plants."""
    folder = tmp_path_factory.mktemp("steady") / "xiaomi"
    folder.mkdir()
    kept = {"NO", "DE", "ES", "CN", "EU"}
    columns = {"market": kept, "destination": kept, "plant": {"BEIJING", "GRAZ", "BARCELONA"}}
    for name in ("launch.toml", "fx.csv", "fx_scenarios.csv", "offers.csv", "service.csv", "parts.csv"):
        shutil.copy(EXAMPLE / name, folder / name)
    for name in ("markets", "economics", "prices", "facts", "lanes", "plants", "tariffs"):
        with (EXAMPLE / f"{name}.csv").open(encoding="utf-8", newline="") as handle:
            head, *rows = list(csv.reader(handle))
        own = {"markets": kept, "plants": columns["plant"]}.get(name, set())
        tests = [(head.index(c), keep) for c, keep in ({"code": own} | columns).items() if c in head and keep]
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as handle:
            csv.writer(handle, lineterminator="\n").writerows(
                [head, *(row for row in rows if all(row[place] in keep for place, keep in tests))]
            )
    terms = (folder / "launch.toml").read_text(encoding="utf-8").replace("quarters = 20", "quarters = 12")
    (folder / "launch.toml").write_text(terms, encoding="utf-8")
    return folder


SITING = {
    Model.COVER: {"count": 4},
    Model.PHASES: {},
    Model.TRAVEL: {"count": 4},
    Model.PROMISE: {"share": 0.5},
    Model.CAPTURE: {"count": 4},
    Model.GRADUAL: {"count": 4},
    Model.UNCAPACITATED: {},
    Model.CAPACITATED: {},
}


def sited(folder: Path, model: Model, **asked: Any) -> Sited:
    launch = open_launch(folder)
    market = max((one for one in launch.folder.markets if not one.is_home), key=lambda one: one.bev_per_year).code
    few: dict[str, Any] = {"markets": (market,), "site_people": 150_000, "least_people": 40_000}
    return ask_sites(launch, Ask(model=model, **(few | SITING[model] | asked)))


def supplied(folder: Path, threads: int = 1, **asked: Any) -> Supplied:
    depth = Depth(threads=threads, **asked)
    return ask_supply(open_launch(folder), on=DAY, draws=6, what_if=False, depth=depth)


def whole_home() -> WholePlan:
    """Two cars that come home at 18:00, and a battery."""
    monday = (4 + 7 * 2700) * 24
    drivers = [made_driver(kind, seed, monday, 90, battery_kwh=45.0, power_kw=7.4) for kind in Kind for seed in (0, 1)]
    pool, hour = learn_pool(drivers[1::2]), monday + 24 * 60 + 18
    clock = (hour - 168 + np.arange(168 + HORIZON)) % 24
    price = 0.25 + 0.06 * np.cos((clock - 19) / 24 * 2 * np.pi)
    price[168 + 6 : 168 + 8] = -0.2  # whoever burns energy earns: whole decisions forbid it
    cars = [
        Plugged(
            situation=Situation(
                home=drivers[2 * n], plugged_in=60 * hour - 40, now=60 * hour, stored_kwh=12.0 + n, needed_kwh=33.0,
                price=price, published=30,
            ),
            pool=pool, discharge_kw=5.0,
        )
        for n in range(2)
    ]  # fmt: skip
    battery = HomeBattery(capacity_kwh=10.0, power_kw=5.0, start_kwh=2.0)
    return plan_whole(WholeHome(cars=tuple(cars), battery=battery, sell_eur_per_kwh=0.08))


@pytest.mark.parametrize("model", SITING)
def test_sites_do_not_depend_on_the_clock(starter, model, slow_machine):
    slow = plain(site_answer(open_launch(starter), sited(starter, model)))
    slow_machine.undo()
    assert slow == plain(site_answer(open_launch(starter), sited(starter, model)))
    assert slow["status"] != Status.OUT_OF_TIME


def test_a_hard_search_ends_when_its_work_is_done_wherever_it_runs(slow_machine):
    """Where proof is far, it is the work allowed that ends the search, at the same set and bound."""
    field = median_field(np.random.default_rng(3).uniform(1, 9, (80, 80)), 8)
    slow = solve(field, seed=1, effort=Effort(work=0.02))
    slow_machine.undo()
    quick = solve(field, seed=1, effort=Effort(work=0.02))
    assert slow.status is Status.STOPPED
    assert slow.work == quick.work >= 0.02
    assert (slow.upper, slow.lower, slow.sites.tolist()) == (quick.upper, quick.lower, quick.sites.tolist())
    assert solve(field, seed=1).status is Status.OPTIMAL


def test_supply_depends_neither_on_the_clock_nor_on_threads(xiaomi, slow_machine):
    slow = plain(supply_answer(open_launch(xiaomi), supplied(xiaomi), "ES"))
    slow_machine.undo()
    assert slow == plain(supply_answer(open_launch(xiaomi), supplied(xiaomi, threads=3), "ES"))


def test_service_does_not_depend_on_the_clock(xiaomi, slow_machine):
    launch = open_launch(xiaomi)
    slow = plain(service_answer(launch, ask_service(launch, on=DAY, draws=2)))
    slow_machine.undo()
    assert slow == plain(service_answer(launch, ask_service(launch, on=DAY, draws=2)))


def test_two_cars_and_a_battery_are_planned_alike_on_a_slow_machine(slow_machine):
    slow = plain(whole_home())
    slow_machine.undo()
    assert slow == plain(whole_home())
    assert slow["bound_eur"] == pytest.approx(slow["counted_eur"], abs=1e-6)


HARD = {Model.COVER: 25, Model.PROMISE: None, Model.TRAVEL: 25}


@pytest.mark.parametrize("model", HARD)
def test_sites_that_a_clock_cut_short_say_so(starter, model, monkeypatch):
    ticks = count()
    monkeypatch.setattr(time, "perf_counter", lambda: HOUR * next(ticks))
    asked = {"minutes": 20.0, "site_people": 20_000, "least_people": 5_000}
    found = sited(starter, model, seconds=10.0, count=HARD[model], **asked)
    assert found.status == Status.OUT_OF_TIME
    assert found.bound >= found.value if model is Model.COVER else found.bound <= found.value
    assert "The clock stopped the search after the 10 s asked for" in effort_sentence(found)
    assert "another machine" in effort_sentence(found)


def test_supply_that_a_clock_cut_short_says_so(xiaomi, monkeypatch):
    ticks = count()
    monkeypatch.setattr(time, "perf_counter", lambda: HOUR * next(ticks))
    found = supplied(xiaomi, seconds=10.0)
    assert found.plan.by_clock
    assert found.plan.value.high >= found.plan.value.low
    said = " ".join(headline(open_launch(xiaomi), found))
    assert "The clock stopped the search after the 10 s asked for" in said
    assert plain(supply_answer(open_launch(xiaomi), found))["stopped_by_clock"] is True
