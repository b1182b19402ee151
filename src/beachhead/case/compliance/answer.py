"""Compliance for an open launch: offers and approvals as the room's nouns, its permits as quarters and money."""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass, field, replace
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from beachhead.case.open import Launch
from beachhead.compliance.approval import ANY_OFFER, Certificate, Holding, Used, Vehicle
from beachhead.compliance.assess import assess_all
from beachhead.compliance.check import rulebook
from beachhead.compliance.dossier import Dossier, dossier
from beachhead.compliance.finding import Assessment
from beachhead.compliance.opening import Opening, openings
from beachhead.compliance.permit import Permit, permits
from beachhead.compliance.rule_file import folder_rule_files, read_rule_file, read_rule_text
from beachhead.compliance.rulebook import Rulebook
from beachhead.compliance.watch import Change, Expiry, changes, expiries
from beachhead.evidence.cell import meant
from beachhead.evidence.folder import Folder
from beachhead.evidence.load import load_table
from beachhead.evidence.tables.approvals import TABLE, ApprovalRow
from beachhead.evidence.tables.offers import TABLE as OFFERS
from beachhead.evidence.textfile import read_bytes
from beachhead.launch.question.problem import pilot_offers
from beachhead.store import writing
from beachhead.world.economics import Economics
from beachhead.world.errors import BadInput, Fault
from beachhead.world.figures import how_many, some
from beachhead.world.market import Market
from beachhead.world.offer import Offer
from beachhead.world.quarter import Quarter
from beachhead.world.whole import write_whole


@dataclass(frozen=True, slots=True, kw_only=True)
class Brief:
    """What the compliance questions of a launch are asked about.

    Attributes:
        rulebook: the bundled rules with those of the launch folder.
        vehicles: the launch's offers.
        markets: codes of the markets abroad, in the order of markets.csv.
        holding: approvals held and promised, and cars that count against small-series limits.
        weights: battery-electric cars a year, by market.
    """

    rulebook: Rulebook
    vehicles: tuple[Vehicle, ...]
    markets: tuple[str, ...]
    holding: Holding
    weights: dict[str, float]


def brief(folder: Folder, used: Sequence[Used] = ()) -> Brief:
    """The launch as compliance sees it; raises `BadInput` with every fault of rules, features and approvals."""
    book = rulebook(*folder_rule_files(folder.path))
    if faults := [*_unknown_features(folder, book), *_unknown_approvals(folder, book)]:
        raise BadInput.of(faults)
    home = next((market.code for market in folder.markets if market.is_home), "")
    return Brief(
        rulebook=book,
        vehicles=tuple(vehicle_of(offer, home) for offer in folder.offers),
        markets=tuple(market.code for market in folder.markets if not market.is_home),
        holding=Holding(certificates=_certificates(folder), used=tuple(used)),
        weights={market.code: market.bev_per_year for market in folder.markets},
    )


def vehicle_of(offer: Offer, home: str) -> Vehicle:
    """An offer as it would be put before an authority: built at home by a maker from there; without a home, untold."""
    return Vehicle(code=offer.code, features=offer.features, type_name=offer.model, built_in=home, maker_from=home)


def rule_faults(path: Path) -> tuple[Fault, ...]:
    """Every fault of the rule files of a launch folder; none if they can be used."""
    try:
        rulebook(*folder_rule_files(path))
    except BadInput as error:
        return error.faults
    return ()


def add_rules(launch: Launch, file: Path) -> Path:
    """Copy a rule file into the launch's `rules/`, if it holds together with all others; raises with every fault.

    The launch's store is held meanwhile: two files added at once must hold together with each other too.
    """
    if file.suffix not in (".yaml", ".yml"):  # what is called otherwise in rules/ is not read
        raise BadInput(f"{file.name!r} is no name of a rule file", "let it end in .yaml")
    found, faults = read_rule_file(file.name, read_rule_text(file))
    if faults:
        raise BadInput.of(faults)
    target = launch.path / "rules" / file.name
    with writing(launch.store):
        others = [other for other in folder_rule_files(launch.path) if other.name != f"rules/{file.name}"]
        rulebook(*others, found)
        target.parent.mkdir(exist_ok=True)
        return write_whole(target, file.read_bytes())


