"""Signing in takes two requests; what the first one asked is kept for the second, once and for a while.

The browser holds a cookie that names it, so that nobody else can answer.
"""

from __future__ import annotations

from typing import Protocol, TypeVar

import msgspec
from quart import Response, request

from talchum.apps.account_sessions import AccountSessions
from talchum.domain.errors import AccountError

CEREMONY_SECONDS = 300

Asked = TypeVar("Asked")


class Once(Protocol):
    """Where it is kept; see `OnceStore`."""

    async def put(self, value: bytes, lifetime: int) -> str:
        """Keep a value for so many seconds; the token that takes it."""
        ...

    async def take(self, token: str) -> bytes | None:
        """The value, which is gone then."""
        ...


class Ceremonies:
    """Of one call server. Every method raises StoreError."""

    def __init__(self, once: Once, sessions: AccountSessions) -> None:
        self._once = once
        self._sessions = sessions

    async def begin(
        self, kind: str, asked: msgspec.Struct, response: Response, *, elsewhere: bool = False
    ) -> Response:
        """Remember what was asked. elsewhere: the answer comes by a link of another site's."""
        token = await self._once.put(msgspec.msgpack.encode(asked), CEREMONY_SECONDS)
        response.set_cookie(
            _cookie(kind),
            token,
            max_age=CEREMONY_SECONDS,
            path="/api/account",
            secure=self._sessions.is_https(),
            httponly=True,
            samesite="Lax" if elsewhere else "Strict",
        )
        return response

    async def end(self, kind: str, shape: type[Asked]) -> Asked:
        """What this browser was asked, for the only time. Raises AccountError (`sign_in_over`)."""
        token = request.cookies.get(_cookie(kind), "")
        value = await self._once.take(token) if token else None
        try:
            if value is None:
                raise _over()
            return msgspec.msgpack.decode(value, type=shape)
        except msgspec.DecodeError as error:  # the cookie of another kind
            raise _over() from error


def _cookie(kind: str) -> str:
    return f"talchum-{kind}"


def _over() -> AccountError:
    return AccountError(
        "got an answer to no question, expected one within 5 minutes and only once",
        code="sign_in_over",
        retryable=True,
    )
