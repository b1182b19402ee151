"""A launch folder is read whole, or refused with every fault and its cure; never a traceback."""

import os
import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from beachhead.evidence.folder import check_folder, read_folder
from beachhead.evidence.tables.economics import EconomicsRow
from beachhead.evidence.tables.facts import READ
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


def test_a_small_share_is_read_with_every_digit_that_a_program_writes(folder: Path):
    table, least = folder / "economics.csv", 300 * 0.9 / 1_100_000
    first = table.read_text().splitlines()[1]
    cells = first.split(",")
    cells[table.read_text().splitlines()[0].split(",").index("pilot_reach")] = repr(least)
    table.write_text(table.read_text().replace(first, ",".join(cells)))
    assert len(repr(least)) > 21
    assert read_folder(folder).economics[0].pilot_reach == least


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


TARIFFS = "origin,destination,scenario,odds,duty,valid_from,valid_to,source,as_of,grade\n"
TASKS = "code,name,weeks_low,weeks_likely,weeks_high,after,source,as_of,grade\n"
STORES = "code,market,channel,source,as_of,grade\n"


def replaced(file: str, old: str, new: str):
    def mutate(folder: Path) -> None:
        text = (folder / file).read_text(encoding="utf-8")
        assert old in text, f"{old!r} is not in {file}"
        (folder / file).write_text(text.replace(old, new, 1), encoding="utf-8")

    return mutate


def written(file: str, data: str | bytes, **others: str):
    def mutate(folder: Path) -> None:
        for name, text in others.items():
            (folder / f"{name}.csv").write_text(text, encoding="utf-8")
        (folder / file).parent.mkdir(exist_ok=True)
        (folder / file).write_bytes(data if isinstance(data, bytes) else data.encode("utf-8"))

    return mutate


def removed(file: str):
    return lambda folder: (folder / file).unlink()


def a_directory(file: str):
    def mutate(folder: Path) -> None:
        (folder / file).unlink()
        (folder / file).mkdir()

    return mutate


def a_link(file: str):
    def mutate(folder: Path) -> None:
        (folder / file).rename(folder / "elsewhere")
        (folder / file).symlink_to(folder / "elsewhere")

    return mutate


def a_fifo(file: str):
    def mutate(folder: Path) -> None:
        (folder / file).unlink()
        os.mkfifo(folder / file)

    return mutate


def a_row_of_a_gigabyte(folder: Path) -> None:
    with (folder / "prices.csv").open("ab") as stream:
        stream.truncate(2**30)  # sparse: a line of NULs that never ends