def matrix(asked: Brief, on: date, offers: Sequence[str] = (), markets: Sequence[str] = ()) -> tuple[Assessment, ...]:
    """Every offer in every market on a day; all of them where none are named."""
    chosen = chosen_vehicles(asked, offers)
    where = chosen_markets(asked, markets)
    return tuple(assess_all(asked.rulebook, chosen, where, [on], asked.holding))


def checklist(asked: Brief, offer: str, market: str, on: date, route: str = "") -> Dossier:
    """The dossier of one offer in one market."""
    (vehicle,) = chosen_vehicles(asked, [offer])
    (where,) = chosen_markets(asked, [market])
    return dossier(asked.rulebook, vehicle, where, on, asked.holding, route)


def watch(
    asked: Brief, start: date, end: date, offers: Sequence[str] = (), markets: Sequence[str] = ()
) -> tuple[tuple[Change, ...], tuple[Expiry, ...]]:
    """What changes between two days, and what runs out: for the offers and markets named, or for all."""
    if end <= start:
        raise BadInput(f"{end} does not lie after {start}", "name the earlier day first")
    chosen = chosen_vehicles(asked, offers)
    where = chosen_markets(asked, markets)
    found = changes(asked.rulebook, chosen, where, start, end, asked.holding)
    return found, expiries(asked.rulebook, chosen, markets, asked.holding, start, end)


def widest(asked: Brief, on: date, offers: Sequence[str] = (), markets: Sequence[str] = ()) -> tuple[Opening, ...]:
    """Which single approval opens the most sales, markets weighed by their battery-electric cars a year."""
    where = chosen_markets(asked, markets)
    chosen = chosen_vehicles(asked, offers)
    return openings(asked.rulebook, chosen, where, on, asked.holding, asked.weights)


def launch_permits(asked: Brief, on: date, markets: Sequence[str] = ()) -> tuple[Permit, ...]:
    """What the rules permit in each market abroad if work on approvals starts on a day."""
    return permits(asked.rulebook, asked.vehicles, chosen_markets(asked, markets), on, asked.holding)


@dataclass(frozen=True, slots=True, kw_only=True)
class Permitted:
    """Economics as the rules permit them.

    Attributes:
        economics: one row a market and channel.
        notes: what the rules changed, in sentences.
    """

    economics: tuple[Economics, ...]
    notes: tuple[str, ...] = ()


def permitted(folder: Folder, economics: Sequence[Economics], on: date, used: Sequence[Used] = ()) -> Permitted:
    """Economics as the rules permit them, if the launch keeps its approvals here; else as they are.

    A launch keeps them here once its folder has an approvals.csv (no row needed) or a file in rules/. Without either,
    the dates of economics.csv stand.

    Args:
        folder: the launch's tables.
        economics: of its markets and channels.
        on: the day on which work on approvals that are not held starts.
        used: cars that count against small-series limits.
    """
    if not keeps_approvals(folder):
        return Permitted(economics=tuple(economics))
    asked = _Asked(
        path=folder.path,
        digest=folder.digest,
        offers=folder.offers,
        markets=folder.markets,
        approvals=tuple(repr(row) for row in folder.rows(ApprovalRow)),
        on=on,
        used=tuple(used),
        folder=folder,
    )
    found = _permits_of(asked)
    after = with_permits(folder, economics, found)
    return Permitted(economics=after, notes=_told(folder, economics, after, found, Quarter.of(on)))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """What permits depend on: files by digest, and what a what-if may have changed in memory, by value."""

    path: Path
    digest: str
    offers: tuple[Offer, ...]
    markets: tuple[Market, ...]
    approvals: tuple[str, ...]
    on: date
    used: tuple[Used, ...]
    folder: Folder = field(compare=False)


@lru_cache(maxsize=4)
def _permits_of(asked: _Asked) -> tuple[Permit, ...]:
    """Permits, worked out once a folder and day: a server asks after every row that comes in, and rules do not move."""
    return launch_permits(brief(asked.folder, asked.used), asked.on)


def keeps_approvals(folder: Folder) -> bool:
    """Whether the folder tells which approvals are held, or adds rules."""
    return (folder.path / TABLE.file).exists() or bool(folder.rules)


