"""Time-limited TURN credentials in coturn's REST form (draft-uberti-behave-turn-rest-00).

The user name is ``<expiry>:<peer>`` and the password its HMAC-SHA1 under a secret shared with the TURN
server, so that neither server keeps a list and a credential that leaks is worthless in minutes.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass

from talchum.protocol.messages import IceServer

MAX_LIFETIME = 600
"""Seconds a credential lives; a client asks for fresh ones before."""


@dataclass(frozen=True, slots=True)
class TurnCredentials:
    """Issues ICE servers.

    urls: ``stun:`` and ``turn(s):`` addresses (RFC 7064, 7065); ``{host}`` in one stands for the name by
    which the client reached the call server. secret: empty when there is no TURN.
    """

    urls: tuple[str, ...] = ()
    secret: str = ""
    lifetime: int = MAX_LIFETIME

    @property
    def has_turn(self) -> bool:
        """Whether clients get a TURN server."""
        return bool(self.secret) and any(url.startswith("turn") for url in self.urls)

    def issue(self, peer: str, host: str, now: float) -> list[IceServer]:
        """ICE servers for one peer, good for `lifetime` seconds from `now` (wall clock)."""
        # coturn on loopback listens on IPv4 only, and a browser may try ::1 for this name first.
        name = "127.0.0.1" if host == "localhost" else host
        urls = [url.replace("{host}", name) for url in self.urls]
        servers = [IceServer(urls=[url]) for url in urls if url.startswith("stun")]
        turn = [url for url in urls if url.startswith("turn")]
        if turn and self.secret:
            username = f"{int(now) + min(self.lifetime, MAX_LIFETIME)}:{peer}"
            digest = hmac.digest(self.secret.encode(), username.encode(), hashlib.sha1)
            credential = base64.b64encode(digest).decode()
            servers.append(IceServer(urls=turn, username=username, credential=credential))
        return servers
