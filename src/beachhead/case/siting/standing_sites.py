"""Sites that stand already: from stores.csv or from a file of their own, and which of them may be closed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from beachhead.case.open import Launch
from beachhead.case.siting.places import Line, nearest_places, sites_of
from beachhead.evidence.tables.stores import StoreRow
from beachhead.siting.geography import Places
from beachhead.world.errors import BadInput, Fault
from beachhead.world.figures import how_many, some
from beachhead.world.quarter import Quarter

NEAR_KM = 30.0
"""A standing store counts for the settlement nearest to it, if that is no farther."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where sites stand.

    Attributes:
        at: places that hold one, as numbers.
        closable: those of them where every site may be closed.
        since: those of them where none is open yet, with the quarter in which the first opens.
        notes: what could not be placed.
    """

    at: frozenset[int]
    closable: frozenset[int]
    since: Mapping[int, Quarter] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def standing_sites(
    launch: Launch, file: Path | None, places: Places, codes: tuple[str, ...], sells: bool, until: Quarter | None = None
) -> Standing:
    """Where sites stand already.

    Args:
        launch: the launch.
        file: own file of standing sites; None for stores.csv.
        places: settlements.
        codes: markets asked for.
        until: stores that open after that quarter are left out; None to count every one that is decided.
        sells: whether sites are sought that sell cars, so that only those count; else only those with bays.
    """
    if file is not None:
        lines = sites_of(file, codes)
        none = f"{file.name} tells of no standing site in the markets asked for."
        return _placed(lines, [None] * len(lines), places, file.name, () if lines else (none,))
    lines, opens, nowhere, unknown, after = [], [], 0, [], []
    for row, store in enumerate(launch.folder.rows(StoreRow), start=2):
        if store.market not in codes or not (store.sells_cars if sells else store.service_bays):
            continue
        if until is not None and store.open_from is not None and store.open_from > until:
            after.append(store.code)
            continue
        lat, lon = store.lat, store.lon
        if lat is None or lon is None:
            at = _named(places, store.city, store.market) if store.city else None
            if at is None:
                nowhere += 0 if store.city else store.count
                unknown += [f"{store.city} ({store.code})"] if store.city else []
                continue
            lat, lon = float(places.lat[at]), float(places.lon[at])
        opens.append(store.open_from)
        lines.append(
            Line(
                row=row,
                name=store.code,
                country=store.market,
                lat=lat,
                lon=lon,
                people=0.0,
                closable=store.closable,
            )
        )
    said = []
    if nowhere:
        stores = how_many(nowhere, "standing store of stores.csv has", "standing stores of stores.csv have")
        said.append(f"{stores} neither city nor coordinates and {'does' if nowhere == 1 else 'do'} not count.")
    if unknown:
        rows = how_many(len(unknown), "row of stores.csv does", "rows of stores.csv do")
        said.append(
            f"{rows} not count, as no settlement counted has the name of the city: {some(unknown)}; mend the name, "
            "write coordinates, or lower --least-people."
        )
    if after:
        said.append(f"Decided for after {until}, so not counted by quarters: {some(after)}.")
    return _placed(lines, opens, places, "stores.csv", tuple(said))


def _placed(
    lines: list[Line], opens: Sequence[Quarter | None], places: Places, file: str, notes: tuple[str, ...]
) -> Standing:
    """The settlement of each site; `opens` says from which quarter on it is open, None where it is already."""
    stay: set[int] = set()
    since: dict[int, Quarter] = {}
    already: set[int] = set()
    may_close: set[int] = set()
    faults = []
    lat, lon = np.array([line.lat for line in lines]), np.array([line.lon for line in lines])
    nearest, far = nearest_places(places, lat, lon, [line.country for line in lines])
    for line, when, at, km in zip(lines, opens, nearest.tolist(), far.tolist(), strict=True):
        if km > NEAR_KM:
            problem = f"stands {km:,.0f} km from any settlement counted in {line.country}"
            cure = "mend the coordinates, lower --least-people, or take out what lies overseas"
            faults.append(Fault(file=file, row=line.row, column="lat", written=line.name, problem=problem, cure=cure))
        (may_close if line.closable else stay).add(at)
        if when is None:
            already.add(at)
        else:
            since[at] = min(when, since.get(at, when))
    if faults:
        raise BadInput.of(faults)
    return Standing(
        at=frozenset(stay | may_close),
        closable=frozenset(may_close - stay),
        since={at: when for at, when in since.items() if at not in already},
        notes=notes,
    )


def _named(places: Places, city: str, country: str) -> int | None:
    wanted = city.casefold()
    at = (k for k in range(len(places)) if places.country[k] == country and places.name[k].casefold() == wanted)
    return next(at, None)
