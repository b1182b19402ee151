"""Where one requirement stands for one vehicle in one law, from the first day to the last."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from beachhead.compliance.approval import Vehicle
from beachhead.compliance.finding import Finding, Reason, Verdict
from beachhead.compliance.in_hand import Hand, Held, shows
from beachhead.compliance.requirement import Accepted, Gate, Requirement
from beachhead.compliance.rule import Rule, Status
from beachhead.compliance.rulebook import Law
from beachhead.world.source import Grade, Source

_STATUS_WORDS = {
    Status.MANDATORY: "is mandatory",
    Status.WHEN_FITTED: "is asked when the feature is fitted",
    Status.NOT_REQUIRED: "is not required",
    Status.PROHIBITED: "shuts the vehicle out unless authorised",
    Status.UNKNOWN: "is not settled in our sources",
}


_NO_HOME = "where this one comes from is not told: add the home market to markets.csv, with home = yes"


@dataclass(frozen=True, slots=True)
class Evidence:
    """Something in hand that shows a requirement from `start` until before `end`."""

    start: date
    end: date
    reason: Reason


def findings_over_time(
    law: Law, vehicle: Vehicle, in_hand: Hand, requirement: Requirement
) -> list[tuple[date, Finding]]:
    """Findings with the day from which each holds, first one from `date.min`; neighbours differ.

    Every finding is constant between the days on which a rule begins or ends and those on which evidence does.
    """
    outside = _out_of_scope(requirement, vehicle)
    if outside:
        reason = Reason(f"{requirement.title} ({requirement.instrument}): {outside}", requirement.source)
        return [(date.min, _finding(requirement, Verdict.NOT_APPLICABLE, [reason], (), None))]
    rules = law.rules.get(requirement.code, ())
    if not rules:
        return [(date.min, _silence(law, requirement))]
    phases = [_phase(law, vehicle, in_hand, requirement, rule) for rule in rules]
    days = sorted({date.min, *(day for phase in phases for day in phase.days())})
    found = [(day, _finding_on(day, law, vehicle, requirement, phases)) for day in days]
    return [item for index, item in enumerate(found) if index == 0 or item[1] != found[index - 1][1]]


@dataclass(frozen=True, slots=True)
class _Phase:
    """A rule as it meets one vehicle: the day from which it is asked, with the evidence in hand."""

    rule: Rule
    asked: date
    existing: Held | None
    accepts: tuple[Accepted, ...]
    evidence: tuple[Evidence, ...]
    near_misses: tuple[Reason, ...]

    def days(self) -> Iterator[date]:
        yield self.asked
        if self.rule.until is not None:
            yield self.rule.until
        for item in self.evidence:
            yield from (item.start, item.end)


def _out_of_scope(requirement: Requirement, vehicle: Vehicle) -> str:
    if requirement.categories and vehicle.category not in requirement.categories:
        return f"it concerns {', '.join(sorted(requirement.categories))}; the vehicle is {vehicle.category}."
    if requirement.built_in and vehicle.built_in and vehicle.built_in not in requirement.built_in:
        return f"it concerns cars built in {', '.join(sorted(requirement.built_in))}; built in {vehicle.built_in}."
    if requirement.maker_from and vehicle.maker_from and vehicle.maker_from not in requirement.maker_from:
        makers = ", ".join(sorted(requirement.maker_from))
        return f"it concerns makers controlled from {makers}; controlled from {vehicle.maker_from}."
    if requirement.gate is Gate.FEATURE and not requirement.features & vehicle.features:
        return f"it concerns {', '.join(sorted(requirement.features))}, which {vehicle.code} does not declare."
    return ""


def _untold(requirement: Requirement, vehicle: Vehicle) -> str:
    """What nobody has told of the car, where the requirement hangs on it: unknown is never read as allowed."""
    if requirement.built_in and not vehicle.built_in:
        return f"It concerns cars built in {', '.join(sorted(requirement.built_in))}, and {_NO_HOME}."
    if requirement.maker_from and not vehicle.maker_from:
        return f"It concerns makers controlled from {', '.join(sorted(requirement.maker_from))}, and {_NO_HOME}."
    return ""


def _phase(law: Law, vehicle: Vehicle, in_hand: Hand, requirement: Requirement, rule: Rule) -> _Phase:
    asked, existing = _asked_from(law, in_hand, rule)
    accepts = rule.accepts or requirement.shown_by
    evidence, misses = _evidence(law, vehicle, in_hand, requirement, rule, accepts)
    return _Phase(rule, asked, existing, accepts, tuple(evidence), tuple(misses))


def _asked_from(law: Law, in_hand: Hand, rule: Rule) -> tuple[date, Held | None]:
    """First day on which this vehicle is asked, and the approval that makes it an existing type, if one matters."""
    if rule.new_types is None:
        return rule.all_vehicles or date.min, None
    older = [
        held
        for code in law.type_dating
        for held in in_hand.held.get(code, ())
        if held.start < rule.new_types < held.end
    ]
    if not older:
        return rule.new_types, None
    longest = max(older, key=lambda held: held.end)
    return min(rule.all_vehicles or rule.new_types, longest.end), longest


def _evidence(
    law: Law, vehicle: Vehicle, in_hand: Hand, requirement: Requirement, rule: Rule, accepts: Sequence[Accepted]
) -> tuple[list[Evidence], list[Reason]]:
    evidence: list[Evidence] = []
    misses: list[Reason] = []
    for item in accepts:
        if item.equipment is not None:
            if item.equipment in vehicle.features:
                reason = Reason(f"{vehicle.code} declares {item.equipment}.", rule.source)
                evidence.append(Evidence(date.min, date.max, reason))
            continue
        for held in in_hand.held.get(item.code, ()):
            if shows(item, held):
                evidence.append(Evidence(held.start, held.end, _shown_by(held)))
            else:
                text = f"{held.certificate.approval} held is series {held.series or 'unnumbered'}, not {item.series}."
                misses.append(Reason(text, held.certificate.source))
        for certificate, why in in_hand.void.get(item.code, ()):
            misses.append(Reason(f"{certificate.approval} held {why}.", certificate.source))
    if requirement.in_whole_vehicle:
        _add_whole_vehicle(law.whole_vehicle, in_hand, rule, evidence, misses)
    return evidence, misses


def _add_whole_vehicle(
    approvals: Sequence[str], in_hand: Hand, rule: Rule, evidence: list[Evidence], misses: list[Reason]
) -> None:
    """A whole-vehicle approval shows what it covers, as the law stood at its grant or last extension."""
    for code in approvals:
        for held in in_hand.held.get(code, ()):
            start = start_of_cover(held, rule)
            if start is not None:
                evidence.append(Evidence(start, held.end, _covered_by(held, rule)))
            else:
                state = held.certificate.shows_as_of
                text = f"{code} shows the law as of {state}, before {rule.new_types}; it needs an extension."
                misses.append(Reason(text, held.certificate.source))


def start_of_cover(held: Held, rule: Rule) -> date | None:
    """First day from which a whole-vehicle approval shows the rule; None if it predates it."""
    if rule.new_types is None or held.start >= rule.new_types:
        return held.start
    state = held.certificate.shows_as_of
    return state if state >= rule.new_types else None


def _covered_by(held: Held, rule: Rule) -> Reason:
    """What a whole-vehicle approval shows; where that hangs on what its extension was for, it says so."""
    shown, extended = _shown_by(held), held.certificate.extended_on
    if extended is None or rule.new_types is None or held.start >= rule.new_types:
        return shown
    if extended >= (rule.all_vehicles or rule.new_types):
        return shown
    taken = "Existing types were not asked yet on that day: this takes the extension for a check against the rule."
    return Reason(f"{shown.text} {taken}", shown.source)


def _shown_by(held: Held) -> Reason:
    certificate = held.certificate
    series = f" series {certificate.series}" if certificate.series else ""
    document = f" ({certificate.document})" if certificate.document else ""
    steps = "".join(f", which counts as {step.counts_as} by {step.through}" for step in held.by)
    when = f"granted on {certificate.granted_on}"
    if certificate.extended_on:
        when += f", extended on {certificate.extended_on}"
    until = "" if held.end == date.max else f", valid until {held.end}"
    by = f" by {certificate.issuer}" if certificate.issuer else ""
    return Reason(f"Shown by {certificate.approval}{series} {when}{by}{document}{steps}{until}.", certificate.source)


def _finding_on(day: date, law: Law, vehicle: Vehicle, requirement: Requirement, phases: Sequence[_Phase]) -> Finding:
    phase = _in_force(day, phases)
    rule = phase.rule
    if rule.until is not None and day >= rule.until and phase is phases[-1]:
        return _plain(law, requirement, rule, Verdict.NOT_APPLICABLE, f"It ended on {rule.until}.")
    if rule.status is Status.NOT_REQUIRED:
        return _plain(law, requirement, rule, Verdict.NOT_APPLICABLE, "")
    if vehicle.maker_from and vehicle.maker_from in rule.except_makers_from:
        text = f"A maker from {vehicle.maker_from} is not asked."
        return _plain(law, requirement, rule, Verdict.NOT_APPLICABLE, text)
    if rule.status is Status.WHEN_FITTED and not requirement.features & vehicle.features:
        text = f"{vehicle.code} declares none of {', '.join(sorted(requirement.features))}."
        return _plain(law, requirement, rule, Verdict.NOT_APPLICABLE, text)
    if day < phase.asked:
        return _plain(law, requirement, rule, Verdict.NOT_APPLICABLE, _not_yet(phase))
    if untold := _untold(requirement, vehicle):
        return _plain(law, requirement, rule, Verdict.UNKNOWN, untold, phase.accepts)
    if rule.status is Status.UNKNOWN:
        text = "Unknown is not permission: settle it with the authority and record the answer in a rule file."
        return _plain(law, requirement, rule, Verdict.UNKNOWN, text, phase.accepts)
    return _shown_or_missing(day, law, vehicle, requirement, phase)


def _in_force(day: date, phases: Sequence[_Phase]) -> _Phase:
    """The phase that speaks to this vehicle on the day, or the next one to come, or the last one.

    Where one phase follows another without a gap, an existing type stays under the earlier until the later asks it.
    """
    index = max(0, bisect_right([phase.rule.begins for phase in phases], day) - 1)
    phase = phases[index]
    if index > 0 and day < phase.asked and phases[index - 1].rule.until == phase.rule.begins:
        return phases[index - 1]
    ended = phase.rule.until is not None and day >= phase.rule.until
    return phases[index + 1] if ended and index + 1 < len(phases) else phase


def _shown_or_missing(day: date, law: Law, vehicle: Vehicle, requirement: Requirement, phase: _Phase) -> Finding:
    valid = next((item for item in phase.evidence if item.start <= day < item.end), None)
    chain = [*_rule_reasons(requirement, phase.rule), *_type_reason(vehicle, phase)]
    if valid is not None:
        return _finding(requirement, Verdict.MET, [*chain, valid.reason], phase.accepts, phase.rule)
    lapsed = [
        Reason(item.reason.text.replace("Shown by", "Was shown by"), item.reason.source)
        for item in phase.evidence
        if item.end <= day
    ]
    expected = [
        Reason(f"Expected from {item.start}: {item.reason.text}", item.reason.source)
        for item in phase.evidence
        if item.start > day
    ]
    last = Reason(_would_show(law, requirement, phase), phase.rule.source)
    reasons = [*chain, *phase.near_misses, *lapsed, *expected, last]
    return _finding(requirement, Verdict.MISSING, reasons, phase.accepts, phase.rule)


def _would_show(law: Law, requirement: Requirement, phase: _Phase) -> str:
    accepted = [str(item) for item in phase.accepts]
    if requirement.in_whole_vehicle and law.whole_vehicle:
        accepted.append("a whole-vehicle approval")
    if not accepted:
        return "Nothing held shows it, and nothing on record would."
    return f"Nothing held shows it; accepted: {', or '.join(accepted)}."


def _type_reason(vehicle: Vehicle, phase: _Phase) -> list[Reason]:
    rule = phase.rule
    if rule.new_types is None or rule.all_vehicles in (None, rule.new_types):
        return []
    if phase.existing is None:
        return [Reason(f"{vehicle.code} holds no approval from before {rule.new_types}: a new type.", rule.source)]
    certificate = phase.existing.certificate
    text = f"{vehicle.code} was approved on {certificate.granted_on}, before {rule.new_types}: an existing type."
    return [Reason(text, certificate.source)]


def _not_yet(phase: _Phase) -> str:
    if phase.existing is None:
        return f"Not asked before {phase.asked}."
    granted = phase.existing.certificate.granted_on
    return f"The type was approved on {granted}, before {phase.rule.new_types}: not asked before {phase.asked}."


def _rule_reasons(requirement: Requirement, rule: Rule) -> list[Reason]:
    called = rule.instrument or requirement.instrument
    text = f"{requirement.title} ({called}) {_STATUS_WORDS[rule.status]} in {rule.jurisdiction}{_when(rule)}."
    note = f" {rule.note}" if rule.note else ""
    carried = [
        Reason(f"{step.jurisdiction} takes over {rule.jurisdiction} rules by {step.through}.", step.source)
        for step in rule.adopted
    ]
    return [Reason(text + note, rule.source), *carried]


def _when(rule: Rule) -> str:
    parts = []
    if rule.new_types is not None:
        parts.append(f"new types from {rule.new_types}")
    if rule.all_vehicles is not None:
        parts.append(f"every new car from {rule.all_vehicles}")
    if rule.until is not None:
        parts.append(f"until {rule.until}")
    return f" ({', '.join(parts)})" if parts else ""


def _plain(
    law: Law,
    requirement: Requirement,
    rule: Rule,
    verdict: Verdict,
    text: str,
    accepts: tuple[Accepted, ...] = (),
) -> Finding:
    reasons = _rule_reasons(requirement, rule)
    if text:
        reasons.append(Reason(text, rule.source))
    return _finding(requirement, verdict, reasons, accepts, rule)


def _silence(law: Law, requirement: Requirement) -> Finding:
    """Nobody has spoken: unknown, citing the file that is silent."""
    jurisdiction = law.jurisdiction
    who = f"Beachhead rule file {jurisdiction.place.file}, which says nothing on it"
    source = Source(who=who, as_of=jurisdiction.as_of, grade=Grade.C)
    text = f"No rule on record for {requirement.title} ({requirement.instrument}) in {jurisdiction.name}."
    return _finding(
        requirement,
        Verdict.UNKNOWN,
        [Reason(f"{text} Silence is not permission.", source)],
        requirement.shown_by,
        None,
    )


def _finding(
    requirement: Requirement,
    verdict: Verdict,
    reasons: Sequence[Reason],
    accepts: tuple[Accepted, ...],
    rule: Rule | None,
) -> Finding:
    return Finding(
        requirement=requirement.code,
        title=requirement.title,
        verdict=verdict,
        gate=requirement.gate,
        reasons=tuple(reasons),
        accepts=accepts,
        rule=rule,
        in_whole_vehicle=requirement.in_whole_vehicle,
    )
