"""A launch played gate by gate: what its rows showed on a quarter's last day holds on the first of the next."""

from datetime import date
from types import SimpleNamespace

import pytest
from typer.testing import CliRunner

from beachhead.case.new import new_launch
from beachhead.case.open import open_launch
from beachhead.case.planning import held_as_read, put_question
from beachhead.cli.app import app
from beachhead.launch.gate import Gate, Verdict
from beachhead.launch.judge import as_read
from beachhead.world.quarter import Quarter

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


def gate(**change) -> Gate:
    plain = {
        "market": "NO",
        "registered": Quarter(2027, 2),
        "looks": (Quarter(2027, 3),),
        "channel": "dealer",
        "break_even": 4000.0,
        "scale_odds": 0.35,
        "stop_odds": 0.05,
        "information": 2.0,
        "information_at_start": 2.5,
        "max_expected_loss": 1e7,
        "capital": 2e7,
        "readiness": (),
    }
    return Gate(**plain | change)


def test_what_faded_before_a_gate_was_registered_opens_it_no_wider():
    read = [SimpleNamespace(end=date(2027, 3, 31))]
    held = SimpleNamespace(belief=SimpleNamespace(markets=("NO",)), reading=SimpleNamespace(counts=read), lost=(7.5,))
    assert held_as_read(gate(), held) == gate()
    held.reading.counts.append(SimpleNamespace(end=date(2027, 6, 30)))
    assert held_as_read(gate(), held) == gate(information_at_start=-5.0)


def test_a_gate_asks_no_more_for_time_that_has_not_passed():
    assert as_read(gate(), 0.5) == gate(information_at_start=2.0)
    assert as_read(gate(), -0.5) == gate()
