"""Rules of grade A and B: offer, market, day -> the answer, with the citation that the rule data carry.

The cases stand in `compliance_cases.yaml`, so that the mutation test can ask them again of mutated rules.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from beachhead.compliance.approval import Certificate, Holding, Used, Vehicle
from beachhead.compliance.assess import assess
from beachhead.compliance.check import rulebook
from beachhead.compliance.finding import Assessment
from beachhead.compliance.rulebook import Rulebook
from beachhead.world.source import Grade, Source

WRITTEN = yaml.safe_load((Path(__file__).parent / "compliance_cases.yaml").read_text(encoding="utf-8"))
BOOK = rulebook()
_FILED = Source(who="the test's own filing", as_of=date(2026, 1, 1), grade=Grade.A)


def certificates(name: str) -> tuple[Certificate, ...]:
    return tuple(
        Certificate(
            approval=approval,
            series=row.get("series", ""),
            offers=frozenset({"*"}),
            issuer=row["issuer"],
            granted_on=row["granted"],
            extended_on=row.get("extended"),
            expires_on=row.get("expires"),
            document="",
            source=_FILED,
        )
        for row in WRITTEN["holdings"][name]
        for approval in row.get("approvals", [row.get("approval")])
    )


def answer_to(case: dict[str, Any], book: Rulebook = BOOK) -> Assessment:
    vehicle = Vehicle(
        code=case["offer"],
        features=frozenset(WRITTEN["offers"][case["offer"]]),
        built_in=case.get("built_in", "CN"),
        maker_from=case.get("maker_from", "CN"),
    )
    used = tuple(Used(market=m, year=case["day"].year, cars=cars) for m, cars in case.get("used", {}).items())
    holding = Holding(certificates=certificates(case["holds"]), used=used)
    return assess(book, vehicle, case["market"], case["day"], holding)


def said(case: dict[str, Any], answer: Assessment) -> dict[str, Any]:
    """What the answer says on everything the case speaks of, in the case's own words."""
    routes = {route.route: route for route in answer.routes}
    return {
        "requirement": {code: answer.finding(code).verdict.value for code in case.get("requirement", {})},
        "feature": {code: answer.feature(code).verdict.value for code in case.get("feature", {})},
        "until": {code: answer.feature(code).blocked_until for code in case.get("until", {})},
        "route": {code: routes[code].day or "none" for code in case.get("route", {})},
        "left": {code: routes[code].cap_left for code in case.get("left", {})},
        "closed_on_the_day": [
            code
            for code in case.get("closed_on_the_day", [])
            if routes[code].day is None or routes[code].day > case["day"]
        ],
    }


def expected(case: dict[str, Any]) -> dict[str, Any]:
    keys = ("requirement", "feature", "until", "route", "left")
    return {key: case.get(key, {}) for key in keys} | {"closed_on_the_day": case.get("closed_on_the_day", [])}


def asked_about(case: dict[str, Any], answer: Assessment) -> list[Any]:
    """The findings the case speaks of."""
    routes = {*case.get("route", {}), *case.get("left", {}), *case.get("closed_on_the_day", [])}
    return [
        *(answer.finding(code) for code in case.get("requirement", {})),
        *(answer.feature(code) for code in case.get("feature", {})),
        *(route for route in answer.routes if route.route in routes),
    ]


@pytest.mark.parametrize("case", WRITTEN["cases"], ids=lambda case: case["name"])
def test_the_rules_say(case):
    answer = answer_to(case)
    assert said(case, answer) == expected(case)
    for code, waited_for in case.get("awaits", {}).items():
        assert waited_for in answer.feature(code).awaits


@pytest.mark.parametrize("case", WRITTEN["cases"], ids=lambda case: case["name"])
def test_the_answer_carries_the_citation_and_a_grade_no_better_than_it(case):
    sources = [reason.source for found in asked_about(case, answer_to(case)) for reason in found.reasons]
    cited = [source for source in sources if case["cites"] in source.who]
    assert cited, [source.who for source in sources]
    assert min(source.grade for source in cited) == case["grade"]
    assert case["grade"] in ("A", "B")


def test_there_are_at_least_thirty_cases_and_the_refusals_of_the_issue_are_among_them():
    names = " | ".join(case["name"] for case in WRITTEN["cases"])
    assert len(WRITTEN["cases"]) >= 30
    for refusal in (
        "hands off the wheel",
        "United States are closed",
        "full after 250",
        "after 1 February 2026",
        "without Euro 7",
        "Norway takes EU type approval",
        "Switzerland takes EU type approval",
        "Japan takes UN approvals",
    ):
        assert refusal in names
