"""`beachhead site`: where the next stores and service centres go, in what order, and what each adds."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from beachhead.case.open import Launch, open_launch
from beachhead.case.places import SETS
from beachhead.case.siting import Ask, MarketReach, Model, Site, Sited, ask_sites
from beachhead.cli.show import JsonFlag, LaunchDir, money, percent, plain, say, show_json, show_table
from beachhead.world.errors import BadInput

_PROMISE = re.compile(r"\s*(\d*\.?\d+)\s*(%?)\s*@\s*(\d*\.?\d+)\s*(?:min(?:utes)?)?\s*", re.IGNORECASE)
_SHOWN = 15

PromiseOption = Annotated[
    str | None, typer.Option("--promise", metavar="SHARE@MINUTES", help="Fewest sites for this, such as 0.95@45min.")
]
PerMarketOption = Annotated[
    list[str] | None, typer.Option("--per-market", metavar="CC=N", help="Most new sites of a market; may be repeated.")
]
OutOption = Annotated[
    Path | None, typer.Option("--out", metavar="FILE", help="Write the sites as .geojson or .csv, or all as .json.")
]


def site(
    directory: LaunchDir,
    model: Annotated[
        Model | None,
        typer.Option("--model", help="What is made best; default by what is asked."),
    ] = None,
    promise: PromiseOption = None,
    minutes: Annotated[float, typer.Option(min=1, max=600, help="Within which a site counts.")] = 45.0,
    count: Annotated[int | None, typer.Option("--count", help="New sites in all.")] = None,
    per_market: PerMarketOption = None,
    budget: Annotated[float | None, typer.Option("--budget", help="Capital for new sites, launch currency.")] = None,
    staff: Annotated[float | None, typer.Option("--staff", help="People who can be trained in a quarter.")] = None,
    market: Annotated[list[str] | None, typer.Option("--market", help="Only this market; may be repeated.")] = None,
    format_: Annotated[str, typer.Option("--format", help="showroom, store, store_bays, service or garage.")] = "store",
    sites: Annotated[Path | None, typer.Option("--sites", help="Standing sites (CSV: name,country,lat,lon).")] = None,
    exclude: Annotated[list[str] | None, typer.Option("--exclude", help="No site in this settlement.")] = None,
    spacing: Annotated[float, typer.Option("--spacing", min=0, help="Least km between sites.")] = 0.0,
    rivals: Annotated[float, typer.Option("--rivals", help="Rival stores near every buyer (capture).")] = 4.0,
    settlements: Annotated[
        Path | None, typer.Option("--settlements", help="Own settlements: CSV or a GeoNames dump.")
    ] = None,
    least_people: Annotated[int, typer.Option(min=0, help="Leave out smaller settlements.")] = SETS[-1],
    site_people: Annotated[int, typer.Option(min=0, help="Sites only in settlements this large.")] = 50_000,
    name: Annotated[str | None, typer.Option("--site", metavar="NAME", help="Only the sentence of this site.")] = None,
    seconds: Annotated[float, typer.Option(min=1, help="Time for the search.")] = 60.0,
    out: OutOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Say where the next stores and service centres go, in what order, what each adds, and how good that is."""
    share, within = (0.95, minutes) if promise is None else _promised(promise)
    ask = Ask(
        model=model or _model(promise, count, budget, per_market),
        minutes=within,
        share=share,
        markets=tuple(code.upper() for code in market or ()),
        count=count,
        per_market=_per_market(per_market or []),
        budget=budget,
        staff_per_quarter=staff,
        format=format_,
        least_people=least_people,
        site_people=site_people,
        settlements=settlements,
        sites=sites,
        exclude=tuple(exclude or ()),
        spacing_km=spacing,
        rivals=rivals,
        seconds=seconds,
    )
    launch = open_launch(directory)
    sited = ask_sites(launch, ask)
    if out is not None:
        _write(launch, sited, out)
        say(f"{len(sited.sites)} sites written to {out}.")
    elif as_json:
        show_json(site_answer(launch, sited))
    elif name is not None:
        say(*_of_name(launch, sited, name))
    else:
        _show(launch, sited)


def _model(promise: str | None, count: int | None, budget: float | None, per_market: list[str] | None) -> Model:
    if promise is not None:
        return Model.PROMISE
    return Model.PHASES if count is None and budget is None and not per_market else Model.COVER


def _promised(text: str) -> tuple[float, float]:
    found = _PROMISE.fullmatch(text)
    share = float(found[1]) / (100.0 if found[2] or float(found[1]) > 1 else 1.0) if found else 0.0
    if found is None or not 0 < share <= 1 or not 0 < float(found[3]) <= 600:
        raise BadInput(f"{text!r} is not a promise", "write a share and minutes, such as 0.95@45min")
    return share, float(found[3])


