"""Value of information against published values, by the functions that `beachhead worth` calls."""

import pytest

from beachhead.launch.information.worth import normal_gain, resolved_sd


def test_two_normal_example_of_the_r_package_voi():
    """Jackson & Heath, R package voi, vignette: treat 2 gains p1 - p2 over treat 1, p1 ~ N(1, 1), p2 ~ N(0, 2).

    EVPI = .4798107; EVSI of n readings of p1 with standard deviation 1, closed form by the unit normal loss.
    """
    assert normal_gain(1.0, 5**0.5) == pytest.approx(0.4798107, abs=5e-8)
    evsi = [normal_gain(1.0, resolved_sd(1.0, 1.0, n)) for n in (1, 10, 100, 1000)]
    assert evsi == pytest.approx([0.0251273, 0.0723251, 0.0821176, 0.0831946], abs=5e-8)
