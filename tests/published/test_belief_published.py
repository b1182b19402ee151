"""Published numbers, by the functions that production calls."""

import numpy as np
import pytest
from scipy.special import ndtri

from beachhead.belief.bass import bass_total, fit_bass
from beachhead.belief.history.score import crps, transform

# Video recorder sales in the United States, 1980-1989, thousands; the textbook non-linear least squares fit of Bass's
# curve, as in "Diffusion of Innovations" of R's nls tutorials: M 6.798e4, p 6.594e-3, q .6381.
VCR = [840, 1470, 2110, 4000, 7590, 10950, 10530, 9470, 7790, 5890]


def test_the_bass_curve_of_video_recorders():
    curve = fit_bass(VCR)
    assert curve.m == pytest.approx(68.0e3, rel=0.001)
    assert curve.p == pytest.approx(0.00659, abs=5e-6)
    assert curve.q == pytest.approx(0.638, abs=5e-4)
    assert bass_total(curve, 0, 1000) == pytest.approx(curve.m)
    assert bass_total(curve, 0, 10.5) == pytest.approx(sum(VCR), rel=0.03)


def test_the_continuous_ranked_probability_score_of_a_standard_normal_at_its_mean():
    atoms = ndtri((np.arange(20_000) + 0.5) / 20_000)
    assert crps(atoms, 0.0) == pytest.approx((np.sqrt(2) - 1) / np.sqrt(np.pi), abs=1e-4)


def test_the_score_of_two_atoms_by_hand():
    # F is 0, 1/2, 1 on the line cut at 1 and 3; against a step at 2 the integral is 1/4 + 1/4
    assert crps([1.0, 3.0], 2.0) == pytest.approx(0.5)
    assert transform([1.0, 3.0], 2.0) == 0.5
    assert transform([1.0, 2.0], 2.0) == 0.75
