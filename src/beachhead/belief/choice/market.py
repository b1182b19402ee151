"""Price response from market-level data by PyBLP: the logit of Berry 1994, or with random coefficients of BLP 1995.

log s_j - log s_0 = x_j b - a p_j + xi_j, prices instrumented, product effects absorbed where products are seen in
several markets (Berry 1994, RAND Journal of Economics 25; Berry, Levinsohn & Pakes 1995; Conlon & Gortmaker 2020, RAND
Journal of Economics 51). PyBLP's tutorial on Nevo's cereals: price coefficient -30, standard error 1.0.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from beachhead.world.errors import BadInput, NotLearnt

Array = NDArray[np.float64]

BIAS_SD = 0.25
"""Sd of the log by which an elasticity from instruments may miss (grade C; studies of one market differ by as much)."""
_NODES = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketResponse:
    """What shares and prices say.

    Attributes:
        price: coefficient of price, mean over people; negative where buyers mind.
        price_se: its standard error, robust.
        price_spread: sd of the coefficient between people; 0 for the logit.
        elasticity: of a small share at `typical_price`, sign left out.
        log_sd: standard error of its logarithm.
        typical_price: mean price weighted by shares.
        own: median elasticity of a product to its own price, sign kept.
        products: rows.
        markets: markets.
        absorbed: true if product effects were taken out.
        objective: of the generalised method of moments, at the estimate.
    """

    price: float
    price_se: float
    price_spread: float
    elasticity: float
    log_sd: float
    typical_price: float
    own: float
    products: int
    markets: int
    absorbed: bool
    objective: float


def fit_market(
    markets: Sequence[str],
    products: Sequence[str],
    shares: Array,
    prices: Array,
    x: Array,
    instruments: Array,
    *,
    random: bool = False,
) -> MarketResponse:
    """Estimate the price response from N products in markets; arguments as in `evidence.market_data`.

    Args:
        markets: (N,) market of each row.
        products: (N,) product of each row.
        shares: (N,).
        prices: (N,).
        x: (N, K) attributes; not used where product effects are absorbed.
        instruments: (N, Z).
        random: true for random coefficients on price and on buying at all, over a product rule of 5 nodes each.

    Raises:
        BadInput: PyBLP is not installed.
        NotLearnt: buyers seem not to mind the price, or the estimate did not converge.
    """
    blp = _pyblp()
    seen = len(set(products))
    absorbed = seen < len(products) and len(set(markets)) > 1
    data: dict[str, Any] = {
        "market_ids": np.array(markets),
        "product_ids": np.array(products),
        "shares": shares,
        "prices": prices,
    }
    data |= {f"demand_instruments{z}": column for z, column in enumerate(instruments.T)}
    data |= {f"x{k}": column for k, column in enumerate(x.T)}
    formula = "0 + prices" if absorbed else " + ".join(["1", "prices", *(f"x{k}" for k in range(x.shape[1]))])
    linear = blp.Formulation(formula, absorb="C(product_ids)" if absorbed else None)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            found = _solved(blp, linear, data, random)
            own = _own(found)
        except (ValueError, np.linalg.LinAlgError) as error:
            hint = "give instruments that move prices on their own, and attributes that differ"
            raise NotLearnt(f"PyBLP cannot estimate this ({error})", hint) from error
    at = found.beta_labels.index("prices")
    price, se = float(found.beta[at, 0]), float(found.beta_se[at, 0])
    typical = float(shares @ prices / shares.sum())
    if not (price < 0 and np.isfinite(se) and se < 2 * abs(price)):
        raise NotLearnt(
            f"price does not lower demand in these data (coefficient {price:.3g}, standard error {se:.2g})",
            "instruments that are too weak leave prices that follow demand: find better ones",
        )
    spread = abs(float(found.sigma[-1, -1])) if random else 0.0
    return MarketResponse(
        price=price,
        price_se=se,
        price_spread=spread,
        elasticity=-price * typical,
        log_sd=se / abs(price),
        typical_price=typical,
        own=own,
        products=len(products),
        markets=len(set(markets)),
        absorbed=absorbed,
        objective=float(np.squeeze(found.objective)),
    )


def _pyblp() -> Any:
    try:
        import pyblp
    except ImportError as error:
        raise BadInput(
            "market-level data need PyBLP, which is not installed", "pip install 'beachhead[blp]'"
        ) from error
    pyblp.options.verbose = False
    return pyblp


def _solved(blp: Any, linear: Any, data: dict[str, Any], random: bool) -> Any:
    if not random:
        return blp.Problem(linear, data).solve()
    spread = 0.5 / float(np.std(data["prices"]))
    problem = blp.Problem((linear, blp.Formulation("1 + prices")), data, integration=blp.Integration("product", _NODES))
    return problem.solve(sigma=np.diag([0.5, spread]), optimization=blp.Optimization("l-bfgs-b", {"gtol": 1e-4}))


def _own(found: Any) -> float:
    """Median of the products' elasticities to their own prices."""
    return float(np.median(found.extract_diagonals(found.compute_elasticities("prices"))))
