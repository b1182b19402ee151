from pathlib import Path
from unittest.mock import patch

import pytest
import typer.main

import beachhead as bh
from beachhead.cli.app import app
from beachhead.cli.reference import reference
from beachhead.cli.start import COMMANDS, GROUPS, main, overview


def test_the_command_line_reference_is_what_the_commands_say():
    kept = Path(__file__).parents[2] / "docs" / "reference" / "cli.md"
    assert kept.read_text(encoding="utf-8") == reference(), (
        "run: python -m beachhead.cli.reference > docs/reference/cli.md"
    )


def test_the_version_is_told_and_every_command_stands_under_a_heading(capsys: pytest.CaptureFixture[str]):
    for asked, wanted in (("--version", [f"beachhead {bh.__version__}\n"]), ("-h", [*GROUPS, *COMMANDS])):
        with pytest.raises(SystemExit) as ended, patch("sys.argv", ["beachhead", asked]):
            main()
        assert ended.value.code == 0
        told = capsys.readouterr().out
        assert all(word in told for word in wanted), told


def test_the_overview_says_of_every_command_what_the_command_says_of_itself():
    told, loaded = (typer.main.get_command(each).commands for each in (overview(), app))
    assert list(told) == list(COMMANDS)
    assert set(loaded) == set(COMMANDS)
    for name, command in loaded.items():
        assert told[name].help == command.help != ""
        assert told[name].get_short_help_str() == command.get_short_help_str()


def test_a_command_after_two_dashes_is_done_not_passed_over(capsys: pytest.CaptureFixture[str], tmp_path: Path):
    with pytest.raises(SystemExit) as ended, patch("sys.argv", ["beachhead", "--", "check", str(tmp_path / "none")]):
        main()
    assert ended.value.code == 1
    assert "none has 1 fault" in capsys.readouterr().out