WRONG: dict[str, tuple[Callable[[Path], None], str, str, str]] = {
    # sentence: what is done to the folder, place of the only fault, words of the problem, words of the cure
    "an unknown column": (
        replaced("markets.csv", "bev_growth", "bev_grwth"),
        "markets.csv:1:bev_grwth",
        "is not a column",
        "did you mean bev_growth?",
    ),
    "a column in another unit": (
        replaced("economics.csv", "unit_margin,", "unit_margin,unit_margin_usd,"),
        "economics.csv:1:unit_margin_usd",
        "is not a column",
        "did you mean unit_margin?",
    ),
    "a missing column": (
        written("fx.csv", "currency,source,as_of,grade\nNOK,x,2026-01-01,B\n"),
        "fx.csv:1:rate",
        "required column and missing",
        "add it",
    ),
    "a doubled header": (
        replaced("fx.csv", "rate,source", "rate,rate,source"),
        "fx.csv:1:rate",
        "stands 2 times",
        "keep one",
    ),
    "a column without a name": (
        replaced("fx.csv", "grade\n", "grade,\n"),
        "fx.csv:1",
        "column without a name",
        "name the column",
    ),
    "a unit inside a cell": (
        replaced("economics.csv", "2e7", "20 M€"),
        "economics.csv:2:capital",
        "is not a number",
        "bare number in the unit",
    ),
    "a percentage where a share belongs": (
        replaced("prices.csv", "NOK,0.25", "NOK,25"),
        "prices.csv:2:vat",
        "is not a share between 0 and 5",
        "for 25 % write 0.25",
    ),
    "a margin in another currency than is written": (
        replaced("economics.csv", "CN,own_store,CNY,", "CN,own_store,,"),
        "economics.csv:4:unit_margin",
        "a car, where the dearest is sold for EUR",
        "or the currency of its row",
    ),
    "a percent sign": (
        replaced("prices.csv", "NOK,0.25", "NOK,25%"),
        "prices.csv:2:vat",
        "is not a number",
        "write the share 0.25",
    ),
    "a share above one": (
        replaced("economics.csv", "2e7,0.2,", "2e7,1.2,"),
        "economics.csv:2:exit_share",
        "is not a share between 0 and 1",
        "0.25 for 25 %",
    ),
    "a ramp above one": (
        replaced("economics.csv", "0.3 0.6 1", "0.3 60 1"),
        "economics.csv:2:ramp",
        "is not a share",
        "for 60 % write 0.6",
    ),
    "thousands separators": (
        replaced("prices.csv", "480000", '"480,000"'),
        "prices.csv:2:amount",
        "is not a number",
        "write 480000, without thousands separators",
    ),
    "a decimal comma": (
        replaced("fx.csv", "0.086", '"0,086"'),
        "fx.csv:2:rate",
        "is not a number",
        "write 0.086, with a decimal point",
    ),
    "a currency that does not exist": (
        replaced("prices.csv", "480000,NOK", "480000,NKO"),
        "prices.csv:2:currency",
        "is not an ISO 4217 currency code",
        "did you mean",
    ),
    "a currency sign": (
        replaced("launch.toml", '"EUR"', '"€"'),
        "launch.toml:5:currency",
        "is not an ISO 4217 currency code",
        "did you mean EUR?",
    ),
    "a price in another currency than the market's": (
        replaced("prices.csv", "480000,NOK", "41000,EUR"),
        "prices.csv:2:currency",
        "is not the currency of NO, which is NOK",
        "write the price in NOK",
    ),
    "a price and a market in a currency without a rate": (
        lambda folder: (
            replaced("prices.csv", "480000,NOK", "480000,USD")(folder),
            replaced("markets.csv", "nordic,NOK", "nordic,USD")(folder),
        ),
        "prices.csv:2:currency",
        "has no rate in fx.csv",
        "what one USD is worth",
    ),
    "a rate the wrong way round": (
        replaced("fx.csv", "SEK,0.09,", "SEK,11.1,"),
        "prices.csv:3:amount",
        "is EUR 5.77 M, where A1 is asked for at EUR 41.3 k in most markets",
        "the rate in fx.csv, by which one SEK is worth EUR 11.1 (1/11.1 is 0.0901)",
    ),
    "a price in thousands": (
        replaced("prices.csv", "NO,A1,480000,", "NO,A1,480,"),
        "prices.csv:2:amount",
        "is EUR 41, where A1",
        "mend the amount",
    ),
    "a rate of the launch's own currency that is not one": (
        replaced("fx.csv", "CNY,0.12", "EUR,1.1,x,2026-01-01,B\nCNY,0.12"),
        "fx.csv:4:rate",
        "own currency EUR",
        "write 1 or delete",
    ),
    "a duplicate key": (
        replaced("prices.csv", "SE,A1,520000", "NO,A1,500000,NOK,0.25,rule,2026-01-01,C\nSE,A1,520000"),
        "prices.csv:3:market",
        "stands on line 2 already: market, offer must be unique",
        "keep one",
    ),
    "a missing source": (
        replaced("offers.csv", "2027Q1,maker", "2027Q1,"),
        "offers.csv:2:source",
        "a fact needs a source",
        "rule of the assumption",
    ),
    "an unknown grade": (
        replaced("fx.csv", "12-31,B", "12-31,D"),
        "fx.csv:2:grade",
        "is not one of A, B, C",
        "write one of",
    ),
    "NaN": (
        replaced("markets.csv", "172230", "NaN"),
        "markets.csv:2:bev_per_year",
        "is not a number",
        "leave the cell blank if the value is not known",
    ),
    "infinity": (
        replaced("markets.csv", "172230", "inf"),
        "markets.csv:2:bev_per_year",
        "is not a number",
        "leave the cell blank",
    ),
    "a number too large": (
        replaced("markets.csv", "172230", "1e400"),
        "markets.csv:2:bev_per_year",
        "is too large a number",
        "check the unit",
    ),
    "a blank where a number is needed": (
        replaced("markets.csv", "172230", ""),
        "markets.csv:2:bev_per_year",
        "is blank but required",
        "battery-electric cars registered",
    ),
    "a negative amount": (
        replaced("economics.csv", "2e7", "-2e7"),
        "economics.csv:2:capital",
        "is negative",
        "write 0 or more",
    ),
    "a negative count": (
        written("stores.csv", STORES.replace("channel,", "channel,count,") + "S,NO,dealer,-2,rule,2026-01-01,C\n"),
        "stores.csv:2:count",
        "is out of range",
        "1 to 100000 stores",
    ),
    "a store that closes before it opens": (
        written(
            "stores.csv",
            STORES.replace("channel,", "channel,open_from,open_until,")
            + "S,NO,dealer,2028Q1,2027Q4,rule,2026-01-01,C\n",
        ),
        "stores.csv:2:open_until",
        "is before 2028Q1, in which it opens",
        "write 2028Q1 or later",
    ),
    "half a store": (
        written("stores.csv", STORES.replace("channel,", "channel,count,") + "S,NO,dealer,2.5,rule,2026-01-01,C\n"),
        "stores.csv:2:count",
        "is not a whole number",
        "without decimals",
    ),
    "a reversed period": (
        written("tariffs.csv", TARIFFS + "CN,NO,base,1,0.1,2028-01-01,2027-01-01,law,2026-01-01,A\n"),
        "tariffs.csv:2:valid_to",
        "ends before it begins on 2028-01-01",
        "exchange the two dates",
    ),
    "overlapping periods": (
        written(
            "tariffs.csv",
            TARIFFS
            + "CN,NO,base,1,0.1,2026-01-01,2027-12-31,law,2026-01-01,A\n"
            + "CN,NO,base,0,0.2,2027-12-31,,law,2026-01-01,A\n",
        ),
        "tariffs.csv:3:valid_from",
        "overlaps line 2, which holds until 2027-12-31",
        "end the day before",
    ),
    "scenario odds that do not sum to one": (
        written(
            "tariffs.csv",
            TARIFFS
            + "CN,NO,low,0.5,0.1,2026-01-01,,law,2026-01-01,A\nCN,NO,high,0.4,0.2,2026-01-01,,law,2026-01-01,A\n",
        ),
        "tariffs.csv:2:odds",
        "sum of the odds of all scenarios for CN to NO from 2026-01-01",
        "sum to 1",
    ),
    "a scenario that is spelt otherwise in a later year": (
        written(
            "tariffs.csv",
            TARIFFS
            + "".join(
                f"CN,NO,{scenario},0.5,{duty},{first},{last},law,2026-01-01,A\n"
                for scenario, duty, first, last in (
                    ("low", 0.1, "2026-01-01", "2027-12-31"),
                    ("high", 0.2, "2026-01-01", ""),
                    ("lwo", 0.1, "2028-01-01", ""),
                )
            ),
        ),
        "tariffs.csv:2:odds",
        "sum of the odds of CN-NO, whose scenarios are low, high, lwo",
        "misspelt or left blank",
    ),
    "a fork to which two files give other odds": (
        written(
            "tariffs.csv",
            "origin,destination,fork,scenario,odds,known_from,duty,source,as_of,grade\n"
            "CN,NO,yuan,dearer,0.5,2028Q1,0.1,law,2026-01-01,A\nCN,NO,yuan,cheaper,0.5,2028Q1,0.2,law,2026-01-01,A\n",
            fx_scenarios="currency,fork,scenario,odds,known_from,valid_from,rate,source,as_of,grade\n"
            "CNY,yuan,dearer,0.4,2028Q1,2028Q1,0.13,rule,2026-01-01,C\n"
            "CNY,yuan,cheaper,0.5,2028Q1,2028Q1,0.11,rule,2026-01-01,C\n"
            "CNY,yuan,as_now,0.1,2028Q1,2028Q1,0.12,rule,2026-01-01,C\n",
        ),
        "tariffs.csv:2:odds",
        "differs from fx_scenarios.csv, line 2, for the same scenario dearer of yuan",
        "write the same odds in both files",
    ),
    "a duty at a border inside a customs union, where none is paid": (
        written("tariffs.csv", TARIFFS + "CN,SE,base,1,0.1,2026-01-01,,law,2026-01-01,A\n"),
        "tariffs.csv:2:destination",
        "lies inside the customs area EU",
        "write EU",
    ),
    "a quota without the duty beyond it": (
        written(
            "tariffs.csv",
            "origin,destination,duty,quota_cars_per_year,source,as_of,grade\nCN,NO,0.1,49000,law,2026-01-01,A\n",
        ),
        "tariffs.csv:2:duty_otherwise",
        "stands without its partner",
        "both the quota and the duty",
    ),
    "two shares of one quota": (
        written(
            "tariffs.csv",
            "origin,destination,duty,duty_otherwise,quota_cars_per_year,quota,quota_share,source,as_of,grade\n"
            "CN,NO,0,0.1,900,both,0.5,law,2026-01-01,A\nTH,NO,0,0.2,900,both,0.4,law,2026-01-01,A\n",
        ),
        "tariffs.csv:3:quota_share",
        "differs from line 2 for the same quota both",
        "write the same share, or another name",
    ),
    "two beginnings of the year of one quota": (
        written(
            "tariffs.csv",
            "origin,destination,duty,duty_otherwise,quota_cars_per_year,quota_year_from,valid_from,valid_to,source,"
            "as_of,grade\nCN,NO,0,0.1,900,3,,2027-02-28,law,2026-01-01,A\n"
            "CN,NO,0,0.1,950,,2027-03-01,,law,2026-01-01,A\n",
        ),
        "tariffs.csv:3:quota_year_from",
        "differs from line 2 for the same quota of CN to NO",
        "write the same month, or another name",
    ),
    "the year of a quota without the quota": (
        written(
            "tariffs.csv", "origin,destination,duty,quota_year_from,source,as_of,grade\nCN,NO,0,3,law,2026-01-01,A\n"
        ),
        "tariffs.csv:2:quota_year_from",
        "tells the year of a quota that has no cars",
        "write quota_cars_per_year",
    ),
    "a country that values cars in two ways": (
        written(
            "tariffs.csv",
            "origin,destination,duty,customs_value,source,as_of,grade\n"
            "CN,NO,0.1,fob,law,2026-01-01,A\nTH,NO,0.2,,law,2026-01-01,A\n",
        ),
        "tariffs.csv:3:customs_value",
        "differs from line 2, fob, for the same destination",
        "write cif or fob in all rows to NO; blank is cif",
    ),
    "a market that has no price": (
        replaced("prices.csv", "SE,A1,520000,SEK,0.25,rule,2026-01-01,C\n", ""),
        "markets.csv:3:code",
        "has no row in prices.csv",
        "add a row to prices.csv",
    ),
    "a price in a market that is not there": (
        replaced("prices.csv", "CN,A1", "DK,A1,1,NOK,0,rule,2026-01-01,C\nCN,A1"),
        "prices.csv:4:market",
        "is not a code of markets.csv",
        "add it to markets.csv",
    ),
    "an offer that is not there": (
        replaced("prices.csv", "NO,A1", "NO,A2"),
        "prices.csv:2:offer",
        "is not a code of offers.csv",
        "add it to offers.csv",
    ),
    "a country that does not exist": (
        replaced("prices.csv", "NO,A1", "Norge,A1"),
        "prices.csv:2:market",
        "is not an ISO 3166-1 alpha-2 code",
        "did you mean NO?",
    ),
    "tasks in a circle": (
        written("tasks.csv", TASKS + "a,A,1,2,3,b,plan,2026-01-01,C\nb,B,1,2,3,a,plan,2026-01-01,C\n"),
        "tasks.csv:2:after",
        "runs in a circle: a after b after a",
        "delete one link",
    ),
    "a predecessor that is not there": (
        written("tasks.csv", TASKS + "a,A,1,2,3,approvals,plan,2026-01-01,C\napproval,B,1,2,3,,plan,2026-01-01,C\n"),
        "tasks.csv:2:after",
        "is not a code of tasks.csv",
        "did you mean approval?",
    ),
    "durations out of order": (
        written("tasks.csv", TASKS + "a,A,5,2,3,,plan,2026-01-01,C\n"),
        "tasks.csv:2:weeks_likely",
        "out of order",
        "weeks_low <= weeks_likely",
    ),
    "a lane without its plants table": (
        written("lanes.csv", "plant,market,mode,transit_weeks,source,as_of,grade\nGRAZ,NO,truck,2,rule,2026-01-01,C\n"),
        "lanes.csv:2:plant",
        "needs plants.csv, which is not there",
        "add plants.csv",
    ),
    "a pilot permitted after scaling": (
        replaced("economics.csv", "2027Q3,2027Q4", "2028Q3,2027Q4"),
        "economics.csv:2:earliest_pilot",
        "is after earliest_scale 2027Q4",
        "no later than scaling",
    ),
    "a quarter that is none": (
        replaced("offers.csv", "2027Q1", "2027Q5"),
        "offers.csv:2:available_from",
        "is not a quarter",
        "2027Q1",
    ),
    "a date in another order": (
        replaced("fx.csv", "2025-12-31", "31.12.2025"),
        "fx.csv:2:as_of",
        "is not a date",
        "YYYY-MM-DD",
    ),
    "a day that is not in the calendar": (
        replaced("fx.csv", "2025-12-31", "2025-02-30"),
        "fx.csv:2:as_of",
        "is not a day of the calendar",
        "check month and day",
    ),
    "a channel that is none": (
        replaced("economics.csv", "NO,dealer", "NO,dealers"),
        "economics.csv:2:channel",
        "is not one of own_store, agent, dealer, importer",
        "did you mean dealer?",
    ),
    "neither yes nor no": (
        replaced("markets.csv", "0.1,yes", "0.1,maybe"),
        "markets.csv:5:home",
        "neither yes nor no",
        "yes or no",
    ),
    "two home markets": (
        replaced("markets.csv", "0.02,,", "0.02,yes,"),
        "markets.csv:5:home",
        "second home market beside NO (line 2)",
        "keep one",
    ),
    "features separated by commas": (
        replaced("offers.csv", "lane_keep over", "lane_keep,over"),
        "offers.csv:2",
        "has 10 cells where the header has 9",
        "quote a cell that holds a comma",
    ),
    "a short row": (
        replaced("fx.csv", "NOK,0.086,general knowledge,2025-12-31,B", "NOK,0.086"),
        "fx.csv:2",
        "has 2 cells where the header has 5",
        "add the missing commas",
    ),
    "a table without rows": (
        written("offers.csv", TINY["offers.csv"].splitlines()[0] + "\n"),
        "offers.csv:1",
        "has a header but no rows",
        "add at least one row",
    ),
    "an empty file": (written("offers.csv", ""), "offers.csv:1", "is empty", "write a header line: code,model"),
    "semicolons": (
        written("fx.csv", TINY["fx.csv"].replace(",", ";")),
        "fx.csv:1",
        "separated by semicolons, not commas",
        "export it with commas",
    ),
    "tabs": (
        written("fx.csv", TINY["fx.csv"].replace(",", "\t")),
        "fx.csv:1",
        "separated by tabs",
        "export it with commas",
    ),
    "text that is not UTF-8": (
        written("markets.csv", TINY["markets.csv"].replace("Sweden", "Suède").encode("cp1252")),
        "markets.csv:3",
        "is not UTF-8",
        "Windows-1252",
    ),
    "UTF-16": (
        written("markets.csv", TINY["markets.csv"].encode("utf-16")),
        "markets.csv:1",
        "is UTF-16, not UTF-8",
        "CSV UTF-8",
    ),
    "NUL bytes": (
        written("markets.csv", TINY["markets.csv"].replace("Sweden", "Swe\0den")),
        "markets.csv:3",
        "holds a NUL byte",
        "save the file as UTF-8",
    ),
    "a control character": (
        replaced("markets.csv", "Norway", "Nor\x07way"),
        "markets.csv:2:name",
        "control characters",
        "type the text again",
    ),
    "a quotation mark never closed": (
        replaced("markets.csv", '"Mobility Sweden,\nregistrations"', '"Mobility Sweden'),
        "markets.csv:3",
        "never closed",
        "close it",
    ),
    "text after a quotation": (
        replaced("markets.csv", '\nregistrations"', '"registrations'),
        "markets.csv:3",
        "text outside its quotation marks",
        "quote the whole cell",
    ),
    "a line of two megabytes": (
        written("fx.csv", TINY["fx.csv"] + "x" * 2**21),
        "fx.csv:5",
        "line longer than 1 MB",
        "check that this is the right file",
    ),
    "a row of a gigabyte": (a_row_of_a_gigabyte, "prices.csv:5", "line longer than 1 MB", "no line may be longer"),
    "a file of twenty megabytes": (
        written("fx.csv", TINY["fx.csv"] + "x\n" * (10 * 2**20)),
        "fx.csv",
        "larger than 16 MB",
        "split the launch",
    ),
    "a directory where a table should be": (
        a_directory("fx.csv"),
        "fx.csv",
        "is a directory where a file should be",
        "put the file itself here",
    ),
    "a symbolic link": (a_link("fx.csv"), "fx.csv", "is a symbolic link", "put the file itself here"),
    "a pipe": (a_fifo("fx.csv"), "fx.csv", "is not a regular file", "put the file itself here"),
    "no launch.toml": (removed("launch.toml"), "launch.toml", "is missing", "beachhead new"),
    "no markets": (removed("markets.csv"), "markets.csv", "is missing", "create it"),
    "a workbook in place of a table": (
        written("tariffs.xlsx", b"PK"),
        "tariffs.xlsx",
        "is not read in place of tariffs.csv",
        "save it as tariffs.csv",
    ),
    "a table that hides a second ending": (
        written("stores.csv.txt", STORES),
        "stores.csv.txt",
        "is not read in place of stores.csv",
        "save it as stores.csv",
    ),
    "the second download of a table": (
        written("Lanes (1).csv", ""),
        "Lanes (1).csv",
        "is not read in place of lanes.csv",
        "save it as lanes.csv",
    ),
    "thousands set apart in a list of numbers": (
        written(
            "plants.csv",
            "code,name,country,mode,running,capacity_per_quarter,capital,weeks_low,weeks_likely,weeks_high,"
            "source,as_of,grade\nP1,Plant,CN,greenfield,no,10000,20 500 000,10,20,30,maker,2026-01-01,A\n",
        ),
        "plants.csv:2:capital",
        "has spaces within a number",
        "write 20500000",
    ),
    "a lane over a border of which nothing is told": (
        written(
            "lanes.csv",
            "plant,market,mode,transit_weeks,source,as_of,grade\n"
            "P1,CN,truck,0,rule,2026-01-01,C\nP1,NO,ro_ro,10,rule,2026-01-01,C\nP1,NO,rail,5,rule,2026-01-01,C\n",
            plants="code,name,country,mode,running,capacity_per_quarter,source,as_of,grade\n"
            "P1,Plant,CN,home_export,yes,10000,maker,2026-01-01,A\n",
            tariffs=TARIFFS + "TH,NO,base,1,0.1,,,law,2026-01-01,A\n",
        ),
        "lanes.csv:3:market",
        "lies behind a border, CN to NO, of which tariffs.csv has no row",
        "mend the country of P1 in plants.csv",
    ),
    "a fact that is read by name, misspelt": (
        written("facts.csv", "market,name,value,source,as_of,grade\nNO,gdp_per_head_ppp_usb,90000,bank,2026-01-01,A\n"),
        "facts.csv:2:name",
        "is nearly gdp_per_head_ppp_usd, which is read by that name alone",
        "did you mean gdp_per_head_ppp_usd?",
    ),
    "a region in capitals here and not there": (
        replaced("markets.csv", "Sweden,nordic", "Sweden,Nordic"),
        "markets.csv:3:region",
        "is written nordic on line 2",
        "write it one way",
    ),
    "a bias of a study that is no logarithm": (
        written(
            "responses.csv",
            "study,market,elasticity,price,people,log_sd,bias_mean,source,as_of,grade\n"
            "asked,NO,2.5,480000,400,0.2,20,institute,2026-01-01,B\n",
        ),
        "responses.csv:2:bias_mean",
        "is out of range",
        "-5 to 5",
    ),
    "a misnamed table": (
        lambda folder: (folder / "markets.csv").rename(folder / "market.csv"),
        "market.csv",
        "is not a table of a launch",
        "rename it to markets.csv",
    ),
    "broken TOML": (
        replaced("launch.toml", "quarters = 4", "quarters = = 4"),
        "launch.toml:4",
        "is not valid TOML",
        "write `key = value`",
    ),
    "TOML text without quotation marks": (
        replaced("launch.toml", '"2027Q3"', "2027Q3"),
        "launch.toml:3",
        "is not valid TOML",
        'text in "quotation marks"',
    ),
    "an unknown key": (
        replaced("launch.toml", "cars_per_quarter = [500", "car_per_quarter = [500"),
        "launch.toml:13:limits.car_per_quarter",
        "is not a key",
        "did you mean cars_per_quarter?",
    ),
    "an unknown section": (
        replaced("launch.toml", "[objective]", "[objectives]"),
        "launch.toml:7:objectives",
        "is not a key",
        "did you mean objective?",
    ),
    "a number in quotation marks": (
        replaced("launch.toml", "quarters = 4", 'quarters = "4"'),
        "launch.toml:4:quarters",
        "is not a whole number",
        "without quotation marks",
    ),
    "a discount rate instead of a factor": (
        replaced("launch.toml", 'currency = "EUR"', 'currency = "EUR"\ndiscount_per_quarter = 0.02'),
        "launch.toml:6:discount_per_quarter",
        "is out of range",
        "0.8 to 1",
    ),
    "no number at all in TOML": (
        replaced("launch.toml", "quarters = 4", "quarters = nan"),
        "launch.toml:4:quarters",
        "is not a whole number",
        "write a whole number",
    ),
    "an objective without its quarter": (
        replaced("launch.toml", '"npv"', '"units_by"'),
        "launch.toml:7:objective.by",
        "is missing while kind is units_by",
        "write a quarter",
    ),
    "a goal beyond the horizon": (
        replaced("launch.toml", '"npv"', '"units_by"\nby = "2031Q4"'),
        "launch.toml:9:objective.by",
        "lies outside the quarters planned",
        "from 2027Q3 to 2028Q2",
    ),
    "an unknown objective": (
        replaced("launch.toml", '"npv"', '"npw"'),
        "launch.toml:8:objective.kind",
        "is not one of npv, units_by, target_odds",
        "did you mean npv?",
    ),
    "a target that is not there": (
        replaced("launch.toml", '"npv"', '"target_odds"\ntarget = "top-five"'),
        "launch.toml:9:objective.target",
        "needs targets.csv, which is not there",
        "add targets.csv",
    ),
    "batches that do not grow": (
        replaced("launch.toml", "[objective]", "[pilots]\nbatches = [150, 50]\n\n[objective]"),
        "launch.toml:8:pilots.batches",
        "does not grow from batch to batch",
        "write batches = [50, 150]",
    ),
    "a batch without a car": (
        replaced("launch.toml", "[objective]", "[pilots]\nbatches = 0\n\n[objective]"),
        "launch.toml:8:pilots.batches",
        "is out of range",
        "1 to 100000",
    ),
    "a pilot longer than its quarter": (
        replaced("launch.toml", "[objective]", "[pilots]\nweeks = 26\n\n[objective]"),
        "launch.toml:8:pilots.weeks",
        "is out of range",
        "1 to 13 weeks",
    ),
    "prices of pilots without list price": (
        replaced("launch.toml", "[objective]", "[pilots]\nprice_points = [0.9]\n\n[objective]"),
        "launch.toml:8:pilots.price_points",
        "leaves out list price",
        "write price_points = [0.9, 1.0]",
    ),
    "prices of pilots that do not grow": (
        replaced("launch.toml", "[objective]", "[pilots]\nprice_points = [1.0, 0.9]\n\n[objective]"),
        "launch.toml:8:pilots.price_points",
        "does not grow from price to price",
        "write price_points = [0.9, 1.0]",
    ),
    "a pilot given away": (
        replaced("launch.toml", "[objective]", "[pilots]\nprice_points = [0.0, 1.0]\n\n[objective]"),
        "launch.toml:8:pilots.price_points",
        "is out of range",
        "0.5 to 2",
    ),
    "a pilot at thrice its price": (
        replaced("launch.toml", "[objective]", "[pilots]\nprice_points = [1.0, 3.0]\n\n[objective]"),
        "launch.toml:8:pilots.price_points",
        "is out of range",
        "0.5 to 2",
    ),
    "TOML nested too deep": (
        replaced("launch.toml", "quarters = 4", "quarters = " + "[" * 5000),
        "launch.toml",
        "too large or too deep",
        "write plain keys",
    ),
    "rules in a folder of another name": (
        written("Rules/own.yaml", "x"),
        "Rules",
        "rules lie in a folder called rules",
        "rename it to rules",
    ),
    "a rule in another form": (
        written("rules/own.YAML", "x"),
        "rules/own.YAML",
        "rules are written in YAML",
        "save it as rules/own.yaml",
    ),
    "rules that are no folder": (
        written("rules", "x"),
        "rules",
        "is a file where a folder should be",
        "make it a folder",
    ),
}

