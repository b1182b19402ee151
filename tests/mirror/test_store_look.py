"""A store in a folder that may not be written is looked at all the same, and nothing is left beside it."""

import os
import sqlite3
from contextlib import closing
from dataclasses import dataclass

import pytest

from beachhead import store
from beachhead.store.database import FILE_NAME
from beachhead.world.errors import NotStored


@dataclass(frozen=True, slots=True, kw_only=True)
class Memo:
    text: str


@pytest.fixture
def may_not_write(monkeypatch):
    """As for a user without write permission, whoever runs the tests: root may write anything."""
    allowed = os.access
    monkeypatch.setattr(os, "access", lambda path, mode, **how: not mode & os.W_OK and allowed(path, mode, **how))


def kept(folder) -> store.Store:
    opened = store.open_store(folder)
    with store.writing(opened) as work:
        store.put(work, "memo", Memo(text="ship 120 cars"))
    return opened


def memos(opened) -> int:
    with store.reading(opened) as work:
        return len(store.references(work, "memo"))


def files(folder) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_what_is_kept_can_be_read_without_write_permission_and_nothing_is_left_beside_it(tmp_path, may_not_write):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "access", lambda *_, **__: True)
        kept(tmp_path)
    before = files(tmp_path)
    looked = store.open_store(tmp_path)
    assert not looked.writable
    assert memos(looked) == 1
    assert files(tmp_path) == before


def test_a_launch_that_never_kept_anything_is_an_empty_store_to_who_may_only_look(tmp_path, may_not_write):
    assert memos(store.open_store(tmp_path)) == 0
    (tmp_path / FILE_NAME).touch()
    assert memos(store.open_store(tmp_path)) == 0
    assert files(tmp_path) == {FILE_NAME: b""}


def test_writing_without_permission_is_refused_in_a_sentence_before_anything_is_done(tmp_path, may_not_write):
    opened = store.open_store(tmp_path)
    with pytest.raises(NotStored, match=r"db cannot be written here, only looked at"), store.writing(opened):
        pass


def test_what_a_writer_at_work_has_committed_is_seen(tmp_path, may_not_write):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "access", lambda *_, **__: True)
        kept(tmp_path)
    with closing(sqlite3.connect(tmp_path / FILE_NAME, isolation_level=None)) as writer:
        writer.execute("INSERT INTO record VALUES ('memo', ?, '{}')", ("b" * 64,))
        assert (tmp_path / f"{FILE_NAME}-wal").stat().st_size > 0
        assert memos(store.open_store(tmp_path)) == 2


def test_a_file_that_changes_while_it_is_looked_at_is_not_believed(tmp_path, may_not_write):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "access", lambda *_, **__: True)
        kept(tmp_path)
    looked = store.open_store(tmp_path)

    def look() -> None:
        with (
            store.reading(looked),
            closing(sqlite3.connect(tmp_path / FILE_NAME, isolation_level=None)) as writer,
        ):
            writer.execute("INSERT INTO record VALUES ('memo', ?, '{}')", ("b" * 64,))

    with pytest.raises(NotStored, match="was written while it was looked at"):
        look()
    assert memos(looked) == 2
