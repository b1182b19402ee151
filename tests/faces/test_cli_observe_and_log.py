import csv
import json
import shutil
import sqlite3
import sys
import threading
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

import beachhead
from beachhead import store
from beachhead.case import log as ledger_of
from beachhead.case.decide.deciding import decide
from beachhead.case.open import open_launch
from beachhead.case.rows.observe import observations, row_histories, rows_today
from beachhead.cli import main
from beachhead.ledger import Act, Outcome, Said, Stated
from beachhead.world.errors import NotStored, OutOfDate

NOON = datetime(2027, 1, 1, 12, tzinfo=UTC)
HEADER = "batch,market,offer,channel,start,end,opening_stock,orders"
NORWAY = "b1,NO,,agent,2026-10-01,2026-10-31,120,34"
SWEDEN = "b1,SE,,agent,2026-10-01,2026-10-31,120,14"


@pytest.fixture
def launch(tmp_path):
    return Path(shutil.copytree(Path(beachhead.__file__).parent / "case/examples/xiaomi", tmp_path / "x"))


@pytest.fixture
def run(monkeypatch, capsys):
    """Run the command line as a shell would: exit code, what it printed, what it complained of."""
    monkeypatch.setenv("BEACHHEAD_WHO", "Ann")

    def command(*words, at: datetime = NOON) -> tuple[int, str, str]:
        monkeypatch.setenv("BEACHHEAD_NOW", at.isoformat())
        monkeypatch.setattr(sys, "argv", ["beachhead", *map(str, words)])
        try:
            main()
            code = 0
        except SystemExit as stop:
            code = stop.code if isinstance(stop.code, int) else 0
        told = capsys.readouterr()
        return code, told.out, told.err

    return command


def sheet(folder, *rows, name="seen.csv"):
    (folder / name).write_text("\n".join([HEADER, *rows]) + "\n")
    return folder / name


def test_a_file_is_taken_in_once_and_a_correction_keeps_both(launch, run, tmp_path):
    code, out, err = run("observe", launch, sheet(tmp_path, NORWAY, SWEDEN))
    told = (
        "seen.csv brought 2 new rows; 2 rows on record. No decision on record had started NO and SE by the end of such "
        "rows, which count as evidence all the same. If a code is wrong, send its row again with the word withdrawn in "
        "place of the numbers."
    )
    assert (code, " ".join(out.split()), err) == (0, told, "")
    code, out, _ = run("observe", launch, sheet(tmp_path, SWEDEN, NORWAY, name="again.csv"))
    assert (code, "Ann sent these rows on 2027-01-01 12:00 UTC as seen.csv; nothing changed" in out) == (0, True)
    code, out, _ = run("observe", launch, sheet(tmp_path, NORWAY.replace("34", "36"), name="mended.csv"), "--json")
    answer = json.loads(out)
    assert answer["arrival"]["corrected"][0]["before"]["orders"] == 34
    kept = open_launch(launch).store
    with store.reading(kept) as work:
        (history,) = row_histories(work, ["no"])
    assert [(v.version, v.observation.orders, v.delivery.name, v.delivery.who) for v in history] == [
        (1, 34, "seen.csv", "Ann"),
        (2, 36, "mended.csv", "Ann"),
    ]


