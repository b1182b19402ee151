"""Checks merged rule files against each other: every loose end, overlap and circle, each with its file and line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise
from typing import Protocol

from beachhead.compliance.jurisdiction import Jurisdiction, RuleFile, Scope
from beachhead.compliance.requirement import Accepted, Kind, Place
from beachhead.compliance.rule import SHOWN_BY, FeatureRule, Route, Rule, Status
from beachhead.compliance.rule_file import bundled_rule_files
from beachhead.compliance.rulebook import Merged, Rulebook, bind, merge
from beachhead.world.errors import BadInput, Fault

_SHOWN = (Status.MANDATORY, Status.WHEN_FITTED)


class _Spanned(Protocol):
    """An entry that holds for a span of time."""

    @property
    def begins(self) -> date: ...
    @property
    def until(self) -> date | None: ...
    @property
    def place(self) -> Place: ...


def rulebook(*further: RuleFile) -> Rulebook:
    """The bundled rules, with further files added to or overriding them."""
    return compile_rules((*bundled_rule_files(), *further))


def compile_rules(files: Sequence[RuleFile]) -> Rulebook:
    """One checked book from rule files; raises one error with all that is wrong between them."""
    merged = merge(files)
    faults = [*_jurisdiction_faults(merged), *_repeats(merged)]
    if faults:  # nothing else can be followed before these are mended
        raise BadInput.of([*faults, *_reference_faults(merged), *_phase_faults(merged)])
    order, circles = _order(merged)
    faults = [*_reference_faults(merged), *_phase_faults(merged), *circles]
    if faults:
        raise BadInput.of(faults)
    return bind(merged, order)


def _fault(place: Place, written: str, problem: str, cure: str) -> Fault:
    return Fault(file=place.file, row=place.line, written=written, problem=problem, cure=cure)


# ---- jurisdictions ---------------------------------------------------------------------------------------------------


def _jurisdiction_faults(merged: Merged) -> Iterator[Fault]:
    for file in merged.files:
        if file.extends and file.extends not in merged.jurisdictions:
            place = Place(file=file.name, line=1)
            yield _fault(place, file.extends, "is described by no rule file", "write name and markets at the head")
    for jurisdiction in merged.jurisdictions.values():
        yield from _adoption_faults(merged, jurisdiction)
    claimed: dict[str, Jurisdiction] = {}
    for jurisdiction in merged.jurisdictions.values():
        for market in jurisdiction.markets if jurisdiction.scope is Scope.MARKET else ():
            other = claimed.setdefault(market, jurisdiction)
            if other is not jurisdiction and not (_adopts(jurisdiction, other) or _adopts(other, jurisdiction)):
                yield _fault(
                    jurisdiction.place,
                    market,
                    f"is also a market of {other.code}",
                    f"take it out of one file, or let {jurisdiction.code} adopt {other.code}",
                )


def _adopts(one: Jurisdiction, other: Jurisdiction) -> bool:
    return one.adopts is not None and one.adopts.jurisdiction == other.code


def _adoption_faults(merged: Merged, jurisdiction: Jurisdiction) -> Iterator[Fault]:
    chain, at = [jurisdiction.code], jurisdiction
    while at.adopts is not None:
        code = at.adopts.jurisdiction
        if code not in merged.jurisdictions:
            if at is jurisdiction:
                yield _fault(at.place, code, "is adopted from but described by no rule file", "mend the code")
            return
        if code in chain:
            if code == jurisdiction.code:
                yield _fault(at.place, " -> ".join([*chain, code]), "adopts in a circle", "let one of them stand alone")
            return
        chain.append(code)
        at = merged.jurisdictions[code]


# ---- one entry against the catalogue ---------------------------------------------------------------------------------


def _repeats(merged: Merged) -> Iterator[Fault]:
    """Codes defined twice within one file; across files the later one overrides."""
    for file in merged.files:
        for entries in (file.requirements, file.features, file.approvals, file.routes):
            seen: set[str] = set()
            for entry in entries:
                if entry.code in seen:
                    yield _fault(entry.place, entry.code, "is defined twice in this file", "keep one of them")
                seen.add(entry.code)


def _reference_faults(merged: Merged) -> Iterator[Fault]:
    names = _Names(merged)
    for requirement in merged.requirements.values():
        yield from names.features(requirement.place, requirement.features)
        yield from names.accepted(requirement.place, requirement.shown_by)
    for approval in merged.approvals.values():
        for way in approval.ways:
            yield from names.approvals(approval.place, way.needs)
        yield from names.countries(approval.place, approval.issuers)
    for equivalence in merged.equivalences.values():
        yield from names.approvals(equivalence.place, (equivalence.holds, equivalence.counts_as))
    for rules in merged.rules.values():
        for rule in rules:
            yield from _rule_faults(merged, names, rule)
    for phases in merged.feature_rules.values():
        for feature_rule in phases:
            yield from names.features(feature_rule.place, (feature_rule.feature,))
            yield from names.requirements(feature_rule.place, feature_rule.needs)
    for route in merged.routes.values():
        yield from _route_faults(names, route)
    for jurisdiction in merged.jurisdictions.values():
        yield from names.approvals(jurisdiction.place, jurisdiction.whole_vehicle)


def _rule_faults(merged: Merged, names: _Names, rule: Rule) -> Iterator[Fault]:
    yield from names.requirements(rule.place, (rule.requirement,))
    yield from names.accepted(rule.place, rule.accepts)
    yield from names.countries(rule.place, sorted(rule.except_makers_from))
    requirement = merged.requirements.get(rule.requirement)
    if requirement is None:
        return
    if rule.status in _SHOWN and not (rule.accepts or requirement.shown_by):
        yield _fault(rule.place, rule.requirement, "is asked but nothing would show it", "write 'accepts:'")
    if rule.status is Status.WHEN_FITTED and not requirement.features:
        cure = "write mandatory, or name the features in the catalogue"
        yield _fault(rule.place, rule.requirement, "is asked when fitted, but no feature brings it into play", cure)


def _route_faults(names: _Names, route: Route) -> Iterator[Fault]:
    yield from names.requirements(route.place, route.waives)
    yield from names.approvals(route.place, route.whole_vehicle)
    yield from names.requirements(route.place, route.instead)
    for accepts in route.instead.values():
        yield from names.accepted(route.place, (item for item in accepts if item != SHOWN_BY))


class _Names:
    """What may be referred to; entries that could not be read count, so that one mistake is told once."""

    def __init__(self, merged: Merged) -> None:
        broken = {code for file in merged.files for code in file.broken}
        self._requirements = merged.requirements.keys() | broken
        self._features = merged.features.keys() | broken
        self._equipment = {c for c, f in merged.features.items() if f.kind is Kind.EQUIPMENT} | broken
        self._approvals = merged.approvals.keys() | broken
        self._jurisdictions = merged.jurisdictions.keys()

    def requirements(self, place: Place, codes: Iterable[str]) -> Iterator[Fault]:
        yield from _unknown(place, codes, self._requirements, "requirement", "requirements")

    def features(self, place: Place, codes: Iterable[str]) -> Iterator[Fault]:
        yield from _unknown(place, codes, self._features, "feature", "features")

    def approvals(self, place: Place, codes: Iterable[str]) -> Iterator[Fault]:
        yield from _unknown(place, codes, self._approvals, "approval", "approvals")

    def accepted(self, place: Place, accepted: Iterable[Accepted]) -> Iterator[Fault]:
        for item in accepted:
            if item.equipment is None:
                yield from self.approvals(place, (item.code,))
            else:
                yield from _unknown(place, (item.equipment,), self._equipment, "piece of equipment", "features")

    def countries(self, place: Place, codes: Iterable[str]) -> Iterator[Fault]:
        countries = {code for code in codes if len(code) == 2}
        yield from _unknown(place, set(codes) - countries, self._jurisdictions, "jurisdiction", "jurisdiction")


def _unknown(place: Place, codes: Iterable[str], known: Iterable[str], what: str, key: str) -> Iterator[Fault]:
    for code in codes:
        if code not in known:
            yield _fault(place, code, f"is no {what} of any rule file", f"mend the spelling, or define it in '{key}:'")


# ---- spans of time ---------------------------------------------------------------------------------------------------


def _phase_faults(merged: Merged) -> Iterator[Fault]:
    spans: list[Mapping[tuple[str, str], tuple[Rule, ...]] | Mapping[tuple[str, str], tuple[FeatureRule, ...]]]
    spans = [merged.rules, merged.feature_rules]
    for entries in spans:
        for (_, what), phases in entries.items():
            yield from _overlaps(what, phases)


def _overlaps(what: str, phases: Sequence[_Spanned]) -> Iterator[Fault]:
    ordered = sorted(phases, key=lambda entry: entry.begins)
    for earlier, later in pairwise(ordered):
        if earlier.until is None or later.begins < earlier.until:
            problem = f"has two rules at the same time (the other on line {earlier.place.line})"
            yield _fault(later.place, what, problem, "close the earlier with 'until:', or keep one of them")


# ---- what waits for what ---------------------------------------------------------------------------------------------


def _order(merged: Merged) -> tuple[list[str], list[Fault]]:
    """Approvals in an order in which each follows all it may wait for, and the circles that prevent it."""
    before: dict[str, list[str]] = {
        code: [need for way in approval.ways for need in way.needs if need in merged.approvals]
        for code, approval in merged.approvals.items()
    }
    for equivalence in merged.equivalences.values():
        if {equivalence.holds, equivalence.counts_as} <= merged.approvals.keys():
            before[equivalence.counts_as].append(equivalence.holds)
    faults: list[Fault] = []
    while True:
        try:
            return list(TopologicalSorter(before).static_order()), faults
        except CycleError as error:
            circle: list[str] = error.args[1]  # each waits for the one before it
            faults.append(_circle_fault(merged, circle))
            before[circle[1]].remove(circle[0])


def _circle_fault(merged: Merged, circle: list[str]) -> Fault:
    """A circle, told at the equivalence that closes it, or else at the first approval on it."""
    written = " -> ".join(circle)
    for holds, counts_as in pairwise(circle):
        equivalence = merged.equivalences.get((holds, counts_as))
        if equivalence is not None:
            problem, cure = "count as each other in a circle: none could come first", "take one equivalence out"
            return _fault(equivalence.place, written, problem, cure)
    place = merged.approvals[circle[0]].place
    return _fault(place, written, "wait for each other in a circle", "take one of the needs out")
