"""The call server's interface to links by which somebody is asked to lend their face.

Such a link is an invitation too: who has no account gets one by it, once.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import TypeVar

import msgspec
from quart import Quart, Response

from talchum.adapters.accounts import Account, tidy_name
from talchum.apps.account_routes import AccountDesk, account_summary
from talchum.apps.account_sessions import AccountSessions
from talchum.apps.answers import json_answer
from talchum.apps.request_bodies import body_of
from talchum.domain.errors import AccountError, TalchumError
from talchum.domain.licence import LINK_SECONDS, Licence, unknown_licence

Answer = TypeVar("Answer")


class _Asked(msgspec.Struct, forbid_unknown_fields=True, rename="camel"):
    licensee: str
    expires_at: int


class _Opened(msgspec.Struct, forbid_unknown_fields=True):
    token: str


class _NewSubject(msgspec.Struct, forbid_unknown_fields=True):
    token: str
    name: str


def add_licences(
    app: Quart,
    *,
    open_desk: Callable[[], AccountDesk],
    sessions: AccountSessions,
    expect_own_page: Callable[[], None],
) -> None:
    """Register the routes.

    open_desk: may block. expect_own_page: raises for requests of other pages, and for too many.
    """

    async def ask(question: Callable[[AccountDesk], Answer]) -> Answer:
        return await asyncio.to_thread(lambda: question(open_desk()))

    @app.post("/api/licences")
    async def ask_for_face() -> Response:
        expect_own_page()
        account = await sessions.expect_account()
        asked = await body_of(_Asked, '{"licensee", "expiresAt"}')
        token = await ask(
            lambda desk: desk.enrolments.ask_for_face(
                account.id, asked.licensee, asked.expires_at, time.time()
            )
        )
        return json_answer({"token": token, "openFor": LINK_SECONDS}, 201)

    @app.post("/api/licences/open")
    async def open_licence() -> Response:
        expect_own_page()
        token = (await body_of(_Opened, '{"token"}')).token
        now = time.time()
        account = await sessions.account()
        licence = await ask(lambda desk: desk.enrolments.licences.get(token, now))
        if account is not None:
            licence.expect_for(account.id)
        statement = await ask(lambda desk: desk.enrolments.statement(0, now, licence))
        return json_answer({**_licence_summary(licence), "statement": dict(statement)})

    @app.post("/api/licences/account")
    async def enter() -> Response:
        expect_own_page()
        given = await body_of(_NewSubject, '{"token", "name"}')
        if not tidy_name(given.name):
            raise AccountError("got no name, expected what the account is to be called", code="name_missing")
        account = await ask(lambda desk: _subject_of(desk, given))
        return await sessions.sign_in(json_answer({"account": account_summary(account)}, 201), account)


def _subject_of(desk: AccountDesk, given: _NewSubject) -> Account:
    """A new account for whom the link is for, whose it is from now on."""
    now = time.time()
    licence = desk.enrolments.licences.get(given.token, now)
    if licence.subject:
        raise unknown_licence()
    account = desk.accounts.create(given.name, now)
    try:
        desk.enrolments.licences.bind(given.token, account.id, licence.enrolment, licence.enrolment)
    except TalchumError:
        desk.accounts.delete(account.id)
        raise
    return account


def _licence_summary(licence: Licence) -> dict[str, object]:
    return {"licensee": licence.licensee, "expiresAt": licence.expires_at, "taken": licence.subject != ""}
