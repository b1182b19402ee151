"""What a row counts: orders that were not cancelled, deliveries, registrations, or the leads and drives before them."""

from __future__ import annotations

from collections.abc import Sequence

from beachhead.world.reading import Funnel, Observation

CARS = (Funnel.ORDERS, Funnel.DELIVERIES, Funnel.REGISTRATIONS)
"""Counts of cars, nearest to demand first."""


def counted(row: Observation, funnel: Funnel) -> int | None:
    """Cars of that funnel in the row; orders net of those cancelled; None if not observed."""
    if funnel is Funnel.DELIVERIES:
        return row.deliveries
    if funnel is Funnel.REGISTRATIONS:
        return row.registrations
    if funnel is Funnel.TEST_DRIVES:
        return row.test_drives
    if funnel is Funnel.LEADS:
        return row.leads
    return None if row.orders is None else max(row.orders - (row.cancellations or 0), 0)


def funnel_of(rows: Sequence[Observation], funnels: Sequence[Funnel] = CARS) -> Funnel:
    """The count that covers most days of the rows; of equals, the one nearest to demand."""
    return max(funnels, key=lambda funnel: sum(_days(row) for row in rows if counted(row, funnel) is not None))


def _days(row: Observation) -> int:
    return (row.end - row.start).days + 1
