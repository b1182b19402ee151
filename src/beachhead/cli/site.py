"""`beachhead site`: where the next stores and service centres go, in what order, and what each adds."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from beachhead.case.answers.sited import forget_terms
from beachhead.case.open import Launch, open_launch
from beachhead.case.siting.algebra import site_algebra
from beachhead.case.siting.answer import ask_sites, keep_sites
from beachhead.case.siting.places import SETS
from beachhead.case.siting.question import Ask, MarketReach, Site, Sited
from beachhead.case.siting.travel_times import Times
from beachhead.case.siting.words import headline, people_in, place_name, site_sentence
from beachhead.cli.clock import Who, name_of, now
from beachhead.cli.effort import SecondsOption, WorkOption
from beachhead.cli.progress import progress
from beachhead.cli.show import JsonFlag, LaunchDir, how_many, money, say, show_json, show_table
from beachhead.cli.site_files import refuse_unplaced, refuse_unwritable, site_answer, write_sites
from beachhead.cli.site_options import (
    BudgetOption,
    CarsOption,
    CountOption,
    ExcludeOption,
    ForgetOption,
    FormatOption,
    FullOption,
    KeepOption,
    LeastPeopleOption,
    MarketOption,
    MatrixOption,
    MinutesOption,
    ModelOption,
    NameOption,
    OutOption,
    PayingOption,
    PerMarketOption,
    PromiseOption,
    RivalsOption,
    RouterOption,
    SchedulerOption,
    SettlementsOption,
    SitePeopleOption,
    SitesOption,
    SpacingOption,
    StaffOption,
    WriteOption,
    by_market,
    codes_of,
    model_for,
    promised,
)
from beachhead.siting.algebra import spell
from beachhead.world.errors import BadInput
from beachhead.world.whole import write_whole

_SHOWN = 15


def site(
    directory: LaunchDir,
    model: ModelOption = None,
    promise: PromiseOption = None,
    minutes: MinutesOption = 45.0,
    count: CountOption = None,
    per_market: PerMarketOption = None,
    budget: BudgetOption = None,
    staff: StaffOption = None,
    market: MarketOption = None,
    format_: FormatOption = None,
    cars: CarsOption = None,
    full: FullOption = None,
    sites: SitesOption = None,
    exclude: ExcludeOption = None,
    spacing: SpacingOption = 0.0,
    paying: PayingOption = True,
    rivals: RivalsOption = 4.0,
    settlements: SettlementsOption = None,
    matrix: MatrixOption = None,
    router: RouterOption = None,
    least_people: LeastPeopleOption = SETS[-1],
    site_people: SitePeopleOption = 50_000,
    name: NameOption = None,
    work: WorkOption = 60.0,
    seconds: SecondsOption = None,
    scheduler: SchedulerOption = None,
    out: OutOption = None,
    write: WriteOption = None,
    keep: KeepOption = False,
    forget: ForgetOption = False,
    who: Who = None,
    as_json: JsonFlag = False,
) -> None:
    """Say where the next stores and service centres go, in what order, what each adds, and how good that is."""
    formats, (share, within) = codes_of(format_), promised(promise, minutes)
    ask = Ask(
        model=model or model_for(promise, count, budget, per_market),
        minutes=within,
        share=share,
        markets=tuple(code.upper() for code in market or ()),
        count=count,
        per_market=by_market(per_market),
        budget=budget,
        staff_per_quarter=staff,
        format=formats[0] if formats else "store",
        formats=formats,
        cars={code: float(number) for code, number in by_market(cars, "cars a year").items()},
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
    if write is not None:
        _write(launch, ask, write, as_json)
        return
    with progress("siting", quiet=as_json) as advance:
        sited = ask_sites(launch, ask, advance)
    if keep:
        keep_sites(launch, sited, who=name_of(who), at=now())
    _tell(launch, sited, out=out, name=name, kept=keep, as_json=as_json)


def _tell(launch: Launch, sited: Sited, *, out: Path | None, name: str | None, kept: bool, as_json: bool) -> None:
    """The answer where it was asked for: a file, JSON, one sentence, or sentences and tables."""
    if out is not None:
        write_sites(launch, sited, out)
        say(f"{how_many(len(sited.sites) + len(sited.leaving), 'site')} written to {out}.")
    elif as_json:
        show_json(site_answer(launch, sited) | {"kept": kept})
    elif name is not None:
        say(*_of_name(launch, sited, name))
    else:
        show_sites(launch, sited)
        say(*_what_next(launch, sited, kept))


def _write(launch: Launch, ask: Ask, path: Path, as_json: bool) -> None:
    if path.suffix != ".lp":
        raise BadInput(f"{str(path)!r} does not say its format", "let the name end in .lp")
    refuse_unplaced(path)
    algebra = site_algebra(launch, ask)
    write_whole(path, spell(algebra))
    size = path.stat().st_size
    if as_json:
        show_json({"written": str(path), "bytes": size, "rows": len(algebra.rows), "sites": len(algebra.sites)})
        return
    columns = how_many(len(algebra.sites), "column of sites", "columns of sites")
    counted = f"{columns}, {how_many(len(algebra.rows), 'row')}, {size / 1e3:,.0f} kB"
    say(f"Wrote the question to {path} ({counted}). Any solver of integer programmes reads it; {algebra.said[-1]}")


def _forget(launch: Launch, who: str, as_json: bool) -> None:
    gone = forget_terms(launch, who=who, at=now())
    if as_json:
        show_json({"forgotten": gone})
    else:
        say("Forgotten: plans rest on economics.csv again." if gone else "No answer of siting was kept.")


# ---- sentences and tables --------------------------------------------------------------------------------------------


def show_sites(launch: Launch, sited: Sited) -> None:
    """Sentences, then the sites in order."""
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
    stand = {quarter: sited.open_in(quarter) for quarter in (sited.quarters[0] + -1, *sited.quarters)}
    closed = ["closed"] if sited.leaving else []
    show_table(
        ["quarter", "sites opened", *closed, "open in all", "people within", "capital decided"],
        [
            [
                str(quarter),
                str(len(stand[quarter] - stand[quarter + -1])),
                *(str(len(stand[quarter + -1] - stand[quarter])) for _ in closed),
                str(len(stand[quarter])),
                f"{100 * float(reach[:, t] @ weight / weight.sum()):.1f} %",
                money(float(capital[:, t].sum()), launch.folder.terms.currency),
            ]
            for t, quarter in enumerate(sited.quarters)
        ],
        title="By quarter",
        right={1, 2, 3, 4, 5},
    )
