"""A file is written whole or not at all."""

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from beachhead.world.whole import write_whole


def test_a_full_disk_leaves_what_stood_there_and_nothing_beside_it(tmp_path, monkeypatch):
    kept = tmp_path / "tasks.csv"
    kept.write_text("before")

    def half(written: int) -> None:  # a disk says so at the latest when it is asked to hold what it was given
        os.ftruncate(written, os.fstat(written).st_size // 2)
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", half)
    with pytest.raises(OSError, match="No space left"):
        write_whole(kept, "after, and much longer")
    assert kept.read_text() == "before"
    assert list(tmp_path.iterdir()) == [kept]


def test_a_kill_at_any_moment_leaves_one_whole_text_or_the_other(tmp_path):
    file = tmp_path / "rules.yaml"
    texts = {letter * 3_000_000 for letter in "ab"}
    script = (
        "import sys; from pathlib import Path; from beachhead.world.whole import write_whole\n"
        "while True:\n    for letter in 'ab': write_whole(Path(sys.argv[1]), letter * 3_000_000)\n"
    )
    for _ in range(5):
        running = subprocess.Popen([sys.executable, "-c", script, str(file)])
        while not file.exists():
            time.sleep(0.01)
        time.sleep(0.05)
        running.send_signal(signal.SIGKILL)
        running.wait()
        assert file.read_text() in texts


def test_two_who_write_at_once_leave_one_whole_text(tmp_path):
    file, texts = tmp_path / "studies.csv", [letter * 200_000 for letter in "abcdefgh"]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda text: write_whole(file, text), texts * 5))
    assert file.read_text() in texts
    assert list(tmp_path.iterdir()) == [file]


def test_permissions_links_and_line_ends_stay(tmp_path):
    target, link = tmp_path / "far.csv", tmp_path / "near.csv"
    target.write_text("before")
    target.chmod(0o640)
    link.symlink_to(target)
    write_whole(link, "a\r\nb\n")
    assert link.is_symlink()
    assert target.read_bytes() == b"a\r\nb\n"
    assert target.stat().st_mode & 0o777 == 0o640


def test_what_cannot_be_written_is_told_by_its_own_name(tmp_path):
    with pytest.raises(FileNotFoundError) as caught:
        write_whole(tmp_path / "nowhere" / "x.md", "text")
    assert caught.value.filename == str(tmp_path / "nowhere" / "x.md")


def test_a_device_takes_it_at_once():
    assert write_whole(Path(os.devnull), "text") == Path(os.devnull)


def test_what_somebody_killed_left_beside_a_file_is_swept_away_after_a_day(tmp_path):
    file = tmp_path / "a[b]*.csv"
    ours, new, others = (
        tmp_path / name for name in (".a[b]*.csv.77-1.part", ".a[b]*.csv.78-1.part", ".ab.csv.77-1.part")
    )
    for left in (ours, others):
        left.write_text("half")
        os.utime(left, (time.time() - 100_000,) * 2)
    new.write_text("being written")
    write_whole(file, "whole")
    assert not ours.exists()
    assert others.exists()
    assert new.exists()
    assert file.read_text() == "whole"
