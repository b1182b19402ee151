"""The gate of a piloted market, fixed before the pilot starts; and what a reading makes of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from beachhead.launch.question.action import ActionKind
from beachhead.world.market import Channel
from beachhead.world.quarter import Quarter


@dataclass(frozen=True, slots=True, kw_only=True)
class GateRule:
    """How a plan sets its gates.

    Attributes:
        scale_odds: least P(demand >= break-even) at which scaling is allowed.
        stop_odds: P(demand >= break-even) below which the market is stopped.
        information_share: share of the information that the pilot is expected to bring which must have been brought.
        loss_share: most expected loss, as a share of what is at stake (`kernel_terms.at_stake`).
    """

    scale_odds: float = 0.35
    stop_odds: float = 0.05
    information_share: float = 0.25
    loss_share: float = 0.35

    def __post_init__(self) -> None:
        if not 0 <= self.stop_odds < self.scale_odds <= 1:
            raise ValueError(f"need 0 <= stop_odds < scale_odds <= 1, got {self.stop_odds}, {self.scale_odds}")
        if self.information_share < 0 or self.loss_share < 0:
            raise ValueError("shares must not be negative")


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """What must be seen before a piloted market may be scaled.

    Attributes:
        market: market code.
        registered: quarter in which the gate was fixed.
        looks: quarters at whose start the planned looks are held.
        channel: channel in which scaling is weighed.
        break_even: cars a year at full scale (in a quarter whose path is 1) at which scaling just pays.
        scale_odds: least P(demand >= break-even).
        stop_odds: P(demand >= break-even) below which the market is stopped.
        information: least information on theta gained since registration, 1 / variance of log demand.
        information_at_start: information on theta at registration.
        max_expected_loss: most expected loss if scaled, launch currency.
        capital: at stake, launch currency: the capital, or a year of the fixed cost where that is more.
        readiness: conditions that must be met besides, such as `service_cover`.
    """

    market: str
    registered: Quarter
    looks: tuple[Quarter, ...]
    channel: Channel
    break_even: float
    scale_odds: float
    stop_odds: float
    information: float
    information_at_start: float
    max_expected_loss: float
    capital: float
    readiness: tuple[str, ...] = ()


class Verdict(StrEnum):
    """What a look at a gate says."""

    SCALE = "scale"
    HOLD = "hold"
    STOP = "stop"
    UNDECIDED = "undecided"


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """A registered gate held against a belief.

    Attributes:
        market: market code.
        verdict: the strongest thing that the gate allows: scale, hold, stop, or undecided.
        allowed: actions that the gate allows; the plan chooses among them.
        odds: P(demand >= break-even).
        expected_loss: if scaled now and never left, launch currency.
        information: gained on theta since registration, 1 / variance.
        unmet: readiness conditions not met.
        reason: one sentence.
    """

    market: str
    verdict: Verdict
    allowed: frozenset[ActionKind]
    odds: float
    expected_loss: float
    information: float
    unmet: tuple[str, ...]
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Recommendation:
    """What the re-solved plan chooses among the actions that the gate allows.

    Attributes:
        market: market code.
        verdict: scale, hold, stop or undecided.
        action: the action recommended.
        judgement: the gate's judgement; None where no gate is registered.
        reason: one sentence.
    """

    market: str
    verdict: Verdict
    action: ActionKind
    judgement: Judgement | None
    reason: str