MAKES_TWO = {"a misnamed table"}
"""Slips that rightly make two faults: the file that is not known, and the one that is missing."""


@pytest.mark.parametrize("sentence", WRONG)
def test_a_wrong_folder_is_refused_with_its_own_message_and_cure(folder: Path, sentence: str):
    mutate, place, problem, cure = WRONG[sentence]
    mutate(folder)
    faults = check_folder(folder)
    here = [fault for fault in faults if fault.place == place]
    assert len(here) == 1, "\n".join(map(str, faults))
    assert problem in here[0].problem
    assert cure in here[0].cure
    assert len(faults) == 1 + (sentence in MAKES_TWO), "\n".join(map(str, faults))
    with pytest.raises(BadInput):
        read_folder(folder)


def test_a_folder_that_holds_nothing_of_a_launch_is_said_in_one_line_and_not_as_six_missing_files(tmp_path: Path):
    (tmp_path / "readme.txt").write_text("somebody else's folder")
    (fault,) = check_folder(tmp_path)
    assert fault.problem == "holds no launch"
    assert "beachhead new DIR --example xiaomi" in fault.cure
    (tmp_path / "markets.csv").write_text(TINY["markets.csv"])
    assert "is missing" in {one.problem for one in check_folder(tmp_path) if one.file == "launch.toml"}.pop()


