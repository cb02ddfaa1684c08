"""The call server's interface to accounts: signing in and out, one's faces, revoking, deleting everything."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import msgspec
from quart import Quart, Response

from talchum.adapters.accounts import Account, Accounts
from talchum.adapters.consent_records import ConsentRow
from talchum.apps.account_sessions import AccountSessions
from talchum.apps.answers import json_answer
from talchum.apps.consent_registry import ConsentRegistry
from talchum.apps.enrolments import Enrolments
from talchum.apps.request_bodies import body_of
from talchum.domain.consent import Consent, consent_id, handle_hash
from talchum.domain.errors import ConsentError

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class AccountDesk:
    """What the routes do; everything here blocks."""

    accounts: Accounts
    registry: ConsentRegistry
    enrolments: Enrolments

    def faces(self, account: str) -> list[dict[str, object]]:
        """The consents that an account gave or that name it, the newest first."""
        named = sorted(self.registry.named_in(account), key=lambda pair: -pair[1].issued_at)
        return [face_summary(account, row, consent) for row, consent in named]

    def revoke(self, account: str, consent: str) -> None:
        """Take back a consent that this account gave. Raises ConsentError (`consent_unknown`)."""
        if consent not in [row.id for row in self.registry.records.of_subject(account)]:
            raise ConsentError("got a consent that this account did not give", code="consent_unknown")
        self.registry.end(consent, "subject")

    def revoke_by_handle(self, handle: str) -> str:
        """Take back a consent, or an enrolment that is to become it; the consent's name.

        Raises ConsentError (`consent_unknown`).
        """
        if self.enrolments.withdraw_by_handle(handle):
            return consent_id(handle_hash(handle))
        row = self.registry.find_by_handle(handle)
        self.registry.end(row.id, "subject")
        return row.id

    def delete(self, account: str) -> None:
        """Delete an account with everything of its person."""
        self.registry.erase(account)
        self.enrolments.erase(account)
        self.accounts.delete(account)


class _Invitation(msgspec.Struct, forbid_unknown_fields=True):
    token: str
    name: str = ""


class _Handle(msgspec.Struct, forbid_unknown_fields=True):
    handle: str


def add_accounts(
    app: Quart,
    *,
    open_desk: Callable[[], AccountDesk],
    sessions: AccountSessions,
    expect_own_page: Callable[[], None],
    ways_in: Callable[[], dict[str, object]],
) -> None:
    """Register the routes.

    open_desk: may block. expect_own_page: raises for requests of other pages, and for too many. ways_in: how
    somebody may sign in here, as the page that asks needs it.
    """

    async def ask(question: Callable[[AccountDesk], Answer]) -> Answer:
        return await asyncio.to_thread(lambda: question(open_desk()))

    @app.get("/api/account")
    async def show_account() -> Response:
        account = await sessions.account()
        return json_answer({"account": account_summary(account), **ways_in()})

    @app.post("/api/account/sign-in/invitation")
    async def use_invitation() -> Response:
        expect_own_page()
        given = await body_of(_Invitation, '{"token", "name"?}')
        account = await ask(lambda desk: desk.accounts.redeem(given.token, given.name, time.time()))
        return await sessions.sign_in(json_answer({"account": account_summary(account)}), account)

    @app.post("/api/account/sign-out")
    async def sign_out() -> Response:
        expect_own_page()
        return await sessions.sign_out(json_answer({"account": None}))

    @app.get("/api/account/faces")
    async def list_faces() -> Response:
        account = await sessions.expect_account()
        return json_answer({"faces": await ask(lambda desk: desk.faces(account.id))})

    @app.post("/api/account/faces/<consent>/revoke")
    async def revoke_face(consent: str) -> Response:
        expect_own_page()
        account = await sessions.expect_account()
        await ask(lambda desk: desk.revoke(account.id, consent))
        return json_answer({"faces": await ask(lambda desk: desk.faces(account.id))})

    @app.delete("/api/account")
    async def delete_account() -> Response:
        expect_own_page()
        account = await sessions.expect_account()
        await ask(lambda desk: desk.delete(account.id))
        return await sessions.sign_out(json_answer({"account": None}))

    @app.post("/api/consents/revoke")
    async def revoke_by_handle() -> Response:
        expect_own_page()
        given = await body_of(_Handle, '{"handle"}')
        return json_answer({"consent": await ask(lambda desk: desk.revoke_by_handle(given.handle))})


def account_summary(account: Account | None) -> dict[str, object] | None:
    """An account as its own page shows it."""
    return None if account is None else {"id": account.id, "name": account.name, "createdAt": account.created}


def face_summary(account: str, row: ConsentRow, consent: Consent) -> dict[str, object]:
    """A consent as the page of an account shows it."""
    return {
        "consent": consent.id,
        "identity": consent.identity,
        "scope": consent.scope,
        "given": account == consent.subject,
        "wearable": account in consent.wearers,
        "wearers": len(consent.wearers),
        "licensee": consent.licensee,
        "statement": dict(consent.statement),
        "issuedAt": consent.issued_at,
        "expiresAt": consent.expires_at,
        "endedAt": row.ended,
        "reason": row.reason,
    }
