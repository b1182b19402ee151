"""What every route is asked with and answers with: the launch as it stands, a page of rows, a file, a key."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path, PurePath
from typing import Annotated, Any, TypeVar

from fastapi import Header, Query, Request, Response
from pydantic import BaseModel

from beachhead.web.server.desk import Desk, Sheet
from beachhead.web.server.guard import Person
from beachhead.web.server.idempotency import answered, remember
from beachhead.web.wire.refusal import NotModified, Refusal, TooLarge
from beachhead.world.errors import BadInput
from beachhead.world.version import VERSION

Answer = TypeVar("Answer", bound=BaseModel)
MOST_BYTES = 256 * 1024 * 1024
PAGE_ROWS = 200
_WHY_REFUSED = {
    401: "Nobody is signed in",
    403: "The person asking may not do this",
    404: "There is no such thing at this address",
    409: "It does not fit what is on record by now",
    413: "What was sent is larger than is taken",
    421: "The address asked for is not one that is served",
    422: "What was sent cannot be meant",
}
"""Our own words: Python's differ by its version."""
REFUSALS: dict[int | str, dict[str, Any]] = {
    status: {"model": Refusal, "description": why} for status, why in _WHY_REFUSED.items()
}
Key = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        max_length=200,
        description="The same request under the same key is carried out once; another request under it is refused.",
    ),
]
FILE_BODY = {
    "requestBody": {"content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}}
}
"""OpenAPI's words for a file sent as the body."""
Cursor = Annotated[
    str | None, Query(max_length=40, pattern=r"^\d{1,18}$", description="From the last page's `next_cursor`.")
]


def desk_of(request: Request) -> Desk:
    """The desk of the launch that is served."""
    desk: Desk = request.app.state.desk
    return desk


def sheet_of(request: Request, response: Response, *, may_be_kept: bool = True) -> Sheet:
    """How things stand, with the headers that let a reader ask whether they still do."""
    desk, hub = desk_of(request), request.app.state.hub
    try:
        sheet = desk.sheet()
    except BadInput:  # pages that show what stood before ask again, and say that it cannot be read now
        hub.seen(desk.stamp())
        raise
    hub.seen(sheet.version)  # edited by hand, or recorded by another program
    tag_with_version(request, response, sheet.version, may_be_kept=may_be_kept)
    return sheet


def tag_with_version(request: Request, response: Response, version: str, *, may_be_kept: bool = True) -> None:
    """Name the version of the answer; NotModified if the reader has it."""
    person: Person = request.state.person
    told = "|".join((version, person.name, person.role.name, VERSION))
    response.headers["ETag"] = tag = f'"{hashlib.sha256(told.encode()).hexdigest()[:32]}"'
    if may_be_kept and request.method == "GET" and tag in request.headers.get("If-None-Match", ""):
        raise NotModified(tag)
    response.headers["Cache-Control"] = "no-cache"


def once(
    request: Request,
    person: Person,
    key: str | None,
    body: BaseModel,
    form: type[Answer],
    taken: Callable[[Sheet], Answer],
) -> Answer:
    """The answer given before to this key; else what is taken now, kept under it."""
    desk, asked, route = desk_of(request), body.model_dump_json(), request.url.path
    store = desk.launch().store
    with request.app.state.in_hand.alone(store, key, person.name, route):
        if known := answered(store, key, person.name, route, asked):
            return form.model_validate_json(known)
        out = taken(desk.sheet())
        remember(store, key, person.name, route, asked, out.model_dump_json())
    recorded(request)
    return out


def recorded(request: Request) -> None:
    """Tell every open page that something was recorded."""
    request.app.state.hub.recorded(request.app.state.desk.version())


def page_of(cursor: str | None, total: int) -> tuple[int, str | None]:
    """Number of the first row of a page, and the cursor of the next; None after the last."""
    first = int(cursor or 0)
    after = first + PAGE_ROWS
    return first, str(after) if after < total else None


@asynccontextmanager
async def received(request: Request, name: str) -> AsyncIterator[Path]:
    """The body as a file of that name in a folder of its own, for as long as it is worked on."""
    with tempfile.TemporaryDirectory(prefix="beachhead-") as folder:
        path = Path(folder) / _file_name(name)
        await _receive(request, path)
        yield path


def _file_name(name: str) -> str:
    """A name without a folder, which every disk takes (255 bytes); its ending stays."""
    last = PurePath(name.replace("\\", "/")).name.replace("\0", "")
    return "rows.csv" if last in ("", "..") else last[-60:]


async def _receive(request: Request, path: Path) -> None:
    """Write the body to a file as it arrives; never all of it in memory."""
    size = 0
    with path.open("wb") as file:
        async for chunk in request.stream():
            size += len(chunk)
            if size > MOST_BYTES:
                raise TooLarge(f"the file is larger than {MOST_BYTES // 2**20} MB", "send it in parts")
            file.write(chunk)
