"""The shapes that cross the wire. Money is in the launch's currency, shares are 0..1, cars are cars a quarter unless said."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

from pydantic import BaseModel

StageName = Literal["home", "out", "piloting", "scaled", "exited"]


class SourceOut(BaseModel):
    """Who says so."""

    who: str
    as_of: date
    grade: Literal["A", "B", "C"]
    age_days: int


class FactOut(BaseModel):
    """One sourced number."""

    name: str
    value: float
    source: SourceOut


class LaunchOut(BaseModel):
    """The launch as a whole."""

    name: str
    currency: str
    quarters: list[str]
    now: str
    version: str
    person: str
    role: str
    pages: list[str]


class CertificateOut(BaseModel):
    """What the plan is worth, and what no plan can beat."""

    value: float
    value_se: float
    bound: float
    bound_se: float
    share_of_bound: float | None
    method: str
    sentence: str
    record: str


class UseOut(BaseModel):
    """How much of a limit the plan uses."""

    limit: str
    period: str
    used: float
    available: float | None
    unit: str
    shadow_price: float | None = None


class MarketRow(BaseModel):
    """One market in a list."""

    code: str
    iso3: str
    name: str
    region: str
    stage: StageName
    action: str
    says: str
    demand_median: float
    demand_low: float
    demand_high: float
    break_even: float | None
    odds_good: float | None
    bev_per_year: float


class DueOut(BaseModel):
    """One decision that is due."""

    market: str
    name: str
    sentence: str
    recommended: str
    allowed: list[str]


class OverviewOut(BaseModel):
    """What the front page shows."""

    launch: LaunchOut
    markets: list[MarketRow]
    due: list[DueOut]
    certificate: CertificateOut | None
    uses: list[UseOut]


class FanOut(BaseModel):
    """Quantiles of demand at full scale, cars a quarter, by quarter."""

    quarters: list[str]
    low90: list[float]
    low50: list[float]
    median: list[float]
    high50: list[float]
    high90: list[float]


class DensityOut(BaseModel):
    """Density of yearly demand at full scale over its logarithm."""

    cars_per_year: list[float]
    prior: list[float]
    now: list[float]


class ObservationOut(BaseModel):
    """One observed row; null is not observed."""

    batch: str
    market: str
    offer: str
    channel: str
    store: str
    start: date
    end: date
    price: float | None
    currency: str | None
    reach: float | None
    opening_stock: int | None
    leads: int | None
    test_drives: int | None
    orders: int | None
    cancellations: int | None
    deliveries: int | None
    registrations: int | None
    sold_out_on: date | None
    waitlist: int | None


class DecisionOut(BaseModel):
    """One row of the ledger."""

    number: int
    when: datetime
    who: str
    kind: str
    market: str
    recommended: str
    chosen: str
    because: str
    odds: list[str]
    refs: dict[str, str]
    hash: str


class MarketOut(BaseModel):
    """Everything about one market."""

    row: MarketRow
    facts: list[FactOut]
    prior_fan: FanOut
    fan: FanOut
    density: DensityOut
    observations: list[ObservationOut]
    decisions: list[DecisionOut]
    gate: list[str]
