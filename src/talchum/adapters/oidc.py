"""Signing in by an OpenID provider: authorization code with PKCE, state and nonce (OpenID Connect Core 1.0).

Authlib and its joserfc verify; nothing of a token is kept.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from talchum.domain.errors import AccountError

ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"]
"""By which an ID token may be signed: with a key of the provider's own, never with our secret."""

DISCOVERY_SECONDS = 3600.0
LEEWAY_SECONDS = 60
PATIENCE_SECONDS = 10.0
MAX_ANSWER_BYTES = 256 * 1024


@dataclass(frozen=True, slots=True)
class Question:
    """What a browser is sent away with, and what its return must fit."""

    state: str
    nonce: str
    verifier: str

    @classmethod
    def new(cls) -> Question:
        """Three times 256 random bits."""
        return cls(*(secrets.token_urlsafe(32) for _ in range(3)))


@dataclass(frozen=True, slots=True)
class Vouched:
    """Whom a provider vouches for. name: as they are called there, may be empty."""

    issuer: str
    subject: str
    name: str


@dataclass(frozen=True, slots=True)
class _Provider:
    authorization: str
    token: str
    keys: KeySet
    basic: bool
    since: float


class OpenIdProvider:
    """One provider, as it describes itself.

    issuer: its URL, as it calls itself. clock: monotonic seconds.
    """

    def __init__(
        self, issuer: str, client: str, secret: str, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._issuer = issuer
        self._client = client
        self._secret = secret
        self._clock = clock
        self._known: _Provider | None = None
        self._asking = asyncio.Lock()

    async def address(self, question: Question, return_to: str) -> str:
        """Where a browser is sent to sign in. Raises AccountError (`provider_unavailable`)."""
        provider = await self._provider()
        asked = {
            "response_type": "code",
            "client_id": self._client,
            "redirect_uri": return_to,
            "scope": "openid profile",
            "state": question.state,
            "nonce": question.nonce,
            "code_challenge": create_s256_code_challenge(question.verifier),
            "code_challenge_method": "S256",
        }
        joint = "&" if urlsplit(provider.authorization).query else "?"
        return f"{provider.authorization}{joint}{urlencode(asked)}"

    async def vouched(self, question: Question, return_to: str, state: str, code: str) -> Vouched:
        """Whom the provider vouches for with this code.

        Raises AccountError (`provider_refused`, `provider_unavailable`).
        """
        if not secrets.compare_digest(state.encode(), question.state.encode()):
            raise _refused("a state that this browser was not given")
        provider = await self._provider()
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": return_to,
            "code_verifier": question.verifier,
        }
        auth = httpx.BasicAuth(self._client, self._secret) if provider.basic else None
        if auth is None:
            form |= {"client_id": self._client, "client_secret": self._secret}
        answer = await _fetch("POST", provider.token, data=form, auth=auth)
        token = answer.get("id_token")
        if not isinstance(token, str):
            raise _refused("no ID token")
        claims = await self._verified(token, question.nonce)
        name = claims.get("name") or claims.get("preferred_username") or ""
        return Vouched(self._issuer, claims["sub"], name if isinstance(name, str) else "")

    async def _verified(self, token: str, nonce: str) -> CodeIDToken:
        """The claims of an ID token to us, now, in answer to this nonce."""
        try:
            try:
                decoded = jwt.decode(token, (await self._provider()).keys, algorithms=ALGORITHMS)
            except (JoseError, ValueError):  # the provider may have changed its keys
                decoded = jwt.decode(token, (await self._provider(fresh=True)).keys, algorithms=ALGORITHMS)
            options = {
                "iss": {"essential": True, "value": self._issuer},
                "aud": {"essential": True, "value": self._client},
                "sub": {"essential": True},
            }
            params = {"client_id": self._client, "nonce": nonce}
            claims = CodeIDToken(decoded.claims, decoded.header, options, params)
            claims.validate(leeway=LEEWAY_SECONDS)
        except (JoseError, ValueError, TypeError, KeyError) as error:
            raise _refused("an ID token that does not hold") from error
        if not isinstance(claims["sub"], str) or not 0 < len(claims["sub"]) <= 255:
            raise _refused("a subject that is no name")
        return claims

    async def _provider(self, *, fresh: bool = False) -> _Provider:
        """What it says of itself, asked once an hour."""
        async with self._asking:
            known = self._known
            if known is None or fresh or self._clock() - known.since > DISCOVERY_SECONDS:
                self._known = known = await self._discover()
            return known

    async def _discover(self) -> _Provider:
        said = await _fetch("GET", f"{self._issuer.rstrip('/')}/.well-known/openid-configuration")
        if said.get("issuer") != self._issuer:
            raise _unavailable("calls itself another")
        addresses = [said.get(name) for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")]
        scheme = urlsplit(self._issuer).scheme
        for address in addresses:
            if not isinstance(address, str) or urlsplit(address).scheme not in ("https", scheme):
                raise _unavailable("does not say where to ask")
        try:
            keys = KeySet.import_key_set(await _fetch("GET", str(addresses[2])))  # type: ignore[arg-type]
        except (JoseError, ValueError, TypeError, KeyError) as error:
            raise _unavailable("has no keys") from error
        methods = said.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        basic = "client_secret_basic" in methods
        return _Provider(str(addresses[0]), str(addresses[1]), keys, basic, self._clock())


async def _fetch(method: str, url: str, **options: Any) -> dict[str, Any]:
    """A JSON object; one client for each request, since sign-ins are few."""
    try:
        async with httpx.AsyncClient(timeout=PATIENCE_SECONDS, follow_redirects=False) as client:
            answer = await client.request(method, url, **options)
            said = answer.json() if len(answer.content) <= MAX_ANSWER_BYTES else None
    except (httpx.HTTPError, ValueError) as error:
        raise _unavailable("does not answer") from error
    if answer.status_code == 400 and method == "POST":
        raise _refused("a code that its provider does not know")
    if answer.status_code != 200 or not isinstance(said, dict):
        raise _unavailable("does not answer as it should")
    return said


def _refused(what: str) -> AccountError:
    return AccountError(f"got {what}, expected the answer to this sign-in", code="provider_refused")


def _unavailable(what: str) -> AccountError:
    return AccountError(f"the OpenID provider {what}", code="provider_unavailable", retryable=True)
