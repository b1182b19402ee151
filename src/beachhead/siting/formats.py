"""What kind of place is opened: capital, running cost, staff, lead time, and what a customer finds there."""

from __future__ import annotations

from dataclasses import dataclass

from beachhead.world.source import Grade, Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """One format of site.

    Attributes:
        code: short key.
        name: in words.
        capital_eur: spent once to open one.
        opex_eur_per_quarter: fixed cost of one.
        staff: people to be found and trained for one.
        lead_quarters: quarters between decision and opening.
        bays: service bays.
        sells: whether cars are shown and ordered there.
        pull: how strongly it attracts a buyer next to a store (1) at the same distance.
        source: where the numbers come from.
    """

    code: str
    name: str
    capital_eur: float
    opex_eur_per_quarter: float
    staff: float
    lead_quarters: int
    bays: int
    sells: bool
    pull: float
    source: Source


def default_formats(source: Source) -> tuple[Format, ...]:
    """Formats to start from: assumptions of grade C, in 2026 euros of western Europe."""
    if source.grade is not Grade.C:
        raise ValueError("the default formats are assumptions: give a source of grade C")
    rows = (
        ("showroom", "showroom", 1_200_000.0, 90_000.0, 6.0, 1, 0, True, 0.6),
        ("store", "store", 4_000_000.0, 200_000.0, 14.0, 2, 0, True, 1.0),
        ("store_bays", "store with service bays", 5_500_000.0, 320_000.0, 22.0, 3, 6, True, 1.1),
        ("service", "service centre", 3_000_000.0, 220_000.0, 12.0, 3, 8, False, 0.0),
        ("garage", "partner garage", 150_000.0, 20_000.0, 2.0, 1, 2, False, 0.0),
    )
    return tuple(
        Format(
            code=code,
            name=name,
            capital_eur=capital,
            opex_eur_per_quarter=opex,
            staff=staff,
            lead_quarters=lead,
            bays=bays,
            sells=sells,
            pull=pull,
            source=source,
        )
        for code, name, capital, opex, staff, lead, bays, sells, pull in rows
    )
