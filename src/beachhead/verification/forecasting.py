"""Growth curves, scores of forecasts, stated odds."""

from __future__ import annotations

from functools import cache

import numpy as np
from scipy.special import ndtri

from beachhead.belief.bass import Bass, fit_bass
from beachhead.belief.history.score import crps
from beachhead.ledger import score
from beachhead.ledger.score import wilson
from beachhead.verification.published import Published
from beachhead.world.errors import NotLearnt

VCR = (840, 1470, 2110, 4000, 7590, 10950, 10530, 9470, 7790, 5890)
_VCR = "least squares fit to US video recorder sales 1980-1989 (R nls tutorials)"
_CRPS = "Gneiting and Raftery 2007, eq. 21: (sqrt 2 - 1) / sqrt pi"
_NEWCOMBE = "Newcombe 1998, Statistics in Medicine 17, table I, method 3"


def forecasting() -> tuple[Published, ...]:
    """Numbers of rooms `belief` and `ledger`."""
    return (
        Published("belief", "Bass: market potential, thousand sets", _VCR, 68.0e3, 50, lambda: _curve().m),
        Published("belief", "Bass: innovation p", _VCR, 0.00659, 5e-6, lambda: _curve().p),
        Published("belief", "Bass: imitation q", _VCR, 0.638, 5e-4, lambda: _curve().q),
        Published("belief", "CRPS of a standard normal at its mean", _CRPS, 0.233695, 1e-4, lambda: crps(_normal(), 0)),
        Published("ledger", "Brier score", "scikit-learn, example of brier_score_loss", 0.0375, 5e-7, _brier),
        Published("ledger", "log score", "scikit-learn, example of log_loss", 0.21616, 5e-6, _log_score),
        *_wilson_ends(),
    )


@cache
def _curve() -> Bass:
    curve = fit_bass(VCR)
    if curve is None:
        raise NotLearnt("no curve fits the series", "look at the fit")
    return curve


def _normal() -> np.ndarray:
    out: np.ndarray = ndtri((np.arange(20_000) + 0.5) / 20_000)
    return out


def _brier() -> float:
    return score([0.1, 0.9, 0.8, 0.3], [0, 1, 1, 0]).brier


def _log_score() -> float:
    return score([0.9, 0.1, 0.2, 0.65], [1, 0, 0, 1]).log_score


def _wilson_ends() -> tuple[Published, ...]:
    def end(part: int, whole: int, place: int, name: str, value: float) -> Published:
        what = f"Wilson 95 % interval of {part} in {whole}, {name} end"
        return Published("ledger", what, _NEWCOMBE, value, 5e-5, lambda: wilson(part / whole, whole, z=1.959964)[place])

    return (
        end(81, 263, 0, "lower", 0.2553),
        end(81, 263, 1, "upper", 0.3662),
        end(15, 148, 0, "lower", 0.0624),
        end(15, 148, 1, "upper", 0.1605),
    )
