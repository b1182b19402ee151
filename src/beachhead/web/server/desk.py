"""The launch as the pages see it: opened once, read again only when something on disk or on record changed."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from stat import S_ISREG
from typing import Any

from beachhead.case.clock import today
from beachhead.case.decide.deciding import Due, due
from beachhead.case.log import head, whole
from beachhead.case.open import Launch, day_within, open_launch, over_since
from beachhead.case.plan.planning import (
    TOPICS_READ,
    Planned,
    Question,
    inputs_changed,
    is_stale,
    newest_plan,
    overtaken,
    put_question,
)
from beachhead.case.rows.observe import observations
from beachhead.ledger import Entry, Head
from beachhead.store import newest_by_topic, reading
from beachhead.web.wire.refusal import NoLaunch, NotFound
from beachhead.world.errors import BadInput, NotLearnt
from beachhead.world.market import Market
from beachhead.world.reading import Observation

MOST_KEPT = 16
TOPICS = ("plan", *TOPICS_READ, "progress", "what_if", "supply_page", "room_page", "charging_page")
"""What may be delivered that a page shows."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sheet:
    """Everything the pages show, as it stood at one moment.

    Attributes:
        launch: folder and store.
        on: the day on which they stand so.
        version: changes whenever anything below does.
        question: belief, reading, stages, gates.
        stopped: markets that their gates stop.
        planned: the newest plan, None while there is none.
        is_stale: true if something came in since it was made.
        over: why nothing is planned any more, so that all is shown as at the end of the last quarter; "" while there is
            a quarter left.
        overtaken: why the plan no longer speaks of today: its quarter is over, or tables or observations came in; ""
            if it does.
        due: decisions due.
        entries: the ledger, oldest first.
        head: its end.
        rows: observed rows that hold.
    """

    launch: Launch
    on: date
    version: str
    question: Question
    stopped: frozenset[str]
    planned: Planned | None
    is_stale: bool
    over: str
    overtaken: str
    due: tuple[Due, ...]
    entries: tuple[Entry, ...]
    head: Head
    rows: tuple[Observation, ...]

    def market(self, code: str) -> Market:
        """The market of that code; NotFound where the launch has none."""
        try:
            return self.launch.market(code)
        except BadInput as error:
            raise NotFound(error.message, error.hint) from None

    def name_of(self, code: str) -> str:
        """The market's name, or its code where the launch no longer has it."""
        return next((market.name for market in self.launch.folder.markets if market.code == code), code)


class Desk:
    """Keeps the newest sheet of one launch; safe to call from any thread."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._lock = threading.Lock()
        self._launch: Launch | None = None
        self._stamp = ""
        self._sheet: Sheet | None = None
        self._kept: dict[Hashable, Any] = {}

    @property
    def has_launch(self) -> bool:
        """False while the folder holds no launch."""
        return (self.root / "launch.toml").is_file()

    def launch(self) -> Launch:
        """The open launch, read again if a file of the folder changed."""
        if not self.has_launch:
            raise NoLaunch(f"there is no launch in {self.root} yet", "begin one")
        stamp = _stamp(self.root)
        if self._launch is None or stamp != self._stamp:
            self._launch, self._stamp = open_launch(self.root), stamp
            self._kept = {}
        return self._launch

    def sheet(self) -> Sheet:
        """How things stand."""
        with self._lock:
            launch = self.launch()
            version = self._version(launch)
            if self._sheet is None or self._sheet.version != version:
                self._sheet = _sheet(launch, version)
            return self._sheet

    def kept(self, key: Hashable, make: Callable[[], Any]) -> Any:
        """What `make` finds, kept until a file of the folder changes; the oldest of many is forgotten."""
        self.launch()
        kept = self._kept
        if key not in kept:
            kept[key] = make()
            for old in list(kept)[:-MOST_KEPT]:
                kept.pop(old, None)
        return kept[key]

    def version(self) -> str:
        """Changes whenever anything a page shows changes."""
        with self._lock:
            return self._version(self.launch())

    def stamp(self) -> str:
        """Changes whenever a file of the folder does, also where they cannot be read."""
        return hashlib.sha256(_stamp(self.root).encode()).hexdigest()

    def _version(self, launch: Launch) -> str:
        with reading(launch.store) as work:
            newest = newest_by_topic(work)
            after = head(work).sha256
        sent = [f"{topic}{newest[topic]}" for topic in TOPICS if topic in newest]
        told = [launch.folder.digest, after, str(today()), *sent]
        return hashlib.sha256("|".join(told).encode()).hexdigest()


def _sheet(launch: Launch, version: str) -> Sheet:
    try:
        planned = newest_plan(launch)
    except NotLearnt:
        planned = None
    stale = planned is not None and is_stale(launch, planned)
    entries, head = whole(launch.store)
    with reading(launch.store) as work:
        rows = observations(work)
    over, question = over_since(launch, None), put_question(launch, on=day_within(launch, None))
    return Sheet(
        launch=launch,
        on=today(),
        version=version,
        question=question,
        stopped=question.stopped,
        planned=planned,
        is_stale=stale,
        over=over,
        overtaken=""
        if planned is None or over
        else overtaken(planned, question.now, stale and inputs_changed(launch, planned)),
        due=() if planned is None or over else due(launch, planned),
        entries=entries,
        head=head,
        rows=rows,
    )


def _stamp(root: Path) -> str:
    """Names, sizes and times of the folder's text files."""
    files = sorted((*root.glob("*.csv"), *root.glob("*.toml"), *root.glob("rules/*.y*ml")))
    return "|".join(filter(None, map(_mark, files)))


def _mark(file: Path) -> str:
    """Name, size and time of a file; "" for what is none, or is just being replaced, as by a pull."""
    try:
        seen = file.stat()
    except FileNotFoundError:
        return ""
    return f"{file.name}:{seen.st_size}:{seen.st_mtime_ns}" if S_ISREG(seen.st_mode) else ""
