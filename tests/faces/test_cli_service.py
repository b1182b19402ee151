"""`beachhead service` on a small launch: forecasts, workshop files and their refusals, quality, readiness."""

import csv
import json
import shutil
from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from beachhead.case.aftersales import SURVIVAL, ask_service, keep_service
from beachhead.case.open import open_launch
from beachhead.case.plan.planning import is_stale, make_plan, put_question
from beachhead.case.quality.judge import READY, judge_quality
from beachhead.case.quality.workshop import send_workshop, workshop
from beachhead.case.rows.observe import observe
from beachhead.cli.app import app
from beachhead.cli.service import View, headline, service_answer, show_service
from beachhead.evidence.folder import check_folder
from beachhead.launch.judge.judge import judge
from beachhead.launch.question.gate import Verdict
from beachhead.web.pages.aftersales import _orders
from beachhead.world.errors import BadInput, NotFeasible
from beachhead.world.quarter import Quarter

EXAMPLE = Path(__file__).parents[2] / "src" / "beachhead" / "case" / "examples" / "xiaomi"
KEPT = {"NO", "DE", "TR", "CN"}
DAY = date(2027, 9, 1)
AT = datetime(2027, 9, 1, 12, tzinfo=UTC)
CARS = "car,market,delivered,gone,revision\n"
CLAIMS = "claim,car,market,opened,part,fault\n"
JOBS = "job,car,market,called,started,done,part,parts_wait_days,satisfaction\n"


@pytest.fixture(scope="module")
def small(tmp_path_factory) -> Path:
    """The bundled launch cut down to three destinations and home."""
    folder = tmp_path_factory.mktemp("service")
    for name in ("launch.toml", "fx.csv", "offers.csv", "service.csv", "parts.csv"):
        shutil.copy(EXAMPLE / name, folder / name)
    for name in ("markets", "economics", "prices", "facts"):
        with (EXAMPLE / f"{name}.csv").open(encoding="utf-8", newline="") as handle:
            head, *rows = list(csv.reader(handle))
        place = head.index("code" if name == "markets" else "market")
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as handle:
            csv.writer(handle, lineterminator="\n").writerows([head, *(row for row in rows if row[place] in KEPT)])
    return folder


@pytest.fixture
def launch(small, tmp_path) -> Path:
    shutil.copytree(small, tmp_path / "launch")
    return tmp_path / "launch"


def run(*words: object) -> str:
    result = CliRunner().invoke(app, ["service", *(str(word) for word in words)], catch_exceptions=False)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.output


def told(*words: object) -> dict:
    return json.loads(run(*words, "--json"))


def written(folder: Path, name: str, text: str) -> Path:
    path = folder.parent / name
    path.write_text(text, encoding="utf-8")
    return path


def send(folder: Path, text: str, name: str = "file.csv"):
    return send_workshop(open_launch(folder), written(folder, name, text), who="ann", at=AT, today=DAY)


def a_pilot(folder: Path, *, claims: int, cars: int = 150) -> None:
    """Cars handed over on 1 February, with so many claims and a job for each third car."""
    send(folder, CARS + "".join(f"V{n},NO,2027-02-01,,{'R1' if n % 2 else 'R2'}\n" for n in range(cars)))
    months = [3, 4, 5, 6, 7, 8]
    send(
        folder,
        CLAIMS + "".join(f"C{n},V{n % cars},NO,2027-{months[n % 6]:02}-1{n % 9},SCREEN,\n" for n in range(claims)),
    )
    send(folder, JOBS + "".join(f"J{n},V{n},NO,2027-05-03,2027-05-05,2027-05-06,FILTER,0,5\n" for n in range(cars)))


def test_service_says_what_comes_and_what_it_takes(launch):
    said = run(launch, "--on", "2027-01-05", "--draws", 6)
    for words in ("jobs a week", "keep the promise", "what one more brings", "Spares", "Last order of lidar"):
        assert words in said
    assert max(len(line) for line in said.splitlines()) <= 100


