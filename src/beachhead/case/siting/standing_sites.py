"""Sites that stand already: from stores.csv or from a file of their own, and which of them may be closed."""

from __future__ import annotations

from collections import Counter
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
class Closing:
    """A site that closes within the launch.

    Attributes:
        place: number of its settlement.
        opens: first quarter open; None where it is already.
        closes: last quarter open.
    """

    place: int
    opens: Quarter | None
    closes: Quarter

    def stands_in(self, quarter: Quarter) -> bool:
        """Whether it is open in a quarter, the first and the last counted in."""
        return (self.opens is None or self.opens <= quarter) and quarter <= self.closes


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where sites stand.

    Attributes:
        at: places that hold one, as numbers.
        closable: those of them where every site may be closed.
        since: those of them where none is open yet, with the quarter in which the first opens.
        leaving: sites that are decided to close within the launch, by quarters; no place of `at` for that.
        notes: what could not be placed, what is left out, and what counts as one.
    """

    at: frozenset[int]
    closable: frozenset[int]
    since: Mapping[int, Quarter] = field(default_factory=dict)
    leaving: tuple[Closing, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Store:
    """A line of a file of sites: where, how many, and the first and last quarter open where they are told."""

    line: Line
    count: int = 1
    opens: Quarter | None = None
    closes: Quarter | None = None


def standing_sites(
    launch: Launch, file: Path | None, places: Places, codes: tuple[str, ...], sells: bool, by_quarters: bool
) -> Standing:
    """Where sites stand already.

    Args:
        launch: the launch.
        file: own file of standing sites; None for stores.csv.
        places: settlements.
        codes: markets asked for.
        sells: whether sites are sought that sell cars, so that only those count; else only those with bays.
        by_quarters: whether each store counts in the quarters in which it is open. Else every decision counts as
            carried out: a store that opens later stands, one that closes before the launch ends does not.
    """
    if file is not None:
        lines = sites_of(file, codes)
        none = f"{file.name} tells of no standing site in the markets asked for."
        return _placed([_Store(line=line) for line in lines], places, file.name, () if lines else (none,))
    first, last = launch.folder.terms.grid[0], launch.folder.terms.grid[-1]
    stores, nowhere, unknown, after, gone = [], 0, [], [], []
    for row, store in enumerate(launch.folder.rows(StoreRow), start=2):
        if store.market not in codes or not (store.sells_cars if sells else store.service_bays):
            continue
        if by_quarters and store.open_from is not None and store.open_from > last:
            after.append(store.code)
            continue
        closes = store.open_until if store.open_until is not None and store.open_until < last else None
        if closes is not None and (closes < first or not by_quarters):
            gone.append(f"{store.code} ({closes})")
            continue
        lat, lon = store.lat, store.lon
        if lat is None or lon is None:
            at = _named(places, store.city, store.market) if store.city else None
            if at is None:
                nowhere += 0 if store.city else store.count
                unknown += [f"{store.city} ({store.code})"] if store.city else []
                continue
            lat, lon = float(places.lat[at]), float(places.lon[at])
        line = Line(
            row=row, name=store.code, country=store.market, lat=lat, lon=lon, people=0.0, closable=store.closable
        )
        stores.append(_Store(line=line, count=store.count, opens=store.open_from, closes=closes))
    said = []
    if nowhere:
        told = how_many(nowhere, "standing store of stores.csv has", "standing stores of stores.csv have")
        said.append(f"{told} neither city nor coordinates and {'does' if nowhere == 1 else 'do'} not count.")
    if unknown:
        rows = how_many(len(unknown), "row of stores.csv does", "rows of stores.csv do")
        said.append(
            f"{rows} not count, as no settlement counted has the name of the city: {some(unknown)}; mend the name, "
            "write coordinates, or lower --least-people."
        )
    if after:
        said.append(f"Decided for after {last}, so not counted by quarters: {some(after)}.")
    if gone:
        when = f"before {first}" if by_quarters else f"before the launch ends in {last}"
        said.append(f"Not counted, as the last quarter open lies {when}: {some(gone)}.")
    return _placed(stores, places, "stores.csv", tuple(said))


def _placed(stores: Sequence[_Store], places: Places, file: str, notes: tuple[str, ...]) -> Standing:
    """The settlement of each site."""
    stay: set[int] = set()
    since: dict[int, Quarter] = {}
    already: set[int] = set()
    may_close: set[int] = set()
    leaving: list[Closing] = []
    counts: Counter[int] = Counter()
    faults = []
    lines = [store.line for store in stores]
    lat, lon = np.array([line.lat for line in lines]), np.array([line.lon for line in lines])
    nearest, far = nearest_places(places, lat, lon, [line.country for line in lines])
    for store, at, km in zip(stores, nearest.tolist(), far.tolist(), strict=True):
        line = store.line
        if km > NEAR_KM:
            problem = f"stands {km:,.0f} km from any settlement counted in {line.country}"
            cure = "mend the coordinates, lower --least-people, or take out what lies overseas"
            faults.append(Fault(file=file, row=line.row, column="lat", written=line.name, problem=problem, cure=cure))
        if store.closes is not None:
            leaving.append(Closing(place=at, opens=store.opens, closes=store.closes))
            continue
        counts[at] += store.count
        (may_close if line.closable else stay).add(at)
        if store.opens is None:
            already.add(at)
        else:
            since[at] = min(store.opens, since.get(at, store.opens))
    if faults:
        raise BadInput.of(faults)
    return Standing(
        at=frozenset(stay | may_close),
        closable=frozenset(may_close - stay),
        since={at: when for at, when in since.items() if at not in already},
        leaving=tuple(leaving),
        notes=(*notes, *_merged(counts, places, file), *_leave(leaving, places)),
    )


def _merged(counts: Counter[int], places: Places, file: str) -> tuple[str, ...]:
    """Where several stores count as one site, since a site is a settlement."""
    several = [(at, count) for at, count in counts.most_common() if count > 1]
    if not several:
        return ()
    names = some([f"{count:,} in or nearest to {places.name[at]} ({places.country[at]})" for at, count in several], 5)
    stores = f"{counts.total():,} standing stores of {file} make {how_many(len(counts), 'site')}"
    return (f"{stores}, as those of one settlement count as one: {names}.",)


def _leave(leaving: Sequence[Closing], places: Places) -> tuple[str, ...]:
    if not leaving:
        return ()
    ends = sorted(leaving, key=lambda one: (one.closes, one.place))
    told = some([f"{places.name[one.place]} ({places.country[one.place]}) {one.closes}" for one in ends])
    return (f"Decided to close, so each counts to its last quarter open only: {told}.",)


def _named(places: Places, city: str, country: str) -> int | None:
    wanted = city.casefold()
    at = (k for k in range(len(places)) if places.country[k] == country and places.name[k].casefold() == wanted)
    return next(at, None)
