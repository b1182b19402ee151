"""Supply by hand: small networks whose answers fit on the back of an envelope."""

from dataclasses import replace
from datetime import date
from types import SimpleNamespace

import numpy as np
import pytest

from beachhead.case.supply.answer import landed_routes
from beachhead.case.supply.words import _sign_words
from beachhead.supply.futures import _strata, draw_futures
from beachhead.supply.handback import hand_back
from beachhead.supply.landed import land, origin_share, routes_of, shut_borders
from beachhead.supply.lane import Lane
from beachhead.supply.last_year import last_year
from beachhead.supply.network import Destination, Network
from beachhead.supply.odds import Sign, _fork_signs, _thresholds, commit_odds, turnings
from beachhead.supply.plan import Depth, plan_supply, write_algebra
from beachhead.supply.plant import Build, LeadTime, Mode, Plant
from beachhead.supply.settle import settle_selling_cost
from beachhead.supply.switch import map_switches
from beachhead.supply.tariff import CurrencyMove, CustomsValue, Fork, Tariff, Turn
from beachhead.supply.tree import grow_tree
from beachhead.supply.whatif import Change, try_changes, usual_changes
from beachhead.world.errors import NotFeasible
from beachhead.world.outlook import Outlook
from beachhead.world.quarter import Quarter, grid
from beachhead.world.source import Grade, Source

MADE_UP = Source(who="made up for a test", as_of=date(2026, 1, 1), grade=Grade.C)
FIRST = Quarter(2027, 1)

HOME = Plant(
    code="home",
    name="Beijing",
    mode=Mode.HOME_EXPORT,
    country="CN",
    currency="CNY",
    exists=True,
    capacity_per_quarter=10_000,
    labour_hours=20,
    labour_cost_per_hour=10,
    source=MADE_UP,
)
GRAZ = Plant(
    code="graz",
    name="Graz",
    mode=Mode.KIT_ASSEMBLY,
    country="AT",
    currency="EUR",
    capital=(1e6,),
    capacity_per_quarter=2_000,
    labour_hours=10,
    labour_cost_per_hour=40,
    local_content_share=0.5,
    local_content_factor=1.2,
    kit_freight=500,
    parts_duty=0.04,
    fee_per_car=1_000,
    source=MADE_UP,
)
CAR = Build(offer="car", material_cost=20_000, currency="CNY", home_only_share=0.4, volume_m3=10, source=MADE_UP)


def lane(plant: str, market: str, **changes: object) -> Lane:
    plain = Lane(plant=plant, market=market, freight_per_m3=100, transit_weeks=0, currency="USD", source=MADE_UP)
    return replace(plain, **changes)


def tariff(origin: str, destination: str, duty: float, **changes: object) -> Tariff:
    return replace(Tariff(destination=destination, origin=origin, duty=duty, first=FIRST, source=MADE_UP), **changes)


def network(**changes: object) -> Network:
    """China at home and Poland abroad, cars sold at 34,000 there and 25,000 at home."""
    plain = Network(
        plants=(HOME, GRAZ),
        markets=(
            Destination(code="CN", name="China", region="home", currency="CNY", is_home=True),
            Destination(code="PL", name="Poland", region="east", currency="EUR"),
        ),
        builds=(CAR,),
        lanes=(lane("home", "CN", freight_per_m3=0), lane("home", "PL"), lane("graz", "PL", freight_per_m3=30)),
        tariffs=(tariff("CN", "EU", 0.45),),
        areas={"PL": "EU", "AT": "EU"},
        mix=np.ones((2, 1)),
        net_price=np.array([[25_000.0], [34_000.0]]),
        selling_cost=np.zeros((2, 1)),
        quarters=grid(FIRST, 4),
        gates=(FIRST,),
        discount=1.0,
        terminal_quarters=0.0,
        transfer_margin=0.0,
        carrying_rate=0.0,
    )
    return replace(plain, **changes)


def sure(net: Network, abroad: float = 1_000, home: float = 5_000) -> Outlook:
    """One draw, the same cars every quarter."""
    values = np.empty((1, len(net.markets), len(net.quarters)))
    values[:, 0], values[:, 1:] = home, abroad
    return Outlook(values=values, markets=tuple(m.code for m in net.markets), quarters=net.quarters, seed=0)


def solve(net: Network, outlook: Outlook | None = None, **depth: object):
    return plan_supply(net, outlook or sure(net), seed=1, depth=Depth(gap=1e-9, smallest=1, threads=1, **depth))


def test_duty_is_on_cost_insurance_and_freight():
    net = network(
        lanes=(lane("home", "PL", handling_per_car=200, insurance_share=0.01, transit_weeks=13, loss_share=0.02),),
        transfer_margin=0.1,
        carrying_rate=0.08,
    )
    costs = land(net, routes_of(net), frozenset())
    works, invoice, freight = 20_200.0, 22_220.0, 1_000.0
    insurance = 222.2
    assert costs.ex_works[0, 0] == pytest.approx(works)
    assert costs.duty[0, 0] == pytest.approx(0.45 * (invoice + freight + insurance))
    assert costs.freight[0, 0] == pytest.approx(freight + insurance + 200)
    lost = (works + freight + insurance) * (1 / 0.98 - 1)
    assert costs.carrying[0, 0] == pytest.approx((works + freight) * 0.08 / 4 + lost)
    assert costs.margin[0, 0] == pytest.approx(34_000 - costs.landed[0, 0])


