"""`beachhead new` and `beachhead check`, as a user sees them."""

import json
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from beachhead.case.new import examples
from beachhead.cli.app import app
from beachhead.cli.show import WIDTH
from beachhead.cli.start import main

RUNNER = CliRunner()


@pytest.fixture
def launch(tmp_path: Path) -> Path:
    target = tmp_path / "x"
    assert RUNNER.invoke(app, ["new", str(target)]).exit_code == 0
    return target


def test_the_next_step_can_be_typed_as_it_stands_where_the_path_has_a_space(tmp_path: Path):
    target = tmp_path / "a long way off, so that the line is wider than any console" / "mein Österreich"
    made = RUNNER.invoke(app, ["new", str(target)])
    assert f"Next: beachhead check '{target}'" in made.stdout.splitlines()


@pytest.mark.parametrize("example", examples())
def test_every_bundled_launch_can_be_copied_and_is_sound(tmp_path: Path, example: str):
    made = RUNNER.invoke(app, ["new", str(tmp_path / "x"), "--example", example])
    assert made.exit_code == 0
    assert f"Next: beachhead check {tmp_path / 'x'}" in made.stdout.splitlines()
    checked = RUNNER.invoke(app, ["check", str(tmp_path / "x")])
    assert checked.exit_code == 0, checked.stdout
    assert " is sound: " in checked.stdout
    assert max(len(line) for line in checked.stdout.splitlines() if not line.startswith("Next: ")) <= WIDTH


def test_the_summary_of_xiaomi_counts_what_is_there(tmp_path: Path):
    RUNNER.invoke(app, ["new", str(tmp_path / "x"), "--example", "xiaomi"])
    answer = json.loads(RUNNER.invoke(app, ["check", str(tmp_path / "x"), "--json"]).stdout)
    assert answer["sound"] is True
    assert answer["faults"] == []
    rows = {table["name"]: table["rows"] for table in answer["tables"]}
    assert rows["markets"] == 48
    assert rows["offers"] == 6
    assert rows["prices"] == 48 * 6


def test_a_folder_that_holds_something_is_never_overwritten(launch: Path, capsys: pytest.CaptureFixture[str]):
    before = {path.name: path.read_bytes() for path in launch.iterdir()}
    assert run(["new", str(launch), "--example", "xiaomi"]) == 1
    assert "is not empty" in capsys.readouterr().err
    assert {path.name: path.read_bytes() for path in launch.iterdir()} == before


def test_the_empty_folder_one_stands_in_can_be_filled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    assert RUNNER.invoke(app, ["new", "."]).exit_code == 0
    assert RUNNER.invoke(app, ["check", "."]).exit_code == 0
    assert [path.name for path in tmp_path.iterdir()] == ["here"]


