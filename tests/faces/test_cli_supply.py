"""`beachhead supply` on a small launch: sentences, JSON, algebra, and what is wrong said with its cure."""

import csv
import json
import re
import shutil
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from beachhead.case.open import Launch, open_launch
from beachhead.case.plan.planning import is_stale, make_plan, put_question
from beachhead.case.supply.answer import Supplied, ask_supply, build_network, keep_supply, terms_of
from beachhead.cli.app import app
from beachhead.evidence.tables.tariffs import TariffRow
from beachhead.supply.plan import Depth
from beachhead.world.errors import BadInput, NotFeasible
from beachhead.world.outlook import Outlook

EXAMPLE = Path(__file__).parents[2] / "src" / "beachhead" / "case" / "examples" / "xiaomi"
KEPT = {"NO", "DE", "ES", "TR", "CN", "EU"}
KEPT_MARKETS = KEPT - {"EU"}
DAY = date(2027, 1, 5)
PLANTS = {"BEIJING", "GRAZ", "BARCELONA"}
OFFERS = {"SU7-STD", "YU7-STD"}
CUT = tuple(
    f"{name}.csv" for name in ("markets", "economics", "prices", "facts", "lanes", "plants", "offers", "tariffs")
)
FEW = ("--draws", "6", "--no-what-if")


@pytest.fixture(scope="module")
def small(tmp_path_factory) -> Path:
    """The bundled launch cut down to four destinations, home, two offers and three plants."""
    folder = tmp_path_factory.mktemp("supply")
    for name in (*CUT, "launch.toml", "fx.csv", "fx_scenarios.csv"):
        shutil.copy(EXAMPLE / name, folder / name)
    for name in CUT:
        keep_rows(folder / name)
    terms = (folder / "launch.toml").read_text(encoding="utf-8").replace("quarters = 20", "quarters = 12")
    (folder / "launch.toml").write_text(terms, encoding="utf-8")
    return folder


@pytest.fixture
def launch(small, tmp_path) -> Path:
    shutil.copytree(small, tmp_path / "launch")
    return tmp_path / "launch"


def keep_rows(file: Path) -> None:
    """Rows that name a market, plant or offer left out go."""
    with file.open(encoding="utf-8", newline="") as handle:
        head, *rows = list(csv.reader(handle))
    columns = {"market": KEPT, "destination": KEPT, "plant": PLANTS, "offer": OFFERS}
    columns["code"] = {"markets.csv": KEPT, "plants.csv": PLANTS, "offers.csv": OFFERS}.get(file.name, set())
    tests = [(head.index(column), kept) for column, kept in columns.items() if column in head]
    with file.open("w", encoding="utf-8", newline="") as handle:
        csv.writer(handle, lineterminator="\n").writerows(
            [head, *(row for row in rows if all(row[place] in kept for place, kept in tests))]
        )