def test_each_view_is_one_json_object(launch):
    demand = told(launch, "demand", "--on", "2027-01-05", "--draws", 6)
    assert set(demand) == {"launch", "currency", "quarters", "markets", "demand", "kept"}
    norway = next(row for row in demand["demand"] if row["market"] == "NO")
    assert len(norway["jobs_per_week"]) == len(demand["quarters"]) == 20
    assert norway["jobs_per_week"][-1] > norway["jobs_per_week"][4] > 0
    capacity = told(launch, "capacity", "--on", "2027-01-05", "--draws", 6)["capacity"]
    kept = next(row for row in capacity if row["market"] == "NO")["kept"][-1]
    assert kept["seen"] >= 0.95
    assert kept["repaired"] >= 0.95
    parts = told(launch, "parts", "--on", "2027-01-05", "--draws", 6)["parts"]
    assert all(stocking["fill"] >= 0.97 - 1e-9 for stocking in parts["by_year"].values())
    costs = [stocking["cost"] for stocking in parts["by_year"].values()]
    assert costs == sorted(costs)
    assert parts["pilot"]["cost"] < costs[-1]
    quality = told(launch, "quality", "--on", "2027-01-05")["quality"]
    assert quality["cars"] == 0
    assert {row["verdict"] for row in quality["markets"]} == {"not yet learnt"}


def test_blank_costs_are_euros_whatever_the_launch_counts_in(launch):
    terms, rates, service = launch / "launch.toml", launch / "fx.csv", launch / "service.csv"
    terms.write_text(terms.read_text("utf-8").replace('currency = "EUR"', 'currency = "NOK"'), "utf-8")
    head, *rows = (row for row in rates.read_text("utf-8").splitlines() if not row.startswith("NOK,"))
    euro = "EUR,12.5,made up for this test,2026-01-01,C"
    rates.write_text("\n".join([head, euro, *rows]) + "\n", "utf-8")
    said = told(launch, "capacity", "--on", "2027-01-05", "--draws", 4)
    assert said["currency"] == "NOK"
    service.unlink()  # it says in euro what blanks mean
    assert told(launch, "capacity", "--on", "2027-01-05", "--draws", 4)["capacity"] == said["capacity"]
    row = "market,currency,bay_cost,source,as_of,grade\nall,NOK,1000000,made up,2026-01-01,C\n"
    service.write_text(row, encoding="utf-8")
    assert told(launch, "capacity", "--on", "2027-01-05", "--draws", 4)["capacity"] == said["capacity"]


def test_the_home_market_is_not_served_by_the_network_abroad(launch):
    assert "CN" not in told(launch, "demand", "--on", "2027-01-05", "--draws", 4)["markets"]


def test_a_file_sent_twice_changes_nothing_and_a_correction_supersedes(launch):
    first = send(launch, CARS + "V1,NO,2027-02-01,,R1\nV2,DE,2027-02-03,,R1\n")
    assert (first.kind, first.new, first.on_record) == ("cars", 2, 2)
    again = send(launch, CARS + "V2,DE,2027-02-03,,R1\nV1,NO,2027-02-01,,R1\n", "other.csv")
    assert (again.new, again.unchanged) == (0, 2)
    assert again.sent_before is not None
    better = send(launch, CARS + "V1,NO,2027-02-02,,R1\n")
    assert (better.new, better.corrected) == (0, 1)
    gone = send(launch, "car,market,delivered,withdrawn\nV2,DE,2027-02-03,yes\n")
    assert (gone.withdrawn, gone.on_record) == (1, 1)
    (car,) = workshop(open_launch(launch)).cars
    assert car.delivered == date(2027, 2, 2)