def test_freight_is_dutiable_however_it_is_priced_and_handling_behind_the_border_is_not():
    """UCC, articles 71 (1) (e) and 72 (a): 10 m3 at 100, or 1,000 a car; handling of 200 comes to the cost alone."""
    by_room, by_car = lane("home", "PL"), lane("home", "PL", freight_per_m3=0, freight_per_car=1_000)
    duties, landed = [], []
    for way in (by_room, by_car, replace(by_car, handling_per_car=200), replace(by_car, freight_per_car=1_200)):
        net = network(lanes=(way,))
        costs = land(net, routes_of(net), frozenset())
        duties.append(costs.duty[0, 0])
        landed.append(costs.landed[0, 0])
    assert duties == pytest.approx([0.45 * (20_200 + freight) for freight in (1_000, 1_000, 1_000, 1_200)])
    assert np.diff(landed) == pytest.approx([0, 200, 1.45 * 200 - 200])


def test_a_country_that_values_cars_free_on_board_levies_no_duty_on_freight_and_insurance():
    """19 U.S.C. 1401a (b) (4) (A): 45 % of 22,220 is 9,999, though freight and insurance of 1,222.20 are paid too."""
    way = lane("home", "PL", insurance_share=0.01)
    dutiable = {}
    for basis in CustomsValue:
        net = network(lanes=(way,), tariffs=(tariff("CN", "EU", 0.45, customs_value=basis),), transfer_margin=0.1)
        costs = land(net, routes_of(net), frozenset())
        assert costs.freight[0, 0] == pytest.approx(1_222.20)
        dutiable[basis] = costs.duty[0, 0]
    assert dutiable == pytest.approx({CustomsValue.FOB: 9_999.0, CustomsValue.CIF: 9_999 + 0.45 * 1_222.20})


def test_a_least_duty_binds_on_cheap_cars():
    net = network(tariffs=(tariff("CN", "EU", 0.1, least_duty=7_000),))
    costs = land(net, routes_of(net), frozenset())
    assert {costs.duty[r, 0] for r, route in enumerate(costs.routes) if route.tariff} == {7_000.0}


def test_assembly_abroad_pays_for_kits_local_parts_work_and_fee():
    net = network()
    costs = land(net, routes_of(net), frozenset())
    graz = next(r for r, route in enumerate(costs.routes) if route.plant == 1)
    # of 20,000 material 0.5 x (1 - 0.4) is local: 6,000 at 1.2; the rest comes with 4 % parts duty and kit freight
    assert costs.ex_works[graz, 0] == pytest.approx((14_000 + 500) * 1.04 + 6_000 * 1.2 + 400 + 1_000)
    assert costs.duty[graz, 0] == 0
    assert origin_share(net, 1, 0) == pytest.approx(8_600 / 23_680)


def test_a_country_that_values_free_on_board_takes_no_duty_on_the_freight_of_kits():
    cif, fob = (
        land(net, routes_of(net), frozenset())
        for net in (
            network(tariffs=(tariff("CN", "EU", 0.45, customs_value=basis),))
            for basis in (CustomsValue.CIF, CustomsValue.FOB)
        )
    )
    graz = next(r for r, route in enumerate(cif.routes) if route.plant == 1)
    assert cif.ex_works[graz, 0] - fob.ex_works[graz, 0] == pytest.approx(500 * 0.04)


def test_a_rule_of_origin_opens_the_way_only_to_cars_with_enough_local_content():
    rows = (tariff("CN", "GB", 0.1), tariff("EU", "GB", 0.0, least_origin_share=0.4), tariff("EU", "GB", 0.1))
    markets = (network().markets[0], Destination(code="GB", name="Britain", region="west", currency="GBP"))
    net = network(markets=markets, lanes=(lane("graz", "GB"),), tariffs=rows)
    assert [route.tariff.duty for route in routes_of(net)] == [0.1]
    richer = replace(GRAZ, local_content_share=0.9)
    assert [r.tariff.duty for r in routes_of(replace(net, plants=(HOME, richer)))] == [0.0, 0.1]


def test_duty_follows_its_dates():
    rows = (tariff("CN", "EU", 0.25, last=FIRST), tariff("CN", "EU", 0.35, first=FIRST + 1))
    net = network(plants=(HOME,), lanes=network().lanes[:2], tariffs=rows)
    plan = solve(net)
    assert np.round(plan.landed[0, 1, 0]) == pytest.approx([21_200 * 1.25 + 0, *[21_200 * 1.35] * 3])


def test_a_quota_is_used_up_over_the_calendar_year_and_the_rest_pays_in_full():
    rows = (tariff("CN", "EU", 0.1, quota="q", quota_per_year=1_500), tariff("CN", "EU", 0.5))
    net = network(plants=(HOME,), lanes=network().lanes[:2], tariffs=rows)
    plan = solve(net)
    # 4,000 cars a year: 1,500 at 10 % and 2,500 at 50 %, both with a margin
    assert plan.arrived[0, 1].sum() == pytest.approx(4_000)
    paid = (plan.landed[0, 1, 0] * plan.arrived[0, 1, 0]).sum()
    assert paid == pytest.approx(21_200 * (1_500 * 1.1 + 2_500 * 1.5))


