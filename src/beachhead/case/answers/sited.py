"""Siting's answer on record, and what a plan makes of it: reach, ramp, capital and running cost of own stores."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from beachhead.case.answers.newest import drop_newest, keep_newest, newest
from beachhead.case.open import Launch
from beachhead.evidence.tables.economics import EconomicsRow
from beachhead.store import get, put, reading, writing
from beachhead.world.economics import Economics
from beachhead.world.figures import how_many, some, within_minutes
from beachhead.world.market import Channel
from beachhead.world.quarter import Quarter
from beachhead.world.ref import Ref

Floats = NDArray[np.float64]

TOPIC = "siting_terms"
TABLES = ("stores", "formats", "markets", "facts", "fx")
AT_ONCE = 4
"""Capital that must be decided in so many quarters from the start on is capital of the start."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """One new site.

    Attributes:
        place: name of its settlement.
        market: code.
        number: of the place, which tells two of one name apart.
        opens: quarter in which it opens; None where the answer has no quarters.
        lead: quarters between decision and opening.
        cost: capital, launch currency.
    """

    place: str
    market: str
    number: int
    opens: Quarter | None
    lead: int
    cost: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SitedMarket:
    """One market that has a site in the end.

    Attributes:
        market: code.
        reach: (T,), share of its people within the minutes, by quarter; one value where the answer has no quarters.
        start: first quarter in which the answer lets the market open sites; None where it has no quarters.
        since: quarter in which the market was scaled; None where it was not yet.
        capital: (T,), spent on new sites by the quarter in which it must be decided; launch currency.
        opex_per_quarter: fixed cost of all new sites, launch currency.
        sites: new ones.
        standing: sites that stand already and stay.
    """

    market: str
    reach: Floats
    start: Quarter | None
    capital: Floats
    opex_per_quarter: float
    sites: int
    standing: int
    since: Quarter | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SitingTerms:
    """What a plan may count on once siting has answered.

    Attributes:
        quarters: T quarters; empty where the answer has none.
        minutes: within which a site counts.
        format: what is opened, in words.
        markets: those with a site.
        without: codes of markets asked for that get none.
        openings: new sites, in the order in which they open.
        tables: digest of each table, and of what launch.toml says of money and time, that the answer rests on.
        files: digest of each file beside the folder that it rests on, by path.
        untold: codes of markets that were scaled so long ago that their stores must stand, and of which none is told:
            a plan rests on economics.csv there.
    """

    quarters: tuple[Quarter, ...]
    minutes: float
    format: str
    markets: tuple[SitedMarket, ...]
    without: tuple[str, ...]
    openings: tuple[Opening, ...]
    tables: Mapping[str, str]
    files: Mapping[str, str]
    untold: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SitingInputs:
    """What siting makes of a plan's economics.

    Attributes:
        economics: with reach, ramp, capital and running cost of own stores from the answer.
        notes: what was changed, or why not.
    """

    economics: tuple[Economics, ...]
    notes: tuple[str, ...]


def siting_inputs(launch: Launch, economics: Iterable[Economics]) -> SitingInputs:
    """The economics with the newest answer on record; as they are while there is none, or it rests on other tables."""
    rows = tuple(economics)
    found = _newest(launch)
    if found is None:
        return SitingInputs(economics=rows, notes=())
    terms, at = found
    if changed := _changed(launch, terms):
        return SitingInputs(economics=rows, notes=(_left_out(launch, changed, at),))
    after = reach_economics(launch, rows, terms)
    return SitingInputs(economics=after, notes=_counted(launch, terms, rows, after, at))


def reach_economics(launch: Launch, economics: Iterable[Economics], terms: SitingTerms) -> tuple[Economics, ...]:
    """Reach, ramp, capital and running cost of own stores by the answer; everything else as it was.

    Reach is the share of people within the minutes in the end, the ramp its course from the market's start on. Capital
    is what must be decided within the first `AT_ONCE` quarters; what later quarters take enters as a cost a quarter of
    the same worth, since a plan commits capital once, at the start, and a market that is left opens no more sites.
    Sites take the place of `sites_share` of the capital and of the running cost of economics.csv; where that is blank,
    of all the capital, and the running cost is that of the sites if it is the larger.
    """
    found = {one.market: one for one in terms.markets}
    part = {(row.market, row.channel): row.sites_share for row in launch.folder.rows(EconomicsRow)}
    return tuple(
        _with_sites(launch, row, found[row.market], terms.quarters, part.get((row.market, row.channel)))
        if row.market in found and row.channel is Channel.OWN_STORE
        else row
        for row in economics
    )


def sited_routes(launch: Launch) -> Mapping[tuple[str, Channel], float]:
    """Capital of each market and channel of which siting's answer on record says what economics.csv does not."""
    rows = launch.folder.economics
    counted = zip(rows, siting_inputs(launch, rows).economics, strict=True)
    return {(new.market, new.channel): new.capital for old, new in counted if new is not old}


