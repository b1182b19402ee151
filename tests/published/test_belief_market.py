"""Price response from market-level data: PyBLP's own example reproduced, made-up markets found again, refusals."""

import csv
import json
import sys
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from beachhead.belief.choice.market import fit_market
from beachhead.case.new import new_launch
from beachhead.cli.app import app
from beachhead.evidence.market_data import read_market_data
from beachhead.world.errors import BadInput

HEAD = "market_ids,product_ids,shares,prices,demand_instruments0\n"


def pyblp():
    return pytest.importorskip("pyblp", reason="needs the extra blp")


def nevo():
    return read_market_data(Path(pyblp().data.NEVO_PRODUCTS_LOCATION))


def fitted(data, **how):
    return fit_market(data.markets, data.products, data.shares, data.prices, data.x, data.instruments, **how)


def test_nevos_cereals_have_the_price_coefficient_of_pyblps_tutorial():
    """Logit with product effects: -3.0E+01 (1.0E+00), PyBLP's tutorial on logit and nested logit."""
    data = nevo()
    found = fitted(data)
    assert float(f"{found.price:.1e}") == -30.0
    assert float(f"{found.price_se:.1e}") == 1.0
    assert (found.products, found.markets, found.absorbed) == (2256, 94, True)
    # the logit's own elasticity is -a p (1 - s) (Train 2009, section 3.6)
    own = found.price * data.prices * (1 - data.shares)
    assert found.own == pytest.approx(float(np.median(own)), rel=1e-6)


@pytest.mark.full
def test_random_coefficients_fit_no_worse_than_the_logit():
    plain, mixed = fitted(nevo()), fitted(nevo(), random=True)
    assert mixed.objective <= plain.objective + 1e-6
    assert mixed.price < 0


def made_up(path: Path, price: float = -0.08, markets: int = 40) -> Path:
    """A logit in which makers raise prices where demand is high; cost is the instrument."""
    rng = np.random.default_rng(4)
    quality = rng.normal(0, 0.5, 8)
    with path.open("w", encoding="utf-8", newline="") as handle:
        out = csv.writer(handle)
        out.writerow(HEAD.strip().split(","))
        for m in range(markets):
            cost, xi = rng.normal(40, 4, 8), rng.normal(0, 0.4, 8)
            asked = cost + 4 * xi + rng.normal(0, 1, 8)
            value = np.exp(-1 + quality + price * asked + xi)
            for j in range(8):
                out.writerow([m, j, value[j] / (1 + value.sum()), asked[j] * 1000, cost[j]])
    return path


def test_a_made_up_price_response_is_found_though_prices_follow_demand(tmp_path):
    pyblp()
    found = fitted(read_market_data(made_up(tmp_path / "m.csv")))
    assert found.price * 1000 == pytest.approx(-0.08, abs=2.5 * found.price_se * 1000)
    assert found.log_sd < 0.2


def test_the_row_moves_what_adjust_believes(tmp_path):
    pyblp()
    folder = new_launch(tmp_path / "launch", "starter")
    words = ("evidence", "market", made_up(tmp_path / "m.csv"), "--launch", folder, "--market", "PT", "--write")
    result = CliRunner().invoke(app, [str(w) for w in (*words, "--on", "2026-06-01", "--json")])
    assert result.exit_code == 0, result.output
    assert json.loads(result.output)["rows"][0]["bias_sd"] == "0.25"
    said = CliRunner().invoke(app, ["adjust", str(folder), "--on", "2027-02-01", "--json", "--market", "PT"])
    assert [s["study"] for s in json.loads(said.output)["stated"]] == ["m"]


@pytest.mark.parametrize(
    ("rows", "row", "column"),
    [
        ("a,1,0.2,0,1\n", 2, "prices"),
        ("a,1,0.2,5,1\na,1,0.2,6,1\n", 3, "product_ids"),
        ("a,1,0.7,5,1\na,2,0.4,6,1\n", 3, "shares"),
        ("a,1,x,5,1\n", 2, "shares"),
        ("a,1,0.2,5,\n", 2, "demand_instruments0"),
        (",1,0.2,5,1\n", 2, "market_ids"),
    ],
)
def test_what_no_market_can_have_is_refused_at_its_row_and_column(tmp_path, rows, row, column):
    path = tmp_path / "m.csv"
    path.write_text(HEAD + rows, encoding="utf-8")
    with pytest.raises(BadInput) as refused:
        read_market_data(path)
    assert (row, column) in {(f.row, f.column) for f in refused.value.faults}


def test_prices_without_an_instrument_are_refused(tmp_path):
    path = tmp_path / "m.csv"
    path.write_text("market_ids,product_ids,shares,prices\na,1,0.2,5\n", encoding="utf-8")
    with pytest.raises(BadInput) as refused:
        read_market_data(path)
    assert [f.column for f in refused.value.faults] == ["demand_instruments0"]


@pytest.mark.parametrize(
    ("head", "rows", "column"),
    [
        (HEAD, "a,1,0.2,5,5\na,2,0.1,6,6\nb,1,0.3,4,4\n", "demand_instruments0"),
        (HEAD, "a,1,0.2,5,1\na,2,0.1,6,1\nb,1,0.3,4,1\n", "demand_instruments0"),
        (HEAD[:-1] + ",shares\n", "a,1,0.2,5,1,1\na,2,0.1,6,2,1\n", "shares"),
        (HEAD.replace(",", ";"), "a;1;0.2;5;1\n", None),
    ],
)
def test_an_instrument_that_is_the_price_or_never_moves_and_headers_that_cannot_be_meant_are_refused(
    tmp_path, head, rows, column
):
    path = tmp_path / "m.csv"
    path.write_text(head + rows, encoding="utf-8")
    with pytest.raises(BadInput) as refused:
        read_market_data(path)
    assert [(f.row, f.column) for f in refused.value.faults] == [(1, column)]


def test_prices_of_another_scale_never_reach_the_launch(tmp_path):
    file = Path(pyblp().data.NEVO_PRODUCTS_LOCATION)  # cereals at 12 cents
    folder = new_launch(tmp_path / "launch", "starter")
    words = ("evidence", "market", file, "--launch", folder, "--market", "PT", "--write")
    with pytest.raises(BadInput, match=r"prices about 0\.1204 EUR, where PT is asked 40,000"):
        CliRunner().invoke(app, [str(w) for w in words], catch_exceptions=False)
    assert not (folder / "responses.csv").exists()


def test_without_the_extra_the_cure_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "pyblp", None)
    with pytest.raises(BadInput, match="PyBLP") as refused:
        fit_market(["a"], ["1"], np.array([0.1]), np.array([1.0]), np.zeros((1, 0)), np.ones((1, 1)))
    assert "beachhead[blp]" in refused.value.hint
