"""What a changed duty does to margins, by hand."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import beachhead.case.new as new_module
from beachhead.case.open import open_launch
from beachhead.case.plan.whatif import _with_duties, parse_override, with_overrides
from beachhead.world.errors import BadInput

XIAOMI = Path(new_module.__file__).parent / "examples/xiaomi"


def test_a_changed_duty_moves_margins_by_what_a_car_of_the_mix_pays_more_or_less(made_up_launch, tmp_path):
    """0.294 x 142,300 + ... = 172,280.8 yuan at 0.12195 euro, invoiced at 5 % more and insured for 0.3 % of that.

    The mix takes 0.588 x 14.1 + 0.412 x 16 cubic metres a car at 87.9 dollars of 0.8547 euro; Turkey takes
    8,500 dollars at the least.
    """
    problem = made_up_launch(M=4, T=12)
    problem = replace(problem, belief=replace(problem.belief, markets=("DE", "TR", "NO", "SE")))
    launch = open_launch(shutil.copytree(XIAOMI, tmp_path / "launch"))
    overrides = [parse_override(text) for text in ("tariffs.EU.all_others.duty=0.307", "tariffs.TR.duty=0.2")]
    other, _ = with_overrides(launch, overrides)
    moved, (note,) = _with_duties(problem, launch, other, overrides)
    value = 172_280.8 * 0.12195 * 1.05 * 1.003 + 14.8828 * 87.9 * 0.8547
    union = 0.5 * (0.453 - 0.307) * value  # half the odds
    by_market = np.array([union, 0.5 * value - 8_500 * 0.8547, 0.0, union])
    for name in ("margin", "scenario_margin"):
        more = getattr(moved.terms, name) - getattr(problem.terms, name)
        assert more == pytest.approx(np.broadcast_to(by_market[:, None, None], more.shape))
    assert f"a customs value of {value:,.0f} EUR a car" in note


def test_a_duty_whose_rows_are_made_to_end_is_not_taken_for_none(made_up_launch, tmp_path):
    """Ended in 2027, the row would leave Israel without a duty from 2028 on, and each car there 1,600 euro better."""
    problem = made_up_launch(M=2, T=12)
    problem = replace(problem, belief=replace(problem.belief, markets=("IL", "NO")))
    launch = open_launch(shutil.copytree(XIAOMI, tmp_path / "launch"))
    overrides = [parse_override("tariffs.IL.valid_to=2027-12-31")]
    other, _ = with_overrides(launch, overrides)
    with pytest.raises(BadInput, match="no longer tell the duty from CN to IL in 2028Q1"):
        _with_duties(problem, launch, other, overrides)


def test_a_duty_that_canada_changes_is_paid_on_the_price_free_on_board(made_up_launch, tmp_path):
    """Ten points more on 172,280.8 yuan at 0.12195 euro, invoiced at 5 % more: no freight, no insurance."""
    problem = made_up_launch(M=2, T=4)
    problem = replace(problem, belief=replace(problem.belief, markets=("CA", "NO")))
    launch = open_launch(shutil.copytree(XIAOMI, tmp_path / "launch"))
    overrides = [parse_override("tariffs.CA.duty=0.161")]
    other, _ = with_overrides(launch, overrides)
    moved, (note,) = _with_duties(problem, launch, other, overrides)
    value = 172_280.8 * 0.12195 * 1.05
    more = moved.terms.margin - problem.terms.margin
    assert more == pytest.approx(np.broadcast_to(np.array([-0.1 * value, 0.0])[:, None, None], more.shape))
    assert f"a customs value of {value:,.0f} EUR a car" in note
    overrides = [parse_override("tariffs.CA.customs_value=cif")]
    other, _ = with_overrides(launch, overrides)
    moved, _ = _with_duties(problem, launch, other, overrides)
    less = problem.terms.margin[0] - moved.terms.margin[0]
    freight_and_insurance = 14.8828 * 95 * 0.8547 + 0.003 * value
    assert less == pytest.approx(np.full_like(less, 0.061 * freight_and_insurance))
