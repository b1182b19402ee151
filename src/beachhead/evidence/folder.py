"""The launch folder: read whole and converted to the launch's currency, or refused with every fault at once."""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar

from beachhead.evidence.cell import nearest
from beachhead.evidence.convert import economics_nouns, market_nouns, offer_nouns, price_nouns
from beachhead.evidence.load import Loaded, load_table
from beachhead.evidence.references import reference_faults
from beachhead.evidence.row import Row
from beachhead.evidence.tables import TABLES
from beachhead.evidence.tables.economics import EconomicsRow
from beachhead.evidence.tables.facts import FactRow
from beachhead.evidence.tables.fx import FxRow
from beachhead.evidence.tables.markets import MarketRow
from beachhead.evidence.tables.offers import OfferRow
from beachhead.evidence.tables.prices import PriceRow
from beachhead.evidence.terms import FILE as TERMS_FILE
from beachhead.evidence.terms import Terms
from beachhead.evidence.termsfile import line_of, parse_terms
from beachhead.evidence.textfile import MOST_FAULTS, decode, read_bytes
from beachhead.world.brief import brief
from beachhead.world.economics import Economics, Limits
from beachhead.world.errors import BadInput, Fault, Unlisted
from beachhead.world.market import Market
from beachhead.world.offer import Offer, Price

MOST_TERMS_BYTES = 2**20
_NOT_CSV = re.compile(r"([a-z_]+)(\.csv)?( \(\d+\)\.csv|\.xlsx?|\.xlsm|\.ods|\.numbers|\.tsv|\.txt)", re.IGNORECASE)
"""A workbook, text or second download that has the name of a table."""
_RULES = (".yaml", ".yml")
_NOT_YAML = re.compile(r"(?!\.ya?ml$)(?i:\.ya?ml(\.txt)?|\.json|\.toml)$")
"""How the name of a rule file ends that is not read."""

EURO = "EUR"

R = TypeVar("R", bound=Row)


@dataclass(frozen=True, slots=True, kw_only=True)
class Folder:
    """A launch folder without a fault; all amounts of its nouns are in the launch's currency.

    Attributes:
        path: where it lies.
        digest: sha256 over the names and bytes of all files read; the same digest means the same input.
        terms: launch.toml.
        markets: in the order of markets.csv; the home market is one of them.
        offers: in the order of offers.csv.
        prices: in the order of prices.csv.
        economics: in the order of economics.csv.
        limits: the limits of launch.toml over its quarters and years.
        rates: worth of one unit of each currency in the launch's currency; its own is 1.
        tables: every table's rows as written, amounts in their own currency; absent tables are empty.
        rules: names of the files in rules/, which compliance reads.
    """

    path: Path
    digest: str
    terms: Terms
    markets: tuple[Market, ...]
    offers: tuple[Offer, ...]
    prices: tuple[Price, ...]
    economics: tuple[Economics, ...]
    limits: Limits
    rates: Mapping[str, float]
    tables: Mapping[str, tuple[Row, ...]]
    rules: tuple[str, ...]

    __repr__ = brief

    def rows(self, kind: type[R]) -> tuple[R, ...]:
        """The rows of the table whose row model is `kind`, such as `rows(StoreRow)`."""
        return _of(self.tables, kind)

    def money(self, amount: float, currency: str | None) -> float:
        """An amount of a row in the launch's currency; a row's blank currency is the launch's own."""
        return amount * self.rates[currency or self.terms.currency]

    @property
    def euro_told(self) -> tuple[float, str]:
        """What an amount in euro is multiplied by to be told, and the currency then: euro where fx.csv has no rate."""
        known = self.rates.get(EURO)
        return (1.0, EURO) if known is None else (known, self.terms.currency)

    def euro(self, what: str, cure: str = "add a row EUR to fx.csv") -> float:
        """Worth of one euro in the launch's currency; assumed amounts are in euro, whatever the launch counts in.

        Args:
            what: what is told in euro, in the plural; for the refusal.
            cure: what to do where fx.csv has no rate.
        """
        if EURO not in self.rates:
            raise BadInput(f"{what} are in EUR, of which fx.csv has no rate", cure)
        return self.rates[EURO]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Draft:
    """A folder as far as it could be read; never leaves this file."""

    terms: Terms | None
    tables: Mapping[str, Loaded]
    faults: tuple[Fault, ...]
    rules: tuple[str, ...]
    digest: str


