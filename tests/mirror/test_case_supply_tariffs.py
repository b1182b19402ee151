"""How tariffs.csv of the bundled launch reaches supply: by quarters, with quotas by years of their own."""

import shutil
from importlib.resources import files
from pathlib import Path

import pytest

from beachhead.case.open import open_launch
from beachhead.case.supply.answer import _tariffs
from beachhead.supply.tariff import Tariff, quota_year
from beachhead.world.quarter import Quarter, grid

HORIZON = grid(Quarter(2027, 1), 20)


@pytest.fixture(scope="module")
def rows(tmp_path_factory) -> list[Tariff]:
    folder = tmp_path_factory.mktemp("tariffs") / "launch"
    shutil.copytree(Path(str(files("beachhead.case").joinpath("examples", "xiaomi"))), folder)
    return list(_tariffs(open_launch(folder), HORIZON))


def test_a_step_that_is_over_before_the_horizon_is_no_way_into_the_market(rows):
    """Brazil's duty rose in four steps, the last of them of July 2026."""
    assert [row.duty for row in rows if row.destination == "BR"] == [0.35]
    assert all(row.last is None or row.last >= HORIZON[0] for row in rows)


def test_canadas_quota_counts_from_spring_and_grows_every_year(rows):
    """A tenth of 49,000 growing by 6.5 % a year, by hand; the year of March 2027 is counted from the second quarter."""
    quota = [row for row in rows if row.quota == "CN-CA"]
    assert {row.quota_from for row in quota} == {2}
    assert [row.quota_per_year for row in quota] == pytest.approx([4_900, 5_218.5, 5_557.7, 5_918.9, 6_303.6])
    for quarter in HORIZON:
        (row,) = [row for row in quota if row.holds_in(quarter)]  # no day without a row, none with two
        begun = quota_year(quarter, row.quota_from)
        assert row.quota_per_year == pytest.approx(0.1 * int(49_000 * 1.065 ** min(begun.year - 2026, 4)))
