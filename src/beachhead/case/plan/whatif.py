"""What if an input were different: overrides of launch.toml and tables, read and checked like the folder itself.

The tables are copied, the cells changed, and the copy is read by the same reader: what a table refuses, an override
cannot smuggle in. The folder itself is never touched.
"""

from __future__ import annotations

import csv
import io
import json
import re
import tempfile
import tomllib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np

from beachhead.case.answers.supplied import supply_stands
from beachhead.case.belief.spending import spending_change
from beachhead.case.open import Launch
from beachhead.case.plan.customs import at_border, customs_basis, expected_duty, told
from beachhead.case.plan.near_keys import is_term, meant_item, meant_term
from beachhead.case.plan.planning import WORLDS, put_question
from beachhead.case.plan.repriced import at_other_prices, price_note, repriced
from beachhead.evidence.folder import read_folder
from beachhead.evidence.row import columns_of
from beachhead.evidence.tables import TABLES
from beachhead.evidence.tables.areas import area_of
from beachhead.evidence.tables.offers import OfferRow
from beachhead.evidence.tables.plants import PlantRow
from beachhead.launch.aim.steer import find_steering
from beachhead.launch.estimate import Estimate
from beachhead.launch.information.tornado import play_sample, side_by_side
from beachhead.launch.plan.plan import Plan, plan
from beachhead.launch.question.action import Action
from beachhead.launch.question.problem import Problem
from beachhead.store import Row, current, decode, deliver, digest, encode, get, put, reading, writing
from beachhead.world.brief import brief
from beachhead.world.errors import BadInput
from beachhead.world.figures import at_price, how_many, spaced
from beachhead.world.quarter import Quarter
from beachhead.world.ref import Ref

