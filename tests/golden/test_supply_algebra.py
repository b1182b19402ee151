"""The supply model as algebra, pinned. It may change when the model or the way HiGHS writes .lp files changes.

Run this file with `python tests/golden/test_supply_algebra.py` to write the snapshot anew, and read what changed.
"""

from datetime import date
from pathlib import Path

import numpy as np

from beachhead.supply.lane import Lane
from beachhead.supply.network import Destination, Network
from beachhead.supply.plan import Depth, write_algebra
from beachhead.supply.plant import Build, LeadTime, Mode, Plant
from beachhead.supply.tariff import Tariff
from beachhead.world.outlook import Outlook
from beachhead.world.quarter import Quarter, grid
from beachhead.world.source import Grade, Source

PINNED = Path(__file__).with_name("supply_algebra.lp")
MADE_UP = Source(who="made up for a test", as_of=date(2026, 1, 1), grade=Grade.C)


def one_market_two_gates() -> tuple[Network, Outlook]:
    """Exports under a quota, or from a plant with a minimum run that may be closed; two draws, three quarters."""
    quarters = grid(Quarter(2027, 2), 3)
    home = Plant(code="home", name="home", mode=Mode.HOME_EXPORT, country="CN", currency="CNY", exists=True,
                 capacity_per_quarter=900, source=MADE_UP)  # fmt: skip
    kits = Plant(code="kits", name="kits", mode=Mode.KIT_ASSEMBLY, country="PL", currency="EUR", capital=(5e5, 5e5),
                 lead=LeadTime(low=13, likely=13, high=13), capacity_per_quarter=500, ramp=(0.5, 1.0),
                 fixed_cost_per_quarter=1e5, minimum_run_per_quarter=100, underrun_fee=1000, closing_cost=2e5,
                 local_content_share=0.5, kit_freight=800, source=MADE_UP)  # fmt: skip
    lane = Lane(plant="home", market="PL", freight_per_m3=100, transit_weeks=6.5, loss_share=0.2, currency="USD",
                capacity_per_quarter=700, source=MADE_UP)  # fmt: skip
    near = Lane(plant="kits", market="PL", freight_per_m3=10, transit_weeks=0, currency="EUR", source=MADE_UP)
    network = Network(
        plants=(home, kits),
        markets=(Destination(code="PL", name="Poland", region="east", currency="EUR"),),
        builds=(Build(offer="car", material_cost=20_000, currency="CNY", volume_m3=10, source=MADE_UP),),
        lanes=(lane, near),
        tariffs=(
            Tariff(destination="PL", origin="CN", duty=0.1, first=quarters[0], quota="q", quota_per_year=600,
                   source=MADE_UP),
            Tariff(destination="PL", origin="CN", duty=0.5, first=quarters[0], source=MADE_UP),
        ),
        mix=np.ones((1, 1)),
        net_price=np.full((1, 1), 40_000.0),
        selling_cost=np.zeros((1, 1)),
        quarters=quarters,
        gates=quarters[:2],
        discount=1.0,
        terminal_quarters=0.0,
        transfer_margin=0.0,
        carrying_rate=0.0,
        firm_share=0.25,
    )  # fmt: skip
    values = np.array([400.0, 800.0]).reshape(2, 1, 1) * np.ones(3)
    return network, Outlook(values=values, markets=("PL",), quarters=quarters, seed=0)


def written(path: Path) -> str:
    network, planned = one_market_two_gates()
    write_algebra(network, planned, path, seed=1, depth=Depth(branches=2, smallest=1, blur=0.0))
    return path.read_text()


def test_the_algebra_is_as_it_was(tmp_path):
    assert written(tmp_path / "model.lp") == PINNED.read_text()


if __name__ == "__main__":
    written(PINNED)