def test_a_quota_that_grows_lets_in_each_year_what_that_year_admits():
    """As Canada's from 49,000 to 70,000: 1,500 cars in the first year, 2,500 in the second."""
    rows = (
        tariff("CN", "EU", 0.1, quota="q", quota_per_year=1_500, last=FIRST + 3),
        tariff("CN", "EU", 0.1, quota="q", quota_per_year=2_500, first=FIRST + 4),
    )
    plan = solve(network(plants=(HOME,), lanes=network().lanes[:2], tariffs=rows, quarters=grid(FIRST, 8)))
    arrived = plan.arrived[0, 1, 0]
    assert [arrived[:4].sum(), arrived[4:].sum()] == pytest.approx([1_500, 2_500])


def test_a_quota_whose_year_begins_in_spring_is_counted_by_its_own_years():
    """By hand: 1,200 cars from 2026Q2 to 2027Q1, 800 a year after; 1,000 wanted a quarter, 5,000 only by quota."""
    rows = (
        tariff("CN", "EU", 0.1, quota="q", quota_per_year=1_200, quota_from=2, first=FIRST + -3, last=FIRST),
        tariff("CN", "EU", 0.1, quota="q", quota_per_year=800, quota_from=2, first=FIRST + 1),
    )
    net = network(plants=(HOME,), lanes=network().lanes[:2], tariffs=rows, quarters=grid(FIRST, 6))
    arrived = solve(net).arrived[0, 1, 0]
    # 2027Q1 alone is left of the first year, and takes all it wants of the 1,200; then 800 up to 2028Q1, 800 from Q2
    assert [arrived[0], arrived[1:5].sum(), arrived[5]] == pytest.approx([1_000, 800, 800])
    with pytest.raises(NotFeasible, match="the quota q admits 800 in 2027Q2 to 2028Q1"):
        solve(replace(net, firm_share=0.5))
    with pytest.raises(ValueError, match="begin with two different quarters"):
        replace(net, tariffs=(*rows, tariff("TH", "EU", 0.1, quota="q", quota_per_year=800)))


def test_rows_that_differ_in_dates_and_in_the_size_of_their_quota_are_one_route_in_the_table():
    def routes(*rows: Tariff):
        net = network(plants=(HOME,), lanes=network().lanes[:2], tariffs=rows, quarters=grid(FIRST, 12))
        return landed_routes(SimpleNamespace(plan=SimpleNamespace(network=net)), "PL")

    ends = tariff("CN", "EU", 0.5, first=FIRST + 2, last=FIRST + 3)
    years = ((FIRST, FIRST + 3, 400), (FIRST + 4, FIRST + 7, 450), (FIRST + 8, None, 500))
    within = [tariff("CN", "EU", 0.06, first=a, last=b, quota="q", quota_per_year=size) for a, b, size in years]
    beyond = [tariff("CN", "EU", 1.06, first=a, last=b) for a, b, _ in years]
    found = routes(*within, *beyond, ends)
    assert [route.border for route in found] == ["6 %, 400 to 500 a year", "50 %, to 2027Q4", "106 %"]
    assert np.isfinite(found[1].landed).nonzero()[0].tolist() == [2, 3]
    for route, same in zip(found, routes(tariff("CN", "EU", 0.06), tariff("CN", "EU", 1.06), ends), strict=True):
        assert np.array_equal(route.shown, same.shown, equal_nan=True)


def test_a_quota_of_another_size_in_another_course_holds_there():
    fork = Fork(name="case", labels=("wide", "narrow"), odds=(0.5, 0.5), known_from=FIRST)
    rows = tuple(
        tariff("CN", "EU", 0.1, quota="q", quota_per_year=size, turn=Turn(fork="case", label=label))
        for label, size in (("wide", 3_000), ("narrow", 700))
    )
    net = network(plants=(HOME,), lanes=network().lanes[:2], tariffs=rows, forks=(fork,))
    planned = sure(net)
    plan = solve(net, replace(planned, values=np.repeat(planned.values, 2, axis=0)))
    arrived = plan.arrived[:, 1].sum(axis=(1, 2))
    assert arrived == pytest.approx([(3_000, 700)[label] for label in plan.futures.turns[:, 0]])


def test_a_promised_price_is_open_only_to_cars_that_cost_so_much():
    fork = Fork(name="case", labels=("promise",), odds=(1.0,), known_from=FIRST)
    promise = tariff("CN", "EU", 0.1, least_price=33_000, turn=Turn(fork="case", label="promise"))
    net = network(plants=(HOME,), lanes=network().lanes[:2], forks=(fork,), tariffs=(tariff("CN", "EU", 0.45), promise))
    assert solve(net).landed[0, 1, 0, 0] == pytest.approx(21_200 * 1.1)
    cheap = replace(net, net_price=np.array([[25_000.0], [32_000.0]]))
    assert solve(cheap).landed[0, 1, 0, 0] == pytest.approx(21_200 * 1.45)


