"""Write the API's description, from which the web app's typed client is made: `python -m beachhead.web.openapi`."""

from __future__ import annotations

import json

from fastapi import FastAPI

from beachhead.web.routes import include_rooms
from beachhead.world.version import VERSION


def description() -> str:
    """OpenAPI 3.1 as JSON text."""
    app = FastAPI(title="Beachhead", version=VERSION)
    include_rooms(app)
    return json.dumps(app.openapi(), indent=1, sort_keys=True) + "\n"


if __name__ == "__main__":
    print(description(), end="")
