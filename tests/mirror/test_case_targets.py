"""Targets by hand: what changes do to them, what a bonus costs, and how levels are counted."""

import shutil
from dataclasses import replace
from datetime import date
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

import beachhead.case.new as new_module
from beachhead.case.open import open_launch
from beachhead.case.targets.answer import BONUSES_EUR, RIVALS_A_WORLD, Price, PriceStep, _effect, _price, _Scene
from beachhead.case.targets.levers import levers, with_margin
from beachhead.evidence.tables.stores import StoreRow
from beachhead.launch.question.action import Standing
from beachhead.world.market import Channel, Stage
from beachhead.world.quarter import Quarter, grid
from beachhead.world.source import Grade

XIAOMI = Path(new_module.__file__).parent / "examples/xiaomi"
QUARTERS = grid(Quarter(2027, 1), 3)


def test_the_bonus_for_some_odds_is_read_off_between_the_steps_tried():
    tried = ((0, 0.2), (1_000, 0.5), (2_000, 0.5), (4_000, 0.9))
    steps = tuple(PriceStep(bonus=bonus, odds=odds, cars=0.0, cost=0.0) for bonus, odds in tried)
    price = Price(target="t", steps=steps)
    found = [price.bonus_for(odds) for odds in (0.1, 0.2, 0.35, 0.5, 0.7, 0.9, 0.95)]
    assert found == [0, 0, pytest.approx(500), 1_000, pytest.approx(3_000), pytest.approx(4_000), None]


def test_an_effect_is_a_difference_of_odds_world_by_world_and_a_month_is_a_third_of_a_quarter():
    few = np.zeros((4, RIVALS_A_WORLD), dtype=bool)
    more = few.copy()
    more[0], more[1, :10] = True, True  # one world of four reaches it, one in a fifth of its cases
    target = SimpleNamespace(code="t")
    before, after = (SimpleNamespace(target=target, hit=each.ravel()) for each in (few, more))
    found = _effect("month", "a month", 1 / 3, before, after)
    moved = np.array([1.0, 0.2, 0.0, 0.0]) / 3
    assert (found.change, found.error) == pytest.approx((0.3 / 3, moved.std(ddof=1) / 2))


def test_levers_change_what_they_say_and_leave_the_home_market_alone(made_up_launch, tmp_path):
    plain = made_up_launch(M=3, T=4)
    at_home = Standing(stage=Stage.SCALED, channel=Channel.OWN_STORE, since=Quarter(2017, 1), is_home=True)
    belief = replace(plain.belief, markets=("CN", "DE", "NO"))
    problem = replace(plain, belief=belief, standing=(at_home, *plain.standing[1:]))
    found = {lever.code: lever for lever in levers(open_launch(shutil.copytree(XIAOMI, tmp_path / "launch")))}
    was, abroad = problem.terms, np.array([0.0, 1.0, 1.0])
    now = {code: lever.change(problem).terms for code, lever in found.items()}
    assert now["cars"].cars_cap == pytest.approx(1.1 * was.cars_cap)
    assert now["capital"].capital_cap == pytest.approx(1.1 * was.capital_cap)
    assert (now["start"].starts_cap == was.starts_cap + 1).all()
    assert now["demand"].path == pytest.approx(was.path * (1 + 0.1 * abroad)[:, None])
    assert (now["month"].first_scale == was.first_scale + 1).all()
    assert (now["month"].first_pilot == was.first_pilot + 1).all()
    # ten points of the mix's customs value: 172,280.8 yuan ex works at 0.12195 euro, and freight by ship
    duty = 0.1 * (172_280.8 * 0.12195 * 1.05 * 1.003 + 14.8828 * 87.9 * 0.8547)
    nothing_to_take_off = np.array([1.0, 1.0, 0.0])  # Norway asks no duty
    for code, sign in (("duty-down", nothing_to_take_off), ("duty-up", -1)):
        for name in ("margin", "scenario_margin"):
            more = getattr(now[code], name) - getattr(was, name)
            assert more == pytest.approx(np.broadcast_to((sign * duty * abroad)[:, None, None], more.shape))
    assert {code: lever.part for code, lever in found.items() if lever.part != 1} == {"month": pytest.approx(1 / 3)}