def test_the_wrong_folders_differ_in_what_they_are_told():
    assert len(WRONG) >= 20
    told = {(problem, cure) for _, _, problem, cure in WRONG.values()}
    assert len(told) >= 60


def test_a_file_that_may_not_be_read_is_said_so(folder: Path, monkeypatch: pytest.MonkeyPatch):
    plain_open = Path.open

    def refusing(path: Path, *args: Any, **kwargs: Any):
        if path.name == "fx.csv":  # the superuser may read everything, so the refusal is played
            raise PermissionError(13, "Permission denied")
        return plain_open(path, *args, **kwargs)

    monkeypatch.setattr(Path, "open", refusing)
    (fault,) = check_folder(folder)
    assert fault.place == "fx.csv"
    assert "cannot be read (Permission denied)" in fault.problem
    assert "permissions" in fault.cure


def test_a_row_of_a_gigabyte_is_refused_without_being_held(folder: Path):
    a_row_of_a_gigabyte(folder)
    tracemalloc.start()
    check_folder(folder)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 64 * 2**20


def test_what_is_no_folder_is_said_so(tmp_path: Path):
    assert "does not exist" in check_folder(tmp_path / "nowhere")[0].problem
    (tmp_path / "file").write_text("x")
    assert "is not a folder" in check_folder(tmp_path / "file")[0].problem


