"""`beachhead backtest` on panels that nobody has seen: what is printed, and what is in the JSON."""

import json
import math
from dataclasses import fields

import pytest
from typer.testing import CliRunner

from beachhead.belief.history.backtest import Origin
from beachhead.cli.app import app

MONTHS = [f"{2019 + m // 12}-{m % 12 + 1:02d}" for m in range(44)]
COUNTRIES = ("NO", "SE", "DE", "FR", "ES", "IT")


@pytest.fixture
def panel(tmp_path):
    """Two brands enter six countries and sell twenty cars a month for ever: whoever says so makes no error."""
    rows = ["country,period,brand,bev_n"]
    for country in COUNTRIES:
        for m, month in enumerate(MONTHS):
            rows += [f"{country},{month},Old,900", *(f"{country},{month},{b},{20 * (m > 15)}" for b in ("Über", "Gac"))]
    (tmp_path / "panel.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    totals = [f"{country},{month},5000" for country in COUNTRIES for month in MONTHS]
    (tmp_path / "totals.csv").write_text("\n".join(["country,period,bev_cars", *totals]) + "\n")
    return tmp_path


def run(*words):
    return CliRunner().invoke(app, ["backtest", *map(str, words), "--workers", "1"])


def test_where_a_peer_makes_no_error_there_is_no_skill_in_words_or_figures(panel):
    answer = json.loads(run("--panel", panel, "--brands", "u\u0308BER", "--json").stdout, parse_constant=pytest.fail)
    assert [(o["months"], o["entries"], o["brands"]) for o in answer["origins"]] == [(k, 6, 1) for k in (3, 6, 12)]
    for origin in answer["origins"]:
        assert list(origin) == [f.name for f in fields(Origin)]
        assert origin["best_peer_crps_log1p"] == pytest.approx(0.0, abs=1e-12)
        assert origin["skill"] is origin["skill_low"] is origin["skill_high"] is None
        assert math.isfinite(origin["crps_log1p"])
    said = run("--panel", panel, "--brands", "über").stdout
    assert said.count(" none ") == 3
    assert "no better than the" in said
    assert "nan" not in said
    assert "inf%" not in said
