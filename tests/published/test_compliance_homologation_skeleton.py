"""The rule files against the homologation skeleton in `../shared/data/facts`: statuses, dates, grades, hardware.

The skeleton was typed by other hands, so this is the independent check of some four hundred cells; it is skipped by
name where the data is not there.
"""

from __future__ import annotations

import csv
import os
from datetime import date
from pathlib import Path

import pytest

from beachhead.compliance.check import rulebook
from beachhead.compliance.rule import Rule, Status, Volume
from beachhead.compliance.rulebook import Law

ROOT = Path(__file__).parents[2]
SKELETON = (
    Path(os.environ.get("BEACHHEAD_SHARED", ROOT.parent / "shared")) / "data" / "facts" / "homologation_matrix.csv"
)
pytestmark = pytest.mark.skipif(not SKELETON.exists(), reason="homologation_matrix.csv is not beside the repository")

BOOK = rulebook()
MARKET = {"EU": "FR", "GCC": "AE"}
SPLIT = {
    "CRASH": ("R94", "R95", "R135", "R137", "R127"),
    "R13H": ("R13H", "R140", "R139"),
    "ESSALC": ("ESS", "ALC"),
}
MEANS = {
    "mandatory": {Status.MANDATORY},
    "accepted": {Status.MANDATORY},
    "optional-enabling": {Status.WHEN_FITTED},
    "pending/limited": {Status.UNKNOWN},
    "no_preapproval": {Status.NOT_REQUIRED},
    "no specific rule / case by case": {Status.UNKNOWN},
    "not mandatory yet": {Status.NOT_REQUIRED},
    "not mandatory": {Status.NOT_REQUIRED},
    "optional": {Status.NOT_REQUIRED},
    "no": {Status.NOT_REQUIRED},
    "none": {Status.NOT_REQUIRED},
    "proposed mandatory": {Status.NOT_REQUIRED},
    "check": {Status.UNKNOWN},
    "declared": {Status.MANDATORY},
    "self-cert FMVSS": {Status.MANDATORY},
    "self-cert CMVSS": {Status.MANDATORY},
    "prohibits": {Status.PROHIBITED},
    "mandatory (origin)": {Status.MANDATORY},
    "hardware": {Status.MANDATORY},
    "national law": {Status.MANDATORY},
    "national scheme": {Status.MANDATORY},
}
# Cells where the rule files say otherwise on purpose, and why.
OTHERWISE = {
    ("AU", "R127"): "the design rules named are 69, 72, 73 and 85: none is on pedestrians",
    ("US", "R127"): "the standards named are 201 to 226: none is on pedestrians",
    ("CA", "R127"): "as in the United States",
    ("US", "R139"): "brake assist is no standard of part 571",
    ("CA", "R139"): "as in the United States",
    ("US", "ESS"): "the note says that the rule is pending",
    ("US", "ALC"): "the note says that the rule is pending",
    ("CA", "ESS"): "as in the United States",
    ("CA", "ALC"): "as in the United States",
    ("AU", "R171"): "accepted, not asked",
    ("AU", "R157"): "accepted when fitted",
    ("IN", "R152"): "phased, heavy vehicles first: dates for cars not read",
    ("NZ", "WLTP"): "accepted",
}
# Cells that were read anew since: neither the skeleton's status nor its date nor its grade holds any more.
READ_ANEW = {
    ("EU", "AIACT"): "Article 2(2) takes Annex I, section B (type approval of vehicles) out of the Act's own duties",
    ("NO", "AIACT"): "as the Union",
    ("EU", "STEER"): "C-61/12 and C-639/11: no member state may refuse a new car for the side of its wheel",
    ("NO", "STEER"): "as the Union",
    ("IE", "STEER"): "as the Union",
}
# Facts read at a better source than the skeleton's: the grade may be better.
BETTER_READ = {
    ("EU", "WVTA"): "graded A in homologation_requirements.csv",
    ("GB", "WVTA"): "the note grades gov.uk A",
    ("IE", "WVTA"): "as the Union",
}


