import hashlib
import inspect
import os
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import text

from beachhead import store
from beachhead.store.chain import FIRST
from beachhead.store.database import FILE_NAME
from beachhead.store.migrations import MIGRATIONS
from beachhead.store.rows import Row
from beachhead.world.errors import BadInput, NotStored, OutOfDate
from beachhead.world.ref import Ref

NOON = datetime(2027, 1, 1, 12, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Memo:
    text: str


@pytest.fixture(params=["sqlite", "postgres"])
def opened(request, tmp_path):
    if request.param == "sqlite":
        return store.open_store(tmp_path, wait_seconds=0.2)
    url = request.getfixturevalue("postgres")
    return store.open_store(url, space=f"launch {tmp_path.name}", wait_seconds=0.2)


def link(number: int, sha256: str, predecessor: str) -> store.Link:
    return store.Link(number=number, sha256=sha256 * 64, predecessor=predecessor * 64, body="{}")


def test_a_record_is_found_by_what_it_says_and_kept_once(opened):
    with store.writing(opened) as work:
        ref = store.put(work, "memo", Memo(text="ship 120 cars"))
        assert store.put(work, "memo", Memo(text="ship 120 cars")) == ref
    with store.reading(opened) as work:
        assert store.get(work, ref, Memo) == Memo(text="ship 120 cars")
        assert store.references(work, "memo") == (ref,)
        with pytest.raises(NotStored, match="there is no memo aaaaaaaaaa"):
            store.get(work, Ref("memo", "a" * 64), Memo)


def test_text_comes_back_as_it_was_from_a_database_made_without_an_encoding(postgres, tmp_path):
    if os.environ.get("BEACHHEAD_POSTGRES"):
        pytest.skip("makes a database of its own")
    psycopg = pytest.importorskip("psycopg")
    made = "CREATE DATABASE plain ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0"
    with psycopg.connect(postgres, autocommit=True, client_encoding="utf8") as server:
        server.execute(made)
    opened = store.open_store(postgres.replace("/postgres?", "/plain?"), space=f"launch {tmp_path.name}")
    with store.writing(opened) as work:
        ref = store.put(work, "memo", Memo(text="Österreich, 小米"))
    with store.reading(opened) as work:
        assert store.get(work, ref, Memo) == Memo(text="Österreich, 小米")


def test_a_block_that_fails_leaves_no_trace(opened):
    def half() -> None:
        with store.writing(opened) as work:
            store.put(work, "memo", Memo(text="half"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        half()
    with store.reading(opened) as work:
        assert store.references(work, "memo") == ()


def test_the_last_version_of_a_row_holds_and_all_stay_on_record(opened):
    with store.writing(opened) as work:
        store.deliver(
            work, "row", [Row(key="a", body="1"), Row(key="b", body="2")], sha256="x", name="one", who="Ann", at=NOON
        )
        store.deliver(
            work, "row", [Row(key="a", body="3"), Row(key="b", body=None)], sha256="y", name="two", who="Bo", at=NOON
        )
    with store.reading(opened) as work:
        assert [(v.key, v.number, v.body) for v in store.current(work, "row")] == [("a", 2, "3")]
        assert [store.body_of(work, "row", key) for key in "abc"] == ["3", None, None]
        assert [(v.key, v.body, v.delivery) for v in store.history(work, "row")] == [
            ("a", "1", 1),
            ("a", "3", 2),
            ("b", "2", 1),
            ("b", None, 2),
        ]
        assert [v.body for v in store.history(work, "row", "b")] == ["2", None]
        assert [(d.number, d.name, d.who, d.at) for d in store.deliveries(work, "row")] == [
            (1, "one", "Ann", NOON),
            (2, "two", "Bo", NOON),
        ]
        assert store.current(work, "other") == ()


def test_a_link_must_follow_the_head(opened):
    with store.writing(opened) as work:
        assert store.head(work, "ledger") == (0, FIRST)
        store.append(work, "ledger", link(1, "a", "0"))
        store.append(work, "ledger", link(2, "b", "a"))
        with pytest.raises(OutOfDate, match="entry 2 came first"):
            store.append(work, "ledger", link(2, "c", "a"))
        with pytest.raises(OutOfDate):
            store.append(work, "ledger", link(3, "c", "a"))
    with store.reading(opened) as work:
        assert [entry.sha256[0] for entry in store.links(work, "ledger")] == ["a", "b"]


@pytest.mark.parametrize("change", ["UPDATE record SET body = ''", "DELETE FROM link", "UPDATE version SET body = ''"])
def test_the_database_itself_refuses_to_change_what_is_on_record(opened, change):
    with store.writing(opened) as work:
        store.put(work, "memo", Memo(text="x"))
        store.deliver(work, "row", [Row(key="a", body="1")], sha256="x", name="one", who="Ann", at=NOON)
        store.append(work, "ledger", link(1, "a", "0"))
    with pytest.raises(NotStored, match="append-only"), store.writing(opened) as work:
        work.connection.execute(text(change))


def test_a_writer_who_waited_too_long_is_told_and_a_reader_never_waits(opened):
    told = []

    def second() -> None:
        with store.reading(opened) as work:
            told.append(store.references(work, "memo"))
        try:
            with store.writing(opened):
                pass
        except NotStored as error:
            told.append(str(error))

    with store.writing(opened) as work:
        store.put(work, "memo", Memo(text="x"))
        thread = threading.Thread(target=second)
        thread.start()
        thread.join()
    assert told[0] == ()
    assert "waited 0.2 s" in told[1]


def test_a_turn_of_one_name_comes_after_the_other_and_ends_with_whoever_had_it(postgres, tmp_path):
    space = f"launch {tmp_path.name}"
    one, other = (store.open_store(postgres, space=space, wait_seconds=0.2) for _ in range(2))
    elsewhere = store.open_store(postgres, space=f"{space} too", wait_seconds=0.2)
    with store.in_turn(one, "k1"):
        with store.in_turn(other, "k2"), store.in_turn(elsewhere, "k1"), store.writing(other) as work:
            store.put(work, "memo", Memo(text="nobody else waits"))
        with pytest.raises(NotStored, match=r"waited 0\.2 s, wrote nothing"), store.in_turn(other, "k1"):
            pass
    with pytest.raises(ZeroDivisionError), store.in_turn(one, "k1"):
        raise ZeroDivisionError
    with store.in_turn(other, "k1"):
        pass


def test_two_launches_share_a_server_without_meeting(postgres):
    one, two = (store.open_store(postgres, space=name) for name in ("byd", 'xiaomi "2027"'))
    with store.writing(one) as work:
        store.put(work, "memo", Memo(text="x"))
    with store.reading(two) as work:
        assert store.references(work, "memo") == ()


def test_a_store_opened_twice_migrates_once(opened, tmp_path):
    if opened.file is not None:
        store.open_store(tmp_path)
        with closing(sqlite3.connect(opened.file)) as raw:
            assert raw.execute("SELECT COUNT(*) FROM migration").fetchone() == (len(MIGRATIONS),)
            assert raw.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_a_store_of_a_newer_version_is_left_alone(tmp_path):
    store.open_store(tmp_path)
    with closing(sqlite3.connect(tmp_path / FILE_NAME)) as raw, raw:
        raw.execute("INSERT INTO migration VALUES (99, 'later')")
    with pytest.raises(OutOfDate, match="newer Beachhead"):
        store.open_store(tmp_path)


@pytest.mark.parametrize(
    ("content", "complaint"), [(b"this is not a database at all" * 99, "damaged or not a database")]
)
def test_a_file_that_is_no_database_is_refused_untouched(tmp_path, content, complaint):
    (tmp_path / FILE_NAME).write_bytes(content)
    with pytest.raises(NotStored, match=complaint):
        store.open_store(tmp_path)
    assert (tmp_path / FILE_NAME).read_bytes() == content


def test_somebody_elses_database_is_refused(tmp_path):
    with closing(sqlite3.connect(tmp_path / FILE_NAME)) as raw, raw:
        raw.execute("CREATE TABLE holiday (day TEXT)")
    with pytest.raises(NotStored, match="something else"):
        store.open_store(tmp_path)


def test_a_place_that_is_none_is_refused(tmp_path):
    with pytest.raises(BadInput, match="no folder"):
        store.open_store(tmp_path / "nowhere" / "file.db")
    with pytest.raises(BadInput, match=r"'mysql' is not a store|needs a driver|does not read"):
        store.open_store("mysql://user@host/database")
    with pytest.raises(BadInput, match="does not read"):
        store.open_store("nonsense://")


def test_a_password_is_never_shown(monkeypatch):
    url = "postgresql://ann:secret@/nowhere?host=/nonexistent"
    with pytest.raises(NotStored) as caught:
        store.open_store(url)
    assert "secret" not in str(caught.value)
    assert "ann" in str(caught.value)


def test_a_record_altered_behind_our_back_is_noticed(tmp_path):
    opened = store.open_store(tmp_path)
    with store.writing(opened) as work:
        ref = store.put(work, "memo", Memo(text="x"))
    with closing(sqlite3.connect(tmp_path / FILE_NAME)) as raw, raw:
        raw.execute("DROP TRIGGER record_no_update")
        raw.execute("""UPDATE record SET body = '{"is":"Memo","text":"y"}'""")
    with store.reading(opened) as work, pytest.raises(NotStored, match="was altered"):
        store.get(work, ref, Memo)


def test_a_migration_that_was_released_is_never_edited():
    """Golden; may change only by adding a line for a new migration."""
    seen = [hashlib.sha256(inspect.getsource(step).encode()).hexdigest()[:12] for step in MIGRATIONS]
    assert seen == ["cee88663cd4a", "d8cbae2727cf"]


HOLD = """
import sqlite3, sys
raw = sqlite3.connect(sys.argv[1], isolation_level=None)
raw.execute("BEGIN IMMEDIATE")
print("held", flush=True)
sys.stdin.read()
"""


def test_a_lock_held_by_another_process_is_waited_for_and_then_named(tmp_path):
    opened = store.open_store(tmp_path, wait_seconds=0.3)
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", HOLD, tmp_path / FILE_NAME], **pipes) as other:
        assert other.stdout.readline() == b"held\n"
        with pytest.raises(NotStored, match=r"is locked by .*process.*waited 0\.3 s") as caught, store.writing(opened):
            pass
        if Path("/proc/locks").exists():
            assert f"process {other.pid} (" in str(caught.value)
        other.communicate()
    with store.writing(opened) as work:
        store.put(work, "memo", Memo(text="x"))


@pytest.fixture
def small_disk(tmp_path):
    """A disk of 300 kB, or a skip where mounting is not permitted."""
    mount = ["mount", "-t", "tmpfs", "-o", "size=300k", "tmpfs", str(tmp_path)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True).returncode != 0:
        pytest.skip("a small disk needs the right to mount a tmpfs")
    yield tmp_path
    subprocess.run(["umount", "-l", str(tmp_path)], check=True)


def test_a_full_disk_is_said_plainly_and_the_store_stays_whole(small_disk):
    opened = store.open_store(small_disk)
    with store.writing(opened) as work:
        ref = store.put(work, "memo", Memo(text="before"))

    def overfill() -> None:
        with store.writing(opened) as work:
            for number in range(1000):
                store.put(work, "memo", Memo(text=f"{number}" * 1000))

    with pytest.raises(NotStored, match=r"the disk that holds .* is full"):
        overfill()
    with store.reading(opened) as work:
        assert store.references(work, "memo") == (ref,)
        assert work.connection.execute(text("PRAGMA integrity_check")).scalar_one() == "ok"
    with store.writing(opened) as work:
        store.put(work, "memo", Memo(text="after"))
