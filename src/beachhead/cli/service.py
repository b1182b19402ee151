"""`beachhead service`: appointments, bays and technicians, spare parts, and whether quality lets a market scale."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from beachhead.aftersales.demand import KINDS
from beachhead.aftersales.network import MarketNetwork
from beachhead.aftersales.provisioning import Part
from beachhead.aftersales.staffing import Kept
from beachhead.case.aftersales import (
    DRAWS,
    Serviced,
    ask_service,
    centres_change,
    first_spares,
    keep_service,
    recalls_past,
    service_terms,
    staying,
)
from beachhead.case.clock import latest_day
from beachhead.case.open import Launch, open_launch
from beachhead.case.quality.judge import judge_quality, service_row
from beachhead.case.quality.workshop import WorkshopReceipt, send_workshop
from beachhead.cli.clock import OnOption, Who, day_of, name_of, now
from beachhead.cli.progress import progress
from beachhead.cli.service_quality import quality_answer, show_quality
from beachhead.cli.show import JsonFlag, LaunchDir, cars, duration, money, percent, say, show_json, show_table
from beachhead.world.errors import BadInput
from beachhead.world.figures import expected
from beachhead.world.quarter import Quarter

MOST_SHOWN = 15


class View(StrEnum):
    """What to look at."""

    ALL = "all"
    DEMAND = "demand"
    CAPACITY = "capacity"
    PARTS = "parts"
    QUALITY = "quality"


def service(
    directory: LaunchDir,
    view: Annotated[View, typer.Argument(help="What to look at.")] = View.ALL,
    on: OnOption = None,
    draws: Annotated[int, typer.Option(min=2, help="Futures drawn.")] = DRAWS,
    send: Annotated[
        Path | None, typer.Option("--send", metavar="FILE", help="Take in cars, claims or workshop orders, and stop.")
    ] = None,
    trying: Annotated[bool, typer.Option("--try", help="With --send: say what would change, change nothing.")] = False,
    keep: Annotated[bool, typer.Option("--keep", help="Let the next plan count on the cost of spare parts.")] = False,
    who: Who = None,
    as_json: JsonFlag = False,
) -> None:
    """After-sales: appointments, bays and technicians, spare parts, and the quality that scaling waits for."""
    launch, day = open_launch(directory), day_of(on)
    if send is not None:
        at = now()
        last = day if on else latest_day(at)
        _show_receipt(send_workshop(launch, send, who=name_of(who), at=at, today=last, trying=trying), trying, as_json)
        return
    if view is View.QUALITY:
        judged = judge_quality(launch, day)
        if as_json:
            show_json({"launch": launch.folder.terms.name, "quality": quality_answer(launch, judged)})
        else:
            show_quality(launch, judged)
        return
    with progress("playing the plan's futures", quiet=as_json) as advance:
        serviced = ask_service(launch, on=day, draws=draws, tick=advance)
    if keep:
        if not serviced.parts:
            raise BadInput("there is no parts.csv, so parts cost nothing to keep", "add parts.csv")
        keep_service(launch, serviced, who=name_of(who), at=now())
    if as_json:
        show_json(service_answer(launch, serviced, view) | {"kept": keep})
        return
    show_service(launch, serviced, view)
    if keep:
        say(f"Kept: `beachhead plan {launch.path}` now counts on the cost of these spare parts.")


def show_service(launch: Launch, serviced: Serviced, view: View = View.ALL) -> None:
    """Sentences, then the tables asked for."""
    for line in headline(launch, serviced):
        say(line)
    if not serviced.markets:  # tables of nothing say nothing
        view = View.QUALITY if view is View.ALL else view
        if view is View.QUALITY:
            show_quality(launch, serviced.judged)
        return
    if view in (View.ALL, View.DEMAND):
        _show_demand(launch, serviced)
    if view in (View.ALL, View.CAPACITY):
        _show_capacity(launch, serviced)
    if view in (View.ALL, View.PARTS):
        _show_parts(launch, serviced)
    if view is View.ALL:
        show_quality(launch, serviced.judged)


def headline(launch: Launch, serviced: Serviced) -> list[str]:
    """The answer in sentences."""
    if not serviced.markets:
        return ["No car is planned abroad and none is in use, so there is nothing to serve yet."]
    last, currency = len(serviced.quarters) - 1, launch.folder.terms.currency
    total = serviced.in_use[:, :, last].sum(axis=1)
    fleet, high = float(total.mean()), float(np.quantile(total, 0.9))
    stay = staying(serviced)
    each_car = money(4 * stay.cost / max(stay.cars, 1), currency)
    people = f"{expected(stay.centres, 'centre')}, {expected(stay.technicians, 'technician')}"
    team = f"{people}, {money(stay.cost, currency)} a quarter"
    said = (
        f"By {serviced.quarters[last]} about {cars(fleet)} cars are in use abroad (90 % of futures: fewer than "
        f"{cars(high)}). Where markets stay, {cars(stay.cars)} of them bring {expected(stay.jobs, 'job')} a week: "
        f"{team}, {each_car} a car and year."
    )
    return [said, *recalls_past(launch, serviced), *centres_change(launch, serviced), *first_spares(launch, serviced)]


def service_answer(launch: Launch, serviced: Serviced, view: View = View.ALL) -> dict[str, Any]:
    """Everything as one JSON object; with a view, that part of it."""
    answer: dict[str, Any] = {
        "launch": launch.folder.terms.name,
        "currency": launch.folder.terms.currency,
        "quarters": [str(quarter) for quarter in serviced.quarters],
        "markets": serviced.markets,
    }
    if view in (View.ALL, View.DEMAND):
        answer["demand"] = demand_answer(serviced)
    if view in (View.ALL, View.CAPACITY):
        answer["capacity"] = capacity_answer(launch, serviced)
    if view in (View.ALL, View.PARTS):
        answer["parts"] = parts_answer(serviced)
    if view in (View.ALL, View.QUALITY):
        answer["quality"] = quality_answer(launch, serviced.judged)
    return answer


def demand_answer(serviced: Serviced) -> list[dict[str, Any]]:
    """Cars in use and jobs a week by market."""
    return [
        {
            "market": network.market,
            "odds": network.odds,
            "cars_in_use": network.in_use,
            "cars_in_use_high": network.in_use_high,
            "jobs_per_week": network.jobs,
            "jobs_per_week_sd": network.jobs_sd,
            "centres": network.centres,
            "jobs_per_week_by_kind": dict(zip(KINDS, network.kinds, strict=True)),
            "roadside_calls_per_week": network.roadside,
            "jobs_per_week_and_centre": network.per_centre,
            "jobs_per_week_and_centre_sd": network.per_centre_sd,
            "jobs_per_week_and_centre_95": network.per_centre_most,
            "claims_per_1000_months": 1000 * serviced.rates.mean[m],
            "km_per_year": serviced.km_per_year[m],
            "claims_per_1000_months_at_that_distance": 1000 * _claims_here(serviced, m),
            "first_year_factor": serviced.first_year_factor,
            "claims_cv": 1 / np.sqrt(serviced.rates.posterior_shape[m]),
        }
        for m, network in enumerate(serviced.network)
    ]


def capacity_answer(launch: Launch, serviced: Serviced) -> list[dict[str, Any]]:
    """Bays, technicians, waits and cost by market."""
    return [
        {
            "market": network.market,
            "centres": network.centres,
            "centres_open": network.open,
            "promise": {
                "seen_within_days": service_row(launch, network.market).seen_within_days,
                "repaired_within_hours": service_row(launch, network.market).repaired_within_hours,
                "share": service_row(launch, network.market).promise_share,
            },
            "bays_per_centre": network.staffing.bays[0],
            "technicians_per_centre": network.staffing.technicians[0],
            "hired": network.staffing.hire[0],
            "training_starts": _training(launch, serviced, network),
            "places_if_sales_are_high": network.high,
            "kept": network.kept,
            "cost_per_quarter": network.cost,
            "capital": network.capital,
            "one_more": network.relief,
        }
        for network in serviced.network
    ]


def _training(launch: Launch, serviced: Serviced, network: MarketNetwork) -> list[dict[str, Any]]:
    """When technicians must be in training, all centres together, to work from a quarter's first day.

    Whoever should have begun before the day asked about begins on it: `late`, and ready so much later.
    """
    weeks = timedelta(weeks=service_row(launch, network.market).training_weeks)
    starts = [(serviced.quarters[t].first_day - weeks, int(hired)) for t, hired in enumerate(network.staffing.hire[0])]
    return [
        {
            "by": by,
            "technicians": hired,
            "late": by < serviced.day,
            "ready": max(by, serviced.day) + weeks,
        }
        for by, hired in starts
        if hired > 0
    ]


def parts_answer(serviced: Serviced) -> dict[str, Any]:
    """Stocks, last orders and their cost."""
    terms, names = service_terms(serviced), {part.code: part.name for part in serviced.parts}
    return {
        "pilot": serviced.pilot,
        "by_year": {str(serviced.quarters[t]): stocking for t, stocking in serviced.stocking.items()},
        "last_orders": [
            {
                "part": order.part,
                "name": names[order.part],
                "quarter": str(serviced.quarters[order.quarter]),
                "demand": order.demand,
            }
            | {"demand_sd": order.demand_sd, "order": order.order, "cost": order.cost}
            for order in serviced.last_orders
        ],
        "no_longer_ordered": [
            {"part": part.code, "name": part.name, "last_order": str(quarter), "shortage_cost": part.shortage_cost}
            for part, quarter in _no_longer_ordered(serviced)
        ],
        "economics": {"capital": terms.capital, "opex_per_quarter": terms.opex_per_quarter},
    }


def _no_longer_ordered(serviced: Serviced) -> list[tuple[Part, Quarter]]:
    """Parts whose last order is past, and its quarter."""
    gone = [(part, part.gone_since) for part in serviced.parts]
    return [(part, serviced.quarters[0] + since) for part, since in gone if since is not None]


def _show_demand(launch: Launch, serviced: Serviced) -> None:
    steps = list(range(3, len(serviced.quarters), 4))[-4:] or [len(serviced.quarters) - 1]
    rows = []
    for network in _largest(serviced):
        m = serviced.markets.index(network.market)
        rows.append(
            [
                launch.market(network.market).name,
                percent(network.odds),
                *(f"{_short(network.in_use[t])}/{_short(network.jobs[t])}" for t in steps),
                f"{network.jobs_sd[steps[-1]]:,.0f}",
                f"{1000 * _claims_here(serviced, m):.0f}",
            ]
        )
    show_table(
        ["market", "odds", *(str(serviced.quarters[t]) for t in steps), "±", "claims"],
        rows,
        title="If the market stays: cars in use / jobs a week; ±: sd of a week's jobs; claims per 1,000 car-months",
        right=set(range(1, len(steps) + 4)),
    )
    _show_centres(launch, serviced)


def _claims_here(serviced: Serviced, m: int) -> float:
    """Claims a month of a car after its first year, at the distance driven in the market."""
    return float(serviced.rates.mean[m] * serviced.judged.use.intensity(serviced.km_per_year[m : m + 1] / 12)[0])


def _show_centres(launch: Launch, serviced: Serviced) -> None:
    last = len(serviced.quarters) - 1
    rows = []
    for network in _largest(serviced):
        kinds = network.kinds[:, last]
        shares = kinds / max(float(kinds.sum()), 1e-9)
        rows.append(
            [
                launch.market(network.market).name,
                str(network.centres),
                f"{network.per_centre[last]:,.0f} ± {network.per_centre_sd[last]:,.0f}",
                f"{network.per_centre_most[last]:,.0f}",
                *(percent(float(share)) for share in shares[:3]),
                f"{kinds[3]:,.0f}",
                f"{network.roadside[last]:,.0f}",
            ]
        )
    show_table(
        ["market", "centres", "a centre", "95 %", "upkeep", "claims", "accidents", "recalls", "roadside"],
        rows,
        title=f"{serviced.quarters[-1]}: jobs a week at a centre, in 95 % of weeks at most; recalls, roadside: market",
        right=set(range(1, 9)),
    )


def _short(number: float) -> str:
    """Thousands as 12.3k: twelve numbers a row must fit."""
    return f"{number / 1000:.3g}k" if number >= 999.5 else f"{number:.0f}"


def _largest(serviced: Serviced) -> list[MarketNetwork]:
    """The markets with the most cars to expect."""
    return sorted(serviced.network, key=lambda network: -network.odds * network.in_use[-1])[:MOST_SHOWN]


def _show_capacity(launch: Launch, serviced: Serviced) -> None:
    currency, last = launch.folder.terms.currency, len(serviced.quarters) - 1
    rows = []
    for network in _largest(serviced):
        held, hours = network.kept[last], _hours_a_day(launch, network)
        rows.append(
            [
                launch.market(network.market).name,
                str(network.centres),
                str(int(network.staffing.bays[0, last])),
                str(int(network.staffing.technicians[0, last])),
                str(int(network.high[last])),
                *_kept(held, hours),
                money(float(network.cost[last]), currency),
            ]
        )
    show_table(
        ["market", "centres", "bays", "people", "if high", "seen", "repaired", "mean wait", "a quarter"],
        rows,
        title=f"{serviced.quarters[last]}: bays and technicians of a centre that keep the promise; cost of all centres",
        right=set(range(1, 9)),
    )
    _show_training(launch, serviced)
    if rows:
        _show_relief(launch, serviced, _largest(serviced)[0])


def _show_training(launch: Launch, serviced: Serviced) -> None:
    """The first course of the largest markets: technicians work from the first day of their quarter."""
    told, late = [], False
    for network in _largest(serviced)[:4]:
        starts = _training(launch, serviced, network)
        if starts:
            name, first = launch.market(network.market).name, starts[0]
            since, in_all = f"from {first['by']}", sum(start["technicians"] for start in starts)
            if first["late"]:
                since, late = f"at once (due on {first['by']}, so ready on {first['ready']})", True
            told.append(f"{name} {first['technicians']} {since}, {in_all} in all")
    if told:
        unless = ", where they are not trained yet" if late else ""
        say(f"Technicians to train before their first job, if the market stays{unless}: {'; '.join(told)}.")


def _show_relief(launch: Launch, serviced: Serviced, network: MarketNetwork) -> None:
    currency, hours = launch.folder.terms.currency, _hours_a_day(launch, network)
    rows = [
        [
            each.what,
            *_kept(each.after, hours),
            percent(each.after.utilisation),
            money(each.cost_per_quarter, currency),
        ]
        for each in network.relief
        if each.what != "nothing"
    ]
    if rows and network.relief:
        before = network.relief[0].before
        now_row = ["as planned", *_kept(before, hours), percent(before.utilisation), "-"]
        show_table(
            ["a centre with", "seen in time", "repaired", "mean wait", "busy", "cost/quarter"],
            [now_row, *rows],
            title=f"{launch.market(network.market).name}: what one more brings at a centre in {serviced.quarters[-1]}",
            right={1, 2, 3, 4, 5},
        )


def _hours_a_day(launch: Launch, network: MarketNetwork) -> float:
    """Of the five working days that a promise counts in."""
    return service_row(launch, network.market).open_hours_per_week / 5


def _kept(held: Kept | None, hours_a_day: float) -> tuple[str, str, str]:
    if held is None:
        return "-", "-", "-"
    return f"{100 * held.seen:.1f} %", f"{100 * held.repaired:.1f} %", duration(held.mean_wait_days, hours_a_day)


def _show_parts(launch: Launch, serviced: Serviced) -> None:
    if not serviced.parts:
        say("No parts.csv: spare parts are not planned; `beachhead new DIR --example xiaomi` shows one.")
        return
    currency, last = launch.folder.terms.currency, max(serviced.stocking, default=None)
    if last is None or serviced.pilot is None:
        return
    names = {part.code: part.name for part in serviced.parts}
    rows = []
    for first, later in zip(serviced.pilot.stocks, serviced.stocking[last].stocks, strict=True):
        rows.append(
            [
                names[first.part],
                f"{first.central:,} + {int(first.local.sum()):,}",
                money(first.cost, currency),
                f"{later.central:,} + {int(later.local.sum()):,}",
                f"{later.demand_per_year:,.0f}",
                percent(later.fill),
                money(later.cost, currency),
                money(later.holding_per_year, currency),
            ]
        )
    show_table(
        [
            "part",
            f"{serviced.quarters[0]}",
            "cost",
            f"{serviced.quarters[last]}",
            "used/yr",
            "fill",
            "cost",
            "holding/yr",
        ],
        rows,
        title="Spares, central + in the markets: first cars, and the fleet at the end",
        right=set(range(1, 8)),
    )
    for part, quarter in _no_longer_ordered(serviced):
        say(
            f"The last order of {part.name} was in {quarter}: what is not in stock by now costs "
            f"{money(part.shortage_cost, currency)} each, and the stocks above cannot be had new."
        )
    for order in serviced.last_orders:
        buy = f"buy {order.order.quantity:,.0f} for {money(order.cost, currency)}"
        say(
            f"Last order of {names[order.part]} in {serviced.quarters[order.quarter]}: {buy}; "
            f"{cars(order.demand)} ± {cars(order.demand_sd)} will be asked for until support ends."
        )


def _show_receipt(receipt: WorkshopReceipt, trying: bool, as_json: bool) -> None:
    if as_json:
        show_json(receipt)
        return
    if receipt.sent_before is not None:
        say(f"{receipt.file}: {receipt.sent_before.who} sent these {receipt.kind} before; nothing changed.")
        return
    counts = [
        (receipt.new, "new"),
        (receipt.corrected, "corrected"),
        (receipt.withdrawn, "withdrawn"),
        (receipt.unchanged, "as on record"),
    ]
    told = ", ".join(f"{count:,} {word}" for count, word in counts if count) or "nothing"
    verb = "would bring" if trying else "brought"
    say(f"{receipt.file} {verb} {receipt.kind}: {told}; {receipt.on_record:,} on record.", *receipt.doubts)