TOPIC = "what_if"
MOVES = ("*", "+")
QUARTER, DAY = re.compile(r"\d{4}-?Q[1-4]"), re.compile(r"\d{4}-\d{2}-\d{2}")
TERMS, PRICES = "launch", "prices"
READERS = (
    ({"service", "parts"}, "service"),
    ({"plants", "lanes", "fx_scenarios", "tariffs"}, "supply"),
    ({"targets", "rivals"}, "targets"),
    ({"tasks", "roles"}, "programme"),
    ({"stores"}, "site"),
    ({"offers", "prices"}, "adjust"),
    ({"approvals"}, "comply"),
)
"""Verbs that read a table of which a plan's value need not be made."""
ALIASES = {("tariffs", "rate"): "duty"}
ALL_ROWS = {"tariffs": {"BEV"}}
"""Words that narrow nothing, by table: every duty in tariffs.csv is on battery-electric cars."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """One input, changed.

    Attributes:
        text: as written, such as `tariffs.EU.BEV.rate=0.207`.
        table: file without its ending, or `launch`.
        keys: words that the row's cells must have; for launch.toml the sections.
        column: column or key changed.
        value: new value; with a leading `*` a factor on what stands there, with a leading `+` what is added to it:
            a number, quarters to a quarter, days to a day.
    """

    text: str
    table: str
    keys: tuple[str, ...]
    column: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """The launch as it is and as it would be, on the same worlds.

    Attributes:
        name: what the comparison is called; "" while it is not kept.
        sets: the overrides as written.
        changed: cells changed, `file:row:column was -> is`.
        quarter: the quarter decided.
        seed: of the worlds.
        worlds: played in each.
        value: of the launch as it is, over carrying on as is.
        other: of the launch with the overrides.
        gain: other less value, paired by world.
        moves: markets whose action now differs: code, as it is, as it would be.
        notes: what the comparison leaves out.
    """

    name: str
    sets: tuple[str, ...]
    changed: tuple[str, ...]
    quarter: Quarter
    seed: int
    worlds: int
    value: Estimate
    other: Estimate
    gain: Estimate
    moves: tuple[tuple[str, str, str], ...]
    notes: tuple[str, ...]

    __repr__ = brief


def compare(
    launch: Launch,
    sets: Sequence[str],
    *,
    on: date | None = None,
    worlds: int = WORLDS,
    seed: int | None = None,
    tick: Callable[[int, int], None] | None = None,
) -> Compared:
    """Plan the launch twice, as it is and with the overrides, and play both on worlds with the same luck.

    Args:
        launch: the launch.
        sets: overrides, `TABLE.KEY...COLUMN=VALUE`.
        on: the day; None for today.
        worlds: worlds played for each; more are where the launch seldom pays.
        seed: of the worlds; that of launch.toml if None.
        tick: called with (plays done, plays in all).
    """
    tell = tick or (lambda done, total: None)
    overrides = tuple(parse_override(text) for text in sets)
    other, changed = with_overrides(launch, overrides)
    drawn = launch.folder.terms.seeds.plan if seed is None else seed
    supplied = supply_stands(launch) and supply_stands(other)
    before = put_question(launch, on=on, count_on_supply=supplied).problem
    asked = put_question(other, on=on, count_on_supply=supplied).problem
    asked, priced = _with_prices(asked, launch, other, overrides, on, supplied)
    after, duties = _with_duties(asked, launch, other, overrides)
    notes = (*priced, *duties)
    if digest(encode(before)) == digest(encode(after)):
        notes = (*notes, _unread(overrides))
    one = play_sample(before, drawn, worlds, find_steering(before, drawn))
    tell(1, 2)
    two = play_sample(after, drawn, worlds, find_steering(after, drawn), one)
    tell(2, 2)
    value, beside, gain = side_by_side(one, two)
    return Compared(
        name="",
        sets=tuple(sets),
        changed=changed,
        quarter=before.quarters[0],
        seed=drawn,
        worlds=gain.count,
        value=value,
        other=beside,
        gain=gain,
        moves=_moves(plan(before, drawn, 2), plan(after, drawn, 2)),
        notes=(*notes, *spending_change(launch, other), *_without_supply(launch, supplied)),
    )


def keep(launch: Launch, compared: Compared, name: str, *, who: str, at: datetime) -> Compared:
    """Put a comparison on record under a name; the same name again supersedes, and both stay on record."""
    named = replace(compared, name=name)
    with writing(launch.store) as work:
        ref = put(work, "what_if", named)
        row = Row(key=name, body=encode(_Kept(ref=ref)))
        deliver(work, TOPIC, [row], sha256=ref.sha256, name="what if", who=who, at=at)
    return named


def kept(launch: Launch) -> tuple[Compared, ...]:
    """Every comparison on record, by name."""
    with reading(launch.store) as work:
        rows = sorted(current(work, TOPIC), key=lambda version: version.key)
        return tuple(get(work, decode(r.body, _Kept).ref, Compared) for r in rows if r.body is not None)


def forget(launch: Launch, name: str, *, who: str, at: datetime) -> None:
    """Take a comparison off the list; it stays on record as withdrawn."""
    known = {compared.name: compared for compared in kept(launch)}
    if name not in known:
        raise BadInput(
            f"no what-if on record is called {name!r}",
            f"name one of {', '.join(map(repr, known))}" if known else "there is none: keep one with --set and --name",
        )
    with writing(launch.store) as work:
        row = Row(key=name, body=None)
        deliver(work, TOPIC, [row], sha256=digest(encode(known[name])), name="what if forgotten", who=who, at=at)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kept:
    ref: Ref


def parse_override(text: str) -> Override:
    """`TABLE.KEY...COLUMN=VALUE` taken apart."""
    path, equals, value = text.partition("=")
    words = [word.strip() for word in path.split(".")]
    if not equals or not value.strip() or len(words) < 2 or not all(words):
        raise BadInput(
            f"{text!r} is not an override",
            "write TABLE.KEY.COLUMN=VALUE, such as economics.ES.dealer.capital=*1.2, economics.ES.earliest_scale=+2 or "
            "launch.terminal_quarters=8",
        )
    if value.strip()[0] == "*" and not _is_number(value.strip()[1:]):
        raise BadInput(f"{text!r}: {value.strip()[1:]!r} is no number to multiply by", "write a factor, such as *1.2")
    table, column = words[0].removesuffix(".csv").lower(), words[-1]
    column = ALIASES.get((table, column), column)
    return Override(text=text, table=table, keys=tuple(words[1:-1]), column=column, value=value.strip())


def _is_number(text: str) -> bool:
    try:
        return isfinite(float(text))
    except ValueError:
        return False


def with_overrides(launch: Launch, overrides: Sequence[Override]) -> tuple[Launch, tuple[str, ...]]:
    """The launch with its inputs changed, same store; and each change as `file:row:column was -> is`."""
    changed: list[str] = []
    with tempfile.TemporaryDirectory(prefix="beachhead-what-if-") as place:
        copy = Path(place)
        for source in launch.path.rglob("*"):
            if source.is_file() and (source.suffix in {".csv", ".toml"} or source.parent.name == "rules"):
                target = copy / source.relative_to(launch.path)
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(source.read_bytes())
        for override in overrides:
            file = copy / (f"{TERMS}.toml" if override.table == TERMS else f"{override.table}.csv")
            if not file.is_file():
                path = (override.table, *override.keys, override.column)
                cure = meant_item(path, override.value, _tables_of(copy))
                raise BadInput(f"{override.text!r}: the launch has no {file.name}", cure)
            old = file.read_text(encoding="utf-8-sig")
            new, said = _set_term(old, override) if override.table == TERMS else _set_cells(old, file.name, override)
            file.write_text(new, encoding="utf-8")
            changed += said
        folder = replace(read_folder(copy), path=launch.path)
    return Launch(folder=folder, store=launch.store), tuple(changed)


def _set_cells(text: str, file: str, override: Override) -> tuple[str, list[str]]:
    rows = list(csv.reader(io.StringIO(text)))
    place = _column(rows, file, override)
    meant = [(number, row) for number, row in _rows_meant(rows, override) if len(row) > place]
    if override.value[0] in MOVES:  # a default cannot be moved; the rows that say something can
        blanks, meant = len(meant), [(number, row) for number, row in meant if row[place].strip()]
        if blanks and not meant:
            where = f"{override.column} is blank in all {blanks} rows meant"
            cure = "write the value itself, without * or +"
            raise BadInput(f"{override.text!r}: {where}, and a blank cannot be moved", cure)
    if not meant:
        raise BadInput(f"{override.text!r}: no row of {file} has {' and '.join(override.keys)}", _cure(rows, override))
    said = []
    for number, row in meant:
        value = _new(row[place], override)
        said.append(f"{file}:{number}:{override.column} {row[place] or 'blank'} -> {value}")
        row[place] = value
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(rows)
    return out.getvalue(), said


def _column(rows: list[list[str]], file: str, override: Override) -> int:
    """Where the column stands; one that the launch leaves out is added, blank in every row."""
    header = rows[0] if rows else []
    if override.column not in header and override.column in _known_columns(override.table):
        header.append(override.column)
        rows[1:] = [row + [""] * (len(header) - len(row)) for row in rows[1:]]
    if override.column not in header:
        raise BadInput(f"{override.text!r}: {file} has no column {override.column}", _cure(rows, override))
    return header.index(override.column)


def _cure(rows: list[list[str]], override: Override) -> str:
    return meant_item((override.table, *override.keys, override.column), override.value, {override.table: rows})


def _tables_of(copy: Path) -> dict[str, list[list[str]]]:
    return {
        file.stem: list(csv.reader(io.StringIO(file.read_text(encoding="utf-8-sig")))) for file in copy.glob("*.csv")
    }


def _rows_meant(rows: list[list[str]], override: Override) -> Iterator[tuple[int, list[str]]]:
    """Lines, the header being 1, whose cells hold every key; `tariffs.EU` is the duty at the Union's border."""
    wanted = {key.casefold() for key in override.keys} - {w.casefold() for w in ALL_ROWS.get(override.table, ())}
    no_names, border = _yes_or_no(override.table), override.table == "tariffs" and bool(override.keys)
    for number, row in enumerate(rows[1:], start=2):
        cells = dict(zip(rows[0], row, strict=False))
        if border and "destination" in cells and cells["destination"].casefold() not in wanted:
            continue  # and not on its exports
        if wanted <= {cell.strip().casefold() for column, cell in cells.items() if column not in no_names}:
            yield number, row


