"""Whatever happens to a file, a process or a disk: a clear word, and a store that is whole."""

import io
import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import beachhead
from beachhead import store
from beachhead.case import log as ledger_of
from beachhead.case.open import open_launch
from beachhead.case.rows.observe import keep, observations
from beachhead.evidence.mapping import read_mapping
from beachhead.evidence.observations import Known, read_observations
from beachhead.world.errors import BadInput, NotStored

NOON = datetime(2027, 1, 1, 12, tzinfo=UTC)
XIAOMI = Path(beachhead.__file__).parent / "case/examples/xiaomi"
SOURCE = {"PYTHONPATH": str(Path(beachhead.__file__).parents[1])}
KNOWN = Known(
    markets=frozenset({"NO", "SE", "DE"}),
    offers=frozenset({"SU7", "YU7"}),
    currencies=frozenset({"EUR"}),
)
COLUMNS = (
    "batch", "market", "offer", "channel", "store", "start", "end", "price", "currency", "reach", "opening_stock",
    "leads", "orders", "cancellations", "registrations", "sold_out_on", "waitlist",
)  # fmt: skip
NASTY = (
    "", " ", "nan", "inf", "-1", "1e999", "9" * 400, "12,5", "0x10", "١٢", "½", "withdrawn", "NULL", "=1+1", '"',
    "'; DROP TABLE link; --", "\x00", "\ud7ff", "𝕏", "2027-02-30", "0000-00-00", "9999-12-31T23:59:59-23:59",
    "2027-01-01T00:00:00", "0001-01-01T00:00:00+14:00", "NO", "running", "a" * 5000, "\r", "\n", ",", ";", "../../etc",
    "2027-W53", "True", "-0", "1_000", "+3", "1e3",
)  # fmt: skip
MAPPING = """
[file]
decimal = ","
thousands = "."
date_format = "%Y-%m-%d"
[columns]
market = "market"
channel = "channel"
orders = "orders"
start = "start"
end = "end"
[constants]
batch = "running"
[values.market]
SE = "DE"
[only]
offer = ["SU7"]
[rows]
sum = true
"""


def base_table(rng: random.Random) -> list[list]:
    rows = [list(COLUMNS)]
    for number in range(rng.randrange(1, 6)):
        start = date(2027, 1, 1) + timedelta(days=31 * number + rng.randrange(3))
        end = start + timedelta(days=rng.randrange(28))
        orders = rng.randrange(40)
        rows.append(
            [
                f"b{rng.randrange(2)}", rng.choice(["NO", "SE", "DE"]), rng.choice(["SU7", "YU7", ""]),
                rng.choice(["agent", "dealer"]), "", start, end, 41000.5, "EUR", 0.05, 120, rng.randrange(90), orders,
                rng.randrange(orders + 1), None, start if rng.random() < 0.1 else None, None,
            ]
        )  # fmt: skip
    return rows


def corrupt_table(rows: list[list], rng: random.Random) -> list[list]:
    for _ in range(rng.randrange(4)):
        row = rng.choice(rows)
        if not row:
            continue
        match rng.randrange(7):
            case 0 | 1 | 2:
                row[rng.randrange(len(row))] = rng.choice(NASTY)
            case 3:
                del row[rng.randrange(len(row))]
            case 4:
                row.insert(rng.randrange(len(row)), rng.choice(NASTY))
            case 5:
                rows.insert(rng.randrange(len(rows)), list(rng.choice(rows)))
            case 6:
                rng.shuffle(row)
    return rows


def corrupt_bytes(data: bytes, rng: random.Random) -> bytes:
    changed = bytearray(data)
    for _ in range(rng.randrange(4)):
        if not changed:
            break
        at = rng.randrange(len(changed))
        match rng.randrange(5):
            case 0:
                changed[at] ^= 1 << rng.randrange(8)
            case 1:
                del changed[at : at + rng.randrange(1, 40)]
            case 2:
                changed[at:at] = bytes(rng.randrange(256) for _ in range(rng.randrange(1, 9)))
            case 3:
                del changed[at:]
            case 4:
                changed[at:at] = changed[at : at + 60]
    return bytes(changed)


