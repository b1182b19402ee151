"""studies.csv: what surveys, choice experiments, pre-orders, waiting lists and experts say about demand."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated

from beachhead.evidence.cell import Code, CountryCode, Number, Whole, WrittenAs, one_of
from beachhead.evidence.row import Placed, Sourced, Table, column
from beachhead.world.errors import Fault


class StudyKind(StrEnum):
    """How a study knows; each kind has a usual bias."""

    SURVEY = "survey"
    CONJOINT = "conjoint"
    PRE_ORDER = "pre_order"
    WAITING_LIST = "waiting_list"
    EXPERT = "expert"


class StudyRow(Sourced):
    """What one study says about one market: a share of its buyers, or cars."""

    study: Code = column("name of the study; its rows share one error of method", key=True)
    market: CountryCode = column("market it speaks of", key=True, refers="markets.code")
    kind: Annotated[StudyKind, one_of(StudyKind), WrittenAs(" | ".join(StudyKind), "survey")] = column(
        "how it knows: people asked what they would buy, choices among made-up cars, deposits paid, names left, a guess"
    )
    share: Number | None = column(
        "share of the market's buyers of electric cars who would buy; give this or `cars`",
        unit="share",
        default=None,
        above=0,
        most=1,
    )
    cars: Number | None = column("cars asked for; give this or `share`", default=None, above=0)
    weeks: Number = column("weeks in which the `cars` were asked for", unit="weeks", default=52.0, above=0)
    reach: Number = column(
        "share of the market that could have asked for the `cars`", unit="share", default=1.0, above=0, most=1
    )
    sample: Whole | None = column("people asked, for `share`", default=None, least=1)
    bias_mean: Number | None = column(
        "log of how much such studies overstate, blank for the usual of the kind", default=None, least=-5, most=5
    )
    bias_sd: Number | None = column(
        "standard deviation of that log, blank for the usual of the kind", default=None, above=0
    )
    weight: Number = column("share of its information that counts", unit="share", default=1.0, above=0, most=1)


def one_measure(rows: tuple[Placed[StudyRow], ...]) -> Iterator[Fault]:
    """A row says a share of so many people, or cars."""
    for placed in rows:
        row = placed.row
        if (row.share is None) == (row.cars is None):
            problem = "gives neither a share nor cars" if row.share is None else "gives both a share and cars"
            yield Fault(file=TABLE.file, row=placed.line, column="share", problem=problem, cure="give one of the two")
        elif row.share is not None and row.sample is None:
            cure = "say how many people were asked"
            yield Fault(file=TABLE.file, row=placed.line, column="sample", problem="is blank for a share", cure=cure)


TABLE = Table(
    name="studies",
    row=StudyRow,
    required=False,
    purpose="What surveys, choice experiments, pre-orders, waiting lists and experts say about demand.",
    across=(one_measure,),
)
