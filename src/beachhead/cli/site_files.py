"""The answer of `beachhead site` as JSON, GeoJSON and CSV."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

from beachhead.case.open import Launch
from beachhead.case.siting.question import Site, Sited
from beachhead.case.siting.standing_sites import Closing
from beachhead.case.siting.words import headline, place_name, site_sentence
from beachhead.cli.show import plain
from beachhead.evidence.sheet import harmless
from beachhead.world.errors import BadInput
from beachhead.world.whole import write_whole


def site_answer(launch: Launch, sited: Sited) -> dict[str, Any]:
    """The answer as one JSON object."""
    return {
        "launch": launch.folder.terms.name,
        "currency": launch.folder.terms.currency,
        "model": sited.ask.model,
        "minutes": sited.ask.minutes,
        "format": sited.format,
        "headline": headline(launch, sited),
        "notes": sited.notes,
        "covered_share": sited.covered_share,
        "mean_minutes": sited.mean_minutes,
        "value": sited.value,
        "bound": sited.bound,
        "gap": sited.gap,
        "unit": sited.unit,
        "status": sited.status,
        "work": {"done": sited.work, "allowed": sited.ask.work, "seconds_allowed": sited.ask.seconds},
        "promise": None
        if sited.promise is None
        else {
            "share": sited.promise.share,
            "is_kept": sited.promise.is_kept,
            "sites": len(sited.promise.sites),
            "fewest": sited.promise.fewest,
            "attainable_share": sited.promise.attainable_share,
        },
        "quarters": [str(quarter) for quarter in sited.quarters],
        "sites": [_properties(launch, sited, one) | _point(sited, one.place) for one in sited.sites],
        "markets": [
            {
                "market": one.market,
                "people": one.people,
                "sites": one.sites,
                "covered_share": one.covered_share,
                "next_site": None if one.next_place is None else sited.places.name[one.next_place],
                "next_site_adds": one.next_share,
                "start": str(one.start) if one.start else None,
                "reach": one.reach,
                "capital": one.capital,
                "curve": {
                    "covered": one.curve.covered,
                    "most": one.curve.most,
                    "sites": [sited.places.name[k] for k in one.curve.order],
                },
            }
            for one in sited.markets
        ],
        "leaving": [_closing(sited, one) | _point(sited, one.place) for one in sited.leaving],
        "closed": [{"name": sited.places.name[k], "market": sited.places.country[k]} for k in sited.closed],
        "left_out": [
            {"name": sited.places.name[k], "market": sited.places.country[k], "people": sited.places.people[k]}
            for k in sited.left_out
        ],
    }


def _properties(launch: Launch, sited: Sited, one: Site) -> dict[str, Any]:
    worth = one.worth
    return {
        "name": sited.places.name[one.place],
        "market": sited.places.country[one.place],
        "kept": one.kept,
        "opens": str(one.opens) if one.opens else None,
        "cost": one.cost,
        "people_near": worth.nearest_people,
        "people_gained": worth.gained_people,
        "minutes_saved": worth.saved_minutes,
        "people_taken": worth.taken_people,
        "takes_from": None if worth.takes_from is None else sited.places.name[worth.takes_from],
        "replaced_by": None if worth.replaced_by is None else sited.places.name[worth.replaced_by],
        "format": one.format.code,
        "serves": one.serves,
        "buyers": one.buyers,
        "buyers_from_own": one.from_own,
        "sentence": site_sentence(launch, sited, one),
    }


def _rows(launch: Launch, sited: Sited) -> list[tuple[int, dict[str, Any]]]:
    """Place and what is said of it: sites of the answer, then those that close within the launch."""
    rows = [(one.place, _properties(launch, sited, one) | {"closes": None}) for one in sited.sites]
    return [*rows, *((one.place, _closing(sited, one)) for one in sited.leaving)]


def _closing(sited: Sited, one: Closing) -> dict[str, Any]:
    name, closes = sited.places.name[one.place], str(one.closes)
    return {
        "name": name,
        "market": sited.places.country[one.place],
        "kept": True,
        "opens": str(one.opens) if one.opens else None,
        "closes": closes,
        "sentence": f"{place_name(sited, one.place)} closes after {closes}.",
    }


def _point(sited: Sited, place: int) -> dict[str, float]:
    return {"lat": float(sited.places.lat[place]), "lon": float(sited.places.lon[place])}


def site_map(launch: Launch, sited: Sited) -> dict[str, Any]:
    """The sites as GeoJSON (RFC 7946)."""
    features = []
    for place, said in _rows(launch, sited):
        at = _point(sited, place)
        geometry = {"type": "Point", "coordinates": [at["lon"], at["lat"]]}
        features.append({"type": "Feature", "geometry": geometry, "properties": said})
    return {"type": "FeatureCollection", "features": features}


def refuse_unwritable(out: Path) -> None:
    """Raise where the name says no format that we write, or its folder does not exist."""
    if out.suffix not in (".csv", ".geojson", ".json"):
        raise BadInput(f"{out} has no ending that says what to write", "end it in .geojson, .csv or .json")
    refuse_unplaced(out)


def refuse_unplaced(out: Path) -> None:
    """Raise where a file of that name has no folder to stand in."""
    if not out.parent.is_dir():
        raise BadInput(f"the folder of {str(out)!r} does not exist", "make it, or write elsewhere")
    if out.is_dir():
        raise BadInput(f"{str(out)!r} is a folder", "name a file in it")


def write_sites(launch: Launch, sited: Sited, out: Path) -> None:
    """Write sites as .geojson or .csv, or everything as .json."""
    refuse_unwritable(out)
    if out.suffix == ".csv":
        rows = [said | _point(sited, place) for place, said in _rows(launch, sited)]
        text = io.StringIO()
        columns = list(rows[0]) if rows else ["name"]
        table = csv.DictWriter(text, columns, restval="", lineterminator="\n")
        table.writeheader()
        table.writerows({name: harmless(cell) for name, cell in row.items()} for row in rows)
        write_whole(out, text.getvalue())
    else:
        answer = site_map(launch, sited) if out.suffix == ".geojson" else site_answer(launch, sited)
        write_whole(out, json.dumps(plain(answer), ensure_ascii=False, indent=1))
