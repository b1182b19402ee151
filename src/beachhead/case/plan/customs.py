"""What cars from home are worth at a market's border, where the plan asks what a duty takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from beachhead.case.belief.offer_list import offer_list
from beachhead.case.open import Launch
from beachhead.evidence.folder import Folder
from beachhead.evidence.tables.areas import area_of
from beachhead.evidence.tables.lanes import LaneRow
from beachhead.evidence.tables.offers import OfferRow
from beachhead.evidence.tables.plants import PlantRow
from beachhead.evidence.tables.tariffs import TariffRow
from beachhead.supply.landed import customs_value
from beachhead.supply.network import TRANSFER_MARGIN
from beachhead.supply.tariff import CustomsValue
from beachhead.world.quarter import Quarter


@dataclass(frozen=True, slots=True, kw_only=True)
class AtBorder:
    """Cars of one offer at a border.

    Attributes:
        share: of the market's cars, 0..1.
        invoice: price at which a car is invoiced across the border, launch currency.
        freight: to the border, a car, launch currency.
        insurance_share: of the invoice.
    """

    share: float
    invoice: float
    freight: float
    insurance_share: float

    def value(self, basis: CustomsValue) -> float:
        """Customs value a car, launch currency."""
        return customs_value(basis, self.invoice, self.freight, self.insurance_share)


def at_border(launch: Launch, market: str) -> tuple[AtBorder, ...]:
    """The offers sold in a market as supply values them for customs; those of unknown cost are left out.

    Cars come from the first plant that runs, by its cheapest lane; without a lane, freight and insurance are 0.
    """
    listed = offer_list(launch, market)
    if listed is None:
        return ()
    rows = {row.code: row for row in launch.folder.rows(OfferRow)}
    known = [(rows[code], share) for code, share in zip(listed.offers, listed.mix, strict=True)]
    known = [(row, share) for row, share in known if row.ex_works_cost is not None and share > 0]
    whole = sum(share for _, share in known)
    lanes = _lanes(launch, market)
    return tuple(_priced(launch, row, share / whole, lanes) for row, share in known)


def expected_duty(
    folder: Folder, origin: str, market: str, quarter: Quarter, cars: Sequence[AtBorder], *, points: float = 0.0
) -> float:
    """Mean duty on a car over the scenarios in force as a quarter begins, launch currency; the least holds car by car.

    Where no row stands the duty is 0, and a scenario whose row is over adds none: `told` says how much of it is told.
    Within a customs area none is paid.

    Args:
        folder: the launch's tables.
        origin: country in which the cars are built.
        market: where they go.
        quarter: when.
        cars: the offers sold there.
        points: added to every duty, which is never below 0; 0.1 is ten points.
    """
    ways = [
        (row.odds, row.duty, CustomsValue(row.customs_value.value), folder.money(row.least_duty, row.currency))
        for row in _in_force(folder, origin, market, quarter)
    ]
    if not ways and area_of(origin) != area_of(market):
        ways = [(1.0, 0.0, customs_basis(folder, market), 0.0)]
    return sum(
        odds * car.share * max(max(duty + points, 0.0) * car.value(basis), least)
        for odds, duty, basis, least in ways
        for car in cars
    )


def told(folder: Folder, origin: str, market: str, quarter: Quarter) -> float:
    """Odds of the scenarios whose duty is told for a quarter, 0..1: less than 1 where rows of a border are over."""
    return sum(row.odds for row in _in_force(folder, origin, market, quarter))


def _in_force(folder: Folder, origin: str, market: str, quarter: Quarter) -> list[TariffRow]:
    """The rows of the border between two countries that are in force as a quarter begins."""
    border = (area_of(origin), area_of(market))
    return [
        row
        for row in folder.rows(TariffRow)
        if (row.origin, row.destination) == border
        and (row.valid_from is None or row.valid_from <= quarter.first_day)
        and (row.valid_to is None or row.valid_to >= quarter.first_day)
    ]


def customs_basis(folder: Folder, market: str) -> CustomsValue:
    """How a market's customs value cars: its rows of tariffs.csv agree; `cif` where none stands."""
    told = (row.customs_value for row in folder.rows(TariffRow) if row.destination == area_of(market))
    return CustomsValue(next((basis.value for basis in told), CustomsValue.CIF))


def _lanes(launch: Launch, market: str) -> tuple[LaneRow, ...]:
    home = next((row.code for row in launch.folder.rows(PlantRow) if row.running), None)
    return tuple(row for row in launch.folder.rows(LaneRow) if (row.plant, row.market) == (home, market))


def _priced(launch: Launch, offer: OfferRow, share: float, lanes: tuple[LaneRow, ...]) -> AtBorder:
    money = launch.folder.money
    invoice = money(offer.ex_works_cost or 0.0, offer.currency) * (1 + TRANSFER_MARGIN)
    ways = [
        (freight + money(lane.cost_per_car, lane.currency) + lane.insurance_share * invoice, freight, lane)
        for lane in lanes
        for each in [(lane.cost_per_m3 or 0.0) * (offer.volume_m3 or 0.0) + lane.freight_per_car]
        for freight in [money(each, lane.currency)]
    ]
    if not ways:
        return AtBorder(share=share, invoice=invoice, freight=0.0, insurance_share=0.0)
    _, freight, lane = min(ways, key=lambda way: way[0])
    return AtBorder(share=share, invoice=invoice, freight=freight, insurance_share=lane.insurance_share)