def test_the_price_of_a_target_is_the_bonus_over_the_cars_that_it_adds(made_up_launch):
    problem = made_up_launch(M=2, T=2)  # both abroad; 0.98 a quarter
    first = problem.terms.margin[0, 0, 0]
    sells = dict(zip((0.0, *BONUSES_EUR), (100.0, 150.0, 150.0, 140.0, 200.0, 210.0), strict=True))

    def cars(paid, worlds, done):
        bonus = (paid.terms.margin[0, 0, 0] - first) / 2  # a euro is 2 of the launch's money
        assert paid.terms.margin[1, 0, 0] == problem.terms.margin[1, 0, 0], "it does not count towards the target"
        return np.full((3, 2, 2), sells[round(bonus)])

    scene = SimpleNamespace(
        targets=(SimpleNamespace(code="other", scope="b"), SimpleNamespace(code="t", scope="a")),
        inside={"a": np.array([True, False]), "b": np.array([False, True])},
        launch=SimpleNamespace(folder=SimpleNamespace(euro=lambda what: 2.0)),
        cars=cars,
        odds=lambda cars: (None, SimpleNamespace(odds=cars[0, 0, 0] / 1_000)),
        sold=lambda scope, cars: (cars[:, {"a": 0, "b": 1}[scope]], None),
    )
    found = _price(scene, problem, "t", np.full((3, 2, 2), 100.0), None)
    counted = np.array(list(sells.values())) * 1.98
    assert [step.bonus for step in found.steps] == [0, *(2 * bonus for bonus in BONUSES_EUR)]
    assert [step.odds for step in found.steps] == pytest.approx([cars / 1_000 for cars in sells.values()])
    assert [step.cars for step in found.steps] == pytest.approx(counted)
    added = np.maximum(np.diff(counted), 0)
    bonuses = 2 * np.array([0, *BONUSES_EUR])
    assert [step.cost for step in found.steps] == pytest.approx(
        [0, *np.cumsum((bonuses[1:] + bonuses[:-1]) / 2 * added)]
    )


def test_stores_and_service_cover_are_counted_as_they_open():
    rows = [
        _store("NO", 3),
        _store("SE", 2, opens=Quarter(2027, 2), bays=4),
        _store("DE", 9, bays=2),
    ]
    scene, target = _nordic(rows), SimpleNamespace(scope="nordic", amount=5.0)
    assert _Scene._stores(scene, target, 2).tolist() == [[3, 5, 5]] * 2
    assert "lists 5 stores by 2027Q3" in _Scene._stores(scene, SimpleNamespace(scope="nordic", amount=6.0), 2)
    cars = np.array([[[30.0, 10, 0], [10, 30, 0], [99, 99, 99]]])  # Sweden is served from the second quarter on
    assert _Scene._cover(scene, target, cars) == pytest.approx(np.array([[0, 0.75, 0]]))


def test_stores_and_service_cover_are_counted_until_they_close():
    rows = [
        _store("NO", 3, closes=Quarter(2027, 2)),
        _store("SE", 2, opens=Quarter(2027, 1), closes=Quarter(2027, 2), bays=4),
        _store("SE", 1, closes=Quarter(2027, 1)),
    ]
    scene, target = _nordic(rows), SimpleNamespace(scope="nordic", amount=6.0)
    assert _Scene._stores(scene, target, 1).tolist() == [[6, 5, 0]]
    assert "lists 6 stores by 2027Q3" in _Scene._stores(scene, SimpleNamespace(scope="nordic", amount=7.0), 1)
    cars = np.array([[[30.0, 10, 0], [10, 30, 20], [99, 99, 99]]])
    assert _Scene._cover(scene, target, cars) == pytest.approx(np.array([[0.25, 0.75, 0]]))


def _store(market, count, *, opens=None, closes=None, bays=None) -> StoreRow:
    source = {"source": "made up", "as_of": date(2026, 1, 1), "grade": Grade.C}
    about = {"code": f"{market}-{count}", "market": market, "channel": Channel.OWN_STORE, "count": count}
    return StoreRow.model_construct(**about, open_from=opens, open_until=closes, service_bays=bays, **source)


def _nordic(rows) -> SimpleNamespace:
    markets = tuple(SimpleNamespace(code=code, region="nordic", is_home=False) for code in ("NO", "SE"))
    return SimpleNamespace(
        launch=SimpleNamespace(folder=SimpleNamespace(rows=lambda kind: rows, markets=markets)),
        problem=SimpleNamespace(quarters=QUARTERS, markets=("NO", "SE", "DE")),
        quarters=QUARTERS,
        inside={"nordic": np.array([True, True, False])},
    )


def test_a_margin_is_added_in_every_state_of_the_world(made_up_launch):
    problem = made_up_launch(M=2, T=3)
    moved = with_margin(problem, np.array([100.0, -50.0])).terms
    assert moved.margin - problem.terms.margin == pytest.approx(
        np.broadcast_to(np.array([100.0, -50.0])[:, None, None], moved.margin.shape)
    )