def test_what_happened_to_a_row_is_told_by_its_codes_or_a_day_and_by_nothing_else(launch, run, tmp_path):
    assert "no row on record is of NO" in run("observe", launch, "--history", "NO")[2]
    run("observe", launch, sheet(tmp_path, NORWAY, SWEDEN))
    run("observe", launch, sheet(tmp_path, NORWAY.replace("34", "36"), name="mended.csv"))
    run("observe", launch, sheet(tmp_path, NORWAY.replace("10-31", "11-15"), name="longer.csv"), "--replace")
    code, out, _ = run("observe", launch, "--history", "NO")
    assert code == 0
    assert "2 rows sent in 4 versions" in out
    assert max(map(len, out.splitlines())) <= 100
    told = " ".join(out.split())
    for said in ("orders 34", "orders 34 to 36", "mended.csv", "taken off: another span", "longer.csv"):
        assert said in told, out
    assert "SE" not in out.split()
    rows = json.loads(run("observe", launch, "--history", "2026-11-10", "--json")[1])["rows"]
    assert [v["delivery"]["name"] for row in rows for v in row["versions"]] == ["longer.csv"]
    assert "one of them" in run("observe", launch)[2]
    assert "one of them" in run("observe", launch, tmp_path / "seen.csv", "--history", "NO")[2]


def test_rows_of_a_market_that_no_decision_has_started_are_taken_in_and_told(planned_folder, run, tmp_path):
    """Kept, for sales are sales; told, for the code of the market may be mistyped."""
    folder = Path(shutil.copytree(planned_folder, tmp_path / "planned"))
    launch = open_launch(folder)
    decide(
        launch, who="Ann", at=datetime(2027, 1, 5, tzinfo=UTC), markets=[], overrides={"NO": "pilot:50"}, because="x"
    )
    spans = ("2027-01-10,2027-01-20", "2026-12-01,2026-12-20")
    rows = [f"b1,{code},,importer,{span},120,4" for code, span in zip(("NO", "SE"), (spans[0],) * 2, strict=True)]
    trial = " ".join(
        run("observe", folder, sheet(tmp_path, *rows), "--try", at=datetime(2027, 2, 1, tzinfo=UTC))[1].split()
    )
    told = " ".join(run("observe", folder, sheet(tmp_path, *rows), at=datetime(2027, 2, 1, tzinfo=UTC))[1].split())
    assert "No decision on record had started SE by the end of such rows, which count as evidence" in told
    assert "started SE by" in trial
    early = sheet(tmp_path, *(f"b0,{code},,importer,{spans[1]},120,4" for code in ("NO", "PT", "CN")), name="early.csv")
    answer = json.loads(run("observe", folder, early, "--json")[1])
    assert answer["unstarted"] == ["NO", "PT"], "before its pilot began; home sells always"
    mended = sheet(tmp_path, rows[0].replace(",4", ",5"), name="mended.csv")
    assert "No decision" not in run("observe", folder, mended, at=datetime(2027, 2, 1, tzinfo=UTC))[1]


def test_the_first_file_sent_again_does_not_undo_its_correction_unless_asked(launch, run, tmp_path):
    first, mended = sheet(tmp_path, NORWAY), sheet(tmp_path, NORWAY.replace("34", "36"), name="mended.csv")
    run("observe", launch, first)
    run("observe", launch, mended)
    assert "nothing changed" in run("observe", launch, first)[1]
    assert "1 correction" in run("observe", launch, first, "--anew")[1]


def test_an_empty_ledger_names_the_file_that_it_is(launch, run):
    """Where the database was left out of a copy, the folder begins anew: no word may call that as it should be."""
    told = " ".join(run("log", launch, "--verify")[1].split())
    assert (
        f"nothing was ever entered in {launch / 'beachhead.db'}. If decisions were taken, that is another file" in told
    )


def test_a_file_with_a_fault_changes_nothing(launch, run, tmp_path):
    run("observe", launch, sheet(tmp_path, NORWAY))
    before = (launch / "beachhead.db").read_bytes()
    code, out, err = run("observe", launch, sheet(tmp_path, SWEDEN, SWEDEN.replace("14", "x"), name="bad.csv"))
    assert (code, out) == (1, "")
    assert "bad.csv:3:orders: 'x' is not a whole number: " in err
    assert (launch / "beachhead.db").read_bytes() == before


