"""Queues, stocks and reliability growth."""

from __future__ import annotations

from functools import cache

import numpy as np

from beachhead.aftersales.exact import exact_law
from beachhead.aftersales.parts import (
    Pipelines,
    Repairable,
    base_pipelines,
    expected_backorders,
    met_at_once,
    newsvendor_normal,
    newsvendor_poisson,
    two_moment_pipelines,
)
from beachhead.aftersales.quality import Growth, growth
from beachhead.aftersales.queue import Station, erlang_b, wait
from beachhead.verification.published import Published

CROW = (2.7, 10.3, 12.5, 30.6, 57.0, 61.3, 80.0, 109.5, 125.0, 128.6, 143.8, 167.9, 229.2, 296.7, 320.6, 328.2) + (
    366.2,
    396.7,
    421.1,
    438.2,
    501.2,
    620.0,
)
_ERLANG = "Erlang B traffic table, 1 % column"
_CLINIC = "Gross and Harris, Fundamentals of Queueing Theory, eye clinic"
_SNYDER = "Snyder and Shen, Fundamentals of Supply Chain Theory, example 4.3"
_POISSON = "stockpyl, newsvendor_poisson, documented example"
_EXAMPLE_4_4 = "Snyder and Shen, example 4.4, as solved in stockpyl's tests"
_EXAMPLE_4_7 = "Snyder and Shen, example 4.7 without its fixed cost, as solved in stockpyl's tests"
_PROBLEM_4_8 = "Snyder and Shen, problem 4.8(a), as solved in stockpyl's tests"
_FACTORY = "Hopp and Spearman, Factory Physics, section 2.4.2, Superior Appliance"
_AXSATER = "Axsater 1993, Operations Research 41, tables I to III, problem"
_UTILITY = "transformer examples, chapter 9 of the text that KSL's inventory code accompanies"
_ONE_FOR_ONE = (
    # problem, demand of a retailer, retailers, shortage cost, S0, S, exact cost as printed
    (1, 0.1, 4, 20.0, 0, 1, 4.77),
    (9, 0.1, 32, 20.0, 4, 1, 33.80),
    (17, 1.0, 4, 20.0, 5, 3, 12.02),
    (21, 1.0, 4, 5.0, 4, 2, 8.13),
    (25, 1.0, 32, 20.0, 32, 3, 84.42),
    (29, 1.0, 32, 5.0, 31, 2, 55.95),
)
_NIST = "NIST/SEMATECH e-Handbook, ten failures in 1,500 hours"
_AMSAA = "Crow-AMSAA, failure-ended example of 22 failures to 620 hours"


def serving() -> tuple[Published, ...]:
    """Numbers of room `aftersales`."""
    room = "aftersales"
    return (
        *(_blocked(lines, load) for lines, load in ((1, 0.0101), (5, 1.361), (10, 4.461), (20, 12.03))),
        Published(room, "patients waiting, 3 doctors", _CLINIC, 8 / 9, 1e-9, lambda: 6 * wait(_clinic()).mean_hours),
        Published(room, "newsvendor, normal: order", _SNYDER, 56.604, 5e-4, lambda: _normal_order(0)),
        Published(room, "newsvendor, normal: expected cost", _SNYDER, 1.9976, 5e-5, lambda: _normal_order(1)),
        Published(room, "newsvendor, Poisson: order", _POISSON, 56, 0, lambda: _poisson_order(0)),
        Published(room, "newsvendor, Poisson: expected cost", _POISSON, 10.0752, 5e-5, lambda: _poisson_order(1)),
        Published(room, "base stock, normal, lead time 4: level", _EXAMPLE_4_4, 264.7669, 5e-5, lambda: _base_stock(0)),
        Published(room, "base stock, normal, lead time 4: cost", _EXAMPLE_4_4, 4.466781, 5e-7, lambda: _base_stock(1)),
        Published(room, "newsvendor, Poisson: order", _EXAMPLE_4_7, 8, 0, lambda: newsvendor_poisson(6, 1, 4).quantity),
        Published(
            room,
            "newsvendor, Poisson: expected cost",
            _PROBLEM_4_8,
            786.0884,
            5e-5,
            lambda: newsvendor_poisson(18, 200, 270).expected_cost,
        ),
        Published(room, "base stock, Poisson: fill rate", _FACTORY, 0.916541527065, 5e-13, lambda: _fill(15)),
        *(_two_level(*case) for case in _ONE_FOR_ONE),
        Published(room, "METRIC: units on the way to a base", _UTILITY, 3.2276, 5e-5, lambda: _utility(0)),
        Published(room, "METRIC: backorders of a base", _UTILITY, 0.4055, 5e-5, lambda: _utility(1)),
        Published(room, "VARI-METRIC: variance on the way to a base", _UTILITY, 3.9527, 5e-5, lambda: _utility(2)),
        Published(room, "VARI-METRIC: backorders of a base", _UTILITY, 0.4815, 5e-5, lambda: _utility(3)),
        Published(room, "improvement slope", _NIST, 0.5165, 5e-5, lambda: 1 - _nist().shape_unbiased),
        Published(room, "mean time between failures at the end, hours", _NIST, 310, 0.5, lambda: _nist().mtbf),
        Published(room, "growth: shape", _AMSAA, 0.6142, 5e-5, lambda: growth(CROW).shape),
        Published(room, "growth: scale", _AMSAA, 0.4239, 5e-5, lambda: growth(CROW).scale),
    )


