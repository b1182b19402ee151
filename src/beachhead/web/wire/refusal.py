"""The one shape in which the server says no: `{"error": {kind, message, hint, faults}}`."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from beachhead.web.wire.field import Sentence
from beachhead.world.errors import BadInput, BeachheadError, Fault, NotStored, OutOfDate


class FaultOut(BaseModel):
    """One thing wrong at one place."""

    file: str
    row: int | None = None
    column: str | None = None
    written: str = ""
    problem: Sentence
    cure: Sentence


class ErrorOut(BaseModel):
    """What is wrong, and the cure."""

    kind: str
    message: Sentence
    hint: Sentence = ""
    faults: list[FaultOut] = []


class Refusal(BaseModel):
    """Body of every answer that is not a success."""

    error: ErrorOut


class NotFound(BeachheadError):
    """There is no such thing at this address."""


class NoLaunch(NotFound):
    """The folder that is served holds no launch yet."""


class NotAllowed(BeachheadError):
    """The person asking may not do this."""


class NotSignedIn(BeachheadError):
    """Nobody is signed in."""


class TooLarge(BeachheadError):
    """What was sent is larger than is taken."""


class NotModified(Exception):
    """The reader holds the newest answer already; carries its tag."""


def refusal_body(kind: str, message: str, hint: str = "", faults: tuple[Fault, ...] = ()) -> dict[str, Any]:
    """The body as plain values."""
    listed = [
        FaultOut(file=f.file, row=f.row, column=f.column, written=f.written, problem=f.problem, cure=f.cure)
        for f in faults
    ]
    return Refusal(error=ErrorOut(kind=kind, message=message, hint=hint, faults=listed)).model_dump()


def refusal_of(error: BeachheadError) -> dict[str, Any]:
    """The body for an error of ours, every fault with it."""
    faults = error.faults if isinstance(error, BadInput) else ()
    return refusal_body(type(error).__name__, error.message, error.hint, faults)


def install_refusals(app: FastAPI) -> None:
    """Turn every error into the one shape."""
    app.add_exception_handler(BeachheadError, _ours)
    app.add_exception_handler(NotModified, _not_modified)
    app.add_exception_handler(RequestValidationError, _malformed)
    app.add_exception_handler(HTTPException, _http)


def _status(error: Exception) -> int:
    match error:
        case NotFound():
            return 404
        case NotAllowed():
            return 403
        case NotSignedIn():
            return 401
        case TooLarge():
            return 413
        case NotStored():
            return 503
        case OutOfDate():
            return 409
        case BadInput():
            return 422
        case _:
            return 409


async def _ours(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, BeachheadError)
    return JSONResponse(refusal_of(error), status_code=_status(error))


async def _not_modified(_: Request, error: Exception) -> Response:
    return Response(status_code=304, headers={"ETag": str(error), "Cache-Control": "no-cache"})


async def _malformed(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    faults = tuple(
        Fault(
            file="request",
            column=_field(item["loc"]),
            written=str(item.get("input", ""))[:60].encode(errors="replace").decode(),
            problem=str(item["msg"]),
            cure="mend it and send it again; /api/v1/openapi.json describes every field",
        )
        for item in error.errors()
    )
    return JSONResponse(
        refusal_body("BadInput", "the request is not of the form asked for", "see the faults", faults), status_code=422
    )


def _field(place: tuple[str | int, ...]) -> str:
    """As it is named where it is typed: `latitude`, where the checker says `query.latitude`."""
    named = place[1:] if len(place) > 1 and isinstance(place[1], str) else place
    return ".".join(map(str, named))


async def _http(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    kind = "NotFound" if error.status_code == 404 else "Refused"
    return JSONResponse(refusal_body(kind, str(error.detail)), status_code=error.status_code, headers=error.headers)
