"""Every rule pinned: when each jurisdiction asks what, of new and of existing types; and mutants of every rule.

`compliance_matrix.csv` may change only together with a rule file, and a reviewer reads both. It is renewed by

    PYTHONPATH=src python tests/golden/test_compliance_matrix.py

which also renews `compliance_uncovered.txt`, the mutants that no test notices.
"""

from __future__ import annotations

import csv
import importlib.util
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from beachhead.compliance.approval import Certificate, Holding, Vehicle
from beachhead.compliance.assess import assess
from beachhead.compliance.check import rulebook
from beachhead.compliance.feature_finding import FeatureDesk
from beachhead.compliance.finding import Finding, Verdict
from beachhead.compliance.in_hand import Hand, hand
from beachhead.compliance.requirement import Kind
from beachhead.compliance.requirement_finding import findings_over_time
from beachhead.compliance.rule import FeatureRule, Permission, Route, Rule, Status
from beachhead.compliance.rulebook import Law, Rulebook
from beachhead.world.source import Grade, Source

HERE = Path(__file__).parent
MATRIX, UNCOVERED = HERE / "compliance_matrix.csv", HERE / "compliance_uncovered.txt"
BOOK = rulebook()
_FILED = Source(who="filed", as_of=date(2026, 1, 1), grade=Grade.A)
_LONG_AGO, _FAR_OFF = date(1990, 1, 1), date(2190, 1, 1)

# A car that declares every function but no equipment, built in China by a maker from there.
FUNCTIONS = frozenset(code for code, feature in BOOK.features.items() if feature.kind is Kind.FUNCTION)
CAR = Vehicle(code="CAR", features=FUNCTIONS)
LORRY = Vehicle(code="LORRY", features=FUNCTIONS, category="N3")
# One market of each jurisdiction; countries that only adopt are read through their own files.
LAWS = {law.jurisdiction.code: (market, law) for market, law in sorted(BOOK.laws.items(), reverse=True)}


def certificate(code: str) -> Certificate:
    issuers = sorted(BOOK.issuers[code])
    return Certificate(
        approval=code,
        series=BOOK.approvals[code].series,
        offers=frozenset({"*"}),
        issuer=issuers[0] if issuers else "",
        granted_on=_LONG_AGO,
        extended_on=None,
        expires_on=_FAR_OFF,
        document="",
        source=_FILED,
    )


NOTHING = Hand({}, {})


def of_an_existing_type(law: Law) -> Hand:
    return hand(BOOK, CAR, Holding(certificates=tuple(certificate(code) for code in law.type_dating[:1])))


def told(timeline: list[tuple[date, str]]) -> str:
    """`not applicable; 2026-11-29 missing`: the state at first, then each change with its day."""
    parts = [timeline[0][1]]
    parts += [
        f"{day} {state}" for (day, state), (_, before) in zip(timeline[1:], timeline, strict=False) if state != before
    ]
    return "; ".join(part for part in parts if not part.startswith(str(date.max)))


def requirement_row(law: Law, code: str) -> tuple[str, str]:
    requirement = BOOK.requirements[code]
    car = CAR if "M1" in requirement.categories else LORRY
    new = findings_over_time(law, car, NOTHING, requirement)
    existing = findings_over_time(law, car, of_an_existing_type(law), requirement)
    return tuple(told([(day, finding.verdict.value) for day, finding in line]) for line in (new, existing))


def feature_row(law: Law, code: str) -> tuple[str, str]:
    """The feature with everything it needs taken as met, and what it needs."""
    rules = law.feature_rules.get(code, ())
    days = sorted({date.min, *(day for rule in rules for day in (rule.begins, rule.until) if day is not None)})
    desk = FeatureDesk(BOOK, law, Vehicle(code="CAR", features=frozenset({code})))
    needs = list(dict.fromkeys(need for rule in rules for need in rule.needs))
    met = {need: _met(law, need) for need in needs}
    return told([(day, desk.findings(met, day)[0].verdict.value) for day in days]), " ".join(needs)


def _met(law: Law, code: str) -> Finding:
    (_, finding), *_ = findings_over_time(law, CAR, NOTHING, BOOK.requirements[code])
    return replace(finding, verdict=Verdict.MET)


def route_row(route: Route) -> tuple[str, str]:
    cap = "no cap" if route.cap is None else f"{route.cap} {'each market' if route.per_market else 'shared'}"
    return f"{route.volume}, {cap}, {route.starts or ''}..{route.until or ''}", " ".join(sorted(route.waives))


def rows_of(law: Law) -> Iterator[tuple[str, str, str, str, str]]:
    code = law.jurisdiction.code
    for what in law.rules:
        yield (code, "requirement", what, *requirement_row(law, what))
    for what in law.feature_rules:
        yield (code, "feature", what, *feature_row(law, what))
    for route in law.routes:
        yield (code, "route", route.code, *route_row(route))


def matrix() -> list[tuple[str, ...]]:
    return [row for _, law in sorted(LAWS.values(), key=lambda item: item[1].jurisdiction.code) for row in rows_of(law)]


def pinned() -> list[tuple[str, ...]]:
    with MATRIX.open(encoding="utf-8", newline="") as file:
        return [tuple(row) for row in csv.reader(file)][1:]


def test_every_rule_says_what_is_pinned():
    assert matrix() == pinned()


# ---- mutants ---------------------------------------------------------------------------------------------------------