def change(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")


def run(*words: object) -> str:
    result = CliRunner().invoke(app, [str(word) for word in words])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.output


def test_supply_says_what_to_commit_to_what_it_is_worth_and_where_routes_switch(launch):
    said = run("supply", launch, *FEW)
    for words in ("Expected contribution EUR", "(VSS)", "(EVPI)", "Odds of having committed", "EU: what wins"):
        assert words in said
    assert max(len(line) for line in said.splitlines()) <= 100


def test_a_market_that_no_car_reaches_is_said_to_get_none_and_whose_margin_stands_there(launch):
    file = launch / "lanes.csv"
    with file.open(encoding="utf-8", newline="") as handle:
        head, *rows = list(csv.reader(handle))
    place = head.index("capacity_per_quarter")
    rows = [[*row[:place], "0", *row[place + 1 :]] if "NO" in row else row for row in rows]
    with file.open("w", encoding="utf-8", newline="") as handle:
        csv.writer(handle, lineterminator="\n").writerows([head, *rows])
    said = run("supply", launch, *FEW)
    row = next(line for line in said.splitlines() if line.startswith(" Norway"))
    assert "none arrive" in row
    assert "where none arrive, what the cheapest open route would give" in " ".join(said.split())


def test_the_json_answer_holds_bounds_odds_margins_and_capacity(launch):
    answer = json.loads(run("supply", launch, *FEW, "--json", "--market", "ES"))
    assert answer["value"]["low"] <= answer["value"]["high"]
    assert answer["gap"] <= 1e-3
    assert len(answer["quarters"]) == 12
    assert {plant["code"] for plant in answer["plants"]} == PLANTS
    assert all(0 <= odds <= 1 for plant in answer["plants"] for odds in plant["odds_by_gate"])
    spain = next(market for market in answer["markets"] if market["market"] == "ES")
    assert len(spain["margin"]) == 12
    assert answer["worth"]["of_perfect_information"]["high"] >= 0
    borders = {(route["plant"], route["border"]) for route in answer["routes"]}
    assert ("GRAZ", "none") in borders
    assert ("BEIJING", "45.3 %, if all_others, to 2029Q4") in borders
    beijing = next(route for route in answer["routes"] if route["plant"] == "BEIJING" and "45.3 %" in route["border"])
    columns = [beijing[name] for name in ("ex_works", "freight", "duty", "carrying")]
    landed = [sum(parts) for parts in zip(*columns, strict=True) if None not in parts]
    assert landed == pytest.approx([cost for cost in beijing["landed"] if cost is not None])


def test_the_same_folder_gives_the_same_answer(launch):
    assert run("supply", launch, *FEW, "--json") == run("supply", launch, *FEW, "--json")


@pytest.fixture(scope="module")
def worked_out(small, tmp_path_factory) -> Supplied:
    path = tmp_path_factory.mktemp("answered") / "launch"
    shutil.copytree(small, path)
    return ask_supply(open_launch(path), on=DAY, draws=6, what_if=False, depth=Depth(threads=1))


@pytest.fixture
def answered(launch, worked_out) -> tuple[Path, Launch, Supplied]:
    """A launch of its own, with the answer that nobody has kept yet."""
    return launch, open_launch(launch), worked_out


def test_what_supply_hands_back_replaces_margins_by_scenario_and_adds_cars(answered):
    _, opened, supplied = answered
    terms = terms_of(opened, supplied)
    before = put_question(opened, on=DAY, count_on_supply=False).problem
    after = put_question(opened, on=DAY, supply=terms).problem
    best = {
        market: max(r.unit_margin for r in opened.folder.economics if r.market == market) for market in KEPT_MARKETS
    }
    for g, course in enumerate(terms.courses):
        for m, code in enumerate(after.markets):
            row = course.margin[terms.markets.index(code)]
            known = np.isfinite(row)
            gained = after.terms.scenario_margin[g, m, 0] - before.terms.margin[m, 0]
            assert gained[known] == pytest.approx(row[known] - best[code])
            assert (gained[~known] == 0).all()
    assert after.terms.scenario_odds.sum() == pytest.approx(1)
    assert after.quarters[after.terms.scenario_known] == max(f.known_from for f in supplied.plan.network.forks)
    assert after.terms.cars_cap - before.terms.cars_cap == pytest.approx(supplied.handback.added)
    # supply and plan agree on what an exported car earns, so exporting everything changes nothing
    codes = [market.code for market in supplied.plan.network.markets]
    assert supplied.handback.exported[codes.index("NO")].mean() == pytest.approx(best["NO"], rel=1e-6)


def test_a_plan_counts_on_the_answer_kept_until_its_tables_change(answered, tmp_path):
    path, opened, supplied = answered
    plain = make_plan(opened, on=DAY, worlds=4, who="ann", at=datetime(2027, 1, 5, 9, tzinfo=UTC))
    assert not any("supply" in note for note in plain.record.notes)
    keep_supply(opened, supplied, who="ann", at=datetime(2027, 1, 5, 10, tzinfo=UTC))
    assert is_stale(opened, plain)
    counted = make_plan(opened, on=DAY, worlds=4, who="ann", at=datetime(2027, 1, 5, 11, tzinfo=UTC))
    assert "Counts on supply's answer: margins in" in counted.record.notes[-1]
    assert counted.record.problem != plain.record.problem
    assert not is_stale(opened, counted)
    when = keep_supply(opened, supplied, who="ann", at=datetime(2027, 1, 5, 12, tzinfo=UTC)).known_from
    late = put_question(opened, on=when.first_day).notes[-1]
    assert late.startswith(f"By {when} everybody knows how duties and currencies went")
    change(path / "tariffs.csv", "CN,NO,,expected,1,,0,", "CN,NO,,expected,1,,0.05,")
    later = open_launch(path)
    note = put_question(later, on=DAY).notes[-1]
    assert note.startswith("Supply's answer of 2027-01-05 is left out: tariffs.csv has changed since")
    assert np.array_equal(
        put_question(later, on=DAY).problem.terms.margin,
        put_question(later, on=DAY, count_on_supply=False).problem.terms.margin,
    )


def test_supply_asks_its_first_question_without_its_last_answer(answered):
    _, opened, supplied = answered
    keep_supply(opened, supplied, who="ann", at=datetime(2027, 1, 6, 10, tzinfo=UTC))
    again = ask_supply(opened, on=DAY, draws=6, what_if=False, depth=Depth(threads=1))
    assert np.array_equal(again.planned.values, supplied.planned.values)


def test_the_second_pass_plans_on_what_the_first_handed_back(launch):
    twice = ask_supply(open_launch(launch), on=DAY, draws=6, what_if=False, depth=Depth(threads=1), passes=2)
    assert twice.before is not None
    assert twice.before.before is None
    assert not np.array_equal(twice.planned.values, twice.before.planned.values)


def test_a_border_that_is_sure_today_and_open_later_is_no_fork_today(launch):
    opened = open_launch(launch)
    row = next(row for row in opened.folder.rows(TariffRow) if row.scenario == "expected")
    sure = row.model_copy(update={"scenario": "as_now", "valid_to": date(2027, 12, 31)})
    later = {"valid_from": date(2028, 1, 1), "valid_to": None, "odds": 0.5}
    either = [sure.model_copy(update=later | {"scenario": name, "duty": duty}) for name, duty in (("a", 0), ("b", 1))]
    never = sure.model_copy(update=later | {"scenario": "c", "odds": 0.0, "duty": 9})
    tables = dict(opened.folder.tables) | {"tariffs": (sure, *either, never)}
    asked = replace(opened, folder=replace(opened.folder, tables=tables))
    problem = put_question(opened, on=DAY, count_on_supply=False).problem
    cars = np.ones((4, len(problem.markets), len(problem.quarters)))
    planned = Outlook(values=cars, markets=problem.markets, quarters=problem.quarters, seed=1)
    network, _ = build_network(asked, problem, 4, 0.0, planned)
    fork = f"{row.origin}-{row.destination}"
    assert [(made.duty, made.turn and made.turn.label) for made in network.tariffs] == [
        (row.duty, None),
        (0, "a"),
        (1, "b"),
    ]
    assert {made.name: made.labels for made in network.forks if made.name == fork} == {fork: ("a", "b")}


def test_the_model_is_written_on_request(launch, tmp_path):
    said = run("supply", launch, "--draws", "4", "--write", tmp_path / "model.lp")
    assert "Wrote the extensive form" in said
    text = (tmp_path / "model.lp").read_text()
    assert "commit_GRAZ_n0" in text
    assert "deliver_BEIJING_CN_truck_SU7.STD_2027Q3_d1" in text
    with pytest.raises(BadInput, match="does not say its format"):
        run("supply", launch, "--write", tmp_path / "model.txt")


def test_firm_needs_that_cannot_be_met_name_the_rows_in_conflict(launch):
    change(launch / "plants.csv", "home_export,yes,,150000", "home_export,yes,,60000")
    with pytest.raises(NotFeasible) as caught:
        run("supply", launch, *FEW, "--firm", "1")
    assert "China needs" in caught.value.message
    assert "Beijing Yizhuang F1 and F2 can make 60,000" in caught.value.message


def test_a_market_whose_quota_admits_few_says_what_share_does_not_arrive(launch):
    file = launch / "lanes.csv"
    with file.open(encoding="utf-8", newline="") as handle:
        head, *rows = list(csv.reader(handle))
    place = head.index("capacity_per_quarter")
    rows = [[*row[:place], "10", *row[place + 1 :]] if "NO" in row else row for row in rows]
    with file.open("w", encoding="utf-8", newline="") as handle:
        csv.writer(handle, lineterminator="\n").writerows([head, *rows])
    said = run("supply", launch, *FEW)
    norway = said[said.index("\n Norway") :].split("\n Germany")[0]
    assert re.search(r"\d\d %\s+do not", " ".join(norway.split())), norway
    assert max(len(line) for line in said.splitlines()) <= 100


def test_a_launch_without_plants_or_costs_is_told_what_to_add(launch):
    (launch / "plants.csv").unlink()
    (launch / "lanes.csv").unlink()
    with pytest.raises(BadInput) as caught:
        run("supply", launch)
    assert [fault.file for fault in caught.value.faults] == ["lanes.csv", "plants.csv"]


def test_tables_that_lack_are_told_before_any_future_is_played(launch):
    (launch / "plants.csv").unlink()
    played = []
    with pytest.raises(BadInput):
        ask_supply(open_launch(launch), tick=lambda *done: played.append(done))
    assert not played


def test_a_market_without_a_lane_is_named(launch):
    lanes = launch / "lanes.csv"
    lanes.write_text("".join(row for row in lanes.read_text().splitlines(keepends=True) if ",NO," not in row))
    said = run("supply", launch, *FEW)
    assert "No lane leads to Norway" in said
    assert [row.split()[-5:] for row in said.splitlines() if "none arrive" in row and "Norway" in row] == [["-"] * 5]


def test_a_border_that_no_row_opens_for_a_while_is_named(launch):
    change(launch / "tariffs.csv", "CN,NO,,expected,1,,0,,,,,,,,,,,", "CN,NO,,expected,1,,0,,,,,,,,,,,2029-02-01")
    said = " ".join(run("supply", launch, *FEW).split())
    assert (
        "tariffs.csv has no row in force from CN to NO in 9 quarters, 2027Q1 to 2029Q1: no car can come that way"
        in said
    )