def with_permits(folder: Folder, economics: Sequence[Economics], found: Sequence[Permit]) -> tuple[Economics, ...]:
    """Economics within the rules: earliest quarters, pilots up to what is left of a small series, cost of approvals.

    A pilot waits until all the offers that it ships may be sold, and what is left is the least of their types.
    A day falls into the first quarter that begins on or after it. Where no day is known, the market is shut until
    after the last quarter planned: unknown is never read as allowed. Cost is the equal share of steps that several
    markets need.
    """
    by_market = {permit.market: permit for permit in found}
    euro = folder.euro("costs of approvals") if by_market else 1.0
    shut = folder.terms.start + folder.terms.quarters
    most = folder.terms.pilots.offers
    starts = {
        code: _start_of(permit, pilot_offers(code, folder.offers, folder.prices, most, {}))
        for code, permit in by_market.items()
    }
    return tuple(
        _permitted(row, by_market[row.market], starts[row.market], shut, euro) if row.market in by_market else row
        for row in economics
    )


def quarter_from(day: date) -> Quarter:
    """The first quarter that begins on or after a day."""
    quarter = Quarter.of(day)
    return quarter if quarter.first_day == day else quarter + 1


def chosen_vehicles(asked: Brief, offers: Sequence[str]) -> tuple[Vehicle, ...]:
    """The vehicles named, or all."""
    known = {vehicle.code: vehicle for vehicle in asked.vehicles}
    _require(offers, known.keys(), "offer of this launch")
    return tuple(known[code] for code in offers) or asked.vehicles


def chosen_markets(asked: Brief, markets: Sequence[str]) -> tuple[str, ...]:
    """The markets named, or all of the launch; any market with a rule file may be asked about."""
    _require(markets, {*asked.rulebook.laws, *asked.markets}, "market of this launch or of a rule file")
    return tuple(markets) or asked.markets


def _require(named: Sequence[str], known: Set[str], what: str) -> None:
    for code in named:
        if code not in known:
            raise BadInput(f"{code!r} is no {what}", f"name one of {', '.join(sorted(known))}")


class _Start(NamedTuple):
    """When a pilot in a market may begin, and how many cars of small series are then left; None for no such limit."""

    day: date | None
    left: int | None


def _start_of(permit: Permit, shipped: Sequence[str]) -> _Start:
    """The first day for all the offers that a pilot ships together; the least that is left of their series holds."""
    series = {offer: permit.pilots.get(offer) or date.max for offer in shipped}
    unlimited = {offer: permit.offers.get(offer) or date.max for offer in shipped}
    day = max((min(series[offer], unlimited[offer]) for offer in shipped), default=date.max)
    if day == date.max:
        return _Start(None, None)
    capped = [offer for offer in shipped if unlimited[offer] > day and series[offer].year == day.year]
    left = (permit.pilots_left[offer] for offer in capped)
    return _Start(day, min((cars for cars in left if cars is not None), default=None))


def _permitted(row: Economics, permit: Permit, start: _Start, shut: Quarter, rate: float) -> Economics:
    scale = permit.unlimited.day if permit.unlimited else None
    return replace(
        row,
        small_series=row.small_series if start.left is None else start.left,
        capital=row.capital + permit.cost_shared_eur * rate,
        earliest_scale=max(row.earliest_scale, quarter_from(scale) if scale else shut),
        earliest_pilot=max(row.earliest_pilot, quarter_from(start.day) if start.day else shut),
    )