def test_a_dearer_home_currency_makes_home_parts_and_work_dearer_everywhere():
    fork = Fork(name="yuan", labels=("up",), odds=(1.0,), known_from=FIRST)
    move = CurrencyMove(currency="CNY", turn=Turn(fork="yuan", label="up"), first=FIRST + 2, factor=1.1)
    net = network(forks=(fork,), moves=(move,))
    costs = land(net, routes_of(net), frozenset({Turn(fork="yuan", label="up")}))
    home, graz = (next(r for r, x in enumerate(costs.routes) if x.plant == p and x.market == 1) for p in (0, 1))
    assert costs.ex_works[home, [0, 2]] == pytest.approx([20_200, 22_220])
    imported = (14_000 + 500) * 1.04
    assert costs.ex_works[graz, 2] - costs.ex_works[graz, 0] == pytest.approx(0.1 * imported)


def test_a_dearer_currency_of_the_way_makes_freight_and_handling_dearer_and_of_the_market_the_price_higher():
    fork = Fork(name="all", labels=("up",), odds=(1.0,), known_from=FIRST)
    up = Turn(fork="all", label="up")
    moves = tuple(CurrencyMove(currency=c, turn=up, first=FIRST + 2, factor=f) for c, f in (("USD", 1.2), ("EUR", 1.1)))
    ways = (lane("home", "CN", freight_per_m3=0), lane("home", "PL", handling_per_car=200), lane("graz", "PL"))
    net = network(forks=(fork,), moves=moves, lanes=ways, selling_cost=np.array([[0.0], [4_000.0]]))
    costs = land(net, routes_of(net), frozenset({up}))
    home = next(r for r, x in enumerate(costs.routes) if x.plant == 0 and x.market == 1)
    assert costs.freight[home, [0, 2]] == pytest.approx([1_200, 1_440])
    assert costs.revenue[home, [0, 2]] == pytest.approx([30_000, 33_000])
    assert costs.duty[home, [0, 2]] == pytest.approx([0.45 * 21_200, 0.45 * (20_200 + 1_200)])


def test_cars_delivered_in_a_quarter_left_the_plant_as_long_before_as_they_travel():
    assert lane("home", "PL", transit_weeks=0).lags == ((0, 1.0),)
    assert lane("home", "PL", transit_weeks=13).lags == ((1, 1.0),)
    ((late, most), (early, rest)) = lane("home", "PL", transit_weeks=16.25).lags
    assert (late, most, early, rest) == pytest.approx((1, 0.75, 2, 0.25))


def test_home_buyers_and_export_compete_for_the_same_line():
    net = network(plants=(HOME,), lanes=network().lanes[:2])
    plan = solve(net, sure(net, abroad=4_000, home=9_000))
    assert plan.by_plant[0, 0, :, 0] == pytest.approx([9_000, 1_000])  # 4,800 a car at home, 3,260 abroad
    assert plan.short[0, 1, 0, 0] == pytest.approx(3_000)
    assert [year.kept_out for year in last_year(plan, hand_back(plan))] == pytest.approx([0, 0.75])  # China, Poland
    assert plan.for_export[0] == pytest.approx([1_000] * 4)


def test_a_plant_is_committed_to_when_it_saves_more_than_it_costs():
    # exported: 30,740 landed; from Graz: 23,680 + 300; saves 6,760 a car
    net = network(plants=(HOME, replace(GRAZ, capital=(6_760 * 4_000 - 1.0,))))
    plan = solve(net)
    assert [(step.plant, step.closes) for step in plan.steps] == [(1, False)]
    assert plan.value.low == pytest.approx(4_800 * 20_000 + (34_000 - 23_980) * 4_000 - (6_760 * 4_000 - 1.0))
    dearer = network(plants=(HOME, replace(GRAZ, capital=(6_760 * 4_000 + 1.0,))))
    assert solve(dearer).steps == ()


def test_a_minimum_run_is_paid_for_whether_made_or_not():
    bound = replace(GRAZ, minimum_run_per_quarter=1_500, underrun_fee=800, capital=(1e6,))
    plan = solve(network(plants=(HOME, bound)))
    free = solve(network())
    assert free.value.low - plan.value.low == pytest.approx(4 * 500 * 800)


def test_what_is_handed_back_is_the_mean_over_the_ways_the_world_may_go():
    """Graz is built at once; at a duty of 10 % (odds a quarter) Poland is still served from home, at 45 % from Graz."""
    fork = Fork(name="eu", labels=("low", "high"), odds=(0.25, 0.75), known_from=FIRST + 1)
    low, high = (Turn(fork="eu", label=label) for label in fork.labels)
    ways = (tariff("CN", "EU", 0.1, turn=low), tariff("CN", "EU", 0.45, turn=high))
    net = network(forks=(fork,), tariffs=ways, quarters=grid(FIRST, 8))
    four = sure(net)
    plan = solve(net, replace(four, values=np.repeat(four.values, 4, axis=0)))
    back = hand_back(plan)
    by_home = [34_000 - 21_200 * 1.1, 34_000 - 21_200 * 1.45]
    here = [by_home[0], 34_000 - 23_980]
    assert back.margin[1] == pytest.approx(0.25 * here[0] + 0.75 * here[1])
    assert back.exported[1] == pytest.approx(0.25 * by_home[0] + 0.75 * by_home[1])
    assert back.landed[1, 0] == pytest.approx(34_000 - back.margin[1])
    assert (back.margin_low[1], back.margin_high[1]) == (pytest.approx(here[1]), pytest.approx(here[0]))
    told = {course.turns: (course.odds, course.margin[1, 0]) for course in back.courses}
    assert told == {(low,): (0.25, pytest.approx(here[0])), (high,): (0.75, pytest.approx(here[1]))}
    assert (back.capacity[-1], back.added[-1], back.capacity_low[-1]) == pytest.approx((12_000, 2_000, 12_000))
    assert (back.for_export[-1], back.for_export_low[-1]) == pytest.approx((7_000, 7_000))
    home, poland = last_year(plan, back)
    assert (home.market, home.cars, poland.market, poland.cars) == (0, 20_000, 1, 4_000)
    assert poland.made_in == pytest.approx([0.25, 0.75])
    assert poland.kept_out == 0
    assert (poland.landed, poland.margin) == pytest.approx((back.landed[1, 0, -1], back.margin[1, -1]))
    assert (poland.margin_low, poland.margin_high) == pytest.approx((here[1], here[0]))
    assert poland.exported == pytest.approx(back.exported[1, -1])


