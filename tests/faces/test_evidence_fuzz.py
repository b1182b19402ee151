"""Randomly corrupted launch folders: a clear error or a clean read, never a traceback."""

import math
import random
import shutil
from collections import Counter
from importlib.resources import files
from pathlib import Path

import pytest

from beachhead.evidence.folder import Folder, check_folder, read_folder
from beachhead.world.errors import BadInput, Fault

EXTRA = {
    "renames.csv": """\
kind,was,now,share,until,source,as_of,grade
offer,UNO,ONE,,2027-06-30,maker,2026-01-01,A
""",
    "tariffs.csv": """\
origin,destination,scenario,odds,duty,duty_otherwise,quota_cars_per_year,minimum_price,currency,valid_from,valid_to,\
source,as_of,grade
CN,NO,low,0.5,0.1,,,,,2026-01-01,2027-12-31,law,2026-01-01,A
CN,NO,high,0.5,0.2,1.2,49000,30000,EUR,2026-01-01,2027-12-31,law,2026-01-01,A
CN,EU,expected,1,0.1,,,,,,,law,2026-01-01,B
""",
    "stores.csv": """\
code,market,channel,city,lat,lon,count,open_from,open_until,sells_cars,service_bays,source,as_of,grade
OSLO,NO,own_store,Oslo,59.9,10.7,1,2027Q1,2028Q4,yes,2,maker,2026-01-01,A
""",
    "plants.csv": """\
code,name,country,mode,running,offers,capacity_per_quarter,ramp,weeks_low,weeks_likely,weeks_high,source,as_of,grade
P1,Plant,CN,home_export,yes,ONE,10000,0.5 1,0,0,0,maker,2026-01-01,A
""",
    "lanes.csv": """\
plant,market,mode,cost_per_car,transit_weeks,source,as_of,grade
P1,NO,ro_ro,1500,10,rule,2026-01-01,C
""",
    "approvals.csv": """\
approval,offer,issuer,series,granted_on,extended_on,expires_on,number,source,as_of,grade
UN R100,ONE,DE,03,2026-01-01,,,E1*1,authority,2026-01-01,A
""",
    "roles.csv": """\
code,name,capacity,source,as_of,grade
me,one engineer,1,plan,2026-01-01,C
""",
    "rivals.csv": """\
scope,brand,year,cars,source,as_of,grade
NO,Other,2023,12000,register,2023-12-31,B
NO,Other,2024,13000,register,2024-12-31,B
""",
    "studies.csv": """\
study,market,kind,share,sample,source,as_of,grade
panel,NO,survey,0.02,400,institute,2026-01-01,B
""",
    "service.csv": """\
market,maintenance_per_year,claims_per_1000_months,first_year_factor,accidents_per_year,breakdowns_per_year,cars_per_centre,job_hours,\
job_cv2,seen_within_days,repaired_within_hours,promise_share,currency,bay_cost,bay_per_quarter,technician_per_quarter,training_cost,training_weeks,van_per_quarter,van_jobs_per_week,partner_fee_per_job,partner_jobs_per_week,roadside_per_call,parts_fill,most_claims,most_late_repairs,most_repeat_repairs,most_parts_waits,most_unhappy,gate,source,as_of,grade
all,0.6,25,1.5,0.06,0.05,2000,2.5,1,5,16,0.95,EUR,80000,6000,16000,8000,10,24000,12,180,10,250,0.97,40,0.1,0.08,0.15,0.2,no,rule,2026-06-30,C
""",
    "targets.csv": """\
code,name,kind,scope,amount,by,after,source,as_of,grade
first,the first,cars_per_year,abroad,1000,2028Q4,,plan,2026-01-01,C
second,the second,rank,world,5,2029Q4,first,plan,2026-01-01,C
""",
    "tasks.csv": """\
code,name,markets,owner,weeks_low,weeks_likely,weeks_high,after,not_before,blocks,source,as_of,grade
a,first,,me,1,2,3,,2027Q1,pilot,plan,2026-01-01,C
b,second,NO,,1,2,3,a,,scale,plan,2026-01-01,C
""",
}
NASTY = [
    *("", " ", "0", "-1", "1e308", "1e309", "-0", "+5", ".5", "5.", "1_000", "0x10", "1e-400", "9" * 400, "٣", "１２"),
    *("NaN", "inf", "-inf", "nan", "None", "null", "n/a", "-", "?", "TRUE", "yes", "maybe", "45%", "1,5", "1.234,56"),
    *(
        "1 000",
        "€5",
        "5 EUR",
        "$",
        "USD",
        "XXX",
        "eur",
        "NO",
        "no",
        "UK",
        "Norway",
        "ZZ",
        "N",
        "NOR",
        "2027Q1",
        "2027-Q5",
    ),
    *("0000Q1", "9999Q4", "2027Q1 ", "2026-02-30", "2026-13-01", "0000-01-01", "9999-12-31", "20260101", "1700000000"),
    *("a b c", "a a", ",", '"', '""', '"open', "x" * 5000, "x" * 200_000, "\x00", "\x07", "\ufeff", "\u2028", "\x85"),
    *(
        "😀",
        "é",
        "\ud7ff",
        "../../etc/passwd",
        "=1+1",
        "[bold]",
        "{}",
        "%s",
        "\\n",
        "'",
        "A|B",
        "dealer",
        "Dealer",
        "C",
        "d",
    ),
]
TOML_NASTY = [
    *(
        "nan",
        "inf",
        "-1",
        "0",
        "1e400",
        "9" * 400,
        "9" * 5000,
        "true",
        '""',
        '"x"',
        "[]",
        "[[]]",
        "[1, 'a']",
        "{}",
        "{a = 1}",
    ),
    *(
        "2027-01-01",
        "12:00:00",
        '"2027Q9"',
        "[" * 3000,
        "'''",
        '"\\uD800"',
        "1979-05-27T07:32:00Z",
        "0.02",
        "[1e8, nan]",
    ),
    *(
        "[" + "1," * 200 + "]",
        '{name = "x", kind = "npv"}',
        '"units_by"',
        '"target_odds"',
        "= 1",
        "# gone",
        "0x10",
        "1__0",
    ),
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copytree(str(files("beachhead.case").joinpath("examples", "starter")), tmp_path, dirs_exist_ok=True)
    for name, text in EXTRA.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "eu.yaml").write_text("title: x\n")
    assert check_folder(tmp_path) == ()
    return tmp_path


