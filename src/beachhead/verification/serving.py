"""Queues, stocks and reliability growth."""

from __future__ import annotations

from functools import cache

from beachhead.aftersales.parts import newsvendor_normal, newsvendor_poisson
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


@cache
def _nist() -> Growth:
    return growth([5, 40, 43, 175, 389, 712, 747, 795, 1299, 1478], end=1500)
