"""The call server's interface to enrolments: the statement, the offer, how it stands, and taking it back.

Nobody sends a picture here: who enrols shows themselves to a face worker (`face-leg-request`).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import TypeVar

import msgspec
from quart import Quart, Response, request

from talchum.adapters.enrolment_records import EnrolmentRow
from talchum.apps.account_sessions import AccountSessions
from talchum.apps.answers import json_answer
from talchum.apps.enrolments import Enrolments
from talchum.apps.request_bodies import body_of
from talchum.domain.consent import consent_id
from talchum.domain.enrolment_offer import OFFER_SECONDS, EnrolmentOffer
from talchum.domain.errors import EnrolmentError, MessageError
from talchum.domain.training_job import TrainingJob

Answer = TypeVar("Answer")


class _Wish(msgspec.Struct, forbid_unknown_fields=True, rename="camel"):
    """licence: token of the link by which somebody asked, which says until when."""

    title: str
    agreed: bool
    adult: bool
    expires_at: int = 0
    keeps: bool = False
    licence: str = ""


def add_enrolments(
    app: Quart,
    *,
    open_enrolments: Callable[[], Enrolments],
    sessions: AccountSessions,
    expect_own_page: Callable[[], None],
) -> None:
    """Register the routes.

    open_enrolments: may block. expect_own_page: raises for requests of other pages, and for too many.
    """

    async def ask(question: Callable[[Enrolments], Answer]) -> Answer:
        return await asyncio.to_thread(lambda: question(open_enrolments()))

    @app.get("/api/enrolments/statement")
    async def show_statement() -> Response:
        expires_at = _whole(request.args.get("expiresAt", ""))
        statement = await ask(lambda desk: desk.statement(expires_at, time.time()))
        return json_answer({"statement": dict(statement), "expiresAt": expires_at})

    @app.post("/api/enrolments")
    async def offer() -> Response:
        expect_own_page()
        account = await sessions.expect_account()
        wish = await body_of(_Wish, '{"title", "expiresAt" or "licence", "agreed", "adult", "keeps"?}')
        if not wish.agreed:
            raise EnrolmentError("got nobody's agreement to the statement", code="enrolment_refused")
        offered, handle = await ask(lambda desk: _offered(desk, account.id, wish))
        answer = {
            "enrolment": offered.nonce,
            "identity": offered.identity,
            "statement": dict(offered.statement),
            "handle": handle,
            "beginWithin": int(OFFER_SECONDS),
        }
        return json_answer(answer, 201)

    @app.get("/api/enrolments")
    async def list_those_under_way() -> Response:
        account = await sessions.expect_account()
        found = await ask(lambda desk: desk.under_way(account.id))
        return json_answer({"enrolments": [enrolment_summary(row, job) for row, job in found]})

    @app.get("/api/enrolments/<nonce>")
    async def show(nonce: str) -> Response:
        account = await sessions.expect_account()
        row, job = await ask(lambda desk: desk.show(account.id, nonce))
        return json_answer(enrolment_summary(row, job))

    @app.delete("/api/enrolments/<nonce>")
    async def withdraw(nonce: str) -> Response:
        expect_own_page()
        account = await sessions.expect_account()
        await ask(lambda desk: desk.withdraw(account.id, nonce))
        return json_answer({"enrolment": None})


def _offered(desk: Enrolments, account: str, wish: _Wish) -> tuple[EnrolmentOffer, str]:
    if wish.licence:
        return desk.lend(
            account, wish.licence, title=wish.title, adult=wish.adult, keeps=wish.keeps, now=time.time()
        )
    return desk.offer(
        account,
        title=wish.title,
        expires_at=wish.expires_at,
        adult=wish.adult,
        keeps=wish.keeps,
        now=time.time(),
    )


def enrolment_summary(row: EnrolmentRow, job: TrainingJob | None) -> dict[str, object]:
    """An enrolment as the page of its person shows it."""
    return {
        "enrolment": row.offer.nonce,
        "identity": row.offer.identity,
        "title": row.offer.title,
        "scope": row.offer.scope,
        "state": row.state,
        "outcome": row.outcome,
        "consent": consent_id(row.offer.revocation) if row.state == "granted" else None,
        "job": None
        if job is None
        else {
            "state": job.state,
            "phase": job.phase,
            "step": job.step,
            "steps": job.steps,
            "secondsLeft": job.seconds_left,
            "error": None if job.error is None else job.error.code,
        },
    }


def _whole(text: str) -> int:
    """A number in a query. Raises MessageError (`malformed_message`)."""
    try:
        return int(text)
    except ValueError as error:
        raise MessageError("got no whole number, expected expiresAt in seconds") from error
