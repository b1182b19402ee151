"""A dossier as Markdown that prints well: boxes to tick, the steps with dates, numbered citations."""

from __future__ import annotations

from collections.abc import Iterator

from beachhead.case.compliance.words import end_of_series_sentences, names, standing_sentence
from beachhead.cli.show import money
from beachhead.compliance.dossier import Dossier, Line
from beachhead.compliance.notice import notices
from beachhead.world.figures import how_many

_BOXES = {True: "[x]", False: "[ ]", None: "[?]"}


def dossier_text(made: Dossier, told: tuple[float, str]) -> str:
    """The whole checklist as text; `told` as of `Folder.euro_told`."""
    return "\n".join(_lines(made, told)) + "\n"


def _lines(made: Dossier, told: tuple[float, str]) -> Iterator[str]:
    answer, route = made.assessment, made.route
    yield f"# Dossier: {answer.offer} in {answer.market}, {route.title}"
    yield ""
    yield f"As of {answer.on}, by the rules of {answer.jurisdiction}. Not legal advice: grade C marks an assumption."
    yield f"**{route.reasons[0].text}**"
    yield from (reason.text for reason in route.reasons[1:])
    yield ""
    yield "`[x]` shown, `[ ]` missing, `[?]` not settled and never read as allowed."
    if said := standing_sentence(made):
        yield said
    for section in made.sections:
        yield from ("", f"## {section.heading}", "")
        yield from (_line(line, plain=section.heading == "Does not apply") for line in section.lines)
    yield from _steps(made, told)
    yield from _ahead(made)
    yield from ("", "## Sources", "")
    for number, source in enumerate(made.citations, start=1):
        yield f"{number}. {source.who} (grade {source.grade.value}, as of {source.as_of})"


def _line(line: Line, *, plain: bool) -> str:
    cited = ", ".join(map(str, line.citations))
    box = "-" if plain else f"- {_BOXES[line.done]}"
    evidence = f" {line.evidence}" if line.evidence else ""
    return f"{box} **{line.code}** {line.text}.{evidence} ({line.grade.value}; {cited})"


def _steps(made: Dossier, told: tuple[float, str]) -> Iterator[str]:
    road, (euro, currency) = made.road, told
    yield from ("", "## Steps still to be done", "")
    if road.unreachable:
        yield f"No way on record: {', '.join(road.unreachable)}."
    if not road.schedule.timed:
        yield "None."
        return
    path = " -> ".join(road.schedule.critical)
    yield f"Cost {money(road.schedule.cost_eur * euro, currency)}; critical path: {path}."
    yield from ("", "| step | what | from | to | slack, days | cost |", "|---|---|---|---|---:|---:|")
    for item in sorted(road.schedule.timed, key=lambda timed: (timed.early_start, timed.activity.code)):
        step = item.activity
        yield (
            f"| {step.code} | {step.title} | {road.date_of(item.early_start)} | {road.date_of(item.early_finish)} "
            f"| {item.slack:.0f} | {money(step.cost_eur * euro, currency)} |"
        )


def _ahead(made: Dossier) -> Iterator[str]:
    yield from ("", "## What changes within a year", "")
    if not made.ahead:
        yield "Nothing on record."
    for notice in notices(made.ahead):
        act = f"; act by {notice.act_by}{' (late)' if notice.late else ''}" if notice.act_by else ""
        act = f"; expected {notice.expected}" if notice.expected else act
        act = "; no way on record" if notice.no_way else act
        (code, *more), (title, *_) = notice.codes, notice.titles
        what = how_many(len(notice.codes), notice.what) if more else f"{code} ({title})"
        which = f" {names(notice)}." if more else ""
        by = f" {notice.by}" if notice.by else ""
        yield f"- {notice.day}: {what} {notice.before} -> {notice.becomes}{act}{':' if more else '.'}{which}{by}"
    if said := end_of_series_sentences(made.ahead):
        yield from ("", *said)
