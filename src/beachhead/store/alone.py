"""One process at a time: a lock of SQLite's, which ends with whoever holds it, however that one ends."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from beachhead.store.holder import holder_of
from beachhead.world.errors import NotStored


@contextmanager
def alone(file: Path, what: str) -> Iterator[None]:
    """Do what no other process may do meanwhile, however long it takes.

    The file stays, empty: only the lock on it counts. Where it cannot be made, as on a full disk, nobody is refused.

    Args:
        file: what is locked; of no other use.
        what: what is done, such as `the charger of my-home is run`.

    Raises:
        NotStored: if another process does it already.
    """
    held = _held(file, what)
    try:
        yield
    finally:
        if held is not None:
            held.close()


def _held(file: Path, what: str) -> sqlite3.Connection | None:
    """The connection that holds the lock until it is closed; None where the file cannot be made or locked."""
    held: sqlite3.Connection | None = None
    try:
        held = sqlite3.connect(file, timeout=0.0, isolation_level=None)
        held.execute("BEGIN EXCLUSIVE")
    except sqlite3.Error as error:
        if held is not None:
            held.close()
        if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_BUSY:
            raise NotStored(f"{what} already, by {holder_of(file)}", "let it go on, or end it first") from None
        return None
    return held