def _known_columns(table: str) -> frozenset[str]:
    return frozenset(name for made in TABLES if made.name == table for name in columns_of(made.row))


def _yes_or_no(table: str) -> frozenset[str]:
    """Columns whose cells name no row: `no` in `home` is not Norway."""
    columns = (column for made in TABLES if made.name == table for column in columns_of(made.row).values())
    return frozenset(column.name for column in columns if column.how == "yes or no")


def _set_term(text: str, override: Override) -> tuple[str, list[str]]:
    table: dict[str, Any] = tomllib.loads(text)
    if not is_term(override.keys, override.column):
        where = ".".join((*override.keys, override.column))
        cure = meant_term(override.keys, override.column, override.value)
        raise BadInput(f"{override.text!r}: launch.toml has no key {where}", cure)
    section = table
    for key in override.keys:
        section = section.setdefault(key, {})
    was = section.get(override.column)
    section[override.column] = _term(was, override)
    sections = [key for key, value in table.items() if isinstance(value, dict)]
    lines = [f"{k} = {json.dumps(v)}" for k, v in table.items() if k not in sections]
    for name in sections:
        lines += [f"[{name}]", *(f"{k} = {json.dumps(v)}" for k, v in table[name].items())]
    where = ".".join((*override.keys, override.column))
    said = "not written" if was is None else was
    return "\n".join(lines) + "\n", [f"launch.toml:{where} {said} -> {section[override.column]}"]


