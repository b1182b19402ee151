"""All rule files bound into one book: overrides applied, adoptions followed, circles and loose ends refused."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TypeVar

from beachhead.compliance.approval import Approval, Equivalence
from beachhead.compliance.jurisdiction import EndOfSeries, Jurisdiction, RuleFile, Scope
from beachhead.compliance.requirement import Feature, Requirement
from beachhead.compliance.rule import SHOWN_BY, Adopted, FeatureRule, Route, Rule

_Entry = TypeVar("_Entry")
_Key = TypeVar("_Key", bound=Hashable)
_Adoptable = TypeVar("_Adoptable", Rule, FeatureRule, Route)


@dataclass(frozen=True, slots=True, kw_only=True)
class Law:
    """What holds in the markets of one jurisdiction, its own and adopted.

    Attributes:
        jurisdiction: whose law it is.
        lineage: codes of the jurisdiction and of those it adopts from, nearest first.
        rules: by requirement code, in order of time; a requirement without an entry is one nobody has spoken about.
        feature_rules: by feature code, in order of time.
        routes: ways to the customer.
        whole_vehicle: whole-vehicle approvals that show what whole-vehicle approvals cover.
        end_of_series: what is admitted of cars in stock that a new rule shuts out; None if nothing is on record.
    """

    jurisdiction: Jurisdiction
    lineage: tuple[str, ...]
    rules: Mapping[str, tuple[Rule, ...]]
    feature_rules: Mapping[str, tuple[FeatureRule, ...]]
    routes: tuple[Route, ...]
    whole_vehicle: tuple[str, ...]
    end_of_series: EndOfSeries | None = None

    @property
    def type_dating(self) -> tuple[str, ...]:
        """Whole-vehicle approvals of the law and of its routes: any of them makes a type an existing one."""
        return (*self.whole_vehicle, *(code for route in self.routes for code in route.whole_vehicle))


@dataclass(frozen=True, slots=True, kw_only=True)
class Rulebook:
    """Everything the rule files say, bound.

    Attributes:
        requirements: by code, in catalogue order.
        features: by code.
        jurisdictions: by code.
        approvals: by code; each comes after all it may have to wait for.
        equivalences: who holds one thing is treated as holding another.
        issuers: by approval code, the countries whose authorities may issue it; empty if anybody may.
        laws: by market code.
    """

    requirements: Mapping[str, Requirement]
    features: Mapping[str, Feature]
    jurisdictions: Mapping[str, Jurisdiction]
    approvals: Mapping[str, Approval]
    equivalences: tuple[Equivalence, ...]
    issuers: Mapping[str, frozenset[str]]
    laws: Mapping[str, Law]


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """The entries of several rule files, later ones replacing earlier ones; not yet checked.

    Attributes:
        requirements, features, jurisdictions, approvals: by code.
        equivalences: by what is held and what it counts as.
        rules, feature_rules: by jurisdiction and requirement or feature, in order of time.
        routes: by jurisdiction and code.
        files: the files they come from.
    """

    requirements: dict[str, Requirement]
    features: dict[str, Feature]
    jurisdictions: dict[str, Jurisdiction]
    approvals: dict[str, Approval]
    equivalences: dict[tuple[str, str], Equivalence]
    rules: dict[tuple[str, str], tuple[Rule, ...]]
    feature_rules: dict[tuple[str, str], tuple[FeatureRule, ...]]
    routes: dict[tuple[str, str], Route]
    files: tuple[RuleFile, ...]


def merge(files: Sequence[RuleFile]) -> Merged:
    """The entries of all files; a later file replaces earlier ones, entry by entry.

    A file's rules on a requirement replace all rules of earlier files of that jurisdiction on it; so for features.
    """
    return Merged(
        requirements=_latest((file.requirements for file in files), lambda entry: entry.code),
        features=_latest((file.features for file in files), lambda entry: entry.code),
        jurisdictions={file.jurisdiction.code: file.jurisdiction for file in files if file.jurisdiction is not None},
        approvals=_latest((file.approvals for file in files), lambda entry: entry.code),
        equivalences=_latest((file.equivalences for file in files), lambda entry: (entry.holds, entry.counts_as)),
        rules=_phases((file.rules for file in files), lambda rule: (rule.jurisdiction, rule.requirement)),
        feature_rules=_phases((file.feature_rules for file in files), lambda rule: (rule.jurisdiction, rule.feature)),
        routes=_latest((file.routes for file in files), lambda route: (route.jurisdiction, route.code)),
        files=tuple(files),
    )


def bind(merged: Merged, order: Sequence[str]) -> Rulebook:
    """The book of entries that have been checked; `order` lists the approvals, each after all it may wait for."""
    return Rulebook(
        requirements=MappingProxyType(merged.requirements),
        features=MappingProxyType(merged.features),
        jurisdictions=MappingProxyType(merged.jurisdictions),
        approvals=MappingProxyType({code: merged.approvals[code] for code in order}),
        equivalences=tuple(merged.equivalences.values()),
        issuers=MappingProxyType({code: _countries(merged, entry.issuers) for code, entry in merged.approvals.items()}),
        laws=MappingProxyType(_laws(merged)),
    )


def _latest(groups: Iterable[Sequence[_Entry]], key: Callable[[_Entry], _Key]) -> dict[_Key, _Entry]:
    return {key(entry): entry for group in groups for entry in group}


def _phases(
    groups: Iterable[Sequence[_Entry]], key: Callable[[_Entry], tuple[str, str]]
) -> dict[tuple[str, str], tuple[_Entry, ...]]:
    merged: dict[tuple[str, str], tuple[_Entry, ...]] = {}
    for group in groups:
        mine: dict[tuple[str, str], tuple[_Entry, ...]] = {}
        for entry in group:
            mine[key(entry)] = (*mine.get(key(entry), ()), entry)
        merged |= mine
    return merged


def _countries(merged: Merged, codes: Iterable[str]) -> frozenset[str]:
    """Members of the jurisdictions named, and the countries named themselves."""
    members: set[str] = set()
    for code in codes:
        members |= {*merged.jurisdictions[code].markets} if code in merged.jurisdictions else {code}
    return frozenset(members)


def _laws(merged: Merged) -> dict[str, Law]:
    """The law of each market; where two jurisdictions name a market, the one that adopts the other speaks."""
    laws: dict[str, Law] = {}
    for jurisdiction in sorted(merged.jurisdictions.values(), key=lambda entry: len(_lineage(merged, entry))):
        if jurisdiction.scope is Scope.MARKET:
            law = _law(merged, jurisdiction)
            laws |= {market: _with_origin_rules(merged, law, market) for market in jurisdiction.markets}
    return _shared(laws)


def _lineage(merged: Merged, jurisdiction: Jurisdiction) -> list[Jurisdiction]:
    """The jurisdiction and those it adopts from, nearest first."""
    lineage = [jurisdiction]
    while lineage[-1].adopts is not None:
        lineage.append(merged.jurisdictions[lineage[-1].adopts.jurisdiction])
    return lineage


def _law(merged: Merged, jurisdiction: Jurisdiction) -> Law:
    own = Law(
        jurisdiction=jurisdiction,
        lineage=(jurisdiction.code,),
        rules={
            what: _by_time(tuple(_with_countries(merged, rule) for rule in rules))
            for (code, what), rules in merged.rules.items()
            if code == jurisdiction.code
        },
        feature_rules={
            what: _by_time(rules) for (code, what), rules in merged.feature_rules.items() if code == jurisdiction.code
        },
        routes=tuple(
            _spelt_out(merged, route) for (code, _), route in merged.routes.items() if code == jurisdiction.code
        ),
        whole_vehicle=jurisdiction.whole_vehicle,
        end_of_series=jurisdiction.end_of_series,
    )
    if jurisdiction.adopts is None:
        return own
    base = _law(merged, merged.jurisdictions[jurisdiction.adopts.jurisdiction])
    taken = {route.code for route in own.routes}
    adopted_routes = [route for route in base.routes if jurisdiction.adopts.routes and route.code not in taken]
    return Law(
        jurisdiction=jurisdiction,
        lineage=(jurisdiction.code, *base.lineage),
        rules=_adopt_all(base.rules, jurisdiction) | dict(own.rules),
        feature_rules=_adopt_all(base.feature_rules, jurisdiction) | dict(own.feature_rules),
        routes=(*own.routes, *(_adopt(route, jurisdiction) for route in adopted_routes)),
        whole_vehicle=own.whole_vehicle or base.whole_vehicle,
        end_of_series=own.end_of_series or (base.end_of_series if jurisdiction.adopts.routes else None),
    )


def _with_countries(merged: Merged, rule: Rule) -> Rule:
    """The rule with the makers it leaves out named by country."""
    return replace(rule, except_makers_from=_countries(merged, rule.except_makers_from))


def _spelt_out(merged: Merged, route: Route) -> Route:
    """The route with the markets it is open in, and what the catalogue accepts written into what it accepts instead."""
    instead = {
        code: tuple(
            shown for item in accepts for shown in (merged.requirements[code].shown_by if item == SHOWN_BY else (item,))
        )
        for code, accepts in route.instead.items()
    }
    return replace(route, instead=MappingProxyType(instead), markets=_open_in(merged, route.jurisdiction))


def _open_in(merged: Merged, code: str) -> frozenset[str]:
    """Markets in which the routes of a jurisdiction are open: its own, and those of whoever adopts them with routes."""
    followers = (
        entry.code
        for entry in merged.jurisdictions.values()
        if entry.adopts is not None and entry.adopts.routes and entry.adopts.jurisdiction == code
    )
    return frozenset(merged.jurisdictions[code].markets).union(*(_open_in(merged, entry) for entry in followers))


def _adopt_all(
    rules: Mapping[str, tuple[_Adoptable, ...]], jurisdiction: Jurisdiction
) -> dict[str, tuple[_Adoptable, ...]]:
    return {what: tuple(_adopt(rule, jurisdiction) for rule in phases) for what, phases in rules.items()}


def _adopt(rule: _Adoptable, jurisdiction: Jurisdiction) -> _Adoptable:
    adopts = jurisdiction.adopts
    assert adopts is not None
    step = Adopted(jurisdiction=jurisdiction.code, through=adopts.through, source=adopts.source)
    return replace(rule, adopted=(*rule.adopted, step))


def _by_time(rules: tuple[_Adoptable, ...]) -> tuple[_Adoptable, ...]:
    return tuple(sorted(rules, key=lambda rule: rule.begins))


def _with_origin_rules(merged: Merged, law: Law, market: str) -> Law:
    """The law with what countries of origin ask of cars they send there."""
    abroad = {
        what: _by_time(rules)
        for (code, what), rules in merged.rules.items()
        if merged.jurisdictions[code].scope is Scope.ORIGIN and market not in merged.jurisdictions[code].markets
    }
    return replace(law, rules=abroad | dict(law.rules))


def _shared(laws: dict[str, Law]) -> dict[str, Law]:
    """One object for the markets of a jurisdiction that share one law, so that answers can be shared too."""
    seen: dict[tuple[str, tuple[str, ...]], Law] = {}
    return {market: seen.setdefault((law.jurisdiction.code, tuple(law.rules)), law) for market, law in laws.items()}
