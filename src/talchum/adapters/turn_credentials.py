"""Time-limited TURN credentials in coturn's REST form (draft-uberti-behave-turn-rest-00).

The user name is ``<expiry>:<peer>`` and the password its HMAC-SHA1 under a secret shared with the TURN
server, so that neither server keeps a list and a credential that leaks is worthless in minutes.

Of several TURN servers a room gets two, the same for everybody in it: by rendezvous hashing (Thaler and
Ravishankar 1998) of its key, so that rooms spread evenly and one server more or less moves only its share.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterable
from dataclasses import dataclass

from talchum.protocol.messages import IceServer

MAX_LIFETIME = 600
"""Seconds a credential lives; a client asks for fresh ones before."""

CHOICES = 2
"""TURN servers that a room gets: its own, and one for when that is dead."""


@dataclass(frozen=True, slots=True)
class TurnCredentials:
    """Issues ICE servers.

    urls: ``stun:`` and ``turn(s):`` addresses (RFC 7064, 7065); ``{host}`` in one stands for the name by
    which the client reached the call server. All of one host are one server. secret: empty when there is no
    TURN, the same on all servers.
    """

    urls: tuple[str, ...] = ()
    secret: str = ""
    lifetime: int = MAX_LIFETIME

    @property
    def has_turn(self) -> bool:
        """Whether clients get a TURN server."""
        return bool(self.secret) and any(url.startswith("turn") for url in self.urls)

    def issue(self, peer: str, host: str, now: float, *, room: str = "") -> list[IceServer]:
        """ICE servers for one peer of a room, good for `lifetime` seconds from `now` (wall clock).

        The room's own TURN server comes first, since clients prefer the one that does (libwebrtc).
        """
        # coturn on loopback listens on IPv4 only, and a browser may try ::1 for this name first.
        name = "127.0.0.1" if host == "localhost" else host
        turn = [url for url in self.urls if url.startswith("turn")]
        ranked = _ranked(dict.fromkeys(map(_host_of, turn)), room)
        chosen, others = ranked[:CHOICES], ranked[CHOICES:]
        stun = [url for url in self.urls if url.startswith("stun") and _host_of(url) not in others]
        servers = [IceServer(urls=[url.replace("{host}", name)]) for url in stun]
        if self.secret:
            username = f"{int(now) + min(self.lifetime, MAX_LIFETIME)}:{peer}"
            digest = hmac.digest(self.secret.encode(), username.encode(), hashlib.sha1)
            credential = base64.b64encode(digest).decode()
            for server in chosen:
                own = [url.replace("{host}", name) for url in turn if _host_of(url) == server]
                servers.append(IceServer(urls=own, username=username, credential=credential))
        return servers


def _ranked(hosts: Iterable[str], room: str) -> list[str]:
    """Servers by how much they are this room's, without regard to the order in which they were named."""
    return sorted(hosts, key=lambda host: hashlib.sha256(f"{room} {host}".encode()).digest())


def _host_of(url: str) -> str:
    """Of a STUN or TURN address (RFC 7064, 7065), as it is written."""
    address = url.partition(":")[2].partition("?")[0]
    return address.partition("]")[0] if address.startswith("[") else address.partition(":")[0]
