"""Queues, stocks and reliability growth against published numbers."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import nbinom

from beachhead.aftersales.exact import exact_law
from beachhead.aftersales.parts import (
    Pipelines,
    Repairable,
    base_pipelines,
    expected_backorders,
    last_time_buy,
    met_at_once,
    newsvendor_normal,
    newsvendor_poisson,
    two_moment_pipelines,
)
from beachhead.aftersales.quality import Verdict, growth
from beachhead.aftersales.queue import Station, erlang_b, erlang_c, wait


@pytest.mark.parametrize(("servers", "load"), [(1, 0.0101), (5, 1.361), (10, 4.461), (20, 12.03)])
def test_erlang_b_equals_the_traffic_table_at_one_percent(servers, load):
    """Erlang B tables, column 1 %: the load that so many lines carry."""
    assert erlang_b(servers, load) == pytest.approx(0.01, rel=2e-3)


def test_three_doctors_of_the_eye_clinic():
    """Gross and Harris, "Fundamentals of Queueing Theory", clinic example: 6 an hour, 20 minutes, c = 3: Lq = 8/9."""
    waits = wait(Station(arrivals_per_hour=6, service_hours=1 / 3, servers=3))
    assert 6 * waits.mean_hours == pytest.approx(8 / 9)
    assert waits.delayed == pytest.approx(4 / 9)


def test_two_servers_at_half_load_delay_a_third():
    assert erlang_c(2, 1.0) == pytest.approx(1 / 3)


@pytest.mark.parametrize(("cv2", "load"), [(0.0, 0.5), (1.0, 0.8), (3.0, 0.9)])
def test_one_server_is_pollaczek_and_khinchine(cv2, load):
    exact = load * (1 + cv2) / (2 * (1 - load))
    assert wait(
        Station(arrivals_per_hour=load, service_hours=1, service_cv2=cv2, servers=1)
    ).mean_hours == pytest.approx(exact)


def test_the_normal_newsvendor_of_snyder_and_shen():
    """Snyder and Shen, "Fundamentals of Supply Chain Theory", Example 4.3, as in stockpyl: 56.6040 and 1.9976."""
    order = newsvendor_normal(mean=50, sd=8, overage_cost=0.18, underage_cost=0.70)
    assert order.quantity == pytest.approx(56.60395592743389)
    assert order.expected_cost == pytest.approx(1.9976051931766445)


def test_the_poisson_newsvendor_of_snyder_and_shen():
    """The same book, as in stockpyl's `newsvendor_poisson`: 56 and 10.0752 for mean 50, costs 1 and 4."""
    order = newsvendor_poisson(mean=50, overage_cost=1, underage_cost=4)
    assert order.quantity == 56
    assert order.expected_cost == pytest.approx(10.075200067097597)


@pytest.mark.parametrize(
    ("which", "mean", "over", "under", "order", "cost"),
    [("Example 4.7 without its fixed cost", 6, 1, 4, 8, 3.570107), ("Problem 4.8(a)", 18, 200, 270, 19, 786.0884)],
)
def test_numbered_poisson_newsvendors_of_snyder_and_shen(which, mean, over, under, order, cost):
    """ "Fundamentals of Supply Chain Theory", as solved in stockpyl's tests `test_example_4_7`, `test_problem_4_8a`."""
    found = newsvendor_poisson(mean, over, under)
    assert (found.quantity, found.expected_cost) == (order, pytest.approx(cost, rel=1e-6))


@pytest.mark.parametrize(
    ("which", "mean", "sd", "days", "over", "under", "order", "cost"),
    [
        ("Problem 4.1", 900, 60, 1, 43, 79, 922.7214, 2718.1968),
        ("Example 4.4: base stock, lead time 4, review 1", 50, 8, 5, 0.18, 0.70, 264.7669, 4.466781),
    ],
)
def test_numbered_normal_base_stocks_of_snyder_and_shen(which, mean, sd, days, over, under, order, cost):
    """The same book, as in stockpyl's tests `test_problem_4_1`, `test_example_4_4`; demand of lead time and review."""
    found = newsvendor_normal(mean * days, sd * math.sqrt(days), over, under)
    assert (found.quantity, found.expected_cost) == pytest.approx((order, cost), rel=1e-6)


