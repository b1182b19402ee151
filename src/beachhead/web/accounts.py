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

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError

from beachhead.store import Row, Store, current, deliver, reading, writing
from beachhead.web.guard import Person, Role
from beachhead.web.refusal import NotAllowed
from beachhead.world.errors import BadInput

TOPIC = "account"
SESSION_SECONDS = 12 * 3600
TRIES = 5
TRY_SECONDS = 60.0
LEAST_PASSWORD = 12

_hasher = PasswordHasher()


@dataclass(frozen=True, slots=True)
class _Account:
    role: Role
    hashed: str


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


def has_accounts(store: Store) -> bool:
    """True once anybody has an account; from then on everybody must sign in."""
    return bool(_accounts(store))


def _accounts(store: Store) -> dict[str, _Account]:
    with reading(store) as work:
        found = {version.key: json.loads(version.body or "{}") for version in current(work, TOPIC)}
    return {name: _Account(Role[body["role"].upper()], body["hashed"]) for name, body in found.items()}


class Sessions:
    """Who is signed in to one server; safe to call from any thread."""

    def __init__(self, store: Callable[[], Store]) -> None:
        self._store = store  # asked for when somebody signs in: there may be no launch yet
        self._lock = threading.Lock()
        self._sessions: dict[str, tuple[Person, float]] = {}
        self._failures: dict[str, list[float]] = {}
        self._nobody = _hasher.hash(secrets.token_urlsafe(16))

    def sign_in(self, name: str, password: str) -> str:
        """A new session's token; slows down guessing by name."""
        now = time.monotonic()
        with self._lock:
            recent = [at for at in self._failures.get(name, []) if now - at < TRY_SECONDS]
            if len(recent) >= TRIES:
                raise NotAllowed("too many wrong passwords", "wait a minute, then try again")
        account = _accounts(self._store()).get(name)
        try:
            # an unknown name takes as long as a wrong password
            _hasher.verify(account.hashed if account else self._nobody, password)
        except VerificationError:
            account = None
        with self._lock:
            if account is None:
                self._failures[name] = [*recent, now]
                raise NotAllowed("name or password is wrong", "try again, or ask for a new password")
            token = secrets.token_urlsafe(32)
            self._sessions[token] = (Person(name=name, role=account.role, is_signed_in=True), now + SESSION_SECONDS)
        return token

    def sign_out(self, token: str) -> None:
        """End a session."""
        with self._lock:
            self._sessions.pop(token, None)

    def person(self, token: str) -> Person | None:
        """Whose session it is, or None once it is over."""
        with self._lock:
            found = self._sessions.get(token)
            if found is None or found[1] < time.monotonic():
                self._sessions.pop(token, None)
                return None
            return found[0]
