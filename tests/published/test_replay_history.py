"""The bundled histories say what the sources say."""

import csv
import os
from datetime import date
from pathlib import Path

import pytest

import beachhead

SHARED = Path(os.environ.get("BEACHHEAD_SHARED", Path(__file__).parents[3] / "shared")) / "data" / "registrations"
EXAMPLES = Path(beachhead.__file__).parent / "case" / "examples"


def history(name):
    with (EXAMPLES / name / "history" / "registrations.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def source(file):
    if not (SHARED / file).exists():
        pytest.skip(f"{file} is not at hand")
    with (SHARED / file).open(newline="") as opened:
        return list(csv.DictReader(opened))


def test_every_row_of_byd_stands_in_a_source():
    compiled = {
        (row["country"], row["period"]): {row["bev_n"], row["all_n"]}
        for row in source("oec_brand_period.csv")
        if row["brand"] == "BYD"
    }
    official = {
        (row["country"], row["period"]): row["n"]
        for row in source("official_brand_period_NL_DE_UK_ES_FI_AT.csv")
        if row["brand"].upper() == "BYD"
    }
    for row in history("byd-europe-2021"):
        country = "UK" if row["market"] == "GB" else row["market"]
        month = row["start"][:7]
        if row["end"][5:7] != row["start"][5:7]:
            assert (country, row["start"]) == ("UK", "2023-01-01")
            assert row["registrations"] == official["UK", "2023-Q1"]
        elif row["grade"] == "A":
            assert row["registrations"] == official[country, month]
        else:
            assert row["registrations"] in compiled[country, month]


def test_every_month_of_tesla_stands_in_the_source():
    listed = {
        (int(row["Year"]), int(row["Month"])): row["Quantity"]
        for row in source("norway_new_car_sales_by_make_2007_2017.csv")
        if row["Make"] == "Tesla"
    }
    ours = history("tesla-norway")
    assert {(int(r["start"][:4]), int(r["start"][5:7])): r["registrations"] for r in ours} == listed


def test_norway_is_the_only_market_with_rows_before_june_2022():
    rows = history("byd-europe-2021")
    assert {row["market"] for row in rows if row["start"] < "2022-06-01"} == {"NO"}
    assert min(row["start"] for row in rows) == "2021-08-01"
    assert len({row["market"] for row in rows}) == 15


def test_great_britain_is_quarterly_before_april_2023():
    rows = [row for row in history("byd-europe-2021") if row["market"] == "GB"]
    days = [(date.fromisoformat(row["end"]) - date.fromisoformat(row["start"])).days + 1 for row in rows]
    assert days[0] == 90
    assert rows[1]["start"] == "2023-04-01"
    assert max(days[1:]) == 31


def test_every_row_names_its_source():
    for name in ("byd-europe-2021", "tesla-norway"):
        assert all(row["source"].strip() and row["grade"] in "AB" for row in history(name))
