"""Cars that a market may be expected to buy once it is scaled."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtr

from beachhead.case.belief.believe import believe
from beachhead.case.open import Launch
from beachhead.case.plan.standing import standings
from beachhead.siting.field import Floats


def cars_by_quarter(launch: Launch) -> dict[str, Floats]:
    """(T,) by market, cars a quarter at full scale, in the mean of the better half of what is believed.

    Only where demand is good a market is scaled. The mean of exp(theta) over theta above its mean is
    exp(mean + variance / 2) x 2 Phi(sd).
    """
    scaled = standings(launch, launch.folder.terms.grid[-1]).scaled_since
    belief = believe(launch, scaled_since=scaled).belief
    found = {}
    for m, code in enumerate(belief.markets):
        mean, variance = float(belief.mean[m]), float(belief.cov[m, m])
        level = np.exp(mean + variance / 2) * 2.0 * ndtr(np.sqrt(variance))
        found[code] = level / 4 * np.exp(belief.log_path[m])
    return found


def cars_a_year(launch: Launch) -> dict[str, float]:
    """By market, cars of the last four quarters of the launch."""
    return {code: float(cars[-4:].mean() * 4) for code, cars in cars_by_quarter(launch).items()}