def test_trying_says_what_would_change_and_changes_nothing(launch, run, tmp_path):
    seen = sheet(tmp_path, NORWAY)
    assert "would bring 1 new row; 0 rows on record" in run("observe", launch, seen, "--try")[1]
    assert "brought 1 new row; 1 row on record" in run("observe", launch, seen)[1]


def test_a_row_across_recorded_spans_can_take_their_place(launch, run, tmp_path):
    run("observe", launch, sheet(tmp_path, NORWAY))
    across = sheet(tmp_path, NORWAY.replace("10-31", "11-15"), name="longer.csv")
    code, _, err = run("observe", launch, across)
    assert code == 1
    assert "use --replace" in err
    assert "1 new row, 1 row replaced; 1 row on record" in run("observe", launch, across, "--replace")[1]


def said(act=Act.DECISION, **more) -> Said:
    plain = {"at": NOON, "who": "Ann", "act": act, "market": "NO", "recommended": "scale", "chosen": "scale"}
    return Said(**plain | more)


@pytest.fixture
def decided(launch, run, tmp_path):
    run("observe", launch, sheet(tmp_path, NORWAY))
    kept = open_launch(launch).store
    with store.writing(kept) as work:
        belief = store.put(work, "belief", said())
        odds = (Stated(name="be", event="NO breaks even", probability=0.62, by=date(2028, 1, 1)),)
        ledger_of.say(work, said(refs=(belief,), odds=odds))
        ledger_of.say(work, said(Act.OVERRIDE, chosen="hold", because="the store opens late"))
        ledger_of.say(work, said(Act.OUTCOME, outcomes=(Outcome(name="be", happened=True),)))
    return kept


def test_the_log_shows_who_decided_what_and_with_which_odds(launch, run, decided):
    code, out, _ = run("log", launch)
    assert code == 0
    assert max(map(len, out.splitlines())) <= 100
    for words in ("3 entries", "2027-01-01", "override", "hold", "the store", "opens late", "62 %"):
        assert words in out


def test_the_log_is_exported_whole(launch, run, decided, tmp_path):
    assert run("log", launch, "--export", tmp_path / "log.csv")[0] == 0
    lines = (tmp_path / "log.csv").read_text().splitlines()
    assert len(lines) == 4
    assert "NO breaks even,0.62,2028-01-01" in lines[1]
    run("log", launch, "--export", tmp_path / "log.json")
    exported = json.loads((tmp_path / "log.json").read_text())
    assert [entry["act"] for entry in exported] == ["decision", "override", "outcome"]
    assert run("log", launch, "--export", tmp_path / "log.doc")[0] == 1


def test_a_reason_that_looks_like_a_formula_is_exported_as_text(launch, run, decided, tmp_path):
    with store.writing(decided) as work:
        ledger_of.say(work, said(Act.OVERRIDE, chosen="hold", because='=HYPERLINK("http://x")'))
    run("log", launch, "--export", tmp_path / "log.csv")
    with (tmp_path / "log.csv").open(newline="") as handle:
        assert [*csv.DictReader(handle)][-1]["because"] == '\'=HYPERLINK("http://x")'


def tamper(launch, *statements):
    with closing(sqlite3.connect(launch / "beachhead.db")) as raw, raw:
        for table in ("link", "record"):
            for act in ("update", "delete"):
                raw.execute(f"DROP TRIGGER {table}_no_{act}")
        for statement in statements:
            raw.execute(statement)


