"""`beachhead read` says which spans are not whole yet, from corrections sent before, and fills nothing in."""

import json
from datetime import date, timedelta

from typer.testing import CliRunner

from beachhead.cli.app import app

FIRST = date(2027, 1, 4)
KNOWN = (6, 14, 19, 20)  # of twenty cars a week, by the weeks since its end


def run(monkeypatch, day, *words):
    monkeypatch.setenv("BEACHHEAD_NOW", f"{day}T12:00:00+00:00")
    result = CliRunner().invoke(app, [str(word) for word in words])
    assert result.exit_code == 0, result.output
    return result.output


def test_a_reading_says_what_is_still_to_come(tmp_path, monkeypatch):
    folder, weeks = tmp_path / "launch", 6
    run(monkeypatch, FIRST, "new", folder, "--example", "starter")
    for sent in range(1, weeks + 1):
        lines = ["batch,market,offer,channel,store,start,end,reach,registrations"]
        for week in range(sent):
            start, age = FIRST + timedelta(days=7 * week), sent - 1 - week
            known = KNOWN[min(age, len(KNOWN) - 1)]
            lines.append(f"first,NO,ONE,own_store,,{start},{start + timedelta(days=6)},0.05,{known}")
        file = tmp_path / f"week-{sent}.csv"
        file.write_text("\n".join(lines) + "\n")
        run(monkeypatch, FIRST + timedelta(days=7 * sent), "observe", folder, file, "--who", "me")
    day = FIRST + timedelta(days=7 * weeks)
    said = json.loads(run(monkeypatch, day, "read", folder, "--json"))
    counts = sorted((c for c in said["counts"] if c["market"] == "NO"), key=lambda c: c["start"])
    assert [c["count"] for c in counts] == [20, 20, 20, 19, 14, 6]
    assert [round(c["reported"], 2) for c in counts] == [1, 1, 1, 0.95, 0.70, 0.30]
    assert "about 20 to be expected" in said["allowed_for"][-1]
    text = run(monkeypatch, day, "read", folder)
    assert "Allowed for: NO ONE" in text
    assert "read against the calendar" in text
