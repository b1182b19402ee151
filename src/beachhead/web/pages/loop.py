"""The loop on the wire: the launch, its markets and plan, rows as they come, decisions, the ledger and its score."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Annotated

from anyio.to_thread import run_sync
from fastapi import APIRouter, Query, Request, Response
from fastapi import Path as InPath
from fastapi.responses import PlainTextResponse

from beachhead.case.clock import latest_day, now, today
from beachhead.case.decide.deciding import Decided, decide, not_due
from beachhead.case.log import check
from beachhead.case.new import bundled, is_vacant, new_launch
from beachhead.case.plan.unstarted import unstarted_sentence, with_unstarted
from beachhead.case.rows.mappings import drop_mapping, heading_of, keep_mapping, mapping_path, mappings
from beachhead.case.rows.observe import TOPIC, Receipt, added_up_sentence, observations, observe
from beachhead.case.score.outcomes import register_outcomes
from beachhead.store import deliveries, reading, text_of
from beachhead.web.pages import view
from beachhead.web.pages.scored import score_out
from beachhead.web.server.desk import Desk, Sheet
from beachhead.web.server.guard import Role
from beachhead.web.server.idempotency import answered, remember
from beachhead.web.server.request import (
    FILE_BODY,
    PAGE_ROWS,
    REFUSALS,
    Cursor,
    Key,
    desk_of,
    once,
    page_of,
    received,
    recorded,
    sheet_of,
    tag_with_version,
)
from beachhead.web.server.sessions import Analyst, Approver, Viewer
from beachhead.web.wire.refusal import NotFound
from beachhead.web.wire.shape import (
    AcceptedOut,
    AcceptIn,
    BeginIn,
    BeginOut,
    BundledOut,
    DecideIn,
    DecisionOut,
    DecisionsOut,
    HeadingOut,
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
from beachhead.world.errors import NotStored, OutOfDate
from beachhead.world.figures import how_many
from beachhead.world.ref import Ref

router = APIRouter(responses=REFUSALS)

MappingName = Annotated[str, InPath(pattern=r"^[\w-]{1,60}$", description="Letters, digits, - and _.")]
FileName = Annotated[str, Query(max_length=200, description="File name; its ending says CSV, XLSX or Parquet.")]


@router.get("/launch")
def launch(request: Request, response: Response, person: Viewer) -> LaunchOut:
    """The launch as a whole, and who is asking."""
    return view.launch_out(sheet_of(request, response), person)


@router.get("/begin")
def begin(request: Request, person: Viewer) -> BeginOut:
    """What a launch can be begun from; `may_begin` is false once the folder holds one."""
    desk = desk_of(request)
    return BeginOut(
        folder=desk.root.name,
        may_begin=is_vacant(desk.root) and person.role >= Role.APPROVER,
        bundled=[BundledOut(**{name: getattr(item, name) for name in BundledOut.model_fields}) for item in bundled()],
    )


@router.post("/launch", status_code=201)
def begin_launch(request: Request, response: Response, person: Approver, body: BeginIn) -> LaunchOut:
    """Begin a launch in the served folder, which must be empty; all of it or nothing."""
    desk = desk_of(request)
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
    desk = desk_of(request)
    launch = desk.launch()
    with reading(launch.store) as work:
        sent = deliveries(work, TOPIC)[-1:]
        found = observations(work)
    tag_with_version(
        request, response, f"{launch.folder.digest}|{[(last.number, last.sha256) for last in sent]}|{cursor}"
    )
    rows = sorted(found, key=lambda row: (row.end, row.key), reverse=True)
    first, after = page_of(cursor, len(rows))
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
    name: FileName,
    dry_run: Annotated[bool, Query(description="Check only: say what would change, and change nothing.")] = False,
    mapping: Annotated[str, Query(max_length=80, description="A kept mapping, for an export with other columns.")] = "",
    key: Key = None,
) -> SentOut:
    """Send a file: kept whole or not at all; sending it twice changes nothing."""
    desk, route = desk_of(request), request.url.path
    store, key = desk.launch().store, None if dry_run else key  # a dry run changes nothing, however often it is sent

    def taken(path: Path) -> tuple[SentOut, bool]:
        asked = f"{request.url.query}\n{_digest_of(path)}"
        with request.app.state.in_hand.alone(store, key, person.name, route):
            if known := answered(store, key, person.name, route, asked):
                return SentOut.model_validate_json(known), False
            sent = _take_in(desk, path, person.name, dry_run, mapping)
            remember(store, key, person.name, route, asked, sent.model_dump_json())
        return sent, not dry_run

    async with received(request, name) as path:
        sent, is_new = await run_sync(taken, path)
    if is_new:
        await run_sync(recorded, request)
    return sent


@router.post(
    "/observations/heading",
    openapi_extra=FILE_BODY,
)
async def heading(
    request: Request,
    _: Analyst,
    name: FileName,
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
    launch = desk_of(request).launch()
    keep_mapping(launch, name, body.text)
    return MappingsOut(mappings=mappings(launch))


@router.delete("/mappings/{name}")
def forget_mapping(request: Request, _: Analyst, name: MappingName) -> MappingsOut:
    """Take a mapping away; what was sent with it stays."""
    launch = desk_of(request).launch()
    drop_mapping(launch, name)
    return MappingsOut(mappings=mappings(launch))


@router.get("/decisions")
def decisions(request: Request, response: Response, _: Viewer, cursor: Cursor = None) -> DecisionsOut:
    """What is due, and the ledger, newest first."""
    sheet = sheet_of(request, response, may_be_kept=False)  # it is checked anew each time
    newest = list(reversed(sheet.entries))
    first, after = page_of(cursor, len(newest))
    found = check(sheet.launch.store)
    if not found.whole:
        said = f"The ledger is NOT as it was written: {(found.verdict.breaks or found.faults)[0]}."
    elif not newest:
        said = "The ledger is empty: nothing was decided, and no gates or odds were registered."
    else:
        said = (
            f"{how_many(len(newest), 'entry', 'entries')}, checked just now: all as they were written; "
            f"head {sheet.head.sha256[:10]}."
        )
    return DecisionsOut(
        is_planned=sheet.planned is not None,
        due=view.due_out(sheet, sheet.due),
        others=[] if sheet.planned is None or sheet.over else view.due_out(sheet, not_due(sheet.launch, sheet.planned)),
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

    return once(request, person, key, body, DecisionOut, taken)


@router.post("/decisions/all", status_code=201)
def accept_all(request: Request, person: Approver, body: AcceptIn, key: Key = None) -> AcceptedOut:
    """Accept all that is due as recommended, at once or not at all; names the ledger's head you saw."""

    def taken(sheet: Sheet) -> AcceptedOut:
        return AcceptedOut(rows=_entered(request, decide(sheet.launch, who=person.name, at=now(), after=body.after)))

    return once(request, person, key, body, AcceptedOut, taken)


