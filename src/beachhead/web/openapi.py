"""Write the API's description, from which the web app's typed client is made: `python -m beachhead.web.openapi`."""

from __future__ import annotations

import json

from fastapi import FastAPI

from beachhead import __version__
from beachhead.web import api, backtest, charging, compliance, learning, rooms, sessions, supply


def description() -> str:
    """OpenAPI 3.1 as JSON text."""
    app = FastAPI(title="Beachhead", version=__version__)
    app.include_router(sessions.router, prefix="/api/v1", tags=["session"])
    app.include_router(api.router, prefix="/api/v1", tags=["launch"])
    app.include_router(learning.router, prefix="/api/v1", tags=["learning"])
    app.include_router(compliance.router, prefix="/api/v1", tags=["compliance"])
    app.include_router(rooms.router, prefix="/api/v1", tags=["rooms"])
    app.include_router(supply.router, prefix="/api/v1", tags=["supply"])
    app.include_router(charging.router, prefix="/api/v1", tags=["charging"])
    app.include_router(backtest.router, prefix="/api/v1", tags=["backtest"])
    return json.dumps(app.openapi(), indent=1, sort_keys=True) + "\n"


if __name__ == "__main__":
    print(description(), end="")
