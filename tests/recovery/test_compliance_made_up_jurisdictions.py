"""Made-up jurisdictions that exercise every mechanism, one case each: what is known by construction must come back.

Rule files and cases stand in `compliance_made_up/`. Markets use the codes that ISO 3166 leaves to users (XA to XZ).
"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from beachhead.compliance.approval import Certificate, Holding, Used, Vehicle
from beachhead.compliance.assess import assess
from beachhead.compliance.check import compile_rules
from beachhead.compliance.rule_file import read_rule_file
from beachhead.compliance.rulebook import Rulebook
from beachhead.world.source import Grade, Source

FOLDER = Path(__file__).parent / "compliance_made_up"
CASES = yaml.safe_load((FOLDER / "cases.yml").read_text(encoding="utf-8"))
_FILED = Source(who="filed", as_of=date(2026, 1, 1), grade=Grade.A)


def book(without: tuple[str, ...] = (), **further: str) -> Rulebook:
    texts = {path.name: path.read_text(encoding="utf-8") for path in sorted(FOLDER.glob("*.yaml"))} | further
    files = [read_rule_file(name, text) for name, text in texts.items() if name not in without]
    assert not [fault for _, faults in files for fault in faults]
    return compile_rules([file for file, _ in files])


BOOK = book()


def certificate(row: dict[str, Any]) -> Certificate:
    return Certificate(
        approval=row["approval"],
        series=row.get("series", ""),
        offers=frozenset({row.get("offer", "*")}),
        issuer=row.get("issuer", "XA"),
        granted_on=row["granted"],
        extended_on=row.get("extended"),
        expires_on=row.get("expires"),
        document="",
        source=_FILED,
    )


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_what_is_known_by_construction_comes_back(case):
    vehicle = Vehicle(
        code="ONE",
        features=frozenset(case.get("features", ["round_plug"])),
        category=case.get("category", "M1"),
        built_in=case.get("built_in", "XY"),
        maker_from=case.get("maker_from", "XY"),
    )
    holding = Holding(
        certificates=tuple(map(certificate, case.get("holds", []))),
        used=tuple(Used(**row) for row in case.get("used", [])),
    )
    answer = assess(BOOK, vehicle, case["market"], case["day"], holding)
    known = {key: case.get(key, {}) for key in ("requirement", "feature", "until", "route", "provisional", "left")}
    verdicts = {finding.requirement: finding.verdict.value for finding in answer.findings}
    features = {finding.feature: finding for finding in answer.features}
    routes = {route.route: route for route in answer.routes}
    assert {code: verdicts.get(code, "absent") for code in known["requirement"]} == known["requirement"]
    assert {code: features[code].verdict.value for code in known["feature"]} == known["feature"]
    assert {code: features[code].blocked_until for code in known["until"]} == known["until"]
    assert {code: routes[code].day for code in known["route"]} == known["route"]
    assert {code: routes[code].provisional for code in known["provisional"]} == known["provisional"]
    assert {code: routes[code].cap_left for code in known["left"]} == known["left"]
    told = " ".join(
        f"{reason.text} {reason.source.who}"
        for found in (*answer.findings, *answer.features, *answer.routes)
        for reason in found.reasons
    )
    assert all(words in told for words in case.get("says", [])), told


def test_there_are_at_least_forty_cases():
    assert len({case["name"] for case in CASES}) == len(CASES) >= 40


def test_a_jurisdiction_is_added_by_one_file_and_no_code():
    assert "XF" not in book(without=("zeta.yaml",)).laws
    assert BOOK.laws["XF"].jurisdiction.name == "Zeta"


def test_a_later_file_overrides_an_earlier_one_entry_by_entry():
    override = """
jurisdiction: ALPHA
as_of: 2026-02-01
rules:
  - {requirement: LIGHT, status: not_required, citation: read at the ministry, grade: A}
"""
    law = book(**{"rules/alpha.yaml": override}).laws["XA"]
    assert [rule.source.who for rule in law.rules["LIGHT"]] == ["read at the ministry"]
    assert law.rules["BRAKE"] == BOOK.laws["XA"].rules["BRAKE"]