def _rows() -> list[dict[str, str]]:
    if not SKELETON.exists():
        return []
    with SKELETON.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


ROWS = _rows()


def codes_of(row: dict[str, str]) -> tuple[str, ...]:
    if row["req"] == "EMIS":
        return ("EURO7",) if row["new_types"] else ("WLTP",)
    return SPLIT.get(row["req"], (row["req"],))


def grade_of(row: dict[str, str]) -> str:
    """The weakest letter named, as in `A instrument / B dates`; A- is no A."""
    words = row["confidence"].replace("A-", "B").replace("/", " ").split()
    return max(word for word in words if word in ("A", "B", "C"))


def law_of(row: dict[str, str]) -> Law:
    return BOOK.laws[MARKET.get(row["market"], row["market"])]


def rules_of(row: dict[str, str], code: str) -> tuple[Rule, ...]:
    return law_of(row).rules[code]


def cells(*, without: set[str]) -> list[tuple[dict[str, str], str]]:
    return [
        (row, code)
        for row in ROWS
        if row["req"] not in without
        for code in codes_of(row)
        if (row["market"], code) not in READ_ANEW
    ]


def test_the_skeleton_is_the_one_known():
    assert len(ROWS) > 400
    assert len({row["market"] for row in ROWS}) == 22


def test_the_status_is_that_of_the_skeleton():
    wrong, compared = [], 0
    for row, code in cells(without={"SMALLSERIES", "STEER"}):
        meant = MEANS.get(row["status"])
        if meant is None or (row["market"], code) in OTHERWISE:
            continue
        compared += 1
        if rules_of(row, code)[-1].status not in meant:
            wrong.append((row["market"], code, row["status"], rules_of(row, code)[-1].status.value))
    assert wrong == []
    assert compared > 450


def test_the_dates_are_those_of_the_skeleton():
    wrong = []
    for row, code in cells(without={"SMALLSERIES", "STEER", "CVRULE"}):
        for column in ("new_types", "all_vehicles"):
            text = row[column][:10]
            if len(text) != 10:
                continue
            days = {getattr(rule, column) for rule in rules_of(row, code)}
            if date.fromisoformat(text) not in days and not (column == "all_vehicles" and days == {None}):
                wrong.append((row["market"], code, column, text, days))
    assert wrong == []


def test_no_grade_is_better_than_the_skeletons():
    wrong = []
    for row, code in cells(without={"SMALLSERIES"}):
        rule = rules_of(row, code)[-1]
        grade = max([rule.source.grade, *(step.source.grade for step in rule.adopted)])
        if grade < grade_of(row) and (row["market"], code) not in BETTER_READ:
            wrong.append((row["market"], code, row["confidence"], grade.value))
    assert wrong == []


def test_hardware_is_that_of_the_skeleton():
    for row in ROWS:
        if row["req"] == "STEER" and (row["market"], "STEER") not in READ_ANEW:
            assert [str(item) for item in rules_of(row, "STEER")[0].accepts] == [f"feature:{row['status'].lower()}"]
        if row["req"] == "PLUG":
            named = {word.strip().lower().replace("gb/t", "gbt").replace("gb-t", "gbt") for word in _plugs(row["note"])}
            assert {str(item).removeprefix("feature:") for item in rules_of(row, "PLUG")[0].accepts} == named


def _plugs(note: str) -> list[str]:
    plain = note.split("(")[0].replace("GB/T", "GBT").replace("GB-T", "GBT")
    return plain.split("/")


def test_small_series_caps_are_those_of_the_skeleton():
    caps = {"EU": {1500, 250}, "IN": {2500}, "JP": {5000}, "GB": {None}, "AU": {None}, "NZ": {None}, "KR": {None}}
    for row in ROWS:
        if row["req"] != "SMALLSERIES":
            continue
        small = {route.cap for route in law_of(row).routes if route.volume is Volume.SMALL_SERIES}
        assert (small == set()) == (row["status"] == "none"), row["market"]
        assert small == caps.get(row["market"], small), row["market"]
