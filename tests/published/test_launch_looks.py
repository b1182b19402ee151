"""Group-sequential boundaries against published designs."""

import numpy as np
import pytest

from beachhead.launch.judge.looks import Looks, crossed, crossing, hwang_shih_decani, pocock, sized


def test_pocock_with_four_looks_as_published():
    design = pocock(4, 0.05)
    assert design.upper == pytest.approx([2.3613] * 4, abs=1e-4)
    cost = sized(design, 0.05, 0.9)
    assert 100 * cost.inflation == pytest.approx(118.3143, abs=2e-3)
    assert 100 * cost.expected_null == pytest.approx(115.6074, abs=2e-3)
    assert 100 * cost.expected_alternative == pytest.approx(69.74805, abs=2e-3)


def test_hwang_shih_decani_with_five_looks_as_gsdesign():
    assert np.round(hwang_shih_decani(5, 0.025, -4).upper, 2) == pytest.approx([3.25, 2.99, 2.69, 2.37, 2.03])


def test_spending_adds_to_alpha_and_repeated_unadjusted_looks_do_not_keep_it():
    assert crossing(hwang_shih_decani(4, 0.025, 1.0), 0.0).sum() == pytest.approx(0.025, abs=1e-8)
    naive = pocock(1, 0.05).upper[0]
    assert crossing(Looks(upper=(naive,) * 5, two_sided=True), 0.0).sum() == pytest.approx(0.142, abs=1e-3)


def test_a_look_is_crossed_at_its_own_boundary():
    design = hwang_shih_decani(3, 0.025, -4)
    assert crossed(design, 3, 2.1)
    assert not crossed(design, 1, 2.1)