def test_hundreds_of_faults_are_counted_and_not_all_listed(folder: Path):
    rows = "".join(f"X{i},,none\n" for i in range(1200))
    (folder / "facts.csv").write_text("market,name,value,source,as_of,grade\n" + rows)
    faults = check_folder(folder)
    assert len(faults) == 501
    assert any("more faults than the 500 listed" in fault.problem for fault in faults)


@pytest.mark.parametrize("row", ["x", "Atlantis,a,1,s,2026-01-01,C", "NO,a,1,s,2026-01-01,C", "NO,a,x,s,2026-01-01,C"])
def test_a_table_wrong_throughout_is_given_up(folder: Path, row: str):
    (folder / "facts.csv").write_text("market,name,value,source,as_of,grade\n" + f"{row}\n" * 5000)
    assert len(check_folder(folder)) == 501


def test_a_table_has_no_more_than_a_hundred_thousand_rows(folder: Path):
    rows = "".join(f"NO,f{i},1,rule,2026-01-01,C\n" for i in range(100_002))
    (folder / "facts.csv").write_text("market,name,value,source,as_of,grade\n" + rows)
    (fault,) = check_folder(folder)
    assert (fault.row, "too long" in fault.problem) == (100_003, True)


def test_a_header_of_a_hundred_thousand_columns_is_one_fault(folder: Path):
    (folder / "facts.csv").write_text(",".join(f"c{i}" for i in range(100_000)) + "\n")
    (fault,) = check_folder(folder)
    assert fault.problem == "has 100,000 columns"


