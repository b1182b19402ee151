"""The open store: an SQLite file beside the launch, or a PostgreSQL schema, and work done on it in transactions.

Writers work one at a time (`BEGIN IMMEDIATE`, or an advisory lock), so what a writer has read still holds when it
writes. What was committed was synced to disk (`synchronous=FULL`); what was not is as if it had never begun.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, NullPool, create_engine, event, inspect, make_url, text
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError

from beachhead.store.holder import holder_of
from beachhead.store.look import engine_to_look, may_write, state_of
from beachhead.store.migrations import MIGRATIONS
from beachhead.world.errors import BadInput, NotStored, OutOfDate

FILE_NAME = "beachhead.db"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Store:
    """Where the records of one launch are kept.

    Attributes:
        engine: SQLAlchemy's engine; opens a connection for each transaction and keeps none.
        name: the file or the database as people know it, without a password.
        file: the SQLite file, or None for PostgreSQL.
        space: PostgreSQL schema that holds this launch, or "" for SQLite.
        wait_seconds: how long to wait for another writer.
        writable: false for a file, or a folder, that may only be looked at.
    """

    engine: Engine
    name: str
    file: Path | None
    space: str
    wait_seconds: float
    writable: bool = True


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Work:
    """A transaction that is under way: all of it will be kept, or none.

    Attributes:
        connection: the open connection.
        store: the store it belongs to.
    """

    connection: Connection
    store: Store


def open_store(where: Path | str, *, space: str = "public", wait_seconds: float = 10.0) -> Store:
    """Open the store of a launch and bring its tables up to date.

    Args:
        where: the launch folder, an SQLite file, or a URL such as `postgresql://user@host/database`.
        space: PostgreSQL only: the schema that holds this launch, made if missing.
        wait_seconds: how long to wait for another writer before saying so.
    """
    if isinstance(where, str) and "://" in where:
        store = _by_url(where, space=space, wait_seconds=wait_seconds)
    else:
        store = _by_file(Path(where), wait_seconds=wait_seconds)
    with _said_plainly(store):
        _migrate(store)
    return store


def require_writable(store: Store) -> None:
    """For who works long before anything is written: what `writing` would refuse then, at once.

    Raises:
        NotStored: if the store may only be looked at.
    """
    if not store.writable:
        raise NotStored(
            f"{store.name} cannot be written here, only looked at; nothing was kept",
            "give yourself write permission to the launch folder and the files in it",
        )


@contextmanager
def writing(store: Store) -> Iterator[Work]:
    """A transaction that may write; it waits for other writers, and is kept whole when the block ends without error.

    Raises:
        NotStored: before the block, if the store may only be looked at.
    """
    require_writable(store)
    with _said_plainly(store), _transaction(store, write=True) as connection:
        yield Work(connection=connection, store=store)


@contextmanager
def reading(store: Store) -> Iterator[Work]:
    """A transaction that reads one moment's state and never waits for a writer."""
    with _said_plainly(store), _transaction(store, write=False) as connection:
        yield Work(connection=connection, store=store)


@contextmanager
def in_turn(store: Store, what: str) -> Iterator[None]:
    """Do what no other server on the same PostgreSQL schema does meanwhile under that name; it waits its turn.

    A launch in a file is served by one server at a time, so there is nobody to wait for. The turn ends with whoever has
    it, however that one ends: it is an advisory lock of a transaction of its own, which writes nothing.

    Raises:
        NotStored: if the turn has not come after the store's `wait_seconds`.
    """
    if store.file is not None:
        yield
        return
    with _said_plainly(store), _transaction(store, write=False) as connection:
        turn = text("SELECT pg_advisory_xact_lock(hashtext(:space), hashtext(:what))")
        connection.execute(turn, {"space": store.space, "what": what})
        yield


def _by_file(path: Path, *, wait_seconds: float) -> Store:
    file = path / FILE_NAME if path.is_dir() else path
    if not file.parent.is_dir():
        raise BadInput(f"there is no folder {str(file.parent)!r}", "name the launch folder")
    if not may_write(file):
        engine = engine_to_look(file)
        return Store(engine=engine, name=str(file), file=file, space="", wait_seconds=wait_seconds, writable=False)
    url = URL.create("sqlite", database=str(file))
    engine = create_engine(url, poolclass=NullPool, connect_args={"timeout": wait_seconds, "isolation_level": None})

    @event.listens_for(engine, "connect")
    def _settle(dbapi: Any, _record: Any) -> None:
        dbapi.execute("PRAGMA synchronous=FULL")
        dbapi.execute("PRAGMA foreign_keys=ON")

    return Store(engine=engine, name=str(file), file=file, space="", wait_seconds=wait_seconds)


def _by_url(where: str, *, space: str, wait_seconds: float) -> Store:
    try:
        url = make_url(where)
        if url.drivername in ("postgresql", "postgres"):
            url = url.set(drivername="postgresql+psycopg")
        # A database made under the C locale has no encoding, and its driver would then hand out bytes for text.
        engine = create_engine(url, poolclass=NullPool, connect_args={"client_encoding": "utf8"})
    except (ArgumentError, NoSuchModuleError):
        raise BadInput("the store's URL does not read", "write postgresql://user@host/database") from None
    except ImportError:
        raise BadInput("PostgreSQL needs a driver", "pip install 'beachhead[postgres]'") from None
    if url.get_backend_name() != "postgresql":
        raise BadInput(f"{url.get_backend_name()!r} is not a store", "use a file, or postgresql://user@host/database")
    return Store(engine=engine, name=url.render_as_string(), file=None, space=space, wait_seconds=wait_seconds)