def _per_market(texts: list[str]) -> dict[str, int]:
    found = {}
    for text in texts:
        code, _, number = text.partition("=")
        if not number.strip().isdigit():
            raise BadInput(f"{text!r} is not a number of sites for a market", "write it like DE=40")
        found[code.strip().upper()] = int(number)
    return found


# ---- sentences and tables --------------------------------------------------------------------------------------------


def _show(launch: Launch, sited: Sited) -> None:
    say(*headline(launch, sited), *sited.notes)
    new = [one for one in sited.sites if not one.kept]
    say(*(f"- {site_sentence(launch, sited, one)}" for one in new[:3]))
    show_table(
        ["", "site", "opens", "near", "gained", "min saved", "takes from", "replaced by"],
        [_row(sited, rank, one) for rank, one in enumerate(new[:_SHOWN], start=1)],
        title=f"New sites, {min(_SHOWN, len(new))} of {len(new)}; `--site NAME` explains one, `--out` writes all",
        right={0, 3, 4, 5},
    )
    show_table(
        ["market", "sites", "people within", "of", "one more adds", "80 % takes", "95 % takes", "capital"],
        [_market_row(launch, one) for one in _largest(sited)],
        title="Markets: what one more site adds, and how many new ones a promise takes (at least - enough)",
        right={1, 2, 3, 4, 5, 6, 7},
    )
    say(*_next_sentence(launch, sited))
    if sited.quarters:
        _show_quarters(launch, sited)
    if sited.left_out:
        say(f"Left out, largest first: {', '.join(_place(sited, k) for k in sited.left_out[:8])}.")


def _next_sentence(launch: Launch, sited: Sited) -> list[str]:
    """What the next site would add, where one market is asked for."""
    one = sited.markets[0]
    if len(sited.markets) > 1 or one.next_place is None:
        return []
    where, adds = _place(sited, one.next_place), f"{100 * one.next_share:.2g} %"
    return [f"Site {one.sites + 1} in {launch.market(one.market).name}, {where}, would add {adds} of its people."]


def headline(launch: Launch, sited: Sited) -> list[str]:
    """The answer in sentences."""
    new = [one for one in sited.sites if not one.kept]
    cost = money(sum(one.cost for one in new), launch.folder.terms.currency)
    stand = len(sited.sites) - len(new)
    beside = f" beside {stand} that stand" if stand else ""
    within = (
        f"{100 * sited.covered_share:.1f} % of the people in settlements counted within {sited.ask.minutes:g} minutes"
    )
    lines = [f"{len(new)} new sites ({sited.format.name}, {cost}){beside} bring {within}."]
    promise = sited.promise
    if promise is not None and not promise.is_kept:
        lines.append(
            f"The promise of {100 * promise.share:g} % cannot be kept: all candidates together reach "
            f"{100 * promise.attainable_share:.1f} %. Lower --site-people for more candidates, or promise less."
        )
    elif promise is not None:
        least = promise.fewest
        sure = "no fewer would do" if least == len(sited.sites) else f"fewer than {least} would not do"
        lines.append(f"The promise takes {len(sited.sites)} sites; {sure}. Found in {sited.seconds:.1f} s.")
    else:
        lines.append(
            f"Value {_figure(sited.value)} {sited.unit}; no choice of sites reaches better than "
            f"{_figure(sited.bound)} (gap {100 * sited.gap:.2g} %, {sited.status}, {sited.seconds:.1f} s)."
        )
    return lines


def site_sentence(launch: Launch, sited: Sited, one: Site) -> str:
    """What one site is there for, in one sentence."""
    worth, minutes = one.worth, f"{sited.ask.minutes:g} minutes"
    name = _place(sited, one.place)
    cost = f" for {money(one.cost, launch.folder.terms.currency)}" if one.cost else ""
    verb = "stands already and" if one.kept else f"opens{f' in {one.opens}' if one.opens else ''}{cost} and"
    parts = [f"brings {_people(worth.gained_people)} people within {minutes} of a site whom no other reaches"]
    if worth.takes_from is not None and worth.taken_people >= 1:
        parts.append(
            f"saves {worth.saved_minutes:.0f} minutes each for {_people(worth.taken_people)} people, most of them from "
            f"{_place(sited, worth.takes_from)}"
        )
    if one.buyers is not None and one.from_own is not None:
        own = percent(one.from_own / max(one.buyers, 1e-12))
        parts.append(f"draws {one.buyers:,.0f} cars a year, {own} of them from own stores")
    if worth.replaced_by is None:
        instead = "nothing could replace it" if worth.gained_people else "closing it would lose nobody"
    else:
        kept = percent(worth.kept_people / max(worth.gained_people, 1.0))
        instead = f"without it, {_place(sited, worth.replaced_by)} would keep {kept} of them"
    return f"{name} {verb} {' and '.join(parts)}; {instead}."


