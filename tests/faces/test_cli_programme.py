"""`beachhead programme`: what a programme office sees, reports and is refused."""

from __future__ import annotations

import csv
import json
from datetime import UTC, date, datetime

import openpyxl
import pytest
from typer.testing import CliRunner

from beachhead.case.new import new_launch
from beachhead.case.open import open_launch
from beachhead.case.plan.planning import inputs_changed, is_stale, make_plan, newest_plan, put_question
from beachhead.case.programme import Report, update_progress
from beachhead.cli.app import app
from beachhead.programme.task import Progress
from beachhead.world.errors import BadInput

TASKS = "code,name,weeks_low,weeks_likely,weeks_high,after,due,owner,uses,amounts,blocks,source,as_of,grade\n"
SAID = "plan,2026-01-01,C\n"
ROLES = "code,name,capacity,source,as_of,grade\nteam,the team,2," + SAID
QUARTERS_WEEKS = 13


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A launch of three tasks, on a day by which everything reported here has come."""
    monkeypatch.setenv("BEACHHEAD_NOW", "2027-03-31T12:00:00+00:00")
    path = new_launch(tmp_path / "launch")
    (path / "roles.csv").write_text(ROLES)
    write(path, "a,A,4,5,8,,,team,team,2,pilot", "b,B,2,3,6,a,,,team,1,scale", "g,G,0,0,0,b,2027-06-30,,,,nothing")
    return path


def write(path, *rows):
    (path / "tasks.csv").write_text(TASKS + "".join(f"{row},{SAID}" for row in rows))


def run(*words, fails=False):
    done = CliRunner().invoke(app, [str(word) for word in words])
    if fails:
        assert isinstance(done.exception, BadInput)
        return done.exception
    assert done.exception is None, done.output
    return done.output


def asked(*words):
    return json.loads(run(*words, "--json"))


def test_status_tells_the_day_the_counts_and_every_task(folder):
    text = run("programme", "status", folder)
    assert "As of 2027-01-01 (nothing has been reported yet): 3 tasks, 3 planned, 0 running, 0 done" in text
    assert max(len(line.rstrip()) for line in text.splitlines()) <= 100
    rows = {row["code"]: row for row in asked("programme", "status", folder)["tasks"]}
    assert (rows["a"]["begins"], rows["b"]["late_days"]) == ("2027-01-01", 0)
    assert rows["b"]["begins"] == rows["a"]["ends"]


def test_a_late_report_delays_what_comes_after_and_the_odds_of_the_gate(folder):
    before = asked("programme", "risk", folder)
    run("programme", "update", folder, "a", "--started", "2027-01-01", "--left", "20", "--on", "2027-02-15")
    after = asked("programme", "risk", folder)
    assert (after["on"], after["stages"]) == ("2027-02-15", {"planned": 2, "running": 1, "done": 0})
    assert next(task for task in after["tasks"] if task["code"] == "b")["late_days"] > 100
    gate = {item["code"]: item for item in before["gates"]}["g"], {item["code"]: item for item in after["gates"]}["g"]
    assert gate[0]["odds"] > 0.99
    assert gate[1]["odds"] < 0.01
    assert gate[1]["short_days"] > 0
    assert "it begins with a" in run("programme", "status", folder)


def test_reports_sent_twice_change_nothing_and_later_ones_hold(folder, tmp_path):
    file = tmp_path / "week.csv"
    file.write_text("task,on,started_on,finished_on\na,2027-01-08,2027-01-04,\nb,2027-01-08,,\n")
    assert asked("programme", "update", folder, "--file", file)["new"] == 2
    assert asked("programme", "update", folder, "--file", file)["new"] == 0
    run("programme", "update", folder, "a", "--started", "2027-01-04", "--finished", "2027-01-29", "--on", "2027-01-30")
    rows = {row["code"]: row for row in asked("programme", "status", folder)["tasks"]}
    assert (rows["a"]["stage"], rows["a"]["ends"]) == ("done", "2027-01-29")
    earlier = {row["code"]: row for row in asked("programme", "status", folder, "--on", "2027-01-20")["tasks"]}
    assert earlier["a"]["stage"] == "running"


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (["a,A,1,2,3,b,,,,,pilot", "b,B,1,2,3,a,,,,,pilot"], "tasks.csv:2:after: 'b' runs in a circle"),
        (["a,A,1,2,3,,,nobody,,,pilot"], "tasks.csv:2:owner: 'nobody' is not a code of roles.csv"),
        (["a,A,-1,2,3,,,,,,pilot"], "tasks.csv:2:weeks_low: '-1' is negative"),
        (
            ["a,A,5,6,7,,,,,,pilot", "g,G,0,0,0,a,2027-01-10,,,,nothing"],
            "tasks.csv:3:due: '2027-01-10' lies before a can",
        ),
        (["a,A,1,2,3,,,,team,3,pilot"], "tasks.csv:2:amounts: '3' needs 3 of team at once, of which there are 2"),
    ],
)
def test_a_programme_that_does_not_hold_together_is_refused_with_the_row(folder, rows, said):
    write(folder, *rows)
    checked = CliRunner().invoke(app, ["check", str(folder)])
    assert checked.exit_code == 1
    assert said in " ".join(checked.output.split())
    assert said in str(run("programme", "status", folder, fails=True))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("nothing-such", "--note", "x"), "'nothing-such' is no task"),
        (("a",), "the report says nothing"),
        (("a", "--left", "3"), "has weeks left, but has not begun"),
        (("a", "--started", "2027-01-04", "--left", "3,2,1"), "'3,2,1' is no number of weeks"),
        (
            ("a", "--started", "2027-01-04", "--finished", "2027-01-01", "--on", "2027-02-01"),
            "was done on 2027-01-01, before it began on",
        ),
        (("a", "--finished", "2027-01-04", "--left", "2", "--on", "2027-02-01"), "has weeks left, but is done"),
        (
            ("a", "--started", "2027-01-04", "--left", "1e9", "--on", "2027-02-01"),
            "has 1e+09 weeks left, more than 1000",
        ),
        (("a", "--started", "2027-03-04", "--on", "2027-02-01"), "after the report of 2027-02-01"),
        (("a", "--note", "x", "--on", "2027-04-02"), "a is reported on as of 2027-04-02, which has not come yet"),
    ],
)
def test_an_odd_report_is_refused(folder, words, said):
    assert said in str(run("programme", "update", folder, *words, fails=True))


def test_a_report_of_a_day_to_come_is_refused_at_its_row(folder):
    """One slip of the year would stand for ever as the latest report: the whole programme stood as of that day."""
    file = folder / "week.csv"
    file.write_text("task,on,started_on\na,2027-03-31,2027-01-04\nb,2072-03-31,2027-03-30\n")
    refused = run("programme", "update", folder, "--file", file, fails=True)
    assert "week.csv:3:on: is reported on as of 2072-03-31, which has not come yet: mend the day" in str(refused)
    assert asked("programme", "status", folder)["reported"] is None


def test_a_day_that_has_begun_in_the_east_may_be_reported(folder, monkeypatch):
    """At seven in the morning of 1 April in Shanghai it is still 31 March in UTC."""
    monkeypatch.setenv("BEACHHEAD_NOW", "2027-03-31T23:00:00+00:00")
    run("programme", "update", folder, "a", "--started", "2027-03-01", "--finished", "2027-04-01")
    assert asked("programme", "status", folder)["reported"] == "2027-04-01"
    file = folder / "week.csv"
    file.write_text("task,on,started_on\nb,,2027-04-01\n")
    run("programme", "update", folder, "--file", file)
    file.write_text("task,on,started_on\nb,,2027-04-02\n")
    refused = run("programme", "update", folder, "--file", file, fails=True)
    assert "week.csv:2:started_on: began on 2027-04-02, after the report of 2027-03-31" in str(refused)


def test_a_task_begun_before_the_corrected_finish_of_what_it_comes_after_is_said(folder):
    run("programme", "update", folder, "a", "--finished", "2027-02-01", "--on", "2027-02-02")
    said = run("programme", "update", folder, "b", "--started", "2027-02-03", "--on", "2027-02-04")
    assert "Begun before" not in said
    said = run("programme", "update", folder, "a", "--finished", "2027-02-20", "--on", "2027-02-21")
    told = "Begun before what it comes after was done: b on 2027-02-03, a done 2027-02-20."
    assert told in " ".join(said.split())
    assert told in asked("programme", "status", folder)["sentences"]


def test_a_day_before_every_report_does_not_say_that_nothing_was_reported(folder):
    run("programme", "update", folder, "a", "--started", "2027-02-01", "--on", "2027-02-02")
    told = asked("programme", "status", folder, "--on", "2027-01-15")["sentences"][0]
    assert "(nothing had been reported by then; 1 later report left out)" in told


def test_what_tasks_csv_says_of_progress_is_a_report_too(folder):
    heads = TASKS.replace("source,", "started_on,finished_on,source,")
    rows = ("a,A,4,5,8,,,,,,pilot,2027-01-04,2027-02-01,", "b,B,2,3,6,a,,,,,scale,2027-02-08,,")
    (folder / "tasks.csv").write_text(heads + "".join(f"{row}{SAID}" for row in rows))
    stand = asked("programme", "status", folder)
    assert (stand["on"], stand["reported"]) == ("2027-02-08", "2027-02-08")
    assert stand["stages"] == {"planned": 0, "running": 1, "done": 1}
    earlier = asked("programme", "status", folder, "--on", "2027-01-15")
    assert earlier["stages"] == {"planned": 1, "running": 1, "done": 0}


def test_one_task_is_not_said_in_the_plural(folder):
    write(folder, "a,A,4,5,8,,,,,,pilot")
    assert "1 task, 1 planned" in run("programme", "status", folder)


def test_late_tasks_push_the_earliest_quarter_of_the_plan(folder):
    def first_scale():
        return put_question(open_launch(folder)).problem.terms.first_scale.copy()

    before = first_scale()
    run("programme", "update", folder, "a", "--started", "2027-01-01", "--left", "80", "--on", "2027-02-15")
    after = first_scale()
    abroad = [i for i, m in enumerate(open_launch(folder).folder.markets) if not m.is_home]
    assert (after[abroad] > before[abroad]).any()


def test_a_report_makes_the_plan_on_record_stale(folder):
    run("plan", folder, "--worlds", "2", "--on", "2027-01-05")
    launch = open_launch(folder)
    assert not inputs_changed(launch, newest_plan(launch))
    run("programme", "update", folder, "a", "--started", "2027-01-01", "--left", "80", "--on", "2027-02-15")
    assert inputs_changed(launch, newest_plan(launch))


def test_a_report_of_the_same_second_makes_the_plan_stale_too(folder):
    """The clock of the commands has whole seconds: what was read is known by number, not by time."""
    instant = datetime(2027, 1, 5, 9, tzinfo=UTC)
    launch = open_launch(folder)
    planned = make_plan(launch, on=date(2027, 1, 5), worlds=2, who="ann", at=instant)
    assert not is_stale(launch, planned)
    said = Report(task="a", progress=Progress(on=date(2027, 1, 4), started=date(2027, 1, 1)))
    update_progress(launch, (said,), who="ann", at=instant, name="x")
    assert is_stale(launch, planned)


def test_the_schedule_goes_out_as_a_calendar_that_other_tools_read(folder, tmp_path):
    file = tmp_path / "plan.ics"
    run("programme", "export", folder, file)
    data = file.read_bytes()
    assert all(len(line) <= 75 for line in data.split(b"\r\n"))
    text = data.decode().replace("\r\n ", "")
    assert text.count("BEGIN:VEVENT") == text.count("END:VEVENT") >= 3
    event = next(part for part in text.split("BEGIN:VEVENT") if "UID:task-a@" in part)
    assert "DTSTART;VALUE=DATE:20270101" in event
    assert "SUMMARY:a: A" in event


def test_the_schedule_goes_out_as_a_table(folder, tmp_path):
    file = tmp_path / "plan.csv"
    run("programme", "export", folder, file)
    rows = {row["code"]: row for row in csv.DictReader(file.read_text().splitlines())}
    assert list(rows) == ["a", "b", "g"]
    assert rows["b"]["begins"] == rows["a"]["ends"]
    assert "is neither a calendar nor a table" in str(
        run("programme", "export", folder, tmp_path / "x.pdf", fails=True)
    )


def workbook(path, *rows):
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    book.save(path)
    return path


HEADER = ("Code", "Name", "Weeks low", "Weeks likely", "Weeks high", "After", "Owner", "Blocks")


def test_tasks_come_in_from_a_workbook_with_the_file_as_their_source(folder, tmp_path):
    file = workbook(
        tmp_path / "plan.xlsx", HEADER, ("x", "first", 2, 3, 4, None, "team", "pilot"), ("y", "then", 1, 1, 2, "x")
    )
    assert "2 tasks taken in" in run("programme", "import", folder, file)
    rows = asked("programme", "status", folder)["tasks"]
    assert [row["code"] for row in rows] == ["x", "y"]
    assert "imported from plan.xlsx" in (folder / "tasks.csv").read_text()


def test_a_workbook_with_a_fault_changes_nothing(folder, tmp_path):
    before = (folder / "tasks.csv").read_text()
    rows = ("x", "first", 2, 3, 4, "y", "nobody", "pilot"), ("y", "then", 3, 1, 2, "x")
    said = str(run("programme", "import", folder, workbook(tmp_path / "p.xlsx", HEADER, *rows), fails=True))
    assert "p.xlsx:3:weeks_likely" in said
    rows = ("x", "first", 2, 3, 4, "y", "nobody", "pilot"), ("y", "then", 1, 1, 2, "x")
    said = str(run("programme", "import", folder, workbook(tmp_path / "p.xlsx", HEADER, *rows), fails=True))
    assert "p.xlsx:2:owner: 'nobody' is not a code of roles.csv" in said
    assert "runs in a circle" in said
    assert (folder / "tasks.csv").read_text() == before


def test_tasks_hold_up_nothing_that_opens_by_the_quarter_planned_and_silence_is_told(folder):
    """Every plan to the last said that tasks held up what had long been open, and trusted a schedule nobody told of."""
    first = put_question(open_launch(folder), on=date(2027, 1, 4)).notes
    assert any("Tasks hold up pilots in Norway" in note for note in first)
    assert not any("reported" in note for note in first)
    later = put_question(open_launch(folder), on=date(2027, 7, 5)).notes
    assert not any("Tasks hold up" in note for note in later)
    (told,) = [note for note in later if note.startswith("Tasks: ")]
    assert "nothing has been reported since the first day for 26 weeks" in told
    assert "their schedule of 2027-01-01; `beachhead programme risk --on 2027-07-05`" in told


def test_a_gate_whose_day_is_over_is_not_told_to_keep_it(folder):
    write(folder, "a,A,4,5,8,,2027-02-26,team,team,2,nothing", "b,B,2,3,6,a,2027-03-20,,team,1,nothing")
    run("programme", "update", folder, "a", "--started", "2027-01-11", "--finished", "2027-03-01", "--on", "2027-03-24")
    text = " ".join(run("programme", "risk", folder).split())
    assert "a: open since 2027-03-01, 3 days after its day, 2027-02-26." in text
    assert "b: its day, 2027-03-20, is over; 2027-" in text
    assert "to keep 2027-0" not in text
