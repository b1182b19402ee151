"""Planned looks: group-sequential boundaries that keep the error rate of looking several times.

Sums of independent increments at k information fractions are a Gaussian Markov chain; crossing probabilities are found
by recursive integration (Armitage, McPherson & Rowe 1969; Jennison & Turnbull 2000, Group Sequential Methods with
Applications to Clinical Trials, chapter 19).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, sqrt

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import ndtr, ndtri

Array = NDArray[np.float64]

_NODES = 801
_REACH = 9.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Looks:
    """Boundaries on the standardised statistic at equally spaced looks.

    Attributes:
        upper: boundary at each look; crossing it stops the test.
        two_sided: true if falling below minus the boundary stops it too.
    """

    upper: tuple[float, ...]
    two_sided: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """What a design costs against a single look of the same error rates.

    Attributes:
        inflation: largest information over that of the single look.
        expected_null: expected information under the null hypothesis, over that of the single look.
        expected_alternative: the same under the alternative.
    """

    inflation: float
    expected_null: float
    expected_alternative: float


def pocock(looks: int, alpha: float) -> Looks:
    """The same two-sided boundary at every look (Pocock 1977, Biometrika 64): 4 looks at .05 give 2.361."""

    def excess(c: float) -> float:
        return float(crossing(Looks(upper=(c,) * looks, two_sided=True), 0.0).sum()) - alpha

    return Looks(upper=(float(brentq(excess, 0.5, 6.0, xtol=1e-10)),) * looks, two_sided=True)


def hwang_shih_decani(looks: int, alpha: float, gamma: float) -> Looks:
    """One-sided boundaries by the spending function alpha (1 - e^(-gamma t)) / (1 - e^-gamma).

    Hwang, Shih & DeCani 1990, Statistics in Medicine 9. gamma = -4 is near O'Brien-Fleming, 1 near Pocock. Published:
    gsDesign, 5 looks, alpha .025, gamma -4: 3.25 2.99 2.69 2.37 2.03.
    """
    spent = [alpha * (1 - exp(-gamma * k / looks)) / (1 - exp(-gamma)) for k in range(looks + 1)]
    upper: list[float] = []
    for k in range(looks):
        goal = spent[k + 1] - spent[k]

        def excess(c: float, goal: float = goal) -> float:
            return float(crossing(Looks(upper=(*upper, c), two_sided=False), 0.0)[-1]) - goal

        upper.append(float(brentq(excess, -2.0, 9.0, xtol=1e-10)))
    return Looks(upper=tuple(upper), two_sided=False)


def sized(looks: Looks, alpha: float, power: float) -> Size:
    """Largest and expected information for a power, relative to the fixed design with one look.

    Published (Jennison & Turnbull 2000, tables 2.1 to 2.3 as in rpact): Pocock, 4 looks, two-sided .05, power .9:
    largest 1.183143, expected 1.156074 without an effect and .6974805 with it.
    """
    fixed = float(ndtri(1 - alpha / (2 if looks.two_sided else 1)) + ndtri(power))

    def lack(drift: float) -> float:
        return float(crossing(looks, drift, upward=True).sum()) - power

    drift = float(brentq(lack, 0.1, 12.0, xtol=1e-10))
    inflation = (drift / fixed) ** 2
    return Size(
        inflation=inflation,
        expected_null=inflation * _expected(looks, 0.0),
        expected_alternative=inflation * _expected(looks, drift),
    )


def crossing(looks: Looks, drift: float, *, upward: bool = False) -> Array:
    """(K,) probability of stopping at each look; `drift` is the statistic's mean at the last look.

    With `upward`, of stopping at the upper boundary only: what counts as power.
    """
    count = len(looks.upper)
    out = np.empty(count)
    density, grid = np.ones(1), np.zeros(1)
    weight = np.ones(1)
    for k in range(1, count + 1):
        # scores S_k ~ N(drift sqrt(k/K) sqrt(k), k) in units of one look's standard deviation
        step = drift / sqrt(count)
        edge = looks.upper[k - 1] * sqrt(k)
        mass = density * weight
        out[k - 1] = float(mass @ ndtr(grid + step - edge))
        low = -edge if looks.two_sided else -_REACH * sqrt(k) + min(0.0, k * step)
        if looks.two_sided and not upward:
            out[k - 1] += float(mass @ ndtr(-edge - grid - step))
        nodes, weights = _simpson(low, edge)
        kernel = np.exp(-0.5 * (nodes[:, None] - grid - step) ** 2) / sqrt(2 * np.pi)
        density, grid, weight = kernel @ mass, nodes, weights
    return out


def crossed(looks: Looks, look: int, statistic: float) -> bool:
    """True if the statistic at the given look (1, 2, ...) is at or beyond the boundary."""
    edge = looks.upper[look - 1]
    return statistic >= edge or (looks.two_sided and statistic <= -edge)


def _expected(looks: Looks, drift: float) -> float:
    """Expected information at the stop, over the largest."""
    stop = crossing(looks, drift)
    count = len(looks.upper)
    went_on = 1 - np.cumsum(stop)[:-1]
    return float(1 + went_on.sum()) / count


def _simpson(low: float, high: float) -> tuple[Array, Array]:
    nodes = np.linspace(low, high, _NODES)
    weights = np.full(_NODES, 2.0)
    weights[1::2] = 4.0
    weights[[0, -1]] = 1.0
    return nodes, weights * (high - low) / (_NODES - 1) / 3
