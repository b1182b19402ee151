"""The joint Gaussian over log demand levels and the shared early-adopter bias."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from beachhead.world.quarter import Quarter


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Belief:
    """z = (theta_1 .. theta_M, beta) ~ N(mean, cov); demand at full scale is exp(theta_m) x path_m,t.

    While rows at other prices than list are read, the elasticities that they rest on stand between: z = (theta_1 ..
    theta_M, e_1 .. e_K, beta); see `belief.priced`.

    Attributes:
        markets: M market codes; theta_m is the log of cars a year at full scale, in a quarter whose path is 1.
        quarters: T quarters over which `log_path` runs.
        mean: (M+1,), the last entry is beta: log of how much more pilot buyers buy than the market will.
        cov: (M+1, M+1), symmetric and positive semi-definite.
        log_path: (M, T), log of the expected course: market size, growth after entry, season.
        nb_size_weekly: size parameter of the negative binomial for one week of orders at full reach; a count over
            w weeks at reach r has size `nb_size_weekly * r * w`, variance mu + mu^2 / size.
        nb_size_log_sd: how well that size is known: standard deviation of its logarithm; 0 = exactly.
        elastic: K markets whose price elasticity is a coordinate too; none in a belief that is kept or planned on.
        look_var: (M, L) variance of the log with which a market's next quarter shows theta, after none to L - 1 or more
            quarters in a row were read; None: quarters show it as it is. See `belief.lasting`.
    """

    markets: tuple[str, ...]
    quarters: tuple[Quarter, ...]
    mean: NDArray[np.float64]
    cov: NDArray[np.float64]
    log_path: NDArray[np.float64]
    nb_size_weekly: float
    nb_size_log_sd: float = 0.5
    elastic: tuple[str, ...] = ()
    look_var: NDArray[np.float64] | None = None

    def __post_init__(self) -> None:
        m, t = len(self.markets), len(self.quarters)
        width = m + len(self.elastic) + 1
        shapes: dict[str, tuple[int, ...]] = {"mean": (width,), "cov": (width, width), "log_path": (m, t)}
        if self.look_var is not None:
            shapes["look_var"] = (m, np.shape(self.look_var)[-1])
        for name, shape in shapes.items():
            array = np.array(getattr(self, name), dtype=np.float64)
            if array.shape != shape or not np.isfinite(array).all():
                raise ValueError(f"{name} must be finite with shape {shape}, got {array.shape}")
            array.setflags(write=False)
            object.__setattr__(self, name, array)
        if len(set(self.markets)) != m:
            raise ValueError("a market is named twice")
        if not np.allclose(self.cov, self.cov.T, rtol=0, atol=1e-10 * max(1.0, float(np.abs(self.cov).max()))):
            raise ValueError("cov is not symmetric")
        if self.nb_size_weekly <= 0 or self.nb_size_log_sd < 0:
            raise ValueError("nb_size_weekly must be positive and nb_size_log_sd not negative")

    def spread(self, level: float) -> NDArray[np.float64]:
        """(M, 3) low end, median and high end of the central interval of exp(theta), cars a year at full scale."""
        m = len(self.markets)
        half = float(ndtri((1 + level) / 2)) * np.sqrt(np.diag(self.cov)[:m])
        middle = self.mean[:m]
        out: NDArray[np.float64] = np.exp(np.stack([middle - half, middle, middle + half], axis=1))
        return out