def test_trying_changes_nothing(launch):
    path = written(launch, "cars.csv", CARS + "V1,NO,2027-02-01,,\n")
    assert "would bring cars: 1 new" in run(launch, "--send", path, "--try", "--on", "2027-09-01")
    assert workshop(open_launch(launch)).cars == ()
    assert "brought cars: 1 new; 1 on record" in run(launch, "--send", path, "--on", "2027-09-01")


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        (CARS + "V1,SE,2027-02-01,,\n", "file.csv:2:market", "is not in markets.csv"),
        (CARS + "V1,NO,2027-02-01,,\nV1,NO,2027-02-02,,\n", "file.csv:3:car", "stands in line 2 already"),
        (CARS + "V1,NO,2028-02-01,,\n", "file.csv:2:delivered", "has not come yet"),
        (CARS + "V1,NO,2027-02-01,2027-01-01,\n", "file.csv:2:gone", "is before its delivery on 2027-02-01"),
        (CARS + "V1,NO,1 Feb,,\n", "file.csv:2:delivered", ""),
        (CARS + "V1,,2027-02-01,,\n", "file.csv:2:market", "is blank but required"),
        (CARS, "file.csv", "has no rows to read"),
        (JOBS + "J1,V1,NO,2027-03-01,2027-02-01,,,,\n", "file.csv:2:started", "is before the call on 2027-03-01"),
        (JOBS + "J1,V1,NO,2027-03-01,,2027-03-02,,,\n", "file.csv:2:started", "is done without having begun"),
        (JOBS + "J1,V1,NO,2027-03-01,,,,,6\n", "file.csv:2:satisfaction", "out of range"),
        (JOBS + "J1,V1,NO,2027-03-01,,,,-2,\n", "file.csv:2:parts_wait_days", "negative"),
        ("claim,car,market,opened,colour\nC1,V1,NO,2027-03-01,red\n", "file.csv:1:colour", "is not a column"),
        ("batch,sold\nA,3\n", "file.csv:1", "says neither cars, nor claims, nor workshop orders"),
        ("", "file.csv", ""),
    ],
)
def test_a_file_with_faults_is_refused_whole_and_each_is_placed(launch, text, place, words):
    with pytest.raises(BadInput) as caught:
        send(launch, text)
    fault = caught.value.faults[0]
    where = ":".join(str(part) for part in (fault.file, fault.row, fault.column) if part)
    assert where.startswith(place)
    assert words in fault.problem
    assert fault.cure
    assert workshop(open_launch(launch)).cars == ()


def test_quality_passes_fails_or_is_not_yet_learnt(launch):
    opened = open_launch(launch)
    a_pilot(launch, claims=15)  # 15 in about 1,040 car-months, 40 per 1,000 allowed
    (norway,) = [each for each in judge_quality(opened, DAY).quality.markets if each.market == "NO"]
    verdicts = {condition.name: condition.verdict.value for condition in norway.gate.conditions}
    assert verdicts["claims per 1,000 car-months, all markets"] == "pass"
    assert verdicts["jobs past the repair promise"] == "pass"
    send(launch, CLAIMS + "".join(f"D{n},V{n},NO,2027-08-20,PACK,\n" for n in range(60)))
    after = judge_quality(opened, DAY).quality
    (norway,) = [each for each in after.markets if each.market == "NO"]
    assert norway.gate.verdict.value == "fail"
    assert after.growth is not None
    assert after.parts[0] == ("PACK", 60)
    assert [name for name, _ in after.revisions] == ["R1", "R2"]
    said = run(launch, "quality", "--on", "2027-09-01")
    assert "Norway: fails on claims per 1,000 car-months" in said
    # as it could be seen before those claims came in
    assert len(judge_quality(opened, date(2027, 7, 1)).record.claims) < 15


def test_a_part_that_parts_csv_does_not_list_is_told_with_what_may_be_meant(launch):
    receipt = send(launch, CLAIMS + "C1,V1,NO,2027-03-01,SCREN,\nC2,V1,NO,2027-03-02,SCREEN,\nC3,V1,NO,2027-03-03,,\n")
    (doubt,) = receipt.doubts
    assert "file.csv that parts.csv does not list: SCREN in 1 row (did you mean SCREEN?)." in doubt
    path = written(launch, "jobs.csv", JOBS + "J1,V1,NO,2027-03-01,,,SCREN,,\nJ2,V1,NO,2027-03-02,,,GLASS-ROOF,,\n")
    assert "GLASS-ROOF in 1 row." in " ".join(run(launch, "--send", path, "--on", "2027-09-01").split())
    send(launch, CARS + "V1,NO,2027-02-01,,\n")
    assert "SCREN in 2 rows (did you mean SCREEN?), GLASS-ROOF in 1 row." in " ".join(
        run(launch, "quality", "--on", "2027-09-01").split()
    )
    (launch / "parts.csv").unlink()
    assert send(launch, CLAIMS + "C4,V1,NO,2027-03-04,SCREN,\n").doubts == ()


