"""The long work that the server runs in worker processes: by kind, what it may be told, and its routes."""

from __future__ import annotations

import getpass
import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Request

from beachhead.case.clock import now
from beachhead.case.open import open_launch
from beachhead.case.plan.planning import WORLDS, make_plan
from beachhead.case.plan.whatif import parse_override
from beachhead.store import require_writable
from beachhead.web.pages import backtest, rooms, supply
from beachhead.web.pages.charging import home as charging_home
from beachhead.web.pages.charging import value as charging_value
from beachhead.web.pages.room import day_of
from beachhead.web.server.jobs import Job, Jobs
from beachhead.web.server.request import REFUSALS, Key, desk_of
from beachhead.web.server.sessions import Analyst, Viewer
from beachhead.web.wire.refusal import ErrorOut, NotFound
from beachhead.web.wire.shape import JobIn, JobOut, JobsOut
from beachhead.world.errors import BadInput
from beachhead.world.quarter import FIRST_YEAR, LAST_YEAR

router = APIRouter(responses=REFUSALS)


def plan(root: Path, arguments: dict[str, Any], advance: Callable[[float, float], None]) -> dict[str, Any]:
    """Make a plan; `on` (ISO day), `worlds` and `seed` may be given."""
    made = make_plan(
        open_launch(root),
        on=day_of(arguments),
        worlds=int(arguments.get("worlds", WORLDS)),
        seed=int(arguments["seed"]) if "seed" in arguments else None,
        who=str(arguments.get("who", getpass.getuser())),
        at=now(),
        tick=advance,
    )
    return {"plan": made.record.plan.sha256}


WORK = {
    "plan": plan,
    "supply": supply.work_out,
    "what_if": rooms.try_what_if,
    "worth": rooms.work_out("worth"),
    "rehearsal": rooms.work_out("rehearsal"),
    "targets": rooms.work_out("targets"),
    "programme": rooms.work_out("programme"),
    "aftersales": rooms.work_out("aftersales"),
    "network": rooms.work_out("network"),
    "backtest": backtest.work_out,
    "charging": charging_value.work_out,
    "charging_home": charging_home.learn,
}
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
    require_writable(desk_of(request).launch().store)  # what is worked out is kept there
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
        is_compiling=job.is_compiling and not job.state.is_over,
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
        elif not isinstance(value, int) or isinstance(value, bool) or not known[name][0] <= value <= known[name][1]:
            least, most = known[name]
            raise BadInput(f"{name} {json.dumps(value)} is not a whole number from {least} to {most}", "leave it out")


def _check_day(text: str) -> None:
    try:
        day = datetime.fromisoformat(text)
    except ValueError:
        raise BadInput(f"on {text!r} is not a day", "write 2027-01-31") from None
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise BadInput(f"on {text!r} lies outside {FIRST_YEAR} to {LAST_YEAR}", "check the year")
