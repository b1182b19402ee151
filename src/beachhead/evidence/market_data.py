"""Market-level data: shares and prices of products by market, in PyBLP's columns; refused row by row.

Columns `market_ids`, `product_ids`, `shares` and `prices` must be there, and instruments `demand_instruments0` ... for
prices, which their makers set knowing demand. Every other column of numbers is an attribute.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from math import isfinite
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from beachhead.evidence.sheet import read_sheet
from beachhead.evidence.textfile import MOST_FAULTS, Line, separated_otherwise
from beachhead.world.errors import BadInput, Fault

Array = NDArray[np.float64]

KEYS = ("market_ids", "product_ids")
MEASURES = ("shares", "prices")
INSTRUMENT = "demand_instruments"
NO_ATTRIBUTE = ("city_ids", "firm_ids", "brand_ids", "nesting_ids", "clustering_ids", "quarter", "year")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MarketData:
    """N products in markets.

    Attributes:
        markets: (N,) market of each row.
        products: (N,) product of each row.
        shares: (N,) share of all who could have bought, the outside option left out.
        prices: (N,).
        attributes: K names.
        x: (N, K).
        instruments: (N, Z).
    """

    markets: tuple[str, ...]
    products: tuple[str, ...]
    shares: Array
    prices: Array
    attributes: tuple[str, ...]
    x: Array
    instruments: Array


def read_market_data(path: Path) -> MarketData:
    """Read shares and prices by market from CSV, XLSX or Parquet.

    Raises:
        BadInput: all faults, each at its row and column.
    """
    grid = read_sheet(path, path.name)
    if grid.faults or not grid.lines:
        raise BadInput.of(grid.faults or (Fault(file=path.name, problem="has no rows", cure="add the products"),))
    if other := separated_otherwise(grid.header, grid.header_row, path.name):
        raise BadInput.of((other,))
    names = tuple(name.casefold() for name in grid.header)
    faults = list(_missing(path.name, names))
    if faults:
        raise BadInput.of(faults)
    cells = {name: [line.cell(at) for line in grid.lines] for at, name in enumerate(names)}
    wanted = [*MEASURES, *(n for n in names if n.startswith(INSTRUMENT))]
    attributes = [n for n in names if n not in (*KEYS, *NO_ATTRIBUTE, *wanted) and _is_number(cells[n][0])]
    found = {n: _numbers(path.name, n, cells[n], grid.lines, faults) for n in (*wanted, *attributes)}
    faults += _impossible(path.name, cells, found, grid.lines)
    faults += _no_instruments(path.name, found)
    if faults:
        raise BadInput.of(faults, most=MOST_FAULTS)
    return MarketData(
        markets=tuple(cells["market_ids"]),
        products=tuple(cells["product_ids"]),
        shares=found["shares"],
        prices=found["prices"],
        attributes=tuple(attributes),
        x=np.array([found[n] for n in attributes]).reshape(len(attributes), len(grid.lines)).T,
        instruments=np.array([found[n] for n in wanted[2:]]).T,
    )


def _no_instruments(file: str, found: dict[str, Array]) -> Iterator[Fault]:
    """Prices under another name, and columns that never differ."""
    prices = found["prices"]
    for name in (name for name in found if name.startswith(INSTRUMENT)):
        moves = float(np.ptp(found[name])) > 0
        if moves and not (np.ptp(prices) > 0 and abs(np.corrcoef(found[name], prices)[0, 1]) > 1 - 1e-9):
            continue
        problem = "is the price itself" if moves else "is the same in every row"
        cure = "give what moves a price but not demand itself: cost, exchange rate, rivals' attributes"
        yield Fault(file=file, row=1, column=name, problem=problem, cure=cure)


def _is_number(text: str) -> bool:
    try:
        return isfinite(float(text))
    except ValueError:
        return False


def _missing(file: str, names: tuple[str, ...]) -> Iterator[Fault]:
    for name in (*KEYS, *MEASURES):
        if name not in names:
            cure = f"name the columns {', '.join((*KEYS, *MEASURES))} and {INSTRUMENT}0 ..., as PyBLP does"
            yield Fault(file=file, row=1, column=name, problem="is missing", cure=cure)
    for name, count in Counter(names).items():
        if count > 1:
            problem = "stands twice in the header"
            yield Fault(file=file, row=1, column=name, problem=problem, cure="keep one of the columns")
    if not any(name.startswith(INSTRUMENT) for name in names):
        cure = "add what moves a price but not demand itself: cost, exchange rate, rivals' attributes"
        problem = "is missing: a price set knowing demand looks like one that buyers do not mind"
        yield Fault(file=file, row=1, column=f"{INSTRUMENT}0", problem=problem, cure=cure)


def _numbers(file: str, name: str, cells: list[str], lines: tuple[Line, ...], faults: list[Fault]) -> Array:
    out = np.zeros(len(cells))
    for n, (text, line) in enumerate(zip(cells, lines, strict=True)):
        if _is_number(text):
            out[n] = float(text)
        else:
            problem = "is not a number" if text else "is blank"
            cure = "write a number; leave the whole row out where it is not known"
            faults.append(Fault(file=file, row=line.number, column=name, written=text, problem=problem, cure=cure))
    return out


def _impossible(
    file: str, cells: dict[str, list[str]], found: dict[str, Array], lines: tuple[Line, ...]
) -> Iterator[Fault]:
    """Shares and prices that no market can have, and products that stand twice."""
    total: dict[str, float] = defaultdict(float)
    seen: dict[tuple[str, str], int] = {}
    for n, line in enumerate(lines):
        market, key = cells["market_ids"][n], (cells["market_ids"][n], cells["product_ids"][n])
        for name, part in zip(KEYS, key, strict=True):
            if not part:
                yield Fault(file=file, row=line.number, column=name, problem="is blank", cure="name it")
        if key in seen:
            problem = f"stands on line {seen[key]} already for market {market}"
            cure = "keep one row a product and market"
            yield Fault(file=file, row=line.number, column="product_ids", written=key[1], problem=problem, cure=cure)
        seen.setdefault(key, line.number)
        for name, most, cure in (("shares", 1.0, "write a share above 0 and below 1"), ("prices", np.inf, "above 0")):
            value = found[name][n]
            if not 0 < value < most and _is_number(cells[name][n]):
                written = cells[name][n]
                yield Fault(
                    file=file, row=line.number, column=name, written=written, problem="is out of range", cure=cure
                )
        before, total[market] = total[market], total[market] + found["shares"][n]
        if before < 1 <= total[market]:
            problem = f"brings the shares of market {market} to {total[market]:.3f}: nobody is left who bought nothing"
            cure = "divide by all who could have bought, not by all who did"
            yield Fault(file=file, row=line.number, column="shares", problem=problem, cure=cure)
