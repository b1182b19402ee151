"""What must agree between tables: every code named exists, and nothing needed elsewhere is left out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from math import exp, inf, log
from statistics import median
from typing import Any

from beachhead.evidence.cell import meant
from beachhead.evidence.load import Loaded
from beachhead.evidence.row import Column, Placed, columns_of
from beachhead.evidence.tables.areas import area_of
from beachhead.evidence.tables.prices import PriceRow
from beachhead.evidence.terms import FILE, Terms
from beachhead.evidence.textfile import MOST_FAULTS
from beachhead.world.errors import Fault
from beachhead.world.figures import money

MOST_APART = 10.0
"""No tax or duty makes one car ten times as dear in one market as in most; a rate written the wrong way round does."""


def reference_faults(tables: Mapping[str, Loaded], terms: Terms | None, target_line: int | None) -> Iterator[Fault]:
    """Faults of every column that refers to another table's column; `target_line` is that of objective.target."""
    for loaded in tables.values():
        for column in columns_of(loaded.table.row).values():
            if column.refers:
                yield from _named_but_absent(loaded, column, tables, terms)
                if column.every:
                    yield from _present_but_unnamed(loaded, column, tables)
    yield from _renamed_codes(tables)
    yield from _foreign_prices(tables)
    yield from _unknown_places(tables)
    yield from _labels_apart(tables)
    yield from _forks_apart(tables)
    yield from _borders_untold(tables)
    if terms is not None:
        apart = tuple(_prices_apart(tables, terms))
        yield from apart
        yield from _margins_above_prices(tables, terms, {fault.row for fault in apart})
        yield from _unplanned_recalls(tables["service"], terms)
    if terms is not None and terms.objective.target is not None:
        yield from _unknown_target(terms.objective.target, target_line, tables["targets"])


def _named_but_absent(
    loaded: Loaded, column: Column, tables: Mapping[str, Loaded], terms: Terms | None
) -> Iterator[Fault]:
    name, _, of = column.refers.partition(".")
    target = tables[name]
    if not target.grid.complete or (target.table.required and not target.grid.lines):
        return  # the file itself is the fault
    known = {*target.written(of), *column.besides}
    if column.refers == "fx.currency":
        if terms is None:
            return
        known.add(terms.currency)
    absent = [(placed, word) for placed in loaded.rows for word in _words(placed, column) if word not in known]
    if len({word for _, word in absent}) <= target.unsure(of):
        return  # the codes at fault there are likely those named here
    for placed, word in absent[: MOST_FAULTS + 1]:
        problem, cure = _absence(word, target, of, known)
        yield Fault(
            file=loaded.table.file, row=placed.line, column=column.name, written=word, problem=problem, cure=cure
        )


def _words(placed: Placed[Any], column: Column) -> tuple[str, ...]:
    value = getattr(placed.row, column.name)
    return value if isinstance(value, tuple) else () if value is None else (value,)


def _absence(word: str, target: Loaded, of: str, known: set[str]) -> tuple[str, str]:
    file = target.table.file
    if not target.present:
        return f"needs {file}, which is not there", f"add {file} with a row for it, or clear the cell"
    if target.table.name == "fx":
        return f"has no rate in {file}", f"add a row to {file} with what one {word} is worth"
    return f"is not a {of} of {file}", meant(word, known, f"add it to {file}, or delete the row")


def _present_but_unnamed(loaded: Loaded, column: Column, tables: Mapping[str, Loaded]) -> Iterator[Fault]:
    name, _, of = column.refers.partition(".")
    if not loaded.present or not loaded.grid.complete:
        return
    target = tables[name]
    here = loaded.written(column.name)
    if here.keys() - target.written(of).keys():
        return  # one of the unknown codes may be meant; it is a fault already
    for placed in target.rows:
        word = getattr(placed.row, of)
        if word not in here:
            yield Fault(
                file=target.table.file,
                row=placed.line,
                column=of,
                written=word,
                problem=f"has no row in {loaded.table.file}",
                cure=f"add a row to {loaded.table.file} with {column.name} {word}, or delete this one",
            )


def _foreign_prices(tables: Mapping[str, Loaded]) -> Iterator[Fault]:
    """Prices in another currency than their market's."""
    asked = {placed.row.code: placed.row.currency for placed in tables["markets"].rows}
    for placed in tables["prices"].rows:
        row = placed.row
        if row.currency != asked.get(row.market, row.currency):
            problem = f"is not the currency of {row.market}, which is {asked[row.market]}"
            cure = f"write the price in {asked[row.market]}, or change the currency of {row.market} in markets.csv"
            yield Fault(
                file="prices.csv", row=placed.line, column="currency", written=row.currency, problem=problem, cure=cure
            )


