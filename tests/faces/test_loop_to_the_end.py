"""A launch played gate by gate: what its rows showed on a quarter's last day holds on the first of the next."""

from datetime import date

import pytest
from typer.testing import CliRunner

from beachhead.case.new import new_launch
from beachhead.case.open import open_launch
from beachhead.case.planning import put_question
from beachhead.cli.app import app
from beachhead.launch.gate import Verdict

HEADER = "batch,market,offer,channel,store,start,end,price,currency,reach,opening_stock,orders,sold_out_on\n"
SOLD_OUT = "first,NO,ONE,dealer,,2027-01-01,2027-01-31,450000,NOK,0.085,50,50,2027-01-20\n"


@pytest.fixture
def sold_out(tmp_path, monkeypatch):
    """A launch whose first pilot, of 50 cars, sold out in 20 days."""
    folder = new_launch(tmp_path / "launch", "starter")
    (tmp_path / "rows.csv").write_text(HEADER + SOLD_OUT)
    for instant, words in (
        ("2027-01-05", ["plan", folder, "--worlds", "2"]),
        ("2027-01-05", ["decide", folder, "--override", "NO=pilot:50:dealer", "--because", "stores", "--who", "ann"]),
        ("2027-03-31", ["observe", folder, tmp_path / "rows.csv", "--who", "ann"]),
    ):
        monkeypatch.setenv("BEACHHEAD_NOW", f"{instant}T09:00:00+00:00")
        result = CliRunner().invoke(app, [str(word) for word in words])
        assert result.exit_code == 0, result.output
    return open_launch(folder)


def test_a_gate_that_said_scale_on_the_last_day_of_a_quarter_says_so_on_the_first_of_the_next(sold_out):
    """Time's doubt of a quarter came on its first day, took the information away, and no launch was ever scaled."""
    (before,) = put_question(sold_out, on=date(2027, 3, 31)).judgements
    (after,) = put_question(sold_out, on=date(2027, 4, 1)).judgements
    assert before.verdict is after.verdict is Verdict.SCALE
    assert after.odds < before.odds  # time is weighed in the odds
