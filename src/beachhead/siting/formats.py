"""What kind of place is opened: capital, running cost, staff, lead time, and what a customer finds there."""

from __future__ import annotations

from dataclasses import dataclass

from beachhead.world.source import Grade, Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """One format of site; amounts in one currency, that of the launch.

    Attributes:
        code: short key.
        name: in words.
        capital: spent once to open one.
        opex_per_quarter: fixed cost of one.
        staff: people to be found and trained for one.
        lead_quarters: quarters between decision and opening.
        bays: service bays.
        sells: whether cars are shown, tested and ordered there.
        pull: how strongly it attracts a buyer next to a store (1) at the same distance.
        cars_per_year: cars of a year that one can see to: sold where it sells, else those whose service it takes; None
            for no limit.
        source: where the numbers come from.
    """

    code: str
    name: str
    capital: float
    opex_per_quarter: float
    staff: float
    lead_quarters: int
    bays: int
    sells: bool
    pull: float
    cars_per_year: float | None
    source: Source


def default_formats(source: Source, euro: float = 1.0) -> tuple[Format, ...]:
    """Formats to start from: assumptions of grade C, in 2026 euros of western Europe.

    A store hands over 600 cars a year, two a working day, a showroom half of that. A bay takes the service of 150 cars
    sold a year: after five years 750 in use come 0.96 times a year for 2.5 hours, the defaults of service.csv, which
    is 80 % of the 2,250 hours that a bay works.

    Args:
        source: of grade C.
        euro: what a euro is worth in the currency wanted.
    """
    if source.grade is not Grade.C:
        raise ValueError("the default formats are assumptions: give a source of grade C")
    rows = (
        ("showroom", "showroom", 1_200_000.0, 90_000.0, 6.0, 1, 0, True, 0.6, 300.0),
        ("store", "store", 4_000_000.0, 200_000.0, 14.0, 2, 0, True, 1.0, 600.0),
        ("store_bays", "store with service bays", 5_500_000.0, 320_000.0, 22.0, 3, 6, True, 1.1, 600.0),
        ("service", "service centre", 3_000_000.0, 220_000.0, 12.0, 3, 8, False, 0.0, 1200.0),
        ("garage", "partner garage", 150_000.0, 20_000.0, 2.0, 1, 2, False, 0.0, 300.0),
    )
    return tuple(
        Format(
            code=code,
            name=name,
            capital=capital * euro,
            opex_per_quarter=opex * euro,
            staff=staff,
            lead_quarters=lead,
            bays=bays,
            sells=sells,
            pull=pull,
            cars_per_year=cars,
            source=source,
        )
        for code, name, capital, opex, staff, lead, bays, sells, pull, cars in rows
    )
