"""What an entry of a rule file may say, and how a mistake in it is told."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, model_validator

from beachhead.compliance.jurisdiction import Scope
from beachhead.compliance.requirement import Gate, Kind
from beachhead.compliance.rule import Permission, Status, Volume
from beachhead.world.source import Grade

_Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
_Code = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^[A-Z][A-Z0-9-]*$")]
_Word = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^[a-z][a-z0-9_]*$")]
_Country = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
_Series = Annotated[str, StringConstraints(pattern=r"^(\d{1,3})?$")]
_AcceptedText = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^[^@]*\S[^@]*(@\d{1,3})?$")]


def _one_or_many(value: object) -> object:
    return [value] if isinstance(value, str) else value


_Codes = Annotated[list[_Code], BeforeValidator(_one_or_many)]
_Words = Annotated[list[_Word], BeforeValidator(_one_or_many)]


class Entry(BaseModel):
    """Base of all entries: a key that is not named is refused."""

    model_config = ConfigDict(extra="forbid")


class Cited(Entry):
    """An entry with its citation."""

    citation: _Text
    grade: Grade
    as_of: date | None = None


class AdoptionEntry(Cited):
    """`adopts:` at the head of a file."""

    jurisdiction: _Code
    through: _Text
    routes: bool = False


class EndOfSeriesEntry(Cited):
    """`end_of_series:` at the head of a file."""

    share: float = Field(ge=0, le=1)
    least: int = Field(ge=0)
    months: int = Field(gt=0)
    terms: _Text


class LeadTimes(Entry):
    """`lead_times:` at the head of a file: where its weeks and costs come from."""

    citation: _Text
    grade: Grade


class Header(Entry):
    """The head of a file."""

    jurisdiction: _Code | None = None
    name: _Text | None = None
    scope: Scope = Scope.MARKET
    markets: list[_Country] = []
    adopts: AdoptionEntry | None = None
    whole_vehicle: list[_Text] = []
    end_of_series: EndOfSeriesEntry | None = None
    as_of: date
    lead_times: LeadTimes | None = None


class RequirementEntry(Cited):
    """One of `requirements:`."""

    code: _Code
    title: _Text
    about: _Text
    instrument: _Text
    gate: Gate = Gate.SALE
    categories: list[_Text] = ["M1"]
    features: list[_Word] = []
    built_in: list[_Country] = []
    maker_from: list[_Country] = []
    in_whole_vehicle: bool = False
    shown_by: list[_AcceptedText] = []


class FeatureEntry(Entry):
    """One of `features:`."""

    code: _Word
    title: _Text
    kind: Kind = Kind.FUNCTION


class WayEntry(Entry):
    """One of an approval's `ways:`."""

    through: _Text
    needs: list[_Text] = []
    weeks: float | None = None
    cost_eur: float = 0.0
    citation: _Text | None = None
    grade: Grade | None = None

    @model_validator(mode="after")
    def _not_negative(self) -> WayEntry:
        if (self.weeks or 0.0) < 0 or self.cost_eur < 0:
            raise ValueError("weeks and cost_eur must not be negative")
        if (self.citation is None) != (self.grade is None):
            raise ValueError("citation and grade belong together")
        return self


class ApprovalEntry(Cited):
    """One of `approvals:`."""

    code: _Text
    title: _Text
    kind: _Text
    series: _Series = ""
    issuers: list[_Code] = []
    ways: list[WayEntry] = []
    waits_for_systems: bool = False
    covers_maker: bool = False
    valid_years: float | None = None


class EquivalenceEntry(Cited):
    """One of `equivalences:`."""

    holds: _Text
    series: _Series = ""
    counts_as: _Text
    through: _Text


