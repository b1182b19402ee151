"""Every route under /api/v1 that has a description: what the application serves and what OpenAPI tells."""

from __future__ import annotations

from fastapi import FastAPI

from beachhead.web import work
from beachhead.web.pages import backtest, compliance, learning, loop, rooms, supply, targets
from beachhead.web.pages.charging import files as charging
from beachhead.web.server import sessions

ROUTERS = (
    ("session", sessions.router),
    ("launch", loop.router),
    ("launch", work.router),
    ("learning", learning.router),
    ("compliance", compliance.router),
    ("rooms", rooms.router),
    ("targets", targets.router),
    ("supply", supply.router),
    ("charging", charging.router),
    ("backtest", backtest.router),
)
"""By what OpenAPI files them under."""


def include_rooms(app: FastAPI) -> None:
    """Put the routes of every room into the application."""
    for tag, router in ROUTERS:
        app.include_router(router, prefix="/api/v1", tags=[tag])