def _told(
    folder: Folder, before: Sequence[Economics], after: Sequence[Economics], found: Sequence[Permit], first: Quarter
) -> tuple[str, ...]:
    """What the permits changed: markets shut, markets later than economics.csv says, pilots held small.

    What opens by the first quarter that may be decided is no later for the plan than it was.
    """
    names = {market.code: market.name for market in folder.markets}
    shut = [permit for permit in found if permit.unlimited is None or permit.unlimited.day is None]
    pairs = zip(before, after, strict=True)
    later = {new.market: _from_when(old, new) for old, new in pairs if _is_later(old, new, first)}
    small = sorted({(names[row.market], row.small_series) for row in after if row.small_series is not None})
    moved = [f"{names[code]} ({when})" for code, when in later.items() if code not in {p.market for p in shut}]
    told = []
    if shut:
        where = ", ".join(names[permit.market] for permit in shut)
        told.append(f"Shut until their approvals are settled: {where} (`beachhead comply` says what is missing).")
    if moved:
        told.append(f"Approvals open later than economics.csv says: {', '.join(moved)}.")
    told += _counted_early(folder, found)
    if small:
        cars = ", ".join(f"{name} ({how_many(left, 'car')} left this year)" for name, left in small)
        told.append(f"Pilots before full approval run under a small series: {cars}.")
    return tuple(told)


def _counted_early(folder: Folder, found: Sequence[Permit]) -> Iterator[str]:
    """Offers that a plan counts on before they may be sold: a market is scaled with every offer priced there."""
    names = {market.code: market.name for market in folder.markets}
    where: dict[tuple[str, ...], list[str]] = {}
    for permit in found:
        first = permit.unlimited.day if permit.unlimited else None
        priced = {price.offer for price in folder.prices if price.market == permit.market}
        if first is not None and (late := tuple(o for o in permit.offers if o in priced and _later(permit, o, first))):
            where.setdefault(late, []).append(names[permit.market])
    for late, markets in where.items():
        yield (
            f"Scaled once the first offer may be sold without a limit: {some(markets)}, where {', '.join(late)} may "
            "not be sold yet then. The plan counts on them all the same: take out of prices.csv what is not to be "
            "sold there."
        )


def _later(permit: Permit, offer: str, first: date) -> bool:
    day = permit.offers[offer]
    return day is None or quarter_from(day) > quarter_from(first)


def _from_when(old: Economics, new: Economics) -> str:
    """The quarter from which a market may be scaled, or where only its pilots wait, from which these may begin."""
    return str(new.earliest_scale) if new.earliest_scale > old.earliest_scale else f"pilots {new.earliest_pilot}"


def _is_later(old: Economics, new: Economics, first: Quarter) -> bool:
    return new.earliest_scale > max(old.earliest_scale, first) or new.earliest_pilot > max(old.earliest_pilot, first)


def _certificates(folder: Folder) -> tuple[Certificate, ...]:
    """The rows of approvals.csv."""
    return tuple(
        Certificate(
            approval=row.approval,
            series=row.series,
            offers=frozenset({row.offer or ANY_OFFER}),
            issuer=row.issuer,
            granted_on=row.granted_on,
            extended_on=row.extended_on,
            expires_on=row.expires_on,
            document=row.number,
            source=row.said,
        )
        for row in folder.rows(ApprovalRow)
    )


def _unknown_features(folder: Folder, book: Rulebook) -> list[Fault]:
    """Words of offers.csv that no rule file knows: misspelt, a feature would leave out what the law asks of it."""
    if all(offer.features <= book.features.keys() for offer in folder.offers):
        return []
    placed = load_table(OFFERS, read_bytes(folder.path / OFFERS.file, OFFERS.file)).rows
    otherwise = f"define it under 'features:' in a file of rules/; known are {', '.join(sorted(book.features))}"
    return [
        Fault(
            file=OFFERS.file,
            row=item.line,
            column="features",
            written=word,
            problem="is no feature of any rule file",
            cure=meant(word, book.features.keys(), otherwise),
        )
        for item in placed
        for word in item.row.features
        if word not in book.features
    ]


def _unknown_approvals(folder: Folder, book: Rulebook) -> list[Fault]:
    """Rows of approvals.csv whose approval no rule file knows; the file is read again for their lines."""
    if all(row.approval in book.approvals for row in folder.rows(ApprovalRow)):
        return []
    placed = load_table(TABLE, read_bytes(folder.path / TABLE.file, TABLE.file)).rows
    return [
        Fault(
            file=TABLE.file,
            row=item.line,
            column="approval",
            written=item.row.approval,
            problem="is no approval of any rule file",
            cure=meant(item.row.approval, set(book.approvals), "define it under 'approvals:' in a file of rules/"),
        )
        for item in placed
        if item.row.approval not in book.approvals
    ]