def read_folder(path: Path) -> Folder:
    """The launch in a folder; raises `BadInput` with every fault found."""
    draft = _draft(path)
    if draft.faults or draft.terms is None:
        raise BadInput.of(draft.faults)
    tables = {name: tuple(placed.row for placed in loaded.rows) for name, loaded in draft.tables.items()}
    currency = draft.terms.currency
    rates = {row.currency: row.rate for row in _of(tables, FxRow)} | {currency: 1.0}
    return Folder(
        path=path,
        digest=draft.digest,
        terms=draft.terms,
        markets=market_nouns(_of(tables, MarketRow), _of(tables, FactRow)),
        offers=offer_nouns(_of(tables, OfferRow)),
        prices=price_nouns(_of(tables, PriceRow), rates),
        economics=economics_nouns(_of(tables, EconomicsRow), rates, currency),
        limits=draft.terms.world_limits,
        rates=MappingProxyType(rates),
        tables=MappingProxyType(tables),
        rules=draft.rules,
    )


def check_folder(path: Path) -> tuple[Fault, ...]:
    """Every fault of a launch folder, in file and row order; none if it can be read."""
    return BadInput.of(_draft(path).faults).faults


def _draft(path: Path) -> _Draft:
    try:
        if path.is_dir() and _is_begun(path):
            return _draft_of(path)
        problem = "holds no launch" if path.is_dir() else "is not a folder" if path.exists() else "does not exist"
    except OSError as error:
        problem = f"cannot be read ({error.strerror})"
    cure = "name a launch folder; `beachhead new DIR --example xiaomi` makes one"
    fault = Fault(file=str(path), problem=problem, cure=cure)
    return _Draft(terms=None, tables={}, faults=(fault,), rules=(), digest="")


def _is_begun(path: Path) -> bool:
    """True if a launch, whole or in part, lies there: six missing files are then faults, and not a wrong folder."""
    return any(_is_there(path / file) for file in (TERMS_FILE, *(table.file for table in TABLES)))


def _draft_of(path: Path) -> _Draft:
    files = _files(path)
    terms = _terms(files[TERMS_FILE])
    tables = {table.name: load_table(table, files.get(table.file)) for table in TABLES}
    faults = [
        *(() if isinstance(terms, Terms) else terms),
        *(fault for loaded in tables.values() for fault in loaded.faults),
        *reference_faults(tables, terms if isinstance(terms, Terms) else None, _target_line(files[TERMS_FILE])),
        *_own_rate(tables["fx"], terms),
        *(data for name, data in files.items() if name.startswith("rules") and isinstance(data, Fault)),
        *_misnamed(path, files),
        *_unread_rules(path),
    ]
    return _Draft(
        terms=terms if isinstance(terms, Terms) else None,
        tables=tables,
        faults=tuple(_capped(faults)),
        rules=tuple(name.removeprefix("rules/") for name in files if name.startswith("rules/")),
        digest=_digest(files),
    )


def _files(path: Path) -> dict[str, bytes | Fault]:
    """Every file of the launch that is there or must be, by name."""
    files = {TERMS_FILE: read_bytes(path / TERMS_FILE, TERMS_FILE, MOST_TERMS_BYTES)}
    for table in TABLES:
        if table.required or _is_there(path / table.file):
            files[table.file] = read_bytes(path / table.file, table.file)
    for name in _rules(path):
        files[name] = read_bytes(path / name, name)
    if _is_there(path / "rules") and not (path / "rules").is_dir():
        cure = "make it a folder of .yaml files"
        files["rules"] = Fault(file="rules", problem="is a file where a folder should be", cure=cure)
    return files


def _is_there(path: Path) -> bool:
    return path.exists() or path.is_symlink()


