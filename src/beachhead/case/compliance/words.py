"""Says in sentences what the rules change; the command line and the web say the same."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date

from beachhead.compliance.dossier import Dossier
from beachhead.compliance.jurisdiction import EndOfSeries
from beachhead.compliance.notice import Notice
from beachhead.compliance.watch import Change, Expiry
from beachhead.world.figures import how_many, listed


def changes_sentence(start: date, end: date, found: Sequence[Change]) -> str:
    """How much changes; what hits several offers or markets on a day counts once."""
    shutting = {(change.day, change.code) for change in found if change.closes and change.expected is None}
    count = len({(change.day, change.code) for change in found})
    return (
        f"From {start} to {end}: {how_many(count, 'change')}, {len(shutting)} of them closing something unless you act."
    )


def subject(notice: Notice) -> str:
    """What changes, of several their codes, and what shows it."""
    (first, *rest), (title, *_) = notice.codes, notice.titles
    said = title if notice.what == "feature" else f"{first}: {title}"
    if rest:
        said = f"{how_many(len(notice.codes), notice.what)}: {names(notice)}"
    return f"{said}. {notice.by}" if notice.by else said


def names(notice: Notice) -> str:
    """What changes, in a row: requirements by code, features by title."""
    return "; ".join(notice.titles) if notice.what == "feature" else ", ".join(notice.codes)


def end_of_series_sentences(found: Sequence[Change]) -> list[str]:
    """What may still be registered of cars in stock, once for each day and what is admitted on it."""
    told: defaultdict[tuple[date, EndOfSeries], tuple[set[str], set[str]]] = defaultdict(lambda: (set(), set()))
    for change in found:
        if change.end_of_series is not None:
            codes, where = told[(change.day, change.end_of_series)]
            codes.add(change.code)
            where |= {*change.markets}
    return [
        f"Cars in stock on {day} without {', '.join(sorted(codes))} may be registered until {rest.last_day(day)} "
        f"as end of series in {listed(sorted(where))}: in each at most {rest.share:.0%} of the cars of these types "
        f"registered there in the year before, or {how_many(rest.least, 'car')} where that is fewer. {rest.terms}"
        for (day, rest), (codes, where) in told.items()
    ]


def expiry_sentence(item: Expiry) -> str:
    """When a certificate runs out, and by when to renew it."""
    act = f"; begin renewal by {item.act_by}" if item.act_by else ""
    late = " (late)" if item.late else ""
    return (
        f"{item.certificate.approval} ({item.certificate.document or 'no number'}) runs out on {item.day}{act}{late}."
    )


def standing_sentence(made: Dossier) -> str:
    """On which day requirements and features of a dossier are told, where that is not the day asked about."""
    on = made.assessment.on
    if made.stands_on <= on:
        return ""
    return (
        f"All is told as it stands on {made.stands_on}, the first day of sale; what is granted after {on} is expected, "
        "not held."
    )
