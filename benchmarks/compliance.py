"""How fast offers are assessed, and how far the bundled rules reach.

`python benchmarks/compliance.py [--quick] [--json] [--peers]`: 10,000 offer x market x date assessments, the same on a
warm and on a cold rulebook; what adding one jurisdiction takes; coverage of requirements, markets and grades. There is
no peer to run: no open tool answers these questions.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections import Counter
from datetime import date, timedelta
from typing import Any

from beachhead.compliance.approval import Certificate, Holding, Vehicle
from beachhead.compliance.assess import assess, assess_all
from beachhead.compliance.check import compile_rules, rulebook
from beachhead.compliance.requirement import Kind
from beachhead.compliance.rule_file import bundled_rule_files, read_rule_file
from beachhead.compliance.rulebook import Rulebook
from beachhead.world.source import Grade, Source

OFFERS, MARKETS, DAYS = 10, 50, 20
START = date(2026, 1, 1)
NEW_JURISDICTION = """
jurisdiction: NEW
name: New
markets: [XN]
as_of: 2026-01-01
rules:
  - {requirement: R100, status: mandatory, citation: made up, grade: C}
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="three repetitions instead of nine")
    parser.add_argument("--json", action="store_true", help="one JSON object of figures")
    parser.add_argument("--peers", action="store_true", help="no peers exist; accepted for uniformity")
    given = parser.parse_args()
    figures = measure(repetitions=3 if given.quick else 9)
    if given.json:
        print(json.dumps(figures, indent=2))
    else:
        for name, value in figures.items():
            print(f"{name:42s} {value}")


def measure(repetitions: int) -> dict[str, Any]:
    load = median_seconds(rulebook, repetitions)
    book = rulebook()
    return {
        "assessments": OFFERS * MARKETS * DAYS,
        **timed("assess", lambda: sweep(book, Holding()), repetitions),
        **timed("assess_with_40_approvals_held", lambda: sweep(book, held(book)), repetitions),
        "target_seconds": 2.0,
        "one_assessment_alone_ms": round(1000 * median_seconds(lambda: single(book), 20 * repetitions), 2),
        "load_bundled_rules_seconds": round(load, 3),
        "add_a_jurisdiction_seconds": round(median_seconds(add_one, repetitions), 3),
        **reach(book),
    }


def offers(book: Rulebook) -> list[Vehicle]:
    """Ten offers that differ in what they declare."""
    functions = sorted(code for code, feature in book.features.items() if feature.kind is Kind.FUNCTION)
    common = {"lhd", "rhd", "ccs2"}
    return [
        Vehicle(code=f"V{number}", features=frozenset(functions[number:] + functions[: number // 2]) | common)
        for number in range(OFFERS)
    ]


def held(book: Rulebook) -> Holding:
    """Forty UN and EU approvals, granted at different times."""
    source = Source(who="made up for the benchmark", as_of=START, grade=Grade.C)
    chosen = [code for code in book.approvals if code.startswith(("UN ", "EU "))][:40]
    return Holding(
        certificates=tuple(
            Certificate(
                approval=code,
                series=book.approvals[code].series,
                offers=frozenset({"*"}),
                issuer="DE",
                granted_on=START + timedelta(days=17 * number),
                extended_on=None,
                expires_on=None,
                document="",
                source=source,
            )
            for number, code in enumerate(chosen)
        )
    )


def sweep(book: Rulebook, holding: Holding) -> int:
    days = [START + timedelta(days=45 * number) for number in range(DAYS)]
    count = sum(1 for _ in assess_all(book, offers(book), sorted(book.laws)[:MARKETS], days, holding))
    assert count == OFFERS * MARKETS * DAYS
    return count


def single(book: Rulebook) -> object:
    return assess(book, offers(book)[0], "DE", START)


def add_one() -> Rulebook:
    file, faults = read_rule_file("new.yaml", NEW_JURISDICTION)
    assert not faults
    return compile_rules((*bundled_rule_files(), file))


def reach(book: Rulebook) -> dict[str, Any]:
    laws = {law.jurisdiction.code: law for law in book.laws.values()}
    rules = [rule for law in laws.values() for phases in law.rules.values() for rule in phases]
    grades = Counter(rule.source.grade.value for rule in rules if not rule.adopted)
    return {
        "requirements": len(book.requirements),
        "requirements_spoken_about_in_the_least_covered_market": min(len(law.rules) for law in laws.values()),
        "jurisdictions_with_markets": len(laws),
        "markets": len(book.laws),
        "approvals_tests_and_audits": len(book.approvals),
        "rules_of_their_own": sum(grades.values()),
        "rules_by_grade": dict(sorted(grades.items())),
    }


def timed(name: str, work: Any, repetitions: int) -> dict[str, float]:
    """Median wall and processor seconds; the second is what an idle machine would take."""
    wall, cpu = [], []
    for _ in range(repetitions):
        start, busy = time.perf_counter(), time.process_time()
        work()
        wall.append(time.perf_counter() - start)
        cpu.append(time.process_time() - busy)
    return {
        f"{name}_seconds": round(statistics.median(wall), 3),
        f"{name}_processor_seconds": round(statistics.median(cpu), 3),
    }


def median_seconds(work: Any, repetitions: int) -> float:
    spent = []
    for _ in range(repetitions):
        start = time.perf_counter()
        work()
        spent.append(time.perf_counter() - start)
    return statistics.median(spent)


if __name__ == "__main__":
    main()
