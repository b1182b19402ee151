import re
from pathlib import Path

from beachhead.compliance.check import rulebook
from beachhead.compliance.jurisdiction import Scope
from beachhead.world.source import Grade

BOOK = rulebook()
_ASKED_BY_THE_ISSUE = (
    *("EU", "GB", "NO", "CH", "US", "CA", "JP", "KR", "IN", "TH", "MY", "ID", "SG", "VN", "PH"),
    *("AU", "NZ", "GCC", "TR", "IL", "BR", "MX", "CL", "CN", "ZA", "RU"),
)


def test_at_least_45_requirements_are_spoken_about_in_at_least_24_jurisdictions():
    jurisdictions = {law.jurisdiction.code: law for law in BOOK.laws.values()}
    covered = [code for code, law in jurisdictions.items() if len(law.rules) >= 45]
    assert len(covered) >= 24
    assert len(BOOK.laws) >= 24


def test_no_market_is_silent_on_a_requirement_that_concerns_all():
    common = {code for code, requirement in BOOK.requirements.items() if not requirement.local}
    for market, law in BOOK.laws.items():
        assert common - law.rules.keys() <= {"EXPLIC"}, market


def test_no_market_is_silent_on_a_function():
    functions = {code for code, feature in BOOK.features.items() if feature.kind == "function"}
    for market, law in BOOK.laws.items():
        assert functions - law.feature_rules.keys() == set(), market


def test_every_entry_carries_a_source_with_a_date():
    entries = [
        *BOOK.requirements.values(),
        *BOOK.approvals.values(),
        *BOOK.equivalences,
        *(way for approval in BOOK.approvals.values() for way in approval.ways),
        *(rule for law in BOOK.laws.values() for phases in law.rules.values() for rule in phases),
        *(rule for law in BOOK.laws.values() for phases in law.feature_rules.values() for rule in phases),
        *(route for law in BOOK.laws.values() for route in law.routes),
    ]
    assert len(entries) > 3000
    for entry in entries:
        assert entry.source.who.strip()
        assert entry.source.as_of.year >= 2024


def test_what_is_called_unknown_is_never_graded_better_than_general_knowledge():
    for law in BOOK.laws.values():
        for phases in law.rules.values():
            for rule in phases:
                assert rule.status != "unknown" or rule.source.grade is not Grade.A, rule


def test_every_market_has_an_unlimited_route():
    for market, law in BOOK.laws.items():
        assert any(route.volume == "unlimited" for route in law.routes), market


def test_the_jurisdictions_of_the_brief_are_there():
    scopes = {code: jurisdiction.scope for code, jurisdiction in BOOK.jurisdictions.items()}
    assert scopes["UN1958"] is Scope.AGREEMENT
    assert scopes["CN-EXPORT"] is Scope.ORIGIN
    asked = {*_ASKED_BY_THE_ISSUE}
    assert {code for code in asked if scopes.get(code) is Scope.MARKET} == asked


def test_the_words_for_offers_stand_in_the_reference():
    told = (Path(__file__).parents[2] / "docs" / "reference" / "rule-files.md").read_text("utf-8")
    listed = told.split("**Words for `offers.csv`.**")[1].split("\nAnother word")[0]
    assert set(re.findall(r"`(\w+)`", listed)) == set(BOOK.features)
