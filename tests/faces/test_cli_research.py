"""`beachhead research` on the bundled starter."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from beachhead.case.open import open_launch
from beachhead.case.plan.research import ask_research, worth_checking
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


def in_rupiah(folder: Path) -> None:
    """The bundled starter counted in rupiah: the same money under a number 17,000 times as large."""
    rate = 17_000.0
    terms = folder / "launch.toml"
    text = terms.read_text(encoding="utf-8")
    terms.write_text(
        text.replace('currency = "EUR"', 'currency = "IDR"').replace("= 60e6", f"= {60e6 * rate:.0f}"), encoding="utf-8"
    )
    head, *rows = (folder / "fx.csv").read_text(encoding="utf-8").splitlines()
    cells = [row.split(",", 2) for row in rows]
    said = [",".join((code, f"{float(worth) * rate:.6g}", rest)) for code, worth, rest in cells]
    euro = ",".join(("EUR", f"{rate:.6g}", cells[0][2]))
    (folder / "fx.csv").write_text("\n".join([head, *said, euro, ""]), encoding="utf-8")
    path = folder / "economics.csv"
    money = path.read_text(encoding="utf-8")
    for channel in ("own_store", "dealer", "importer"):
        money = money.replace(f"{channel},,", f"{channel},EUR,")
    path.write_text(money, encoding="utf-8")


def test_what_is_worth_checking_is_the_same_in_any_currency(tmp_path):
    listed = []
    for name in ("euro", "rupiah"):
        run("new", tmp_path / name)
        if name == "rupiah":
            in_rupiah(tmp_path / name)
        found = ask_research(open_launch(tmp_path / name))
        rate = 17_000.0 if name == "rupiah" else 1.0
        assert found.least == pytest.approx(39.125 * rate), "a thousandth of the median price asked"
        assert all(worth.worth >= found.least for worth in worth_checking(found))
        assert len(worth_checking(found)) < len(found.found.facts)
        listed.append({(worth.doubt.market, worth.doubt.table, worth.doubt.field) for worth in worth_checking(found)})
    assert listed[0] == listed[1] != set()
