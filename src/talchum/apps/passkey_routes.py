"""The call server's interface to passkeys: make one, sign in with one, list and remove them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import msgspec
from quart import Quart, Response

from talchum.adapters.accounts import Account, Accounts, Passkey, new_account_id, tidy_name
from talchum.adapters.passkeys import (
    RelyingParty,
    new_challenge,
    passkey_of,
    registration_options,
    sign_in_options,
    verify_registration,
    verify_sign_in,
)
from talchum.apps.account_routes import account_summary
from talchum.apps.account_sessions import AccountSessions
from talchum.apps.answers import json_answer
from talchum.apps.ceremonies import CEREMONY_SECONDS, Ceremonies
from talchum.apps.request_bodies import body_of
from talchum.domain.errors import AccountError

Found = TypeVar("Found")

MAKE, SIGN_IN = "new-passkey", "passkey"


class _Name(msgspec.Struct, forbid_unknown_fields=True):
    name: str = ""


class _Credential(msgspec.Struct, forbid_unknown_fields=True):
    credential: dict[str, Any]


class _Making(msgspec.Struct, tag=MAKE):
    """new: there is no such account yet."""

    challenge: bytes
    account: str
    name: str
    new: bool


class _SigningIn(msgspec.Struct, tag=SIGN_IN):
    challenge: bytes


@dataclass(frozen=True, slots=True)
class PasskeyDesk:
    """What the routes do; everything here blocks."""

    accounts: Accounts

    def keep(self, asked: _Making, party: RelyingParty, answer: Mapping[str, Any]) -> Account:
        """Keep a passkey that was made, and its account when that is new."""
        made = verify_registration(party, asked.challenge, answer)
        now = time.time()
        if not asked.new:
            account = self.accounts.get(asked.account)
            self.accounts.add_passkey(account.id, made.id, made.public_key, made.sign_count, now)
            return account
        account = self.accounts.create(asked.name, now, account=asked.account)
        try:
            self.accounts.add_passkey(account.id, made.id, made.public_key, made.sign_count, now)
        except AccountError:
            self.accounts.delete(account.id)
            raise
        return account

    def sign_in(self, challenge: bytes, party: RelyingParty, answer: Mapping[str, Any]) -> Account:
        """Whose passkey answered."""
        passkey = self.accounts.passkey(passkey_of(answer))
        count = verify_sign_in(party, challenge, answer, passkey)
        self.accounts.use_passkey(passkey.id, count, time.time())
        return self.accounts.get(passkey.account)

    def known(self, account: str) -> list[str]:
        """The names of an account's passkeys."""
        return [passkey.id for passkey in self.accounts.passkeys(account)]


def add_passkeys(
    app: Quart,
    *,
    open_accounts: Callable[[], Accounts],
    sessions: AccountSessions,
    ceremonies: Ceremonies,
    relying_party: Callable[[], RelyingParty],
    registration_open: bool,
    expect_own_page: Callable[[], None],
) -> None:
    """Register the routes.

    open_accounts: may block. relying_party: of the request; raises where there can be no passkeys.
    registration_open: whether somebody without an invitation may make an account.
    expect_own_page: raises for requests of other pages, and for too many.
    """

    async def ask(question: Callable[[PasskeyDesk], Found]) -> Found:
        return await asyncio.to_thread(lambda: question(PasskeyDesk(open_accounts())))

    async def whose(name: str) -> _Making:
        """For whom a passkey is to be made: who is signed in, or somebody new."""
        account = await sessions.account()
        if account is not None:
            return _Making(new_challenge(), account.id, account.name, new=False)
        if not registration_open:
            raise AccountError(
                "got a new account without an invitation, expected one of the operator's",
                code="registration_closed",
            )
        tidy = tidy_name(name)
        if not tidy:
            raise AccountError("got no name, expected what the account is to be called", code="name_missing")
        return _Making(new_challenge(), new_account_id(), tidy, new=True)

    @app.post("/api/account/passkeys/options")
    async def ask_for_a_new_one() -> Response:
        expect_own_page()
        party = relying_party()
        asked = await whose((await body_of(_Name, '{"name"?}')).name)
        known = await ask(lambda desk: desk.known(asked.account))
        options = registration_options(
            party, asked.challenge, asked.account, asked.name, known, seconds=CEREMONY_SECONDS
        )
        return await ceremonies.begin(MAKE, asked, json_answer({"options": options}))

    @app.post("/api/account/passkeys")
    async def keep() -> Response:
        expect_own_page()
        party = relying_party()
        asked = await ceremonies.end(MAKE, _Making)
        given = await body_of(_Credential, '{"credential"}')
        signed_in = await sessions.account()
        if (signed_in is None) != asked.new or (signed_in is not None and signed_in.id != asked.account):
            raise AccountError("got a passkey for another account than asks", code="sign_in_over")
        account = await ask(lambda desk: desk.keep(asked, party, given.credential))
        answer = json_answer({"account": account_summary(account)}, 201)
        return answer if signed_in is not None else await sessions.sign_in(answer, account)

    @app.post("/api/account/sign-in/passkey/options")
    async def ask_for_one() -> Response:
        expect_own_page()
        asked = _SigningIn(new_challenge())
        options = sign_in_options(relying_party(), asked.challenge, seconds=CEREMONY_SECONDS)
        return await ceremonies.begin(SIGN_IN, asked, json_answer({"options": options}))

    @app.post("/api/account/sign-in/passkey")
    async def sign_in() -> Response:
        expect_own_page()
        party = relying_party()
        asked = await ceremonies.end(SIGN_IN, _SigningIn)
        given = await body_of(_Credential, '{"credential"}')
        account = await ask(lambda desk: desk.sign_in(asked.challenge, party, given.credential))
        return await sessions.sign_in(json_answer({"account": account_summary(account)}), account)

    @app.get("/api/account/passkeys")
    async def list_passkeys() -> Response:
        account = await sessions.expect_account()
        kept = await ask(lambda desk: desk.accounts.passkeys(account.id))
        return json_answer({"passkeys": [passkey_summary(passkey) for passkey in kept]})

    @app.delete("/api/account/passkeys/<passkey>")
    async def remove(passkey: str) -> Response:
        expect_own_page()
        account = await sessions.expect_account()
        await ask(lambda desk: desk.accounts.remove_passkey(account.id, passkey))
        kept = await ask(lambda desk: desk.accounts.passkeys(account.id))
        return json_answer({"passkeys": [passkey_summary(one) for one in kept]})


def passkey_summary(passkey: Passkey) -> dict[str, object]:
    """A passkey as the page of its account shows it."""
    return {"id": passkey.id, "createdAt": passkey.created, "usedAt": passkey.used}
