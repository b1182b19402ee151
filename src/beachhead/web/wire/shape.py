"""The shapes that cross the wire. Money is in the launch's currency, shares are 0..1, demand is of the coming year."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

from pydantic import BaseModel, Field

from beachhead.web.wire.field import Sentence, Typed
from beachhead.web.wire.refusal import ErrorOut

StageName = Literal["home", "out", "piloting", "stopped", "scaled", "exited"]


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
    """The launch as a whole, its pages, and by page that is shut the files of the folder that would open it.

    `today` is the day by the server's clock, in UTC, and `now` the quarter that is decided.
    `overtaken` says why the newest plan no longer speaks of today; "" where it does, or there is none.
    `over` says why nothing is planned any more; "" while there is a quarter left. `year` names the
    quarters of the coming year, in whose cars demand and break-even are told. `planned_for` is the quarter that the
    newest plan decides, from which its break-even levels are; "" without a plan.
    """

    name: str
    currency: str
    quarters: list[str]
    today: date
    now: str
    year: str
    over: str
    overtaken: str
    planned_for: str
    version: str
    person: str
    role: str
    is_signed_in: bool
    pages: list[str]
    shut: dict[str, list[str]]


class BundledOut(BaseModel):
    """A launch that comes with the package, to begin from."""

    name: str
    title: str
    markets: int
    has_history: bool


class BeginOut(BaseModel):
    """Where a launch is begun, and from what."""

    folder: str
    may_begin: bool
    bundled: list[BundledOut]


class BeginIn(Typed):
    """Which bundled launch to begin from; `starter` is nearly empty."""

    example: str = Field(max_length=80)


class CertificateOut(BaseModel):
    """What the plan is worth, and what no plan can beat."""

    value: float
    value_se: float | None
    bound: float
    bound_se: float | None
    share_of_bound: float | None
    method: str
    sentence: Sentence
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
    says: Sentence
    demand_median: float
    demand_low: float
    demand_high: float
    break_even: float | None
    odds_good: float | None
    bev_per_year: float


class DueOut(BaseModel):
    """One decision that is due; `decided_last` says what was decided before, and what is new since."""

    market: str
    name: str
    sentence: Sentence
    decided_last: Sentence
    recommended: str
    allowed: list[str]


class OverviewOut(BaseModel):
    """What the front page shows."""

    launch: LaunchOut
    markets: list[MarketRow]
    due: list[DueOut]
    certificate: CertificateOut | None
    notes: list[Sentence]
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
    """Density of the coming year's demand at full scale over its logarithm."""

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
    """One row of the ledger; `odds` are sentences of those stated, or of what came of earlier ones."""

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


class MarketsOut(BaseModel):
    """All markets."""

    markets: list[MarketRow]


class StepOut(BaseModel):
    """One step of one market on the timeline."""

    market: str
    name: str
    quarter: str
    action: str
    share: float
    detail: str


class GateOut(BaseModel):
    """What was registered for a pilot before it started."""

    market: str
    name: str
    looks: list[str]
    conditions: list[Sentence]


class TriedOut(BaseModel):
    """A policy tried for the objective, on the worlds of the search."""

    bonus: float
    caution: float
    score: float
    value: float
    worst: float
    worst_se: float | None
    is_chosen: bool


class ObjectiveOut(BaseModel):
    """What the plan is for where it is not expected value alone, what it reaches and what that costs."""

    wanted: Literal["npv", "units_by", "target_odds"]
    said: Sentence
    sentences: list[Sentence]
    tried: list[TriedOut]


class PlanOut(BaseModel):
    """The newest plan on record."""

    certificate: CertificateOut
    objective: ObjectiveOut | None = None
    markets: list[MarketRow]
    steps: list[StepOut]
    gates: list[GateOut]
    uses: list[UseOut]
    made_at: datetime
    is_stale: bool
    notes: list[Sentence]


class ReadingOut(BaseModel):
    """What the observed rows of a market say."""

    market: str
    name: str
    sentence: Sentence
    counted: int
    days: int
    sold_out: bool
    left_out: list[Sentence]


class ObservationsOut(BaseModel):
    """Everything observed so far."""

    rows: list[ObservationOut]
    total_rows: int
    next_cursor: str | None
    columns: list[str]


class ReadingsOut(BaseModel):
    """What it says about demand, what was allowed for in reading it, and the rows that say nothing."""

    readings: list[ReadingOut]
    allowed_for: list[Sentence]
    left_out: list[Sentence]


class HeadingOut(BaseModel):
    """What an export looks like: its columns, the first rows, and the different values of columns with few."""

    delimiter: str
    columns: list[str]
    rows: list[list[str]]
    values: dict[str, list[str]]


class MappingIn(Typed):
    """A mapping file, as text."""

    text: str = Field(max_length=100_000)


class MappingsOut(BaseModel):
    """Mappings by name, as text."""

    mappings: dict[str, str]


class SentOut(BaseModel):
    """What became of a file sent in."""

    stored: bool
    new: int
    corrected: int
    unchanged: int
    sentence: Sentence


class DecisionsOut(BaseModel):
    """The ledger, newest first, what is due by the newest plan, and in which other markets one may decide."""

    is_planned: bool
    due: list[DueOut]
    others: list[DueOut]
    rows: list[DecisionOut]
    total_rows: int
    next_cursor: str | None
    head: str
    is_whole: bool
    ledger_sentence: Sentence


class DecideIn(Typed):
    """One person's decision on one market."""

    market: str
    choose: str
    because: str = ""
    after: str


class AcceptIn(Typed):
    """One person's acceptance of all that is due, on the ledger as it was seen."""

    after: str


class AcceptedOut(BaseModel):
    """The entries that one acceptance made."""

    rows: list[DecisionOut]


class BandOut(BaseModel):
    """Of the events given odds in one band, how many happened, with its 90 % interval."""

    low: float
    high: float
    count: int
    stated: float
    happened: float
    happened_low: float
    happened_high: float


class CameOut(BaseModel):
    """One probability whose outcome is known."""

    event: str
    probability: float
    by: date
    happened: bool


class WithoutOut(BaseModel):
    """Odds of one decision whose time is over and which have no outcome."""

    what: str
    count: int
    why: Sentence


class ScoreOut(BaseModel):
    """How the odds stated so far have turned out."""

    settled: int
    open: int
    due: int
    ready: int
    brier: float | None
    brier_error: float | None
    sentence: Sentence
    lines: list[Sentence]
    bands: list[BandOut]
    came_title: str
    came: list[CameOut]
    without: list[WithoutOut]


class JobIn(Typed):
    """Long work asked for."""

    kind: str
    arguments: dict[str, str | int | float | bool] = Field(default={})


class JobOut(BaseModel):
    """Long work as it stands."""

    id: str
    kind: str
    state: str
    share_done: float | None
    seconds_left: float | None
    is_compiling: bool
    asked_at: datetime
    error: ErrorOut | None


class JobsOut(BaseModel):
    """All work remembered, newest first."""

    jobs: list[JobOut]