def test_the_superior_appliance_base_stock_of_factory_physics():
    """Hopp and Spearman, "Factory Physics", section 2.4.2: ten a month, one month, reorder point 14: 0.917."""
    on_order = Pipelines(mean=np.full(4, 10.0), variance=np.full(4, 10.0))
    told = met_at_once(on_order, np.array([15, 11, 13, 16]))
    assert told[0] == pytest.approx(0.916541527065, abs=1e-12)
    assert [round(share, 6) for share in told[1:]] == [0.583040, 0.791556, 0.951260]


@pytest.mark.parametrize(("mean", "over", "under"), [(3.0, 1.0, 9.0), (12.5, 2.0, 5.0), (80.0, 0.5, 30.0), (0.4, 1, 2)])
def test_stockpyl_finds_the_same_newsvendor(mean, over, under):
    newsvendor = pytest.importorskip("stockpyl.newsvendor")
    quantity, cost = newsvendor.newsvendor_poisson(over, under, mean)
    order = newsvendor_poisson(mean, over, under)
    assert (order.quantity, order.expected_cost) == pytest.approx((quantity, cost))


@pytest.mark.parametrize(("mean", "sd"), [(20.0, 4.0), (50.0, 8.0), (500.0, 70.0)])
def test_stockpyl_finds_the_same_normal_newsvendor_with_a_lead_time(mean, sd):
    newsvendor = pytest.importorskip("stockpyl.newsvendor")
    level, cost = newsvendor.newsvendor_normal(0.18, 0.70, mean, sd, lead_time=4)
    order = newsvendor_normal(5 * mean, math.sqrt(5) * sd, 0.18, 0.70)  # demand of the lead time and of the day itself
    assert (order.quantity, order.expected_cost) == pytest.approx((level, cost))


@pytest.mark.parametrize("mean", [0.7, 6.0, 42.0])
def test_stockpyl_finds_the_same_loss(mean):
    """Backorders are the loss function of the Poisson law (Snyder and Shen, section C.3.2)."""
    loss = pytest.importorskip("stockpyl.loss_functions")
    for stock in (0, 1, 5, 40):
        assert expected_backorders(stock, mean) == pytest.approx(loss.poisson_loss(stock, mean)[0], abs=1e-9)


def test_the_last_order_is_the_newsvendor_of_stockpyl_for_any_law():
    """A negative binomial demand to come, given to stockpyl as a table."""
    newsvendor = pytest.importorskip("stockpyl.newsvendor")
    mean, sd, cost, short = 30.0, 15.0, 100.0, 300.0
    size = mean**2 / (sd**2 - mean)
    law = {count: float(nbinom.pmf(count, size, size / (size + mean))) for count in range(400)}
    level, expected = newsvendor.newsvendor_discrete(cost, short - cost, demand_pmf=law)
    order = last_time_buy(mean, sd, cost, short)
    assert order.quantity == level
    assert order.expected_cost == pytest.approx(expected, rel=1e-6)


def test_the_last_order_by_trying_every_quantity_and_summing_the_law():
    mean, sd, cost, short = 30.0, 15.0, 100.0, 300.0
    size = mean**2 / (sd**2 - mean)
    counts = np.arange(500)
    law = nbinom.pmf(counts, size, size / (size + mean))
    tried = [
        float(law @ (cost * np.maximum(q - counts, 0) + (short - cost) * np.maximum(counts - q, 0))) for q in range(200)
    ]
    order = last_time_buy(mean, sd, cost, short)
    assert order.quantity == int(np.argmin(tried))
    assert order.expected_cost == pytest.approx(min(tried), rel=1e-6)


def test_growth_of_the_engineering_statistics_handbook():
    """NIST/SEMATECH e-Handbook, ten failures in 1500 hours: improvement slope 0.5165, MTBF 310 hours at the end."""
    found = growth([5, 40, 43, 175, 389, 712, 747, 795, 1299, 1478], end=1500)
    assert 1 - found.shape_unbiased == pytest.approx(0.5165, abs=5e-5)
    assert found.mtbf == pytest.approx(310, abs=0.5)


