"""How demand answers to price, before anything was sold here: the numbers from choice experiments."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from beachhead.world.source import Grade, Source

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChoiceFit:
    """What choice experiments say, as shipped.

    Attributes:
        elasticity_log_mean: mean of the log of the offer list's price elasticity (sign left out) at reference prices.
        elasticity_shared_sd: sd of what all markets share.
        elasticity_own_sd: sd of what one market adds.
        price_spread: sd of the log of price sensitivity between people.
        brand_spread: sd of the taste for the brand between people, in utility.
        nest: dissimilarity of the maker's offers, 0..1; 1 = no nearer to each other than to the rest.
        nest_half_width: half the width of the range it is drawn from.
        penalty_share: price cut, as a share of the price, that offsets the maker's nationality.
        penalty_sd: its standard deviation.
        mix_weight_cars: cars seen that a declared mix of offers is worth.
        source: what the numbers were fitted on.
    """

    elasticity_log_mean: float
    elasticity_shared_sd: float
    elasticity_own_sd: float
    price_spread: float
    brand_spread: float
    nest: float
    nest_half_width: float
    penalty_share: float
    penalty_sd: float
    mix_weight_cars: float
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PriceResponse:
    """Joint Gaussian over the log elasticity of each market's whole offer list, at its reference prices.

    Attributes:
        markets: M market codes.
        mean: (M,) of log elasticity, sign left out.
        cov: (M, M).
    """

    markets: tuple[str, ...]
    mean: Array
    cov: Array

    def __post_init__(self) -> None:
        for name, shape in (("mean", (len(self.markets),)), ("cov", (len(self.markets),) * 2)):
            array = np.array(getattr(self, name), dtype=np.float64)
            if array.shape != shape or not np.isfinite(array).all():
                raise ValueError(f"{name} must be finite with shape {shape}, got {array.shape}")
            array.setflags(write=False)
            object.__setattr__(self, name, array)

    def interval(self, level: float) -> Array:
        """(M, 3) low end, median and high end of each market's elasticity, sign left out."""
        half = float(ndtri((1 + level) / 2)) * np.sqrt(np.diag(self.cov))
        out: Array = np.exp(np.stack([self.mean - half, self.mean, self.mean + half], axis=1))
        return out


def price_response(markets: Sequence[str], fit: ChoiceFit) -> PriceResponse:
    """Before anything was sold: every market alike, with a part in common."""
    count = len(markets)
    cov = fit.elasticity_shared_sd**2 + fit.elasticity_own_sd**2 * np.eye(count)
    return PriceResponse(markets=tuple(markets), mean=np.full(count, fit.elasticity_log_mean), cov=cov)


@dataclass(frozen=True, slots=True, kw_only=True)
class StatedElasticity:
    """What a choice experiment says of one market.

    Attributes:
        market: market code.
        study: rows of one study share its bias.
        log_elasticity: at the prices asked now, sign left out.
        sampling_sd: its standard error.
        bias_mean: expected excess over the truth, on the log.
        bias_sd: standard deviation of that excess between studies.
        weight: 0..1, share of its information that counts.
        source: who says so.
    """

    market: str
    study: str
    log_elasticity: float
    sampling_sd: float
    bias_mean: float
    bias_sd: float
    weight: float
    source: Source


def weigh_stated(response: PriceResponse, said: Sequence[StatedElasticity]) -> PriceResponse:
    """Condition on choice experiments, as `belief.weigh_evidence` does for levels: one bias for each study.

    A weight below 1 divides the error's variance by the weight; the order of the statements does not matter.
    """
    if not said:
        return response
    ordered = sorted(said, key=lambda s: (s.study, s.market, s.log_elasticity, s.sampling_sd))
    loading = np.zeros((len(ordered), len(response.markets)))
    loading[np.arange(len(ordered)), [response.markets.index(s.market) for s in ordered]] = 1
    bias = np.array([s.bias_sd / s.weight**0.5 for s in ordered])
    one_study = np.array([[a.study == b.study for b in ordered] for a in ordered])
    noise = np.diag([s.sampling_sd**2 / s.weight for s in ordered]) + np.outer(bias, bias) * one_study
    cross = response.cov @ loading.T
    gain = np.linalg.solve(loading @ cross + noise, cross.T).T
    excess = np.array([s.log_elasticity - s.bias_mean for s in ordered]) - loading @ response.mean
    cov = response.cov - gain @ cross.T
    return PriceResponse(markets=response.markets, mean=response.mean + gain @ excess, cov=(cov + cov.T) / 2)


def choice_fit() -> ChoiceFit:
    """The numbers shipped with the package, `fitted/choice.toml`."""
    text = files("beachhead.belief.fitted").joinpath("choice.toml").read_text(encoding="utf-8")
    return _choice_fit(tomllib.loads(text))


def _choice_fit(table: dict[str, Any]) -> ChoiceFit:
    elasticity, people, maker, said = table["elasticity"], table["people"], table["maker"], table["source"]
    as_of: date = said["as_of"]
    return ChoiceFit(
        elasticity_log_mean=elasticity["log_mean"],
        elasticity_shared_sd=elasticity["shared_sd"],
        elasticity_own_sd=elasticity["own_sd"],
        price_spread=people["price_spread"],
        brand_spread=people["brand_spread"],
        nest=people["nest"],
        nest_half_width=people["nest_half_width"],
        penalty_share=maker["penalty_share"],
        penalty_sd=maker["penalty_sd"],
        mix_weight_cars=table["mix"]["weight_cars"],
        source=Source(who=said["who"], as_of=as_of, grade=Grade(said["grade"])),
    )
