"""Who may talk to the server, and what a browser may do with its pages.

On loopback the person at the machine is trusted; the guard still refuses foreign `Host` and `Origin` headers, so that a
page from elsewhere can neither read the launch (DNS rebinding) nor write to it (cross-site requests).
"""

from __future__ import annotations

import ipaddress
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import IntEnum
from urllib.parse import urlsplit

from fastapi import Request, Response
from fastapi.responses import JSONResponse
from starlette.datastructures import Headers

from beachhead.web.wire.refusal import refusal_body

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
WRITES = {"POST", "PUT", "PATCH", "DELETE"}

MOST_TYPED_BYTES = 2**20  # 1 MB
FILES = ("/api/v1/observations", "/api/v1/charging/files/", "/api/v1/panel/files")
"""Where files are sent, which are written to disk as they arrive, after it is known who sends them."""

Next = Callable[[Request], Awaitable[Response]]


class Role(IntEnum):
    """What a person may do; each role may do all that the ones before it may."""

    VIEWER = 1
    ANALYST = 2
    APPROVER = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Who is asking.

    Attributes:
        name: as it is written in the ledger.
        role: what the person may do.
        is_signed_in: false for the user at this machine where nobody must sign in.
    """

    name: str
    role: Role
    is_signed_in: bool = False


def is_loopback(host: str) -> bool:
    """True for `localhost` and the loopback addresses, with or without brackets."""
    bare = host.strip("[]")
    if bare == "localhost":
        return True
    try:
        return ipaddress.ip_address(bare).is_loopback
    except ValueError:
        return False


def guard(allowed_hosts: frozenset[str] | None) -> Callable[[Request, Next], Awaitable[Response]]:
    """Middleware that refuses foreign hosts and origins and sets the security headers.

    Args:
        allowed_hosts: host names the server answers to besides loopback; None for loopback only.
    """

    async def middleware(request: Request, call_next: Next) -> Response:
        if not is_ours(request.headers, allowed_hosts):
            host = _host_of(request.headers.get("host", ""))
            return _refuse(421, f"this server does not answer to the name {host!r}", "open it by its own address")
        if request.method in WRITES and is_foreign(request.headers):
            origin = request.headers.get("origin")
            return _refuse(403, f"a page from {origin!r} may not write here", "write from the app itself")
        if request.method in WRITES and _is_too_large(request):
            return _refuse(413, "what is typed may have 1 MB, and says its length", "shorten it")
        response = await call_next(request)
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        return response

    return middleware


def is_ours(headers: Headers, allowed_hosts: frozenset[str] | None) -> bool:
    """True if a request names this server by loopback or by a name that it answers to."""
    host = _host_of(headers.get("host", ""))
    return is_loopback(host) or host in (allowed_hosts or frozenset())


def is_foreign(headers: Headers) -> bool:
    """True if a page of another address asks."""
    origin = headers.get("origin")
    if not origin:
        return False
    try:
        return urlsplit(origin).netloc != headers.get("host")
    except ValueError:
        return True


def _is_too_large(request: Request) -> bool:
    """True for a body that would be held in memory, of anybody who can reach the server, and is not short."""
    if request.url.path.startswith(FILES):
        return False
    told = request.headers.get("content-length", "0")
    return "transfer-encoding" in request.headers or not told.isdecimal() or int(told) > MOST_TYPED_BYTES


def _host_of(header: str) -> str:
    try:
        return (urlsplit(f"//{header}").hostname or "") if header else ""
    except ValueError:  # brackets that do not close
        return header


def _refuse(status: int, message: str, hint: str) -> JSONResponse:
    return JSONResponse(refusal_body("Refused", message, hint), status_code=status, headers=HEADERS)
