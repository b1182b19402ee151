"""Fits how shares move, on the yearly steps that listed makers made."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.optimize import minimize
from scipy.special import gammaln

from beachhead.programme.rank import TYPICAL, Dynamics, Floats, History

DOF = 6.0
MOST_RANK = 15
FEWEST_CARS = 30
"""Steps are learnt from makers of the first ranks that sold so many cars."""
_FEWEST_ANSWERS = 200


def fit_dynamics(histories: Sequence[History], until: float) -> Dynamics:
    """How shares moved in the years up to `until`, by maximum likelihood over the steps of listed makers."""
    steps = _steps(histories, until)
    start = np.array([-0.1, -0.7, -0.3, 0.0])
    bounds = ((-2, 2), (-3, 1), (-1, 1), (-0.3, 0))
    found = minimize(_misfit, start, args=(steps, until), method="L-BFGS-B", bounds=bounds).x
    return Dynamics(
        drift=float(found[0]),
        log_sd=float(found[1]),
        size=float(found[2]),
        calm=float(found[3]),
        dof=DOF,
        growth_sd=_growth_sd(histories, until),
        until=until,
        steps=len(steps),
    )


def answered(histories: Sequence[History], until: float) -> bool:
    """Whether enough yearly steps have been seen to fit on."""
    return len(_steps(histories, until)) >= _FEWEST_ANSWERS


def _steps(histories: Sequence[History], until: float) -> Floats:
    """(K, 3) of listed makers: log share, its change in the year that followed, the end of that year."""
    rows = []
    for history in histories:
        for now in origins(history, 1, until):
            past = history.upto(now)
            then = listed_at(history, now + 1)
            cars = past.cars[:, -1]
            for i in np.argsort(-np.nan_to_num(cars))[:MOST_RANK]:
                if np.nan_to_num(cars[i]) >= FEWEST_CARS and np.nan_to_num(then[i]) > 0:
                    share = np.log(cars[i] / np.nansum(cars))
                    rows.append((share, np.log(then[i] / np.nansum(then)) - share, now + 1))
    return np.array(rows).reshape(-1, 3)


def _misfit(numbers: Floats, steps: Floats, until: float) -> float:
    """Minus the log-likelihood of Student's steps; the scale is said for the year after `until`."""
    drift, log_sd, size, calm = numbers
    spread = np.exp(log_sd + size * (steps[:, 0] - TYPICAL) + calm * (steps[:, 2] - until - 1))
    z = (steps[:, 1] - drift) / spread
    constant = gammaln((DOF + 1) / 2) - gammaln(DOF / 2) - 0.5 * np.log(DOF * np.pi)
    return float(-(constant - np.log(spread) - (DOF + 1) / 2 * np.log1p(z * z / DOF)).sum())


def _growth_sd(histories: Sequence[History], until: float) -> float:
    """Spread of the markets' yearly log growth around their own mean."""
    apart = []
    for history in histories:
        totals = np.array([np.log(np.nansum(history.cars[:, p])) for p, y in enumerate(history.years) if y <= until])
        years = np.array([y for y in history.years if y <= until])
        grown = np.array([totals[years == y + 1][0] - t for y, t in zip(years, totals, strict=True) if y + 1 in years])
        if len(grown) > 2:
            apart.append(grown - grown.mean())
    return float(np.concatenate(apart).std()) if apart else 0.3


def origins(history: History, ahead: int, until: float) -> list[float]:
    """Years from which one can see so many years ahead, none later than `until`."""
    return [year for year in history.years if year + ahead <= until and year + ahead in history.years]


def listed_at(history: History, year: float) -> Floats:
    """(B,) cars of a year."""
    return np.asarray(history.cars[:, history.years.index(year)])
