"""`beachhead charge value`: what planned charging saves by market, and what that does to demand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from beachhead.case.charging.value import Shift, Valued
from beachhead.case.open import Launch
from beachhead.charging.tariff import tariff_of
from beachhead.charging.value import Baseline, MarketValue, Saving
from beachhead.charging.year import Policy
from beachhead.cli.show import how_many, say, show_table


def value_answer(valued: Valued, shifts: tuple[Shift, ...] = ()) -> dict[str, Any]:
    """The values as one JSON object."""
    return {
        "homes": valued.homes,
        "homes_left_out": valued.left_out,
        "whose": valued.whose,
        "first_day": valued.first_day,
        "whose_load": valued.whose_load,
        "columns_without_tariff": valued.without_tariff,
        "markets": [_market_answer(found) for found in valued.markets],
        "shifts": shifts,
    }


def _market_answer(found: MarketValue) -> dict[str, Any]:
    return {
        "market": found.market,
        "zone": found.zone,
        "kwh_a_year": found.kwh,
        "cost_eur": {policy.name.lower(): eur for policy, eur in found.cost_eur.items()},
        "baseline_eur": {baseline.name.lower(): eur for baseline, eur in found.baseline_eur.items()},
        "saved_eur": {baseline.name.lower(): saving for baseline, saving in found.saved_eur.items()},
        "share_of_foresight": found.share_of_foresight,
        "missing_share": found.missing,
        "peak_eur": {policy.name.lower(): eur for policy, eur in found.peak_eur.items()},
        "tariff_source": tariff_of(found.market).source,
    }


def show_value(valued: Valued, asked: Sequence[str] = ()) -> None:
    """What is saved, what each policy costs, and what the figures rest on; `asked` are the markets named, if any."""
    best = max(valued.markets, key=lambda found: found.saved_eur[Baseline.SPOT].mean)
    say(
        f"Planned charging, nothing typed, saves {_range(best.saved_eur[Baseline.SPOT])} EUR a driver and year in "
        f"{best.market} against charging on arrival at the same spot price; "
        f"{how_many(valued.homes, 'home')} ({valued.whose}), prices of 52 weeks from {valued.first_day}."
    )
    if valued.left_out:
        say(valued.said_of_left_out)
    if valued.without_tariff and not asked:
        say(valued.said_without_tariff)
    rows = [
        [
            found.market,
            f"{found.kwh:.0f}",
            *(f"{found.cost_eur[policy]:.0f}" for policy in found.cost_eur),
            f"{100 * found.share_of_foresight:.0f} %",
        ]
        for found in valued.markets
    ]
    names = {Policy.ARRIVAL: "arrival", Policy.TIMER: "timer", Policy.SORTED: "07:00 goal"}
    names |= {Policy.LEARNED: "learned", Policy.FORESIGHT: "foresight"}
    columns = ["market", "kWh", *names.values(), "of foresight"]
    show_table(columns, rows, title="Cost at the spot price, EUR a driver and year", right=set(range(1, len(columns))))
    rows = [[found.market, *(_range(found.saved_eur[b]) for b in Baseline)] for found in valued.markets]
    columns = ["market", *(f"against {baseline.value}" for baseline in Baseline)]
    show_table(columns, rows, title="Saved by the learned planner (95 % interval over homes)", right={1, 2, 3})
    worse = [found.market for found in valued.markets if found.saved_eur[Baseline.SPOT].low <= 0]
    if worse:
        say(f"Not shown to save anything in {', '.join(worse)}: the interval includes 0.")
    for found in valued.markets:
        if found.peak_eur:
            eur = {policy: f"{amount:.0f}" for policy, amount in found.peak_eur.items()}
            say(
                f"In {found.market} the car adds to the charge on the monthly peak {eur[Policy.ARRIVAL]} EUR a year on "
                f"arrival, {eur[Policy.LEARNED]} as learned, {eur[Policy.FORESIGHT]} with foresight: in the costs "
                f"above, with household loads {valued.whose_load}."
            )
    say("Tariffs are rounded (grade C); the interval speaks of other homes, not of other years.")


def show_shifts(launch: Launch, shifts: tuple[Shift, ...], asked: Sequence[str]) -> None:
    """What the savings do to demand, and of which of the markets asked for nothing is said; none asked for: of all."""
    rows = [
        [shift.market, f"{shift.saved_eur:.0f}", f"{shift.price_eur:,.0f}", f"{100 * shift.log_shift:+.2f} %"]
        for shift in shifts
    ]
    columns = ["market", "saved EUR a year", "car, EUR", "demand"]
    show_table(
        columns,
        rows,
        title="What that does to demand (5 years, 7 %, elasticity 2, a quarter of buyers)",
        right={1, 2, 3},
    )
    _show_not_valued(launch, shifts, asked)


def _show_not_valued(launch: Launch, shifts: tuple[Shift, ...], asked: Sequence[str]) -> None:
    said = {shift.market for shift in shifts}
    meant = [market for market in launch.folder.markets if not market.is_home and (not asked or market.code in asked)]
    left = [market.name for market in meant if market.code not in said]
    if left:
        some = ", ".join(left[:8]) + (f" and {len(left) - 8} more" if len(left) > 8 else "")
        say(f"Nothing is said of {some}: no tariff, no prices or no car's price is known there.")


def _range(saving: Saving) -> str:
    return f"{saving.mean:.0f} ({saving.low:.0f} to {saving.high:.0f})"
