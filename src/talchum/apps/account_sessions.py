"""Who asks: the session cookie of a signed-in account."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable

from quart import Response, request

from talchum.adapters.accounts import Account, Accounts
from talchum.domain.errors import AccountError, DatabaseError

logger = logging.getLogger(__name__)

COOKIE = "talchum-session"
LIFETIME_SECONDS = 30 * 24 * 3600


class AccountSessions:
    """Reads and sets the cookie. open_accounts: may block; raises DatabaseError. https: always, also where a
    proxy speaks it in this server's place.
    """

    def __init__(self, open_accounts: Callable[[], Accounts], *, https: bool) -> None:
        self._open = open_accounts
        self._https = https

    async def guest_or_account(self) -> str:
        """The account that asks, empty for a guest; while the database is away everybody is one."""
        try:
            account = await self.account()
        except DatabaseError as error:
            logger.warning("accounts: %s", error.message)
            return ""
        return "" if account is None else account.id

    async def account(self) -> Account | None:
        """The account that asks, None for a guest. Raises DatabaseError."""
        token = request.cookies.get(COOKIE, "")
        if not token:
            return None
        return await asyncio.to_thread(lambda: self._open().of_session(token, time.time()))

    async def expect_account(self) -> Account:
        """The account that asks. Raises AccountError (`signed_out`), DatabaseError."""
        account = await self.account()
        if account is None:
            raise AccountError("got a request of nobody who is signed in", code="signed_out")
        return account

    async def sign_in(self, response: Response, account: Account) -> Response:
        """Give the answer a cookie of a new session."""
        token = await asyncio.to_thread(
            lambda: self._open().open_session(account.id, LIFETIME_SECONDS, time.time())
        )
        response.set_cookie(
            COOKIE,
            token,
            max_age=LIFETIME_SECONDS,
            secure=self.is_https(),
            httponly=True,
            samesite="Strict",
        )
        return response

    async def sign_out(self, response: Response) -> Response:
        """End the session that asks."""
        token = request.cookies.get(COOKIE, "")
        if token:
            await asyncio.to_thread(lambda: self._open().close_session(token))
        response.delete_cookie(COOKIE, secure=self.is_https(), httponly=True, samesite="Strict")
        return response

    def is_https(self) -> bool:
        """Whether a cookie may be kept from plain HTTP."""
        return self._https or request.scheme == "https"
