"""Long work in worker processes: started, watched, cancelled; never in the way of a page.

One process a job, at most `workers` at once, the rest wait in order. A worker reports its progress through a pipe; a
thread of the server reads it and tells the listeners. What a job finds is recorded by `case`, so it outlives the job.
"""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from multiprocessing.resource_tracker import ensure_running
from pathlib import Path
from signal import SIG_BLOCK, SIGINT, pthread_sigmask
from typing import Any

from beachhead.web.server.idempotency import key_used_before
from beachhead.web.wire.refusal import refusal_body, refusal_of
from beachhead.world.compiled import compiling
from beachhead.world.errors import BadInput, BeachheadError

Work = Callable[[Path, dict[str, Any], Callable[[float, float], None]], dict[str, Any]]
Listener = Callable[["Job"], None]

PROGRESS_EVERY_SECONDS = 0.1
KEPT_FINISHED = 100
MOST_WAITING = 30
"""Pieces of work that may wait or run at a time: far more than people ask for, and an end to what a script does."""


class JobState(StrEnum):
    """queued -> running -> done | failed | cancelled; queued -> cancelled."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def is_over(self) -> bool:
        """Nothing more will happen to the job."""
        return self in (JobState.DONE, JobState.FAILED, JobState.CANCELLED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One piece of long work as it stands.

    Attributes:
        id: key of the job.
        kind: which work it is, such as `plan`.
        state: where it stands.
        share_done: 0..1, None while unknown.
        seconds_left: estimated from the share done so far, None while unknown.
        is_compiling: true while the first run of a version compiles its kernels and nothing else moves; stays where the
            job ends in it.
        asked_at: instant at which it was asked for.
        answer: what it found, once done.
        error: what is wrong and the cure in the one shape of refusals, once failed.
    """

    id: str
    kind: str
    state: JobState
    share_done: float | None = None
    seconds_left: float | None = None
    is_compiling: bool = False
    asked_at: datetime
    answer: dict[str, Any] | None = None
    error: dict[str, Any] | None = None


@dataclass(slots=True)
class _Running:
    process: BaseProcess
    pipe: Connection
    since: float