def _term(was: object, override: Override) -> object:
    if override.value[0] in MOVES:
        if was is None or isinstance(was, bool | dict):
            raise BadInput(f"{override.text!r}: nothing stands there that could be moved", "write the value itself")
        moved = [_moved_term(item, override) for item in (was if isinstance(was, list) else [was])]
        return moved if isinstance(was, list) else moved[0]
    try:
        return json.loads(override.value)
    except json.JSONDecodeError:
        return override.value


def _new(was: str, override: Override) -> str:
    """The value itself, or what stands there times a factor or with something added, in a list each part."""
    if override.value[0] not in MOVES:
        return override.value
    try:
        return " ".join(_moved(part, override.value) for part in was.split())
    except ValueError:
        deed = "multiplied" if override.value[0] == "*" else f"moved by {override.value[1:]!r}"
        raise BadInput(
            f"{override.text!r}: {was!r} cannot be {deed}", "write the value itself, without * or +"
        ) from None


def _moved(was: str, by: str) -> str:
    """A number times a factor or with one added, a quarter some quarters later, a day some days later."""
    if by[0] == "*":
        return f"{float(was) * float(by[1:]):.12g}"
    if QUARTER.fullmatch(was):
        return str(Quarter.parse(was) + int(by[1:]))
    if DAY.fullmatch(was):
        return str(date.fromisoformat(was) + timedelta(days=int(by[1:])))
    return f"{float(was) + float(by[1:]):.12g}"


def _moved_term(was: object, override: Override) -> object:
    """The same in launch.toml, where whole numbers stay whole."""
    text = _new(str(was), override)
    return text if isinstance(was, str) else int(text) if isinstance(was, int) and text.isdecimal() else float(text)


def _unread(overrides: Sequence[Override]) -> str:
    """Why nothing moved: the plan is not made of what was changed; who does read it."""
    verbs = {verb for o in overrides for tables, verb in READERS if o.table in tables}
    said = f": {', '.join(f'`beachhead {verb}`' for verb in sorted(verbs))} reads it" if verbs else ""
    return (
        f"The plan's value is not made of what was changed{said}. Margins, capital and running costs stand in "
        "economics.csv, and change the plan there."
    )


def _without_supply(launch: Launch, supplied: bool) -> tuple[str, ...]:
    """Why the launch as it is may not be worth what its plan says."""
    if supplied or not supply_stands(launch):
        return ()
    why = "Supply's answer on record rests on what was changed, so neither side counts on it"
    return (f"{why}; `beachhead plan` does, and may say another value.",)