@pytest.mark.parametrize(
    ("statement", "complaint"),
    [
        ("UPDATE link SET body = replace(body, 'Ann', 'Bob') WHERE number = 2", "entry 2: its text or its digest was"),
        ("DELETE FROM link WHERE number = 2", "entry 3: it stands after entry 1"),
        ("DELETE FROM link WHERE number = 3", "entry 3: it is missing at the end"),
        ("DELETE FROM head", "entry 3: the ledger should end with 0"),
        ("UPDATE link SET number = CASE number WHEN 1 THEN 12 ELSE 1 END WHERE number < 3", "was"),
        ("UPDATE record SET body = replace(body, 'Ann', 'Bob')", "entry 1 rests on belief"),
        ("DELETE FROM record", "entry 1 rests on belief"),
        ("UPDATE link SET body = 'nonsense' WHERE number = 1", "entry 1: its text"),
    ],
)
def test_verify_names_whatever_was_tampered_with(launch, run, decided, statement, complaint):
    assert run("log", launch, "--verify")[0] == 0
    if "CASE" in statement:
        tamper(
            launch,
            "UPDATE link SET number = 12 WHERE number = 1",
            "UPDATE link SET number = 1 WHERE number = 2",
            "UPDATE link SET number = 2 WHERE number = 12",
        )
    else:
        tamper(launch, statement)
    code, _, err = run("log", launch, "--verify")
    assert code == 1
    assert complaint in err
    code, out, _ = run("log", launch, "--verify", "--json")
    assert (code, json.loads(out)["whole"]) == (1, False)


def test_a_noted_digest_is_looked_for(launch, run, decided):
    head = ledger_of.whole(decided)[1].sha256
    assert run("log", launch, "--expect", head[:12])[0] == 0
    assert "you noted is not in the ledger" in run("log", launch, "--expect", "ab" * 6)[2]


@pytest.fixture
def planned(planned_folder, tmp_path):
    return Path(shutil.copytree(planned_folder, tmp_path / "planned"))


def test_of_two_people_who_decide_at_once_the_second_is_told_and_nothing_is_lost(planned):
    ready, told = threading.Barrier(2), {}

    def person(who: str, choice: str) -> None:
        launch = open_launch(planned)
        ready.wait()
        try:
            told[who] = decide(launch, who=who, at=NOON, markets=[], overrides={"NO": choice}, because=f"{who} knows")
        except OutOfDate as error:
            told[who] = error

    people = [threading.Thread(target=person, args=pair) for pair in (("Ann", "hold"), ("Bo", "exit"))]
    for thread in people:
        thread.start()
    for thread in people:
        thread.join()
    (second,) = (who for who, answer in told.items() if isinstance(answer, OutOfDate))
    first = {"Ann": "Bo", "Bo": "Ann"}[second]
    assert f"{first} came before you: 'NO = " in told[second].message
    assert "kept in the ledger as a draft" in told[second].hint
    kept = open_launch(planned).store
    entries, _ = ledger_of.whole(kept)
    assert [(e.said.act, e.said.who) for e in entries] == [(Act.OVERRIDE, first), (Act.DRAFT, second)]
    assert entries[1].said.because == f"{second} knows"
    assert ledger_of.check(kept).whole


def test_a_past_decision_made_again_from_its_records_recommends_the_same(planned, run):
    assert run("decide", planned, "--accept", "--override", "NO=hold", "--because", "a late store")[0] == 0
    entries, _ = ledger_of.whole(open_launch(planned).store)
    for entry in entries:
        if entry.said.market:
            code, out, _ = run("log", planned, "--replay", entry.number)
            assert (code, "the whole plan is the same, bit for bit" in " ".join(out.split())) == (0, True)
    assert run("log", planned, "--replay", 99)[0] == 1
    gates = next(entry.number for entry in entries if entry.said.act is Act.GATES)
    assert "rests on no plan" in run("log", planned, "--replay", gates)[2]


def test_verify_follows_a_decision_to_the_records_behind_its_plan(planned, run):
    run("decide", planned, "--accept")
    assert run("log", planned, "--verify")[0] == 0
    tamper(planned, "UPDATE record SET body = replace(body, '2027', '2028') WHERE kind = 'problem'")
    assert "rests on problem" in run("log", planned, "--verify")[2]


def test_an_altered_ledger_is_not_shown_as_if_it_were_whole(launch, run, decided):
    tamper(launch, "UPDATE link SET body = 'nonsense' WHERE number = 1")
    code, _, err = run("log", launch)
    assert code == 1
    assert "was altered" in err
    with pytest.raises(NotStored):
        ledger_of.whole(decided)


