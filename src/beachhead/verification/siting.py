"""Location problems of the OR-Library; the instances are read from the user's own copy of its files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from beachhead.siting.field import Field
from beachhead.siting.instances import read_cap, read_pmed, warehouse_field
from beachhead.siting.solve import solve
from beachhead.verification.published import Published

MEDIANS = {"pmed1": 5819, "pmed2": 4093, "pmed3": 4250, "pmed4": 3034, "pmed5": 1355, "pmed6": 7824, "pmed7": 5631}
WAREHOUSES = {"cap71": 932615.750, "cap74": 1034976.975, "cap101": 796648.437, "cap131": 793439.562}
_MEDIAN = "OR-Library, p-median (Beasley 1985)"
_WAREHOUSE = "OR-Library, uncapacitated warehouse location (Beasley 1988)"


def siting(folder: Path) -> tuple[Published, ...]:
    """Numbers of room `siting` on the instances among pmed*.txt and cap*.txt that lie anywhere below a folder."""
    found = {path.stem: path for path in sorted(folder.rglob("*.txt"))}
    medians = [
        _cost(name, f"{name}: total distance", _MEDIAN, value, 0.0, found, read_pmed)
        for name, value in MEDIANS.items()
        if name in found
    ]
    warehouses = [
        _cost(name, f"{name}: cost", _WAREHOUSE, value, 1.1e-3, found, lambda path: warehouse_field(read_cap(path)))
        for name, value in WAREHOUSES.items()
        if name in found
    ]
    return (*medians, *warehouses)


def _cost(
    name: str,
    what: str,
    source: str,
    value: float,
    tolerance: float,
    found: dict[str, Path],
    read: Callable[[Path], Field],
) -> Published:
    return Published("siting", what, source, value, tolerance, lambda: solve(read(found[name]), seed=1).upper)