def test_claims_on_unknown_cars_and_outside_their_time_are_named(launch):
    send(launch, CARS + "V1,NO,2027-02-01,,\nV2,NO,2027-02-01,2027-05-01,\n")
    send(
        launch,
        CLAIMS + "C1,V1,NO,2027-02-01,,\nC2,V2,NO,2027-05-01,,\n"
        "C3,V1,NO,2027-01-31,,\nC4,V2,NO,2027-05-02,,\nC5,v1,NO,2027-05-02,,\n",
    )
    said = " ".join(run(launch, "quality", "--on", "2027-09-01").split())
    assert "1 claim is on cars that no file of cars names (v1);" in said
    assert "2 claims were opened before the car was handed over or after it left (C3, C4):" in said
    assert told(launch, "quality", "--on", "2027-09-01")["quality"]["claims_outside_use"] == ["C3", "C4"]


def test_what_would_settle_quality_is_told(launch):
    a_pilot(launch, claims=5, cars=20)
    said = " ".join(run(launch, "quality", "--on", "2027-09-01").split())
    assert "more months with the 20 cars there are" in said
    assert "more cars for 3 months" in said


def test_scaling_waits_until_quality_has_passed(launch):
    table = launch / "service.csv"
    table.write_text(table.read_text().replace(",0.2,no,", ",0.2,yes,"))
    opened = open_launch(launch)
    problem = put_question(opened, on=DAY).problem
    place = problem.markets.index("NO")
    assert problem.standing[place].conditions == (READY,)
    assert problem.standing[place].met == frozenset()
    assert problem.standing[problem.markets.index("CN")].conditions == ()
    made = make_plan(opened, on=DAY, worlds=4, who="ann", at=AT)
    gates = {gate.market: gate for gate in made.plan.gates}
    assert gates
    assert all(gate.readiness == (READY,) for gate in gates.values())
    easy = replace(
        next(iter(gates.values())),
        market="NO",  # where quality is going to be seen
        scale_odds=0.0,
        stop_odds=-1.0,
        information=-1e9,
        max_expected_loss=1e12,
    )
    waiting = judge(easy, put_question(opened, on=DAY).problem)
    assert waiting.verdict is Verdict.HOLD
    assert waiting.unmet == (READY,)
    a_pilot(launch, claims=15)
    assert is_stale(opened, made)  # what was sent in the very second of the plan makes it stale too
    passed = judge(easy, put_question(opened, on=DAY).problem)
    assert passed.unmet == ()
    assert passed.verdict is Verdict.SCALE


def test_the_cost_of_parts_reaches_the_plan_once_kept(launch):
    opened = open_launch(launch)
    serviced = ask_service(opened, on=date(2027, 1, 5), draws=6)
    before = put_question(opened, on=date(2027, 1, 5)).problem
    terms = keep_service(opened, serviced, who="ann", at=AT)
    question = put_question(opened, on=date(2027, 1, 5))
    place = before.markets.index("NO")
    assert question.problem.terms.capital[place, 0] - before.terms.capital[place, 0] == pytest.approx(
        terms.capital["NO"], rel=1e-6
    )
    assert question.problem.terms.opex[place, 0] - before.terms.opex[place, 0] == pytest.approx(
        terms.opex_per_quarter["NO"], rel=1e-6
    )
    assert any("spare parts take EUR" in note for note in question.notes)


