"""PyMC-Marketing's Bass model as a peer: pinned by name alone, scored like the others, refused by name where absent."""

import sys
from dataclasses import replace

import numpy as np
import pytest
from typer.testing import CliRunner

from beachhead.belief.history import slow
from beachhead.belief.history.case import case
from beachhead.belief.history.score import crps
from beachhead.cli.app import app
from beachhead.world.entry import Entry
from beachhead.world.errors import BadInput


def entry(brand: str, country: str, level: float = 100.0, months: int = 30) -> Entry:
    cars = np.round(level * (1 + 0.3 * np.sin(np.arange(months))))
    return Entry(
        brand=brand,
        country=country,
        region="x",
        first=24000,
        cars=cars,
        ceiling=np.full(months, np.nan),
        market=np.full(months, 1e4),
        newcomer=True,
        source="made up",
    )


class Answered:
    """What `slow_origins` reads of a backtest."""

    peers = ("last value", "mean")

    def __init__(self, *cases) -> None:
        self.scored = [Seen(c) for c in cases]


class Seen:
    def __init__(self, asked) -> None:
        self.case, self.crps, self.peers = asked, 0.5, (0.7, 0.6)


def test_cases_are_pinned_by_their_name_alone():
    names = [(f"B{b}", c) for b in range(60) for c in ("NO", "SE", "DE")]
    chosen = [slow.pinned(case(entry(*name), 3)) for name in names]
    assert 0.15 < np.mean(chosen) < 0.35
    richer = [slow.pinned(case(entry(*name, level=9000.0), 12)) for name in names]
    assert richer == chosen


def test_draws_are_scored_as_they_come_and_with_the_errors_of_other_brands(monkeypatch):
    monkeypatch.setattr(slow, "pinned", lambda asked: True)
    cases = [case(entry(b, "NO", level), 6) for b, level in (("A", 50.0), ("B", 200.0), ("C", 800.0))]
    totals = np.array([[np.expm1(c.target + shift)] * 3 for c, shift in zip(cases, (0.1, 0.2, -0.4), strict=True)])
    (found,) = slow.slow_origins(Answered(*cases), seed=1, draws=lambda asked, seed: totals)
    assert found.bass_own == pytest.approx(np.mean([0.1, 0.2, 0.4]))
    # errors are target less median: -.1, -.2, .4; each brand takes the two of the others
    pairs = ((0.1, [-0.2, 0.4]), (0.2, [-0.1, 0.4]), (-0.4, [-0.1, -0.2]))
    assert found.bass_errors == pytest.approx(np.mean([crps(np.array(e) + shift, 0.0) for shift, e in pairs]))
    assert (found.best_peer, found.best_peer_crps_log1p, found.entries, found.brands) == ("mean", 0.6, 3, 3)
    assert found.skill == pytest.approx(1 - 0.5 / min(found.bass_own, found.bass_errors))
    assert found.difference == pytest.approx(0.5 - min(found.bass_own, found.bass_errors))
    # ours is .5 on each case, so the pairs differ by what the better of its two scores: .1 to .4 or so
    assert found.difference_low < found.difference < found.difference_high
    assert found.difference_low_brands == pytest.approx(found.difference_low)  # one case a brand: the same draw


def test_without_the_package_the_cure_is_named_and_other_peers_are_refused(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "pymc", None)
    with pytest.raises(BadInput, match="PyMC-Marketing") as refused:
        slow.bass_draws([case(entry("A", "NO"), 6)], 1)
    assert "beachhead[slow]" in refused.value.hint
    result = CliRunner().invoke(app, ["backtest", "--panel", str(tmp_path), "--peers", "quick"])
    assert result.exit_code != 0


@pytest.mark.full
def test_a_bass_curve_is_extended_to_the_total_it_comes_to():
    pytest.importorskip("pymc_marketing", reason="needs the extra slow")
    t = np.arange(1, 37.0)
    sales = np.round(slow._density(np.array(0.004), np.array(0.12), t) * 40_000)
    asked = case(replace(entry("A", "NO", months=36), cars=sales), 12)
    drawn = slow.bass_draws([asked, asked], 3)
    assert abs(np.median(np.log1p(drawn)) - asked.target) < 0.5