_OTHER_STATUS = {
    Status.MANDATORY: Status.NOT_REQUIRED,
    Status.WHEN_FITTED: Status.NOT_REQUIRED,
    Status.PROHIBITED: Status.NOT_REQUIRED,
    Status.UNKNOWN: Status.NOT_REQUIRED,
    Status.NOT_REQUIRED: Status.MANDATORY,
}
_OTHER_PERMISSION = {
    Permission.ALLOWED: Permission.UNKNOWN,
    Permission.CONDITIONAL: Permission.ALLOWED,
    Permission.BLOCKED: Permission.ALLOWED,
    Permission.UNKNOWN: Permission.ALLOWED,
}


@dataclass(frozen=True)
class Mutant:
    """One rule with one date a day later, or with another status."""

    jurisdiction: str
    kind: str
    code: str
    number: int
    change: dict[str, Any]

    def __str__(self) -> str:
        what = ", ".join(f"{name} {value}" for name, value in self.change.items())
        return f"{self.jurisdiction} {self.kind} {self.code} #{self.number}: {what}"

    def applied(self, law: Law) -> Law | None:
        """The law with the mutant in place of the rule, adopted or its own; None if the law does not carry it."""
        table = {"requirement": law.rules, "feature": law.feature_rules}[self.kind]
        phases = table.get(self.code, ())
        if len(phases) <= self.number or phases[self.number].jurisdiction != self.jurisdiction:
            return None
        mutated = [replace(rule, **self.change) if i == self.number else rule for i, rule in enumerate(phases)]
        name = {"requirement": "rules", "feature": "feature_rules"}[self.kind]
        return replace(law, **{name: {**table, self.code: tuple(mutated)}})


def changes_of(rule: Rule | FeatureRule) -> Iterator[dict[str, Any]]:
    if isinstance(rule, Rule):
        yield {"status": _OTHER_STATUS[rule.status]}
        dates = ("new_types", "all_vehicles", "until")
    else:
        yield {"permission": _OTHER_PERMISSION[rule.permission]}
        dates = ("starts", "until")
    for name in dates:
        if getattr(rule, name) is not None:
            yield {name: getattr(rule, name) + timedelta(days=1)}


def mutants() -> Iterator[Mutant]:
    seen = set()
    for _, law in LAWS.values():
        for kind, table in (("requirement", law.rules), ("feature", law.feature_rules)):
            for code, phases in table.items():
                for number, rule in enumerate(phases):
                    key = (rule.jurisdiction, kind, code, number)
                    if key not in seen:
                        seen.add(key)
                        yield from (
                            Mutant(rule.jurisdiction, kind, code, number, change) for change in changes_of(rule)
                        )


def noticed_by_the_matrix(mutant: Mutant) -> bool:
    row = {"requirement": requirement_row, "feature": feature_row}[mutant.kind]
    carried = ((law, mutant.applied(law)) for _, law in LAWS.values())
    return any(mutated is not None and row(mutated, mutant.code) != row(law, mutant.code) for law, mutated in carried)


def noticed_by_a_case(mutant: Mutant, published: ModuleType) -> bool:
    laws = {market: mutated for market, law in BOOK.laws.items() if (mutated := mutant.applied(law)) is not None}
    book: Rulebook = replace(BOOK, laws={**BOOK.laws, **laws})
    cases = [case for case in published.WRITTEN["cases"] if case["market"] in laws]
    return any(published.said(case, published.answer_to(case, book)) != published.expected(case) for case in cases)


def published_cases() -> ModuleType:
    path = HERE.parent / "published" / "test_compliance_rules.py"
    spec = importlib.util.spec_from_file_location("published_compliance_rules", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def uncovered() -> tuple[list[Mutant], int]:
    every = list(mutants())
    published = published_cases()
    missed = [m for m in every if not noticed_by_the_matrix(m) and not noticed_by_a_case(m, published)]
    return sorted(missed, key=str), len(every)


def test_a_sample_of_mutants_is_noticed():
    sample = list(mutants())[::17]
    noticed = sum(map(noticed_by_the_matrix, sample))
    assert len(sample) > 50
    assert noticed >= 0.9 * len(sample)


@pytest.mark.full
def test_nine_mutants_in_ten_are_noticed_and_the_others_are_listed():
    missed, count = uncovered()
    assert len(missed) <= 0.1 * count
    assert [str(mutant) for mutant in missed] == UNCOVERED.read_text(encoding="utf-8").splitlines()[1:]


def test_the_reference_car_meets_a_law_the_way_assess_reads_it():
    """The matrix is made by the functions that `assess` calls: both must say the same on a day."""
    day = date(2026, 11, 29)
    for market, law in LAWS.values():
        answer = assess(BOOK, CAR, market, day)
        for finding in answer.findings:
            line = findings_over_time(law, CAR, NOTHING, BOOK.requirements[finding.requirement])
            assert finding.verdict == next(found for start, found in reversed(line) if start <= day).verdict


if __name__ == "__main__":
    with MATRIX.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("jurisdiction", "kind", "code", "new type", "existing type"), *matrix()])
    missed, count = uncovered()
    head = (
        f"{count - len(missed)} of {count} mutants are noticed ({100 * (1 - len(missed) / count):.1f} %); not noticed:"
    )
    UNCOVERED.write_text("\n".join([head, *map(str, missed)]) + "\n", encoding="utf-8")
    print(head)
    published = published_cases()
    alone = sum(noticed_by_a_case(mutant, published) for mutant in mutants())
    print(f"by the published cases alone: {alone} ({100 * alone / count:.1f} %)")
