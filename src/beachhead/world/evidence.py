"""A piece of knowledge about demand that is not a count of our own sales."""

from __future__ import annotations

from dataclasses import dataclass

from beachhead.world.source import Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """A noisy, possibly biased statement about log demand in a market.

    Attributes:
        market: market code.
        study: name of the study; all that it says shares one error of method.
        kind: survey, conjoint, waiting_list, pre_order, charging_value, expert ...
        log_demand: what it says theta is (log of cars a year at full scale).
        bias_mean: expected excess over the truth, on the log scale.
        bias_sd: standard deviation of that excess between studies of this kind.
        sampling_sd: standard error of `log_demand` itself.
        weight: 0..1, share of its information that counts.
        source: who says so.
    """

    market: str
    study: str
    kind: str
    log_demand: float
    bias_mean: float
    bias_sd: float
    sampling_sd: float
    weight: float = 1.0
    source: Source

    def __post_init__(self) -> None:
        if self.bias_sd < 0 or self.sampling_sd < 0 or self.bias_sd + self.sampling_sd == 0:
            raise ValueError(f"{self.market}: standard deviations must be positive")
        if not 0 < self.weight <= 1:
            raise ValueError(f"{self.market}: weight {self.weight} is not in (0, 1]")
