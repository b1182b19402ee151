"""`beachhead adjust` on the bundled launch, and on a price test that was run."""

import json
from dataclasses import replace
from datetime import date, timedelta

import pytest
from typer.testing import CliRunner

from beachhead.case.belief.believe import read_rows
from beachhead.case.open import open_launch
from beachhead.case.plan.adjust import sold_by_offer
from beachhead.cli.adjust import _settles
from beachhead.cli.app import app
from beachhead.launch.adjust.settling import LEAST_NEWS, Settling
from beachhead.launch.adjust.stake import split_margin
from beachhead.world.errors import BadInput


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    monkeypatch.setenv("BEACHHEAD_NOW", "2027-09-15T09:00:00+00:00")


def run(*words: str) -> str:
    result = CliRunner().invoke(app, [str(word) for word in words])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.output


@pytest.fixture
def folder(tmp_path):
    run("new", tmp_path / "launch", "--example", "xiaomi")
    return tmp_path / "launch"


def market_of(folder, code: str) -> dict:
    return json.loads(run("adjust", folder, "--market", code, "--json"))["markets"][0]


def test_every_market_gets_its_best_change_with_odds_and_what_would_settle_it(folder):
    said = json.loads(run("adjust", folder, "--json"))
    assert said["priced_counts"] == 0
    assert said["converged"]
    gains = [m["best"]["gain"] if m["best"] else 0.0 for m in said["markets"]]
    assert gains == sorted(gains, reverse=True)
    assert gains[0] > 0
    for market in said["markets"]:
        e = market["elasticity"]
        assert 0 < e["low"] < e["median"] < e["high"]
        assert {s["name"] for s in market["settling"]} == {"price test", "choice study"}
        assert all(s["worth"] >= 0 and 0 <= s["odds_after"] <= 1 for s in market["settling"])
        best_gain = market["best"]["gain"] if market["best"] else 0.0
        least = max(LEAST_NEWS * best_gain, 1.0)
        assert [s["could_change"] for s in market["settling"]] == [s["worth"] > least for s in market["settling"]]
        levers = {option["lever"] for option in market["options"]}
        assert {"price", "trim"} <= levers
    assert "What would settle it" in run("adjust", folder, "--market", "NO")


def test_a_price_cut_that_sold_many_more_cars_moves_the_advice(folder, tmp_path):
    before = market_of(folder, "NO")
    lines = ["batch,market,offer,channel,store,start,end,price,currency,reach,orders"]
    for week in range(24):
        start = date(2027, 3, 1) + timedelta(days=7 * week)
        price, orders = (430000, 30) if week % 2 else (395600, 75)  # 8 % apart, week about
        end = start + timedelta(days=6)
        lines.append(f"first,NO,SU7-STD,own_store,,{start},{end},{price},NOK,0.3,{orders}")
    file = tmp_path / "test.csv"
    file.write_text("\n".join(lines) + "\n")
    run("observe", folder, file)
    after = market_of(folder, "NO")
    assert after["contrast"] == pytest.approx(0.0834, abs=0.001)
    assert after["elasticity"]["median"] > 1.3 * before["elasticity"]["median"]
    width = [m["elasticity"]["high"] / m["elasticity"]["low"] for m in (before, after)]
    assert width[1] < width[0]


