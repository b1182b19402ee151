"""Every route under /api/v1 that has a description: what the application serves and what OpenAPI tells."""

from __future__ import annotations

from fastapi import FastAPI

from beachhead.web import api, backtest, charging, compliance, learning, rooms, sessions, supply

ROUTERS = {
    "session": sessions.router,
    "launch": api.router,
    "learning": learning.router,
    "compliance": compliance.router,
    "rooms": rooms.router,
    "supply": supply.router,
    "charging": charging.router,
    "backtest": backtest.router,
}


def include_rooms(app: FastAPI) -> None:
    """Put the routes of every room into the application."""
    for tag, router in ROUTERS.items():
        app.include_router(router, prefix="/api/v1", tags=[tag])
