"""Reads rule files: YAML, one jurisdiction a file; every fault is told with its file and line."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from importlib import resources
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from beachhead.compliance.approval import Approval, Equivalence, Way
from beachhead.compliance.jurisdiction import Adoption, EndOfSeries, Jurisdiction, RuleFile
from beachhead.compliance.requirement import Accepted, Feature, Place, Requirement
from beachhead.compliance.rule import FeatureRule, Route, Rule
from beachhead.compliance.rule_entry import (
    LISTS,
    AdoptionEntry,
    ApprovalEntry,
    EndOfSeriesEntry,
    Entry,
    EquivalenceEntry,
    FeatureRuleEntry,
    Header,
    RequirementEntry,
    RouteEntry,
    RuleEntry,
    in_plain_words,
)
from beachhead.compliance.rule_yaml import Path as EntryPath
from beachhead.compliance.rule_yaml import Tree, parse
from beachhead.world.errors import BadInput, Fault
from beachhead.world.source import Grade, Source

_Noun = TypeVar("_Noun")


def bundled_rule_files() -> tuple[RuleFile, ...]:
    """The rule files that ship with the package, catalogue first, then by name."""
    folder = resources.files("beachhead.compliance") / "rules"
    files = sorted((item for item in folder.iterdir() if item.name.endswith(".yaml")), key=lambda item: item.name)
    return _read_all((item.name, item.read_text(encoding="utf-8")) for item in files)


def folder_rule_files(folder: Path) -> tuple[RuleFile, ...]:
    """The rule files of a launch folder's `rules/`, by name; none if it has no such folder."""
    files = sorted((folder / "rules").glob("*.yaml")) + sorted((folder / "rules").glob("*.yml"))
    return _read_all((f"rules/{file.name}", read_rule_text(file)) for file in files)


def read_rule_file(name: str, text: str) -> tuple[RuleFile, tuple[Fault, ...]]:
    """One rule file from its text, with every fault found in it; entries at fault are left out."""
    faults: list[Fault] = []
    tree = parse(name, text, faults)
    if not isinstance(tree.value, dict):
        if not faults:
            faults.append(
                Fault(
                    file=name,
                    problem="holds no keys",
                    cure="begin with 'jurisdiction:'; see docs/reference/rule-files.md",
                )
            )
        return RuleFile(name=name), tuple(faults)
    return _Reader(name=name, tree=tree, faults=faults).read(), tuple(faults)


def _read_all(texts: Iterable[tuple[str, str]]) -> tuple[RuleFile, ...]:
    """All files, or one error with the faults of all."""
    faults: list[Fault] = []
    files = []
    for name, text in texts:
        file, found = read_rule_file(name, text)
        files.append(file)
        faults += found
    if faults:
        raise BadInput.of(faults)
    return tuple(files)


def read_rule_text(file: Path) -> str:
    """The text of a rule file."""
    try:
        return file.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise BadInput(f"cannot read {file}: {error.strerror}", "check its folder, spelling and permissions") from error
    except UnicodeDecodeError as error:
        raise BadInput(f"cannot read {file}: {error}", "save the rule file as UTF-8 text") from error


