"""What on record of the workshop does not fit the cars and parts of the launch, in sentences that name the rows."""

from __future__ import annotations

from beachhead.case.open import Launch
from beachhead.case.quality.judge import Judged
from beachhead.case.quality.workshop import parts_unlisted
from beachhead.world.figures import how_many, some


def record_doubts(launch: Launch, judged: Judged) -> list[str]:
    """Claims on cars that nobody knows or outside a car's time, and parts that parts.csv does not list."""
    quality, record = judged.quality, judged.record
    said = []
    if quality.strangers:
        said.append(
            f"{how_many(len(quality.strangers), 'claim is', 'claims are')} on cars that no file of cars names "
            f"({some(sorted(set(quality.strangers)))}); such claims count, but add no months."
        )
    if quality.outside:
        said.append(
            f"{how_many(len(quality.outside), 'claim was', 'claims were')} opened before the car was handed over or "
            f"after it left ({some(sorted(quality.outside))}): they count, but months only while it is in use; mend "
            "the date that is wrong."
        )
    parts = [part for part in [*(c.part for c in record.claims), *(j.part for j in record.jobs)] if part]
    return [*said, *parts_unlisted(launch, parts, "claims and workshop orders")]
