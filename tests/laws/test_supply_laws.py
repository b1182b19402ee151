"""What must hold for every supply network."""

from dataclasses import replace
from datetime import date
from functools import cache
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from beachhead.supply.benders import solve_by_benders
from beachhead.supply.extensive import solve_extensive
from beachhead.supply.futures import Futures, draw_futures, keep
from beachhead.supply.lane import Lane
from beachhead.supply.network import Destination, Network
from beachhead.supply.odds import commit_odds, turnings
from beachhead.supply.plan import Depth, SupplyPlan, plan_supply
from beachhead.supply.plant import Build, LeadTime, Mode, Plant
from beachhead.supply.recourse import Recourses
from beachhead.supply.routing import write_routing
from beachhead.supply.tariff import CurrencyMove, Fork, Tariff, Turn
from beachhead.supply.tree import Tree, grow_tree
from beachhead.supply.worth import solve_and_weigh
from beachhead.world.outlook import Outlook
from beachhead.world.quarter import Quarter, grid
from beachhead.world.source import Grade, Source

MADE_UP = Source(who="made up for a test", as_of=date(2026, 1, 1), grade=Grade.C)
FEW = settings(deadline=None, derandomize=True, max_examples=8)
MANY = settings(deadline=None, derandomize=True, max_examples=60)


def world(seed: int, draws: int = 8, quarters: int = 8) -> tuple[Network, Outlook]:
    """A home plant and two or three places abroad; about half of all seeds are tight somewhere."""
    rng = np.random.default_rng(seed)
    codes = ("CN", "DE", "FR", "NO", "TR")[: rng.integers(3, 6)]
    horizon = grid(Quarter(2027, 1), quarters)
    offers = int(rng.integers(1, 3))
    scale = rng.uniform(500, 4000)
    plants = (
        Plant(
            code="home",
            name="home plants",
            mode=Mode.HOME_EXPORT,
            country="CN",
            currency="CNY",
            exists=True,
            capacity_per_quarter=float(scale * rng.uniform(1.0, 6.0)),
            labour_hours=20,
            labour_cost_per_hour=8,
            source=MADE_UP,
        ),
        Plant(
            code="kits",
            name="contract assembly",
            mode=Mode.KIT_ASSEMBLY,
            country="DE",
            currency="EUR",
            capital=(float(scale * rng.uniform(500, 5000)),) * 2,
            lead=LeadTime(low=10, likely=20, high=40),
            capacity_per_quarter=float(scale * rng.uniform(0.5, 2.0)),
            ramp=(0.5, 1.0),
            fixed_cost_per_quarter=4e5,
            minimum_run_per_quarter=float(scale * rng.uniform(0.0, 0.3)),
            underrun_fee=1500,
            closing_cost=1e6,
            labour_hours=15,
            labour_cost_per_hour=40,
            local_content_share=float(rng.uniform(0.1, 0.4)),
            local_content_factor=1.1,
            kit_freight=900,
            parts_duty=0.04,
            fee_per_car=900,
            source=MADE_UP,
        ),
        Plant(
            code="own",
            name="own plant",
            mode=Mode.GREENFIELD,
            country="TR",
            currency="EUR",
            capital=(float(scale * rng.uniform(3000, 25_000)),) * 3,
            lead=LeadTime(low=26, likely=30, high=60),
            capacity_per_quarter=float(scale * 3),
            ramp=(0.3, 0.7, 1.0),
            fixed_cost_per_quarter=float(scale * 300),
            closing_cost=float(scale * 900),
            labour_hours=20,
            labour_cost_per_hour=8,
            local_content_share=0.7,
            source=MADE_UP,
        ),
    )
    lanes = [
        Lane(
            plant=plant.code,
            market=code,
            freight_per_m3=float(rng.uniform(10, 100)),
            handling_per_car=200,
            insurance_share=0.003,
            transit_weeks=float(rng.choice([0, 4, 8, 13, 17])),
            loss_share=float(rng.choice([0, 0.01])),
            capacity_per_quarter=float(scale) if rng.random() < 0.2 else None,
            currency="USD",
            source=MADE_UP,
        )
        for plant in plants
        for code in codes
        if plant.code == "home" or code != "CN"
    ]
    borders = [area for area in ("EU", "NO", "TR") if area in {"EU" if c in ("DE", "FR") else c for c in codes}]
    rows = [
        Tariff(destination=goal, origin=origin, duty=float(rng.uniform(0, 0.5)), first=horizon[0], source=MADE_UP)
        for goal in borders
        for origin in ("CN", "EU", "TR")
        if origin != goal
    ]
    rows.append(
        Tariff(
            destination="EU",
            origin="CN",
            duty=0.05,
            first=horizon[2],
            quota="promise",
            quota_per_year=float(scale * rng.uniform(0.2, 2)),
            least_price=30_000,
            turn=Turn(fork="case", label="promise"),
            source=MADE_UP,
        )
    )
    rows.append(
        Tariff(destination="TR", origin="EU", duty=0.0, first=horizon[0], least_origin_share=0.3, source=MADE_UP)
    )
    shape = (len(codes), offers)
    mix = rng.dirichlet(np.full(offers, 4.0), len(codes))
    price = rng.uniform(26_000, 36_000, shape)
    network = Network(
        plants=plants,
        markets=tuple(
            Destination(code=c, name=c, region="home" if c == "CN" else "abroad", currency="EUR", is_home=c == "CN")
            for c in codes
        ),
        builds=tuple(
            Build(
                offer=f"m{j}",
                material_cost=18_000 + 2000 * j,
                currency="CNY",
                home_only_share=0.3,
                volume_m3=14,
                source=MADE_UP,
            )
            for j in range(offers)
        ),
        lanes=tuple(lanes),
        tariffs=tuple(rows),
        areas={"DE": "EU", "FR": "EU"},
        forks=(
            Fork(name="case", labels=("duty", "promise"), odds=(0.6, 0.4), known_from=horizon[3]),
            Fork(name="yuan", labels=("same", "up"), odds=(0.5, 0.5), known_from=horizon[4]),
        ),
        moves=(CurrencyMove(currency="CNY", turn=Turn(fork="yuan", label="up"), first=horizon[4], factor=1.15),),
        mix=mix,
        net_price=price,
        selling_cost=0.1 * price,
        quarters=horizon,
        gates=horizon[0:6:2],
        terminal_quarters=6.0,
    )
    level = scale * rng.uniform(0.2, 1.0, (1, len(codes), 1)) * rng.lognormal(0, 0.9, (draws, 1, 1))
    values = level * rng.lognormal(0, 0.3, (draws, len(codes), 1)) * np.linspace(0.3, 1.2, quarters)
    return network, Outlook(values=values, markets=codes, quarters=horizon, seed=seed)