def _entered(request: Request, made: Decided) -> list[DecisionOut]:
    """What one act entered, by its place in the ledger: others may have entered since."""
    last, desk = made.head.number, desk_of(request)
    return [view.decision_out(entry) for entry in desk.sheet().entries[last - len(made.entries) : last]]


@router.get("/score")
def scored(request: Request, response: Response, _: Viewer) -> ScoreOut:
    """How stated odds turned out, and which have no outcome."""
    return score_out(sheet_of(request, response).launch)


@router.post("/score", status_code=201)
def enter_outcomes(request: Request, person: Analyst) -> ScoreOut:
    """Enter in the ledger what the rows show by now of the odds stated with decisions; what is on record stays."""
    desk = desk_of(request)
    if register_outcomes(desk.launch(), on=today(), who=person.name, at=now()):
        recorded(request)
    return score_out(desk.launch())


@router.get(
    "/records/{kind}/{sha256}", response_class=PlainTextResponse, responses={200: {"content": {"application/json": {}}}}
)
def record(request: Request, _: Viewer, kind: str, sha256: str) -> Response:
    """A record as it was written, found by its digest."""
    desk = desk_of(request)
    try:
        ref = Ref(kind, sha256)
        with reading(desk.launch().store) as work:
            text = text_of(work, ref)
    except (ValueError, NotStored):
        raise NotFound(f"there is no {kind} {sha256[:10]}", "see the ledger for the records there are") from None
    return Response(
        text, media_type="application/json", headers={"Cache-Control": "private, max-age=31536000, immutable"}
    )


def _digest_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _take_in(desk: Desk, path: Path, who: str, trying: bool, mapping: str) -> SentOut:
    launch, at = desk.launch(), now()
    rules = mapping_path(launch, mapping) if mapping else None
    last = latest_day(at)
    receipt = observe(launch.folder, launch.store, path, who=who, at=at, mapping=rules, today=last, trying=trying)
    return _sent(with_unstarted(launch, receipt), trying)


def _sent(receipt: Receipt, trying: bool) -> SentOut:
    arrival = receipt.arrival
    new, corrected = len(arrival.new), len(arrival.corrected)
    verb = "would bring" if trying else "brought"
    said = (
        f"{receipt.file}: the same rows were sent before; nothing changed."
        if receipt.sent_before is not None
        else f"{receipt.file} {verb} {how_many(new, 'new row')} and {how_many(corrected, 'correction')}; "
        f"{how_many(arrival.unchanged, 'is', 'are')} as on record."
    )
    told = (unstarted_sentence(receipt.unstarted), added_up_sentence(receipt.added_up))
    more = "" if receipt.sent_before is not None else " ".join(sentence for sentence in told if sentence)
    return SentOut(
        stored=receipt.delivery is not None,
        new=new,
        corrected=corrected,
        unchanged=arrival.unchanged,
        sentence=f"{said} {more}".strip(),
    )
