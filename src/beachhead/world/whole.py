"""A file is written whole or not at all: a kill, a full disk or a power cut leaves what stood there."""

from __future__ import annotations

import glob
import os
import shutil
from contextlib import suppress
from pathlib import Path
from threading import get_ident

_A_DAY = 86_400
"""Seconds; no write lasts as long."""


def write_whole(path: Path, data: str | bytes) -> Path:
    """Put text (UTF-8, line ends as they are) or bytes into a file, beside it first and then in its place.

    Two who write the same file at once each write beside it under a name of their own; the last stands. What stood
    there keeps its permissions, a link its target; devices and pipes are written to at once. What somebody who was
    killed at it left beside the file is swept away after a day.
    """
    raw = data.encode() if isinstance(data, str) else data
    if path.exists() and not path.is_file():
        path.write_bytes(raw)
        return path
    whole = path.resolve()
    beside = whole.with_name(f".{whole.name}.{os.getpid()}-{get_ident()}.part")
    try:
        _write_through(beside, raw)
        _sweep(whole, beside)
        if whole.exists():
            shutil.copymode(whole, beside)
        beside.replace(whole)
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from error  # the file meant, not the one beside it
    finally:
        beside.unlink(missing_ok=True)
    return path


def _write_through(path: Path, raw: bytes) -> None:
    """To the disk itself: a name that takes the place of another before what it names is there is an empty file."""
    with path.open("wb") as file:
        file.write(raw)
        file.flush()
        os.fsync(file.fileno())


def _sweep(whole: Path, beside: Path) -> None:
    for left in whole.parent.glob(f".{glob.escape(whole.name)}.*.part"):
        with suppress(OSError):  # another one sweeps too
            if beside.stat().st_mtime - left.stat().st_mtime > _A_DAY:
                left.unlink()
