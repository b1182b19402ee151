"""Home Assistant: states, their history, services and a sensor of our own, by its REST API.

https://developers.home-assistant.io/docs/api/rest: every request bears a long-lived token; a state is text, with
`unknown` and `unavailable` for what is not known; only changes are recorded, so a state holds until the next one; the
recorder keeps ten days unless told otherwise. A second kind of server is a second module with these verbs.

The token leaves this module in one header and nowhere else: redirects are refused (they would carry it to another
host), proxies are not asked, and what the server says is quoted without it.
"""

from __future__ import annotations

import http.client
import json
import os
import socket
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from beachhead.home.setup import Setup
from beachhead.world.errors import BadInput, Unreachable

UNKNOWN = frozenset({"unknown", "unavailable", "none", ""})
MOST_BYTES = 64 * 2**20
PARTS = 6
"""A whole answer may take so many times as long as a part of it."""
_LINE = "beachhead_line"


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A server and the right to ask it.

    Attributes:
        url: its address.
        token: long-lived access token; never shown.
        token_env: where the token came from, for people.
        timeout_seconds: how long each part of an answer may take; a whole one six times as long.
    """

    url: str
    token: str = field(repr=False)
    token_env: str
    timeout_seconds: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class State:
    """What an entity says now.

    Attributes:
        entity: its name.
        text: the state as text.
        attributes: what else it says.
        changed: since when it says so, UTC.
        by_person: whether somebody (we too) set it through the server; a device that changed by itself has no user.
    """

    entity: str
    text: str
    attributes: Mapping[str, Any]
    changed: datetime
    by_person: bool = False

    @property
    def known(self) -> bool:
        """False while the server has no value for it."""
        return self.text.strip().lower() not in UNKNOWN

    @property
    def unit(self) -> str:
        """Its unit of measurement; empty if it has none."""
        return str(self.attributes.get("unit_of_measurement") or "")

    @property
    def number(self) -> float | None:
        """The state as a number; None if it is none."""
        return number_of(self.text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A state on record: from `at` (seconds since 1970 UTC) on, until the next."""

    at: float
    text: str


def server_of(setup: Setup) -> Server:
    """The server of a home, with the token from its environment variable.

    Raises:
        BadInput: if the variable is not set, or cannot be a token.
    """
    token = os.environ.get(setup.token_env, "").strip()
    cure = f"in Home Assistant: profile, Security, create a long-lived token; then export {setup.token_env}=..."
    if not token:
        raise BadInput(f"the environment variable {setup.token_env} holds no token", cure)
    if not all("!" <= sign <= "~" for sign in token):
        raise BadInput(f"what {setup.token_env} holds is no token: blanks or signs that no token has", cure)
    return Server(url=setup.url, token=token, token_env=setup.token_env, timeout_seconds=setup.timeout_seconds)


def ask_config(server: Server) -> Mapping[str, Any]:
    """The server's own settings: version, time zone, units."""
    answer = _ask(server, "/api/config")
    if not isinstance(answer, dict) or "version" not in answer:
        raise Unreachable(f"{server.url} answers, but not as Home Assistant does", "mend server.url in home.toml")
    return answer


def state_of(server: Server, entity: str) -> State | None:
    """What an entity says now; None if the server does not know it."""
    answer = _ask(server, f"/api/states/{quote(entity, safe='.')}", absent=None)
    return None if answer is None else _state(server, answer)


def history_of(
    server: Server, entities: Iterable[str], begin: datetime, end: datetime
) -> dict[str, tuple[Change, ...]]:
    """Every change of each entity from `begin` to `end` (UTC), the state at `begin` first where it is on record."""
    names = sorted(set(entities))
    words = {"filter_entity_id": ",".join(names), "end_time": end.isoformat()}
    path = f"/api/history/period/{quote(begin.isoformat(), safe='')}"
    answer = _ask(server, f"{path}?{urlencode(words)}&minimal_response&no_attributes")
    found: dict[str, tuple[Change, ...]] = dict.fromkeys(names, ())
    if not isinstance(answer, list):
        raise _nonsense(server)
    for series in answer:
        if not isinstance(series, list) or not series:
            continue
        name = str(series[0].get("entity_id")) if isinstance(series[0], dict) else ""
        if name in found:
            found[name] = _changes(server, series, begin)
    return found