def test_an_example_that_does_not_exist_is_told_the_nearest(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert run(["new", str(tmp_path / "y"), "--example", "xiaomy"]) == 1
    assert "did you mean xiaomi?" in capsys.readouterr().err
    assert not (tmp_path / "y").exists()


def test_faults_are_listed_with_place_and_cure_within_the_width_and_exit_one(launch: Path):
    markets = launch / "markets.csv"
    markets.write_text(markets.read_text().replace("150000", "NaN").replace("Sweden", ""))
    shown = RUNNER.invoke(app, ["check", str(launch)])
    assert shown.exit_code == 1
    assert "has 2 faults in 1 file" in shown.stdout.replace("\n", " ")
    assert "markets.csv:2:bev_per_year: 'NaN' is not a number:" in shown.stdout
    assert "markets.csv:3:name: is blank but required: write the English short name" in shown.stdout
    assert max(len(line) for line in shown.stdout.splitlines()[1:]) <= WIDTH
    answer = RUNNER.invoke(app, ["check", str(launch), "--json"])
    assert answer.exit_code == 1
    faults = json.loads(answer.stdout)["faults"]
    assert [(fault["row"], fault["column"]) for fault in faults] == [(2, "bev_per_year"), (3, "name")]


def test_faults_that_are_alike_are_shown_once_and_counted(launch: Path):
    prices = launch / "prices.csv"
    head, *rows = prices.read_text().splitlines()
    prices.write_text("\n".join([head, *(row.replace(",ONE,", ",TWO,") for row in rows), *rows]) + "\n")
    (launch / "facts.csv").write_text(
        "market,name,value,source,as_of,grade\n" + "".join(f"NO,f{i},x,y,2026-01-01,C\n" for i in range(20))
    )
    short = RUNNER.invoke(app, ["check", str(launch)]).stdout
    assert "and 17 more like it, in rows 5, 6, 7" in short
    every = RUNNER.invoke(app, ["check", str(launch), "--all"]).stdout
    assert every.count("facts.csv:") == 20


def test_wrong_usage_exits_two():
    assert RUNNER.invoke(app, ["check"]).exit_code == 2
    assert RUNNER.invoke(app, ["new"]).exit_code == 2


def test_a_folder_that_is_not_there_is_a_fault_not_a_traceback(tmp_path: Path):
    shown = RUNNER.invoke(app, ["check", str(tmp_path / "nowhere")])
    assert shown.exit_code == 1
    assert "does not exist" in shown.stdout.replace("\n", " ")


def test_a_fault_in_row_100_is_shown_as_a_number_and_those_alike_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    rows = "".join(f"b{n},NO,dealer,2026-08-01,2026-08-31,many\n" for n in range(2, 151))
    (tmp_path / "seen.csv").write_text("batch,market,channel,start,end,orders\n" + rows)
    assert run(["new", str(tmp_path / "x")]) == 0
    assert run(["observe", str(tmp_path / "x"), str(tmp_path / "seen.csv")]) == 1
    told = capsys.readouterr().err
    assert "149 faults in the input" in told
    assert "and 146 more like it, in rows 5, 6, 7" in told
    (tmp_path / "seen.csv").write_text("batch,market,channel,start,end,orders\n" + "\n" * 98 + "b,NO,dealer,1,2,3\n")
    assert run(["observe", str(tmp_path / "x"), str(tmp_path / "seen.csv")]) == 1
    assert "seen.csv:100:end: '2'" in capsys.readouterr().err


@pytest.mark.parametrize("as_json", [False, True])
def test_what_the_system_refuses_is_one_sentence_with_its_place_not_a_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], as_json: bool
):
    def refuse(_: object) -> None:
        raise PermissionError(13, "Permission denied", "x/responses.csv.new")

    monkeypatch.setattr("beachhead.cli.start.build", refuse)
    assert run(["check", "x", *(["--json"] if as_json else [])]) == 1
    told = capsys.readouterr()
    if as_json:
        assert json.loads(told.out)["error"]["message"] == "x/responses.csv.new: Permission denied"
    else:
        assert told.err.startswith("x/responses.csv.new: Permission denied\n  cure: look for its permissions")


def test_bytes_of_an_argument_that_are_no_text_are_named_and_no_other_fault_is_taken_for_them(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    def kept(_: object) -> None:
        "x\udcff".encode()  # as a terminal hands on a byte that is no UTF-8

    monkeypatch.setattr("beachhead.cli.start.build", kept)
    assert run(["decide", "x", "--because", "x\udcff"]) == 1
    assert capsys.readouterr().err.startswith(r"'x\udcff' is no text in UTF-8")
    with pytest.raises(UnicodeEncodeError):
        run(["decide", "x", "--because", "x"])


def test_accounts_are_added_listed_and_taken_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    folder = str(tmp_path / "x")
    monkeypatch.setenv("BEACHHEAD_PASSWORD", "correct horse battery")
    assert run(["new", folder]) == 0
    assert run(["account", folder]) == 0
    assert "Nobody has an account" in capsys.readouterr().out
    assert run(["account", folder, "ada", "--role", "approver"]) == 0
    assert run(["account", folder, "vera", "--role", "analyst"]) == 0
    assert "vera is now analyst" in capsys.readouterr().out
    assert run(["account", folder, "vera", "--remove", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"accounts": [{"name": "ada", "role": "approver"}]}
    assert run(["account", folder, "ada", "--remove"]) == 1
    assert "'ada' is the last account" in capsys.readouterr().err
    assert run(["account", folder, "--remove"]) == 1
    assert "nobody is named" in capsys.readouterr().err


def run(arguments: list[str]) -> int:
    """The exit code of the command line as started by a user."""
    old = sys.argv
    sys.argv = ["beachhead", *arguments]
    try:
        main()
    except SystemExit as end:
        return int(end.code or 0)
    finally:
        sys.argv = old
    return 0


def test_who_presses_ctrl_c_is_told_that_nothing_acknowledged_is_lost(monkeypatch, capsys, tmp_path):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("beachhead.cli.check.check_launch", interrupted)
    monkeypatch.setattr(sys, "argv", ["beachhead", "check", str(tmp_path)])
    with pytest.raises(SystemExit) as ending:
        main()
    assert ending.value.code == 130
    assert capsys.readouterr().err == "stopped; what was acknowledged is kept\n"
