"""Launches of odd shape: what is said of them fits what they are."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from beachhead.case.new import new_launch
from beachhead.case.plan.research import screen_said
from beachhead.case.plan.shut import Bar, Shut
from beachhead.cli.app import app
from beachhead.launch.bound.certificate import Certificate
from beachhead.launch.estimate import Estimate
from beachhead.launch.information.research import Screened
from beachhead.launch.plan.headline import worth
from beachhead.launch.plan.reason import Figure, Reason, sentence
from beachhead.launch.question.action import ActionKind
from beachhead.world.quarter import Quarter

NAMES = {code: f"Land {code}" for code in "ABC"} | {f"M{k}": f"Land {k}" for k in range(12)}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return new_launch(tmp_path / "launch", "starter")


def said(*words: object) -> str:
    return " ".join(CliRunner().invoke(app, [str(word) for word in words]).output.split())


def written(folder: Path, file: str, old: str, new: str) -> Path:
    path = folder / file
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))
    return folder


def screened(market: str, score: float, top_odds: float = 1.0, *, can_open: bool = True) -> Screened:
    return Screened(
        market=market,
        rank=1,
        rank_low=1,
        rank_high=3,
        top_odds=top_odds,
        score=score,
        score_low=-0.3,
        score_high=3.0,
        demand_worth=1e6,
        can_open=can_open,
    )


def test_markets_that_lose_money_at_their_median_are_not_called_best_without_saying_so():
    assert screen_said([screened("A", 0.2), screened("B", 0.1)], NAMES) == "Best to look at: Land A and Land B."
    mixed = screen_said([screened("A", 0.2), screened("B", -0.1), screened("C", -0.2)], NAMES)
    assert mixed == (
        "Best to look at: Land A. At median demand Land B and Land C, next in order, do not cover their fixed cost."
    )
    poor = screen_said([screened("A", -0.1)], NAMES)
    assert poor == "Best to look at, though none covers its fixed cost at its median demand: Land A."


def test_a_market_that_is_shut_is_not_best_to_look_at_and_is_told_what_would_open_it(folder):
    screen = [screened("A", 0.9, can_open=False), screened("B", 0.2), screened("C", 0.1, can_open=False)]
    shut = [
        Shut(market="A", bar=Bar.DATES, opens=Quarter(year=2035, number=1)),
        Shut(market="C", bar=Bar.APPROVALS, opens=None),
    ]
    text = screen_said(screen, NAMES, shut)
    assert text.startswith("Best to look at: Land B. Land A is shut: earliest_scale of economics.csv says 2035Q1")
    assert "Land C is shut until the approvals are settled: `beachhead comply`" in text
    assert screen_said(screen[:1], NAMES, shut[:1]).startswith("No market can be scaled within the plan's horizon")
    table = (folder / "economics.csv").read_text()
    (folder / "economics.csv").write_text(
        re.sub(r"^(PT,.*),2027Q\d,2027Q\d,", r"\1,2035Q1,2035Q1,", table, flags=re.MULTILINE)
    )
    text = said("research", folder)
    assert "Portugal" not in text.split(". ")[0]
    assert "Portugal is shut: earliest_scale of economics.csv says 2035Q1" in text
    written(folder, "offers.csv", "2027Q1", "2040Q1")
    text = said("research", folder)
    assert re.search("(Norway|Sweden) and (Norway|Sweden) are shut: no offer can be sold there", text)


def test_a_market_whose_channels_take_no_capital_is_screened_by_its_fixed_cost(folder):
    written(folder, "economics.csv", "NO,own_store,,40000000,", "NO,own_store,,0,")
    written(folder, "economics.csv", "NO,dealer,,20000000,", "NO,dealer,,0,")
    assert re.search(r"\d Norway 1-3 \+\d+ %", said("research", folder))


def test_a_launch_whose_channels_take_no_capital_at_all_is_planned(folder):
    rows = (folder / "economics.csv").read_text()
    (folder / "economics.csv").write_text(re.sub(r"^(\w\w,\w+,\w*),\d+,", r"\1,0,", rows, flags=re.MULTILINE))
    assert "Expected value" in said("plan", folder, "--worlds", "2")


def test_being_among_the_first_ten_is_said_only_where_there_are_more():
    few = [screened(f"M{k}", 0.5) for k in range(10)]
    assert "first" not in screen_said(few, NAMES)
    many = [*few[:1], *(screened(f"M{k}", 0.5, 0.4) for k in range(1, 12))]
    assert screen_said(many, NAMES).endswith("Of the first 10, 1 is there with odds of 90 % or more.")


def test_a_launch_whose_last_quarter_is_over_is_told_so_with_the_day_to_plan_it_on(folder, monkeypatch):
    monkeypatch.setenv("BEACHHEAD_NOW", "2031-02-01T12:00:00+00:00")
    text = said("check", folder)
    assert "The last quarter planned, 2029Q4, is over" in text
    assert text.endswith("--on 2027-01-01")
    refused = CliRunner().invoke(app, ["plan", str(folder)]).exception
    assert "--on" in str(getattr(refused, "hint", ""))


def test_a_launch_without_a_car_in_any_quarter_is_a_fault_with_its_cure(folder):
    written(folder, "launch.toml", "cars_per_quarter = [10_000, 11_000, 12_000]", "cars_per_quarter = 0")
    assert "leaves no car to sell in any quarter: write how many the plants can deliver" in said("check", folder)


def certificate(value: float, bound: float, se: float = 0.0) -> Certificate:
    return Certificate(
        value=Estimate(mean=value, se=se, count=24),
        bound=Estimate(mean=bound, se=se, count=240),
        gap=Estimate(mean=bound - value, se=se, count=24),
        share=value / bound if bound else None,
        method="by hand",
    )


def test_a_plan_that_can_earn_nothing_states_no_share_of_nothing():
    nothing = certificate(0.0, 0.0)
    assert worth(nothing, "EUR") == "No plan can earn anything within these limits (by hand; 240 worlds bounded)."
    entered = replace(nothing, committed=Estimate(mean=5e6, se=1e5, count=24))
    assert "markets entered already are worth EUR 5.00 M" in worth(entered, "EUR")


def test_a_value_below_nothing_is_no_share_of_the_bound():
    text = worth(certificate(-6e5, 1.7e7, 4e6), "EUR")
    assert "of which it is not shown to reach any" in text
    assert "-4 %" not in text
    assert "Doing nothing more" not in text, "within its error it may be worth something"
    assert "Doing nothing more would earn more than this plan" in worth(certificate(-6e5, 1.7e7, 1e5), "EUR")


def test_an_override_without_a_channel_is_told_which_there_are(folder, monkeypatch):
    written(folder, "launch.toml", "capital_per_year = 60e6", "capital_per_year = 0")  # so nothing is proposed
    monkeypatch.setenv("BEACHHEAD_NOW", "2027-01-05T12:00:00+00:00")
    said("plan", folder, "--worlds", "2")
    words = ["decide", str(folder), "--override", "NO=pilot:150", "--because", "stores"]
    refused = CliRunner().invoke(app, words).exception
    assert str(refused).startswith("NO='pilot:150' names no channel, and the plan proposes none")
    assert "write NO=pilot:150:dealer or NO=pilot:150:own_store" in str(refused)


def test_what_waits_for_nothing_is_not_told_what_waiting_is_worth():
    figures = (Figure(name="odds_of_break_even", value=0.22), Figure(name="value_of_waiting", value=0.0))
    waits = Reason(market="NO", kind=ActionKind.WAIT, figures=figures, blocked="nothing may be sold within the horizon")
    assert sentence(waits, "EUR") == "22 % odds of breaking even (nothing may be sold within the horizon)"
    worth_it = replace(waits, figures=(figures[0], replace(figures[1], value=4e6)), blocked="")
    assert sentence(worth_it, "EUR").endswith("waiting is worth up to EUR 4.00 M by itself")


def test_a_requirement_on_where_a_car_is_built_is_unknown_while_nobody_has_told_where(folder):
    written(folder, "markets.csv", ",yes,", ",no,")
    text = said("comply", folder, "--market", "NO", "--why", "EXPLIC", "--on", "2027-01-01")
    assert "unknown" in text
    assert "where this one comes from is not told: add the home market to markets.csv" in text


def test_a_feature_that_alone_shuts_the_sale_is_named_with_its_cure(folder):
    text = said("comply", folder, "--market", "NO", "--on", "2027-01-01")
    assert "no way on record to show PLUG (declare ccs2 among the offer's features)" in text
    assert "STEER (declare lhd or rhd among the offer's features)" in text


def test_a_launch_without_a_car_abroad_gets_no_table_of_its_workshops(folder):
    examples = Path(new_launch(folder.parent / "other", "xiaomi"))
    for table in ("service.csv", "parts.csv"):
        (folder / table).write_bytes((examples / table).read_bytes())
    written(folder, "launch.toml", "capital_per_year = 60e6", "capital_per_year = 0")
    shown = said("service", folder, "--draws", "2", "--on", "2027-01-01")
    assert "nothing to serve yet" in shown
    assert "jobs a week" not in shown


def test_a_programme_on_which_nobody_reports_says_that_it_shows_how_it_stood_then(folder, monkeypatch):
    examples = Path(new_launch(folder.parent / "other", "xiaomi"))
    (folder / "roles.csv").write_bytes((examples / "roles.csv").read_bytes())
    lines = (examples / "tasks.csv").read_text().splitlines()[:3]
    (folder / "tasks.csv").write_text("\n".join(lines) + "\n")
    monkeypatch.setenv("BEACHHEAD_NOW", "2026-11-22T12:00:00+00:00")
    text = said("programme", "status", folder)
    assert "for 46 weeks, so this is how it stood then. `--on 2026-11-22` shows it as of today" in text
    assert "stood then" not in said("programme", "status", folder, "--on", "2026-11-22")
    monkeypatch.setenv("BEACHHEAD_NOW", "2026-01-10T12:00:00+00:00")
    assert "stood then" not in said("programme", "status", folder)


def test_a_share_of_the_bound_is_said_as_a_bound_is_said():
    assert "so more than 99 % of the best possible" in worth(certificate(99.7, 100.0, 1.0), "EUR")
    assert "so at least 91 % of the best possible" in worth(certificate(91.0, 100.0, 1.0), "EUR")
    assert "at least 0 %" not in worth(certificate(0.0, 100.0, 1.0), "EUR")


def test_a_market_that_sells_or_was_left_is_told_so_where_others_are_told_why_they_wait():
    expected = Figure(name="expected_demand", value=1234.0)
    sells = Reason(market="NO", kind=ActionKind.WAIT, figures=(expected,))
    assert sentence(sells, "EUR") == "it goes on selling, 1,230 cars expected in the coming year at full scale"
    assert sentence(replace(sells, figures=()), "EUR") == "it was left"


def test_news_for_other_markets_is_not_told_where_there_are_none():
    figures = (Figure(name="own_news", value=4e6), Figure(name="news_for_others", value=0.0))
    pilot = Reason(market="NO", kind=ActionKind.PILOT, figures=figures)
    assert sentence(pilot, "EUR") == "what it teaches is worth EUR 4.00 M here"


def test_odd_reports_of_progress_are_all_told_at_their_rows(folder):
    examples = Path(new_launch(folder.parent / "other", "xiaomi"))
    (folder / "roles.csv").write_bytes((examples / "roles.csv").read_bytes())
    lines = (examples / "tasks.csv").read_text().splitlines()[:3]
    (folder / "tasks.csv").write_text("\n".join(lines) + "\n")
    rows = "task,on,started_on,left_likely\nproject-office,2026-03-01,,2\nmarket-research,2026-03-01,2026-05-05,2\n"
    (folder / "reports.csv").write_text(rows)
    words = ["programme", "update", str(folder), "--file", str(folder / "reports.csv"), "--on", "2026-06-01"]
    refused = CliRunner().invoke(app, words).exception
    first, second = (str(fault) for fault in refused.faults)
    assert first.startswith("reports.csv:2:started_on: has weeks left, but has not begun: say when it began")
    assert second.startswith("reports.csv:3:started_on: began on 2026-05-05, after the report of 2026-03-01")
