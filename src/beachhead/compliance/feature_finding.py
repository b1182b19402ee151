"""Where the declared features stand: the rule on each, and the requirements it needs."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from datetime import date

from beachhead.compliance.approval import Vehicle
from beachhead.compliance.finding import FeatureFinding, FeatureVerdict, Finding, Reason, Verdict
from beachhead.compliance.requirement import Kind
from beachhead.compliance.rule import FeatureRule, Permission
from beachhead.compliance.rulebook import Law, Rulebook
from beachhead.world.source import Grade, Source

_VERDICTS = {
    Permission.ALLOWED: FeatureVerdict.ALLOWED,
    Permission.CONDITIONAL: FeatureVerdict.CONDITIONAL,
    Permission.BLOCKED: FeatureVerdict.BLOCKED,
    Permission.UNKNOWN: FeatureVerdict.UNKNOWN,
}
_WORDS = {
    Permission.ALLOWED: "is allowed",
    Permission.CONDITIONAL: "is allowed with conditions",
    Permission.BLOCKED: "is not allowed",
    Permission.UNKNOWN: "is not settled in our sources",
}


class FeatureDesk:
    """Answers on the declared functions of one vehicle in one law; the same question is answered once.

    Attributes:
        functions: the declared functions, by code; words no catalogue knows are among them, and unknown.
        needs: requirements that the rules on them name.
    """

    def __init__(self, rulebook: Rulebook, law: Law, vehicle: Vehicle) -> None:
        self._rulebook, self._law = rulebook, law
        self._answered: dict[tuple[str, int, tuple[int, ...]], FeatureFinding] = {}
        self.functions = tuple(
            code
            for code in sorted(vehicle.features)
            if code not in rulebook.features or rulebook.features[code].kind is Kind.FUNCTION
        )
        rules = (rule for code in self.functions for rule in law.feature_rules.get(code, ()))
        self.needs = tuple(dict.fromkeys(need for rule in rules for need in rule.needs))

    def findings(self, findings: Mapping[str, Finding], day: date) -> tuple[FeatureFinding, ...]:
        """One finding for each declared function on a day, given where the requirements stand."""
        return tuple(self._finding(code, findings, day) for code in self.functions)

    def _finding(self, code: str, findings: Mapping[str, Finding], day: date) -> FeatureFinding:
        rules = self._law.feature_rules.get(code, ())
        rule = _in_force(rules, day)
        needed = () if rule is None else tuple(findings[need] for need in rule.needs)
        key = (code, id(rule), tuple(id(finding) for finding in needed))
        if key not in self._answered:
            title = self._rulebook.features[code].title if code in self._rulebook.features else code
            if rule is None:
                self._answered[key] = _no_rule(self._law, code, title, rules)
            else:
                self._answered[key] = _ruled(rules, rule, code, title, needed)
        return self._answered[key]


def _ruled(
    rules: Sequence[FeatureRule], rule: FeatureRule, code: str, title: str, needed: Sequence[Finding]
) -> FeatureFinding:
    reasons = [Reason(f"{title} {_WORDS[rule.permission]} in {rule.jurisdiction}.", rule.source), *_chain(rule)]
    if rule.permission is Permission.BLOCKED:
        return FeatureFinding(code, title, FeatureVerdict.BLOCKED, (), _opens(rules, rule), (), tuple(reasons))
    if rule.permission is Permission.UNKNOWN:
        text = "Unknown is not permission: settle it with the authority and record the answer in a rule file."
        unknown = (*reasons, Reason(text, rule.source))
        return FeatureFinding(code, title, FeatureVerdict.UNKNOWN, (), None, (), unknown)
    return _with_needs(rule, code, title, needed, reasons)


def _with_needs(
    rule: FeatureRule, code: str, title: str, needed: Sequence[Finding], reasons: list[Reason]
) -> FeatureFinding:
    """The permission of a rule, unless a requirement it needs is missing or unknown."""
    missing = tuple(finding.requirement for finding in needed if finding.verdict is Verdict.MISSING)
    unknown = tuple(finding.requirement for finding in needed if finding.verdict is Verdict.UNKNOWN)
    chain = tuple(reasons) + tuple(
        Reason(f"It needs {finding.requirement}: {finding.verdict}. {reason.text}", reason.source)
        for finding in needed
        for reason in (finding.reasons[0], *finding.reasons[1:][-1:])
    )
    if unknown:
        return FeatureFinding(code, title, FeatureVerdict.UNKNOWN, rule.conditions, None, unknown + missing, chain)
    if missing:
        return FeatureFinding(code, title, FeatureVerdict.BLOCKED, rule.conditions, None, missing, chain)
    return FeatureFinding(code, title, _VERDICTS[rule.permission], rule.conditions, None, (), chain)


def _in_force(rules: Sequence[FeatureRule], day: date) -> FeatureRule | None:
    index = bisect_right([rule.begins for rule in rules], day) - 1
    if index < 0 or (rules[index].until is not None and day >= (rules[index].until or date.max)):
        return None
    return rules[index]


def _opens(rules: Sequence[FeatureRule], blocked: FeatureRule) -> date | None:
    """First day after a block on which a rule permits the feature without a gap in between."""
    day = blocked.until
    for rule in rules:
        if day is not None and rule.begins == day and rule is not blocked:
            if rule.permission in (Permission.ALLOWED, Permission.CONDITIONAL):
                return day
            day = rule.until
    return None


def _chain(rule: FeatureRule) -> list[Reason]:
    carried = [
        Reason(f"{step.jurisdiction} takes over {rule.jurisdiction} rules by {step.through}.", step.source)
        for step in rule.adopted
    ]
    conditions = [Reason(f"Condition: {condition}", rule.source) for condition in rule.conditions]
    note = [Reason(rule.note, rule.source)] if rule.note else []
    return [*carried, *conditions, *note]


def _no_rule(law: Law, code: str, title: str, rules: Sequence[FeatureRule]) -> FeatureFinding:
    """Nobody has spoken for this day: unknown, citing the file that is silent."""
    jurisdiction = law.jurisdiction
    who = f"Beachhead rule file {jurisdiction.place.file}, which says nothing on it"
    if rules:
        who += " for this day"
    source = Source(who=who, as_of=jurisdiction.as_of, grade=Grade.C)
    text = f"No rule on record for '{code}' in {jurisdiction.name}. Silence is not permission."
    return FeatureFinding(code, title, FeatureVerdict.UNKNOWN, (), None, (), (Reason(text, source),))