@contextmanager
def _transaction(store: Store, *, write: bool) -> Iterator[Connection]:
    before = None if store.writable or store.file is None else state_of(store.file)
    with store.engine.connect() as connection, connection.begin():
        if store.file is not None:
            # pysqlite itself opens no transaction in autocommit mode (isolation_level=None)
            connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")
        else:
            _enter_space(connection, store, write=write)
        yield connection
    if before is not None and store.file is not None and state_of(store.file) != before:
        raise NotStored(f"{store.name} was written while it was looked at", "run the command again")


def _enter_space(connection: Connection, store: Store, *, write: bool) -> None:
    if not write:
        connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
    milliseconds = max(1, round(1000 * store.wait_seconds))
    connection.exec_driver_sql(f"SET LOCAL lock_timeout = {milliseconds}")
    connection.execute(text("SELECT set_config('search_path', quote_ident(:space), true)"), {"space": store.space})
    if write:
        connection.execute(text("SELECT pg_advisory_xact_lock(hashtext(:space))"), {"space": store.space})


def _migrate(store: Store) -> None:
    """Apply the migrations that are missing, in order, all in one transaction."""
    if store.file is not None and store.writable:
        _use_wal(store)
    with _transaction(store, write=False) as connection:
        done = _applied(connection, store)
    if done == len(MIGRATIONS):
        return
    if done and not store.writable:
        raise OutOfDate(f"{store.name} has tables of an older Beachhead", "open it once with write permission")
    with _transaction(store, write=True) as connection:
        if store.file is None:
            quoted = connection.dialect.identifier_preparer.quote(store.space)
            connection.exec_driver_sql(f"CREATE SCHEMA IF NOT EXISTS {quoted}")
        done = _applied(connection, store)
        for number, migration in list(enumerate(MIGRATIONS, start=1))[done:]:
            migration(connection)
            connection.execute(
                text("INSERT INTO migration (number, name) VALUES (:number, :name)"),
                {"number": number, "name": migration.__name__},
            )


def _applied(connection: Connection, store: Store) -> int:
    """How many migrations the database has; it must be empty or ours, and not newer than we are."""
    tables = inspect(connection).get_table_names(schema=store.space or None)
    if "migration" not in tables:
        if tables and store.file is not None:
            raise NotStored(f"{store.name} is a database of something else", "move it away")
        return 0
    done = int(connection.execute(text("SELECT COALESCE(MAX(number), 0) FROM migration")).scalar_one())
    if done > len(MIGRATIONS):
        raise OutOfDate(
            f"{store.name} was written by a newer Beachhead (tables {done}, this one knows {len(MIGRATIONS)})",
            "install the newer version; nothing was changed",
        )
    return done


def _use_wal(store: Store) -> None:
    """Switch to write-ahead logging; SQLite does not wait by itself when two processes make this switch at once."""
    give_up = time.monotonic() + store.wait_seconds
    while True:
        try:
            with store.engine.connect() as connection:
                connection.exec_driver_sql("PRAGMA journal_mode=WAL")
                return
        except DBAPIError as error:
            if _sqlite_code(error) not in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED) or time.monotonic() > give_up:
                raise
            time.sleep(0.02)


@contextmanager
def _said_plainly(store: Store) -> Iterator[None]:
    """Turn what the database says into what a person can act on."""
    try:
        yield
    except DBAPIError as error:
        raise _plain(store, error) from error


def _plain(store: Store, error: DBAPIError) -> NotStored:
    code = _sqlite_code(error)
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED) and store.file is not None:
        return NotStored(
            f"{store.name} is locked by {holder_of(store.file)}; waited {store.wait_seconds:g} s, wrote nothing",
            "let it finish, or stop it, then run the command again",
        )
    if code == sqlite3.SQLITE_FULL:
        return NotStored(
            f"the disk that holds {store.name} is full; nothing was written, what was stored before is whole",
            "free some space, then run the command again",
        )
    if code == sqlite3.SQLITE_IOERR:
        return NotStored(
            f"the disk refused to write {store.name} ({error.orig}); nothing was written",
            "look for a full or failing disk or a file size limit, then run the command again",
        )
    unopened = code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM)
    if unopened and not store.writable:
        cure = "give yourself read permission to the launch folder and the files in it"
        return NotStored(f"{store.name} cannot be read", cure)
    if unopened:
        return NotStored(f"{store.name} cannot be opened for writing", "give yourself write permission to its folder")
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        said = f"{store.name} is damaged or not a database"
        beside = "" if store.file is None else f", without a {store.file.name}-wal or -shm of another state beside it"
        return NotStored(said, f"restore it from a backup{beside}; it was not touched")
    if getattr(error.orig, "sqlstate", None) == "55P03":
        return NotStored(
            f"another writer holds {store.name}; waited {store.wait_seconds:g} s, wrote nothing",
            "let it finish, then run the command again",
        )
    return NotStored(f"{store.name} refused: {error.orig}", "nothing was written; mend the cause and run it again")


def _sqlite_code(error: DBAPIError) -> int | None:
    """SQLite's primary result code (https://sqlite.org/rescode.html); extended codes keep it in their low byte."""
    code = getattr(error.orig, "sqlite_errorcode", None)
    return None if code is None else code & 0xFF
