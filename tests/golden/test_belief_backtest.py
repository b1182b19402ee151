"""The figures of the backtest on the real panel.

They may change when the panel's rules or the model change; each change is listed in docs/measured/backtest.md with
the number of variants tried.
"""

import os
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest

from beachhead.belief.history.backtest import Question, backtest
from beachhead.evidence.panel import read_panel
from beachhead.world.entry import month_of

SHARED = Path(os.environ.get("BEACHHEAD_SHARED", Path(__file__).parents[3] / "shared" / "data"))
PANEL = next(
    (p for p in (SHARED / "data" / "registrations", SHARED / "registrations") if p.is_dir()), SHARED / "registrations"
)

pytestmark = [pytest.mark.full, pytest.mark.skipif(not PANEL.is_dir(), reason="the shared registrations are not here")]


def run(question):
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as executor:
        return {o.months: o for o in backtest(read_panel(PANEL), question, executor=executor).origins}


def test_leaving_one_brand_out_the_model_beats_every_peer():
    found = run(Question())
    assert [found[k].entries for k in (3, 6, 12)] == [78, 77, 70]
    for k, most in ((3, 0.65), (6, 0.565), (12, 0.50)):
        assert found[k].crps_log1p <= most
    for k, least in ((3, 0.10), (6, 0.06), (12, 0.08)):
        assert found[k].skill >= least
    assert found[3].skill_low > 0
    for o in found.values():
        assert o.cover90_low <= 0.9 <= o.cover90_high
        assert o.pit_ks_p > 0.05


def test_learning_before_july_2023_and_forecasting_after_it_is_never_worse_than_a_peer_and_wide_enough():
    found = run(Question(split=month_of("2023-07")))
    skills = [found[k].skill for k in (3, 6, 12)]
    assert min(skills) > 0
    assert sum(s >= 0.06 for s in skills) >= 2
    assert min(found[k].pit_ks_p for k in (3, 6, 12)) > 0.05
    assert all(o.cover90_low <= 0.9 <= o.cover90_high for o in found.values())
    assert all(o.cover80_low <= 0.8 <= o.cover80_high for o in found.values())