def written(rows: list[list], kind: str) -> bytes:
    texts = [["" if cell is None else str(cell) for cell in row] for row in rows]
    if kind == "csv":
        return "\n".join(",".join(row) for row in texts).encode(errors="surrogatepass")
    out = io.BytesIO()
    if kind == "xlsx":
        book = openpyxl.Workbook()
        for row in rows:
            book.active.append([_allowed_in_a_workbook(cell) for cell in row])
        book.save(out)
    else:
        header, *lines = texts
        names = [f"{name}" if header.index(name) == place else f"{name}{place}" for place, name in enumerate(header)]
        pq.write_table(pa.table({name: [_at(line, place) for line in lines] for place, name in enumerate(names)}), out)
    return out.getvalue()


def _allowed_in_a_workbook(cell):
    return "".join(sign for sign in cell if ord(sign) >= 32)[:3000] if isinstance(cell, str) else cell


def _at(line: list[str], place: int):
    return line[place] if place < len(line) and line[place] else None


def contents(kept: store.Store) -> tuple:
    with store.reading(kept) as work:
        return store.history(work, "observation"), store.deliveries(work, "observation"), ledger_of.entries(work)


def take_in(kept: store.Store, path: Path, mapping) -> str:
    """'read' or 'refused'; anything else that is raised fails the test."""
    before = contents(kept)
    refused: tuple = ()
    try:
        keep(kept, read_observations(path, known=KNOWN, mapping=mapping, today=date(2028, 1, 1)), who="Ann", at=NOON)
    except BadInput as error:
        refused = error.faults or ("no fault named",)
    assert all(fault.problem and fault.cure and fault.file == path.name for fault in refused)
    assert not refused or contents(kept) == before
    return "refused" if refused else "read"


def fuzz(folder: Path, count: int, seed: int) -> dict[str, int]:
    rng = random.Random(seed)
    (folder / "mapping.toml").write_text(MAPPING)
    mapping = read_mapping(folder / "mapping.toml")
    tally: dict[str, int] = {}
    for number in range(count):
        if number % 200 == 0:  # a young store, lest comparing it whole takes over
            place = folder / str(number)
            place.mkdir()
            kept = store.open_store(place)
        kind = rng.choices(["csv", "xlsx", "parquet"], [8, 1, 1])[0]
        data = written(corrupt_table(base_table(rng), rng), kind)
        if rng.random() < 0.5:
            data = corrupt_bytes(data, rng)
        path = folder / f"seen.{kind}"
        path.write_bytes(data)
        answer = take_in(kept, path, mapping if rng.random() < 0.2 else None)
        tally[f"{kind} {answer}"] = tally.get(f"{kind} {answer}", 0) + 1
    return tally


def test_corrupted_files_are_read_cleanly_or_refused_clearly(tmp_path):
    tally = fuzz(tmp_path, 100, seed=1)
    assert sum(tally.values()) == 100


@pytest.mark.full
def test_five_thousand_corrupted_files_are_read_cleanly_or_refused_clearly(tmp_path):
    tally = fuzz(tmp_path, 5000, seed=2)
    assert min(tally.values()) > 30, tally  # every kind of file was both read and refused


def corrupt_text(text: str, rng: random.Random) -> str:
    lines = text.splitlines()
    for _ in range(rng.randrange(1, 4)):
        at = rng.randrange(len(lines))
        match rng.randrange(4):
            case 0:
                lines[at] = lines[at].replace(rng.choice(["=", '"', "[", "]", "a", "e"]), rng.choice(NASTY), 1)
            case 1:
                del lines[at]
                lines = lines or [""]
            case 2:
                lines.insert(at, rng.choice(lines))
            case 3:
                lines[at] = f"{lines[at].partition('=')[0]}= {rng.choice(['3', 'true', '[]', '{}', '1979-05-27', 'x'])}"
    return "\n".join(lines)


def fuzz_mappings(folder: Path, count: int, seed: int) -> int:
    rng = random.Random(seed)
    seen = folder / "seen.csv"
    refused = 0
    for _ in range(count):
        seen.write_bytes(written(base_table(rng), "csv"))
        (folder / "m.toml").write_text(corrupt_text(MAPPING, rng), encoding="utf-8", errors="replace")
        try:
            read_observations(seen, known=KNOWN, mapping=read_mapping(folder / "m.toml"))
        except BadInput:
            refused += 1
    return refused


def test_corrupted_mapping_files_are_read_or_refused(tmp_path):
    assert 20 < fuzz_mappings(tmp_path, 100, seed=3) < 100


