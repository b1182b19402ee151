"""The user cache: what was fetched, when, from where, with its checksum; and the panel file made of it."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from beachhead.evidence.fetch.sources import OnlineSource, Raw, Rows
from beachhead.evidence.fetch.web import Get
from beachhead.evidence.fetch.web import get as ask
from beachhead.world.errors import BadInput, Unreachable
from beachhead.world.whole import write_whole

VARIABLE = "BEACHHEAD_CACHE"
MANIFEST = "manifest.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """What a fetch brought.

    Attributes:
        source: name of the source.
        file: the panel file made of it.
        rows: its rows.
        sha256: digest of the panel file.
        fetched_at: when the newest answer behind it came, ISO 8601.
        answers: answers behind it.
        from_cache: answers of those that were in the cache already.
        licence: of the data.
    """

    source: str
    file: Path
    rows: int
    sha256: str
    fetched_at: str
    answers: int
    from_cache: int
    licence: str


def cache_folder() -> Path:
    """BEACHHEAD_CACHE, else `beachhead` in XDG_CACHE_HOME, else in ~/.cache."""
    own = os.environ.get(VARIABLE, "").strip()
    shared = os.environ.get("XDG_CACHE_HOME", "").strip()
    return Path(own) if own else (Path(shared) if shared else Path.home() / ".cache") / "beachhead"


def fetch(
    source: OnlineSource,
    first: int,
    last: int,
    *,
    at: datetime,
    cache: Path | None = None,
    offline: bool = False,
    get: Get = ask,
    tick: Callable[[int], None] = lambda done: None,
) -> Fetched:
    """Fetch a source into the cache and make its panel file; the file appears whole or not at all.

    Args:
        source: what to fetch.
        first: first month, for sources asked by month or year.
        last: last month.
        at: now.
        cache: folder; `cache_folder()` where not given.
        offline: use what was fetched before and ask nobody.
        get: how to ask the network.
        tick: told how many answers have come.

    Raises:
        Unreachable: the network did not answer, or nothing is in the cache offline.
        BadInput: an answer is not in the form known, or a cached one was damaged.
    """
    folder = (cache or cache_folder()) / source.name
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        cure = f"{VARIABLE} names another folder"
        raise BadInput(f"the cache {folder} cannot be made ({error.strerror})", cure) from error
    known = _manifest(folder)
    rows: Rows = []
    stamps: list[str] = []
    wanted = _cached(source, known) if offline else source.asks(first, last, get)
    for done, raw in enumerate(wanted, start=1):
        if not offline:
            data = get(raw.url, raw.body)
            made = source.reads(raw, data)  # before it is kept: a page of excuses is not worth keeping
            known[raw.name] = _keep(folder, raw, data, at)
        else:
            made = source.reads(raw, _intact(folder, raw, known))
        rows += made
        stamps.append(known[raw.name]["fetched_at"])
        tick(done)
    file = folder / source.file
    write_whole(file, _as_csv(source.columns, rows))
    return Fetched(
        source=source.name,
        file=file,
        rows=len(rows),
        sha256=hashlib.sha256(file.read_bytes()).hexdigest(),
        fetched_at=max(stamps),
        answers=len(stamps),
        from_cache=len(stamps) if offline else 0,
        licence=source.licence,
    )


Manifest = dict[str, dict[str, str]]


def _manifest(folder: Path) -> Manifest:
    path = folder / MANIFEST
    if not path.is_file():
        return {}
    try:
        found: Manifest = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise BadInput(f"{path} is damaged ({error})", f"delete the folder {folder} and fetch again") from error
    return found


def _cached(source: OnlineSource, known: Manifest) -> list[Raw]:
    if not known:
        raise Unreachable(f"nothing of {source.name} was fetched before", "fetch it once without --offline")
    return [Raw(name=name, url=known[name]["url"]) for name in sorted(known)]


def _keep(folder: Path, raw: Raw, data: bytes, at: datetime) -> dict[str, str]:
    """Keep an answer and note it at once: what was fetched before the network fails later on is whole, and stays."""
    digest = hashlib.sha256(data).hexdigest()
    note = {"url": raw.url, "sha256": digest, "bytes": str(len(data)), "fetched_at": at.isoformat(timespec="seconds")}
    write_whole(folder / raw.name, data)
    noted = _manifest(folder) | {raw.name: note}  # read again: somebody may be fetching other months meanwhile
    write_whole(folder / MANIFEST, json.dumps(noted, indent=2, sort_keys=True).encode())
    return note


def _intact(folder: Path, raw: Raw, known: Manifest) -> bytes:
    path = folder / raw.name
    data = path.read_bytes() if path.is_file() else b""
    if hashlib.sha256(data).hexdigest() != known[raw.name]["sha256"]:
        raise BadInput(f"{path} is not what was fetched: its checksum differs", "fetch it again without --offline")
    return data


def _as_csv(columns: tuple[str, ...], rows: Rows) -> bytes:
    lines = [",".join(columns)]
    for row in rows:
        lines.append(",".join(_cell(cell) for cell in row))
    return ("\n".join(lines) + "\n").encode()


def _cell(text: str) -> str:
    if not any(mark in text for mark in ',"\n\r'):
        return text
    return '"' + text.replace('"', '""') + '"'
