from pathlib import Path
from unittest.mock import patch

import pytest

import beachhead as bh
from beachhead.cli.reference import reference
from beachhead.cli.start import COMMANDS, GROUPS, main


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
