"""What a person chose for a market in a quarter, as it is kept on record."""

from __future__ import annotations

from dataclasses import dataclass

from beachhead.launch.question.action import Action
from beachhead.world.quarter import Quarter

CHOSEN = "chosen"
"""Kind under which a choice is kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """A choice in force from a quarter on.

    Attributes:
        quarter: the quarter decided.
        action: what was chosen.
        capital: what it commits, launch currency, as the plan decided on counted it; None for what is no start at
            full scale, and on records from before it was kept.
        on_sites: true where that plan counted the capital of the sites that siting answered.
    """

    quarter: Quarter
    action: Action
    capital: float | None = None
    on_sites: bool = False
