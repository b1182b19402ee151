"""An SQLite store in a folder that may not be written: looked at as it lies, without the files SQLite puts beside it.

SQLite reads a database in write-ahead mode by way of a log and an index beside it. Where neither may be made, a whole
file can still be read as one that nobody changes (`immutable`, https://sqlite.org/uri.html); a log left there by a
writer is read with it (`mode=ro`, https://sqlite.org/wal.html#readonly).
"""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from weakref import finalize

from sqlalchemy import Engine, NullPool, StaticPool, create_engine


def may_write(file: Path) -> bool:
    """True if the file, and others beside it, may be written or made."""
    return os.access(file.parent, os.W_OK | os.X_OK) and (not file.exists() or os.access(file, os.W_OK))


def engine_to_look(file: Path) -> Engine:
    """An engine on a file that is only read; where there is no file, on an empty database in memory."""
    if not _holds(file):
        memory = sqlite3.connect(":memory:", check_same_thread=False, isolation_level=None)
        engine = create_engine("sqlite://", poolclass=StaticPool, creator=lambda: memory)
        finalize(engine, memory.close)
        return engine
    return create_engine("sqlite://", poolclass=NullPool, creator=lambda: _connect(file))


def state_of(file: Path) -> tuple[int, int] | None:
    """When a file that is read as unchanging was written, and its size; None where SQLite itself sees to that."""
    if not _holds(file) or _holds(_log_of(file)):
        return None
    found = file.stat()
    return found.st_mtime_ns, found.st_size


def _connect(file: Path) -> sqlite3.Connection:
    how = "mode=ro" if _holds(_log_of(file)) else "mode=ro&immutable=1"
    return sqlite3.connect(f"{file.resolve().as_uri()}?{how}", uri=True, isolation_level=None)


def _log_of(file: Path) -> Path:
    return file.with_name(file.name + "-wal")


def _holds(file: Path) -> bool:
    return file.exists() and file.stat().st_size > 0
