"""What authorities ask for, and what offers declare: the catalogue that every jurisdiction's rules refer to."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from beachhead.world.source import Source


class Gate(StrEnum):
    """What a missing requirement closes.

    sale: the car may not be sold. feature: only features, which are then shipped switched off. duty: neither, but the
    maker answers for it.
    """

    SALE = "sale"
    FEATURE = "feature"
    DUTY = "duty"


class Kind(StrEnum):
    """What a declared feature is: a function that rules speak about, or equipment that shows a requirement."""

    FUNCTION = "function"
    EQUIPMENT = "equipment"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where an entry was written.

    Attributes:
        file: rule file name.
        line: line of the entry as an editor counts it.
    """

    file: str
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """One thing that shows a requirement.

    Attributes:
        code: approval code, such as `UN R100`, or `feature:ccs2` for declared equipment.
        series: lowest series of amendments accepted, such as `03`; empty if any will do.
    """

    code: str
    series: str = ""

    @classmethod
    def parse(cls, text: str) -> Accepted:
        """Read `UN R100` or `UN R100@03`."""
        code, _, series = text.partition("@")
        return cls(code=code.strip(), series=series.strip())

    @property
    def equipment(self) -> str | None:
        """The declared feature meant, if this names one."""
        return self.code.removeprefix("feature:") if self.code.startswith("feature:") else None

    def __str__(self) -> str:
        return f"{self.code} (series {self.series} or later)" if self.series else self.code


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """One thing an authority may ask for; whether it does is said by each jurisdiction's `Rule`.

    Attributes:
        code: short key, such as `R100` or `ISA`.
        title: what it is, in a line.
        about: subject: regime, origin, safety, assistance, digital, data, environment, hardware or charging.
        instrument: the instrument that gives the requirement its name.
        gate: what a missing requirement closes.
        categories: vehicle categories in scope (UN categories, such as M1).
        features: features that bring it into play where a rule's status is `when_fitted`.
        built_in: if not empty, only vehicles built in one of these countries are in scope.
        maker_from: if not empty, only makers controlled from one of these countries are in scope.
        in_whole_vehicle: true if a whole-vehicle approval covers it.
        local: the jurisdiction whose file defines it, and which alone it concerns; empty if it concerns all.
        shown_by: what shows it where a rule names nothing of its own; any one of them.
        source: where the instrument is described.
        place: where it was written.
    """

    code: str
    title: str
    about: str
    instrument: str
    gate: Gate
    categories: frozenset[str]
    features: frozenset[str]
    built_in: frozenset[str]
    maker_from: frozenset[str]
    in_whole_vehicle: bool
    local: str
    shown_by: tuple[Accepted, ...]
    source: Source
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Feature:
    """One word offers may use to declare what a car can do or carries.

    Attributes:
        code: the word, such as `lane_keep`.
        title: what it is, in a line.
        kind: function or equipment.
        place: where it was written.
    """

    code: str
    title: str
    kind: Kind
    place: Place