def call(server: Server, service: str, entity: str, **said: Any) -> None:
    """Call a service such as `switch.turn_on` for an entity."""
    domain, _, verb = service.partition(".")
    _ask(server, f"/api/services/{domain}/{verb}", {"entity_id": entity, **said})


def write_state(server: Server, entity: str, text: str, attributes: Mapping[str, Any]) -> None:
    """Show a state of our own: the server keeps it until it is restarted."""
    _ask(server, f"/api/states/{entity}", {"state": text[:255], "attributes": dict(attributes)})


def number_of(text: str) -> float | None:
    """A state as a finite number; None if it is none."""
    try:
        value = float(text)
    except ValueError:
        return None
    return value if abs(value) < 1e12 else None


def _ask(server: Server, path: str, body: Mapping[str, Any] | None = None, *, absent: Any = ...) -> Any:
    """The JSON answer to a GET, or to a POST if there is a body; `absent` is given back for 404, if stated."""
    try:
        data = _sent(server, path, body)
    except urllib.error.HTTPError as error:
        with error:
            if error.code == 404 and absent is not ...:
                return absent
            raise _refused(server, path, error) from None
    except (urllib.error.URLError, http.client.HTTPException, TimeoutError, OSError) as error:
        reason = _without_token(server, str(getattr(error, "reason", None) or error or type(error).__name__))
        cure = "see that it runs and can be reached from here; mend server.url in home.toml if it moved"
        raise Unreachable(f"{server.url} gives no answer ({reason})", cure) from None
    try:
        answer = json.loads(data)
        if b"\\ud" in data.lower():  # half of a character, which no log takes and no screen shows
            json.dumps(answer, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        raise _nonsense(server) from None
    return answer


def _sent(server: Server, path: str, body: Mapping[str, Any] | None) -> bytes:
    headers = {"Authorization": f"Bearer {server.token}", "Accept": "application/json", "User-Agent": "beachhead"}
    data = None if body is None else json.dumps(body, allow_nan=False).encode()
    if data is not None:
        headers["Content-Type"] = "application/json"
    asked = urllib.request.Request(server.url + path, data=data, headers=headers)
    with _cut_off(asked, PARTS * server.timeout_seconds), _OPENER.open(asked, timeout=server.timeout_seconds) as answer:
        found: bytes = answer.read(MOST_BYTES + 1)
        promised = answer.headers.get("Content-Length", "")
    if len(found) > MOST_BYTES:
        raise Unreachable(f"{server.url} sends more than {MOST_BYTES >> 20} MiB at once", "ask for fewer days")
    if promised.isdigit() and len(found) < int(promised):
        raise http.client.IncompleteRead(found, int(promised) - len(found))
    return found


@contextmanager
def _cut_off(asked: urllib.request.Request, seconds: float) -> Iterator[None]:
    """Hang up on an answer that has not come whole by then: a server that drips would be waited for without end."""
    late = threading.Event()

    def hang_up() -> None:
        late.set()
        if line := getattr(asked, _LINE, None):
            with suppress(OSError):  # closed meanwhile
                socket.socket.shutdown(line, socket.SHUT_RDWR)

    alarm = threading.Timer(seconds, hang_up)
    alarm.daemon = True
    alarm.start()
    try:
        yield
    except (OSError, http.client.HTTPException):
        if not late.is_set():
            raise
    finally:
        alarm.cancel()
    if late.is_set():
        raise TimeoutError(f"an answer was not whole after {seconds:g} s")


def _tapped(kind: Callable[..., http.client.HTTPConnection], asked: urllib.request.Request) -> Callable[..., Any]:
    """Connections of a kind that leave their socket with the request, for `_cut_off` to hang up."""

    def made(*words: Any, **said: Any) -> http.client.HTTPConnection:
        connection = kind(*words, **said)
        plain = connection.connect

        def connect() -> None:
            plain()
            setattr(asked, _LINE, connection.sock)

        connection.connect = connect  # type: ignore[method-assign]
        return connection

    return made


class _Http(urllib.request.HTTPHandler):
    def http_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(_tapped(http.client.HTTPConnection, req), req)


class _Https(urllib.request.HTTPSHandler):
    def https_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(_tapped(http.client.HTTPSConnection, req), req)


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


_OPENER = urllib.request.build_opener(_NoRedirect, _Http, _Https, urllib.request.ProxyHandler({}))


def _refused(server: Server, path: str, error: urllib.error.HTTPError) -> Exception:
    what = path.partition("?")[0]
    if error.code == 401:
        return BadInput(
            f"{server.url} refuses the token in {server.token_env} (401)", "create a new long-lived token, export it"
        )
    if error.code == 403:
        return BadInput(f"{server.url} forbids {what} (403)", "use the token of an administrator; look for an IP ban")
    if 300 <= error.code < 400:
        where = urlsplit(error.headers.get("Location", ""))
        to = f" to {where.scheme}://{where.netloc}" if where.netloc else ""
        return Unreachable(
            f"{server.url} redirects{to}; the token is not sent there", "write that address in home.toml"
        )
    told = _without_token(server, _message(error))
    if error.code in (400, 404):
        return BadInput(f"{server.url} refuses {what} ({error.code}{told})", "mend the entity's name in home.toml")
    return Unreachable(f"{server.url} failed on {what} ({error.code}{told})", "look into the server's log; try again")


def _message(error: urllib.error.HTTPError) -> str:
    try:
        said = json.loads(error.read(4096)).get("message", "")
    except (ValueError, AttributeError, OSError, http.client.HTTPException):
        said = ""
    return f": {str(said)[:120].encode(errors='replace').decode()}" if said else ""


def _without_token(server: Server, text: str) -> str:
    return text.replace(server.token, "***")


def _nonsense(server: Server) -> Unreachable:
    return Unreachable(f"{server.url} answers with something that is not its API", "mend server.url in home.toml")


def _state(server: Server, answer: Any) -> State:
    try:
        return State(
            entity=answer["entity_id"],
            text=str(answer["state"]),
            attributes=dict(answer.get("attributes") or {}),
            changed=instant_of(answer["last_changed"]),
            by_person=bool((answer.get("context") or {}).get("user_id")),
        )
    except (KeyError, TypeError, AttributeError, ValueError):
        raise _nonsense(server) from None


def _changes(server: Server, series: list[Any], begin: datetime) -> tuple[Change, ...]:
    """In order of time; what began earlier counts from `begin` on."""
    first = begin.timestamp()
    try:
        found = [
            Change(
                at=max(instant_of(one.get("last_changed") or one["last_updated"]).timestamp(), first), text=one["state"]
            )
            for one in series
        ]
    except (KeyError, TypeError, AttributeError, ValueError):
        raise _nonsense(server) from None
    return tuple(sorted((one for one in found if isinstance(one.text, str)), key=lambda one: one.at))


def instant_of(text: str, zone: tzinfo = UTC) -> datetime:
    """An instant as the server writes it, in UTC; `zone` is that of one without its own.

    Raises:
        ValueError: it is none, or none that a clock reckons with.
    """
    moment = datetime.fromisoformat(text)
    if not 1970 <= moment.year < 9000:
        raise ValueError(f"{text} is no instant of a home")
    return (moment if moment.tzinfo is not None else moment.replace(tzinfo=zone)).astimezone(UTC)
