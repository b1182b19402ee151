"""The REST API: everything the pages show, and the two things a person may write: observations and decisions."""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path, PurePath
from typing import Annotated, Any, TypeVar

from anyio.to_thread import run_sync
from fastapi import APIRouter, Header, Query, Request, Response
from fastapi import Path as InPath
from fastapi.responses import PlainTextResponse
from pydantic import BaseModel

from beachhead import __version__
from beachhead.case.clock import now, today
from beachhead.case.deciding import Decided, decide
from beachhead.case.log import check
from beachhead.case.mappings import drop_mapping, heading_of, keep_mapping, mapping_path, mappings
from beachhead.case.new import bundled, is_vacant, new_launch
from beachhead.case.observe import TOPIC, Receipt, observations, observe
from beachhead.case.outcomes import register_outcomes
from beachhead.case.whatif import parse_override
from beachhead.store import deliveries, reading, text_of
from beachhead.web import view
from beachhead.web.desk import Desk, Sheet
from beachhead.web.guard import Person, Role
from beachhead.web.idempotency import answered, remember
from beachhead.web.jobs import Job, Jobs
from beachhead.web.refusal import ErrorOut, NotFound, NotModified, Refusal, TooLarge
from beachhead.web.scored import score_out
from beachhead.web.sessions import Analyst, Approver, Viewer
from beachhead.web.shape import (
    AcceptedOut,
    AcceptIn,
    BeginIn,
    BeginOut,
    BundledOut,
    DecideIn,
    DecisionOut,
    DecisionsOut,
    HeadingOut,
    JobIn,
    JobOut,
    JobsOut,
    LaunchOut,
    MappingIn,
    MappingsOut,
    MarketOut,
    MarketsOut,
    ObservationOut,
    ObservationsOut,
    OverviewOut,
    PlanOut,
    ReadingsOut,
    ScoreOut,
    SentOut,
)
from beachhead.world.errors import BadInput, NotStored, OutOfDate
from beachhead.world.ref import Ref

Answer = TypeVar("Answer", bound=BaseModel)
MOST_BYTES = 256 * 1024 * 1024
PAGE_ROWS = 200

ARGUMENTS = {
    "plan": {"worlds": (2, 10_000), "seed": (-(2**62), 2**62)},
    "supply": {"draws": (4, 1_000), "what_if": (0, 1), "passes": (1, 2), "work": (1, 3_600)},
    "what_if": {"worlds": (2, 1_000)},
    "worth": {"worlds": (2, 1_000)},
    "rehearsal": {"worlds": (2, 10_000)},
    "targets": {"worlds": (24, 10_000)},
    "programme": {},
    "aftersales": {"draws": (2, 1_000)},
    "backtest": {},
    "charging_home": {},
    "charging": {"homes": (2, 5_000), "year": (1970, 2200)},
    "network": {"minutes": (5, 240), "count": (1, 20_000), "work": (1, 600), "seconds": (1, 600)},
}
"""By kind of work, what may be said beside the day, with its range."""
TEXTS = {"backtest": ("brands", "countries", "split"), "charging_home": ("home", "second", "market", "plugged_in")}
"""By kind of work, what may be said in words."""
MOST_TYPED = {"sets": 20_000, "name": 120}

REFUSALS: dict[int | str, dict[str, Any]] = {
    status: {"model": Refusal} for status in (401, 403, 404, 409, 413, 421, 422)
}
router = APIRouter(responses=REFUSALS)