def _with_prices(
    asked: Problem, launch: Launch, other: Launch, overrides: Sequence[Override], on: date | None, supplied: bool
) -> tuple[Problem, tuple[str, ...]]:
    """Margins and demand moved by changed prices, as `adjust` moves them; economics.csv holds margins at today's."""
    rest = [override for override in overrides if override.table != PRICES]
    if len(rest) == len(overrides):
        return asked, ()
    as_priced = with_overrides(launch, rest)[0] if rest else launch
    problem = put_question(as_priced, on=on, count_on_supply=supplied).problem
    moved = repriced(as_priced, other, problem.markets)
    names = {market.code: market.name for market in other.folder.markets}
    note = price_note(problem, moved, names, other.folder.terms.currency)
    return at_other_prices(problem, asked, moved), (note,) if note else ()


def _with_duties(
    problem: Problem, before: Launch, after: Launch, overrides: Sequence[Override]
) -> tuple[Problem, tuple[str, ...]]:
    """Margins moved by changed duties: prices hold, and the duty is paid on the customs value, as in supply."""
    if not any(override.table == "tariffs" for override in overrides):
        return problem, ()
    home = next((row.country for row in after.folder.rows(PlantRow) if row.running), None)
    if home is None:
        return problem, ("Duties changed nothing: plants.csv names no running plant from which cars would come.",)
    M, T = problem.terms.path.shape
    change, values = np.zeros((M, T)), list[float]()
    for i, code in enumerate(problem.markets):
        cars = at_border(after, code)
        for t, quarter in enumerate(problem.quarters):
            _refuse_silence(before, after, home, code, quarter)
            was, now = (expected_duty(each.folder, home, code, quarter, cars) for each in (before, after))
            change[i, t] = was - now
        if change[i].any():
            basis = customs_basis(after.folder, code)
            values.append(sum(car.share * car.value(basis) for car in cars))
    if not values and all(row.ex_works_cost is None for row in after.folder.rows(OfferRow)):
        raise BadInput(
            "offers.csv has no ex_works_cost, so a duty has no value to be paid on",
            "add the column ex_works_cost to offers.csv",
        )
    terms = problem.terms
    moved = replace(
        problem,
        terms=replace(
            terms,
            margin=terms.margin + change[:, None, :],
            scenario_margin=terms.scenario_margin + change[None, :, None, :],
        ),
    )
    return moved, (_duty_note(home, values, after.folder.terms.currency),) if values else ()


def _refuse_silence(before: Launch, after: Launch, home: str, market: str, quarter: Quarter) -> None:
    """Duties may not be told for less of what may come than before: a row that is over is no duty of 0."""
    was, now = (told(each.folder, home, market, quarter) for each in (before, after))
    if now < was - 1e-9:
        raise BadInput(
            f"tariffs.csv would no longer tell the duty from {area_of(home)} to {area_of(market)} in {quarter}",
            "let a row follow the one that ends, or change its duty instead of its dates",
        )


def _duty_note(home: str, values: Sequence[float], currency: str) -> str:
    low, high = f"{min(values):,.0f}", f"{max(values):,.0f}"
    value = low if low == high else f"{low} to {high}"
    return (
        f"Duty is paid by cars from {home} on a customs value of {value} {currency} a car (ex-works cost with the "
        "mark-up of supply, and freight and insurance to the border unless tariffs.csv says fob, offers as mixed); "
        "prices hold, odds of duty scenarios are averaged, and quotas, minimum prices and other plants are left out: "
        "`beachhead supply` counts those."
    )


def _moves(one: Plan, two: Plan) -> tuple[tuple[str, str, str], ...]:
    pairs = zip(one.actions, two.actions, strict=True)
    return tuple((a.market, _deed(a), _deed(b)) for a, b in pairs if _deed(a) != _deed(b))


def _deed(action: Action) -> str:
    how = f" {how_many(action.batch, 'car')}{at_price(action.price_point)}" if action.batch else ""
    through = f", {spaced(action.channel)}" if action.channel else ""
    return f"{action.kind.value}{how}{through}"