def _blocked(lines: int, load: float) -> Published:
    what = f"share blocked, {lines} line{'s' if lines > 1 else ''}, {load} erlang"
    return Published("aftersales", what, _ERLANG, 0.01, 2e-5, lambda: erlang_b(lines, load))


def _clinic() -> Station:
    return Station(arrivals_per_hour=6, service_hours=1 / 3, servers=3)


def _normal_order(place: int) -> float:
    order = newsvendor_normal(mean=50, sd=8, overage_cost=0.18, underage_cost=0.70)
    return (order.quantity, order.expected_cost)[place]


def _poisson_order(place: int) -> float:
    order = newsvendor_poisson(mean=50, overage_cost=1, underage_cost=4)
    return (order.quantity, order.expected_cost)[place]


def _fill(stock: int) -> float:
    on_order = Pipelines(mean=np.array([10.0]), variance=np.array([10.0]))
    return float(met_at_once(on_order, np.array([stock]))[0])


def _base_stock(place: int) -> float:
    order = newsvendor_normal(mean=5 * 50, sd=5**0.5 * 8, overage_cost=0.18, underage_cost=0.70)
    return (order.quantity, order.expected_cost)[place]


def _two_level(
    problem: int, demand: float, retailers: int, shortage: float, depot: int, base: int, printed: float
) -> Published:
    what = f"two levels, one for one: cost with {depot} + {retailers} x {base}"
    return Published(
        "aftersales",
        what,
        f"{_AXSATER} {problem}",
        printed,
        5.1e-3,
        lambda: _two_level_cost(demand, retailers, shortage, depot, base),
    )


def _two_level_cost(demand: float, retailers: int, shortage: float, depot: int, base: int) -> float:
    """Holding and shortage a unit of time; lead times and holding costs are 1."""
    part = _repairable(demand, retailers, local=0.0, repair=0.0, ship=1.0, depot=1.0)
    law, stock = exact_law(part, depot), np.full(retailers, base)
    short, total = law.backorders(stock), demand * retailers
    held = (stock - law.mean + short).sum() + depot - total + expected_backorders(depot, total)
    return float(held + shortage * short.sum())


def _utility(place: int) -> float:
    """Four storerooms with four spares, 16 at the depot: mean, METRIC's backorders, variance, VARI-METRIC's."""
    part = _repairable(45 / 365, 4, local=0.3, repair=30.0, ship=10.0, depot=60.0)
    both, mean = two_moment_pipelines(part, 16), float(base_pipelines(part, 16)[0])
    short = float(both.backorders(np.full(4, 4))[0])
    return (mean, expected_backorders(4, mean), float(both.variance[0]), short)[place]


def _repairable(demand: float, bases: int, *, local: float, repair: float, ship: float, depot: float) -> Repairable:
    return Repairable(
        code="P",
        unit_cost=1.0,
        demand_per_day=np.full(bases, demand),
        base_repair_share=np.full(bases, local),
        base_repair_days=np.full(bases, repair),
        order_ship_days=np.full(bases, ship),
        depot_repair_days=depot,
    )


@cache
def _nist() -> Growth:
    return growth([5, 40, 43, 175, 389, 712, 747, 795, 1299, 1478], end=1500)
