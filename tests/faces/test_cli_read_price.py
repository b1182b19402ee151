"""Rows that state another price than prices.csv are read as demand at list price."""

import json
import shutil
from datetime import date, timedelta
from math import log
from pathlib import Path

import pytest
from typer.testing import CliRunner

import beachhead.case.new as new_module
from beachhead.cli.app import app

FIRST = date(2027, 1, 4)
LIST = 450_000
CARS = (9, 12, 10, 8, 11, 10)


@pytest.fixture
def read(tmp_path, monkeypatch):
    """Sends six weeks of Norway's first batch at a price, and reads them."""
    monkeypatch.setenv("BEACHHEAD_NOW", "2027-02-20T12:00:00+00:00")

    def said(price, *words, currency="NOK"):
        folder = tmp_path / f"at-{price}-{currency}"
        if not folder.exists():
            shutil.copytree(Path(new_module.__file__).parent / "examples/starter", folder)
            lines = ["batch,market,offer,channel,store,start,end,reach,orders,price,currency"]
            for week, cars in enumerate(CARS):
                start = FIRST + timedelta(days=7 * week)
                end, money = start + timedelta(days=6), f"{price},{currency}" if price else ","
                lines.append(f"first,NO,ONE,own_store,,{start},{end},0.05,{cars},{money}")
            file = tmp_path / f"{price}.csv"
            file.write_text("\n".join(lines) + "\n")
            sent = CliRunner().invoke(app, ["observe", str(folder), str(file), "--who", "me"])
            assert sent.exit_code == 0, sent.output
        result = CliRunner().invoke(app, ["read", str(folder), *words])
        assert result.exit_code == 0, result.output
        return result.output

    return said


def norway(text):
    return next(row for row in json.loads(text)["markets"] if row["market"] == "NO")


def test_rows_at_list_price_read_as_rows_that_state_none(read):
    assert norway(read(LIST, "--json")) == norway(read(None, "--json"))


def test_rows_at_a_tenth_off_say_less_of_demand_at_list_price_and_less_exactly(read):
    plain, cheap = norway(read(LIST, "--json")), norway(read(405_000, "--json"))
    assert cheap["median"] < 0.85 * plain["median"]
    assert log(cheap["high"] / cheap["low"]) > log(plain["high"] / plain["low"])
    said = json.loads(read(405_000, "--json"))
    assert {count["price_point"] for count in said["counts"]} == {0.9}
    assert "NO: 60 counted at 90 % of list price; list price would have sold 66 % of that" in said["allowed_for"][0]
    assert "Allowed for: NO: 60 counted at 90 %" in " ".join(read(405_000).split())


def test_a_price_that_cannot_be_meant_is_named_and_its_rows_say_nothing(read):
    said = json.loads(read(LIST, "--json", currency="EUR"))
    assert said["counts"] == []
    assert "it was sold at 1,176 % of list price; check its price, its currency and prices.csv" in said["left_out"][0]
