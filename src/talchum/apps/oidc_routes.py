"""The call server's interface to signing in by an OpenID provider: off to it, and back."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

import msgspec
from quart import Quart, Response, request

from talchum.adapters.accounts import Account, Accounts
from talchum.adapters.oidc import OpenIdProvider, Question
from talchum.apps.account_sessions import AccountSessions
from talchum.apps.ceremonies import Ceremonies
from talchum.domain.errors import AccountError, TalchumError

KIND = "provider"
START, RETURN = "/api/account/sign-in/provider", "/api/account/sign-in/provider/return"
PAGE = "/account/"


class _Asked(msgspec.Struct, tag=KIND):
    question: Question
    return_to: str


def add_provider(
    app: Quart,
    provider: OpenIdProvider,
    *,
    open_accounts: Callable[[], Accounts],
    sessions: AccountSessions,
    ceremonies: Ceremonies,
    origin: Callable[[], str],
    expect_own_page: Callable[[], None],
) -> None:
    """Register the routes; both end at the account's page, with the code of an error in its fragment.

    open_accounts: may block. origin: of the pages, as the request that asks knows it. expect_own_page: raises
    for requests of other pages, and for too many.
    """

    async def sign_in() -> Account:
        asked = await ceremonies.end(KIND, _Asked)
        if "error" in request.args:
            raise AccountError("got a refusal of the provider's", code="provider_refused")
        given = [request.args.get(name, "") for name in ("state", "code")]
        vouched = await provider.vouched(asked.question, asked.return_to, *given)
        return await asyncio.to_thread(
            lambda: open_accounts().of_provider(vouched.issuer, vouched.subject, vouched.name, time.time())
        )

    @app.get(START)
    async def leave() -> Response:
        try:
            expect_own_page()
            question, return_to = Question.new(), f"{origin()}{RETURN}"
            away = _to(await provider.address(question, return_to))
            # The way back is a link of the provider's.
            return await ceremonies.begin(KIND, _Asked(question, return_to), away, elsewhere=True)
        except TalchumError as error:
            return _to(f"{PAGE}#error={error.code}")

    @app.get(RETURN)
    async def come_back() -> Response:
        try:
            expect_own_page()
            return await sessions.sign_in(_to(PAGE), await sign_in())
        except TalchumError as error:
            return _to(f"{PAGE}#error={error.code}")


def _to(address: str) -> Response:
    return Response("", 303, {"Location": address, "Cache-Control": "no-store"})