def test_growth_of_the_crow_amsaa_example():
    """The failure-ended example of 22 failures to 620 hours: shape 0.6142, scale 0.4239."""
    times = [2.7, 10.3, 12.5, 30.6, 57.0, 61.3, 80.0, 109.5, 125.0, 128.6, 143.8, 167.9, 229.2, 296.7, 320.6]
    found = growth([*times, 328.2, 366.2, 396.7, 421.1, 438.2, 501.2, 620.0])
    assert found.shape == pytest.approx(0.6142, abs=5e-5)
    assert found.scale == pytest.approx(0.4239, abs=5e-5)
    assert found.improving is Verdict.PASS


def test_backorders_by_summing_the_poisson_law():
    for mean in (0.3, 2.0, 15.0):
        for stock in range(25):
            terms = [
                (count - stock) * math.exp(count * math.log(mean) - mean - math.lgamma(count + 1))
                for count in range(stock + 1, 200)
            ]
            assert expected_backorders(stock, mean) == pytest.approx(sum(terms), abs=1e-9)


def test_metric_without_a_depot_stock_waits_the_whole_depot_repair():
    """Limits of METRIC: no depot stock adds the repair time to the order time; a large one adds nothing."""
    part = Repairable(
        code="P",
        unit_cost=1.0,
        demand_per_day=np.array([0.1, 0.3]),
        base_repair_share=np.array([0.2, 0.0]),
        base_repair_days=np.array([5.0, 5.0]),
        order_ship_days=np.array([2.0, 4.0]),
        depot_repair_days=30.0,
    )
    assert base_pipelines(part, 0) == pytest.approx([0.1 * (0.2 * 5 + 0.8 * 32), 0.3 * 34])
    assert base_pipelines(part, 500) == pytest.approx([0.1 * (0.2 * 5 + 0.8 * 2), 0.3 * 4])


def test_metric_by_hand_on_the_model_of_lingo():
    """LINGO's METRIC sample (two outlets, 0.1 a day each, 2 days away, 14 days to the depot), every sum by hand.

    One spare at the depot: 2.8 on order there, backorders 2.8 - 1 + e^-2.8; each outlet waits 2 days and a tenth of
    that for each demand.
    """
    part = Repairable(
        code="P",
        unit_cost=1.0,
        demand_per_day=np.array([0.1, 0.1]),
        base_repair_share=np.zeros(2),
        base_repair_days=np.zeros(2),
        order_ship_days=np.array([2.0, 2.0]),
        depot_repair_days=14.0,
    )
    delay = (2.8 - 1 + math.exp(-2.8)) / 0.2
    pipeline = 0.1 * (2 + delay)
    assert base_pipelines(part, 1) == pytest.approx([pipeline, pipeline])
    assert expected_backorders(1, pipeline) == pytest.approx(pipeline - 1 + math.exp(-pipeline))
    both = two_moment_pipelines(part, 1)
    second = 2.8 + 2.8**2 - 2 * 2.8 + 1 - math.exp(-2.8)  # E[(X - 1)^2] less the case X = 0
    short = 2.8 - 1 + math.exp(-2.8)
    assert both.variance == pytest.approx(pipeline + 0.25 * (second - short**2 - short))


AXSATER = [
    # problem, demand of a retailer, retailers, shortage cost; stocks S0 and S with the exact cost printed, twice
    (1, 0.1, 4, 20.0, (0, 2, 7.30), (0, 1, 4.77)),
    (5, 0.1, 4, 5.0, (1, 1, 4.37), (1, 0, 3.02)),
    (9, 0.1, 32, 20.0, (0, 2, 58.41), (4, 1, 33.80)),
    (13, 0.1, 32, 5.0, (5, 1, 31.65), (5, 0, 18.85)),
    (17, 1.0, 4, 20.0, (4, 4, 13.01), (5, 3, 12.02)),
    (21, 1.0, 4, 5.0, (4, 3, 9.17), (4, 2, 8.13)),
    (25, 1.0, 32, 20.0, (35, 3, 84.90), (32, 3, 84.42)),
    (29, 1.0, 32, 5.0, (28, 3, 67.51), (31, 2, 55.95)),
]