class _Reader:
    """Turns one parsed file into nouns, gathering faults."""

    def __init__(self, *, name: str, tree: Tree, faults: list[Fault]) -> None:
        self.name, self.tree, self.faults = name, tree, faults
        self.broken: set[str] = set()

    def read(self) -> RuleFile:
        header = self._header()
        if header is None:
            for key in LISTS:  # so that all faults are told at once
                self._each(key, lambda entry, place: ())
            return RuleFile(name=self.name, broken=frozenset(self.broken))
        self.header, self.code = header, header.jurisdiction or ""
        return RuleFile(
            name=self.name,
            jurisdiction=self._jurisdiction(),
            extends=self.code,
            requirements=self._each("requirements", lambda e, p: [self._requirement(e, p)]),
            features=self._each("features", lambda e, p: [Feature(code=e.code, title=e.title, kind=e.kind, place=p)]),
            approvals=self._each("approvals", lambda e, p: [self._approval(e, p)]),
            equivalences=self._each("equivalences", lambda e, p: [self._equivalence(e, p)]),
            rules=self._each("rules", self._rules),
            feature_rules=self._each("feature_rules", self._feature_rules),
            routes=self._each("routes", lambda e, p: [self._route(e, p)]),
            broken=frozenset(self.broken),
        )

    def _header(self) -> Header | None:
        values = {key: value for key, value in self.tree.value.items() if key not in LISTS}
        header: Header | None = self._checked(Header, values, ())
        for key in LISTS:
            if not isinstance(self.tree.value.get(key) or [], list):
                self._fault((key,), "", "is not a list", "write one entry a line, each after a dash")
        ruled = any(self.tree.value.get(key) for key in ("rules", "feature_rules", "routes"))
        if header is not None and header.jurisdiction is None and (ruled or header.markets):
            self._fault((), "", "rules without 'jurisdiction'", "name whose rules they are")
            return None
        return header

    def _jurisdiction(self) -> Jurisdiction | None:
        """The jurisdiction the file describes; None for a catalogue, and where it adds to one described elsewhere."""
        header = self.header
        if not self.code or not header.markets:
            return None
        return Jurisdiction(
            code=self.code,
            name=header.name or self.code,
            scope=header.scope,
            markets=tuple(header.markets),
            adopts=None if header.adopts is None else self._adoption(header.adopts),
            whole_vehicle=tuple(header.whole_vehicle),
            end_of_series=None if header.end_of_series is None else self._end_of_series(header.end_of_series),
            as_of=header.as_of,
            place=self._place(("jurisdiction",)),
        )

    def _end_of_series(self, entry: EndOfSeriesEntry) -> EndOfSeries:
        return EndOfSeries(
            share=entry.share, least=entry.least, months=entry.months, terms=entry.terms, source=self._source(entry)
        )

    def _adoption(self, entry: AdoptionEntry) -> Adoption:
        return Adoption(
            jurisdiction=entry.jurisdiction,
            through=entry.through,
            routes=entry.routes,
            source=self._source(entry),
        )

    def _each(self, key: str, convert: Callable[[Any, Place], Sequence[_Noun]]) -> tuple[_Noun, ...]:
        nouns: list[_Noun] = []
        entries = self.tree.value.get(key) or []
        for index, written in enumerate(entries if isinstance(entries, list) else []):
            entry = self._checked(LISTS[key], written, (key, index))
            if entry is None:
                code = written.get("code") if isinstance(written, dict) else None
                self.broken |= {str(code)} if code else set()
            else:
                nouns += convert(entry, self._place((key, index)))
        return tuple(nouns)

    def _checked(self, model: type[Entry], written: object, path: EntryPath) -> Any:
        try:
            return model.model_validate(written)
        except ValidationError as error:
            for detail in error.errors():
                self._pydantic_fault(detail, path, model)
            return None

    def _pydantic_fault(self, detail: Any, path: EntryPath, model: type[Entry]) -> None:
        where = tuple(part for part in detail["loc"] if isinstance(part, int) or part in self._keys(path, detail))
        problem, cure = in_plain_words(detail, model)
        written = detail["input"]
        quoted = "" if isinstance(written, dict | list) or written is None else str(written)
        self._fault((*path, *where), quoted, problem, cure, key=str(detail["loc"][-1]) if detail["loc"] else "")

    def _keys(self, path: EntryPath, detail: Any) -> set[str]:
        """Keys that stand somewhere below the path; pydantic also puts names of alternatives into a location."""
        written = {str(p[-1]) for p in self.tree.lines if p[: len(path)] == path and len(p) > len(path)}
        return written | {str(detail["loc"][0])} if detail["loc"] else written

    def _fault(self, path: EntryPath, written: str, problem: str, cure: str, key: str = "") -> None:
        self.faults.append(
            Fault(
                file=self.name,
                row=self.tree.line(path),
                column=key or None,
                written=written,
                problem=problem,
                cure=cure,
            )
        )

    def _place(self, path: EntryPath) -> Place:
        return Place(file=self.name, line=self.tree.line(path))

    def _source(self, entry: Any) -> Source:
        return Source(who=entry.citation, as_of=entry.as_of or self.header.as_of, grade=entry.grade)

    def _requirement(self, entry: RequirementEntry, place: Place) -> Requirement:
        return Requirement(
            code=entry.code,
            title=entry.title,
            about=entry.about,
            instrument=entry.instrument,
            gate=entry.gate,
            categories=frozenset(entry.categories),
            features=frozenset(entry.features),
            built_in=frozenset(entry.built_in),
            maker_from=frozenset(entry.maker_from),
            in_whole_vehicle=entry.in_whole_vehicle,
            local=self.code,
            shown_by=_accepted(entry.shown_by),
            source=self._source(entry),
            place=place,
        )

    def _approval(self, entry: ApprovalEntry, place: Place) -> Approval:
        return Approval(
            code=entry.code,
            title=entry.title,
            kind=entry.kind,
            series=entry.series,
            issuers=tuple(entry.issuers),
            ways=tuple(self._ways(entry, place)),
            waits_for_systems=entry.waits_for_systems,
            covers_maker=entry.covers_maker,
            valid_years=entry.valid_years,
            source=self._source(entry),
            place=place,
        )

    def _ways(self, entry: ApprovalEntry, place: Place) -> Iterator[Way]:
        for way in entry.ways:
            default = self.header.lead_times
            who = way.citation or (default.citation if default else "")
            grade = way.grade or (default.grade if default else Grade.C)
            if not who:
                self.faults.append(
                    Fault(
                        file=place.file,
                        row=place.line,
                        column="ways",
                        written=entry.code,
                        problem="has a lead time without a source",
                        cure="cite the way, or write 'lead_times:' at the head of the file",
                    )
                )
                continue
            yield Way(
                through=way.through,
                needs=tuple(way.needs),
                weeks=way.weeks,
                cost_eur=way.cost_eur,
                source=Source(who=who, as_of=self.header.as_of, grade=grade),
            )

    def _equivalence(self, entry: EquivalenceEntry, place: Place) -> Equivalence:
        return Equivalence(
            holds=entry.holds,
            series=entry.series,
            counts_as=entry.counts_as,
            through=entry.through,
            source=self._source(entry),
            place=place,
        )

    def _rules(self, entry: RuleEntry, place: Place) -> list[Rule]:
        return [
            Rule(
                jurisdiction=self.code,
                requirement=requirement,
                status=entry.status,
                instrument=entry.instrument,
                new_types=entry.new_types,
                all_vehicles=entry.all_vehicles,
                until=entry.until,
                accepts=_accepted(entry.accepts),
                except_makers_from=frozenset(entry.except_makers_from),
                note=entry.note,
                source=self._source(entry),
                place=place,
            )
            for requirement in entry.requirement
        ]

    def _feature_rules(self, entry: FeatureRuleEntry, place: Place) -> list[FeatureRule]:
        return [
            FeatureRule(
                jurisdiction=self.code,
                feature=feature,
                permission=entry.permission,
                starts=entry.starts,
                until=entry.until,
                needs=tuple(entry.needs),
                conditions=tuple(entry.conditions),
                note=entry.note,
                source=self._source(entry),
                place=place,
            )
            for feature in entry.feature
        ]

    def _route(self, entry: RouteEntry, place: Place) -> Route:
        return Route(
            jurisdiction=self.code,
            code=entry.code,
            title=entry.title,
            volume=entry.volume,
            cap=entry.cap,
            per_market=entry.per_market,
            per_type=entry.per_type,
            waives=frozenset(entry.waives),
            whole_vehicle=tuple(entry.whole_vehicle),
            instead={code: _accepted(item.accepts) for item in entry.instead for code in item.requirement},
            starts=entry.starts,
            until=entry.until,
            note=entry.note,
            source=self._source(entry),
            place=place,
        )


def _accepted(texts: Iterable[str]) -> tuple[Accepted, ...]:
    return tuple(Accepted.parse(text) for text in texts)
