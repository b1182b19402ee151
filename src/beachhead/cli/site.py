"""`beachhead site`: where the next stores and service centres go, in what order, and what each adds."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from beachhead.case.open import Launch, open_launch
from beachhead.case.places import SETS
from beachhead.case.site_words import headline, people_in, place_name, site_sentence
from beachhead.case.sited import forget_terms
from beachhead.case.siting import Ask, MarketReach, Model, Site, Sited, ask_sites, keep_sites
from beachhead.case.travel_times import Times
from beachhead.cli.clock import Who, name_of, now
from beachhead.cli.effort import SecondsOption, WorkOption
from beachhead.cli.show import JsonFlag, LaunchDir, money, say, show_json, show_table
from beachhead.cli.site_files import refuse_unwritable, site_answer, write_sites
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
    market: Annotated[
        list[str] | None, typer.Option("--market", metavar="CODE", help="Only this market; may be repeated.")
    ] = None,
    format_: Annotated[
        str | None,
        typer.Option("--format", metavar="NAME", help="Of formats.csv; default store, or any that sells (least cost)."),
    ] = None,
    cars: Annotated[
        list[str] | None, typer.Option("--cars", metavar="CC=N", help="Cars a year to be served (least cost).")
    ] = None,
    full: Annotated[
        float | None, typer.Option("--full", min=0, help="Minutes within which a buyer counts wholly (gradual).")
    ] = None,
    sites: Annotated[
        Path | None, typer.Option("--sites", metavar="FILE", help="Standing sites (CSV: name,country,lat,lon).")
    ] = None,
    exclude: Annotated[
        list[str] | None, typer.Option("--exclude", metavar="PLACE", help="No site in this settlement.")
    ] = None,
    spacing: Annotated[float, typer.Option("--spacing", min=0, help="Least km between sites.")] = 0.0,
    paying: Annotated[
        bool, typer.Option(help="By quarters: no more sites in a market once the next would not earn its cost.")
    ] = True,
    rivals: Annotated[float, typer.Option("--rivals", help="Rival stores near every buyer (capture).")] = 4.0,
    settlements: Annotated[
        Path | None, typer.Option("--settlements", metavar="FILE", help="Own settlements: CSV or a GeoNames dump.")
    ] = None,
    matrix: Annotated[
        Path | None,
        typer.Option("--matrix", metavar="FILE", help="Own minutes: CSV, XLSX or Parquet with from,to,minutes."),
    ] = None,
    router: Annotated[
        str | None, typer.Option("--router", metavar="KIND=URL", help="Minutes by osrm=URL or valhalla=URL.")
    ] = None,
    least_people: Annotated[int, typer.Option(min=0, help="Leave out smaller settlements.")] = SETS[-1],
    site_people: Annotated[int, typer.Option(min=0, help="Sites only in settlements this large.")] = 50_000,
    name: Annotated[str | None, typer.Option("--site", metavar="NAME", help="Only the sentence of this site.")] = None,
    work: WorkOption = 60.0,
    seconds: SecondsOption = None,
    scheduler: Annotated[
        str | None,
        typer.Option(
            "--scheduler", metavar="ADDRESS", help="Dask cluster for markets that share no budget; default here."
        ),
    ] = None,
    out: OutOption = None,
    keep: Annotated[
        bool, typer.Option("--keep", help="Keep the answer: the next plan counts on its reach and capital.")
    ] = False,
    forget: Annotated[bool, typer.Option("--forget", help="Take the answer kept off the next plan, and stop.")] = False,
    who: Who = None,
    as_json: JsonFlag = False,
) -> None:
    """Say where the next stores and service centres go, in what order, what each adds, and how good that is."""
    kinds = tuple(code.strip() for code in (format_ or "").split(",") if code.strip())
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
        format=kinds[0] if kinds else "store",
        formats=kinds,
        cars={code: float(number) for code, number in _per_market(cars or [], "cars a year").items()},
        full=full,
        least_people=least_people,
        site_people=site_people,
        settlements=settlements,
        sites=sites,
        times=Times(matrix=matrix, router=router),
        exclude=tuple(exclude or ()),
        spacing_km=spacing,
        rivals=rivals,
        paying=paying,
        work=work,
        seconds=seconds,
        scheduler=scheduler,
    )
    launch = open_launch(directory)
    if out is not None:
        refuse_unwritable(out)  # before a search that may take a minute, not after it
    if forget:
        _forget(launch, name_of(who), as_json)
        return
    sited = ask_sites(launch, ask)
    if keep:
        keep_sites(launch, sited, who=name_of(who), at=now())
    if out is not None:
        write_sites(launch, sited, out)
        say(f"{len(sited.sites)} sites written to {out}.")
    elif as_json:
        show_json(site_answer(launch, sited) | {"kept": keep})
    elif name is not None:
        say(*_of_name(launch, sited, name))
    else:
        _show(launch, sited)
        say(*_what_next(launch, sited, keep))


def _forget(launch: Launch, who: str, as_json: bool) -> None:
    gone = forget_terms(launch, who=who, at=now())
    if as_json:
        show_json({"forgotten": gone})
    else:
        say("Forgotten: plans rest on economics.csv again." if gone else "No answer of siting was kept.")


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


def _per_market(texts: list[str], what: str = "sites") -> dict[str, int]:
    found = {}
    for text in texts:
        code, _, number = text.partition("=")
        if not number.strip().isdigit():
            raise BadInput(f"{text!r} is not a number of {what} for a market", "write it like DE=40")
        found[code.strip().upper()] = int(number)
    return found


# ---- sentences and tables --------------------------------------------------------------------------------------------


def _show(launch: Launch, sited: Sited) -> None:
    say(*headline(launch, sited), *sited.notes)
    new = [one for one in sited.sites if not one.kept]
    say(*(f"- {site_sentence(launch, sited, one)}" for one in new[:3]))
    if new and new[0].serves is not None:
        _show_served(sited, new)
        return
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
        say(f"Left out, largest first: {', '.join(place_name(sited, k) for k in sited.left_out[:8])}.")


def _show_served(sited: Sited, new: list[Site]) -> None:
    """Sites of the models of least cost, the busiest first."""
    busiest = sorted(new, key=lambda one: -(one.serves or 0.0))
    show_table(
        ["", "site", "format", "cars a year", "gained"],
        [
            [
                str(rank),
                place_name(sited, one.place),
                one.format.name,
                f"{one.serves or 0.0:,.0f}",
                people_in(one.worth.gained_people),
            ]
            for rank, one in enumerate(busiest[:_SHOWN], start=1)
        ],
        title=f"New sites, {min(_SHOWN, len(new))} of {len(new)}; gained: people whom no other site reaches",
        right={0, 3, 4},
    )


def _what_next(launch: Launch, sited: Sited, kept: bool) -> list[str]:
    if kept:
        return [f"Kept: `beachhead plan {launch.path}` now counts on this reach and capital of own stores."]
    if not sited.format.sells:
        return []
    return [f"Not kept: `beachhead site {launch.path} --keep` lets the next plan count on this reach and capital."]


def _next_sentence(launch: Launch, sited: Sited) -> list[str]:
    """What the next site would add, where one market is asked for."""
    one = sited.markets[0]
    if len(sited.markets) > 1 or one.next_place is None:
        return []
    where, adds = place_name(sited, one.next_place), f"{100 * one.next_share:.2g} %"
    return [f"Site {one.sites + 1} in {launch.market(one.market).name}, {where}, would add {adds} of its people."]


def _of_name(launch: Launch, sited: Sited, name: str) -> list[str]:
    found = [one for one in sited.sites if sited.places.name[one.place].casefold() == name.casefold()]
    if not found:
        raise BadInput(f"no open site is called {name!r}", "run the command without --site, or with --out sites.csv")
    return [site_sentence(launch, sited, one) for one in found]


def _row(sited: Sited, rank: int, one: Site) -> list[str]:
    worth = one.worth
    return [
        str(rank),
        place_name(sited, one.place),
        str(one.opens or ""),
        people_in(worth.nearest_people),
        people_in(worth.gained_people),
        f"{worth.saved_minutes:.0f}" if worth.taken_people >= 1 else "",
        "" if worth.takes_from is None else place_name(sited, worth.takes_from),
        "" if worth.replaced_by is None else place_name(sited, worth.replaced_by),
    ]


def _largest(sited: Sited) -> list[MarketReach]:
    return sorted(sited.markets, key=lambda one: (one.sites == 0, -one.people))[:30]


def _market_row(launch: Launch, one: MarketReach) -> list[str]:
    return [
        launch.market(one.market).name,
        f"{one.sites:,}",
        f"{100 * one.covered_share:.1f} %",
        people_in(one.people),
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
