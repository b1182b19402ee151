"""The question that a plan answers: belief, options, limits and where every market stands."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from beachhead.belief.belief import Belief
from beachhead.belief.priced import Elasticities
from beachhead.launch.question.action import LIST_PRICE, PilotMenu, Standing
from beachhead.launch.question.gate import Gate, GateRule
from beachhead.launch.question.kernel_terms import EXITED, OUT, SCALED, Floats, Position, Terms
from beachhead.launch.question.objective import Objective
from beachhead.world.by_reference import parts
from beachhead.world.economics import CHANNEL_CUT, Economics, Limits
from beachhead.world.errors import BadInput
from beachhead.world.market import Channel, Stage
from beachhead.world.offer import Offer, Price
from beachhead.world.quarter import Quarter

SIGNAL_SD = 0.15
SIGNAL_QUARTERS = 3
LONG_AGO = -400


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Problem:
    """A launch at a gate: the first of the belief's quarters is the quarter decided now.

    Attributes:
        belief: joint belief about demand.
        channels: (M, C), channel of each route; None pads markets that have fewer.
        offers: (M,), offers priced in the market with the first quarter index in which each can ship, lead offer
            first: best margin, then soonest, then cheapest.
        terms: the arrays of the launch, read-only, axes in belief order.
        standing: (M,), where each market stands.
        menu: the pilots that may be chosen.
        rule: how gates are set.
        gates: gates already registered, at most one a market.
        objective: what the plan is for; None for expected value.
        answers: how demand answers to price; None where it is not asked for.
    """

    belief: Belief
    channels: tuple[tuple[Channel | None, ...], ...]
    offers: tuple[tuple[tuple[str, int], ...], ...]
    terms: Terms
    standing: tuple[Standing, ...]
    menu: PilotMenu
    rule: GateRule = field(default_factory=GateRule)
    gates: tuple[Gate, ...] = ()
    objective: Objective | None = None
    answers: Elasticities | None = None

    def __post_init__(self) -> None:
        count = len(self.belief.markets)
        if not len(self.channels) == len(self.offers) == len(self.standing) == count:
            raise ValueError("channels, offers and standing need one row for each market of the belief")
        if len({gate.market for gate in self.gates}) != len(self.gates):
            raise ValueError("a market has two gates")
        if len(self.terms.asked) != len(self.terms.batches):  # put together by hand, or on record from before prices
            object.__setattr__(self, "terms", at_list_price(self.terms))
        for array in parts(self.terms).values():
            if isinstance(array, np.ndarray):
                array.setflags(write=False)

    @property
    def markets(self) -> tuple[str, ...]:
        """M market codes."""
        return self.belief.markets

    @property
    def quarters(self) -> tuple[Quarter, ...]:
        """T quarters; the first is decided now."""
        return self.belief.quarters

    def can_open(self, m: int) -> bool:
        """Whether market m may be scaled within the horizon, through any channel."""
        return bool((self.terms.first_scale[m] < len(self.quarters)).any())


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """One way tariffs may go.

    Attributes:
        name: such as `minimum price`.
        odds: 0..1; the odds of all scenarios add up to 1.
        known_from: quarter at whose start it is known which scenario holds.
        margin_change: by market and channel, change of the unit margin in each of the T quarters.
    """

    name: str
    odds: float
    known_from: Quarter
    margin_change: Mapping[tuple[str, Channel], tuple[float, ...]]


def assemble(
    *,
    belief: Belief,
    economics: Iterable[Economics],
    limits: Limits,
    discount: float,
    terminal_quarters: float,
    menu: PilotMenu | None = None,
    offers: Iterable[Offer] = (),
    prices: Iterable[Price] = (),
    offer_margins: Mapping[tuple[str, str], float] | None = None,
    standing: Mapping[str, Standing] | None = None,
    rule: GateRule | None = None,
    gates: Iterable[Gate] = (),
    committed: Mapping[int, float] | None = None,
    scenarios: Iterable[Scenario] = (),
    answers: Elasticities | None = None,
) -> Problem:
    """Build a problem from nouns; the one place where launch data become arrays.

    Args:
        belief: joint belief; its markets and quarters set the axes.
        economics: at least one row for each market of the belief; others are ignored.
        limits: per-quarter tuples must have T values, `capital_per_year` a value for every year touched.
        discount: of one quarter, 0..1.
        terminal_quarters: quarters at the pace of the last year that stand for what comes after the horizon.
        menu: pilots that may be chosen.
        offers: what can be shipped; markets without a priced offer cannot be piloted or scaled. Empty: not asked.
        prices: of the offers.
        offer_margins: margin by (market, offer) where known; else the channel's margin holds for every offer.
        standing: by market; a market not named is out.
        rule: how gates are set.
        gates: gates already registered.
        committed: capital already committed by calendar year, taken off the limits.
        scenarios: what tariffs may do to margins; empty: margins stay as they are. One scenario with odds 1 is a
            tariff with a date and no doubt.
        answers: how demand answers to price, in the belief's order of markets; needed for pilots at other prices.
    """
    menu = menu or PilotMenu()
    standing = standing or {}
    rows = _rows_by_market(belief, economics)
    scenarios = tuple(scenarios)
    _check(belief, limits, discount, terminal_quarters, rows, scenarios)
    if answers is None and menu.price_points != (LIST_PRICE,):
        raise ValueError("pilots at other prices than list need to know how demand answers to price")
    asking = tuple(prices)
    choices = tuple(
        _ranked_offers(code, belief.quarters, tuple(offers), asking, offer_margins or {}) for code in belief.markets
    )
    asked = bool(tuple(offers))
    earliest = [row[0][1] if row else None for row in (_soonest(choice) for choice in choices)]
    return Problem(
        belief=belief,
        channels=_channels(rows),
        offers=choices,
        terms=_terms(
            belief,
            rows,
            limits,
            discount,
            terminal_quarters,
            menu,
            earliest if asked else None,
            committed or {},
            scenarios,
            _net_prices(belief.markets, choices, asking, menu.offers),
            answers,
        ),
        standing=tuple(standing.get(code, Standing()) for code in belief.markets),
        menu=menu,
        rule=rule or GateRule(),
        gates=tuple(gate for gate in gates if gate.market in set(belief.markets)),
        answers=answers,
    )


def _rows_by_market(belief: Belief, economics: Iterable[Economics]) -> list[list[Economics]]:
    rows: dict[str, list[Economics]] = {code: [] for code in belief.markets}
    for row in economics:
        if row.market in rows:
            rows[row.market].append(row)
    return [sorted(rows[code], key=lambda row: row.channel.value) for code in belief.markets]


def _check(
    belief: Belief,
    limits: Limits,
    discount: float,
    terminal_quarters: float,
    rows: list[list[Economics]],
    scenarios: tuple[Scenario, ...],
) -> None:
    quarters = len(belief.quarters)
    wrong = [f"{code} has no economics" for code, row in zip(belief.markets, rows, strict=True) if not row]
    for name in ("cars_per_quarter", "pilot_cars_per_quarter"):
        count = len(getattr(limits, name))
        if count != quarters:
            wrong.append(f"{name} has {count} values for {quarters} quarters")
    missing = sorted({q.year for q in belief.quarters} - set(limits.capital_per_year))
    if missing:
        wrong.append(f"capital_per_year has no value for {', '.join(map(str, missing))}")
    if not 0 < discount <= 1:
        wrong.append(f"discount {discount} is not in (0, 1]")
    if terminal_quarters < 0:
        wrong.append(f"terminal_quarters {terminal_quarters} is negative")
    if scenarios and abs(sum(s.odds for s in scenarios) - 1) > 1e-6:
        wrong.append(f"the odds of the tariff scenarios add up to {sum(s.odds for s in scenarios):g}")
    if wrong:
        raise BadInput("the plan cannot be set up: " + "; ".join(wrong), "mend launch.toml and economics.csv")


def pilot_offers(
    code: str, offers: tuple[Offer, ...], prices: tuple[Price, ...], most: int, margins: Mapping[tuple[str, str], float]
) -> tuple[str, ...]:
    """Offers that a pilot in the market ships once they are to be had, at most so many, lead offer first."""
    return tuple(offer.code for offer in _by_lead(code, offers, prices, margins)[:most])


def _ranked_offers(
    code: str,
    quarters: tuple[Quarter, ...],
    offers: tuple[Offer, ...],
    prices: tuple[Price, ...],
    margins: Mapping[tuple[str, str], float],
) -> tuple[tuple[str, int], ...]:
    """Offers priced in the market with the first quarter index in which they can ship, lead offer first."""
    able = _by_lead(code, offers, prices, margins)
    return tuple((offer.code, max(offer.available_from - quarters[0], 0)) for offer in able)


def _by_lead(
    code: str, offers: tuple[Offer, ...], prices: tuple[Price, ...], margins: Mapping[tuple[str, str], float]
) -> list[Offer]:
    """Offers priced in the market, lead offer first."""
    net = {price.offer: price.net for price in prices if price.market == code}
    able = [offer for offer in offers if offer.code in net]
    return sorted(able, key=lambda o: (-margins.get((code, o.code), 0.0), o.available_from, net[o.code], o.code))


def _net_prices(
    markets: tuple[str, ...],
    choices: tuple[tuple[tuple[str, int], ...], ...],
    prices: tuple[Price, ...],
    most: int,
) -> Floats:
    """(M,) mean list price without tax of the offers that a pilot would ship; 0 where nothing has a price."""
    net = {(price.market, price.offer): price.net for price in prices}
    shipped = [[net[code, offer] for offer, _ in choice[:most]] for code, choice in zip(markets, choices, strict=True)]
    return np.array([sum(row) / len(row) if row else 0.0 for row in shipped])


def _soonest(choice: tuple[tuple[str, int], ...]) -> list[tuple[str, int]]:
    return sorted(choice, key=lambda row: row[1])[:1]


def _channels(rows: list[list[Economics]]) -> tuple[tuple[Channel | None, ...], ...]:
    width = max(len(row) for row in rows)
    return tuple(tuple([r.channel for r in row] + [None] * (width - len(row))) for row in rows)


def _terms(
    belief: Belief,
    rows: list[list[Economics]],
    limits: Limits,
    discount: float,
    terminal_quarters: float,
    menu: PilotMenu,
    earliest: list[int | None] | None,
    committed: Mapping[int, float],
    scenarios: tuple[Scenario, ...],
    net: Floats,
    answers: Elasticities | None,
) -> Terms:
    M, T = belief.log_path.shape
    years = sorted({q.year for q in belief.quarters})
    points = (LIST_PRICE, *(point for point in menu.price_points if point != LIST_PRICE))
    batches, asked = np.tile(menu.batches, len(points)), np.repeat(points, len(menu.batches))
    kept = net[:, None] * _by_route(rows, lambda r: 1 - CHANNEL_CUT[r.channel], 0.0)
    odds, known, dated = _margins(belief, rows, _by_route(rows, lambda r: r.unit_margin, 0.0), scenarios)
    return Terms(
        **_routes(belief, rows, batches, earliest),
        margin=np.einsum("g,gmct->mct", odds, dated),
        path=np.exp(belief.log_path),
        week_size=np.full(M, belief.nb_size_weekly),
        batches=np.array(batches, dtype=np.int64),
        year=np.array([years.index(q.year) for q in belief.quarters], dtype=np.int64),
        capital_cap=np.array([max(limits.capital_per_year[y] - committed.get(y, 0.0), 0.0) for y in years]),
        starts_cap=np.full(T, float(limits.scale_starts_per_quarter)),
        cars_cap=np.array(limits.cars_per_quarter, dtype=np.float64),
        pool_cap=np.array(limits.pilot_cars_per_quarter, dtype=np.float64),
        scenario_margin=dated,
        scenario_odds=odds,
        scenario_known=known,
        discount=float(discount),
        tail=float(terminal_quarters),
        signal_var=SIGNAL_SD**2 + _signal_off(belief),
        signal_quarters=SIGNAL_QUARTERS,
        pilot_quarters=menu.quarters,
        weeks=menu.weeks,
        **_priced(asked, len(menu.batches), kept, M, answers),
        look_var=np.zeros((1, 1)) if belief.look_var is None else np.array(belief.look_var),
    )


def _signal_off(belief: Belief) -> float:
    """Variance with which one quarter of a scaled market shows its level over the years: a share of what all tell.

    The quarters that give a signal tell together what as many in a row do; the median market stands for all.
    """
    if belief.look_var is None:
        return 0.0
    in_a_row = belief.look_var[:, np.minimum(np.arange(SIGNAL_QUARTERS), belief.look_var.shape[1] - 1)]
    return float(SIGNAL_QUARTERS * np.median(1 / (1 / in_a_row).sum(axis=1)))


def _routes(
    belief: Belief, rows: list[list[Economics]], batches: NDArray[np.int64], earliest: list[int | None] | None
) -> dict[str, Any]:
    """The terms that stand in economics.csv, by market and route."""
    (M, T), C = belief.log_path.shape, max(len(row) for row in rows)
    steps = max(T, *(len(r.ramp) for row in rows for r in row), 0)  # a market may be scaled for longer than is planned
    ramp, reach = np.zeros((M, C, steps)), np.zeros((M, C, len(batches)))
    first_scale, first_pilot = np.full((M, C), T, dtype=np.int64), np.full((M, C), T, dtype=np.int64)
    for i, row in enumerate(rows):
        shipped = 0 if earliest is None else earliest[i]
        for c, r in enumerate(row):
            ramp[i, c] = r.reach * np.array([*r.ramp, *[r.ramp[-1]] * (steps - len(r.ramp))])
            reach[i, c] = np.minimum(r.pilot_reach * batches / 100.0, 1.0)
            if shipped is not None:
                first_scale[i, c] = min(max(r.earliest_scale - belief.quarters[0], shipped, 0), T)
                first_pilot[i, c] = min(max(r.earliest_pilot - belief.quarters[0], shipped, 0), T)
    return {
        "capital": _by_route(rows, lambda r: r.capital, np.inf),
        "salvage": _by_route(rows, lambda r: r.capital * r.exit_share, 0.0),
        "opex": _by_route(rows, lambda r: r.opex_per_quarter, 0.0),
        "ramp": ramp,
        "start_fee": _by_route(rows, lambda r: r.pilot_start_fee, 0.0),
        "quarter_fee": _by_route(rows, lambda r: r.pilot_fee_per_quarter, 0.0),
        "car_cost": _by_route(rows, lambda r: r.pilot_cost_per_car, 0.0),
        "pilot_reach": np.maximum(reach, 1e-12),
        "first_scale": first_scale,
        "first_pilot": first_pilot,
        "small_series": _by_route(rows, lambda r: np.inf if r.small_series is None else r.small_series, np.inf),
    }


def _by_route(rows: list[list[Economics]], of: Callable[[Economics], float], fill: float) -> Floats:
    """(M, C) a number of each row; `fill` where a market has fewer routes."""
    out = np.full((len(rows), max(len(row) for row in rows)), fill)
    for i, row in enumerate(rows):
        out[i, : len(row)] = [of(r) for r in row]
    return out


def _priced(asked: Floats, sizes: int, kept: Floats, M: int, answers: Elasticities | None) -> dict[str, Any]:
    """The terms that say how demand answers to the price of a pilot."""
    if answers is None:
        lure, doubt = np.ones((M, len(asked))), np.zeros((M, len(asked)))
    else:
        lure, doubt = price_answer(answers, asked)
    priced = {"asked": asked, "sizes": sizes, "lure": lure, "doubt": doubt, "kept": kept}
    if answers is None or (asked == LIST_PRICE).all():
        return priced
    cov = np.column_stack([answers.cross[:, :M], answers.cov, answers.cross[:, M]])
    return priced | {"elasticity": np.array(answers.mean), "elasticity_cov": cov}


def looked(problem: Problem) -> NDArray[np.int64]:
    """(M,) pilot quarters that each market has behind it."""
    return np.array([at.pilot_quarters for at in problem.standing], dtype=np.int64)


def price_answer(answers: Elasticities, asked: Floats) -> tuple[Floats, Floats]:
    """(M, D) demand at each design's price over that at list price, its median, and the variance of its log."""
    log_price = np.log(asked)
    return np.exp(-np.outer(answers.mean, log_price)), np.outer(np.diag(answers.cov), log_price**2)


