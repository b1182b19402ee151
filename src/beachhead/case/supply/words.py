"""Says in sentences what supply answered; the command line and the web say the same."""

from __future__ import annotations

import numpy as np

from beachhead.case.effort_words import stopped_by_clock, stopped_by_work, work_done
from beachhead.case.open import Launch
from beachhead.case.supply.answer import Supplied
from beachhead.supply.highs import Verdict
from beachhead.supply.landed import shut_borders
from beachhead.supply.network import Network
from beachhead.supply.odds import Sign, Turning, turnings
from beachhead.supply.switch import SwitchMap
from beachhead.supply.worth import Interval
from beachhead.world.figures import cars, how_many, money, odds, odds_of, percent, some, spaced


def headline(launch: Launch, supplied: Supplied) -> list[str]:
    """The answer in sentences."""
    plan, currency = supplied.plan, launch.folder.terms.currency
    network = plan.network
    steps = [turning_sentence(supplied, turning) for turning in turnings(plan)]
    lines = steps or ["Export from the plants that run already; no other plant earns its capital in any future drawn."]
    least, most = money(plan.value.low, currency), money(plan.value.high, currency)
    lines.append(
        f"Expected contribution {least} over {how_many(len(plan.futures.cars), 'future')}; no plan earns more than "
        f"{most} (gap {_small_percent(plan.gap)})."
    )
    lines.append(effort_sentence(supplied))
    worth = plan.worth
    lines.append(
        f"Waiting and looking is worth {_between(worth.of_waiting, currency)} over deciding everything now, "
        f"{_between(worth.of_looking, currency)} of it from looking; planning for the mean would cost "
        f"{_between(worth.of_stochastic_solution, currency)} (VSS); knowing everything would bring at most "
        f"{_between(worth.of_perfect_information, currency)} (EVPI)."
    )
    short, planned = plan.short.sum(axis=(1, 2, 3)).mean(), plan.futures.cars.sum(axis=(1, 2)).mean()
    if short > 0.005 * planned:
        lines.append(f"{percent(short / planned)} of the planned cars do not arrive: no capacity, or a loss on each.")
    if supplied.without_lane:
        names = ", ".join(launch.market(code).name for code in supplied.without_lane)
        lines.append(f"No lane leads to {names}: add rows to lanes.csv, or their cars stay short.")
    lines += _shut_sentences(supplied)
    if supplied.before is not None:
        before = supplied.before.plan
        gained = money(plan.value.low - before.value.low, currency)
        more = (supplied.planned.values.sum() / supplied.before.planned.values.sum() - 1) * 100
        lines.append(
            f"Second pass: planned again on these margins and capacities, the plan sells {more:+.1f} % cars and supply "
            f"contributes {gained} more than in the first pass."
        )
    silent = [plant.name for plant in network.plants if not plant.exists and not _is_used(supplied, plant.code)]
    if silent and steps:
        lines.append(f"Never committed to: {', '.join(silent)}.")
    return lines


def _shut_sentences(supplied: Supplied) -> list[str]:
    """Borders over which planned cars cannot come for want of a row of tariffs.csv in force."""
    network, planned = supplied.plan.network, supplied.plan.futures.cars.max(axis=0)
    lines = []
    for border in shut_borders(network):
        inside = [m for m, market in enumerate(network.markets) if network.area(market.code) == border.destination]
        if planned[np.ix_(inside, border.quarters)].any():
            first, last = (str(network.quarters[t]) for t in (border.quarters[0], border.quarters[-1]))
            when = (
                f"in {first}" if len(border.quarters) == 1 else f"in {len(border.quarters)} quarters, {first} to {last}"
            )
            lines.append(
                f"tariffs.csv has no row in force from {border.origin} to {border.destination} {when}: no car can come "
                "that way then. Mend valid_from or valid_to if one can."
            )
    return lines


def effort_sentence(supplied: Supplied) -> str:
    """How the search ended, after how much work, and whether another machine would end it elsewhere."""
    plan, asked = supplied.plan, supplied.depth
    did = work_done(plan.work, asked.work)
    if plan.by_clock or any(effect.by_clock for effect in supplied.effects):
        return stopped_by_clock(asked.seconds, did)
    if plan.verdict is Verdict.OPTIMAL:
        return f"As close to the bound as was asked ({_small_percent(asked.gap)}) after {did}."
    return stopped_by_work(did, spent=True)


def turning_sentence(supplied: Supplied, turning: Turning) -> str:
    """One commitment or closing with its odds, and the sign by which to know."""
    plan = supplied.plan
    plant, gate = plan.network.plants[turning.plant].name, plan.network.gates[turning.gate]
    verb = "Close" if turning.closes else "Commit to"
    if turning.odds > 0.9999:
        return f"{verb} {plant} at the gate {gate}, in every future."
    sign = "" if turning.sign is None else f" Sign: {_sign_words(plan.network, turning.sign)}."
    return f"{verb} {plant} at the gate {gate} in {odds_of(turning.odds, len(plan.futures.cars))} of futures.{sign}"


def map_sentence(supplied: Supplied, area: str, found: SwitchMap) -> str:
    """What an area plans today, and from how many cars a year on each plant pays at the duty shown nearest to it."""
    volume, duty = found.today
    near = int(np.argmin(np.abs(found.duties - duty)))
    crossings = [
        f"{supplied.plan.network.plants[option].name} from {cars(float(at))}"
        for option, at in zip(found.options, found.break_even[:, near], strict=True)
        if option >= 0 and np.isfinite(at)
    ]
    plans, at_duty = f"{area} plans {cars(volume)} cars a year", percent(float(found.duties[near]))
    if not crossings:
        return f"{plans}; at a duty of {at_duty} no plant pays at any volume shown."
    pays = f"{', '.join(crossings)} cars a year (committed at the first gate, alone)"
    return f"{plans} under a duty of up to {percent(duty)}. At {at_duty} the break-even volumes are: {pays}."


def _sign_words(network: Network, sign: Sign) -> str:
    if sign.kind == "fork":
        return f"{sign.name} turns out {sign.label} (right in {odds(sign.right)})"
    word = "more" if sign.above else "fewer"
    where, right = _region_words(network, sign.name), odds(sign.right)
    return f"{word} than {cars(sign.level)} cars a quarter in {where} by then (right in {right})"


def _region_words(network: Network, name: str) -> str:
    """A region with the markets that its label stands for; anything else as it is named."""
    inside = [market for market in network.markets if market.region == name and not market.is_home]
    if len(inside) == 1:
        return inside[0].name
    return f"{spaced(name)} ({some([market.code for market in inside])})" if inside else name


def _between(interval: Interval, currency: str) -> str:
    low, high = money(interval.low, currency), money(interval.high, currency)
    if not np.isfinite(interval.high):
        return f"at least {low}"
    return low if low == high else f"{low} to {high}"


def _small_percent(share: float) -> str:
    """A gap, whose rounding noise would say nothing."""
    return "below 0.001 %" if share < 1e-5 else f"{100 * share:.2g} %"


def _is_used(supplied: Supplied, code: str) -> bool:
    return any(supplied.plan.network.plants[step.plant].code == code for step in supplied.plan.steps)
