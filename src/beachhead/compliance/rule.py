"""What one jurisdiction says: on a requirement, on a feature, and by which routes cars may be sold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from beachhead.compliance.requirement import Accepted, Place
from beachhead.world.source import Source

SHOWN_BY = Accepted(code="shown_by")
"""On a route: whatever shows the requirement by the catalogue."""


class Status(StrEnum):
    """How a jurisdiction treats a requirement.

    mandatory: every vehicle in scope shows it. when_fitted: only vehicles that declare one of its features do.
    not_required: nobody does. prohibited: vehicles in scope are shut out unless one of `accepts` is held.
    unknown: not settled in our sources; never read as permission.
    """

    MANDATORY = "mandatory"
    WHEN_FITTED = "when_fitted"
    NOT_REQUIRED = "not_required"
    PROHIBITED = "prohibited"
    UNKNOWN = "unknown"


class Permission(StrEnum):
    """How a jurisdiction treats a feature once its needs are met."""

    ALLOWED = "allowed"
    CONDITIONAL = "conditional"
    BLOCKED = "blocked"
    UNKNOWN = "unknown"


class Volume(StrEnum):
    """How many cars a route is for."""

    SMALL_SERIES = "small_series"
    UNLIMITED = "unlimited"


@dataclass(frozen=True, slots=True, kw_only=True)
class Adopted:
    """How a rule of one jurisdiction came to hold in another.

    Attributes:
        jurisdiction: code of the jurisdiction whose rule it is.
        through: the instrument that carries it over.
        source: who says so.
    """

    jurisdiction: str
    through: str
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One jurisdiction's word on one requirement.

    A type approved before `new_types` is asked from `all_vehicles` on, every other type from `new_types` on. Where only
    one of the days is given it holds for every car: a grace for existing types is never assumed. With both None the
    rule has been in force throughout.

    Attributes:
        jurisdiction: code of the jurisdiction that made the rule.
        requirement: requirement code.
        status: how it is treated.
        instrument: what the rule is called there.
        new_types: first day on which new types are asked.
        all_vehicles: first day on which every new car is asked, whenever its type was approved; None if as `new_types`.
        until: first day on which it no longer holds; None if no end is known.
        accepts: what shows it there; any one of them.
        except_makers_from: makers controlled from one of these are not asked; jurisdictions or countries in a rule
            file, countries in a rulebook. A maker of whom that is not told is asked.
        note: what else a homologation manager should know.
        adopted: the jurisdictions through which it came, nearest last; empty for a rule of one's own.
        source: who says so; the citation.
        place: where it was written.
    """

    jurisdiction: str
    requirement: str
    status: Status
    instrument: str
    new_types: date | None
    all_vehicles: date | None
    until: date | None
    accepts: tuple[Accepted, ...]
    except_makers_from: frozenset[str] = frozenset()
    note: str
    adopted: tuple[Adopted, ...] = ()
    source: Source
    place: Place

    @property
    def begins(self) -> date:
        """First day on which anybody may be asked."""
        return min((day for day in (self.new_types, self.all_vehicles) if day is not None), default=date.min)


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureRule:
    """One jurisdiction's word on one feature, for a span of time.

    Attributes:
        jurisdiction: code of the jurisdiction that made the rule.
        feature: feature code.
        permission: how it is treated once its needs are met.
        starts: first day; None if it has held throughout.
        until: first day on which it no longer holds; None if no end is known.
        needs: requirements that must be met first.
        conditions: what the driver or maker must observe, one sentence each.
        note: what else a homologation manager should know.
        adopted: the jurisdictions through which it came; empty for a rule of one's own.
        source: who says so; the citation.
        place: where it was written.
    """

    jurisdiction: str
    feature: str
    permission: Permission
    starts: date | None
    until: date | None
    needs: tuple[str, ...]
    conditions: tuple[str, ...]
    note: str
    adopted: tuple[Adopted, ...] = ()
    source: Source
    place: Place

    @property
    def begins(self) -> date:
        """First day on which it holds."""
        return self.starts or date.min


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """A lawful way to the customer.

    Attributes:
        jurisdiction: code of the jurisdiction that offers it.
        code: short key, such as `eu-small-series`.
        title: what it is called.
        volume: small series, or unlimited.
        cap: cars a calendar year; None on an unlimited route, and on a small-series route whose limit is not known.
        per_market: true if each market of the jurisdiction has the cap to itself.
        per_type: true if the cap counts the cars of one type, so that each type has it to itself.
        markets: markets in which it is open, by its own jurisdiction or by one that adopted it; they share the cap
            unless `per_market`.
        waives: requirements not asked on this route.
        whole_vehicle: whole-vehicle approvals of this route; they also show what whole-vehicle approvals cover.
        instead: by requirement, what is to be had for it on this route; `shown_by` stands for the catalogue's own.
        starts: first day; None if open throughout.
        until: first day on which it is closed; None if no end is known.
        note: what else a homologation manager should know.
        adopted: the jurisdictions through which it came; empty for a route of one's own.
        source: who says so; the citation.
        place: where it was written.
    """

    jurisdiction: str
    code: str
    title: str
    volume: Volume
    cap: int | None
    per_market: bool
    per_type: bool = False
    waives: frozenset[str]
    whole_vehicle: tuple[str, ...]
    instead: Mapping[str, tuple[Accepted, ...]]
    starts: date | None
    until: date | None
    note: str
    markets: frozenset[str] = frozenset()
    adopted: tuple[Adopted, ...] = ()
    source: Source
    place: Place

    @property
    def begins(self) -> date:
        """First day on which it is open."""
        return self.starts or date.min