@pytest.mark.parametrize(("problem", "demand", "retailers", "shortage", "first", "second"), AXSATER)
def test_two_level_costs_are_those_that_axsater_printed(problem, demand, retailers, shortage, first, second):
    """Axsater (1993), Operations Research 41, tables I to III: the problems of Svoronos and Zipkin (1988) in which all
    order one for one. Lead times and holding costs are 1. Exact to the cent; METRIC within 3 %, two moments 0.2 %."""
    for depot, base, printed in (first, second):
        part, stock = like_retailers(demand, retailers), np.full(retailers, base)
        pipelines = two_moment_pipelines(part, depot)

        def cost(backorders, mean=pipelines.mean, part=part, depot=depot, stock=stock):
            owed = expected_backorders(depot, part.demand_per_day.sum())
            held = (stock - mean + backorders).sum() + depot - part.demand_per_day.sum() + owed
            return held + shortage * backorders.sum()

        metric = np.array([expected_backorders(base, float(mean)) for mean in pipelines.mean])
        assert cost(exact_law(part, depot).backorders(stock)) == pytest.approx(printed, abs=0.0051)
        assert cost(pipelines.backorders(stock)) == pytest.approx(printed, rel=2e-3)
        assert cost(metric) == pytest.approx(printed, rel=0.03)


def like_retailers(demand: float, retailers: int) -> Repairable:
    return Repairable(
        code="P",
        unit_cost=1.0,
        demand_per_day=np.full(retailers, demand),
        base_repair_share=np.zeros(retailers),
        base_repair_days=np.zeros(retailers),
        order_ship_days=np.ones(retailers),
        depot_repair_days=1.0,
    )


def transformers(depot_days: float = 60.0) -> Repairable:
    """Four storerooms, 45 failures a year each, 30 % repaired there in 30 days, 10 days from the depot."""
    return Repairable(
        code="T",
        unit_cost=3800.0,
        demand_per_day=np.full(4, 45 / 365),
        base_repair_share=np.full(4, 0.3),
        base_repair_days=np.full(4, 30.0),
        order_ship_days=np.full(4, 10.0),
        depot_repair_days=depot_days,
    )


def test_metric_and_vari_metric_on_a_utilitys_transformers():
    """The transformer examples of a textbook's chapter 9 on several levels (delay, METRIC, VARI-METRIC, repair
    contract), as asserted by its companion code in KSL (`inventory.multiechelon.ChapterExamplesTest`): 16 spares at the
    depot, four at each storeroom."""
    part, stock = transformers(), np.full(4, 4)
    owed = expected_backorders(16, 126 * 60 / 365)
    assert owed == pytest.approx(5.0201, abs=5e-5)
    assert owed / 126 * 365 == pytest.approx(14.54, abs=5e-3)  # days that a request waits at the depot
    assert base_pipelines(part, 16) == pytest.approx(np.full(4, 3.2276), abs=5e-5)
    assert expected_backorders(4, float(base_pipelines(part, 16)[0])) == pytest.approx(0.4055, abs=5e-5)  # METRIC
    both = two_moment_pipelines(part, 16)
    assert both.variance == pytest.approx(np.full(4, 3.9527), abs=5e-5)
    assert both.backorders(stock) == pytest.approx(np.full(4, 0.4815), abs=5e-5)  # VARI-METRIC
    assert two_moment_pipelines(transformers(45), 16).backorders(stock).sum() == pytest.approx(0.6091, abs=5e-5)
    assert two_moment_pipelines(part, 22).backorders(stock).sum() == pytest.approx(0.6005, abs=5e-5)
    assert exact_law(part, 16).backorders(stock) == pytest.approx(both.backorders(stock), rel=0.005)


def test_without_a_depot_stock_two_moments_are_those_of_metric():
    """Every demand then waits the whole repair: pipelines are Poisson, by Palm's theorem."""
    part = Repairable(
        code="P",
        unit_cost=1.0,
        demand_per_day=np.array([0.1, 0.3]),
        base_repair_share=np.zeros(2),
        base_repair_days=np.zeros(2),
        order_ship_days=np.array([2.0, 2.0]),
        depot_repair_days=14.0,
    )
    found = two_moment_pipelines(part, 0)
    assert found.variance == pytest.approx(found.mean)
    stock = np.array([2, 5])
    assert found.backorders(stock) == pytest.approx(
        [expected_backorders(int(s), float(m)) for s, m in zip(stock, found.mean, strict=True)]
    )
