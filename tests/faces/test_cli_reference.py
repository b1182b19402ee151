from pathlib import Path

from beachhead.cli.reference import reference


def test_the_command_line_reference_is_what_the_commands_say():
    kept = Path(__file__).parents[2] / "docs" / "reference" / "cli.md"
    assert kept.read_text(encoding="utf-8") == reference(), (
        "run: python -m beachhead.cli.reference > docs/reference/cli.md"
    )
