"""The entry panel: registrations by brand, country and month, read with explicit censoring."""

from beachhead.evidence.panel.entries import read_panel
from beachhead.evidence.panel.files import panel_files
from beachhead.evidence.panel.names import brand_name, country_code
from beachhead.evidence.panel.surroundings import COVARIATES, REFERENCE_PRICE_EUR, surroundings

__all__ = [
    "COVARIATES",
    "REFERENCE_PRICE_EUR",
    "brand_name",
    "country_code",
    "panel_files",
    "read_panel",
    "surroundings",
]