def test_assumed_euros_need_a_rate_where_the_launch_counts_in_something_else(folder: Path):
    read = read_folder(folder)
    assert read.euro("costs") == 1.0
    with pytest.raises(BadInput, match=r"costs of approvals are in EUR, of which fx\.csv has no rate"):
        replace(read, rates={"NOK": 1.0}).euro("costs of approvals")


def test_a_path_that_cannot_be_looked_at_is_said_so(tmp_path: Path):
    (fault,) = check_folder(tmp_path / ("x" * 5000))
    assert "cannot be read" in fault.problem


@pytest.mark.parametrize(
    "mutate",
    [
        written("fx.csv", b"\xef\xbb\xbf" + TINY["fx.csv"].encode()),
        written("fx.csv", TINY["fx.csv"].replace("\n", "\r\n")),
        written("fx.csv", TINY["fx.csv"].replace("\n", "\r")),
        written("fx.csv", TINY["fx.csv"].replace("NOK,0.086", " NOK , 0.086 ") + "\n,,,,\n\n"),
        written("approvals.csv", "approval,offer,issuer,granted_on,source,as_of,grade\n"),
        written("notes.csv", "not;ours"),
        written("launch.toml", b"\xef\xbb\xbf" + TINY["launch.toml"].encode()),
    ],
    ids=["byte-order mark", "CRLF", "CR", "spaces and blank lines", "no approvals held", "another file", "TOML mark"],
)
def test_what_is_harmless_is_read(folder: Path, mutate: Callable[[Path], None]):
    expected = read_folder(folder)
    mutate(folder)
    assert read_folder(folder).prices == expected.prices


def test_a_blank_is_unknown_or_the_default_and_never_zero(folder: Path):
    written(
        "stores.csv", STORES.replace("channel,", "channel,count,service_bays,") + "S,NO,dealer,,,rule,2026-01-01,C\n"
    )(folder)
    store = read_folder(folder).rows(StoreRow)[0]
    assert store.count == 1
    assert store.service_bays is None


def test_facts_of_another_year_or_another_kind_are_not_taken_for_a_slip(folder: Path):
    names = ("bev_registered_in_2023_cars", "private_fast_chargers_points", "gdp_per_head_usd", *READ)
    rows = "".join(f"NO,{name},1,bank,2026-01-01,A\n" for name in names)
    (folder / "facts.csv").write_text(f"market,name,value,source,as_of,grade\n{rows}", encoding="utf-8")
    assert not check_folder(folder)