def _prices_apart(tables: Mapping[str, Loaded], terms: Terms) -> Iterator[Fault]:
    """Prices that no market asks once converted: the amount, or the rate of its currency, is off."""
    rates = _rates(tables, terms)
    known = tables["markets"].written("code")
    asked: dict[str, list[tuple[Placed[PriceRow], float]]] = defaultdict(list)
    for placed in tables["prices"].rows:
        if placed.row.currency in rates and placed.row.market in known:
            asked[placed.row.offer].append((placed, log(placed.row.amount) + log(rates[placed.row.currency])))
    for prices in asked.values():
        for this, (placed, worth) in enumerate(prices):
            most = [other for that, (_, other) in enumerate(prices) if that != this or len(prices) > 2]
            if most and abs(worth - median(most)) > log(MOST_APART):
                yield _apart(placed, exp(worth), exp(median(most)), rates[placed.row.currency], terms.currency)


def _rates(tables: Mapping[str, Loaded], terms: Terms) -> dict[str, float]:
    """What one of each currency is worth in the launch's."""
    return {placed.row.currency: placed.row.rate for placed in tables["fx"].rows} | {terms.currency: 1.0}


def _apart(placed: Placed[PriceRow], worth: float, usual: float, rate: float, own: str) -> Fault:
    row = placed.row
    cure = "mend the amount"
    if row.currency != own:
        said = f"one {row.currency} is worth {own} {rate:g} (1/{rate:g} is {1 / rate:.3g})"
        cure += f", or the rate in fx.csv, by which {said}"
    return Fault(
        file="prices.csv",
        row=placed.line,
        column="amount",
        written=f"{row.amount:.15g}",
        problem=f"is {money(worth, own)}, where {row.offer} is asked for at {money(usual, own)} in most markets",
        cure=cure,
    )


def _margins_above_prices(tables: Mapping[str, Loaded], terms: Terms, wrong: set[int | None]) -> Iterator[Fault]:
    """Margins above the dearest price of their market, unless a price there stands on a line that is `wrong`."""
    rates = _rates(tables, terms)
    dearest: dict[str, float] = defaultdict(float)
    for placed in tables["prices"].rows:
        asked = inf if placed.line in wrong else placed.row.amount * rates.get(placed.row.currency, inf)
        dearest[placed.row.market] = max(dearest[placed.row.market], asked)
    for placed in tables["economics"].rows:
        row = placed.row
        earned = row.unit_margin * rates.get(row.currency or terms.currency, 0.0)
        if earned > dearest.get(row.market, inf):
            asked = money(dearest[row.market], terms.currency)
            yield Fault(
                file="economics.csv",
                row=placed.line,
                column="unit_margin",
                written=f"{row.unit_margin:.15g}",
                problem=f"is {money(earned, terms.currency)} a car, where the dearest is sold for {asked}",
                cure="mend the margin, or the currency of its row",
            )


def _unknown_places(tables: Mapping[str, Loaded]) -> Iterator[Fault]:
    """Markets of tasks and scopes of targets that are neither a market nor a region."""
    markets = tables["markets"]
    if not markets.grid.complete or markets.unsure("code") or markets.unsure("region"):
        return
    places = {*markets.written("code"), *markets.written("region")}
    for table, column, besides in (
        ("tasks", "markets", ()),
        ("targets", "scope", ("world", "abroad")),
        ("rivals", "scope", ("world", "elsewhere")),
    ):
        known = {*places, *besides}
        for placed in tables[table].rows:
            value = getattr(placed.row, column)
            for word in (value,) if isinstance(value, str) else value:
                if word not in known:
                    problem = "is neither a market nor a region of markets.csv"
                    cure = meant(word, known, "name a code or a region of markets.csv")
                    yield Fault(
                        file=tables[table].table.file,
                        row=placed.line,
                        column=column,
                        written=word,
                        problem=problem,
                        cure=cure,
                    )


def _labels_apart(tables: Mapping[str, Loaded]) -> Iterator[Fault]:
    """Labels that group rows, written in capitals here and not there: each would be a group of its own."""
    for table, column in (("markets", "region"), ("offers", "model")):
        first: dict[str, tuple[str, int]] = {}
        for placed in tables[table].rows:
            word = getattr(placed.row, column)
            known, line = first.setdefault(word.casefold(), (word, placed.line))
            if known != word:
                yield Fault(
                    file=tables[table].table.file,
                    row=placed.line,
                    column=column,
                    written=word,
                    problem=f"is written {known} on line {line}",
                    cure="write it one way: rows are grouped by it",
                )


