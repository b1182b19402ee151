"""What the server knows of the files of a launch while others write them."""

from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import event
from sqlalchemy.engine import Engine

from beachhead.case.new import new_launch
from beachhead.store import Row, deliver, writing
from beachhead.web.server.desk import TOPICS, Desk, _stamp


def test_a_file_that_a_pull_takes_away_meanwhile_is_passed_over(tmp_path, monkeypatch):
    (tmp_path / "launch.toml").write_text("name = 'a'\n")
    whole = _stamp(tmp_path)
    (tmp_path / "prices.csv").symlink_to(tmp_path / "gone")  # listed, but no file is there
    (tmp_path / "folder.csv").mkdir()
    monkeypatch.setattr(Path, "is_file", lambda _: True)  # it was there when it was asked for
    assert _stamp(tmp_path) == whole
    assert whole.startswith("launch.toml:11:")


def test_whether_anything_changed_is_asked_in_few_questions_however_many_topics_there_are(tmp_path):
    desk = Desk(new_launch(tmp_path / "launch", "starter"))
    before, asked = desk.version(), []
    for number, topic in enumerate(TOPICS):
        with writing(desk.launch().store) as work:
            row, at = Row(key="a", body=str(number)), datetime(2027, 1, 1, tzinfo=UTC)
            deliver(work, topic, [row], sha256=f"{number:064}", name="", who="ann", at=at)
        before, last = desk.version(), before
        assert before != last, f"what was sent on {topic} is seen"

    def count(*_: object) -> None:
        asked.append(1)

    event.listen(Engine, "before_cursor_execute", count)
    try:
        assert desk.version() == before
    finally:
        event.remove(Engine, "before_cursor_execute", count)
    assert len(asked) <= 4
