"""What the server knows of the files of a launch while others write them."""

from pathlib import Path

from beachhead.web.desk import _stamp


def test_a_file_that_a_pull_takes_away_meanwhile_is_passed_over(tmp_path, monkeypatch):
    (tmp_path / "launch.toml").write_text("name = 'a'\n")
    whole = _stamp(tmp_path)
    (tmp_path / "prices.csv").symlink_to(tmp_path / "gone")  # listed, but no file is there
    (tmp_path / "folder.csv").mkdir()
    monkeypatch.setattr(Path, "is_file", lambda _: True)  # it was there when it was asked for
    assert _stamp(tmp_path) == whole
    assert whole.startswith("launch.toml:11:")
