"""Plants of the literature through the supply model itself: when to build, and where."""

import os
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from beachhead.supply.futures import draw_futures
from beachhead.supply.lane import Lane
from beachhead.supply.network import Destination, Network
from beachhead.supply.plan import Depth, plan_supply
from beachhead.supply.plant import Build, Mode, Plant
from beachhead.supply.routing import write_routing
from beachhead.supply.tariff import CurrencyMove, Fork, Turn
from beachhead.supply.tree import grow_tree
from beachhead.world.outlook import Outlook
from beachhead.world.quarter import Quarter, grid
from beachhead.world.source import Grade, Source

BOOK = Source(
    who="Dixit & Pindyck, Investment under Uncertainty, 1994, pages 26 to 30", as_of=date(1994, 1, 1), grade=Grade.A
)
LIBRARY = Source(who="Beasley, OR-Library", as_of=date(1990, 1, 1), grade=Grade.A)
SHARED = Path(os.environ.get("BEACHHEAD_SHARED", Path(__file__).resolve().parents[3] / "shared"))
CAP = SHARED / "data" / "siting" / "cap"


def widget_factory() -> tuple[Network, Outlook]:
    """A factory for 1,600 makes one widget a year for ever; the price is 200 now, from next year 300 or 100, half each.

    A quarter of the model stands for a year of the book. Four years follow the first; the rest of eternity is the
    terminal value, so that the sum of 1.1**-t over t = 1, 2 ... comes out as 10.
    """
    years = grid(Quarter(2000, 1), 5)
    four_years = sum(1.1**-t for t in range(1, 5))
    network = Network(
        plants=(
            Plant(
                code="factory",
                name="widget factory",
                mode=Mode.GREENFIELD,
                country="US",
                currency="USD",
                capital=(1600.0,),
                capacity_per_quarter=1.0,
                source=BOOK,
            ),
        ),
        markets=(Destination(code="US", name="United States", region="us", currency="WID"),),
        builds=(Build(offer="widget", material_cost=0.0, currency="USD", volume_m3=0.0, source=BOOK),),
        lanes=(Lane(plant="factory", market="US", freight_per_m3=0.0, transit_weeks=0.0, currency="USD", source=BOOK),),
        tariffs=(),
        forks=(Fork(name="price", labels=("up", "down"), odds=(0.5, 0.5), known_from=years[1]),),
        moves=(
            CurrencyMove(currency="WID", turn=Turn(fork="price", label="up"), first=years[1], factor=1.5),
            CurrencyMove(currency="WID", turn=Turn(fork="price", label="down"), first=years[1], factor=0.5),
        ),
        mix=np.ones((1, 1)),
        net_price=np.full((1, 1), 200.0),
        selling_cost=np.zeros((1, 1)),
        quarters=years,
        gates=years[:2],
        discount=1 / 1.1,
        terminal_quarters=(10 - four_years) * 1.1**5,
        carrying_rate=0.0,
    )
    return network, Outlook(values=np.ones((2, 1, 5)), markets=("US",), quarters=years, seed=0)


def test_the_option_to_wait_for_the_price_of_widgets_is_worth_173():
    network, planned = widget_factory()
    plan = plan_supply(network, planned, seed=1, depth=Depth(gap=1e-9, smallest=1))
    assert -plan.worth.now_or_never.middle == pytest.approx(600, abs=0.01)
    assert plan.value.low == pytest.approx(773, abs=0.5)
    assert plan.worth.of_waiting.middle == pytest.approx(173, abs=0.5)
    assert plan.worth.of_waiting.middle == pytest.approx(1900 / 11, abs=1e-6)


def test_the_factory_is_built_only_where_the_price_went_up():
    network, planned = widget_factory()
    plan = plan_supply(network, planned, seed=1, depth=Depth(gap=1e-9, smallest=1))
    assert len(plan.steps) == 1
    step = plan.steps[0]
    assert plan.tree.gate[step.node] == 1
    assert [network.forks[0].labels[plan.futures.turns[s, 0]] for s in plan.tree.draws(step.node)] == ["up"]


# capopt of OR-Library: optimum with split customers
OPTIMA = {"cap71": 932615.750, "cap74": 1034976.975, "cap101": 796648.4375, "cap131": 793439.5625, "cap134": 928941.750}


@pytest.mark.parametrize("name", OPTIMA)
def test_plants_and_routes_of_the_or_library_cost_the_published_optimum(name):
    file = CAP / f"{name}.txt"
    if not file.exists():
        pytest.skip(f"{file} is not there")
    network, planned = warehouses(file)
    plan = plan_supply(network, planned, seed=1, depth=Depth(gap=1e-7, threads=1))
    assert plan.value.low == pytest.approx(-OPTIMA[name], rel=1e-6)
    assert plan.value.high == pytest.approx(-OPTIMA[name], rel=1e-6)
    assert plan.short.max() <= 1e-6


def warehouses(file: Path) -> tuple[Network, Outlook]:
    """Warehouses as plants to commit to, customers as markets whose every car must arrive."""
    numbers = [float(word) for word in file.read_text().split()]
    plants, markets = int(numbers[0]), int(numbers[1])
    site = np.array(numbers[2 : 2 + 2 * plants]).reshape(plants, 2)
    rows = np.array(numbers[2 + 2 * plants :]).reshape(markets, plants + 1)
    need, cost = rows[:, 0], rows[:, 1:] / rows[:, :1]
    quarter = (Quarter(2000, 1),)
    network = Network(
        plants=tuple(
            Plant(
                code=f"w{i}",
                name=f"warehouse {i}",
                mode=Mode.GREENFIELD,
                country="US",
                currency="USD",
                capital=(site[i, 1],),
                capacity_per_quarter=site[i, 0],
                source=LIBRARY,
            )
            for i in range(plants)
        ),
        markets=tuple(
            Destination(code=f"c{m}", name=f"customer {m}", region="us", currency="USD") for m in range(markets)
        ),
        builds=(Build(offer="good", material_cost=0.0, currency="USD", volume_m3=1.0, source=LIBRARY),),
        lanes=tuple(
            Lane(
                plant=f"w{i}",
                market=f"c{m}",
                freight_per_m3=cost[m, i],
                transit_weeks=0.0,
                currency="USD",
                source=LIBRARY,
            )
            for i in range(plants)
            for m in range(markets)
        ),
        tariffs=(),
        areas={"US": "US"} | {f"c{m}": "US" for m in range(markets)},
        mix=np.ones((markets, 1)),
        net_price=np.zeros((markets, 1)),
        selling_cost=np.zeros((markets, 1)),
        quarters=quarter,
        gates=quarter,
        discount=1.0,
        terminal_quarters=0.0,
        firm_share=1.0,
    )
    values = need.reshape(1, markets, 1)
    return network, Outlook(values=values, markets=tuple(m.code for m in network.markets), quarters=quarter, seed=0)


def test_lead_times_are_as_stated_in_any_number_of_draws():
    network, planned = widget_factory()
    futures = draw_futures(network, planned, seed=3)
    assert (futures.lead_quarters == 0).all()
    assert sorted(futures.turns[:, 0]) == [0, 1]
    tree = grow_tree(network, futures, smallest=1)
    assert write_routing(network, futures, tree).layout.choices[0].plant == 0