def _forks_apart(tables: Mapping[str, Loaded]) -> Iterator[Fault]:
    """Forks of tariffs.csv and fx_scenarios.csv that are told two odds, or whose scenarios together miss 1."""
    if tables["tariffs"].faults or tables["fx_scenarios"].faults:
        return  # each table says first what is wrong within it
    rows = [
        (tables["fx_scenarios"].table.file, placed.line, placed.row.fork, placed.row.scenario, placed.row.odds)
        for placed in tables["fx_scenarios"].rows
    ] + [
        (tables["tariffs"].table.file, placed.line, placed.row.open_question, placed.row.scenario, placed.row.odds)
        for placed in tables["tariffs"].rows
        if placed.row.is_open
    ]
    told: dict[str, dict[str, tuple[str, int, float]]] = defaultdict(dict)
    for file, line, fork, scenario, odds in rows:
        first, number, known = told[fork].setdefault(scenario, (file, line, odds))
        if abs(odds - known) > 1e-9:
            problem = f"differs from {first}, line {number}, for the same scenario {scenario} of {fork}"
            cure = "write the same odds in both files, or give one another fork"
            yield Fault(file=file, row=line, column="odds", written=f"{odds:g}", problem=problem, cure=cure)
    for fork, ways in told.items():
        total = sum(odds for _, _, odds in ways.values())
        if abs(total - 1) > 1e-6:
            file, line, _ = next(iter(ways.values()))
            problem = f"is the sum of the odds of {fork}, whose scenarios are {', '.join(ways)}"
            cure = "mend the fork or scenario that is misspelt or left blank, or let the odds sum to 1"
            yield Fault(file=file, row=line, column="odds", written=f"{total:g}", problem=problem, cure=cure)


def _borders_untold(tables: Mapping[str, Loaded]) -> Iterator[Fault]:
    """Lanes over a border of which tariffs.csv says nothing: no car could ever use them. Each plant and border once."""
    lanes, plants, tariffs = tables["lanes"], tables["plants"], tables["tariffs"]
    if tariffs.faults:
        return  # the row may be there, and at fault
    country = {placed.row.code: placed.row.country for placed in plants.rows}
    told = {(placed.row.origin, placed.row.destination) for placed in tariffs.rows}
    markets, seen = tables["markets"].written("code"), set[tuple[str, str]]()
    for placed in lanes.rows:
        plant, market = placed.row.plant, placed.row.market
        if plant not in country or market not in markets:
            continue
        origin, goal = area_of(country[plant]), area_of(market)
        if origin == goal or (origin, goal) in told or (plant, goal) in seen:
            continue
        seen.add((plant, goal))
        yield Fault(
            file=lanes.table.file,
            row=placed.line,
            column="market",
            written=market,
            problem=f"lies behind a border, {origin} to {goal}, of which {tariffs.table.file} has no row",
            cure=f"add the row, with duty 0 if none is paid, or mend the country of {plant} in {plants.table.file}",
        )


def _renamed_codes(tables: Mapping[str, Loaded]) -> Iterator[Fault]:
    """Renames into codes that the launch lacks, and of codes that it still has."""
    lists = {"market": "markets", "offer": "offers", "store": "stores"}
    for placed in tables["renames"].rows:
        row = placed.row
        target = tables.get(lists.get(row.kind, ""))
        if target is None or not target.grid.complete or not target.present:
            continue
        known = set(target.written("code"))
        if row.now not in known:
            problem, cure = _absence(row.now, target, "code", known)
            yield Fault(file="renames.csv", row=placed.line, column="now", written=row.now, problem=problem, cure=cure)
        if row.was in known and row.until is None:
            problem = f"is still a code of {target.table.file}"
            cure = "say in `until` on which day its old meaning ended"
            yield Fault(file="renames.csv", row=placed.line, column="was", written=row.was, problem=problem, cure=cure)


def _unplanned_recalls(service: Loaded, terms: Terms) -> Iterator[Fault]:
    """Recalls in quarters that are not planned: they would count nowhere."""
    last = terms.start + (terms.quarters - 1)
    for placed in service.rows:
        quarter = placed.row.recall_quarter
        if placed.row.recall_share > 0 and quarter is not None and not terms.start <= quarter <= last:
            yield Fault(
                file=service.table.file,
                row=placed.line,
                column="recall_quarter",
                written=str(quarter),
                problem=f"is not among the quarters planned, {terms.start} to {last}",
                cure="name one of them, or clear recall_share and recall_quarter",
            )


def _unknown_target(code: str, line: int | None, targets: Loaded) -> Iterator[Fault]:
    known = set(targets.written("code"))
    if targets.grid.complete and code not in known:
        problem, cure = _absence(code, targets, "code", known)
        yield Fault(file=FILE, row=line, column="objective.target", written=code, problem=problem, cure=cure)
