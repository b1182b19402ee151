"""People and their roles, kept in the launch's store; passwords only as argon2id hashes; sessions only in memory."""

from __future__ import annotations

import hashlib
import json
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from anyio import CapacityLimiter
from argon2 import PasswordHasher
from argon2.exceptions import VerificationError

from beachhead.store import Row, Store, current, deliver, reading, writing
from beachhead.web.server.guard import Person, Role
from beachhead.web.wire.refusal import NoLaunch, NotAllowed
from beachhead.world.errors import BadInput, BeachheadError

TOPIC = "account"
SESSION_SECONDS = 12 * 3600
TRIES, TRIES_FROM = 5, 60
"""Wrong passwords of one name, and from one address under whatever names, until the next must wait."""
TRY_SECONDS = 60.0
LEAST_PASSWORD = 12

_hasher = PasswordHasher()


@dataclass(frozen=True, slots=True)
class _Account:
    role: Role
    hashed: str


@dataclass(frozen=True, slots=True)
class _Session:
    name: str
    hashed: str
    until: float


def add_account(store: Store, name: str, role: Role, password: str) -> None:
    """Create a person or set a new role and password; earlier versions stay on record without effect."""
    if not name.strip() or len(name) > 80:
        raise BadInput(f"{name!r} is not a name", "give 1 to 80 characters")
    if len(password) < LEAST_PASSWORD:
        raise BadInput(f"the password has {len(password)} characters", f"use at least {LEAST_PASSWORD}")
    body = json.dumps({"role": role.name.lower(), "hashed": _hasher.hash(password)}, sort_keys=True)
    with writing(store) as work:
        digest = hashlib.sha256(body.encode()).hexdigest()
        deliver(work, TOPIC, [Row(key=name, body=body)], sha256=digest, name="account", who=name, at=datetime.now(UTC))


def remove_account(store: Store, name: str) -> None:
    """Take a person's account away; sessions of it end at once, and what the person decided stays on record.

    The last one stays: without any account a server on this machine would let everybody in unasked.
    """
    with writing(store) as work:
        standing = {version.key: version.number for version in current(work, TOPIC)}
        if name not in standing:
            raise BadInput(f"nobody called {name!r} has an account", f"there are: {', '.join(standing) or 'none'}")
        if len(standing) == 1:
            raise BadInput(f"{name!r} is the last account", "add another person first; without any, nobody signs in")
        digest = hashlib.sha256(f"{name} {standing[name]} is removed".encode()).hexdigest()
        deliver(work, TOPIC, [Row(key=name, body=None)], sha256=digest, name="account", who=name, at=datetime.now(UTC))


def list_accounts(store: Store) -> tuple[Person, ...]:
    """Everybody with an account, by name."""
    found = sorted(_accounts(store).items())
    return tuple(Person(name=name, role=kept.role, is_signed_in=False) for name, kept in found)


def has_accounts(store: Store) -> bool:
    """True once anybody has an account; from then on everybody must sign in."""
    return bool(_accounts(store))


def _accounts(store: Store) -> dict[str, _Account]:
    with reading(store) as work:
        found = {version.key: json.loads(version.body or "{}") for version in current(work, TOPIC)}
    return {name: _Account(Role[body["role"].upper()], body["hashed"]) for name, body in found.items()}


class Sessions:
    """Who is signed in to one server; safe to call from any thread.

    Attributes:
        at_once: how many may sign in at a time: a password takes 64 MB and a core to check, and anybody may send one.
    """

    def __init__(self, store: Callable[[], Store]) -> None:
        self.at_once = CapacityLimiter(2)
        self._store = store  # asked for when somebody signs in: there may be no launch yet
        self._lock = threading.Lock()
        self._sessions: dict[str, _Session] = {}
        self._accounts: dict[str, _Account] | None = None
        self._tries: dict[tuple[str, str], list[float]] = {}
        self._nobody = _hasher.hash(secrets.token_urlsafe(16))

    def must_sign_in(self) -> bool:
        """True once anybody has an account, one made while the server runs included; the last is never taken away."""
        return bool(self._accounts or self._known())

    def sign_in(self, name: str, password: str, address: str) -> str:
        """A new session's token; slows down guessing by name, and made-up names by where they come from."""
        now = time.monotonic()
        self._count_try(name, address, now)
        account = _accounts(self._store()).get(name)
        try:
            # an unknown name takes as long as a wrong password
            _hasher.verify(account.hashed if account else self._nobody, password)
        except VerificationError:
            account = None
        if account is None:
            raise NotAllowed("name or password is wrong", "try again, or ask for a new password")
        token = secrets.token_urlsafe(32)
        with self._lock:
            for whose in (("name", name), ("from", address)):
                self._tries[whose] = [at for at in self._tries.get(whose, []) if at != now]
            self._sessions = {old: kept for old, kept in self._sessions.items() if kept.until > now}
            self._sessions[token] = _Session(name, account.hashed, now + SESSION_SECONDS)
        return token

    def _count_try(self, name: str, address: str, now: float) -> None:
        """Count a try before it is known whether it is wrong: many at once would all be let through.

        One that is refused costs nothing, so that names made up by the thousand keep nobody waiting for the two cores.
        """
        with self._lock:
            recent = {whose: [at for at in tries if now - at < TRY_SECONDS] for whose, tries in self._tries.items()}
            self._tries = {whose: tries for whose, tries in recent.items() if tries}
            most = {("name", name): TRIES, ("from", address): TRIES_FROM}
            if any(len(self._tries.get(whose, [])) >= many for whose, many in most.items()):
                raise NotAllowed("too many wrong passwords", "wait a minute, then try again")
            for whose in most:
                self._tries.setdefault(whose, []).append(now)

    def sign_out(self, token: str) -> None:
        """End a session."""
        with self._lock:
            self._sessions.pop(token, None)

    def person(self, token: str) -> Person | None:
        """Whose session it is, in the role of today; None once it is over or the password is another one."""
        with self._lock:
            found = self._sessions.get(token)
        account = self._known().get(found.name) if found is not None else None
        if found is None or account is None or account.hashed != found.hashed or found.until < time.monotonic():
            self.sign_out(token)
            return None
        return Person(name=found.name, role=account.role, is_signed_in=True)

    def _known(self) -> dict[str, _Account]:
        """The accounts as they stand; as they last stood while the launch cannot be read, which its pages say."""
        try:
            self._accounts = _accounts(self._store())
        except NoLaunch:
            pass  # nobody has an account before one is begun
        except BeachheadError:
            if self._accounts is None:  # nobody is let in unasked
                raise
        return self._accounts or {}
