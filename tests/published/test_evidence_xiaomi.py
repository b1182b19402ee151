"""The bundled launch xiaomi says what its sources say, and calls an assumption an assumption."""

import csv
import os
from importlib.resources import files
from pathlib import Path

import pytest

from beachhead.evidence.folder import Folder, read_folder
from beachhead.evidence.row import Sourced
from beachhead.evidence.tables.areas import AREAS
from beachhead.evidence.tables.stores import StoreRow
from beachhead.evidence.tables.targets import TargetRow
from beachhead.evidence.tables.tariffs import TariffRow
from beachhead.world.market import Channel
from beachhead.world.source import Grade

SHARED = Path(os.environ.get("BEACHHEAD_SHARED", Path(__file__).parents[2] / ".." / "shared")) / "data" / "facts"
EU = {
    "AT",
    "BE",
    "BG",
    "HR",
    "CY",
    "CZ",
    "DK",
    "EE",
    "FI",
    "FR",
    "DE",
    "GR",
    "HU",
    "IE",
    "IT",
    "LV",
    "LT",
    "LU",
    "MT",
    "NL",
    "PL",
    "PT",
    "RO",
    "SK",
    "SI",
    "ES",
    "SE",
}
NAMED = {
    "NO",
    "CH",
    "IS",
    "GB",
    "AU",
    "NZ",
    "TH",
    "MY",
    "SG",
    "ID",
    "AE",
    "SA",
    "IL",
    "TR",
    "BR",
    "MX",
    "CL",
    "CA",
    "JP",
    "KR",
}


@pytest.fixture(scope="module")
def launch() -> Folder:
    return read_folder(Path(str(files("beachhead.case").joinpath("examples", "xiaomi"))))


def test_it_reaches_every_market_the_issue_names_and_holds_the_home_market(launch: Folder):
    abroad = {market.code for market in launch.markets if not market.is_home}
    assert abroad >= EU | NAMED
    assert len(abroad) >= 40
    assert [market.code for market in launch.markets if market.is_home] == ["CN"]
    assert str(launch.terms.start) == "2027Q1"


def test_offers_carry_the_published_prices_and_batteries(launch: Folder):
    at_home = {price.offer: price.amount / launch.rates["CNY"] for price in launch.prices if price.market == "CN"}
    assert (min(at_home[c] for c in at_home if c[:3] == "SU7"), max(at_home[c] for c in at_home if c[:3] == "SU7")) == (
        pytest.approx(215_900),
        pytest.approx(299_900),
    )
    assert (min(at_home[c] for c in at_home if c[:3] == "YU7"), max(at_home[c] for c in at_home if c[:3] == "YU7")) == (
        pytest.approx(253_500),
        pytest.approx(329_900),
    )
    battery = {offer.code: offer.battery_kwh for offer in launch.offers}
    assert (battery["SU7-STD"], battery["SU7-MAX"]) == (73.6, 101)


def test_european_duties_are_the_three_scenarios_with_dates(launch: Folder):
    assert set(AREAS["EU"]) == EU
    rows = [row for row in launch.rows(TariffRow) if row.origin == "CN" and row.destination == "EU"]
    now = {row.scenario: row for row in rows if str(row.valid_from) == "2024-10-30"}
    assert {name: row.duty for name, row in now.items()} == {
        "all_others": 0.453,
        "cooperating": 0.307,
        "minimum_price": 0.10,
    }
    assert sum(row.odds for row in now.values()) == pytest.approx(1)
    assert {str(row.valid_to) for row in now.values()} == {"2029-10-29"}
    assert now["minimum_price"].minimum_price is not None


def test_every_market_has_every_channel_and_every_offer_a_price(launch: Folder):
    for market in launch.markets:
        channels = {row.channel for row in launch.economics if row.market == market.code}
        assert channels == ({Channel.OWN_STORE} if market.is_home else set(Channel))
        assert len([price for price in launch.prices if price.market == market.code]) == len(launch.offers)


def test_an_assumption_states_its_rule_and_a_fact_names_its_source(launch: Folder):
    for name, rows in launch.tables.items():
        for row in rows:
            assert isinstance(row, Sourced)
            if row.grade is Grade.C:
                hedges = ("assum", "taken as", "recalled", "to be verified", "at the same rate")
                assert any(word in row.source for word in hedges), f"{name}: {row.source}"
            assert len(row.source) >= 12, f"{name}: {row.source}"


def test_where_stores_stand_is_an_assumption_not_a_fact(launch: Folder):
    stores = launch.rows(StoreRow)
    assert sum(store.count for store in stores) >= 100
    assert {store.grade for store in stores} == {Grade.C}


def test_targets_rise_when_they_are_met(launch: Folder):
    targets = {target.code: target for target in launch.rows(TargetRow)}
    assert targets["abroad-130k"].after == ("abroad-100k",)
    assert (targets["abroad-100k"].amount, targets["abroad-130k"].amount) == (100_000, 130_000)
    assert (targets["top-five"].amount, str(targets["top-five"].by)) == (5, "2030Q4")


def test_some_markets_look_good_some_bad_and_many_open(launch: Folder):
    """Yearly margin at the median newcomer's 1 % of the market against the yearly opex, best channel."""
    covers = []
    for market in launch.markets:
        if not market.is_home:
            rows = [row for row in launch.economics if row.market == market.code]
            sold = 0.01 * market.bev_per_year
            covers.append(max(row.reach * row.unit_margin * sold / (4 * row.opex_per_quarter) for row in rows))
    assert sum(cover < 0.25 for cover in covers) >= 5
    assert sum(cover > 1 for cover in covers) >= 5
    assert sum(0.25 <= cover <= 1 for cover in covers) >= 10


@pytest.mark.skipif(not SHARED.exists(), reason="the shared data are not on this machine")
def test_registrations_and_duties_agree_with_the_files_they_were_read_from(launch: Folder):
    with (SHARED / "country_facts.csv").open(encoding="utf-8") as stream:
        read = {row["iso2"]: row for row in csv.DictReader(stream)}
    for market in launch.markets:
        if market.source.grade is Grade.A:
            assert market.bev_per_year == pytest.approx(float(read[market.code]["bev_regs_2025"]), abs=1)
    with (SHARED / "tariffs_china_bev_2026.csv").open(encoding="utf-8") as stream:
        duties = {row["market"]: float(row["total_border_duty_pct"]) / 100 for row in csv.DictReader(stream)}
    rows = [row for row in launch.rows(TariffRow) if row.origin == "CN" and row.valid_to is None]
    for row in rows:
        if row.destination != "EU":
            assert row.duty == pytest.approx(duties[row.destination]), row.destination