def _of_name(launch: Launch, sited: Sited, name: str) -> list[str]:
    found = [one for one in sited.sites if sited.places.name[one.place].casefold() == name.casefold()]
    if not found:
        raise BadInput(f"no open site is called {name!r}", "run the command without --site, or with --out sites.csv")
    return [site_sentence(launch, sited, one) for one in found]


def _row(sited: Sited, rank: int, one: Site) -> list[str]:
    worth = one.worth
    return [
        str(rank),
        _place(sited, one.place),
        str(one.opens or ""),
        _people(worth.nearest_people),
        _people(worth.gained_people),
        f"{worth.saved_minutes:.0f}" if worth.taken_people >= 1 else "",
        "" if worth.takes_from is None else _place(sited, worth.takes_from),
        "" if worth.replaced_by is None else _place(sited, worth.replaced_by),
    ]


def _largest(sited: Sited) -> list[MarketReach]:
    return sorted(sited.markets, key=lambda one: -one.people)[:30]


def _market_row(launch: Launch, one: MarketReach) -> list[str]:
    return [
        launch.market(one.market).name,
        f"{one.sites:,}",
        f"{100 * one.covered_share:.1f} %",
        _people(one.people),
        f"{100 * one.next_share:.2f} %" if one.next_place is not None else "",
        _between(one, 0.80),
        _between(one, 0.95),
        money(float(one.capital.sum()), launch.folder.terms.currency),
    ]


def _between(one: MarketReach, share: float) -> str:
    found = one.curve.sites_for(share)
    if found is None:
        return "-"
    return f"{found[0]}" if found[0] == found[1] else f"{found[0]}-{found[1]}"


def _show_quarters(launch: Launch, sited: Sited) -> None:
    weight = np.array([one.people for one in sited.markets])
    reach = np.array([one.reach for one in sited.markets])
    capital = np.array([one.capital for one in sited.markets])
    opened = [one.opens for one in sited.sites if one.opens is not None]
    show_table(
        ["quarter", "sites opened", "open in all", "people within", "capital decided"],
        [
            [
                str(quarter),
                str(sum(when == quarter for when in opened)),
                str(sum(when <= quarter for when in opened) + sum(one.kept for one in sited.sites)),
                f"{100 * float(reach[:, t] @ weight / weight.sum()):.1f} %",
                money(float(capital[:, t].sum()), launch.folder.terms.currency),
            ]
            for t, quarter in enumerate(sited.quarters)
        ],
        title="By quarter",
        right={1, 2, 3, 4},
    )


def _place(sited: Sited, place: int) -> str:
    """Name and country; the name alone where one market is asked for."""
    name = sited.places.name[place]
    return name if len(sited.markets) == 1 else f"{name} ({sited.places.country[place]})"


def _people(count: float) -> str:
    if count >= 999_500:
        return f"{count / 1e6:.1f} M"
    return f"{count / 1000:,.0f} k" if count >= 1000 else f"{count:,.0f}"


def _figure(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


# ---- files -----------------------------------------------------------------------------------------------------------


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
        "seconds": sited.seconds,
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
        "buyers": one.buyers,
        "buyers_from_own": one.from_own,
        "sentence": site_sentence(launch, sited, one),
    }


def _point(sited: Sited, place: int) -> dict[str, float]:
    return {"lat": float(sited.places.lat[place]), "lon": float(sited.places.lon[place])}


def site_map(launch: Launch, sited: Sited) -> dict[str, Any]:
    """The sites as GeoJSON (RFC 7946)."""
    features = []
    for one in sited.sites:
        at = _point(sited, one.place)
        geometry = {"type": "Point", "coordinates": [at["lon"], at["lat"]]}
        features.append({"type": "Feature", "geometry": geometry, "properties": _properties(launch, sited, one)})
    return {"type": "FeatureCollection", "features": features}


def _write(launch: Launch, sited: Sited, out: Path) -> None:
    if out.suffix == ".csv":
        rows = [_properties(launch, sited, one) | _point(sited, one.place) for one in sited.sites]
        text = io.StringIO()
        table = csv.DictWriter(text, list(rows[0]) if rows else ["name"], lineterminator="\n")
        table.writeheader()
        table.writerows(rows)
        out.write_text(text.getvalue(), encoding="utf-8")
    elif out.suffix in (".geojson", ".json"):
        answer = site_map(launch, sited) if out.suffix == ".geojson" else site_answer(launch, sited)
        out.write_text(json.dumps(plain(answer), ensure_ascii=False, indent=1), encoding="utf-8")
    else:
        raise BadInput(f"{out} has no ending that says what to write", "end it in .geojson, .csv or .json")
