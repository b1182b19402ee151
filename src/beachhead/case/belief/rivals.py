"""competitors.csv as moves of rivals in the terms of the belief, and what they say for the reader."""

from __future__ import annotations

import numpy as np

from beachhead.belief.choice import choice_fit, price_response, weigh_stated
from beachhead.belief.choice.rivals import RivalCourse, RivalMove, rival_course
from beachhead.case.belief.conjoint import stated_elasticities
from beachhead.case.belief.offer_list import offer_list
from beachhead.case.open import Launch
from beachhead.evidence.tables.competitors import CompetitorRow
from beachhead.world.figures import some
from beachhead.world.quarter import Quarter

_LEAST_SAID = 0.005


def moves_of(launch: Launch) -> tuple[RivalMove, ...]:
    """Rows that enter or change a price; a price not known counts as that of the offer list."""
    size = {market.code: market.bev_per_year for market in launch.folder.markets}
    lists = {code: offer_list(launch, code) for code in size}
    found = []
    for row in launch.folder.rows(CompetitorRow):
        if (row.enters is None and not row.price_change) or row.brand == launch.folder.terms.brand or not row.odds:
            continue
        listed = lists[row.market]
        ratio = 1.0
        if row.price is not None and listed is not None:
            ratio = launch.folder.money(row.price, row.currency) / listed.typical_price
        found.append(
            RivalMove(
                market=row.market,
                brand=row.brand,
                start=row.enters or row.change_from or launch.folder.terms.start.first_day,
                odds=row.odds,
                share=row.cars_per_year / size[row.market],
                price_change=None if row.enters is not None else row.price_change,
                price_ratio=ratio,
            )
        )
    return tuple(found)


def course_of(launch: Launch) -> RivalCourse | None:
    """How rivals move demand over the launch's quarters; None where competitors.csv says of no move."""
    moves = moves_of(launch)
    if not moves:
        return None
    codes = tuple(market.code for market in launch.folder.markets)
    lists = {code: made for code in codes if (made := offer_list(launch, code)) is not None}
    fit = choice_fit()
    response = weigh_stated(price_response(codes, fit), stated_elasticities(launch, lists))
    return rival_course(moves, response, launch.folder.terms.grid, lists, fit)


def rival_notes(launch: Launch, course: RivalCourse | None, now: Quarter) -> tuple[str, ...]:
    """One sentence: where rivals move demand most by the end of the horizon, and by how much."""
    if course is None:
        return ()
    names = [market.name for market in launch.folder.markets]
    ahead = now - launch.folder.terms.start
    last, change = launch.folder.terms.grid[-1], np.expm1(course.mean[:, -1])
    most = [m for m in np.argsort(-np.abs(change), kind="stable") if abs(change[m]) >= _LEAST_SAID]
    if not most or not course.mean[:, ahead:].any():
        return ("Moves of rivals in competitors.csv change demand nowhere by half a percent.",)
    ends = {m: np.expm1(course.interval(int(m), -1)) for m in most}
    said = some([f"{names[m]} {change[m]:+.1%} ({ends[m][0]:+.1%} to {ends[m][1]:+.1%})" for m in most], 4)
    return (f"Rivals' moves in competitors.csv change demand by {last}: {said}, 90 % intervals.",)
