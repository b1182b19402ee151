"""`beachhead supply`: export, assemble or build; when to commit, at what landed cost, and what waiting is worth."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from beachhead.case.open import Launch, open_launch
from beachhead.case.supply.answer import (
    DRAWS,
    GATE_EVERY,
    Supplied,
    ask_supply,
    keep_supply,
    landed_routes,
    write_supply,
)
from beachhead.case.supply.words import headline, map_sentence, turning_sentence
from beachhead.cli.clock import OnOption, Who, day_of, name_of, now
from beachhead.cli.effort import SecondsOption, WorkOption
from beachhead.cli.progress import progress
from beachhead.cli.show import JsonFlag, LaunchDir, cars, money, percent, say, show_json, show_table
from beachhead.supply.last_year import last_year
from beachhead.supply.network import Network
from beachhead.supply.odds import Turning, commit_odds, turnings
from beachhead.supply.plan import Depth, SupplyPlan
from beachhead.supply.switch import SwitchMap
from beachhead.supply.whatif import Effect
from beachhead.world.errors import BadInput
from beachhead.world.figures import spaced

MOST_MARKETS = 12

WriteOption = Annotated[
    Path | None, typer.Option("--write", metavar="FILE", help="Write the model as algebra, .lp or .mps, and stop.")
]


def supply(
    directory: LaunchDir,
    on: OnOption = None,
    draws: Annotated[int, typer.Option(min=4, help="Futures drawn.")] = DRAWS,
    gate_every: Annotated[int, typer.Option(min=1, help="Quarters between gates for plants.")] = GATE_EVERY,
    firm: Annotated[float, typer.Option(min=0, max=1, help="Share of planned cars that must arrive.")] = 0.0,
    passes: Annotated[int, typer.Option(min=1, max=2, help="2: plan again on what supply hands back.")] = 1,
    work: WorkOption = 120.0,
    seconds: SecondsOption = None,
    gap: Annotated[float, typer.Option(min=1e-6, max=0.5, help="Relative gap at which to stop.")] = 1e-4,
    what_if: Annotated[bool, typer.Option(help="Also try what would change the answer.")] = True,
    market: Annotated[
        str | None, typer.Option("--market", metavar="CODE", help="Landed cost of every route into one market.")
    ] = None,
    write: WriteOption = None,
    keep: Annotated[
        bool, typer.Option("--keep", help="Keep the answer: the next plan counts on its margins and cars.")
    ] = False,
    who: Who = None,
    as_json: JsonFlag = False,
) -> None:
    """Export, assemble or build: commitments with their odds, landed cost by route, and what waiting is worth."""
    launch = open_launch(directory)
    day, depth = day_of(on), Depth(gap=gap, work=work, seconds=seconds)
    if market is not None:
        launch.market(market)
    if write is not None:
        _write(launch, write, day, draws, gate_every, firm, depth, as_json)
        return
    with progress("supply", quiet=as_json) as advance:
        supplied = ask_supply(
            launch,
            on=day,
            draws=draws,
            gate_every=gate_every,
            firm_share=firm,
            depth=depth,
            what_if=what_if and market is None,
            passes=passes,
            tick=lambda _, done, total: advance(done, total),
        )
    if keep:
        keep_supply(launch, supplied, who=name_of(who), at=now())
    if as_json:
        show_json(supply_answer(launch, supplied, market) | {"kept": keep})
    elif market is not None:
        _show_routes(launch, supplied, market)
    else:
        show_supply(launch, supplied)
        say(_what_next(launch, keep))


def show_supply(launch: Launch, supplied: Supplied) -> None:
    """Sentences, then tables: plants, landed cost, capacity, switch maps, changes."""
    for line in headline(launch, supplied):
        say(line)
    _show_plants(launch, supplied)
    _show_landed(launch, supplied)
    _show_capacity(supplied)
    for area, found in supplied.maps.items():
        _show_map(supplied, area, found)
    _show_effects(launch, supplied)


def _what_next(launch: Launch, kept: bool) -> str:
    if kept:
        return f"Kept: `beachhead plan {launch.path}` now counts on these margins and cars."
    return f"Not kept: `beachhead supply {launch.path} --keep` lets the next plan count on these margins and cars."


def supply_answer(launch: Launch, supplied: Supplied, market: str | None = None) -> dict[str, Any]:
    """The answer as one JSON object, with every route into `market` if one is named."""
    plan, back = supplied.plan, supplied.handback
    return {
        "launch": launch.folder.terms.name,
        "currency": launch.folder.terms.currency,
        "quarters": [str(quarter) for quarter in plan.network.quarters],
        "gates": [str(gate) for gate in plan.network.gates],
        "futures": len(plan.futures.cars),
        "verdict": plan.verdict,
        "stopped_by_clock": plan.by_clock,
        "work": {"done": plan.work, "allowed": supplied.depth.work, "seconds_allowed": supplied.depth.seconds},
        "value": plan.value,
        "gap": plan.gap,
        "worth": {
            "of_waiting": plan.worth.of_waiting,
            "of_looking": plan.worth.of_looking,
            "of_stochastic_solution": plan.worth.of_stochastic_solution,
            "of_perfect_information": plan.worth.of_perfect_information,
        },
        "steps": [_step_answer(supplied, turning) for turning in turnings(plan)],
        "plants": _plants_answer(plan),
        "markets": _markets_answer(supplied),
        "routes": [] if market is None else landed_routes(supplied, market),
        "capacity": {
            "expected": back.capacity,
            "low": back.capacity_low,
            "for_export": back.for_export,
            "for_export_low": back.for_export_low,
        },
        "switch_maps": {area: _map_answer(supplied, found) for area, found in supplied.maps.items()},
        "changes": [_change_answer(plan.network, effect) for effect in supplied.effects],
        "without_lane": supplied.without_lane,
    }


def _step_answer(supplied: Supplied, turning: Turning) -> dict[str, Any]:
    network = supplied.plan.network
    return {
        "plant": network.plants[turning.plant].code,
        "gate": str(network.gates[turning.gate]),
        "closes": turning.closes,
        "odds": turning.odds,
        "odds_by_now": turning.odds_by_now,
        "sign": turning.sign,
        "sentence": turning_sentence(supplied, turning),
    }


def _plants_answer(plan: SupplyPlan) -> list[dict[str, Any]]:
    odds, weight = commit_odds(plan), plan.futures.probability
    return [
        {
            "code": plant.code,
            "name": plant.name,
            "mode": plant.mode,
            "exists": plant.exists,
            "odds_by_gate": odds[p],
            "capacity": weight @ plan.capacity[:, p],
            "made": weight @ plan.made[:, p],
        }
        for p, plant in enumerate(plan.network.plants)
    ]


def _markets_answer(supplied: Supplied) -> list[dict[str, Any]]:
    plan, network, back = supplied.plan, supplied.plan.network, supplied.handback
    weight = plan.futures.probability
    by_plant = np.tensordot(weight, plan.by_plant, axes=1)
    return [
        {
            "market": market.code,
            "planned_cars": weight @ plan.futures.cars[:, m],
            "made_in": {plant.code: by_plant[p, m] for p, plant in enumerate(network.plants) if by_plant[p, m].any()},
            "landed": {build.offer: back.landed[m, j] for j, build in enumerate(network.builds)},
            "margin": back.margin[m],
            "margin_low": back.margin_low[m],
            "margin_high": back.margin_high[m],
            "margin_if_exported": back.exported[m],
        }
        for m, market in enumerate(network.markets)
    ]


def _map_answer(supplied: Supplied, found: SwitchMap) -> dict[str, Any]:
    return {
        "options": [_option(supplied, option) for option in found.options],
        "volumes": found.volumes,
        "duties": found.duties,
        "winner": found.winner,
        "gain": found.values,
        "break_even_volume": found.break_even,
        "today": {"volume": found.today[0], "duty": found.today[1]},
    }


def _change_answer(network: Network, effect: Effect) -> dict[str, Any]:
    return {
        "change": effect.name,
        "gain": effect.gain,
        "commit_now": [network.plants[p].code for p in effect.now],
        "odds": {plant.code: effect.odds[p] for p, plant in enumerate(network.plants) if not plant.exists},
        "turns_the_first_decision": effect.turns,
    }


def _write(
    launch: Launch, path: Path, day: Any, draws: int, gate_every: int, firm: float, depth: Depth, as_json: bool
) -> None:
    if path.suffix not in (".lp", ".mps"):
        raise BadInput(f"{str(path)!r} does not say its format", "let the name end in .lp or .mps")
    if not path.parent.is_dir():
        raise BadInput(f"the folder of {str(path)!r} does not exist", "make it, or write elsewhere")
    write_supply(launch, path, on=day, draws=draws, gate_every=gate_every, firm_share=firm, depth=depth)
    size = path.stat().st_size
    if as_json:
        show_json({"written": str(path), "bytes": size})
    else:
        say(f"Wrote the extensive form to {path} ({size / 1e6:.1f} MB); fewer --draws make it shorter.")


def _option(supplied: Supplied, option: int) -> str:
    return "export" if option < 0 else supplied.plan.network.plants[option].code


def _show_plants(launch: Launch, supplied: Supplied) -> None:
    plan, currency = supplied.plan, launch.folder.terms.currency
    odds, last, weight = commit_odds(plan), plan.network.last_year, plan.futures.probability
    rows = []
    for p, plant in enumerate(plan.network.plants):
        made = weight @ plan.made[:, p, last].sum(axis=1)
        room = weight @ plan.capacity[:, p, last].sum(axis=1)
        rows.append(
            [
                plant.code,
                spaced(plant.mode),
                "-" if plant.exists else money(sum(plant.capital), currency),
                *("runs" if plant.exists else percent(float(share)) for share in odds[p]),
                cars(float(made)),
                percent(float(made / room)) if room > 0.5 else "-",
            ]
        )
    gates = [str(gate) for gate in plan.network.gates]
    show_table(
        ["plant", "mode", "capital", *gates, "cars", "used"],
        rows,
        title="Odds of having committed by each gate; cars built in the last year, for arrival within it, and share of "
        "capacity used",
        right=set(range(2, 5 + len(gates))),
    )


def _show_landed(launch: Launch, supplied: Supplied) -> None:
    network, currency = supplied.plan.network, launch.folder.terms.currency
    years = last_year(supplied.plan, supplied.handback)
    rows = []
    for year in years[:MOST_MARKETS]:
        shares = [
            f"{network.plants[p].code} {percent(float(year.made_in[p]))}"
            for p in np.argsort(-year.made_in)
            if year.made_in[p] > 0.005
        ]
        if shares and year.kept_out > 0:
            shares.append(f"{percent(year.kept_out)} do not arrive")
        money_a_car = (year.landed, year.margin, year.margin_low, year.margin_high)
        gain = year.margin - year.exported
        rows.append(
            [
                network.markets[year.market].name,
                cars(year.cars),
                ", ".join(shares) or "none arrive",
                *(f"{each:,.0f}" if np.isfinite(each) else "-" for each in money_a_car),
                "-" if np.isnan(gain) else f"{gain:+,.0f}" if abs(gain) >= 0.5 else "0",
            ]
        )
    shown = f"the {len(rows)} largest markets" if len(years) > len(rows) else "all markets"
    show_table(
        ["market", "cars", "made in", "landed", "margin", "low", "high", "over export"],
        rows,
        title=f"{currency} a car in the last year, {shown}; low and high: 10 and 90 % of futures; where none "
        "arrive, what the cheapest open route would give",
        right={1, 3, 4, 5, 6, 7},
    )


def _show_routes(launch: Launch, supplied: Supplied, market: str) -> None:
    currency = launch.folder.terms.currency
    rows = [
        [
            f"{route.plant} {route.mode}".strip(),
            route.offer,
            route.border,
            *(f"{float(np.nanmean(each)):,.0f}" if np.isfinite(each).any() else "-" for each in route.shown),
        ]
        for route in landed_routes(supplied, market)
    ]
    show_table(
        ["plant, mode", "offer", "border", "ex works", "freight", "duty", "on the way", "landed", "margin"],
        rows,
        title=f"{launch.market(market).name}: {currency} a car, mean over the quarters in which the route is open",
        right={3, 4, 5, 6, 7, 8},
    )


def _show_capacity(supplied: Supplied) -> None:
    back, quarters = supplied.handback, supplied.plan.network.quarters
    top = max(float(back.capacity.max()), 1.0)
    rows = [
        [
            str(quarters[t]),
            *(cars(float(each[t])) for each in (back.capacity, back.for_export, back.for_export_low)),
            _bar(float(back.capacity[t]), float(back.for_export[t]), float(back.added[t]), top),
        ]
        for t in range(0, len(quarters), 2)
    ]
    show_table(
        ["quarter", "capacity", "for export", "in 90 % of futures", "█ home market ▓ for export ░ new plants"],
        rows,
        title="Cars a quarter that the plan may count on",
        right={1, 2, 3},
    )


def _bar(capacity: float, export: float, added: float, top: float) -> str:
    """Capacity as a bar of at most 40 characters: taken at home, free for export, and of it in new plants."""
    old = max(export - added, 0.0)
    widths = [round(40 * each / top) for each in (capacity - export, old, export - old)]
    return "".join(letter * width for letter, width in zip("█▓░", widths, strict=True))


def _show_map(supplied: Supplied, area: str, found: SwitchMap) -> None:
    names = [_option(supplied, option) for option in found.options]
    rows = [
        [cars(float(volume)), *(names[winner] for winner in found.winner[v])] for v, volume in enumerate(found.volumes)
    ]
    show_table(
        ["cars a year", *(f"{100 * duty:.0f} %" for duty in found.duties)],
        rows,
        title=f"{area}: what wins, by planned cars a year and duty on cars from home",
        right={0},
    )
    say(map_sentence(supplied, area, found))


def _show_effects(launch: Launch, supplied: Supplied) -> None:
    if not supplied.effects:
        return
    currency, network = launch.folder.terms.currency, supplied.plan.network
    rows = []
    for effect in supplied.effects:
        now = ", ".join(network.plants[p].code for p in effect.now) or "export only"
        later = [
            f"{plant.code} {percent(float(effect.odds[p]))}"
            for p, plant in enumerate(network.plants)
            if not plant.exists and p not in effect.now and effect.odds[p] > 0.005
        ]
        turns = "yes" if effect.turns else "no"
        rows.append([effect.name, turns, now, ", ".join(later) or "-", money(effect.gain, currency)])
    show_table(
        ["if ...", "turns?", "commit now", "later, with odds", "worth"],
        rows,
        title="What would change the answer",
        right={4},
    )
