"""What siting found, in sentences."""

from __future__ import annotations

from collections import Counter
from math import isfinite

from beachhead.case.effort_words import stopped_by_clock, stopped_by_work, work_done
from beachhead.case.open import Launch
from beachhead.case.siting.question import Model, Site, Sited
from beachhead.siting.solve import Status
from beachhead.world.figures import cars, expected, how_many, money, percent, within_minutes


def headline(launch: Launch, sited: Sited) -> list[str]:
    """The answer in sentences."""
    new = [one for one in sited.sites if not one.kept]
    cost = money(sum(one.cost for one in new), launch.folder.terms.currency)
    stand = len(sited.sites) - len(new)
    decided = any(one.kept and one.opens for one in sited.sites)
    beside = f" beside {stand} that stand{' or are decided' if decided else ''}" if stand else ""
    reached = within_minutes(sited.ask.minutes)
    within = f"{100 * sited.covered_share:.1f} % of the people in settlements counted within {reached}"
    kinds = Counter(one.format.name for one in new)
    what = ", ".join(f"{count} {name}" for name, count in kinds.items()) if len(kinds) > 1 else sited.format.name
    what = next(iter(kinds)) if len(kinds) == 1 else what
    bring = "brings" if len(new) == 1 and not stand else "bring"
    lines = [f"{how_many(len(new), 'new site')} ({what}, {cost}){beside} {bring} {within}."]
    promise = sited.promise
    if promise is not None and not promise.is_kept:
        lines.append(
            f"The promise of {100 * promise.share:g} % cannot be kept: all candidates together reach "
            f"{100 * promise.attainable_share:.1f} %. Lower --site-people for more candidates, or promise less."
        )
    elif promise is not None:
        least = promise.fewest
        sure = "no fewer would do" if least == len(sited.sites) else f"fewer than {least} would not do"
        lines.append(f"The promise takes {how_many(len(sited.sites), 'site')}; {sure}.")
    else:
        lines.append(bound_sentence(sited))
    lines.append(effort_sentence(sited))
    if sited.closed:
        names = ", ".join(place_name(sited, place) for place in sited.closed)
        lines.append(f"Closed, as others reach more: {names}.")
    return lines


def bound_sentence(sited: Sited) -> str:
    """What the sites are worth beside what no choice is; in full where three digits hide what lies between."""
    value = _figure(sited.value)
    if not isfinite(sited.bound):
        return f"Value {value} {sited.unit}; how much better another choice could be is not known."
    bound = _figure(sited.bound)
    if value == bound and abs(sited.bound - sited.value) >= 1.0:
        value, bound = f"{sited.value:,.0f}", f"{sited.bound:,.0f}"
    return f"Value {value} {sited.unit}; no choice of sites reaches better than {bound} (gap {_gap(sited.gap)})."


def effort_sentence(sited: Sited) -> str:
    """How the search ended, after how much work, and whether another machine would end it elsewhere."""
    did = work_done(sited.work, sited.ask.work)
    if sited.status == Status.OPTIMAL:
        return f"Proved after {did}."
    if sited.status == Status.OUT_OF_TIME:
        return stopped_by_clock(sited.ask.seconds, did)
    return stopped_by_work(did, spent=sited.work >= sited.ask.work)


def site_sentence(launch: Launch, sited: Sited, one: Site) -> str:
    """What one site is there for, in one sentence."""
    worth, minutes = one.worth, within_minutes(sited.ask.minutes)
    name = place_name(sited, one.place)
    cost = f" for {money(one.cost, launch.folder.terms.currency)}" if one.cost else ""
    stands = f"is decided for {one.opens} and" if one.opens else "stands already and"
    verb = stands if one.kept else f"opens{f' in {one.opens}' if one.opens else ''}{cost} and"
    if one.serves is not None:
        return f"{name} {verb} {_served(sited, one)}."
    parts = [f"brings {people_in(worth.gained_people)} people within {minutes} of a site whom no other reaches"]
    if worth.takes_from is not None and worth.taken_people >= 1:
        parts.append(
            f"saves {how_many(round(worth.saved_minutes), 'minute')} each for {people_in(worth.taken_people)} people, "
            f"most of them from {place_name(sited, worth.takes_from)}"
        )
    if one.buyers is not None and one.from_own is not None:
        own = percent(one.from_own / max(one.buyers, 1e-12))
        parts.append(f"draws {expected(one.buyers, 'car')} a year, {own} of them from own stores")
    if worth.replaced_by is None:
        instead = "nothing could replace it" if worth.gained_people else "closing it would lose nobody"
    else:
        kept = percent(worth.kept_people / max(worth.gained_people, 1.0))
        instead = f"without it, {place_name(sited, worth.replaced_by)} would keep {kept} of them"
    return f"{name} {verb} {' and '.join(parts)}; {instead}."


def place_name(sited: Sited, place: int) -> str:
    """Name and country; the name alone where one market is asked for."""
    name = sited.places.name[place]
    return name if len(sited.markets) == 1 else f"{name} ({sited.places.country[place]})"


def people_in(count: float) -> str:
    """A number of people, short: `340 k`, `3.6 M`."""
    if count >= 999_500:
        return f"{count / 1e6:.1f} M"
    return f"{count / 1000:,.0f} k" if count >= 1000 else f"{count:,.0f}"


def _gap(gap: float) -> str:
    return "under 0.001 %" if 0 < gap < 1e-5 else f"{100 * gap:.2g} %"


def _figure(value: float) -> str:
    return cars(value) if abs(value) >= 1000 else f"{value:.4g}"


def _served(sited: Sited, one: Site) -> str:
    """What a site of the models of least cost is there for."""
    limit = one.format.cars_per_year if sited.ask.model is Model.CAPACITATED else None
    most = f" of the {limit:,.0f} it can" if limit is not None else ""
    said = f"sees to {expected(one.serves or 0.0, 'car')} a year{most}"
    gained = one.worth.gained_people
    alone = f", {people_in(gained)} people within {within_minutes(sited.ask.minutes)} whom no other site reaches"
    return f"{said} ({one.format.name}){alone if gained else ''}"