class RuleEntry(Cited):
    """One of `rules:`; several requirements may share an entry."""

    requirement: _Codes
    status: Status
    instrument: str = ""
    new_types: date | None = None
    all_vehicles: date | None = None
    until: date | None = None
    accepts: list[_AcceptedText] = []
    except_makers_from: list[_Code] = []
    note: str = ""

    @model_validator(mode="after")
    def _dates_in_order(self) -> RuleEntry:
        _in_order(new_types=self.new_types, all_vehicles=self.all_vehicles)
        _in_order(new_types=self.new_types, until=self.until)
        _in_order(all_vehicles=self.all_vehicles, until=self.until)
        return self


class FeatureRuleEntry(Cited):
    """One of `feature_rules:`; several features may share an entry."""

    feature: _Words
    permission: Permission
    starts: date | None = None
    until: date | None = None
    needs: list[_Code] = []
    conditions: list[_Text] = []
    note: str = ""

    @model_validator(mode="after")
    def _makes_sense(self) -> FeatureRuleEntry:
        _in_order(starts=self.starts, until=self.until)
        if (self.permission is Permission.CONDITIONAL) != bool(self.conditions):
            raise ValueError("a conditional feature lists its conditions, and only a conditional one does")
        return self


class InsteadEntry(Entry):
    """One of a route's `instead:`."""

    requirement: _Codes
    accepts: list[_AcceptedText]


class RouteEntry(Cited):
    """One of `routes:`."""

    code: _Text
    title: _Text
    volume: Volume
    cap: int | None = None
    per_market: bool = True
    per_type: bool = False
    waives: list[_Code] = []
    whole_vehicle: list[_Text] = []
    instead: list[InsteadEntry] = []
    starts: date | None = None
    until: date | None = None
    note: str = ""

    @model_validator(mode="after")
    def _makes_sense(self) -> RouteEntry:
        _in_order(starts=self.starts, until=self.until)
        if self.volume is Volume.UNLIMITED and self.cap is not None:
            raise ValueError("an unlimited route has no cap")
        if self.cap is not None and self.cap <= 0:
            raise ValueError("cap must be positive; leave it out if it is not known")
        return self


def _in_order(**days: date | None) -> None:
    (first, start), (second, end) = days.items()
    if start is not None and end is not None and end < start:
        raise ValueError(f"{second} {end} lies before {first} {start}")


LISTS: dict[str, type[Entry]] = {
    "requirements": RequirementEntry,
    "features": FeatureEntry,
    "approvals": ApprovalEntry,
    "equivalences": EquivalenceEntry,
    "rules": RuleEntry,
    "feature_rules": FeatureRuleEntry,
    "routes": RouteEntry,
}


def in_plain_words(detail: Any, model: type[Entry]) -> tuple[str, str]:
    """A pydantic error as problem and cure."""
    kind, key = detail["type"], str(detail["loc"][-1]) if detail["loc"] else ""
    if kind == "extra_forbidden":
        return "is not a key of this entry", f"use one of {', '.join(model.model_fields)}"
    if kind == "missing":
        return f"'{key}' is missing", _CURES.get(key, f"write '{key}:'")
    if kind == "string_too_short" and key == "citation":
        return "the citation is blank", _CURES["citation"]
    if kind == "enum":
        return "is not one of the words allowed", f"write {detail['ctx']['expected']}"
    if kind == "value_error":
        return str(detail["ctx"]["error"]), "mend the entry"
    if kind == "string_pattern_mismatch":
        return "has the wrong form", _FORMS.get(key, f"write it like {detail['ctx']['pattern']}")
    if kind == "model_type":
        return "is not an entry", "write 'key: value' pairs"
    return detail["msg"].lower(), _CURES.get(key, "see docs/reference/rule-files.md")


_CURES = {
    "citation": "cite the instrument, article or page; for an assumption write its rule and grade it C",
    "grade": "write A (read at the source), B (general knowledge) or C (assumption)",
    "as_of": "write the day the file was kept up to, such as 2026-11-01",
}
_FORMS = {
    "series": "write the series of amendments in quotes, such as '03'",
    "jurisdiction": "write capitals, digits and dashes, such as EU",
}
