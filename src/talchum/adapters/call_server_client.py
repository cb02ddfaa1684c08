"""The call server's HTTP interface, as a client without a browser uses it."""

from __future__ import annotations

import re
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

import httpx

from talchum.domain.errors import AdmissionError, IdentityError

_LINK_PATH = "/call"
KEYS_PATH = "/.well-known/talchum.json"
_ROOM = re.compile(r"[A-Za-z0-9_-]{22}")


@dataclass(frozen=True, slots=True)
class CallLink:
    """A call link taken apart: the call server's origin and the room."""

    origin: str
    room: str

    @classmethod
    def parse(cls, link: str) -> CallLink:
        """Read ``<origin>/call/#ROOM``. Raises AdmissionError (`link_invalid`)."""
        parts = urlsplit(link)
        room = parts.fragment
        if parts.scheme not in ("http", "https") or not parts.netloc or _ROOM.fullmatch(room) is None:
            raise AdmissionError("got no call link, expected http(s)://.../call/#ROOM", code="link_invalid")
        prefix = parts.path.rstrip("/").removesuffix(_LINK_PATH)
        return cls(f"{parts.scheme}://{parts.netloc}{prefix}", room)

    @property
    def host(self) -> str:
        """The call server's host name or address."""
        return urlsplit(self.origin).hostname or ""

    @property
    def on_this_machine(self) -> bool:
        """Whether the call server is reached over loopback."""
        return self.host in ("127.0.0.1", "::1", "localhost") or self.host.endswith(".localhost")

    def tls(self) -> ssl.SSLContext | None:
        """How to trust the call server; None without TLS.

        Over loopback the certificate is not checked: nobody stands between, and `up --https` signs its own.
        """
        if urlsplit(self.origin).scheme != "https":
            return None
        context = ssl.create_default_context()
        if self.on_this_machine:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return context

    @property
    def socket_url(self) -> str:
        """Where signalling goes."""
        return f"ws{self.origin.removeprefix('http')}/ws"


@dataclass(frozen=True, slots=True)
class Published:
    """What an installation publishes.

    keys: a JWK Set. ahead: seconds by which its clock is ahead of this one.
    """

    keys: Mapping[str, Any]
    ahead: float


class CallServerClient:
    """Asks one call server. Raises AdmissionError with the server's code, or `server_unreachable`."""

    def __init__(self, link: CallLink) -> None:
        self._room = link.room
        verify = link.tls() or True
        self._http = httpx.AsyncClient(base_url=link.origin, timeout=10, verify=verify, trust_env=False)

    async def sign_in(self, invitation: str) -> None:
        """Be the account of an invitation from now on (`talchum account invite`), which is used up."""
        await self._ask("POST", "/api/account/sign-in/invitation", {"token": invitation})

    async def ticket(self) -> str:
        """A ticket for one participant."""
        answer = await self._ask("POST", f"/api/rooms/{self._room}/tickets", {})
        return str(answer["ticket"])

    async def identity_kind(self, identity: str) -> str:
        """What kind of face it is, of `identity.KINDS`. Raises IdentityError (`identity_unknown`)."""
        for known in await self._ask("GET", "/api/identities"):
            if known["name"] == identity:
                return str(known["kind"])
        raise IdentityError(
            f"got identity {identity!r:.80}, expected one that the server has", code="identity_unknown"
        )

    async def published(self) -> Published:
        """The keys that verify what this server signs, and its time."""
        answer = await self._request("GET", "/.well-known/talchum.json")
        try:
            ahead = parsedate_to_datetime(answer.headers["date"]).timestamp() - time.time()
        except (KeyError, ValueError):
            ahead = 0.0
        return Published(_decoded(answer), ahead)

    async def receipt(self, left: str) -> dict[str, Any]:
        """What the service has noted of the call, signed; once the participant `left` has gone."""
        answer = await self._ask("GET", f"/api/rooms/{self._room}/receipt?left={left}")
        return dict(answer)

    async def close(self) -> None:
        """Let its connections go."""
        await self._http.aclose()

    async def _ask(self, method: str, path: str, body: object | None = None) -> Any:
        return _decoded(await self._request(method, path, body))

    async def _request(self, method: str, path: str, body: object | None = None) -> httpx.Response:
        try:
            return await self._http.request(method, path, json=body)
        except httpx.HTTPError as error:
            raise _unreachable(error) from error


def _decoded(answer: httpx.Response) -> Any:
    try:
        data = answer.json()
    except ValueError as error:
        raise _unreachable(error) from error
    if answer.is_error:
        raise AdmissionError(
            str(data.get("message", f"got status {answer.status_code}")),
            code=str(data.get("code", "not_admitted")),
            retryable=bool(data.get("retryable", False)),
        )
    return data


def _unreachable(error: Exception) -> AdmissionError:
    return AdmissionError(
        f"the call server did not answer: {type(error).__name__}", code="server_unreachable", retryable=True
    )


def published_keys(link: CallLink) -> dict[str, Any]:
    """The installation's public keys, as its call server publishes them (a JWK Set); blocks.

    Raises AdmissionError (`server_unreachable`).
    """
    verify = link.tls() or True
    try:
        answer = httpx.get(f"{link.origin}{KEYS_PATH}", timeout=3, verify=verify, trust_env=False)
        return dict(answer.raise_for_status().json())
    except (httpx.HTTPError, ValueError) as error:
        raise _unreachable(error) from error