def test_a_line_of_the_sum_takes_nothing_from_the_mix_that_lines_by_offer_tell(folder, tmp_path):
    """The sum is the demand, and the lines of the offers say who bought what: nobody the standard car."""
    head = "batch,market,offer,channel,store,start,end,reach,orders\n"
    days = "own_store,,2027-03-01,2027-06-30,0.3"
    (tmp_path / "offers.csv").write_text(head + f"first,NO,SU7-MAX,{days},300\nfirst,NO,YU7-MAX,{days},100\n")
    (tmp_path / "sum.csv").write_text(head + f"first,NO,,{days},400\n")
    run("observe", folder, tmp_path / "offers.csv")
    launch = open_launch(folder)
    mix, end = {("NO", "SU7-MAX"): 300, ("NO", "YU7-MAX"): 100}, date(2027, 9, 30)
    assert sold_by_offer(launch, until=end) == mix
    assert sold_by_offer(launch, until=date(2027, 6, 29)) == {}
    told = market_of(folder, "NO")
    run("observe", folder, tmp_path / "sum.csv")
    assert [(count.offer, count.count) for count in read_rows(launch).counts] == [("", 400)]
    assert sold_by_offer(launch, until=end) == mix
    again = market_of(folder, "NO")
    wanted = [next(o["mix"] for o in m["options"] if o["lever"] == "mix") for m in (told, again)]
    assert wanted[1] == pytest.approx(wanted[0], abs=0.02)
    assert wanted[1]["SU7-MAX"] > 0.5


def test_a_study_of_demand_moves_what_is_at_stake_as_it_moves_the_belief(folder):
    before = market_of(folder, "NO")
    head = "study,market,kind,share,sample,bias_mean,bias_sd,source,as_of,grade"
    (folder / "studies.csv").write_text(f"{head}\nown,NO,expert,0.0005,1000,0,0.2,made up,2027-01-01,C\n")
    after = market_of(folder, "NO")
    assert after["cars"] < 0.5 * before["cars"]
    assert after["contribution"] < 0.5 * before["contribution"]


def test_where_sales_have_outgrown_the_market_of_the_tables_the_expected_gain_lies_within_its_interval(
    tmp_path, monkeypatch
):
    monkeypatch.setenv("BEACHHEAD_NOW", "2014-01-10T09:00:00+00:00")
    run("new", tmp_path / "tesla", "--example", "tesla-norway")  # 13 electric cars a year, as of 2006
    lines = ["batch,market,offer,channel,store,start,end,registrations"]
    for month in range(1, 12):
        start, end = date(2013, month, 1), date(2013, month + 1, 1) - timedelta(days=1)
        lines.append(f"first,NO,ROADSTER,own_store,,{start},{end},150")
    (tmp_path / "rows.csv").write_text("\n".join(lines) + "\n")
    run("observe", tmp_path / "tesla", tmp_path / "rows.csv")
    norway = market_of(tmp_path / "tesla", "NO")
    assert norway["cars"] > 500
    for option in norway["options"]:
        assert option["gain_interval"]["low"] < option["gain"] < option["gain_interval"]["high"]


def test_the_home_market_and_unknown_ones_are_refused_with_a_cure(folder):
    with pytest.raises(BadInput, match="is the home market"):
        run("adjust", folder, "--market", "CN")
    with pytest.raises(BadInput, match="'XX' is not a market"):
        run("adjust", folder, "--market", "XX")


def test_an_observation_that_moves_no_odds_to_the_eye_is_told_by_its_worth():
    study = Settling(
        name="choice study",
        deed="a choice study",
        odds_now=0.996,
        odds_after=0.999,
        worth=3.57e6,
        elasticity_sd=0.2,
        could_change=True,
    )
    assert _settles(study, "TRY") == "A choice study would tell most, worth TRY 3.57 M a year."
    assert _settles(replace(study, odds_now=0.71), "TRY").endswith("odds of the right choice from 71 % to >99 %.")


def test_margins_of_the_offers_add_to_the_channels_unit_margin():
    found = split_margin(5000.0, [30000.0, 50000.0], [20000.0, 30000.0], [0.75, 0.25], 0.1)
    assert 0.75 * found[0] + 0.25 * found[1] == pytest.approx(5000.0)
    assert found[1] > found[0]  # dearer by more than its cost
    without = split_margin(5000.0, [30000.0, 50000.0], [20000.0, None], [0.75, 0.25], 0.1)
    assert without[1] / 50000.0 == pytest.approx(without[0] / 30000.0)