def keep_terms(launch: Launch, terms: SitingTerms, *, who: str, at: datetime) -> Ref:
    """Put an answer on record; from then on plans count on it."""
    with writing(launch.store) as work:
        ref = put(work, "siting_terms", terms)
        keep_newest(work, TOPIC, ref, name="siting", who=who, at=at)
    return ref


def forget_terms(launch: Launch, *, who: str, at: datetime) -> bool:
    """Take the answer off, so that plans rest on economics.csv; it stays on record. False if there was none."""
    if _newest(launch) is None:
        return False
    with writing(launch.store) as work:
        digest = hashlib.sha256(f"forgotten {at.isoformat()}".encode()).hexdigest()
        drop_newest(work, TOPIC, sha256=digest, name="siting", who=who, at=at)
    return True


def kept_openings(launch: Launch) -> tuple[Opening, ...]:
    """Dated openings of the newest answer on record; none where there is no answer, or it rests on other tables."""
    found = _newest(launch)
    if found is None or _changed(launch, found[0]):
        return ()
    return tuple(one for one in found[0].openings if one.opens is not None)


def digests(launch: Launch) -> dict[str, str]:
    """Digest of each table that siting rests on, and of what launch.toml says of money and time."""
    folder, terms = launch.folder, launch.folder.terms
    said = {f"{name}.csv": repr(folder.tables.get(name, ())) for name in TABLES}
    said["launch.toml"] = repr(
        (terms.start, terms.quarters, terms.currency, sorted(folder.limits.capital_per_year.items()))
    )
    return {name: hashlib.sha256(text.encode()).hexdigest() for name, text in said.items()}


