"""The backtest on the wire: registration files sent, and the entry model held against what came."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

from anyio.to_thread import run_sync
from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel

from beachhead.belief.history.backtest import Backtest
from beachhead.case.history.backtest import backtest
from beachhead.case.history.page import backtest_page
from beachhead.case.history.panel_files import FORMS, keep_panel_file, panel_files, panel_folder
from beachhead.case.open import open_launch
from beachhead.web.pages.room import TableOut, keep_answer, stands_on, table_of
from beachhead.web.server.request import FILE_BODY, REFUSALS, desk_of, received, recorded, sheet_of
from beachhead.web.server.sessions import Analyst, Viewer
from beachhead.web.wire.field import Sentence
from beachhead.world.errors import BadInput
from beachhead.world.figures import how_many

router = APIRouter(responses=REFUSALS)


class FormOut(BaseModel):
    """A registration file that is read, by its name."""

    name: str
    columns: str


class PanelOut(BaseModel):
    """Registration files that are there, and those that are read."""

    files: list[str]
    forms: list[FormOut]


class PanelKeptOut(BaseModel):
    """What a file that was kept holds."""

    sentence: Sentence


@router.get("/panel")
def panel(request: Request, response: Response, _: Viewer) -> PanelOut:
    """Registration files kept beside the launch."""
    sheet = sheet_of(request, response, may_be_kept=False)
    forms = [FormOut(name=name, columns=columns) for name, columns in FORMS.items()]
    return PanelOut(files=list(panel_files(sheet.launch)), forms=forms)


@router.put(
    "/panel/files",
    openapi_extra=FILE_BODY,
)
async def send_panel_file(
    request: Request, _: Analyst, name: Annotated[str, Query(max_length=200, description="One of the names read.")]
) -> PanelKeptOut:
    """Send a file of registrations: kept whole in place of the one of that name, or not at all."""
    launch = await run_sync(desk_of(request).launch)
    async with received(request, "sent.csv") as path:
        said = await run_sync(keep_panel_file, launch, name, path)
    await run_sync(recorded, request)
    return PanelKeptOut(sentence=said)


def work_out(root: Path, arguments: dict[str, Any], advance: Callable[[float, float], None]) -> dict[str, Any]:
    """The job `backtest`: forecast past entries as on the day; `brands`, `countries`, `split` may be given."""
    launch = open_launch(root)
    stood = stands_on(launch, "backtest")
    if not panel_files(launch):
        raise BadInput("there are no registrations by brand yet", "send a file, or `evidence fetch` one into panel/")
    found = backtest(
        panel_folder(launch),
        brands=_listed(arguments.get("brands")),
        countries=_listed(arguments.get("countries")),
        split=str(arguments["split"]) if arguments.get("split") else None,
        workers=1,  # a worker process may not start others
        tick=advance,
    )
    tables = [_scores(found), _cover(found), _peers(found)]
    return keep_answer(
        launch, "backtest", arguments, _sentences(found), tables, figures=backtest_page(found), stood=stood
    )


def _listed(written: Any) -> list[str]:
    return [part.strip() for part in str(written or "").split(",") if part.strip()]


def _sentences(found: Backtest) -> list[str]:
    entries = len({(s.case.entry.key, s.case.entry.first) for s in found.scored})
    brands = len({s.case.brand for s in found.scored})
    ahead = [str(o.months) for o in found.origins if o.skill > 0]
    if len(ahead) == len(found.origins):
        verdict = "better than every simple forecaster at each"
    elif ahead:
        verdict = f"better than every simple forecaster after {' and '.join(ahead)} months, not at the others"
    else:
        verdict = "no better than the best simple forecaster at any"
    entered = f"{how_many(entries, 'entry', 'entries')} of {how_many(brands, 'brand')}"
    after = [str(o.months) for o in found.origins]
    listed = " and ".join(filter(None, [", ".join(after[:-1]), after[-1]]))
    said = [f"{entered}, forecast from what was known after {listed} months: {verdict}."]
    said += [
        f"After {o.months} months the 90 % interval held {100 * o.cover90:.0f} % of what came "
        f"(95 % band {100 * o.cover90_low:.0f} to {100 * o.cover90_high:.0f} %)."
        for o in found.origins
    ]
    if found.notes:
        said.append(
            f"{how_many(len(found.notes), 'series was', 'series were')} mended or left out; "
            "beachhead backtest --notes lists them."
        )
    return said


def _scores(found: Backtest) -> TableOut:
    return table_of(
        "The entry model beside the best simple forecaster",
        "Score: CRPS of log(1 + cars in the next twelve months), lower is better; the best is chosen afterwards",
        [("months seen", "number"), ("entries", "number"), ("brands", "number"), ("score", "number")]
        + [("best simple one", "text"), ("its score", "number"), ("skill", "share"), ("95 %, from", "share")]
        + [("to", "share")],
        [
            [float(o.months), float(o.entries), float(o.brands), o.crps_log1p, o.best_peer, o.best_peer_crps_log1p]
            + [o.skill, o.skill_low, o.skill_high]
            for o in found.origins
        ],
    )


def _cover(found: Backtest) -> TableOut:
    return table_of(
        "Do intervals hold what they promise?",
        "Share of totals inside the interval, in brackets its 95 % band over brands; p that the odds are uniform",
        [("months seen", "number"), ("50 % holds", "text"), ("80 % holds", "text"), ("90 % holds", "text")]
        + [("uniform, p", "number")],
        [
            [
                float(o.months),
                _band(o.cover50, o.cover50_low, o.cover50_high),
                _band(o.cover80, o.cover80_low, o.cover80_high),
                _band(o.cover90, o.cover90_low, o.cover90_high),
                o.pit_ks_p,
            ]
            for o in found.origins
        ],
    )


def _band(share: float, low: float, high: float) -> str:
    return f"{100 * share:.0f} % ({100 * low:.0f} to {100 * high:.0f})"


def _peers(found: Backtest) -> TableOut:
    months = [o.months for o in found.origins]

    def mean(name: str, origin: int) -> float:
        at = found.peers.index(name)
        scores = [s.peers[at] for s in found.scored if s.case.months == origin]
        return sum(scores) / len(scores)

    return table_of(
        "Every simple forecaster",
        "Mean score by months seen",
        [("forecaster", "text"), *((f"{m} months", "number") for m in months)],
        [["this model", *(o.crps_log1p for o in found.origins)]]
        + [[name, *(mean(name, m) for m in months)] for name in found.peers],
    )
