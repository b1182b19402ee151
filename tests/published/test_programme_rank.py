"""Odds of ranks against what came, on real registrations (skipped where the shared data are absent)."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from _rank_backtest import AS_IS, LAST_RANK, OURS, TREND, backtest, deciles
from beachhead.programme.rank import FITTED
from beachhead.programme.rank_fit import fit_dynamics
from rivals import rival_histories

DATA = Path(
    os.environ.get("BEACHHEAD_SHARED") or Path(__file__).resolve().parents[3] / "shared", "data", "registrations"
)
YEARS = tuple(half / 2 for half in range(2020 * 2, 2026 * 2))

pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="shared registrations are absent")


@pytest.fixture(scope="module")
def histories():
    return rival_histories(DATA)


def test_the_bundled_dynamics_are_those_fitted_on_the_panel(histories):
    fitted = fit_dynamics(histories, FITTED.until)
    for name in ("drift", "log_sd", "size", "calm"):
        assert getattr(fitted, name) == pytest.approx(getattr(FITTED, name), abs=0.005)
    assert fitted.steps == FITTED.steps


@pytest.mark.full
def test_odds_of_the_top_five_beat_all_peers_and_come_true_in_every_tenth(histories):
    tested = backtest(histories, YEARS, draws=6000)
    assert len(tested.questions) > 4000
    for peer in (LAST_RANK, TREND, AS_IS):
        assert tested.brier(OURS) < tested.brier(peer) - 0.01
    assert all(tenth.reliable for tenth in deciles(tested) if tenth.count >= 30)
    assert 0.85 < tested.covered.mean() < 0.95