def at_list_price(terms: Terms) -> Terms:
    """The same terms with every pilot design at list price."""
    (M, C), D = terms.capital.shape, len(terms.batches)
    kept = terms.kept if terms.kept.shape == (M, C) else np.zeros((M, C))
    return replace(terms,
        asked=np.ones(D), sizes=D, lure=np.ones((M, D)), doubt=np.zeros((M, D)), kept=kept,
        elasticity=np.empty(0), elasticity_cov=np.empty((0, 0)),
    )  # fmt: skip


def _margins(
    belief: Belief, rows: list[list[Economics]], margin: Floats, scenarios: tuple[Scenario, ...]
) -> tuple[Floats, int, Floats]:
    """Odds (G,), quarter index in which the scenario is known, and margins (G, M, C, T)."""
    T = len(belief.quarters)
    if not scenarios:
        return np.ones(1), 0, np.repeat(margin[None, :, :, None], T, axis=3)
    dated = np.repeat(np.repeat(margin[None, :, :, None], T, axis=3), len(scenarios), axis=0)
    for g, scenario in enumerate(scenarios):
        for i, row in enumerate(rows):
            for c, r in enumerate(row):
                dated[g, i, c] += np.array(scenario.margin_change.get((r.market, r.channel), (0.0,) * T))
    known = max(scenario.known_from for scenario in scenarios) - belief.quarters[0]
    soonest = 1 if len(scenarios) > 1 else 0  # what is not known now is known at the next gate at the earliest
    return np.array([s.odds for s in scenarios]), int(min(max(known, soonest), T)), dated