def _rules(path: Path) -> list[str]:
    folder = path / "rules"
    if not folder.is_dir():
        return []
    return sorted(f"rules/{file.name}" for file in folder.iterdir() if file.suffix in _RULES)


def _terms(data: bytes | Fault) -> Terms | tuple[Fault, ...]:
    text = data if isinstance(data, Fault) else decode(data, TERMS_FILE)
    return (text,) if isinstance(text, Fault) else parse_terms(text)


def _target_line(data: bytes | Fault) -> int | None:
    text = data if isinstance(data, Fault) else decode(data, TERMS_FILE)
    return line_of(("objective", "target"), text) if isinstance(text, str) else None


def _own_rate(fx: Loaded, terms: Terms | tuple[Fault, ...]) -> Iterator[Fault]:
    for placed in fx.rows:
        if isinstance(terms, Terms) and placed.row.currency == terms.currency and placed.row.rate != 1:
            cure = "write 1 or delete the row; rates say what one unit is worth in the launch's currency"
            problem = f"is the rate of the launch's own currency {terms.currency}"
            yield Fault(
                file="fx.csv",
                row=placed.line,
                column="rate",
                written=f"{placed.row.rate:g}",
                problem=problem,
                cure=cure,
            )


def _misnamed(path: Path, files: Mapping[str, object]) -> Iterator[Fault]:
    """Files whose name is nearly that of a table the folder lacks, or that of one in another form."""
    lacking = {table.file for table in TABLES if not _is_there(path / table.file)}
    for file in sorted(path.glob("*.[cC][sS][vV]")):
        if file.name not in files and (near := nearest(file.name, lacking)) and _alike(file.name, near):
            cure = f"rename it to {near}, or move it out of the folder"
            yield Fault(file=file.name, problem="is not a table of a launch", cure=cure)
    for file in sorted(path.iterdir()) if path.is_dir() else ():
        if (named := _NOT_CSV.fullmatch(file.name)) and (table := f"{named[1].casefold()}.csv") in lacking:
            cure = f"save it as {table} (in Excel: CSV UTF-8), or move it out of the folder"
            yield Fault(file=file.name, problem=f"is not read in place of {table}", cure=cure)


def _unread_rules(path: Path) -> Iterator[Fault]:
    """Rules that nobody would read: in a folder of another name, or in another form; notes beside rules are none."""
    for folder in sorted(path.iterdir()) if path.is_dir() else ():
        if folder.name.casefold() in ("rule", "rules") and folder.name != "rules" and folder.is_dir():
            cure = "rename it to rules, or move it out of the folder"
            yield Fault(file=folder.name, problem="is not read: rules lie in a folder called rules", cure=cure)
    for file in sorted((path / "rules").iterdir()) if (path / "rules").is_dir() else ():
        if not file.name.startswith(".") and _NOT_YAML.search(file.name):
            cure = f"save it as rules/{file.name.partition('.')[0]}.yaml, or move it out of the folder"
            yield Fault(file=f"rules/{file.name}", problem="is not read: rules are written in YAML", cure=cure)


def _alike(name: str, table: str) -> bool:
    return abs(len(name) - len(table)) <= 2 and name[:2].casefold() == table[:2]


def _capped(faults: Iterable[Fault]) -> Iterator[Fault]:
    counts: dict[str, int] = defaultdict(int)
    for fault in faults:
        counts[fault.file] += 1
        if counts[fault.file] <= MOST_FAULTS:
            yield fault
    for file, count in counts.items():
        if count > MOST_FAULTS:
            problem = f"has more faults than the {MOST_FAULTS} listed"
            yield Unlisted(file=file, problem=problem, cure="mend those listed, then check again")


def _digest(files: Mapping[str, bytes | Fault]) -> str:
    whole = hashlib.sha256()
    for name, data in sorted(files.items()):
        if isinstance(data, bytes):
            whole.update(f"{name}\0{len(data)}\0".encode())
            whole.update(data)
    return whole.hexdigest()


def _of(tables: Mapping[str, tuple[Row, ...]], kind: type[R]) -> tuple[R, ...]:
    name = next(table.name for table in TABLES if table.row is kind)
    return tuple(row for row in tables[name] if isinstance(row, kind))