@pytest.mark.full
def test_a_thousand_corrupted_mapping_files_are_read_or_refused(tmp_path):
    assert 300 < fuzz_mappings(tmp_path, 1000, seed=4) < 1000


# One process imports everything once and forks a child for each run; the child is killed after the seconds it is told.
NURSERY = """
import json, os, signal, sys, time
from datetime import UTC, datetime
from pathlib import Path
from beachhead import store
from beachhead.case.decide.deciding import decide
from beachhead.case.log import whole
from beachhead.case.rows.observe import keep
from beachhead.case.open import open_launch
from beachhead.evidence.observations import Known, read_observations
from beachhead.world.errors import OutOfDate

NOON = datetime(2027, 1, 1, 12, tzinfo=UTC)

KNOWN = Known(markets=frozenset({"NO"}), offers=frozenset(), currencies=frozenset())

def run_observe(launch, path):
    keep(store.open_store(launch), read_observations(path, known=KNOWN), who="Ann", at=NOON)

def run_decide(launch, count):
    opened = open_launch(launch)
    for number in range(count):  # the first is a decision, the others come second and are kept as drafts
        choices = {"NO": "hold", "SE": "hold"}
        try:
            decide(opened, who="Ann", at=NOON, markets=[], overrides=choices, because=f"try {number}")
        except OutOfDate:
            pass
        os.write(1, f"{whole(opened.store)[1].number}\\n".encode())

for line in sys.stdin:
    what, launch, argument, seconds = json.loads(line)
    child = os.fork()
    if child == 0:
        run_observe(Path(launch), Path(argument)) if what == "observe" else run_decide(Path(launch), argument)
        os._exit(0)
    began = time.monotonic()
    while not (ended := os.waitpid(child, os.WNOHANG))[0]:
        if seconds is not None and time.monotonic() - began > seconds:
            os.kill(child, signal.SIGKILL)
            ended = os.waitpid(child, 0)
            break
        time.sleep(0.0005)
    print("ended", time.monotonic() - began, os.waitstatus_to_exitcode(ended[1]), flush=True)
"""


@pytest.fixture(scope="module")
def nursery():
    if not hasattr(os, "fork"):
        pytest.skip("killing at random moments needs fork")
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, "env": os.environ | SOURCE}
    with subprocess.Popen([sys.executable, "-c", NURSERY], **pipes) as process:

        def run(what, launch, argument, seconds=None) -> tuple[float, list[int]]:
            process.stdin.write(json.dumps([what, str(launch), argument, seconds]) + "\n")
            process.stdin.flush()
            acknowledged = []
            while not (line := process.stdout.readline()).startswith("ended"):
                assert line, "the nursery died"
                acknowledged.append(int(line))
            _, spent, status = line.split()
            assert int(status) in (0, -signal.SIGKILL), f"{what} ended by itself with status {status}"
            return float(spent), acknowledged

        yield run
        process.stdin.close()


@pytest.fixture
def launch(tmp_path):
    return Path(shutil.copytree(XIAOMI, tmp_path / "x"))


def many_rows(path: Path, batch: str, count: int = 400) -> str:
    days = [date(2000, 1, 1) + timedelta(days=day) for day in range(count)]
    lines = [f"{batch},NO,,agent,{day},{day},{number}" for number, day in enumerate(days)]
    path.write_text("\n".join(["batch,market,offer,channel,start,end,orders", *lines]))
    return str(path)


def whole(launch: Path) -> None:
    with closing(sqlite3.connect(launch / "beachhead.db")) as raw:
        assert raw.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def kill_during_observe(nursery, launch: Path, tmp_path: Path, moments: int) -> int:
    """Kill `observe` at random moments; each time the file is in whole or not at all, and a re-run completes it."""
    rng = random.Random(5)
    spent, _ = nursery("observe", launch, many_rows(tmp_path / "first.csv", "b0"))
    cut_short = 0
    for number in range(1, moments + 1):
        path = many_rows(tmp_path / f"f{number}.csv", f"b{number}")
        if number % 5 == 0:  # a store that does not exist yet may be killed at its birth
            for leftover in launch.glob("beachhead.db*"):
                leftover.unlink()
        nursery("observe", launch, path, rng.uniform(0, 1.1 * spent))
        if (launch / "beachhead.db").exists():
            whole(launch)
        kept = store.open_store(launch)
        with store.reading(kept) as work:
            mine = [row for row in observations(work) if row.batch == f"b{number}"]
            delivered = [d for d in store.deliveries(work, "observation") if d.name == f"f{number}.csv"]
        assert (len(mine), len(delivered)) in ((0, 0), (400, 1))
        cut_short += not mine
        nursery("observe", launch, path)
        with store.reading(kept) as work:
            assert sum(row.batch == f"b{number}" for row in observations(work)) == 400
            assert sum(d.name == f"f{number}.csv" for d in store.deliveries(work, "observation")) == 1
    return cut_short