def question(seed: int, **sizes: int) -> tuple[Network, Futures, Tree]:
    network, planned = world(seed, **sizes)
    futures = draw_futures(network, planned, seed=seed)
    return network, futures, grow_tree(network, futures, branches=2, smallest=2)


def solved(seed: int, threads: int = 1, **changes: object) -> SupplyPlan:
    network, outlook = world(seed)
    depth = Depth(gap=1e-6, smallest=2, threads=threads)
    return plan_supply(replace(network, **changes), outlook, seed=seed, depth=depth)


planned = cache(solved)
seeds = st.integers(0, 10_000)
few_seeds = st.integers(0, 9)  # plans are kept from law to law


def the_two_solvers_agree(seed: int) -> None:
    network, futures, tree = question(seed)
    plain = solve_extensive(write_routing(network, futures, tree, strong=False).program, gap=1e-6)
    program = write_routing(network, futures, tree).program
    with Recourses(program) as recourses:
        cut = solve_by_benders(program, recourses, gap=2e-5)
    scale = max(abs(plain.upper), 1.0)
    assert abs(plain.upper - cut.upper) <= 1e-4 * scale
    assert cut.lower <= plain.upper + 1e-6 * scale
    assert plain.lower <= cut.upper + 1e-6 * scale


@FEW
@given(seeds)
def test_extensive_form_and_decomposition_agree(seed):
    the_two_solvers_agree(seed)


@pytest.mark.full
@MANY
@given(seeds)
def test_extensive_form_and_decomposition_agree_on_sixty_networks(seed):
    the_two_solvers_agree(seed)


@FEW
@given(seeds)
def test_knowing_more_never_costs_and_looking_never_costs(seed):
    network, futures, tree = question(seed)
    program = write_routing(network, futures, tree).program
    with Recourses(program) as recourses:
        worth = solve_and_weigh(program, recourses, gap=1e-6).worth
    slack = 3e-6 * max(abs(worth.recourse.low), 1.0)
    rising = [worth.wait_and_see, worth.recourse, worth.scheduled]
    for better, worse in pairwise(rising):
        assert better.low <= worse.high + slack
    assert worth.scheduled.low <= min(worth.on_mean.high, worth.now_or_never.high) + slack
    # EVPI and VSS without the clipping at 0 that the answer shows
    assert (worth.recourse - worth.wait_and_see).high >= -slack
    assert worth.recourse.high <= worth.on_mean.low + slack
    for interval in (*rising, worth.now_or_never):
        assert interval.low <= interval.high + slack


