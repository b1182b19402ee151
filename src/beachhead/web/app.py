"""The application: REST under /api/v1, one WebSocket a tab, and the built web app for every other address."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import uvicorn
from fastapi import FastAPI, Request, Response
from fastapi.middleware.gzip import GZipMiddleware
from fastapi.responses import FileResponse

from beachhead.case.new import is_vacant
from beachhead.case.open import open_launch
from beachhead.web.routes import include_rooms
from beachhead.web.server import live
from beachhead.web.server.accounts import Sessions, has_accounts
from beachhead.web.server.desk import Desk
from beachhead.web.server.guard import guard, is_loopback
from beachhead.web.server.idempotency import InHand
from beachhead.web.server.jobs import Job, Jobs
from beachhead.web.server.live import Hub
from beachhead.web.wire.refusal import NotFound, install_refusals
from beachhead.web.work import WORK
from beachhead.world.compiled import compiling
from beachhead.world.errors import BadInput, BeachheadError
from beachhead.world.version import VERSION

BUILT = Path(__file__).parent / "static"
FOLDER_VARIABLE, HOSTS_VARIABLE = "BEACHHEAD_SERVE_FOLDER", "BEACHHEAD_SERVE_HOSTS"


def create(root: Path, *, hosts: frozenset[str] | None = None) -> FastAPI:
    """The application for one launch folder.

    Args:
        root: the launch folder.
        hosts: names the server answers to besides loopback; then everybody must sign in.
    """
    desk = Desk(root)
    jobs = Jobs(root, WORK)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        with compiling(app.state.hub.compiling):  # in this process; a job tells of its own
            yield
        jobs.close()

    app = FastAPI(
        title="Beachhead",
        version=VERSION,
        openapi_url="/api/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
    )
    app.state.desk, app.state.jobs, app.state.hub = desk, jobs, Hub(jobs)
    app.state.in_hand = InHand()
    app.state.sessions = Sessions(lambda: desk.launch().store)
    app.state.hosts = hosts
    if desk.has_launch:
        app.state.hub.version = desk.version()
    jobs.listen(lambda job: _told(app, job))
    app.add_middleware(GZipMiddleware, minimum_size=1000)
    app.middleware("http")(guard(hosts))
    install_refusals(app)
    include_rooms(app)
    app.include_router(live.router, prefix="/api/v1")
    app.add_api_route("/{path:path}", _page, methods=["GET"], include_in_schema=False)
    return app


def serve(root: Path, *, listen: str, port: int, hosts: frozenset[str]) -> None:
    """Serve a launch until stopped, or an empty folder in which one is begun from the browser.

    Refuses to listen beyond loopback, or to answer to a name that a proxy on this machine passes on, while nobody has
    an account. A proxy elsewhere is believed where uvicorn's FORWARDED_ALLOW_IPS names it.
    """
    names = {name for name in (listen, *hosts) if not is_loopback(name)}
    accounts = not is_vacant(root) and has_accounts(open_launch(root).store)
    if names and not accounts:
        refused = f"listen on {listen!r}" if listen in names else f"answer to {', '.join(map(repr, sorted(names)))}"
        raise BadInput(
            f"will not {refused}: nobody has an account yet",
            f"add one with `beachhead account {root} NAME --role approver`, or serve on 127.0.0.1 without --host",
        )
    os.environ[FOLDER_VARIABLE] = str(root.resolve())
    os.environ[HOSTS_VARIABLE] = ",".join(sorted(names))
    # one process, whatever WEB_CONCURRENCY says: sessions and work are in its memory
    uvicorn.run(from_environment(), host=listen, port=port, workers=1, log_level="warning", server_header=False)


def from_environment() -> FastAPI:
    """The application for the folder and hosts that `serve` wrote down; for servers that want a factory."""
    hosts = frozenset(filter(None, os.environ.get(HOSTS_VARIABLE, "").split(","))) or None
    return create(Path(os.environ[FOLDER_VARIABLE]), hosts=hosts)


def _told(app: FastAPI, job: Job) -> None:
    """Runs on the thread that watches the jobs, which must outlive a store that is busy just now."""
    if job.state.is_over:
        try:
            version = app.state.desk.version()
        except BeachheadError:
            version = f"after {job.id}"  # makes every page ask again
        app.state.hub.recorded(version)


async def _page(request: Request, path: str) -> Response:
    """A built file, or the one page that draws all addresses of the app."""
    if path.startswith("api/"):
        raise NotFound(f"there is nothing at /{path}", "see /api/v1/openapi.json")
    if not (BUILT / "index.html").is_file():
        raise NotFound("the web app was not built", "reinstall Beachhead; its wheel carries the web app")
    if (file := _built(path)) is not None:
        forever = path.startswith("assets/")  # their names carry a digest of what they hold
        return FileResponse(
            file, headers={"Cache-Control": "public, max-age=31536000, immutable" if forever else "no-cache"}
        )
    if "." in path.rsplit("/", 1)[-1]:
        raise NotFound(f"there is no file at {request.url.path}", "start at /")
    return FileResponse(BUILT / "index.html", headers={"Cache-Control": "no-cache"})


def _built(path: str) -> Path | None:
    """The built file of that name; None for what is none, lies outside, or is no name of a file at all."""
    try:
        file = (BUILT / path).resolve()
        return file if file.is_relative_to(BUILT) and file.is_file() else None
    except (OSError, ValueError):  # too long for the disk, or with a zero byte in it
        return None
