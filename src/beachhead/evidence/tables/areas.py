"""Customs areas of several countries: one border, one tariff."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any

from pydantic import BeforeValidator

from beachhead.evidence.cell import WrittenAs, country_codes, refusal

# Members of the customs union of the European Union, state of 2026. Monaco and the special territories are left out.
AREAS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "EU": (
            "AT", "BE", "BG", "HR", "CY", "CZ", "DK", "EE", "FI", "FR", "DE", "GR", "HU", "IE", "IT", "LV", "LT", "LU",
            "MT", "NL", "PL", "PT", "RO", "SK", "SI", "ES", "SE",
        ),
    }
)  # fmt: skip


def area_of(country: str) -> str:
    """The customs area at whose border a country's duties are paid: itself, unless it is in a union."""
    return next((area for area, members in AREAS.items() if country in members), country)


def _area(value: Any) -> Any:
    if isinstance(value, str) and area_of(value) != value:
        area = area_of(value)
        raise refusal(f"lies inside the customs area {area} and has no border of its own", f"write {area}")
    if not isinstance(value, str) or value in AREAS or value in country_codes():
        return value
    near = value.upper() if value.upper() in AREAS or value.upper() in country_codes() else None
    cure = f"did you mean {near}?" if near else f"write a country such as NO, or {' or '.join(AREAS)}"
    raise refusal("is neither a country (ISO 3166-1 alpha-2) nor a customs area", cure)


AreaCode = Annotated[str, BeforeValidator(_area), WrittenAs(f"ISO 3166-1 alpha-2, or {', '.join(AREAS)}", "EU")]
