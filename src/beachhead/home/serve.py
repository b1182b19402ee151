"""Serves the driver's page: on this machine only, or with a password.

On loopback the person at the machine is trusted. Foreign `Host` and `Origin` headers are refused (DNS rebinding,
cross-site requests), a tap must bear the token of the page it came from, and nothing on the page is a script.
"""

from __future__ import annotations

import base64
import hmac
import ipaddress
import secrets
import threading
from collections.abc import Callable
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

from beachhead.home.decision import decisions
from beachhead.home.learn import usual_departures
from beachhead.home.leaving import moment_said, tap
from beachhead.home.log import recorded
from beachhead.home.page import Seen, page_of
from beachhead.home.plan import Planned
from beachhead.home.run import Running, planned_now
from beachhead.home.sessions import sessions_of
from beachhead.world.errors import BadInput, BeachheadError, NotLearnt

_FRESH_SECONDS = 60
_MOST_BODY = 4096
_SHOWN = 8
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


class Desk:
    """What the page is made from: the plan is asked for at most once a minute, and after every tap."""

    def __init__(self, home: Running, now: Callable[[], datetime]) -> None:
        """For one home; `now` is the clock."""
        self.home, self.now, self.token = home, now, secrets.token_urlsafe(24)
        self._lock = threading.Lock()
        self._kept: tuple[float, Planned | None, str] | None = None

    def seen(self) -> Seen:
        """What is to be told now."""
        with self._lock:
            moment = self.now().timestamp()
            if self._kept is None or not 0 <= moment - self._kept[0] < _FRESH_SECONDS:
                self._kept = (moment, *self._ask())
            _, planned, said = self._kept
        record = recorded(self.home.store)
        return Seen(
            now=self.now(),
            planned=planned,
            said=said,
            usual=usual_departures(self.home.setup, sessions_of(record).whole),
            decided=tuple(reversed(decisions(self.home.store, _SHOWN))),
            token=self.token,
        )

    def leave(self, at: str) -> None:
        """Tap a departure, or `forget`."""
        now = self.now()
        tap(self.home.store, None if at == "forget" else moment_said(at, self.home.setup, now), now)
        with self._lock:
            self._kept = None

    def _ask(self) -> tuple[Planned | None, str]:
        try:
            return planned_now(self.home, self.now()), ""
        except NotLearnt:
            return None, "The car is away. Plug it in, and the plan stands here."
        except BeachheadError as error:
            return None, f"There is no plan: {error.message}."


def serve(desk: Desk, *, listen: str, port: int, password: str, hosts: frozenset[str] = frozenset()) -> Any:
    """A server that is ready to serve; `.serve_forever()` begins.

    Raises:
        BadInput: if it would listen beyond this machine without a password.
    """
    if not _is_loopback(listen) and not password:
        raise BadInput(
            f"{listen} is not this machine alone, and there is no password",
            "set one: export BEACHHEAD_HOME_PASSWORD=..., or listen on 127.0.0.1",
        )
    handler = type("Handler", (_Handler,), {"desk": desk, "password": password, "hosts": hosts | {listen}})
    try:
        server = ThreadingHTTPServer((listen, port), handler)
    except OSError as error:
        raise BadInput(f"cannot listen on {listen}:{port} ({error.strerror})", "name another --port") from None
    server.daemon_threads = True
    return server


class _Handler(BaseHTTPRequestHandler):
    desk: ClassVar[Desk]
    password: ClassVar[str]
    hosts: ClassVar[frozenset[str]]
    timeout = 30
    server_version, sys_version = "Beachhead", ""

    def log_message(self, *_: Any) -> None:
        """What was asked is nobody's business."""

    def do_GET(self) -> None:
        """The page."""
        if not self._lets_in():
            return
        if urlsplit(self.path).path != "/":
            self._answer(404, "There is one page here: /")
            return
        self._answer(200, page_of(self.desk.seen(), self.desk.home.setup), kind="text/html")

    def do_POST(self) -> None:
        """A tap."""
        if not self._lets_in():
            return
        origin, host = self.headers.get("Origin"), self.headers.get("Host", "")
        length = self.headers.get("Content-Length", "")
        if origin not in (None, "null") and urlsplit(origin or "").netloc != host:
            self._answer(403, "a page from elsewhere may not tap here")
            return
        if not length.isdigit() or int(length) > _MOST_BODY:
            self._answer(413, "too long")
            return
        words = parse_qs(self.rfile.read(int(length)).decode("utf-8", "replace"))
        if not hmac.compare_digest(words.get("token", [""])[0].encode(), self.desk.token.encode()):
            self._answer(403, "this page is old: open it again, then tap")
            return
        try:
            self.desk.leave(words.get("at", [""])[0])
        except BeachheadError as error:
            self._answer(400, str(error))
            return
        self._answer(303, "", place="/")

    def _lets_in(self) -> bool:
        host = urlsplit(f"//{self.headers.get('Host', '')}").hostname or ""
        if not (_is_loopback(host) or host in self.hosts):
            self._answer(421, f"this server does not answer to the name {host!r}; add it with --host")
            return False
        if self.password and not self._knows_password():
            self._answer(401, "the password is asked for", challenge=True)
            return False
        return True

    def _knows_password(self) -> bool:
        kind, _, coded = self.headers.get("Authorization", "").partition(" ")
        try:
            said = base64.b64decode(coded, validate=True).partition(b":")[2] if kind == "Basic" else b""
        except ValueError:
            return False
        return hmac.compare_digest(said, self.password.encode())

    def _answer(
        self, code: int, text: str, *, kind: str = "text/plain", place: str = "", challenge: bool = False
    ) -> None:
        data = text.encode()
        self.send_response(code)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(data)))
        for name, value in _HEADERS.items():
            self.send_header(name, value)
        if place:
            self.send_header("Location", place)
        if challenge:
            self.send_header("WWW-Authenticate", 'Basic realm="Charging", charset="UTF-8"')
        self.end_headers()
        self.wfile.write(data)


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