def renames(launch, *lines):
    header = "kind,was,now,share,until,source,as_of,grade"
    (launch / "renames.csv").write_text("\n".join([header, *(f"{line},memo,2026-12-01,B" for line in lines)]) + "\n")


def test_rows_to_a_day_that_has_begun_in_the_east_are_taken_and_later_ones_refused(launch, run, tmp_path):
    """At seven in the morning of 1 January in Shanghai it is still 31 December in UTC."""
    eve = datetime(2026, 12, 31, 23, tzinfo=UTC)
    taken, later = (f"b1,NO,,agent,2026-12-01,{end},120,34" for end in ("2027-01-01", "2027-01-02"))
    code, _, told = run("observe", launch, sheet(tmp_path, later), at=eve)
    assert code == 1
    assert "seen.csv:2:end: '2027-01-02' has not come yet: send the row when the span is over; nowhere is it" in told
    assert run("observe", launch, sheet(tmp_path, taken), at=eve)[0] == 0
    code, _, told = run("read", launch, at=eve)
    assert (code, told) == (0, ""), told


def test_rows_on_record_are_read_under_todays_codes_and_stay_as_they_were_sent(launch, run, tmp_path):
    run("observe", launch, sheet(tmp_path, NORWAY))
    renames(launch, "batch,b1,spring,,")
    kept = open_launch(launch)
    with store.reading(kept.store) as work:
        assert [row.batch for row in rows_today(kept.folder, work, default_reach=lambda _: None)] == ["spring"]
        assert [row.batch for row in observations(work)] == ["b1"]
    crossing = NORWAY.replace("b1", "spring").replace("10-01", "10-15")
    code, _, err = run("observe", launch, sheet(tmp_path, crossing, name="crossing.csv"))
    assert code == 1
    assert "is reported from 2026-10-15 under one code and until 2026-10-31 under another" in err
    assert "2 rows on record" in run("observe", launch, sheet(tmp_path, SWEDEN, name="other.csv"))[1]


def test_rows_sent_anew_under_a_new_code_are_told_to_be_added_up_and_the_old_ones_can_be_taken_back(
    launch, run, tmp_path
):
    """A whole export under the new code doubled every car without a word; withdrawing the old rows lost them all."""

    def ordered() -> list[int | None]:
        kept = open_launch(launch)
        with store.reading(kept.store) as work:
            return [row.orders for row in rows_today(kept.folder, work, default_reach=lambda _: None)]

    run("observe", launch, sheet(tmp_path, NORWAY))
    (once,) = ordered()
    renames(launch, "batch,b1,spring,,")
    again = sheet(tmp_path, NORWAY.replace("b1", "spring"), name="again.csv")
    for extra in ("--try",), ():
        _, told, _ = run("observe", launch, again, *extra)
        said = "1 new row and what another code has on record for the same days are added up: spring NO agent"
        assert said in " ".join(told.split())
    assert ordered() == [2 * once]
    taken_back = NORWAY.replace("120,34", "withdrawn,withdrawn")
    code, told, _ = run("observe", launch, sheet(tmp_path, taken_back, name="back.csv"))
    assert code == 0
    assert "1 correction" in told
    assert "No decision on record had started" not in told  # nothing was told of the market
    assert ordered() == [once]


def test_a_rename_into_nothing_or_of_a_living_code_is_a_fault_of_the_folder(launch, run, tmp_path):
    renames(launch, "market,NO,SE,,", "market,CS,XX,,")
    _, _, err = run("observe", launch, sheet(tmp_path, NORWAY))
    assert "renames.csv:2:was: 'NO' is still a code of markets.csv" in err
    assert "renames.csv:3:now: 'XX' is not a code of markets.csv" in err
