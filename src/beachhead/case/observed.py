"""The observed rows that hold now."""

from __future__ import annotations

from beachhead.case.open import Launch
from beachhead.store import current, decode, reading
from beachhead.world.reading import Observation

TOPIC = "observation"


def observations(launch: Launch) -> tuple[Observation, ...]:
    """Every row as last corrected, in key order."""
    with reading(launch.store) as work:
        return tuple(decode(version.body, Observation) for version in current(work, TOPIC) if version.body is not None)