@pytest.mark.parametrize("plants", [(HOME,), (HOME, GRAZ)])
def test_cars_over_the_quota_are_part_of_what_export_would_earn(plants):
    """A quarter of the year's 4,000 cars enters at 10 %, the others at 45 %, with Graz or without it."""
    ways = (tariff("CN", "EU", 0.1, quota="eu", quota_per_year=1_000), tariff("CN", "EU", 0.45))
    lanes = network().lanes[: 1 + len(plants)]
    plan = solve(network(plants=plants, lanes=lanes, tariffs=ways))
    back = hand_back(plan)
    blended = 34_000 - 21_200 * (1 + 0.25 * 0.1 + 0.75 * 0.45)
    assert back.exported[1].mean() == pytest.approx(blended)
    _, poland = last_year(plan, back)
    assert poland.exported == pytest.approx(blended)
    if len(plants) == 1:
        assert plan.steps == ()
        assert poland.margin == poland.exported
    else:
        assert poland.margin > blended


def test_capacity_comes_after_the_lead_time_and_ramps():
    slow = replace(GRAZ, lead=LeadTime(low=13, likely=13, high=13), ramp=(0.25, 1.0))
    plan = solve(network(plants=(HOME, slow)))
    assert plan.capacity[0, 1] == pytest.approx([0, 500, 2_000, 2_000])
    assert plan.by_plant[0, 1, 1] == pytest.approx([0, 500, 1_000, 1_000])


def waiting() -> tuple[Network, Outlook]:
    """Poland buys 200 or 2,000 cars a quarter, which shows in the first year; Graz pays only in the second case."""
    quarters = grid(FIRST, 8)
    graz = replace(GRAZ, capital=(100e6,), closing_cost=1e5, fixed_cost_per_quarter=3e5)
    net = network(terminal_quarters=8.0, quarters=quarters, gates=(quarters[0], quarters[4]), plants=(HOME, graz))
    values = np.full((8, 2, 8), 5_000.0)
    values[:4, 1], values[4:, 1] = 200.0, 2_000.0
    return net, Outlook(values=values, markets=("CN", "PL"), quarters=quarters, seed=0)


def test_waiting_for_the_first_year_pays_and_the_sign_says_when_to_build():
    net, outlook = waiting()
    plan = plan_supply(net, outlook, seed=1, depth=Depth(gap=1e-9, branches=2, smallest=2, blur=0.01, threads=1))
    (turn,) = turnings(plan)
    assert (turn.plant, turn.gate, turn.closes) == (1, 1, False)
    assert turn.odds == pytest.approx(0.5)
    assert turn.sign is not None
    assert (turn.sign.name, turn.sign.above, turn.sign.right) == ("east", True, 1.0)
    assert 200 < turn.sign.level < 2_000
    assert commit_odds(plan)[1] == pytest.approx([0.0, 0.5])
    # the last four quarters count three times: 2,000 or 200 cars that save 6,760 each, less capital and fixed cost
    late = 0.5 * (12 * 2_000 * 6_760 - 100e6 - 12 * 3e5)
    now = 0.5 * 16 * 2_200 * 6_760 - 100e6 - 16 * 3e5
    assert plan.worth.of_waiting.middle == pytest.approx(late - now, rel=1e-6)
    assert plan.value.low - late == pytest.approx(16 * (4_800 * 5_000 + 3_260 * 1_100), rel=1e-9)


def test_money_after_the_horizon_is_discounted_from_its_end_on_as_in_the_plan():
    net = network(discount=0.97, terminal_quarters=8.0, quarters=grid(FIRST, 6), gates=(FIRST,))
    earned = np.array([0.0, 0, 3, 5, 4, 8])  # a mean of 5 a quarter in the last year
    inside = sum(0.97**t * money for t, money in enumerate(earned))
    assert earned @ net.quarter_weight == pytest.approx(inside + 0.97**6 * 8 * 5)


