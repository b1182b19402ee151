"""`beachhead charge` on a small price file: sentences, JSON, and statements into a launch's studies."""

from __future__ import annotations

import csv
import json
import math
import os
import shutil
from datetime import date, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import highspy
import numpy as np
import pytest
from typer.testing import CliRunner

from beachhead.case.belief.believe import believe
from beachhead.case.charging.value import charging_value, counts_shifts, demand_shifts, write_shifts
from beachhead.case.open import open_launch
from beachhead.charging.record import read_prices
from beachhead.charging.value import Baseline
from beachhead.charging.year import Policy
from beachhead.cli.app import app
from beachhead.world.errors import BadInput, NotStored

EXAMPLE = Path(__file__).parents[2] / "src" / "beachhead" / "case" / "examples" / "xiaomi"


@pytest.fixture(scope="module")
def prices(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two zones, 15 months: dear evenings, cheap nights, days that differ."""
    rng = np.random.default_rng(1)
    file = tmp_path_factory.mktemp("prices") / "prices.csv"
    first = datetime(2022, 10, 1)
    with file.open("w", encoding="utf-8", newline="") as handle:
        writer = csv.writer(handle, lineterminator="\n")
        writer.writerow(["time", "DE-LU", "NL", "BE"])
        for day in range(470):
            level = rng.normal(90, 25)
            for hour in range(24):
                price = level + 45 * math.cos((hour - 19) / 24 * 2 * math.pi) + rng.normal(0, 4)
                at = first + timedelta(days=day, hours=hour)
                writer.writerow([f"{at:%Y-%m-%d %H:%M}", f"{price:.2f}", f"{1.1 * price:.2f}", f"{price:.2f}"])
    return file


def run(*words: str) -> str:
    result = CliRunner().invoke(app, ["charge", *words], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def test_a_plan_says_what_it_does_and_what_the_other_way_would_cost(prices: Path) -> None:
    words = ["plan", "--prices", str(prices), "--plugged-in", "2023-06-13 18:10", "--stored", "10"]
    said = run(*words)
    assert said.startswith(("Waits until", "Charges now"))
    assert "more" in said
    assert "nine times in ten between" in said
    assert int(said.split("% sure of")[0].split()[-1]) >= 50  # never "1 % sure of 60 kWh on Thursday"
    answer = json.loads(run(*words, "--json"))
    assert answer["hours"][0]["published"]
    assert 0 <= answer["other_costs_eur"] < 5
    assert all(0 <= hour["stored_kwh"] <= answer["battery_kwh"] + 1e-9 for hour in answer["hours"])
    told = json.loads(run(*words, "--leaves", "2023-06-14 07:00", "--json"))
    assert told["leaves"]["median"] == "Wed 07:00"
    assert told["leaves_at"]["median"] == "2023-06-14T07:00"
    assert [hour["at"] for hour in told["hours"][:2]] == ["2023-06-13T18:00", "2023-06-13T19:00"]
    assert told["hours"][0]["hour"] == "Tue 18:00"


def test_where_the_monthly_peak_costs_the_plan_keeps_to_what_is_reached_or_worth_raising(prices: Path) -> None:
    words = ["plan", "--prices", str(prices), "--plugged-in", "2023-06-13 18:10", "--stored", "10", "--market", "BE"]
    said = run(*words)
    assert "kW" in said
    assert "household's load is made up" in said
    low, high = (json.loads(run(*words, "--peak-so-far", reached, "--json")) for reached in ("0.5", "9"))
    assert low["peak"]["cap_kw"] < high["peak"]["cap_kw"] == 9
    assert max(h["draw_kwh"] for h in low["hours"]) < max(h["draw_kwh"] for h in high["hours"])
    assert json.loads(run(*words[:-1], "DE", "--json"))["peak"] is None


def test_the_value_counts_the_charge_on_the_monthly_peak(prices: Path) -> None:
    found = charging_value(prices, markets=["BE"], year=2023, most_homes=3).markets[0]
    assert 0 < found.peak_eur[Policy.FORESIGHT] < found.peak_eur[Policy.LEARNED] < found.peak_eur[Policy.ARRIVAL]
    assert found.cost_eur[Policy.LEARNED] < found.cost_eur[Policy.ARRIVAL]


def test_every_hour_of_a_session_is_explained(prices: Path) -> None:
    words = ["explain", "--prices", str(prices), "--plugged-in", "2023-06-13 18:10", "--stored", "2", "--hours", "15"]
    hours = json.loads(run(*words, "--json"))["hours"]
    assert len(hours) == 15
    assert hours[-1]["stored_kwh"] > hours[0]["stored_kwh"] + 2
    assert sum(a["charges"] != b["charges"] for a, b in pairwise(hours)) <= 3


def test_value_by_market_flows_into_a_launch_as_studies_simulated_here(prices: Path, tmp_path: Path) -> None:
    shutil.copytree(EXAMPLE, tmp_path / "launch", ignore=shutil.ignore_patterns("*.db*"))
    valued = charging_value(prices, markets=["DE", "NL"], year=2023, most_homes=4)
    for found in valued.markets:
        saving = found.saved_eur[Baseline.SPOT]
        assert saving.low <= saving.mean <= saving.high
        assert saving.mean > 0
        assert 0 < found.share_of_foresight < 1
    launch = open_launch(tmp_path / "launch")
    before = believe(launch).belief
    shifts = demand_shifts(launch, valued)
    write_shifts(launch, shifts, date(2026, 1, 5))
    write_shifts(launch, shifts, date(2026, 1, 6))  # a second time replaces the first
    after = believe(open_launch(tmp_path / "launch")).belief
    text = (tmp_path / "launch" / "studies.csv").read_text(encoding="utf-8")
    assert text.count("CHARGING-DE") == 1
    assert "simulated here" in text
    for shift in shifts:
        at = before.markets.index(shift.market)
        assert after.mean[at] - before.mean[at] == pytest.approx(shift.log_shift, rel=0.05)
        assert after.cov[at, at] > 0.95 * before.cov[at, at]


def test_a_study_of_one_s_own_stays_whatever_it_is_called(tmp_path: Path) -> None:
    shutil.copytree(EXAMPLE.parent / "starter", tmp_path / "launch")
    rows = ["CHARGING-PT,PT,expert,657,11.2,simulated here", "CHARGING-SURVEY,PT,expert,900,0.5,ours"]
    text = "\n".join(["study,market,kind,cars,bias_sd,source,as_of,grade", *(f"{row},2026-01-05,C" for row in rows)])
    (tmp_path / "launch" / "studies.csv").write_text(text, encoding="utf-8")
    file = write_shifts(open_launch(tmp_path / "launch"), (), date(2026, 1, 6))
    left = [line.split(",")[0] for line in file.read_text(encoding="utf-8").splitlines()]
    assert left == ["study", "CHARGING-SURVEY"]
    assert not counts_shifts(open_launch(tmp_path / "launch")), (
        "a page said that the plan counts statements of charging"
    )


def test_what_cannot_be_said_of_a_launch_is_refused_before_minutes_of_work(
    prices: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def work(*_: object, **__: object) -> None:
        raise AssertionError("nothing is worked out for a question that has no answer")

    monkeypatch.setattr("beachhead.cli.charge.charging_value", work)
    launch = tmp_path / "launch"
    words = ["value", "--prices", str(prices), "--launch", str(launch), "--markets", "LU,LU"]
    with pytest.raises(BadInput, match="does not exist"):
        run(*words)
    shutil.copytree(EXAMPLE.parent / "starter", launch)
    with pytest.raises(BadInput, match=r"^LU is no market of this launch"):
        run(*words)
    with pytest.raises(BadInput, match=r"holds no prices of a market of this launch") as refused:
        run(*words[:-2])
    assert refused.value.hint == "add a column: NO1, PT"
    allowed = os.access
    monkeypatch.setattr(os, "access", lambda path, mode, **how: not mode & os.W_OK and allowed(path, mode, **how))
    with pytest.raises(NotStored, match="only looked at"):
        run("value", "--prices", str(prices), "--launch", str(launch), "--write")


@pytest.mark.parametrize(("day", "cure"), [("2022-10-03", "give older prices"), ("2024-03-01", "give newer prices")])
def test_a_moment_outside_the_prices_is_told_which_prices_are_missing(prices: Path, day: str, cure: str) -> None:
    with pytest.raises(BadInput, match=f"of prices before {day} .* the file holds 2022-10-01 to 2024-01-13") as refused:
        run("plan", "--prices", str(prices), "--plugged-in", f"{day} 18:10")
    assert refused.value.hint == cure


def test_a_file_that_is_no_table_is_refused_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "noise.csv").write_bytes(bytes(range(128, 256)))
    (tmp_path / "noise.csv.gz").write_bytes(b"no gzip at all")
    for name in ("noise.csv", "noise.csv.gz"):
        with pytest.raises(BadInput, match="cannot be read as a table"):
            run("plan", "--prices", str(tmp_path / name), "--plugged-in", "2023-06-13 18:10")
    with pytest.raises(BadInput, match="no file"):
        run("plan", "--prices", str(tmp_path), "--plugged-in", "2023-06-13 18:10")


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("2023-01-01T05:00:00Z,80", "is UTC, not local"),
        ("2023-07-01 05:00:00+00:00,80", "is UTC, not local"),
        ('"2023-01-01 05:00,80\n2023-01-01 06:00,90', "cannot be read as a table: unexpected end of data"),
        ("2023-01-01 05:00,inf", "is not a number"),
        ("2023-01-01 05:00,1e12", "1,000,000,000,000 EUR/MWh"),
        ("01.01.2023 05:00,80", "is not a time"),
    ],
)
def test_a_price_or_time_that_cannot_be_is_refused_before_anything_is_planned(
    tmp_path: Path, row: str, said: str
) -> None:
    file = tmp_path / "prices.csv"
    file.write_text(f"time,DE-LU\n2023-01-01 04:00,70\n{row}\n", encoding="utf-8")
    with pytest.raises(BadInput, match=said):
        run("plan", "--prices", str(file), "--plugged-in", "2023-06-13 18:10")


def test_times_with_the_offset_of_greenwich_in_winter_are_local(tmp_path: Path) -> None:
    file = tmp_path / "prices.csv"
    file.write_text("time,PT\n2023-03-01 04:00+00:00,70\n2023-04-01 05:00+01:00,80\n", encoding="utf-8")
    table = read_prices(file)
    assert table.zone("PT")[[0, -1]] == pytest.approx([0.07, 0.08])
    assert (table.first_hour % 24, (table.first_hour + table.eur_per_kwh.shape[1] - 1) % 24) == (4, 5)


def test_a_year_that_the_prices_do_not_hold_is_told_with_what_would_do(prices: Path, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="it spans 2022-10-01 to 2024-01-13") as refused:
        charging_value(prices, markets=["DE", "LU", "NL"], year=2024)
    assert refused.value.message.count("DE-LU") == 1
    assert refused.value.hint == "name --year 2023, or give prices from 2023-11-06 to 2024-12-29"
    head, *rows = prices.read_text(encoding="utf-8").splitlines(keepends=True)
    of_2023 = tmp_path / "of_2023.csv"
    of_2023.write_text("".join([head, *(row for row in rows if row.startswith("2023"))]), encoding="utf-8")
    with pytest.raises(BadInput, match="does not hold 56 days before 2023-01-02") as refused:
        charging_value(of_2023)
    assert refused.value.hint == "give prices from 2022-11-07 to 2023-12-31"


def test_homes_with_too_few_sessions_are_told_to_be_left_out(prices: Path, tmp_path: Path) -> None:
    file, rows = tmp_path / "sessions.csv", ["user_id,plugin_time,plugout_time,energy_session"]
    for user, count in {"a": 25, "b": 22, "c": 1, "d": 19}.items():
        begun = [datetime(2023, 5, 1, 18) + timedelta(days=n) for n in range(count)]
        rows += [f"{user},{at:%Y-%m-%d %H:%M},{at + timedelta(hours=12):%Y-%m-%d %H:%M},9" for at in begun]
    file.write_text("\n".join(rows) + "\n", encoding="utf-8")
    words = ["value", "--prices", str(prices), "--sessions", str(file), "--markets", "DE", "--year", "2023"]
    said = " ".join(run(*words).split())
    assert "2 homes (on record)" in said
    assert "2 more have fewer than 20 sessions on record and cannot be learnt: left out." in said
    found = json.loads(run(*words, "--json"))
    assert (found["homes"], found["homes_left_out"]) == (2, 2)


def test_sessions_without_an_end_or_energy_are_said_to_be_none(prices: Path, tmp_path: Path) -> None:
    file = tmp_path / "sessions.csv"
    file.write_text(
        "user_id,plugin_time,plugout_time,energy_session\n"
        "a,2023-01-05 18:00,,9\na,2023-01-06 18:00,2023-01-07 07:00,0\n",
        encoding="utf-8",
    )
    with pytest.raises(BadInput, match="holds no session with an end and energy"):
        run("plan", "--prices", str(prices), "--sessions", str(file), "--home", "a", "--plugged-in", "2023-06-13 18:10")


def test_the_table_of_one_s_own_car_is_enough_to_plan_and_says_that_other_drivers_are_made_up(
    prices: Path, tmp_path: Path
) -> None:
    days = [f"car,2023-05-{day:02} 17:40,2023-05-{day + 1:02} 07:10,9.0" for day in range(1, 30)]
    table = tmp_path / "sessions.csv"
    table.write_text("\n".join(["user_id,plugin_time,plugout_time,energy_session", *days]), encoding="utf-8")
    words = ["plan", "--prices", str(prices), "--plugged-in", "2023-06-13 18:10", "--sessions", str(table)]
    assert "What other drivers do is made up" in run(*words, "--home", "car")
    together = run(*words, "--home", "car", "--battery", "8", "--market", "BE")
    assert "What other drivers do is made up" in together
    assert "The household's load is made up" in together
    assert "What other drivers do is made up" in run("explain", *words[1:], "--home", "car", "--hours", "2")
    with pytest.raises(BadInput, match="no second car 'other' on record"):
        CliRunner().invoke(app, ["charge", *words, "--home", "car", "--second", "other"], catch_exceptions=False)


def test_what_is_missing_is_said_with_its_cure(prices: Path) -> None:
    with pytest.raises(BadInput, match="no charging tariff of 'XX'"):
        charging_value(prices, markets=["XX"])
    with pytest.raises(BadInput, match="does not hold"):
        charging_value(prices, markets=["DE"], year=2024)


def test_a_plan_handed_back_is_kept_unless_changing_it_is_worth_it_and_says_what_changed(
    prices: Path, tmp_path: Path
) -> None:
    words = ["plan", "--prices", str(prices), "--plugged-in", "2023-06-13 18:10", "--stored", "10"]
    file = tmp_path / "plan.json"
    file.write_text(run(*words, "--json"), encoding="utf-8")
    later = [*words, "--now", "2023-06-13 20:00", "--before", str(file)]
    first, kept = json.loads(file.read_text(encoding="utf-8")), json.loads(run(*later, "--least-gain", "900", "--json"))
    assert kept["change"]["choice"] in ("same", "kept, the gain is small")
    assert kept["under_way"]["draw_kwh"][:20] == pytest.approx(first["under_way"]["draw_kwh"][2:22], abs=1e-6)
    told = run(*later, "--stored", "1", "--leaves", "2023-06-14 00:30")
    assert "Changed: charging" in told
    assert "which saves" in told
    file.write_text('{"under_way": {"starts": "many"}}', encoding="utf-8")
    with pytest.raises(BadInput, match="is no plan"):
        run(*later)


def test_a_whole_home_is_planned_together_with_its_proof(prices: Path, tmp_path: Path) -> None:
    words = ["plan", "--prices", str(prices), "--plugged-in", "2023-06-13 08:10", "--stored", "10"]
    more = ["--battery", "10", "--second", "retired 0", "--second-stored", "12", "--gives", "4", "--feed-in", "7"]
    answer = json.loads(run(*words, *more, "--roof", "8", "--at", "48.1,11.6", "--json"))
    assert answer["gap"] < 1e-6
    assert len(answer["hours"][0]["cars"]) == 2
    assert answer["hours"][0]["at"] == "2023-06-13T08:00"
    assert answer["cars"][1]["leaves_at"]["median"] > "2023-06-13T08:10"
    assert max(hour["sun_kwh"] for hour in answer["hours"]) > 3
    place = ["--battery", "10", "--roof", "8", "--at", "28.1,-15.4", "--json"]
    mainland, canary = (
        [hour["sun_kwh"] for hour in json.loads(run(*words, *place, *zone))["hours"]]
        for zone in ([], ["--time-zone", "Atlantic/Canary"])
    )
    assert canary[:-1] == pytest.approx(mainland[1:]), "by its own clock the sun is up an hour earlier"
    sun = tmp_path / "sun.csv"
    first = datetime(2023, 6, 1)
    rows = [f"{first + timedelta(hours=h):%Y-%m-%d %H:%M},{max(0, 5 - abs(h % 24 - 13))}" for h in range(24 * 13)]
    sun.write_text("\n".join(["time,roof", *rows]), encoding="utf-8")
    said = run(*words, *more, "--solar", str(sun))
    assert "proven cheapest in expectation" in " ".join(said.split())
    assert "sun" in said
    for wrong, message in (
        (["--roof", "8"], "a roof without a place"),
        (["--battery-stored", "3"], "--battery-stored without --battery"),
        (["--battery", "10", "--battery-stored", "30"], "30.0 kWh in the battery"),
        (["--second", "commuter 0"], "no second car"),
        (["--second-stored", "5"], "without --second"),
        (["--at", "48,11"], "without --roof"),
        (["--time-zone", "Atlantic/Canary"], "without --roof"),
        (["--roof", "3", "--at", "28.1,-15.4", "--time-zone", "Canary"], "'Canary' is not a time zone"),
        (["--gives", "nan"], "gives back nan kW"),
        (["--battery", "inf"], "a battery of inf kWh"),
        (["--battery", "5", "--cloud", "2", "--roof", "3", "--at", "1,1"], "cloud cover of 2"),
        (["--battery", "5", "--charging"], "--before or --charging with a whole home"),
    ):
        with pytest.raises(BadInput, match=message):
            run(*words, *wrong)


@pytest.mark.full
def test_a_dask_cluster_gives_the_same_values_and_is_left_clean_when_stopped(prices: Path) -> None:
    distributed = pytest.importorskip("distributed")
    heard: list[tuple[int, int]] = []

    def stop(done: int, _: int) -> None:
        if done == 1:
            raise KeyboardInterrupt

    # over TCP, so that the work is truly sent, though the worker is a thread of this process
    with distributed.LocalCluster(
        n_workers=1, threads_per_worker=2, processes=False, protocol="tcp", dashboard_address=":0"
    ) as cluster:
        asked = {"markets": ["DE"], "year": 2023, "most_homes": 3}
        here = charging_value(prices, **asked)
        with pytest.raises(KeyboardInterrupt):
            charging_value(prices, **asked, scheduler=cluster.scheduler_address, tick=stop)
        there = charging_value(
            prices, **asked, scheduler=cluster.scheduler_address, tick=lambda *done: heard.append(done)
        )
        assert not cluster.scheduler.tasks
    assert repr(there) == repr(here)
    assert heard == [(1, 3), (2, 3), (3, 3)]


def test_a_cluster_that_is_not_there_has_no_workers_or_not_this_beachhead_is_refused_before_any_work(
    prices: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    distributed = pytest.importorskip("distributed")
    monkeypatch.setattr("beachhead.case.charging.value.market_values", lambda *_, **__: pytest.fail("work was begun"))
    monkeypatch.setattr("beachhead.case.cluster.WAIT_SECONDS", 0.2)
    with pytest.raises(BadInput, match=r"no Dask scheduler answers at tcp://127\.0\.0\.1:1"):
        charging_value(prices, markets=["DE"], year=2023, scheduler="tcp://127.0.0.1:1")
    with distributed.LocalCluster(n_workers=0, processes=False, protocol="tcp", dashboard_address=":0") as cluster:
        with pytest.raises(BadInput, match="has no workers"):
            charging_value(prices, markets=["DE"], year=2023, scheduler=cluster.scheduler_address)
        cluster.scale(1)
        monkeypatch.setattr("beachhead.case.cluster.WAIT_SECONDS", 30)
        monkeypatch.setattr("beachhead.case.cluster._version", _of_another_time)
        with pytest.raises(BadInput, match=r"has Beachhead 0\.0\.1; here it is") as refused:
            charging_value(prices, markets=["DE"], year=2023, scheduler=cluster.scheduler_address)
    assert "install beachhead" in refused.value.hint


def _of_another_time() -> str:
    return "0.0.1"


def test_the_algebra_of_a_plan_can_be_written_and_its_least_is_what_the_plan_costs(
    prices: Path, tmp_path: Path
) -> None:
    car = ["plan", "--prices", str(prices), "--plugged-in", "2023-06-13 18:10", "--stored", "10"]
    said = run(*car, "--write", str(tmp_path / "car.mps"))
    told = float(said.split("its least is")[1].split()[0])
    assert least_of(tmp_path / "car.mps") == pytest.approx(told, abs=1e-4)
    home = [*car, "--second", "retired 1", "--battery", "10", "--roof", "6", "--at", "51,4", "--feed-in", "8"]
    answer = json.loads(run(*home, "--write", str(tmp_path / "home.lp"), "--json"))
    assert answer["written"] == str(tmp_path / "home.lp")
    assert least_of(tmp_path / "home.lp") == pytest.approx(answer["counted_eur"], abs=1e-6)


def least_of(file: Path) -> float:
    highs = highspy.Highs()
    highs.setOptionValue("output_flag", False)
    highs.setOptionValue("primal_feasibility_tolerance", 1e-10)  # with 1e-7, its own, it ends 1e-5 EUR above
    highs.setOptionValue("dual_feasibility_tolerance", 1e-10)
    assert highs.readModel(str(file)) == highspy.HighsStatus.kOk
    highs.run()
    return float(highs.getInfo().objective_function_value)


@pytest.mark.parametrize(
    ("file", "problem"), [("plan.txt", "does not say its format"), ("nowhere/plan.lp", "does not exist")]
)
def test_where_no_algebra_can_be_written_is_refused(prices: Path, tmp_path: Path, file: str, problem: str) -> None:
    words = ["charge", "plan", "--prices", str(prices), "--plugged-in", "2023-06-13 18:10", "--write"]
    with pytest.raises(BadInput, match=problem):
        CliRunner().invoke(app, [*words, str(tmp_path / file)], catch_exceptions=False)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--leaves", "2023-06-13 17:00"], "the departure told, 2023-06-13 17:00, is over at 2023-06-13 18:10"),
        (["--now", "2023-06-13 17:00"], "plugged in at 2023-06-13 18:10, later than the moment planned for"),
        (["--stored", "900"], "900 kWh stored in a battery of"),
        (["--feed-in", "8"], "--feed-in 8 without anything that feeds in"),
        (["--market", "NO"], "the price table has no zone 'NO1'"),
    ],
)
def test_a_car_that_cannot_stand_so_is_refused_in_its_own_times(prices: Path, words: list[str], said: str) -> None:
    asked = ["charge", "plan", "--prices", str(prices), "--plugged-in", "2023-06-13 18:10", *words]
    with pytest.raises(BadInput, match=said):
        CliRunner().invoke(app, asked, catch_exceptions=False)


def test_a_full_battery_is_said_to_be_full(prices: Path) -> None:
    words = ["plan", "--prices", str(prices), "--plugged-in", "2023-06-13 18:10", "--stored", "60", "--json"]
    answer = json.loads(run(*words))
    assert answer["battery_kwh"] == 60
    assert answer["sentences"][0] == "Does not charge: the battery is full."


def test_a_car_that_stands_for_days_longer_than_habits_tell_is_expected_to_leave_later_than_now(prices: Path) -> None:
    words = ["plan", "--prices", str(prices), "--plugged-in", "2023-06-13 18:10", "--now", "2023-06-19 10:00", "--json"]
    answer = json.loads(run(*words))
    assert not any("as told" in line for line in answer["sentences"])
    assert answer["under_way"]["leaves"] is None
    early, median, late = (answer["leaves"][name] for name in ("early", "median", "late"))
    assert "Mon 10:00" < early < median < "Tue" < late
    there = [hour["there"] for hour in answer["hours"]]
    assert there == sorted(there, reverse=True)
    assert 0.8 < there[0] < 1


def test_a_departure_told_for_the_week_after_next_is_said_with_its_date(prices: Path) -> None:
    words = ["plan", "--prices", str(prices), "--plugged-in", "2023-06-13 18:10", "--leaves"]
    assert "Leaves Thu 29 Jun 07:00, as told." in run(*words, "2023-06-29 07:00")
    assert "Leaves Thu 07:00, as told." in run(*words, "2023-06-15 07:00")


def test_only_of_markets_that_were_asked_for_is_it_told_that_nothing_is_said(prices: Path, tmp_path: Path) -> None:
    shutil.copytree(EXAMPLE, tmp_path / "launch")
    words = ["value", "--prices", str(prices), "--homes", "2", "--launch", str(tmp_path / "launch")]
    assert "Nothing is said of" not in run(*words, "--markets", "DE")
    assert "Nothing is said of Austria" in run(*words)


def test_a_column_of_prices_that_no_tariff_reads_is_named(prices: Path, tmp_path: Path) -> None:
    more = tmp_path / "more.csv"
    head, *rows = prices.read_text(encoding="utf-8").splitlines()
    wide = [f"{head},JP-TK,BG", *(f"{row},80,70" for row in rows)]
    more.write_text("\n".join(wide) + "\n", encoding="utf-8")
    words = ["value", "--prices", str(more), "--homes", "2", "--year", "2023"]
    said = "No tariff is known for 2 columns of the prices, of which nothing is said: JP-TK, BG."
    assert said in " ".join(run(*words).split())
    assert said not in " ".join(run(*words, "--markets", "DE").split()), "only DE was asked for"
    assert json.loads(run(*words, "--markets", "DE", "--json"))["columns_without_tariff"] == ["JP-TK", "BG"]
