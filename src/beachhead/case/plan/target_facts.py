"""What targets count in an open launch: those in force, markets inside their scope, cars on record, rivals' cars."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from beachhead import store
from beachhead.case.log import entries
from beachhead.case.open import Launch
from beachhead.case.rows.observe import rows_today
from beachhead.evidence.tables.competitors import CompetitorRow
from beachhead.evidence.tables.rivals import RivalRow
from beachhead.evidence.tables.targets import TargetRow
from beachhead.launch.question.problem import Problem
from beachhead.ledger import Act, Said
from beachhead.pilot.count import counted
from beachhead.pilot.once import each_once
from beachhead.programme.rank import Known, known_volumes
from beachhead.programme.target import Kind, Target
from beachhead.store import Work
from beachhead.world.errors import NotLearnt
from beachhead.world.market import Market
from beachhead.world.quarter import QUARTERS_A_YEAR, Quarter, days_by_quarter
from beachhead.world.reading import Funnel, Observation

COUNTED = (Kind.CARS_PER_YEAR, Kind.CARS_IN_TOTAL, Kind.MARKETS_LIVE)
"""Targets that the rows on record decide."""
PARTS = 1e-6
"""Of a car: rows that reach over quarters are spread over their days, and add up but for rounding."""


def targets_in_force(launch: Launch) -> tuple[Target, ...]:
    """The targets of the folder, then those raised, as the ledger keeps them; NotLearnt without targets.csv."""
    with store.reading(launch.store) as work:
        return in_force(launch, work)


def in_force(launch: Launch, work: Work) -> tuple[Target, ...]:
    """`targets_in_force` in an open store."""
    rows = launch.folder.rows(TargetRow)
    if not rows:
        cure = "add targets.csv; `beachhead new DIR --example xiaomi` shows one"
        raise NotLearnt(f"{launch.path} has no targets", cure)
    found = {row.code: target_of(row) for row in rows}
    for _, raised, new in _raisings(work):
        for target in (raised, new):
            found.setdefault(target.code, target)
    return tuple(found.values())


def _raisings(work: Work) -> list[tuple[Said, Target, Target]]:
    """What the ledger says of every raising: the entry, the target raised and the next."""
    return [
        (entry.said, store.get(work, entry.said.refs[0], Target), store.get(work, entry.said.refs[1], Target))
        for entry in entries(work)
        if entry.said.act is Act.TARGET
    ]


def raisings(work: Work) -> int:
    """How often a target was raised."""
    return sum(entry.said.act is Act.TARGET for entry in entries(work))


def target_of(row: TargetRow) -> Target:
    """A row of targets.csv as a target."""
    return Target(
        code=row.code,
        name=row.name,
        kind=Kind(row.kind.value),
        scope=row.scope,
        amount=row.amount,
        by=row.by,
        after=row.after,
        raise_share=row.raise_share,
        raise_quarters=row.raise_quarters,
    )


def markets_inside(launch: Launch, scope: str) -> tuple[Market, ...]:
    """Markets of the launch that a scope takes in."""
    return tuple(
        market
        for market in launch.folder.markets
        if scope == "world" or (scope == "abroad" and not market.is_home) or scope in (market.code, market.region)
    )


def seen_cars(launch: Launch, work: Work) -> dict[tuple[str, Quarter], float]:
    """Cars by market, as coded today, and by quarter: registrations, else deliveries; nothing where no row tells them.

    Those of a row that reaches over more than one quarter are spread evenly over its days.
    """
    found: dict[tuple[str, Quarter], float] = {}
    rows = rows_today(launch.folder, work, default_reach=lambda row: row.reach)
    for row in each_once(rows, funnels=(Funnel.REGISTRATIONS, Funnel.DELIVERIES)).rows:
        cars = row.registrations if row.registrations is not None else row.deliveries
        if cars is not None:
            for quarter, share in _shares(row):
                found[row.market, quarter] = found.get((row.market, quarter), 0.0) + cars * share
    return found


def ordered_cars(
    launch: Launch, work: Work, seen: Mapping[tuple[str, Quarter], float]
) -> dict[tuple[str, Quarter], float]:
    """Cars ordered, by market and quarter, where no row tells whether any was handed over: they may have been sold.

    Args:
        launch: the launch.
        work: the open store.
        seen: what `seen_cars` says.
    """
    found: dict[tuple[str, Quarter], float] = {}
    rows = rows_today(launch.folder, work, default_reach=lambda row: row.reach)
    for row in each_once(rows, funnels=(Funnel.ORDERS,)).rows:
        cars = counted(row, Funnel.ORDERS)
        for quarter, share in _shares(row) if cars else ():
            if (row.market, quarter) not in seen:
                found[row.market, quarter] = found.get((row.market, quarter), 0.0) + (cars or 0) * share
    return found


def _shares(row: Observation) -> list[tuple[Quarter, float]]:
    """The quarters that a row reaches over, and the share of its days in each."""
    whole = (row.end - row.start).days + 1
    return [(quarter, days / whole) for quarter, days in days_by_quarter(row.start, row.end)]


def sold_in(seen: Mapping[tuple[str, Quarter], float], code: str, quarter: Quarter, since: Quarter | None) -> bool:
    """Whether a market abroad sold in a quarter that is over.

    Of a quarter that no row tells of nothing was observed, which is not 0: a market that was scaled by then sold.

    Args:
        seen: what `seen_cars` says.
        code: of the market.
        quarter: which.
        since: quarter in which the market was scaled; None where it is not.
    """
    cars = seen.get((code, quarter))
    return cars > 0 if cars is not None else since is not None and since <= quarter


def untold(
    launch: Launch, seen: Mapping[tuple[str, Quarter], float], problem: Problem
) -> tuple[tuple[str, Quarter], ...]:
    """Markets and quarters of the launch that are over, in which a market sold, and of which no row tells how many."""
    start, now = launch.folder.terms.start, problem.quarters[0]
    past = [start + after for after in range(max(now - start, 0))]
    return tuple(
        (code, quarter)
        for code, at in zip(problem.markets, problem.standing, strict=True)
        for quarter in past
        if (code, quarter) not in seen and (at.is_home or sold_in(seen, code, quarter, at.since))
    )


def taken_at_home(
    launch: Launch, seen: Mapping[tuple[str, Quarter], float], problem: Problem
) -> dict[tuple[str, Quarter], float]:
    """Cars that the home market is taken to have sold in quarters that are over and of which no row tells.

    What the belief expects of the same season to come, less the growth of the market until then; where the plan ends
    before it, of the last quarter planned. A market abroad that no row tells of counts nothing: how far it had got is
    not known.
    """
    belief = problem.belief
    level = np.exp(belief.mean[:-1] + np.diag(belief.cov)[:-1] / 2)
    growth = {market.code: market.bev_growth for market in launch.folder.markets}
    found: dict[tuple[str, Quarter], float] = {}
    for code, quarter in untold(launch, seen, problem):
        m = problem.markets.index(code)
        if problem.standing[m].is_home:
            years = -(-(problem.quarters[0] - quarter) // QUARTERS_A_YEAR)
            at = min(quarter + QUARTERS_A_YEAR * years - problem.quarters[0], len(problem.quarters) - 1)
            a_year = level[m] * np.exp(belief.log_path[m, at])
            found[code, quarter] = float(a_year / QUARTERS_A_YEAR / (1 + growth[code]) ** years)
    return found


def home_untold(launch: Launch, problem: Problem) -> dict[tuple[str, Quarter], float]:
    """`taken_at_home` by the rows on record."""
    with store.reading(launch.store) as work:
        return taken_at_home(launch, seen_cars(launch, work), problem)


def cars_before(
    launch: Launch, seen: Mapping[tuple[str, Quarter], float], codes: Collection[str], now: Quarter
) -> NDArray[np.float64]:
    """(P,) cars in markets of these codes, quarter by quarter up to the one before `now`, oldest first.

    From the launch's start on, or from the first row where cars were sold before it: what shows a target to be met
    counts towards it too.

    Args:
        launch: the launch.
        seen: what `seen_cars` says, with what `taken_at_home` adds.
        codes: of the markets that count.
        now: the first quarter that does not.
    """
    first = min([launch.folder.terms.start, *(quarter for code, quarter in seen if code in codes)])
    counted = np.zeros(max(now - first, 0))
    for (code, quarter), cars in seen.items():
        if code in codes and quarter < now:
            counted[quarter - first] += cars
    return counted


def met(
    launch: Launch, work: Work, targets: Sequence[Target], seen: Mapping[tuple[str, Quarter], float]
) -> tuple[str, ...]:
    """Codes of targets that are met: cars on record show it, or whoever raised one said in the ledger why it is.

    A rank is seen only in a year's statistics, stores and service only on the ground: of these people tell.

    Args:
        launch: the launch.
        work: the open store.
        targets: those in force; whatever one comes after is among them.
        seen: what `seen_cars` says.
    """
    after = {target.code: target.after for target in targets}
    told: set[str] = set()

    def tell(code: str) -> None:
        """A target that is met has those met that it comes after."""
        told.add(code)
        for before in after.get(code, ()):
            tell(before)

    for code in _said_to_be_met(work, targets):
        tell(code)
    reached = {target.code for target in targets if _is_reached(launch, target, seen)}

    def opened(code: str) -> bool:
        return code in told or (code in reached and all(opened(before) for before in after.get(code, ())))

    return tuple(target.code for target in targets if opened(target.code))


def _said_to_be_met(work: Work, targets: Sequence[Target]) -> list[str]:
    """Codes of targets of which the ledger says why they are met, where they ask today for what they asked then."""
    asked = {target.code: (target.kind, target.scope, target.amount, target.by) for target in targets}
    return [
        raised.code
        for said, raised, _ in _raisings(work)
        if said.because.strip() and asked.get(raised.code) == (raised.kind, raised.scope, raised.amount, raised.by)
    ]


def _is_reached(launch: Launch, target: Target, seen: Mapping[tuple[str, Quarter], float]) -> bool:
    """Whether the level alone was reached, whatever it comes after."""
    inside = {market.code for market in markets_inside(launch, target.scope)}
    by_quarter: dict[Quarter, float] = {}
    for (market, quarter), cars in seen.items():
        if market in inside and quarter <= target.by:
            by_quarter[quarter] = by_quarter.get(quarter, 0.0) + cars
    level = 0.0
    if target.kind is Kind.CARS_IN_TOTAL:
        level = sum(by_quarter.values())
    elif target.kind is Kind.CARS_PER_YEAR:
        level = max((sum(by_quarter.get(q + -back, 0.0) for back in range(4)) for q in by_quarter), default=0.0)
    elif target.kind is Kind.MARKETS_LIVE:
        homes = {market.code for market in markets_inside(launch, target.scope) if market.is_home}
        level = max((_live_on_record(seen, inside, homes, q) for q in by_quarter), default=0)
    return level >= target.amount - PARTS and target.kind is not Kind.RANK


def _live_on_record(seen: Mapping[tuple[str, Quarter], float], inside: set[str], homes: set[str], last: Quarter) -> int:
    """Markets that sold in each of the four quarters up to `last`; at home the maker sells whatever rows say."""
    year = [last + -back for back in range(QUARTERS_A_YEAR)]
    return sum(code in homes or all(seen.get((code, q), 0.0) > 0 for q in year) for code in inside)


def bev_growth(markets: Sequence[Market]) -> float:
    """Expected log growth of the markets together."""
    now = sum(market.bev_per_year for market in markets)
    return float(np.log(sum(m.bev_per_year * (1 + m.bev_growth) for m in markets) / now)) if now else 0.0


def in_scope(scope: str) -> str:
    """Where a target counts, for a sentence: `abroad`, `in the world`, `in NO`, `in nordic`."""
    return {"abroad": "abroad", "world": "in the world"}.get(scope, f"in {scope}")


def known_rivals(launch: Launch, scope: str) -> Known | None:
    """The latest year of other makers in a scope; of a market without rivals.csv rows as competitors.csv has it."""
    brand = launch.folder.terms.brand
    markets = markets_inside(launch, scope)
    inside = {m.code for m in markets} | {m.region for m in markets} | ({"elsewhere"} if scope == "world" else set())
    listed: dict[int, dict[str, float]] = {}
    own: dict[int, dict[str, float]] = {}
    for row in launch.folder.rows(RivalRow):
        if row.brand != brand and (row.scope in inside or (scope == "world" and row.scope == "world")):
            table = own if row.scope == "world" else listed
            of_year = table.setdefault(row.year, {})
            of_year[row.brand] = of_year.get(row.brand, 0.0) + row.cars
    if not listed and not own:
        for seen in launch.folder.rows(CompetitorRow):
            if seen.market in inside and not seen.model and seen.brand != brand and seen.enters is None:
                of_year = listed.setdefault(seen.as_of.year, {})
                of_year[seen.brand] = of_year.get(seen.brand, 0.0) + seen.cars_per_year
    return known_volumes(scope, listed, own) if listed or own else None
