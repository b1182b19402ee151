"""One file a table of the launch folder: every column with meaning, unit, range, default.

A new column is one line in its table's file; a new table is one file and one line here.
"""

from __future__ import annotations

from typing import Any

from beachhead.evidence.row import Table
from beachhead.evidence.tables import (
    approvals,
    competitors,
    economics,
    exposure,
    facts,
    formats,
    fx,
    fx_scenarios,
    lanes,
    markets,
    offers,
    parts,
    plants,
    prices,
    renames,
    responses,
    rivals,
    roles,
    service,
    stores,
    studies,
    targets,
    tariffs,
    tasks,
)

TABLES: tuple[Table[Any], ...] = (
    markets.TABLE,
    offers.TABLE,
    prices.TABLE,
    economics.TABLE,
    fx.TABLE,
    fx_scenarios.TABLE,
    facts.TABLE,
    tariffs.TABLE,
    stores.TABLE,
    formats.TABLE,
    plants.TABLE,
    lanes.TABLE,
    service.TABLE,
    parts.TABLE,
    competitors.TABLE,
    approvals.TABLE,
    studies.TABLE,
    exposure.TABLE,
    responses.TABLE,
    rivals.TABLE,
    targets.TABLE,
    roles.TABLE,
    tasks.TABLE,
    renames.TABLE,
)
