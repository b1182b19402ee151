"""`beachhead research` on the bundled starter."""

import json

from typer.testing import CliRunner

from beachhead.cli.app import app


def run(*words: str) -> str:
    result = CliRunner().invoke(app, [str(word) for word in words])
    assert result.exit_code == 0, result.output
    return result.output


def test_research_screens_markets_and_orders_facts_by_worth(tmp_path):
    folder = tmp_path / "launch"
    run("new", folder, "--example", "starter")
    said = json.loads(run("research", folder, "--json"))
    assert 0 <= said["stability"] <= 1
    assert [s["rank"] for s in said["screen"]] == list(range(1, len(said["screen"]) + 1))
    worths = [w["worth"] for w in said["facts"]]
    assert worths == sorted(worths, reverse=True)
    text = run("research", folder)
    assert "Best to look at" in text
    assert max(map(len, text.splitlines())) <= 100
