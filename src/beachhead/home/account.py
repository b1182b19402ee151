"""What charging cost, session by session, against the same energy charged on arrival."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from math import isfinite

from beachhead.charging.record import Prices, day_hour, read_prices
from beachhead.home.decision import Decision, Kind
from beachhead.home.log import Record
from beachhead.home.series import QUARTER
from beachhead.home.sessions import Session, drawn_by_quarter, sessions_of
from beachhead.home.setup import Setup
from beachhead.home.tables import Tables

PriceAt = Callable[[float], float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Charged:
    """A session that Beachhead had in hand.

    Attributes:
        begin: plug-in, UTC.
        end: plug-out, UTC.
        kwh: drawn.
        cost_eur: what that cost.
        arrival_eur: what the same energy would have cost from plug-in on, as fast as it was drawn at its fastest.
        by_hand: whether the driver took over.
        failed: whether something was missing meanwhile.
    """

    begin: datetime
    end: datetime
    kwh: float
    cost_eur: float
    arrival_eur: float
    by_hand: bool
    failed: bool

    @property
    def saved_eur(self) -> float:
        """What was saved; below 0 if it cost more."""
        return self.arrival_eur - self.cost_eur


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """All sessions in hand.

    Attributes:
        charged: in order of time.
        unpriced: sessions left out because a price of theirs is not on record.
        has_peak: whether the month's highest hour costs too; that is in neither sum.
    """

    charged: tuple[Charged, ...]
    unpriced: int
    has_peak: bool

    @property
    def kwh(self) -> float:
        """Energy of all."""
        return sum(one.kwh for one in self.charged)

    @property
    def cost_eur(self) -> float:
        """What all cost."""
        return sum(one.cost_eur for one in self.charged)

    @property
    def arrival_eur(self) -> float:
        """What all would have cost on arrival."""
        return sum(one.arrival_eur for one in self.charged)


def account_of(setup: Setup, record: Record, tables: Tables, decisions: tuple[Decision, ...]) -> Account:
    """Every whole session with a decision that was carried out, priced."""
    decided = [one for one in decisions if not one.dry and one.plugged_since is not None]
    if tables.prices is None or not decided:
        return Account(charged=(), unpriced=0, has_peak=setup.tariff.peak_eur_per_kw > 0)
    price = _price_at(setup, read_prices(tables.prices))
    charged, unpriced = [], 0
    for session in sessions_of(record).whole:
        kinds = {one.kind for one in decided if _in(one, session)}
        if not kinds:
            continue
        found = _charged(setup, record, session, kinds, price)
        if found is None:
            unpriced += 1
        else:
            charged.append(found)
    return Account(charged=tuple(charged), unpriced=unpriced, has_peak=setup.tariff.peak_eur_per_kw > 0)


def _in(one: Decision, session: Session) -> bool:
    since = one.plugged_since
    return since is not None and session.begin - 60 < since.timestamp() < session.end


def _charged(setup: Setup, record: Record, session: Session, kinds: set[Kind], price: PriceAt) -> Charged | None:
    drawn = drawn_by_quarter(record, session)
    cost = sum(kwh * price(at) for at, kwh in drawn if kwh > 0)
    fastest = max((kwh for _, kwh in drawn), default=0.0) * 3600 / QUARTER
    arrival = _on_arrival(session, min(max(fastest, 1.0), setup.power_kw), price)
    if not (isfinite(cost) and isfinite(arrival)):
        return None
    return Charged(
        begin=datetime.fromtimestamp(session.begin, UTC),
        end=datetime.fromtimestamp(session.end, UTC),
        kwh=session.kwh,
        cost_eur=cost,
        arrival_eur=arrival,
        by_hand=Kind.MANUAL in kinds,
        failed=Kind.FAILED in kinds,
    )


def _on_arrival(session: Session, power_kw: float, price: PriceAt) -> float:
    """The energy of a session drawn at one power from plug-in on, EUR."""
    at, left, cost = session.begin, session.kwh, 0.0
    while left > 1e-9:
        until = (at // QUARTER + 1) * QUARTER
        kwh = min(left, power_kw * (until - at) / 3600)
        cost += kwh * price(at)
        left, at = left - kwh, until
    return cost


def _price_at(setup: Setup, prices: Prices) -> PriceAt:
    """EUR/kWh at a moment (seconds since 1970 UTC), all charges included; NaN where no price is on record."""
    hourly = setup.tariff.spot(prices.zone(setup.tariff.zone))

    def at(moment: float) -> float:
        clock = datetime.fromtimestamp(moment, setup.zone)
        hour = day_hour(clock.date()) + clock.hour - prices.first_hour
        return float(hourly[hour]) if 0 <= hour < hourly.size else float("nan")

    return at