def test_a_threshold_stands_half_way_between_the_futures_that_act_and_those_that_do_not():
    seen, weight = np.array([400.0, 100.0, 300.0, 200.0]), np.array([0.1, 0.4, 0.2, 0.3])
    above, below = _thresholds("east", seen, seen > 250, weight)
    assert (above.above, above.level, above.right) == (True, 250.0, pytest.approx(1.0))
    assert below.above is False
    above, below = _thresholds("east", seen, np.array([False, True, False, True]), weight)
    assert (below.level, below.right) == (250.0, pytest.approx(1.0))
    above, _ = _thresholds("east", seen, np.array([True, True, True, False]), weight)
    assert (above.level, above.right) == (250.0, pytest.approx(0.3 + 0.3))  # wrong for the 100 that act


def test_a_fork_is_a_sign_where_it_goes_as_the_plan_acts_and_once_it_is_known():
    known, later = (
        Fork(name=name, labels=("a", "b"), odds=(0.5, 0.5), known_from=FIRST + step)
        for name, step in (("known", 4), ("later", 5))
    )
    plan = SimpleNamespace(
        network=SimpleNamespace(forks=(later, known), gates=(FIRST, FIRST + 4)),
        futures=SimpleNamespace(turns=np.array([[1, 0], [0, 0], [0, 1], [1, 1], [0, 1]])),
    )
    free, acts = np.array([True, True, True, True, False]), np.array([True, False, False, True])
    found = _fork_signs(plan, 1, free, acts, np.array([0.1, 0.2, 0.3, 0.4]))
    assert [(sign.name, sign.label) for sign in found] == [("known", "a"), ("known", "b")]
    assert [sign.right for sign in found] == pytest.approx([0.1 + 0.3, 0.2 + 0.4])


def test_a_blurred_reader_tells_fewer_futures_apart():
    net, outlook = waiting()
    futures = draw_futures(net, outlook, seed=1)
    clear = grow_tree(net, futures, branches=2, smallest=2, blur=0.0)
    parts = {tuple(clear.draws(int(n))) for n in np.unique(clear.node_of[:, 1])}
    assert parts == {(0, 1, 2, 3), (4, 5, 6, 7)}
    assert grow_tree(net, futures, branches=1, smallest=2).size == 2


def test_settled_forks_are_told_apart_exactly_and_open_ones_not():
    net, outlook = waiting()
    forks = (
        Fork(name="early", labels=("a", "b"), odds=(0.5, 0.5), known_from=net.quarters[3]),
        Fork(name="late", labels=("a", "b"), odds=(0.5, 0.5), known_from=net.quarters[6]),
    )
    net = replace(net, forks=forks)
    futures = draw_futures(net, outlook, seed=1)
    tree = grow_tree(net, futures, branches=1, smallest=1)
    assert tree.size == 3
    for node in (1, 2):
        assert len(set(futures.turns[tree.draws(node), 0])) == 1


def test_selling_costs_what_price_and_landed_cost_leave_over_the_margin_of_the_plan():
    """Duty 10 or 45 % (odds 1 to 3): 21,200 and 31,200 to Poland's border are landed at 1.3625 times that."""
    fork = Fork(name="eu", labels=("low", "high"), odds=(0.25, 0.75), known_from=FIRST)
    low, high = (Turn(fork="eu", label=label) for label in fork.labels)
    net = network(
        forks=(fork,),
        tariffs=(tariff("CN", "EU", 0.1, turn=low), tariff("CN", "EU", 0.45, turn=high)),
        builds=(CAR, replace(CAR, offer="large", material_cost=30_000)),
        mix=np.array([[1.0, 0.0], [0.25, 0.75]]),
        net_price=np.array([[25_000.0, 0.0], [34_000.0, 50_000.0]]),
        selling_cost=np.zeros((2, 2)),
    )
    poland = 0.25 * (34_000 - 1.3625 * 21_200) + 0.75 * (50_000 - 1.3625 * 31_200) - 3_000
    settled = settle_selling_cost(net, {"PL": 3_000.0})
    assert settled.selling_cost == pytest.approx(np.array([[25_000 - 20_200, 0], [poland, poland]]))
    assert settle_selling_cost(net, {"PL": 9_000.0, "CN": 4_000.0}).selling_cost.tolist() == [[800, 0], [0, 0]]
    unreached = settle_selling_cost(replace(net, lanes=net.lanes[::2]), {"PL": 12_000.0})
    assert unreached.selling_cost[1] == pytest.approx([0.25 * 34_000 + 0.75 * 50_000 - 12_000] * 2)


def test_a_border_closed_for_a_while_or_in_one_course_settles_on_the_time_when_it_is_open():
    """Poland at 34,000, landed at 21,200 with duties of 10 or 30 %: a margin of 2,000 leaves the rest to selling."""
    later = network(tariffs=(tariff("CN", "EU", 0.1, first=FIRST + 1),))
    assert settle_selling_cost(later, {"PL": 2_000.0}).selling_cost[1, 0] == pytest.approx(
        34_000 - 1.1 * 21_200 - 2_000
    )
    fork = Fork(name="case", labels=("shut", "open"), odds=(0.25, 0.75), known_from=FIRST)
    dear = tariff("CN", "EU", 0.3, turn=Turn(fork="case", label="open"))
    promise = tariff("CN", "EU", 0.1, least_price=40_000, turn=Turn(fork="case", label="shut"))
    either = network(tariffs=(dear, promise), forks=(fork,))
    assert settle_selling_cost(either, {"PL": 2_000.0}).selling_cost[1, 0] == pytest.approx(
        34_000 - 1.3 * 21_200 - 2_000
    )


