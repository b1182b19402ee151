"""facts.csv: every other sourced number about a market."""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import get_close_matches

from beachhead.evidence.cell import Code, CountryCode, Number
from beachhead.evidence.row import Placed, Sourced, Table, column
from beachhead.world.errors import Fault


class FactRow(Sourced):
    """One number about one market."""

    market: CountryCode = column("market it is about", key=True, refers="markets.code")
    name: Code = column("what it measures, snake_case with the unit last, such as cars_registered_per_year", key=True)
    value: Number = column("the number, in the unit that ends the name")


READ = (
    "brand_sales_cars_per_year",
    "gdp_per_head_ppp_usd",
    "public_fast_chargers_points",
    "public_slow_chargers_points",
    "bev_registered_in_2024_cars",
    "xiaomi_phone_share",
)
"""Facts that are read by name: the first of the home market, the others for the prior."""
_AS_GOOD_AS = 0.93
"""Likeness of two names (share of signs in common) from which one is a slip of the other; 0.89 has other meanings."""


def misspelt(rows: tuple[Placed[FactRow], ...]) -> Iterator[Fault]:
    """Names that are a slip away from one that is read: such a fact would move nothing, and nobody would be told."""
    for name, line in {p.row.name: p.line for p in reversed(rows)}.items():
        near = get_close_matches(name.casefold(), READ, n=1, cutoff=_AS_GOOD_AS)
        if name not in READ and near and _years(name) == _years(near[0]):
            problem = f"is nearly {near[0]}, which is read by that name alone"
            cure = f"did you mean {near[0]}? else name it otherwise"
            yield Fault(file=TABLE.file, row=line, column="name", written=name, problem=problem, cure=cure)


def _years(name: str) -> list[str]:
    return re.findall(r"\d+", name)


TABLE = Table(
    name="facts",
    row=FactRow,
    required=False,
    purpose="Every other sourced number known of a market. By name are read: `brand_sales_cars_per_year` of the home "
    "market, and for the prior `gdp_per_head_ppp_usd`, `public_fast_chargers_points`, `public_slow_chargers_points`, "
    "`bev_registered_in_2024_cars` and `xiaomi_phone_share`; others are kept and shown, and move nothing.",
    across=(misspelt,),
)