Key = Annotated[
    str | None, Header(alias="Idempotency-Key", max_length=200, description="The same key is answered the same, once.")
]
FILE_BODY = {
    "requestBody": {"content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}}
}
"""OpenAPI's words for a file sent as the body."""
MappingName = Annotated[str, InPath(pattern=r"^[\w-]{1,60}$", description="Letters, digits, - and _.")]
Cursor = Annotated[
    str | None, Query(max_length=40, pattern=r"^\d{1,18}$", description="From the last page's `next_cursor`.")
]


@router.get("/launch")
def launch(request: Request, response: Response, person: Viewer) -> LaunchOut:
    """The launch as a whole, and who is asking."""
    return view.launch_out(sheet_of(request, response), person)


@router.get("/begin")
def begin(request: Request, person: Viewer) -> BeginOut:
    """What a launch can be begun from; `may_begin` is false once the folder holds one."""
    desk: Desk = request.app.state.desk
    return BeginOut(
        folder=desk.root.name,
        may_begin=is_vacant(desk.root) and person.role >= Role.APPROVER,
        bundled=[BundledOut(**{name: getattr(item, name) for name in BundledOut.model_fields}) for item in bundled()],
    )


@router.post("/launch", status_code=201)
def begin_launch(request: Request, response: Response, person: Approver, body: BeginIn) -> LaunchOut:
    """Begin a launch in the served folder, which must be empty; all of it or nothing."""
    desk: Desk = request.app.state.desk
    if not is_vacant(desk.root):
        raise OutOfDate(f"{desk.root.name} already holds a launch", "serve an empty folder to begin another")
    new_launch(desk.root, body.example)
    recorded(request)
    return view.launch_out(sheet_of(request, response), person)


@router.get("/overview")
def overview(request: Request, response: Response, person: Viewer) -> OverviewOut:
    """Stage and odds of every market, what is due, value and limits."""
    return view.overview_out(sheet_of(request, response), person)


@router.get("/markets")
def markets(request: Request, response: Response, _: Viewer) -> MarketsOut:
    """All markets."""
    return MarketsOut(markets=view.market_rows(sheet_of(request, response)))


@router.get("/markets/{code}")
def market(request: Request, response: Response, _: Viewer, code: str) -> MarketOut:
    """Everything about one market."""
    return view.market_out(sheet_of(request, response), code)


@router.get("/plan")
def plan(request: Request, response: Response, _: Viewer) -> PlanOut:
    """The newest plan."""
    return view.plan_out(sheet_of(request, response))


@router.get("/observations")
def rows_on_record(request: Request, response: Response, _: Viewer, cursor: Cursor = None) -> ObservationsOut:
    """What was observed, newest first; answered before anything is learnt from it."""
    desk: Desk = request.app.state.desk
    launch = desk.launch()
    with reading(launch.store) as work:
        sent = deliveries(work, TOPIC)[-1:]
        found = observations(work)
    _tag(request, response, f"{launch.folder.digest}|{[(last.number, last.sha256) for last in sent]}|{cursor}")
    rows = sorted(found, key=lambda row: (row.end, row.key), reverse=True)
    first, after = _page(cursor, len(rows))
    return ObservationsOut(
        rows=[view.observation_out(row) for row in rows[first : first + PAGE_ROWS]],
        total_rows=len(rows),
        next_cursor=after,
        columns=list(ObservationOut.model_fields),
    )


@router.get("/readings")
def readings(request: Request, response: Response, _: Viewer) -> ReadingsOut:
    """What the rows say about demand, market by market."""
    sheet = sheet_of(request, response)
    found = sheet.question.held.reading
    return ReadingsOut(
        readings=view.readings_out(sheet), allowed_for=list(found.allowed_for), left_out=list(found.left_out)
    )


@router.post(
    "/observations",
    openapi_extra=FILE_BODY,
)
async def send_observations(
    request: Request,
    person: Analyst,
    name: Annotated[str, Query(max_length=200, description="File name; its ending says CSV, XLSX or Parquet.")],
    dry_run: Annotated[bool, Query(description="Check only: say what would change, and change nothing.")] = False,
    mapping: Annotated[str, Query(max_length=80, description="A kept mapping, for an export with other columns.")] = "",
    key: Key = None,
) -> SentOut:
    """Send a file: kept whole or not at all; sending it twice changes nothing."""
    desk: Desk = request.app.state.desk
    if known := await run_sync(answered, desk.launch().store, key, person.name):
        return SentOut.model_validate_json(known)
    async with received(request, name) as path:
        sent = await run_sync(_take_in, desk, path, person.name, dry_run, mapping)
    if not dry_run:
        await run_sync(remember, desk.launch().store, key, person.name, sent.model_dump_json())
        await run_sync(recorded, request)
    return sent


@router.post(
    "/observations/heading",
    openapi_extra=FILE_BODY,
)
async def heading(
    request: Request,
    _: Analyst,
    name: Annotated[str, Query(max_length=200, description="File name; its ending says CSV, XLSX or Parquet.")],
) -> HeadingOut:
    """What an export looks like, to choose a mapping by; nothing is kept."""
    async with received(request, name) as path:
        found = await run_sync(heading_of, path)
    return HeadingOut(
        delimiter=found.delimiter,
        columns=list(found.columns),
        rows=[list(row) for row in found.rows],
        values={column: list(values) for column, values in found.values.items()},
    )


@router.get("/mappings")
def kept_mappings(request: Request, response: Response, _: Viewer) -> MappingsOut:
    """Mappings kept beside the launch, by name."""
    sheet = sheet_of(request, response, may_be_kept=False)
    return MappingsOut(mappings=mappings(sheet.launch))


@router.put("/mappings/{name}")
def send_mapping(request: Request, _: Analyst, name: MappingName, body: MappingIn) -> MappingsOut:
    """Keep a mapping (TOML), in place of the one of that name; refused with every fault at its line."""
    launch = request.app.state.desk.launch()
    keep_mapping(launch, name, body.text)
    return MappingsOut(mappings=mappings(launch))


@router.delete("/mappings/{name}")
def forget_mapping(request: Request, _: Analyst, name: MappingName) -> MappingsOut:
    """Take a mapping away; what was sent with it stays."""
    launch = request.app.state.desk.launch()
    drop_mapping(launch, name)
    return MappingsOut(mappings=mappings(launch))


@router.get("/decisions")
def decisions(request: Request, response: Response, _: Viewer, cursor: Cursor = None) -> DecisionsOut:
    """What is due, and the ledger, newest first."""
    sheet = sheet_of(request, response, may_be_kept=False)  # it is checked anew each time
    newest = list(reversed(sheet.entries))
    first, after = _page(cursor, len(newest))
    found = check(sheet.launch.store)
    said = (
        f"{len(newest)} entries, checked just now: all as they were written; head {sheet.head.sha256[:10]}."
        if found.whole
        else f"The ledger is NOT as it was written: {(found.verdict.breaks or found.faults)[0]}."
    )
    return DecisionsOut(
        is_planned=sheet.planned is not None,
        due=view.due_out(sheet),
        rows=[view.decision_out(entry) for entry in newest[first : first + PAGE_ROWS]],
        total_rows=len(newest),
        next_cursor=after,
        head=sheet.head.sha256,
        is_whole=found.whole,
        ledger_sentence=said,
    )


@router.post("/decisions", status_code=201)
def take_decision(request: Request, person: Approver, body: DecideIn, key: Key = None) -> DecisionOut:
    """Accept what is recommended for a market, or override it with a reason; names the ledger's head you saw."""

    def taken(sheet: Sheet) -> DecisionOut:
        accepts = body.choose in view.recommended(sheet, body.market)
        made = decide(
            sheet.launch,
            who=person.name,
            at=now(),
            markets=[body.market] if accepts else [],
            overrides={} if accepts else {body.market: body.choose},
            because=body.because,
            after=body.after,
        )
        return next(row for row in _entered(request, made) if row.market == body.market)

    return _once(request, person, key, DecisionOut, taken)


@router.post("/decisions/all", status_code=201)
def accept_all(request: Request, person: Approver, body: AcceptIn, key: Key = None) -> AcceptedOut:
    """Accept all that is due as recommended, at once or not at all; names the ledger's head you saw."""

    def taken(sheet: Sheet) -> AcceptedOut:
        return AcceptedOut(rows=_entered(request, decide(sheet.launch, who=person.name, at=now(), after=body.after)))

    return _once(request, person, key, AcceptedOut, taken)


def _once(
    request: Request, person: Person, key: str | None, form: type[Answer], taken: Callable[[Sheet], Answer]
) -> Answer:
    """The answer given before to this key; else what is taken now, kept under it."""
    desk: Desk = request.app.state.desk
    if known := answered(desk.launch().store, key, person.name):
        return form.model_validate_json(known)
    out = taken(desk.sheet())
    remember(desk.launch().store, key, person.name, out.model_dump_json())
    recorded(request)
    return out


def _entered(request: Request, made: Decided) -> list[DecisionOut]:
    """What one act entered, by its place in the ledger: others may have entered since."""
    last, desk = made.head.number, request.app.state.desk
    return [view.decision_out(entry) for entry in desk.sheet().entries[last - len(made.entries) : last]]


@router.get("/score")
def scored(request: Request, response: Response, _: Viewer) -> ScoreOut:
    """How stated odds turned out, and which have no outcome."""
    return score_out(sheet_of(request, response).launch)


@router.post("/score", status_code=201)
def enter_outcomes(request: Request, person: Analyst) -> ScoreOut:
    """Enter in the ledger what the rows show by now of the odds stated with decisions; what is on record stays."""
    desk: Desk = request.app.state.desk
    if register_outcomes(desk.launch(), on=today(), who=person.name, at=now()):
        recorded(request)
    return score_out(desk.launch())


@router.get(
    "/records/{kind}/{sha256}", response_class=PlainTextResponse, responses={200: {"content": {"application/json": {}}}}
)
def record(request: Request, _: Viewer, kind: str, sha256: str) -> Response:
    """A record as it was written, found by its digest."""
    desk: Desk = request.app.state.desk
    try:
        ref = Ref(kind, sha256)
        with reading(desk.launch().store) as work:
            text = text_of(work, ref)
    except (ValueError, NotStored):
        raise NotFound(f"there is no {kind} {sha256[:10]}", "see the ledger for the records there are") from None
    return Response(
        text, media_type="application/json", headers={"Cache-Control": "private, max-age=31536000, immutable"}
    )


@router.get("/jobs")
def jobs(request: Request, _: Viewer) -> JobsOut:
    """Long work, newest first."""
    found: Jobs = request.app.state.jobs
    return JobsOut(jobs=[_job(job) for job in found.all()])


@router.post("/jobs", status_code=202)
def start_job(request: Request, person: Analyst, body: JobIn, key: Key = None) -> JobOut:
    """Start long work in a worker process; the same work already waiting or running is not started twice."""
    found: Jobs = request.app.state.jobs
    if body.kind in ARGUMENTS:
        _check_arguments(body.kind, body.arguments)
    asked = {**body.arguments, "who": person.name}
    return _job(found.start(body.kind, asked, key=(person.name, key) if key else None))


@router.get("/jobs/{job_id}")
def job(request: Request, _: Viewer, job_id: str) -> JobOut:
    """One piece of long work."""
    return _job(_jobs_get(request, job_id))


@router.delete("/jobs/{job_id}")
def stop_job(request: Request, _: Analyst, job_id: str) -> JobOut:
    """Stop long work; what was recorded by then stays."""
    found: Jobs = request.app.state.jobs
    return _job(found.cancel(_jobs_get(request, job_id).id))


def sheet_of(request: Request, response: Response, *, may_be_kept: bool = True) -> Sheet:
    """How things stand, with the headers that let a reader ask whether they still do."""
    desk: Desk = request.app.state.desk
    sheet = desk.sheet()
    if sheet.version != request.app.state.hub.version:  # edited by hand, or recorded by another program
        request.app.state.hub.recorded(sheet.version)
    _tag(request, response, sheet.version, may_be_kept=may_be_kept)
    return sheet


def _tag(request: Request, response: Response, version: str, *, may_be_kept: bool = True) -> None:
    """Name the version of the answer; NotModified if the reader has it."""
    person: Person = request.state.person
    told = "|".join((version, person.name, person.role.name, __version__))
    response.headers["ETag"] = tag = f'"{hashlib.sha256(told.encode()).hexdigest()[:32]}"'
    if may_be_kept and request.method == "GET" and tag in request.headers.get("If-None-Match", ""):
        raise NotModified(tag)
    response.headers["Cache-Control"] = "no-cache"


def _page(cursor: str | None, total: int) -> tuple[int, str | None]:
    first = int(cursor or 0)
    after = first + PAGE_ROWS
    return first, str(after) if after < total else None


@asynccontextmanager
async def received(request: Request, name: str) -> AsyncIterator[Path]:
    """The body as a file of that name in a folder of its own, for as long as it is worked on."""
    with tempfile.TemporaryDirectory(prefix="beachhead-") as folder:
        path = Path(folder) / _file_name(name)
        await _receive(request, path)
        yield path


def _file_name(name: str) -> str:
    """A name without a folder, which every disk takes (255 bytes); its ending stays."""
    last = PurePath(name.replace("\\", "/")).name.replace("\0", "")
    return "rows.csv" if last in ("", "..") else last[-60:]


async def _receive(request: Request, path: Path) -> None:
    """Write the body to a file as it arrives; never all of it in memory."""
    size = 0
    with path.open("wb") as file:
        async for chunk in request.stream():
            size += len(chunk)
            if size > MOST_BYTES:
                raise TooLarge(f"the file is larger than {MOST_BYTES // 2**20} MB", "send it in parts")
            file.write(chunk)


def _take_in(desk: Desk, path: Path, who: str, trying: bool, mapping: str) -> SentOut:
    launch, at = desk.launch(), now()
    rules = mapping_path(launch, mapping) if mapping else None
    receipt = observe(launch.folder, launch.store, path, who=who, at=at, mapping=rules, today=at.date(), trying=trying)
    return _sent(receipt, trying)


def _sent(receipt: Receipt, trying: bool) -> SentOut:
    arrival = receipt.arrival
    new, corrected = len(arrival.new), len(arrival.corrected)
    verb = "would bring" if trying else "brought"
    said = (
        f"{receipt.file}: the same rows were sent before; nothing changed."
        if receipt.sent_before is not None
        else f"{receipt.file} {verb} {new} new rows and {corrected} corrections; {arrival.unchanged} are as on record."
    )
    return SentOut(
        stored=receipt.delivery is not None, new=new, corrected=corrected, unchanged=arrival.unchanged, sentence=said
    )


def recorded(request: Request) -> None:
    """Tell every open page that something was recorded."""
    request.app.state.hub.recorded(request.app.state.desk.version())


def _jobs_get(request: Request, job_id: str) -> Job:
    found: Jobs = request.app.state.jobs
    try:
        return found.get(job_id)
    except BadInput as error:
        raise NotFound(error.message, error.hint) from None


def _job(job: Job) -> JobOut:
    return JobOut(
        id=job.id,
        kind=job.kind,
        state=job.state.value,
        share_done=job.share_done,
        seconds_left=job.seconds_left,
        asked_at=job.asked_at,
        error=None if job.error is None else ErrorOut.model_validate(job.error),
    )


def _check_arguments(kind: str, arguments: dict[str, str | int | float | bool]) -> None:
    """Refuse arguments at once that the worker would only refuse later."""
    known = ARGUMENTS[kind]
    for name, value in arguments.items():
        if name == "on":
            _check_day(str(value))
        elif name in TEXTS.get(kind, ()) and isinstance(value, str) and len(value) <= 200:
            continue
        elif kind == "what_if" and name in ("sets", "name"):
            if len(str(value)) > MOST_TYPED[name]:
                raise BadInput(f"{name} of a what_if is longer than {MOST_TYPED[name]} characters", "shorten it")
            for line in str(value).splitlines() if name == "sets" else ():
                parse_override(line)
        elif name not in known:
            raise BadInput(f"a {kind} knows no {name!r}", f"give {', '.join(['on', *known])}")
        elif not isinstance(value, int) or not known[name][0] <= value <= known[name][1]:
            least, most = known[name]
            raise BadInput(f"{name} {json.dumps(value)} is not a whole number from {least} to {most}", "leave it out")


def _check_day(text: str) -> None:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        raise BadInput(f"on {text!r} is not a day", "write 2027-01-31") from None