def test_a_border_without_a_row_in_force_is_named_with_its_quarters():
    rows = (tariff("CN", "EU", 0.1, first=FIRST + 1, last=FIRST + 1), tariff("CN", "EU", 0.2, first=FIRST + 3))
    (shut,) = shut_borders(network(tariffs=rows))  # cars from Graz cross no border, nor do those sold in China
    assert (shut.origin, shut.destination, shut.quarters) == ("CN", "EU", (0, 2))
    assert shut_borders(network()) == ()


def test_a_sign_names_the_markets_of_its_region():
    def named(*codes: tuple[str, str]) -> str:
        markets = tuple(Destination(code=c, name=n, region="dach", currency="EUR") for c, n in codes)
        one = np.ones((1 + len(markets), 1))
        net = network(markets=(network().markets[0], *markets), lanes=(), mix=one, net_price=one, selling_cost=one)
        sign = Sign(kind="volume", name="dach", above=True, level=704.0, label="", right=0.9)
        return _sign_words(net, sign)

    both = named(("AT", "Austria"), ("DE", "Germany"))
    assert both == "more than 704 cars a quarter in dach (AT, DE) by then (right in 90 %)"
    assert named(("DE", "Germany")) == "more than 704 cars a quarter in Germany by then (right in 90 %)"


def test_one_number_is_drawn_from_each_stratum_anywhere_in_it():
    drawn = np.array([_strata(np.random.default_rng(seed), 4) for seed in range(400)])
    assert np.floor(4 * np.sort(drawn, axis=1)).tolist() == [[0, 1, 2, 3]] * 400
    assert np.sort(drawn, axis=1).mean(axis=0) == pytest.approx([0.125, 0.375, 0.625, 0.875], abs=0.015)
    assert drawn.mean(axis=0) == pytest.approx([0.5] * 4, abs=0.05)  # in any order


def test_turns_come_out_as_often_as_stated_and_lead_times_follow_their_triangle():
    slow = replace(GRAZ, lead=LeadTime(low=13, likely=26, high=65))
    fork = Fork(name="f", labels=("a", "b", "c"), odds=(0.5, 0.3, 0.2), known_from=FIRST)
    net = network(plants=(HOME, slow), forks=(fork,))
    many = Outlook(values=np.ones((1_000, 2, 4)), markets=("CN", "PL"), quarters=net.quarters, seed=0)
    futures = draw_futures(net, many, seed=5)
    assert np.bincount(futures.turns[:, 0]) / 1_000 == pytest.approx([0.5, 0.3, 0.2], abs=2e-3)
    # P(weeks <= 26) = 13 / 52 of the triangle from 13 over 26 to 65
    assert (futures.lead_quarters[:, 1] <= 2).mean() == pytest.approx(0.25, abs=2e-3)
    assert futures.lead_quarters[:, 1].max() == 5


def test_a_need_that_no_lane_can_meet_is_named_with_what_can_arrive():
    lanes = (
        network().lanes[0],
        lane("home", "PL", capacity_per_quarter=1_600),
        lane("graz", "PL", capacity_per_quarter=1_000),
    )
    net = network(lanes=lanes, firm_share=1.0)
    with pytest.raises(NotFeasible) as caught:
        solve(net, sure(net, abroad=4_000))
    assert caught.value.message == (
        "Poland needs 4,000 cars in 2027Q1, but at most 2,600 can arrive: the lane home to PL takes 1,600 in 2027Q1; "
        "the lane graz to PL takes 1,000 in 2027Q1 (draw 1 of 1)"
    )
    assert "widen the lane" in caught.value.hint


def test_needs_that_compete_for_a_plant_are_named_together():
    net = network(plants=(HOME,), lanes=network().lanes[:2], firm_share=1.0)
    with pytest.raises(NotFeasible) as caught:
        solve(net, sure(net, abroad=4_000, home=9_000))
    assert caught.value.message == (
        "China needs 9,000 cars in 2027Q1 and Poland needs 4,000 cars in 2027Q1, 13,000 together, but at most 10,000 "
        "can arrive: Beijing can make 10,000 in 2027Q1 (draw 1 of 1)"
    )


def test_a_market_without_a_way_in_is_named():
    net = network(plants=(HOME,), lanes=network().lanes[:2], tariffs=(), firm_share=1.0)
    with pytest.raises(
        NotFeasible, match="Poland needs 1,000 cars in 2027Q1, but no route that may be used leads there"
    ):
        solve(net)


def test_a_used_up_quota_is_named():
    rows = (tariff("CN", "EU", 0.1, quota="q", quota_per_year=1_500),)
    net = network(plants=(HOME,), lanes=network().lanes[:2], tariffs=rows, firm_share=1.0)
    with pytest.raises(NotFeasible, match="the quota q admits 1,500 in 2027"):
        solve(net)