def a_cell(data: bytes, rng: random.Random) -> bytes:
    lines = data.decode().split("\n")
    row = rng.randrange(max(1, len(lines) - 1))
    cells = lines[row].split(",")
    cells[rng.randrange(len(cells))] = rng.choice(NASTY)
    lines[row] = ",".join(cells)
    return "\n".join(lines).encode("utf-8", "surrogatepass")


def a_value(data: bytes, rng: random.Random) -> bytes:
    lines = data.decode().split("\n")
    row = rng.choice([number for number, line in enumerate(lines) if "=" in line])
    lines[row] = lines[row].split("=")[0] + "= " + rng.choice(TOML_NASTY)
    return "\n".join(lines).encode("utf-8", "surrogatepass")


def bytes_changed(data: bytes, rng: random.Random) -> bytes:
    out = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 8, 64))):
        at = rng.randrange(len(out) + 1)
        kind = rng.randrange(3)
        if kind == 0 and at < len(out):
            out[at] = rng.randrange(256)
        elif kind == 1:
            out[at:at] = bytes([rng.choice(b',;"\n\r\t\x00\xff=[]#0 \xc3')])
        else:
            del out[at : at + rng.choice((1, 1, 5, 40))]
    return bytes(out)


def lines_changed(data: bytes, rng: random.Random) -> bytes:
    lines = data.split(b"\n")
    kind = rng.randrange(4)
    at = rng.randrange(len(lines))
    if kind == 0:
        del lines[at]
    elif kind == 1:
        lines.insert(at, rng.choice(lines))
    elif kind == 2:
        rng.shuffle(lines)
    else:
        lines[at] = lines[at] * rng.choice((2, 3, 400))
    return b"\n".join(lines)