@FEW
@given(few_seeds, st.floats(0.0, 1.0))
def test_a_tariff_cut_never_lowers_the_optimum(seed, kept):
    network, _ = world(seed)
    cut = tuple(replace(row, duty=row.duty * kept) for row in network.tariffs)
    before, after = planned(seed), solved(seed, tariffs=cut)
    assert after.value.high >= before.value.low - 1e-6 * abs(before.value.low)


@FEW
@given(few_seeds)
def test_cars_balance_on_every_lane_in_every_draw_and_no_limit_is_passed(seed):
    plan = planned(seed)
    network, cars = plan.network, plan.futures.cars
    size, horizon = max(float(cars.max()), 1.0), len(network.quarters)
    made = np.zeros_like(plan.made)
    for number, lane in enumerate(network.lanes):
        arrived = plan.delivered[:, number].sum(axis=1)
        sent = arrived / (1 - lane.loss_share)
        before = max(back for back, _ in lane.lags)  # quarters before the first, for cars already on the way
        left = np.zeros((len(cars), before + horizon))
        for back, share in lane.lags:
            left[:, before - back : before - back + horizon] += share * sent
        gone = np.pad(sent, ((0, 0), (before, 0)))  # arrived or lost, which is booked when it would have arrived
        on_the_way = np.cumsum(left - gone, axis=1)
        assert on_the_way.min() >= -1e-6 * size
        assert np.abs(on_the_way[:, -1]).max() <= 1e-5 * size  # by the end of the horizon nothing is
        made[:, [plant.code for plant in network.plants].index(lane.plant)] += left[:, before:]
        if lane.capacity_per_quarter is not None:
            assert arrived.max() <= lane.capacity_per_quarter + 1e-5 * size
    assert np.abs(made - plan.made).max() <= 1e-5 * size
    assert (plan.made <= plan.capacity + 1e-5 * size).all()
    sold = plan.arrived
    assert (sold <= network.mix[None, :, :, None] * cars[:, :, None] + 1e-5 * size).all()


@FEW
@given(few_seeds)
def test_draws_that_cannot_be_told_apart_share_their_decisions(seed):
    plan = planned(seed)
    for g in range(len(plan.network.gates)):
        for node in np.unique(plan.tree.node_of[:, g]):
            inside = plan.tree.draws(int(node))
            assert len({tuple(plan.tree.node_of[s, :g]) for s in inside}) == 1
            # until something new can be known, plants that took as long to build stand alike in all of them
            until = (*plan.network.gate_index, len(plan.network.quarters))[g + 1]
            for lead in np.unique(plan.futures.lead_quarters[inside], axis=0):
                alike = inside[(plan.futures.lead_quarters[inside] == lead).all(axis=1)]
                assert np.ptp(plan.capacity[alike, :, :until], axis=0).max() == 0
    odds = commit_odds(plan)
    assert (np.diff(odds, axis=1) >= -1e-12).all()
    assert odds.min() >= 0
    assert odds.max() <= 1 + 1e-12
    assert all(turning.sign is None or turning.sign.right >= 0.5 - 1e-9 for turning in turnings(plan))


@FEW
@given(few_seeds)
def test_the_value_of_the_plan_is_the_mean_of_what_its_draws_earn(seed):
    plan = planned(seed)
    assert plan.futures.probability @ plan.draw_value == pytest.approx(plan.value.low, rel=1e-9)


@settings(deadline=None, derandomize=True, max_examples=4)
@given(seeds)
def test_fewer_draws_look_better_on_average_and_bounds_stay_ordered(seed):
    """The optimum over a sample falls as the sample grows: a plan for all serves every part (Mak et al. 1999)."""
    network, futures, tree = question(seed, draws=6)

    def optimum(draws):
        part = Tree(
            gate=tree.gate,
            parent=tree.parent,
            node_of=tree.node_of[draws],
            probability=tree.probability,
            seen=tree.seen[draws],
            regions=tree.regions,
        )
        program = write_routing(network, keep(futures, draws), part).program
        with Recourses(program) as recourses:
            found = solve_by_benders(program, recourses, gap=1e-7)
        assert found.lower <= found.upper
        return -found.upper, -found.lower

    everything = np.arange(6)
    whole_low, _ = optimum(everything)
    parts = [optimum(np.delete(everything, left_out)) for left_out in everything]
    assert np.mean([high for _, high in parts]) >= whole_low - 1e-6 * abs(whole_low)


@settings(deadline=None, derandomize=True, max_examples=4)
@given(few_seeds)
def test_threads_and_runs_do_not_change_the_plan(seed):
    one, two = planned(seed), solved(seed, threads=2)
    assert one.steps == two.steps
    assert one.value == two.value
    assert (one.delivered == two.delivered).all()