def kernel_terms(problem: Problem) -> Terms:
    """The problem's arrays as writable copies: compiled kernels know one array type only."""
    own: dict[str, Any] = {
        name: a.copy() if isinstance(a, np.ndarray) else a for name, a in parts(problem.terms).items()
    }
    return Terms(**own)


def kernel_position(problem: Problem) -> Position:
    """Where every market stands, as arrays."""
    M = len(problem.markets)
    stage = np.full(M, OUT, dtype=np.int64)
    route = np.full(M, -1, dtype=np.int64)
    since = np.full(M, LONG_AGO, dtype=np.int64)
    for i, at in enumerate(problem.standing):
        if at.stage is Stage.EXITED:
            stage[i] = EXITED
        elif at.stage is Stage.SCALED:
            if at.channel not in problem.channels[i] or at.since is None:
                raise BadInput(
                    f"{problem.markets[i]} is scaled through {at.channel}, which has no row in its economics",
                    "add the row to economics.csv",
                )
            stage[i], route[i] = SCALED, problem.channels[i].index(at.channel)
            since[i] = at.since - problem.quarters[0]
    return Position(
        stage=stage,
        route=route,
        since=since,
        piloted=looked(problem),
        fixed=np.array([int(at.is_home) for at in problem.standing], dtype=np.int64),
        barred=np.zeros(M),
        spent=np.zeros(problem.terms.capital_cap.shape[0]),
    )