def test_two_ways_to_travel_share_the_cars_and_a_plant_builds_only_what_it_can():
    lanes = (
        network().lanes[0],
        lane("home", "PL", mode="sea"),
        lane("home", "PL", mode="rail", freight_per_m3=50, capacity_per_quarter=300),
    )
    plan = solve(network(plants=(HOME,), lanes=lanes))
    assert plan.delivered[0, 1:, 0, 0] == pytest.approx([700, 300])
    vans = replace(CAR, offer="van")
    both = network(
        builds=(CAR, vans),
        mix=np.full((2, 2), 0.5),
        net_price=np.array([[25_000.0] * 2, [34_000.0] * 2]),
        selling_cost=np.zeros((2, 2)),
        plants=(HOME, replace(GRAZ, offers=("van",))),
    )
    assert solve(both).by_plant[0, :, 1, 0] == pytest.approx([500, 500])


def test_half_the_need_being_firm_is_enough_where_half_can_arrive():
    lanes = (network().lanes[0], lane("home", "PL", capacity_per_quarter=500))
    net = network(plants=(HOME,), lanes=lanes, firm_share=0.5)
    assert solve(net).arrived[0, 1, 0] == pytest.approx([500] * 4)


def test_the_switch_map_turns_where_the_saving_pays_for_the_plant():
    # capital 13.56 M against 6,760 saved a car at 45 %: break-even at 2,000 cars over the year of the horizon
    net = network(plants=(HOME, replace(GRAZ, capital=(13.52e6,))))
    futures = draw_futures(net, sure(net), seed=1)
    found = map_switches(net, futures, area="EU", volumes=[1_000, 4_000], duties=[0.0, 0.45])
    assert found.options == (-1, 1)
    assert found.winner.tolist() == [[0, 0], [0, 1]]
    assert found.break_even[1, 0] == np.inf
    assert found.break_even[1, 1] == pytest.approx(2_000, abs=8)
    assert found.values[1, 1, 1] == pytest.approx(4_000 * 6_760 - 13.52e6)
    assert found.today == pytest.approx((4_000, 0.45))


def test_a_change_that_removes_the_duty_turns_the_answer():
    net = network(plants=(HOME, replace(GRAZ, capital=(13.52e6,))))
    depth = Depth(gap=1e-9, smallest=1, threads=1)
    base = plan_supply(net, sure(net), seed=1, depth=depth)
    effects = {e.name: e for e in try_changes(base, sure(net), usual_changes(net, sure(net)), seed=1, depth=depth)}
    assert effects["no duty into EU"].turns
    assert effects["no duty into EU"].now == ()
    assert effects["no duty into EU"].gain == pytest.approx(0.45 * 21_200 * 4_000 - (4_000 * 6_760 - 13.52e6))
    assert effects["plants cost a quarter more"].gain == pytest.approx(-13.52e6 / 4)
    (same,) = try_changes(base, sure(net), [Change(name="nothing", network=net)], seed=1, depth=depth)
    assert (same.gain, same.turns) == (0.0, False)


def test_the_model_is_written_as_readable_algebra(tmp_path):
    net, outlook = waiting()
    two = Outlook(values=outlook.values[[0, 4]], markets=outlook.markets, quarters=outlook.quarters, seed=0)
    write_algebra(net, two, tmp_path / "model.lp", seed=1, depth=Depth(branches=2, smallest=1, blur=0.0))
    text = (tmp_path / "model.lp").read_text()
    for word in ("commit_graz_n0", "close_graz_n0_n1", "deliver_home_PL_car_2027Q1_d0", "need_PL_car_2027Q1_d1"):
        assert word in text


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"gates": (FIRST + 9,)}, "lies after the horizon"),
        ({"gates": (FIRST + 1, FIRST)}, "must rise"),
        ({"lanes": (lane("moon", "PL"),)}, "unknown plant"),
        ({"lanes": (lane("home", "PL"), lane("home", "PL"))}, "two lanes"),
        ({"plants": (HOME, replace(GRAZ, offers=("van",)))}, "nobody knows"),
        ({"mix": np.full((2, 1), 0.5)}, "do not sum to 1"),
        ({"net_price": np.full((2, 1), np.nan)}, "net_price must be finite"),
        ({"tariffs": (tariff("CN", "EU", 0.1, turn=Turn(fork="x", label="y")),)}, "no fork knows"),
        ({"discount": 1.2}, "discount must be"),
    ],
)
def test_a_network_that_does_not_hold_together_is_refused(changes, words):
    with pytest.raises(ValueError, match=words):
        network(**changes)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: replace(GRAZ, ramp=(1.2,)), "not made of shares"),
        (lambda: replace(GRAZ, minimum_run_per_quarter=9_000), "exceeds its capacity"),
        (lambda: LeadTime(low=3, likely=2, high=5), "rising order"),
        (lambda: replace(CAR, home_only_share=1.5), "outside their ranges"),
        (lambda: lane("home", "PL", loss_share=1.0), "loss share"),
        (lambda: tariff("CN", "EU", 0.1, quota="q"), "both a name and cars"),
        (lambda: tariff("CN", "EU", 0.1, quota_from=5), "begins with quarter 1 to 4"),
        (lambda: tariff("CN", "EU", 0.1, last=Quarter(2026, 1)), "before it starts"),
        (lambda: Fork(name="f", labels=("a", "b"), odds=(0.5, 0.6), known_from=FIRST), "do not sum to 1"),
    ],
)
def test_what_makes_no_sense_is_refused(make, words):
    with pytest.raises(ValueError, match=words):
        make()
