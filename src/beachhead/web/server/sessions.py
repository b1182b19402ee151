"""Signing in and out, and who is asking."""

from __future__ import annotations

import getpass
from typing import Annotated

from anyio.to_thread import run_sync
from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, Field
from starlette.requests import HTTPConnection

from beachhead.web.server.accounts import SESSION_SECONDS, Sessions
from beachhead.web.server.guard import Person, Role
from beachhead.web.wire.field import Typed
from beachhead.web.wire.refusal import NotAllowed, NotSignedIn

COOKIE = "beachhead_session"

router = APIRouter()


class SignInIn(Typed):
    """Name and password."""

    name: str = Field(max_length=80)
    password: str = Field(max_length=1000)


class PersonOut(BaseModel):
    """Who is signed in."""

    name: str
    role: str


def person_of(asked: HTTPConnection) -> Person | None:
    """The session's person, or the user at this machine where nobody must sign in; None if nobody is signed in."""
    sessions: Sessions = asked.app.state.sessions
    if asked.app.state.hosts is not None or sessions.must_sign_in():
        return sessions.person(asked.cookies.get(COOKIE, ""))
    return Person(name=getpass.getuser(), role=Role.APPROVER)


def asking(request: Request) -> Person:
    """Who is asking; refused where one must sign in and has not."""
    person = person_of(request)
    if person is None:
        raise NotSignedIn("nobody is signed in", "sign in with your name and password")
    request.state.person = person
    return person


Viewer = Annotated[Person, Depends(asking)]


def analyst(person: Viewer) -> Person:
    """Who is asking, at least an analyst."""
    return _at_least(person, Role.ANALYST)


def approver(person: Viewer) -> Person:
    """Who is asking, at least an approver."""
    return _at_least(person, Role.APPROVER)


Analyst = Annotated[Person, Depends(analyst)]
Approver = Annotated[Person, Depends(approver)]


@router.post("/session")
async def sign_in(request: Request, response: Response, body: SignInIn) -> PersonOut:
    """Sign in; the session is a cookie that scripts cannot read."""
    sessions: Sessions = request.app.state.sessions
    address = request.client.host if request.client else ""
    token = await run_sync(sessions.sign_in, body.name, body.password, address, limiter=sessions.at_once)
    response.set_cookie(
        COOKIE,
        token,
        max_age=SESSION_SECONDS,
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
    )
    person = await run_sync(sessions.person, token)
    assert person is not None
    return PersonOut(name=person.name, role=person.role.name.lower())


@router.delete("/session", status_code=204)
def sign_out(request: Request, response: Response) -> None:
    """Sign out."""
    request.app.state.sessions.sign_out(request.cookies.get(COOKIE, ""))
    response.delete_cookie(COOKIE)


def _at_least(person: Person, role: Role) -> Person:
    if person.role < role:
        raise NotAllowed(
            f"{person.name} is a {person.role.name.lower()}", f"ask somebody who is a {role.name.lower()} to do it"
        )
    return person
