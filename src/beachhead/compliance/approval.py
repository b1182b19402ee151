"""What can be obtained (approvals and the tests and audits before them), and what is held."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from beachhead.compliance.requirement import Place
from beachhead.world.source import Source

ANY_OFFER = "*"


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One way to obtain an approval.

    Attributes:
        through: what it is called, such as `type approval` or `mutual recognition`.
        needs: approvals, tests or audits that must be in hand first.
        weeks: usual time from there to the paper; None if nobody can say.
        cost_eur: usual cost of this step alone, euro.
        source: who says so.
    """

    through: str
    needs: tuple[str, ...]
    weeks: float | None
    cost_eur: float
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """Something an authority, laboratory or maker issues: an approval, a certificate, a declaration, a test report.

    Attributes:
        code: key, such as `UN R100`, `EU WVTA`, `crash tests`.
        title: what it is, in a line.
        kind: prototype, test, audit, un_approval, whole_vehicle, national_approval, self_certification, declaration,
            licence or authorisation.
        series: series of amendments issued today, such as `03`; empty if it has none.
        issuers: jurisdictions or countries whose authorities may issue it; empty if anybody may.
        ways: how to obtain it; any one of them; empty if no way is on record.
        waits_for_systems: true if it is granted only after every requirement a whole-vehicle approval covers is shown.
        covers_maker: true if it is issued to the maker, not to one type.
        valid_years: how long it holds after the last grant or extension; None if it has no end.
        source: who says so.
        place: where it was written.
    """

    code: str
    title: str
    kind: str
    series: str
    issuers: tuple[str, ...]
    ways: tuple[Way, ...]
    waits_for_systems: bool
    covers_maker: bool
    valid_years: float | None
    source: Source
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Equivalence:
    """Who holds one thing is treated as holding another.

    Attributes:
        holds: code of what is held.
        series: lowest series accepted; empty if any will do.
        counts_as: code of what it counts as.
        through: the instrument that says so.
        source: who says so; the citation.
        place: where it was written.
    """

    holds: str
    series: str
    counts_as: str
    through: str
    source: Source
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """One approval held, or expected on a stated day.

    Attributes:
        approval: approval code.
        series: series of amendments it was granted to; empty if it has none.
        offers: offer codes it covers; `*` for every offer of the maker.
        issuer: country whose authority issued it, ISO 3166-1 alpha-2.
        granted_on: day of grant; a day still to come is an expectation.
        extended_on: day of the last extension; None if never extended.
        expires_on: last day of validity; None if it has no end.
        document: number or name under which it is filed.
        source: where it was read.
    """

    approval: str
    series: str
    offers: frozenset[str]
    issuer: str
    granted_on: date
    extended_on: date | None
    expires_on: date | None
    document: str
    source: Source

    def __post_init__(self) -> None:
        if self.extended_on is not None and self.extended_on < self.granted_on:
            raise ValueError(f"{self.approval}: extended on {self.extended_on}, before its grant on {self.granted_on}")
        if self.expires_on is not None and self.expires_on < self.granted_on:
            raise ValueError(f"{self.approval}: expires on {self.expires_on}, before its grant on {self.granted_on}")

    @property
    def shows_as_of(self) -> date:
        """The state of the law it was last checked against: the last extension, or the grant."""
        return self.extended_on or self.granted_on

    def covers(self, offer: str) -> bool:
        """Whether it covers the offer."""
        return offer in self.offers or ANY_OFFER in self.offers


@dataclass(frozen=True, slots=True, kw_only=True)
class Used:
    """Cars already registered in a market in a calendar year that count against small-series limits.

    Attributes:
        market: market code.
        year: calendar year.
        cars: cars registered.
        route: route code they were registered under; empty if every small-series route of the market is meant.
        type_name: type they are of, as in `Vehicle`; empty if that is not told: they count against every type then.
    """

    market: str
    year: int
    cars: int
    route: str = ""
    type_name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """What the maker has in hand.

    Attributes:
        certificates: approvals held or expected.
        used: cars that count against small-series limits.
    """

    certificates: tuple[Certificate, ...] = ()
    used: tuple[Used, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Vehicle:
    """An offer as it would be put before an authority.

    Attributes:
        code: offer code.
        features: declared features and equipment.
        type_name: the type it is approved under, such as the model; offers of one type share tests and approvals.
        category: UN vehicle category.
        built_in: country it is built in; empty if that is not told.
        maker_from: country the maker is controlled from; empty if that is not told.
    """

    code: str
    features: frozenset[str]
    type_name: str = ""
    category: str = "M1"
    built_in: str = "CN"
    maker_from: str = "CN"

    @property
    def of_type(self) -> str:
        """The type; an offer without one is a type of its own."""
        return self.type_name or self.code
