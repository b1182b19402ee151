"""A launch folder is read whole, or refused with every fault and its cure; never a traceback."""

from pathlib import Path

import pytest

from beachhead.evidence.folder import check_folder, read_folder
from beachhead.evidence.tables.economics import EconomicsRow
from beachhead.evidence.tables.stores import StoreRow
from beachhead.world.errors import BadInput, Fault
from beachhead.world.market import Channel
from beachhead.world.quarter import Quarter

TINY = {
    "launch.toml": """\
name = "tiny"
brand = "Acme"
start = "2027Q3"
quarters = 4
currency = "EUR"

[objective]
kind = "npv"

[limits]
capital_per_year = [1e8, 2e8]
scale_starts_per_quarter = 1
cars_per_quarter = [500, 1000]
pilot_cars_per_quarter = 200
""",
    "markets.csv": """\
code,name,region,currency,bev_per_year,bev_growth,home,source,as_of,grade
NO,Norway,nordic,NOK,172230,0.02,,OFV,2025-12-31,A
SE,Sweden,nordic,SEK,100365,0.05,,"Mobility Sweden,
registrations",2025-12-31,A
CN,China,home,CNY,7874170,0.1,yes,CAAM,2025-12-31,A
""",
    "offers.csv": """\
code,model,trim,battery_kwh,features,available_from,source,as_of,grade
A1,A,One,75,lane_keep over_the_air_update,2027Q1,maker,2026-01-01,A
""",
    "prices.csv": """\
market,offer,amount,currency,vat,source,as_of,grade
NO,A1,480000,NOK,0.25,rule,2026-01-01,C
SE,A1,520000,SEK,0.25,rule,2026-01-01,C
CN,A1,245900,CNY,0.13,maker,2026-01-01,A
""",
    "economics.csv": """\
market,channel,currency,capital,exit_share,opex_per_quarter,unit_margin,reach,ramp,pilot_start_fee,\
pilot_fee_per_quarter,pilot_cost_per_car,pilot_reach,earliest_pilot,earliest_scale,source,as_of,grade
NO,dealer,,2e7,0.2,1e6,5000,0.9,0.3 0.6 1,2e5,1e5,3000,0.1,2027Q3,2027Q4,rule,2026-01-01,C
SE,dealer,,2e7,0.2,1e6,5000,0.9,0.3 0.6 1,2e5,1e5,3000,0.1,2027Q3,2027Q4,rule,2026-01-01,C
CN,own_store,CNY,0,0,0,40000,1,1,0,0,0,1,2027Q3,2027Q3,rule,2026-01-01,C
""",
    "fx.csv": """\
currency,rate,source,as_of,grade
NOK,0.086,general knowledge,2025-12-31,B
SEK,0.09,general knowledge,2025-12-31,B
CNY,0.12,general knowledge,2025-12-31,B
""",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in TINY.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def test_a_sound_folder_is_read_into_nouns_in_the_launchs_currency(folder: Path):
    launch = read_folder(folder)
    assert [market.code for market in launch.markets] == ["NO", "SE", "CN"]
    assert [market.code for market in launch.markets if market.is_home] == ["CN"]
    assert launch.prices[0].amount == pytest.approx(480_000 * 0.086)
    assert launch.prices[0].net == pytest.approx(480_000 * 0.086 / 1.25)
    assert launch.economics[2].unit_margin == pytest.approx(40_000 * 0.12)
    assert launch.economics[0].unit_margin == 5000
    assert launch.economics[0].ramp == (0.3, 0.6, 1.0)
    assert launch.economics[0].channel is Channel.DEALER
    assert launch.offers[0].features == {"lane_keep", "over_the_air_update"}
    assert launch.terms.grid == (Quarter(2027, 3), Quarter(2027, 4), Quarter(2028, 1), Quarter(2028, 2))
    assert launch.limits.capital_per_year == {2027: 1e8, 2028: 2e8}
    assert launch.limits.cars_per_quarter == (500, 1000, 1000, 1000)
    assert launch.rows(StoreRow) == ()
    assert launch.rows(EconomicsRow)[2].currency == "CNY"


def test_the_digest_names_what_was_read_and_nothing_else(folder: Path):
    first = read_folder(folder).digest
    (folder / "notes.txt").write_text("not part of the launch")
    assert read_folder(folder).digest == first
    fx = folder / "fx.csv"
    fx.write_text(fx.read_text().replace("0.12", "0.13"))
    assert read_folder(folder).digest != first


def test_rows_are_counted_as_an_editor_counts_them_across_quoted_line_ends(folder: Path):
    markets = folder / "markets.csv"
    markets.write_text(markets.read_text().replace("7874170", "many"))
    assert check_folder(folder) == (
        Fault(
            file="markets.csv",
            row=5,
            column="bev_per_year",
            written="many",
            problem="is not a number",
            cure="write a plain number such as 1250.5",
        ),
    )


def test_every_fault_is_reported_at_once(folder: Path):
    for name, old, new in (
        ("prices.csv", "480000", "-1"),
        ("offers.csv", "75", "NaN"),
        ("launch.toml", "1e8", '"1e8"'),
    ):
        (folder / name).write_text((folder / name).read_text().replace(old, new))
    with pytest.raises(BadInput) as refused:
        read_folder(folder)
    assert [fault.place for fault in refused.value.faults] == [
        "launch.toml:11:limits.capital_per_year",
        "offers.csv:2:battery_kwh",
        "prices.csv:2:amount",
    ]