def test_a_young_fleet_is_not_taken_for_one_of_every_age(launch):
    a_pilot(launch, claims=60, cars=400)  # 400 cars for 7 months: 21 per 1,000 car-months, all of the first year
    serviced = ask_service(open_launch(launch), on=DAY, draws=6)
    place = serviced.markets.index("NO")
    rate = 1000 * serviced.rates.mean[place]
    assert rate * serviced.first_year_factor == pytest.approx(21.5, rel=0.15)
    assert rate < 25  # both the rate and the first year's factor give way
    assert 1 < serviced.first_year_factor < 1.5
    assert serviced.cars_seen[place] == 400
    assert serviced.in_use[:, place, 0].min() > 390


def test_cars_on_record_of_which_no_day_says_that_they_are_gone_are_in_use_however_old(launch):
    send(launch, CARS + "".join(f"V{n},NO,2017-02-01,,\n" for n in range(400)))
    serviced = ask_service(open_launch(launch), on=DAY, draws=6)
    place = serviced.markets.index("NO")
    assert serviced.in_use[:, place, 0].min() >= 400 - 1e-9
    assert serviced.network[place].in_use[0] >= 400 - 1e-9


def test_what_service_csv_asks_must_make_sense(launch):
    table = launch / "service.csv"
    table.write_text(table.read_text().replace(",40,0.1,0.08,0.15,0.2,no,", ",,,,,,yes,").replace("all,0.6", "FR,0.6"))
    faults = {(fault.file, fault.column): fault for fault in check_folder(launch)}
    assert "no limit is given" in faults["service.csv", "gate"].problem
    table.write_text(table.read_text().replace(",,,,,,yes,", ",40,0.1,0.08,0.15,0.2,no,"))
    assert [(fault.column, fault.written) for fault in check_folder(launch)] == [("market", "FR")]


@pytest.mark.parametrize("quarter", ["2026Q4", "2032Q1"])
def test_a_recall_outside_the_quarters_planned_is_refused_with_its_row(launch, quarter):
    table = launch / "service.csv"
    head, row, *_ = table.read_text(encoding="utf-8").splitlines()
    table.write_text(f"{head},recall_share,recall_quarter\n{row},0.2,{quarter}\n", encoding="utf-8")
    (fault,) = check_folder(launch)
    assert (fault.file, fault.row, fault.column, fault.written) == ("service.csv", 2, "recall_quarter", quarter)
    assert "2027Q1 to 2031Q4" in fault.problem


@pytest.fixture(scope="module")
def overtaken(small, tmp_path_factory):
    """A launch half a year on, whose recall and whose only part's last order are past; and its service."""
    folder = tmp_path_factory.mktemp("late") / "launch"
    shutil.copytree(small, folder)
    for file, added in (("service", {"recall_share": "0.2", "recall_quarter": "2027Q1"}), ("parts", {})):
        table = folder / f"{file}.csv"
        with table.open(encoding="utf-8", newline="") as handle:
            row = next(csv.DictReader(handle)) | (added or {"last_order": "2027Q1"})
        with table.open("w", encoding="utf-8", newline="") as handle:
            writer = csv.DictWriter(handle, row)
            writer.writeheader()
            writer.writerow(row)
    launch = open_launch(folder)
    return launch, ask_service(launch, on=DAY, draws=4)


def test_a_recall_that_is_over_is_said_to_count_no_more(overtaken):
    names = ", ".join(overtaken[0].market(code).name for code in overtaken[1].markets)
    assert f"The recall of 2027Q1 is over and counts no more: {names}." in headline(*overtaken)


def test_a_last_order_that_is_past_is_said_alike_in_text_and_json(overtaken, capsys):
    launch, serviced = overtaken
    (gone,) = service_answer(launch, serviced, View.PARTS)["parts"]["no_longer_ordered"]
    (part,) = serviced.parts
    assert (gone["part"], gone["name"], gone["last_order"]) == (part.code, part.name, "2027Q1")
    show_service(launch, serviced, View.PARTS)
    assert f"The last order of {part.name} was in 2027Q1" in " ".join(capsys.readouterr().out.split())


