"""The tables, as numbered steps: applied in order, never edited once released; a change of mind is a new step."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import Connection


def m0001_records_rows_and_chains(connection: Connection) -> None:
    """Records by content, versioned rows with the delivery each came in, and chains of entries with their heads."""
    tables = """
        CREATE TABLE migration (number INTEGER PRIMARY KEY, name TEXT NOT NULL);
        CREATE TABLE record (
            kind TEXT NOT NULL, sha256 TEXT NOT NULL, body TEXT NOT NULL,
            PRIMARY KEY (kind, sha256));
        CREATE TABLE delivery (
            number INTEGER PRIMARY KEY, topic TEXT NOT NULL, sha256 TEXT NOT NULL,
            name TEXT NOT NULL, who TEXT NOT NULL, at TEXT NOT NULL);
        CREATE TABLE version (
            topic TEXT NOT NULL, key TEXT NOT NULL, number INTEGER NOT NULL, body TEXT,
            delivery INTEGER NOT NULL REFERENCES delivery (number),
            PRIMARY KEY (topic, key, number));
        CREATE TABLE link (
            chain TEXT NOT NULL, number INTEGER NOT NULL, sha256 TEXT NOT NULL,
            predecessor TEXT NOT NULL, body TEXT NOT NULL,
            PRIMARY KEY (chain, number), UNIQUE (chain, sha256), UNIQUE (chain, predecessor));
        CREATE TABLE head (chain TEXT PRIMARY KEY, number INTEGER NOT NULL, sha256 TEXT NOT NULL)
    """
    for statement in tables.split(";"):
        connection.exec_driver_sql(statement)


def m0002_append_only(connection: Connection) -> None:
    """Records, deliveries, versions and links are only ever added: the database itself refuses to change them."""
    tables = ("record", "delivery", "version", "link")
    if connection.dialect.name == "sqlite":
        for table in tables:
            for act in ("UPDATE", "DELETE"):
                connection.exec_driver_sql(
                    f"CREATE TRIGGER {table}_no_{act.lower()} BEFORE {act} ON {table}"
                    f" BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
                )
        return
    connection.exec_driver_sql(
        "CREATE FUNCTION append_only() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN RAISE EXCEPTION '%% is append-only', TG_TABLE_NAME; END $$"
    )
    for table in tables:
        connection.exec_driver_sql(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION append_only()"
        )


MIGRATIONS: tuple[Callable[[Connection], None], ...] = (m0001_records_rows_and_chains, m0002_append_only)
