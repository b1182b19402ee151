"""One WebSocket a tab: tells pages at once that a job moved or that something was recorded."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

from fastapi import APIRouter, WebSocket, WebSocketDisconnect, status
from fastapi.encoders import jsonable_encoder

from beachhead.web.guard import is_foreign, is_ours
from beachhead.web.jobs import Job, Jobs
from beachhead.web.sessions import person_of

MOST_JOBS = 20

router = APIRouter()


class Hub:
    """The open tabs of one server; every tab has a queue that keeps only the newest message of each topic."""

    def __init__(self, jobs: Jobs) -> None:
        self._jobs = jobs
        self._tabs: set[asyncio.Queue[dict[str, Any]]] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self.version = ""
        jobs.listen(self._job_moved)

    def recorded(self, version: str) -> None:
        """Something was recorded: pages that show the launch ask again. Safe from any thread."""
        self.version = version
        self._send({"topic": "launch", "version": version})

    def open(self) -> asyncio.Queue[dict[str, Any]]:
        """A new tab; its queue starts with how things stand."""
        self._loop = asyncio.get_running_loop()
        queue: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        queue.put_nowait({"topic": "launch", "version": self.version})
        queue.put_nowait(self._jobs_now())
        self._tabs.add(queue)
        return queue

    def close(self, queue: asyncio.Queue[dict[str, Any]]) -> None:
        """The tab is gone."""
        self._tabs.discard(queue)

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
        for queue in self._tabs:
            queue.put_nowait(message)


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
    queue = hub.open()
    gone = asyncio.ensure_future(_until_gone(socket))
    try:
        while not gone.done():
            message = asyncio.ensure_future(queue.get())
            await asyncio.wait({message, gone}, return_when=asyncio.FIRST_COMPLETED)
            if message.done():
                await socket.send_json(message.result())
            else:
                message.cancel()
    except (WebSocketDisconnect, RuntimeError):
        pass
    finally:
        gone.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            hub.close(queue)


async def _until_gone(socket: WebSocket) -> None:
    with contextlib.suppress(WebSocketDisconnect):
        while True:
            await socket.receive_text()