class Jobs:
    """The jobs of one server; safe to call from any thread."""

    def __init__(self, root: Path, work: Mapping[str, Work], *, workers: int = 1) -> None:
        self._root = root
        self._work = work
        self._workers = workers
        self._lock = threading.RLock()
        self._jobs: dict[str, Job] = {}
        self._arguments: dict[str, dict[str, Any]] = {}
        self._keys: dict[str, tuple[str, str]] = {}
        self._running: dict[str, _Running] = {}
        self._listeners: list[Listener] = []
        self._wake = threading.Event()
        self._closing = False
        self._watcher = threading.Thread(target=self._watch, name="jobs", daemon=True)
        self._watcher.start()

    def start(self, kind: str, arguments: dict[str, Any], *, key: tuple[str, str] | None = None) -> Job:
        """Queue a piece of work; the same work already waiting or running is returned instead of started twice.

        Args:
            kind: which work.
            arguments: what it is told.
            key: who asks and under which key; what was started under it is returned, whether or not it is over.

        Raises:
            BadInput: No such work, too much work, or a key under which something else was asked for.
        """
        if kind not in self._work:
            raise BadInput(f"no such work: {kind!r}", f"ask for one of {', '.join(sorted(self._work))}")
        with self._lock:
            for job in self._jobs.values():
                if key is not None and self._keys.get(job.id) == key:
                    if (job.kind, self._arguments[job.id]) != (kind, arguments):
                        raise key_used_before()
                    return job
                if job.kind == kind and not job.state.is_over and self._arguments[job.id] == arguments:
                    return job
            if sum(not job.state.is_over for job in self._jobs.values()) >= MOST_WAITING:
                raise BadInput(f"{MOST_WAITING} pieces of work wait already", "let them end, or stop one")
            job = Job(id=uuid.uuid4().hex, kind=kind, state=JobState.QUEUED, asked_at=datetime.now(UTC))
            self._jobs[job.id] = job
            self._arguments[job.id] = arguments
            if key is not None:
                self._keys[job.id] = key
            self._forget_old()
        self._tell(job)
        self._wake.set()
        return job

    def cancel(self, job_id: str) -> Job:
        """Stop a job; what `case` had recorded by then stays."""
        with self._lock:
            job = self.get(job_id)
            if job.state.is_over:
                return job
            running = self._running.pop(job_id, None)
            job = self._set(job_id, state=JobState.CANCELLED, seconds_left=None)
        if running is not None:
            _stop(running)
        self._tell(job)
        self._wake.set()
        return job

    def get(self, job_id: str) -> Job:
        """The job as it stands."""
        with self._lock:
            if job_id not in self._jobs:
                raise BadInput(f"no such job: {job_id!r}", "list the jobs to see which there are")
            return self._jobs[job_id]

    def all(self) -> tuple[Job, ...]:
        """Every job that is remembered, newest first."""
        with self._lock:
            return tuple(reversed(self._jobs.values()))

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Call `listener` on every change, from the watching thread; returns how to stop listening."""
        with self._lock:
            self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def close(self) -> None:
        """Stop all work; called when the server ends."""
        with self._lock:
            self._closing = True
            running = list(self._running.values())
            self._running.clear()
        self._wake.set()
        for item in running:
            _stop(item)
        self._watcher.join(timeout=5)

    def _watch(self) -> None:
        while not self._closing:
            self._start_waiting()
            with self._lock:
                pipes = {running.pipe: job_id for job_id, running in self._running.items()}
            if not pipes:
                self._wake.wait()
                self._wake.clear()
                continue
            for pipe in wait(list(pipes), timeout=PROGRESS_EVERY_SECONDS):
                if isinstance(pipe, Connection):
                    self._hear(pipes[pipe], pipe)

    def _start_waiting(self) -> None:
        with self._lock:
            waiting = [job for job in self._jobs.values() if job.state is JobState.QUEUED]
            free = self._workers - len(self._running)
            started = []
            for job in waiting[: max(free, 0)]:
                receive, send = get_context("spawn").Pipe(duplex=False)
                told = (self._work[job.kind], self._root, self._arguments[job.id], send)
                process = get_context("spawn").Process(target=_in_worker, args=told, daemon=True)
                # Ctrl-C is for the server, which ends its workers; they take that over from this thread, once the
                # helper that multiprocessing starts beside the first has been started: it would undo it.
                ensure_running()
                pthread_sigmask(SIG_BLOCK, {SIGINT})
                process.start()
                send.close()
                self._running[job.id] = _Running(process, receive, time.monotonic())
                started.append(self._set(job.id, state=JobState.RUNNING))
        for job in started:
            self._tell(job)

    def _hear(self, job_id: str, pipe: Connection) -> None:
        try:
            word, *rest = pipe.recv()
        except (EOFError, OSError):
            said = refusal_body("Lost", "the worker process ended without an answer", "try again")
            word, rest = "failed", [said["error"]]
        with self._lock:
            running = self._running.get(job_id)
            if running is None:
                return
            if word == "progress":
                job = self._progress(job_id, rest[0], time.monotonic() - running.since)
            elif word == "compiling":
                job = self._set(job_id, is_compiling=rest[0])
                if not job.share_done:  # what takes time but once tells nothing of the time that is left
                    running.since = time.monotonic()
            else:
                del self._running[job_id]
                job = (
                    self._set(job_id, state=JobState.DONE, share_done=1.0, seconds_left=0.0, answer=rest[0])
                    if word == "done"
                    else self._set(job_id, state=JobState.FAILED, seconds_left=None, error=rest[0])
                )
                _stop(running)
        self._tell(job)

    def _progress(self, job_id: str, share: float, elapsed: float) -> Job:
        left = elapsed * (1 - share) / share if share > 0 else None
        return self._set(job_id, share_done=share, seconds_left=left)

    def _set(self, job_id: str, **changes: Any) -> Job:
        self._jobs[job_id] = replace(self._jobs[job_id], **changes)
        return self._jobs[job_id]

    def _forget_old(self) -> None:
        over = [job_id for job_id, job in self._jobs.items() if job.state.is_over]
        for job_id in over[: max(0, len(over) - KEPT_FINISHED)]:
            del self._jobs[job_id], self._arguments[job_id]
            self._keys.pop(job_id, None)

    def _tell(self, job: Job) -> None:
        for listener in list(self._listeners):
            listener(job)


def _in_worker(work: Work, root: Path, arguments: dict[str, Any], pipe: Connection) -> None:
    """Work in a process of its own, which ends without a word once the server was killed and nobody hears."""
    with suppress(BrokenPipeError):
        _run(work, root, arguments, pipe)


def _run(work: Work, root: Path, arguments: dict[str, Any], pipe: Connection) -> None:
    """What the worker process does."""
    last, is_told, sending = (
        0.0,
        False,
        threading.Lock(),
    )  # kernels may be compiled in another thread than tells progress

    def send(*said: object) -> None:
        with sending:
            pipe.send(said)

    def advance(done: float, total: float) -> None:
        nonlocal last
        if total > 0 and time.monotonic() - last >= PROGRESS_EVERY_SECONDS:
            last = time.monotonic()
            send("progress", min(done / total, 1.0))

    def told(functions: int) -> None:
        nonlocal is_told
        if is_told is not (functions > 0):
            is_told = functions > 0
            send("compiling", is_told)

    try:
        with compiling(told):
            answer = work(root, arguments, advance)
        send("done", answer)
    except BeachheadError as error:
        send("failed", refusal_of(error)["error"])
    except Exception as error:
        said = f"a fault of ours: {type(error).__name__}: {error}"
        send("failed", refusal_body("Fault", said, "report it")["error"])
    finally:
        pipe.close()


def _stop(running: _Running) -> None:
    if running.process.is_alive():
        running.process.terminate()
    running.process.join(timeout=5)
    running.pipe.close()