def kill_during_decide(nursery, launch: Path, moments: int) -> int:
    """Kill somebody who decides at random moments; the ledger is whole and holds every entry that was acknowledged.

    Every decision enters two entries at once: never is one of them kept without the other.
    """
    rng = random.Random(6)
    spent, _ = nursery("decide", launch, 8)
    cut_short = 0
    for _ in range(moments):
        before = len(ledger_of.whole(store.open_store(launch))[0])
        _, acknowledged = nursery("decide", launch, 8, rng.uniform(0, 1.1 * spent))
        whole(launch)
        kept = store.open_store(launch)
        entries, head = ledger_of.whole(kept)
        assert ledger_of.check(kept).whole
        assert acknowledged == list(range(before + 2, before + 1 + 2 * len(acknowledged), 2))
        assert len(entries) - before - 2 * len(acknowledged) in (0, 2)  # the last may be kept yet not acknowledged
        assert head.number == len(entries)
        cut_short += len(acknowledged) < 8
    nursery("decide", launch, 1)
    assert ledger_of.check(store.open_store(launch)).whole
    return cut_short


@pytest.fixture
def planned(planned_folder, tmp_path):
    return Path(shutil.copytree(planned_folder, tmp_path / "planned"))


def test_a_kill_leaves_observations_and_ledger_whole(nursery, launch, planned, tmp_path):
    kill_during_observe(nursery, launch, tmp_path, 2)
    kill_during_decide(nursery, planned, 2)


@pytest.mark.full
def test_fifty_kills_during_observe_leave_the_store_whole(nursery, launch, tmp_path):
    assert kill_during_observe(nursery, launch, tmp_path, 50) >= 10  # many were cut short, not merely late


@pytest.mark.full
def test_fifty_kills_during_decide_leave_the_ledger_whole(nursery, planned):
    assert kill_during_decide(nursery, planned, 50) >= 10


def beachhead_command(*words, **environment) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "beachhead", *map(str, words)]
    variables = os.environ | SOURCE | {"BEACHHEAD_NOW": NOON.isoformat()}
    return subprocess.run(command, capture_output=True, text=True, env=variables | environment, check=False)


@pytest.fixture
def small_disk(tmp_path):
    """A disk of 1.2 MB with a launch on it, or a skip where mounting is not permitted."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1200k", "tmpfs", str(place)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("a small disk needs the right to mount a tmpfs")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def test_a_disk_that_fills_up_while_observing_is_said_plainly_and_costs_nothing(small_disk, tmp_path):
    launch = shutil.copytree(XIAOMI, small_disk / "x")
    kept = open_launch(launch).store
    few, more = (
        read_observations(Path(many_rows(tmp_path / f"{name}.csv", name, 20)), known=KNOWN) for name in ("few", "more")
    )
    keep(kept, few, who="Ann", at=NOON)
    before = contents(kept)
    answer = beachhead_command("observe", launch, many_rows(tmp_path / "many.csv", "many", 6000))
    assert (answer.returncode, answer.stdout) == (1, "")
    assert "is full; nothing was written" in answer.stderr
    assert "Traceback" not in answer.stderr
    whole(launch)
    assert contents(kept) == before
    assert keep(kept, more, who="Ann", at=NOON).on_record == 40


def test_a_file_that_may_not_grow_is_said_plainly_and_costs_nothing(launch, tmp_path):
    resource = pytest.importorskip("resource", reason="a file size limit needs POSIX")
    kept = open_launch(launch).store
    files = [
        read_observations(Path(many_rows(tmp_path / f"{size}.csv", f"b{size}", size)), known=KNOWN)
        for size in (20, 3000)
    ]
    keep(kept, files[0], who="Ann", at=NOON)
    before, limits = contents(kept), resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, limits[1]))
        with pytest.raises(NotStored, match=r"refused to write|is full"):
            keep(kept, files[1], who="Ann", at=NOON)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)
    whole(launch)
    assert contents(kept) == before