def test_centres_are_those_with_bays_that_are_open_in_each_quarter(launch):
    rows = ["A,3,,2031Q3,4", "B,2,2028Q1,2031Q4,2", "C,1,,,1", "D,7,,,0", "E,5,2032Q1,,3"]
    table = "".join(f"{row.replace(',', ',NO,dealer,', 1)},own,2026-01-01,C\n" for row in rows)
    head = "code,market,channel,count,open_from,open_until,service_bays,source,as_of,grade\n"
    (launch / "stores.csv").write_text(head + table)
    answer = told(launch, "capacity", "--on", DAY, "--draws", 4)
    assert answer["quarters"][-1] == "2031Q4"
    assert {one["market"]: one["centres"] for one in answer["capacity"]}["NO"] == 3
    (norway,) = (one for one in answer["capacity"] if one["market"] == "NO")
    assert dict(zip(answer["quarters"], norway["centres_open"], strict=True)) == {
        quarter: 4 if quarter < "2028Q1" else 6 if quarter < "2031Q4" else 3 for quarter in answer["quarters"]
    }
    said = " ".join(run(launch, "capacity", "--on", DAY, "--draws", 4).split())
    told_of = "Service centres are those of stores.csv that are open in each quarter, or one where none is; in 2031Q4:"
    assert f"{told_of} Norway 3 (4 to 6 before)." in said
    assert "they open as cars come, no later than cars_per_centre asks for; from the first cars to 2031Q4: " in said


def test_a_last_order_serves_all_cars_handed_over_in_the_last_quarter(launch):
    table = launch / "parts.csv"
    with table.open(encoding="utf-8", newline="") as handle:
        row = next(csv.DictReader(handle)) | {"last_order": "2031Q3", "support_years": "5", "local_repair_share": "0"}
    with table.open("w", encoding="utf-8", newline="") as handle:
        writer = csv.DictWriter(handle, row)
        writer.writeheader()
        writer.writerow(row)
    serviced = ask_service(open_launch(launch), on=DAY, draws=4)
    (order,) = serviced.last_orders
    (cells,) = _orders(serviced).rows
    (said,) = service_answer(open_launch(launch), serviced, View.PARTS)["parts"]["last_orders"]
    assert (cells[0], said["part"], said["name"]) == (row["name"], row["code"], row["name"])
    assert (serviced.quarters[-1], serviced.quarters[order.quarter]) == (Quarter(2031, 4), Quarter(2031, 3))
    last = serviced.in_use.sum(axis=1)[:, -1]  # half of the cars handed over in it are not yet among these
    shrinking = (last * (1 + (SURVIVAL ** np.arange(1, 20)).sum())).mean()
    assert order.demand > 1.001 * shrinking * 3 * float(row["per_1000_months"]) / 1000


def test_a_promise_that_no_bay_can_keep_names_the_market_and_the_cure(launch):
    table = launch / "service.csv"
    table.write_text(table.read_text().replace(",5,16,0.95,", ",5,3,0.95,"))
    with pytest.raises(NotFeasible) as caught:
        run(launch, "--on", "2027-01-05", "--draws", 4)
    told = "DE: 67.78 % of jobs are done within 3 h (repaired_within_hours), promise_share asks for 95 %"
    assert caught.value.message == told
    assert "promise less" in caught.value.hint


def test_without_tables_defaults_hold_and_parts_are_not_planned(launch):
    (launch / "service.csv").unlink()
    (launch / "parts.csv").unlink()
    assert "No parts.csv" in run(launch, "parts", "--on", "2027-01-05", "--draws", 4)
    with pytest.raises(BadInput, match=r"no parts\.csv"):
        run(launch, "--keep", "--on", "2027-01-05", "--draws", 4)


READ = "car,market,delivered,odometer_km,odometer_on\n"


