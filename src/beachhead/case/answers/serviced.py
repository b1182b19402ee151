"""The cost of spare parts on record, and what a plan makes of it: capital and running cost by market."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from beachhead.case.answers.newest import keep_newest, newest
from beachhead.case.open import Launch
from beachhead.store import get, put, reading, writing
from beachhead.world.economics import Economics
from beachhead.world.ref import Ref

TOPIC = "service_terms"


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceTerms:
    """What spare parts add to a market's economics, launch currency.

    Attributes:
        capital: by market, stocks of spares.
        opex_per_quarter: by market, cost of holding them.
    """

    capital: Mapping[str, float]
    opex_per_quarter: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceInputs:
    """What after-sales makes of a plan's economics.

    Attributes:
        economics: with the cost of parts.
        notes: what was changed.
    """

    economics: tuple[Economics, ...]
    notes: tuple[str, ...]


def service_inputs(launch: Launch, economics: Iterable[Economics]) -> ServiceInputs:
    """The economics with the cost of parts on record; as they are while there is none."""
    rows = tuple(economics)
    found = _newest(launch)
    if found is None:
        return ServiceInputs(economics=rows, notes=())
    terms, at = found
    changed = tuple(
        replace(
            row,
            capital=row.capital + terms.capital.get(row.market, 0.0),
            opex_per_quarter=row.opex_per_quarter + terms.opex_per_quarter.get(row.market, 0.0),
        )
        for row in rows
    )
    stock, holding = sum(terms.capital.values()), sum(terms.opex_per_quarter.values())
    currency = launch.folder.terms.currency
    all_of_them = f"all {len(terms.capital)} markets are" if len(terms.capital) > 1 else "the one market is"
    note = (
        f"Counts on after-sales of {at:%Y-%m-%d}: spare parts take {currency} {stock / 1e6:,.1f} M of capital and "
        f"{holding / 1e6:,.2f} M a quarter if {all_of_them} scaled."
    )
    return ServiceInputs(economics=changed, notes=(note,))


def keep_service_terms(launch: Launch, terms: ServiceTerms, *, who: str, at: datetime) -> Ref:
    """Put the cost of parts on record; from then on plans count on it."""
    with writing(launch.store) as work:
        ref = put(work, "service_terms", terms)
        keep_newest(work, TOPIC, ref, name="service", who=who, at=at)
    return ref


def _newest(launch: Launch) -> tuple[ServiceTerms, datetime] | None:
    with reading(launch.store) as work:
        kept = newest(work, TOPIC)
        return None if kept is None else (get(work, kept.ref, ServiceTerms), kept.at)