def file_digest(path: Path) -> str:
    """Digest of a file; blank if it cannot be read."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return ""


def _newest(launch: Launch) -> tuple[SitingTerms, datetime] | None:
    with reading(launch.store) as work:
        kept = newest(work, TOPIC)
        return None if kept is None else (get(work, kept.ref, SitingTerms), kept.at)


def _changed(launch: Launch, terms: SitingTerms) -> tuple[str, ...]:
    now = digests(launch)
    tables = [name for name in now if terms.tables.get(name) != now[name]]
    return (
        *tables,
        *(Path(path).name for path, was in terms.files.items() if file_digest(Path(path)) not in ("", was)),
    )


def _left_out(launch: Launch, changed: tuple[str, ...], at: datetime) -> str:
    verb = "has" if len(changed) == 1 else "have"
    cure = f"beachhead site {launch.path} --keep"
    return f"Siting's answer of {at:%Y-%m-%d} is left out: {', '.join(changed)} {verb} changed since; run `{cure}`."


def _with_sites(
    launch: Launch, row: Economics, found: SitedMarket, quarters: tuple[Quarter, ...], share: float | None
) -> Economics:
    at_once, later = _capital(launch, found, quarters)
    left = 0.0 if share is None else (1.0 - share) * row.capital
    running = found.opex_per_quarter
    opex = max(row.opex_per_quarter, running) if share is None else (1.0 - share) * row.opex_per_quarter + running
    return replace(
        row,
        reach=float(found.reach[-1]),
        ramp=_ramp(found, quarters),
        capital=left + at_once,
        opex_per_quarter=opex + later,
    )


def _ramp(found: SitedMarket, quarters: tuple[Quarter, ...]) -> tuple[float, ...]:
    """Share of the reach in the end served in each quarter from the market's start on; over 1 before a closing.

    A market that is scaled already has its course from the quarter in which it was: a plan counts from there.
    """
    start = found.start if found.since is None else found.since
    begin = 0 if start is None or not quarters else max(start - quarters[0], 0)
    course = found.reach[min(begin, len(found.reach) - 1) :] / found.reach[-1]
    last = int(np.flatnonzero(course != 1.0)[-1]) + 1 if (course != 1.0).any() else 0
    return tuple(float(share) for share in course[: last + 1])


def _capital(launch: Launch, found: SitedMarket, quarters: tuple[Quarter, ...]) -> tuple[float, float]:
    """What the start commits, and what later sites cost a quarter over all quarters that the plan counts."""
    begin = 0 if found.start is None else found.start - quarters[0]
    age = np.maximum(np.arange(len(found.capital)) - begin, 0)
    discount = launch.folder.terms.discount_per_quarter
    worth = found.capital * discount**age
    fade = discount ** np.arange(max(len(quarters) - begin, 1))
    fade[-1] *= 1.0 + launch.folder.terms.terminal_quarters
    return float(worth[age < AT_ONCE].sum()), float(worth[age >= AT_ONCE].sum() / fade.sum())


def _counted(
    launch: Launch, terms: SitingTerms, before: tuple[Economics, ...], after: tuple[Economics, ...], at: datetime
) -> tuple[str, ...]:
    names = {market.code: market.name for market in launch.folder.markets}
    moved = [(new, old) for new, old in zip(after, before, strict=True) if new is not old]
    when = f"siting's answer of {at:%Y-%m-%d}"
    unknown = some([names[code] for code in terms.untold])
    untold = (f"No store is told of in {unknown}, scaled already, so the plan rests on economics.csv there.",)
    if not moved:
        none = f"No market with a site in {when} sells through own stores: the plan rests on economics.csv."
        return untold if terms.untold else (none,)
    currency = launch.folder.terms.currency
    least, most = min(moved, key=lambda pair: pair[0].reach), max(moved, key=lambda pair: pair[0].reach)
    served = {new.market for new, _ in moved}
    spent = sum(float(one.capital.sum()) for one in terms.markets if one.market in served)
    sites = sum(one.sites for one in terms.markets if one.market in served)
    reach = f"{within_minutes(terms.minutes)} from a test drive are {_reached(least, names)}"
    reach += f" to {_reached(most, names)}" if len(moved) > 1 else ""
    counted = (
        f"Counts on {when} for own stores: within {reach}; {how_many(sites, 'new site')} ({terms.format}) "
        f"{'takes' if sites == 1 else 'take'} {currency} {spent / 1e6:,.0f} M, of which what the first "
        f"{AT_ONCE} quarters of a market need is capital of its start, the rest a cost of later quarters."
    )
    notes = [counted, *(untold if terms.untold else ())]
    stay = [
        names[code] for code in (*terms.without, *(one.market for one in terms.markets if one.market not in served))
    ]
    if stay:
        notes.append(f"Siting changes nothing in {some(stay)}: no site there, or no own stores in economics.csv.")
    return tuple(notes)


def _reached(pair: tuple[Economics, Economics], names: Mapping[str, str]) -> str:
    new, old = pair
    return f"{100 * new.reach:.0f} % of the buyers in {names[new.market]} (economics.csv: {100 * old.reach:.0f} %)"
