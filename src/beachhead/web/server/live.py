"""One WebSocket a tab: tells pages at once that a job moved, that something was recorded, or what they wait for."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

from anyio.to_thread import run_sync
from fastapi import APIRouter, WebSocket, WebSocketDisconnect, status
from fastapi.encoders import jsonable_encoder

from beachhead.web.server.guard import is_foreign, is_ours
from beachhead.web.server.jobs import Job, Jobs
from beachhead.web.server.sessions import person_of

MOST_JOBS = 20

router = APIRouter()


class Tab:
    """What one tab is still to be told: the newest message of each topic, however slowly it listens."""

    def __init__(self) -> None:
        self._news: dict[str, dict[str, Any]] = {}
        self._any = asyncio.Event()

    def put(self, message: dict[str, Any]) -> None:
        """To be told, in place of an older message of its topic."""
        self._news[message["topic"]] = message
        self._any.set()

    async def next(self) -> dict[str, Any]:
        """The next message, once there is one."""
        await self._any.wait()
        message = self._news.pop(next(iter(self._news)))
        if not self._news:
            self._any.clear()
        return message


class Hub:
    """The open tabs of one server."""

    def __init__(self, jobs: Jobs) -> None:
        self._jobs = jobs
        self._tabs: set[Tab] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self.version = ""
        self._is_compiling = False
        jobs.listen(self._job_moved)

    def recorded(self, version: str) -> None:
        """Something was recorded: pages that show the launch ask again. Safe from any thread."""
        self.version = version
        self._send({"topic": "launch", "version": version})

    def seen(self, version: str) -> None:
        """How things stand was read: pages ask again if they were told of another version. Safe from any thread."""
        if version != self.version:
            self.recorded(version)

    def compiling(self, functions: int) -> None:
        """So many functions are compiled for a page that waits; 0: all are made. Safe from any thread."""
        if self._is_compiling is not (functions > 0):
            self._is_compiling = functions > 0
            self._send(self._compiling_now())

    def open(self) -> Tab:
        """A new tab; it is told first how things stand."""
        self._loop = asyncio.get_running_loop()
        tab = Tab()
        tab.put({"topic": "launch", "version": self.version})
        tab.put(self._jobs_now())
        if self._is_compiling:
            tab.put(self._compiling_now())
        self._tabs.add(tab)
        return tab

    def close(self, tab: Tab) -> None:
        """The tab is gone."""
        self._tabs.discard(tab)

    def _compiling_now(self) -> dict[str, Any]:
        return {"topic": "compiling", "is_compiling": self._is_compiling}

    def _job_moved(self, _: Job) -> None:
        self._send(self._jobs_now())

    def _jobs_now(self) -> dict[str, Any]:
        newest = self._jobs.all()
        shown = [job for place, job in enumerate(newest) if place < MOST_JOBS or not job.state.is_over]
        return {"topic": "jobs", "jobs": jsonable_encoder(shown, exclude={"answer"})}

    def _send(self, message: dict[str, Any]) -> None:
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._spread, message)

    def _spread(self, message: dict[str, Any]) -> None:
        for tab in self._tabs:
            tab.put(message)


@router.websocket("/live")
async def live(socket: WebSocket) -> None:
    """Send what changes until the tab goes away.

    A browser lets a page from anywhere open a socket here, and no middleware for requests sees it: foreign names and
    pages are refused, and so is who has not signed in where one must.
    """
    state = socket.app.state
    if not is_ours(socket.headers, state.hosts) or is_foreign(socket.headers) or person_of(socket) is None:
        await socket.close(code=status.WS_1008_POLICY_VIOLATION)
        return
    hub: Hub = state.hub
    await socket.accept()
    tab = hub.open()
    gone = asyncio.ensure_future(_until_gone(socket))
    try:
        while not gone.done():
            message = asyncio.ensure_future(tab.next())
            await asyncio.wait({message, gone}, return_when=asyncio.FIRST_COMPLETED)
            if not message.done():
                message.cancel()
            elif await run_sync(person_of, socket) is None:  # signed out since, or with another password
                await socket.close(code=status.WS_1008_POLICY_VIOLATION)
                return
            else:
                await socket.send_json(message.result())
    except (WebSocketDisconnect, RuntimeError):
        pass
    finally:
        gone.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            hub.close(tab)


async def _until_gone(socket: WebSocket) -> None:
    with contextlib.suppress(WebSocketDisconnect):
        while True:
            await socket.receive_text()