def columns_changed(data: bytes, rng: random.Random) -> bytes:
    rows = [line.split(b",") for line in data.split(b"\n")]
    width = len(rows[0])
    one, two = rng.randrange(width), rng.randrange(width)
    kind = rng.randrange(3)
    for row in rows:
        if len(row) != width:
            continue
        if kind == 0:
            del row[one]
        elif kind == 1:
            row[one], row[two] = row[two], row[one]
            if row is rows[0] and one != two:
                row[one], row[two] = row[two], row[one]  # values swap, names stay
        else:
            row.insert(one, row[two])
    return b"\n".join(b",".join(row) for row in rows)


def whole_changed(data: bytes, rng: random.Random) -> bytes:
    kind = rng.randrange(7)
    noise = rng.randbytes(rng.choice((1, 50, 4000)))
    return [
        b"",
        data[: rng.randrange(len(data))],
        noise,
        data + noise,
        data.decode("utf-8").encode("utf-16"),
        data.replace(b",", b";"),
        data * 3,
    ][kind]


def corrupt(folder: Path, original: dict[str, bytes], rng: random.Random) -> None:
    """Change one to three files; about one time in twenty a file goes, or becomes a folder."""
    for name in rng.sample(sorted(original), rng.choice((1, 1, 1, 2, 3))):
        path = folder / name
        fate = rng.random()
        if fate < 0.03:
            path.unlink()
        elif fate < 0.05:
            path.unlink()
            path.mkdir()
        elif fate < 0.07:
            path.write_bytes(rng.choice(sorted(original.values())))
        else:
            by_line = a_value if name.endswith(".toml") else a_cell
            change = rng.choice(
                (by_line, by_line, by_line, bytes_changed, lines_changed, whole_changed, columns_changed)
            )
            path.write_bytes(change(original[name], rng))


def restore(folder: Path, original: dict[str, bytes]) -> None:
    for name, data in original.items():
        path = folder / name
        if path.is_dir():
            path.rmdir()
        path.write_bytes(data)


def run(folder: Path, count: int, seed: int) -> Counter[str]:
    original = {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    outcomes: Counter[str] = Counter()
    for number in range(seed, seed + count):
        corrupt(folder, original, random.Random(number))
        launch, faults = read_or_faults(folder)
        assert faults_are_clear(faults) if launch is None else is_clean(launch), f"seed {number}: {faults}"
        outcomes["refused" if launch is None else "read"] += 1
        restore(folder, original)
    return outcomes


def read_or_faults(folder: Path) -> tuple[Folder | None, tuple[Fault, ...]]:
    try:
        return read_folder(folder), ()
    except BadInput as refused:  # anything else is the traceback we look for
        return None, refused.faults


def faults_are_clear(faults: tuple[Fault, ...]) -> bool:
    said = [str(fault).encode("utf-8").decode() for fault in faults]
    whole = all(fault.file and fault.problem and fault.cure for fault in faults)
    return bool(faults) and whole and not any("Traceback" in line or "\n" in line for line in said)


def is_clean(launch: Folder) -> bool:
    codes = {market.code for market in launch.markets}
    amounts = [price.amount for price in launch.prices]
    shares = [share for row in launch.economics for share in (*row.ramp, row.reach, row.exit_share, row.pilot_reach)]
    for row in launch.economics:
        amounts += [row.capital, row.opex_per_quarter, row.unit_margin, row.pilot_cost_per_car, row.pilot_start_fee]
    named = {price.market for price in launch.prices} == {row.market for row in launch.economics} == codes
    steps = len(launch.limits.cars_per_quarter) == len(launch.terms.grid)
    return named and steps and all(map(math.isfinite, amounts)) and all(0 <= share <= 1 for share in shares)


def test_some_corrupted_folders_are_refused_or_read_clean(folder: Path):
    outcomes = run(folder, 250, seed=1)
    assert outcomes["refused"] > 100
    assert outcomes["read"] > 5


@pytest.mark.full
def test_five_thousand_corrupted_folders_are_refused_or_read_clean(folder: Path):
    outcomes = run(folder, 5000, seed=100_000)
    assert outcomes["refused"] + outcomes["read"] == 5000
    assert outcomes["refused"] > 2500
    assert outcomes["read"] > 100
