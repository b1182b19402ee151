"""What is in hand for one vehicle: certificates that count, equivalences followed, and those that do not count."""

from __future__ import annotations

from calendar import monthrange
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from beachhead.compliance.approval import Certificate, Equivalence, Holding, Vehicle
from beachhead.compliance.requirement import Accepted
from beachhead.compliance.rulebook import Rulebook

_DAYS_PER_YEAR = 365.25


@dataclass(frozen=True, slots=True)
class Held:
    """One certificate, valid from `start` until before `end`, and the equivalences by which it counts.

    Attributes:
        certificate: what is held.
        start: first day.
        end: first day on which it no longer holds; `date.max` if it has no end.
        by: equivalences followed, first one first; empty if it counts as itself.
    """

    certificate: Certificate
    start: date
    end: date
    by: tuple[Equivalence, ...] = ()

    @property
    def series(self) -> str:
        """Series of amendments it stands for; an equivalence carries none."""
        return "" if self.by else self.certificate.series


@dataclass(frozen=True, slots=True)
class Hand:
    """What is in hand for one vehicle.

    Attributes:
        held: by approval code, also for what a certificate counts as.
        void: by approval code, certificates that do not count for this vehicle and why not.
    """

    held: Mapping[str, tuple[Held, ...]]
    void: Mapping[str, tuple[tuple[Certificate, str], ...]]


def hand(rulebook: Rulebook, vehicle: Vehicle, holding: Holding) -> Hand:
    """Certificates that count for the vehicle: issued by an authority that may, covering the offer."""
    held: defaultdict[str, list[Held]] = defaultdict(list)
    void: defaultdict[str, list[tuple[Certificate, str]]] = defaultdict(list)
    for certificate in holding.certificates:
        why_not = _why_not(rulebook, vehicle, certificate)
        if why_not:
            void[certificate.approval].append((certificate, why_not))
        else:
            end = end_of(rulebook, certificate)
            held[certificate.approval].append(Held(certificate, certificate.granted_on, end))
    _follow_equivalences(rulebook, held)
    return Hand(
        {code: tuple(found) for code, found in held.items()}, {code: tuple(found) for code, found in void.items()}
    )


def series_reaches(have: str, wanted: str) -> bool:
    """Whether a series of amendments is the wanted one or later; an unnumbered one reaches nothing."""
    return not wanted or (bool(have) and int(have) >= int(wanted))


def shows(item: Accepted, held: Held) -> bool:
    """Whether a held certificate is what is accepted, in a late enough series."""
    return series_reaches(held.series, item.series)


def end_of(rulebook: Rulebook, certificate: Certificate) -> date:
    """First day on which a certificate no longer holds; `date.max` if it has no end."""
    if certificate.expires_on is not None:
        return certificate.expires_on + timedelta(days=1)
    approval = rulebook.approvals.get(certificate.approval)
    if approval is None or approval.valid_years is None:
        return date.max
    return _years_after(certificate.shows_as_of, approval.valid_years)


def _years_after(day: date, years: float) -> date:
    """The day that many years later, whole years by the calendar; 29 February has its anniversary on the 28th."""
    whole = int(years)
    if day.year + whole >= date.max.year:
        return date.max
    later = date(day.year + whole, day.month, min(day.day, monthrange(day.year + whole, day.month)[1]))
    return later + timedelta(days=round((years - whole) * _DAYS_PER_YEAR))


def _why_not(rulebook: Rulebook, vehicle: Vehicle, certificate: Certificate) -> str:
    issuers = rulebook.issuers.get(certificate.approval, frozenset())
    if issuers and certificate.issuer not in issuers:
        return f"was issued by {certificate.issuer or 'nobody named'}, whose authorities may not issue it"
    if not certificate.covers(vehicle.code):
        return f"covers {', '.join(sorted(certificate.offers))}, not {vehicle.code}"
    return ""


def _follow_equivalences(rulebook: Rulebook, held: defaultdict[str, list[Held]]) -> None:
    """Add what certificates count as; approvals are in order, so one pass follows chains of equivalences."""
    rank = {code: index for index, code in enumerate(rulebook.approvals)}
    for equivalence in sorted(rulebook.equivalences, key=lambda entry: rank[entry.holds]):
        for found in tuple(held.get(equivalence.holds, ())):
            if series_reaches(found.series, equivalence.series):
                counted = Held(found.certificate, found.start, found.end, (*found.by, equivalence))
                held[equivalence.counts_as].append(counted)