def test_claims_are_told_by_age_and_by_odometer(launch):
    rows = [f"V{n},{'NO' if n % 2 else 'DE'},2026-0{1 + n % 9}-01,{(1 + n % 5) * 9000},2027-08-01" for n in range(90)]
    send(launch, READ + "\n".join(rows) + "\n")
    claims = [f"C{n},V{n},{'NO' if n % 2 else 'DE'},2027-0{1 + n % 8}-15,{100 * n}" for n in range(0, 90, 3)]
    send(launch, "claim,car,market,opened,odometer_km\n" + "\n".join(claims) + "\n")
    said = run(launch, "quality", "--on", "2027-09-01")
    assert "90 odometers read" in said
    assert "over 30,000 km" in said
    assert max(len(line) for line in said.splitlines()) <= 100
    use = told(launch, "quality", "--on", "2027-09-01")["quality"]["use"]
    assert sum(each["claims"] for each in use["by_age"]) == sum(each["claims"] for each in use["by_odometer"]) == 30
    assert use["share_that_comes_with_distance"]["low"] < 0.5 < use["share_that_comes_with_distance"]["high"]
    assert use["km_per_year"]["TR"] == 14000.0  # nobody read an odometer there
    demand = told(launch, "demand", "--on", "2027-09-01", "--draws", 4)["demand"]
    norway = next(row for row in demand if row["market"] == "NO")
    assert norway["km_per_year"] == pytest.approx(use["km_per_year"]["NO"])
    assert norway["claims_per_1000_months_at_that_distance"] != pytest.approx(norway["claims_per_1000_months"])


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        ("V1,NO,2027-02-01,-5,2027-08-01", "2:odometer_km"),
        ("V1,NO,2027-02-01,4000,", "2:odometer_on: is blank beside a reading"),
        ("V1,NO,2027-02-01,,2027-08-01", "2:odometer_km"),
        ("V1,NO,2027-02-01,4000,2027-01-01", "2:odometer_on: '2027-01-01' is not after the delivery on 2027-02-01"),
        ("V1,NO,2027-02-01,900000,2027-08-01", "2:odometer_km: '900000' would be 4,972 km a day since delivery"),
        ("V1,NO,2027-02-01,4000,2027-09-09", "2:odometer_on: '2027-09-09' has not come yet"),
        ("V1,NO,2027-02-01,many,2027-08-01", "2:odometer_km: 'many'"),
    ],
)
def test_an_odometer_that_cannot_be_right_is_refused_with_its_row(launch, row, fault):
    with pytest.raises(BadInput) as refused:
        send(launch, READ + row + "\n")
    assert fault in str(refused.value) or any(fault in str(each) for each in refused.value.faults)
    assert workshop(open_launch(launch)).cars == ()


def test_without_a_file_of_cars_deliveries_by_offer_count_and_no_car_counts_twice(launch, tmp_path):
    rows = tmp_path / "sold.csv"
    head = "batch,market,offer,channel,start,end,deliveries\n"
    rows.write_text(
        head + "b1,NO,SU7-STD,dealer,2027-01-01,2027-01-31,30\nb1,NO,,dealer,2027-01-01,2027-01-31,40\n"
        "b1,DE,SU7-PRO,dealer,2027-01-01,2027-01-31,20\n"
    )
    opened = open_launch(launch)
    observe(opened.folder, opened.store, rows, who="ana", at=AT)
    cars = Counter(car.market for car in judge_quality(opened, DAY).record.cars)
    assert cars == {"NO": 40, "DE": 20}


def test_technicians_whose_training_should_have_begun_are_trained_at_once_and_ready_late(launch):
    early = told(launch, "capacity", "--on", "2026-10-01", "--draws", 4)["capacity"]
    starts = [start for row in early for start in row["training_starts"]]
    assert starts
    assert not any(start["late"] for start in starts)
    late = told(launch, "capacity", "--on", "2027-02-20", "--draws", 4)["capacity"]
    for start in (start for row in late for start in row["training_starts"]):
        assert start["late"] == (start["by"] < "2027-02-20")
        begun = max(date.fromisoformat(start["by"]), date(2027, 2, 20))
        assert start["ready"] == (begun + timedelta(weeks=10)).isoformat()
    said = " ".join(run(launch, "capacity", "--on", "2027-02-20", "--draws", 4).split())
    assert "if the market stays, where they are not trained yet: " in said
    assert "at once (due on 2026-10-23, so ready on 2027-05-01)" in said
    assert "from 2026-" not in said
