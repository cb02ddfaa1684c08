"""Which of a performer's ICE candidates a face worker sends packets to: none that the performer chose.

A candidate makes the receiver send STUN packets to an address of the sender's choice, so a worker that took
them could be used to probe what stands beside it, or to flood a stranger (OWASP: server-side request
forgery). A performer reaches a worker at the *worker's* candidates and becomes a peer-reflexive one (RFC 8445
7.3.1.3), which needs none of the performer's own. A worker behind a NAT, which nobody can reach so, takes the
performer's relayed addresses at its own TURN servers and nothing else.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from talchum.protocol.messages import IceCandidate, IceServer, SessionDescription

Reachability = Literal["direct", "relay"]
"""How performers get to a worker: at its own addresses, or at its TURN servers' (it is behind a NAT)."""

_NEVER_KEPT = ("a=end-of-candidates", "a=remote-candidates")
_UNPRIVILEGED_PORTS = range(1024, 65536)


@dataclass(frozen=True, slots=True)
class WorkerCandidates:
    """What one worker takes of remote candidates.

    relays: literal addresses of its TURN servers when it is behind a NAT; empty for one that can be reached,
    which takes none at all.
    """

    relays: frozenset[str] = frozenset()

    def takes(self, candidate: IceCandidate) -> bool:
        """Whether the worker may send to this candidate (RFC 8839 5.1)."""
        text = candidate.candidate
        fields = text.split(" ")
        # Another parser may see other fields in what is not plain: no tabs, no empty fields, ASCII only.
        if len(fields) < 8 or "" in fields or not (text.isascii() and text.isprintable()):
            return False
        _, _, transport, _, address, port, typ, kind = fields[:8]
        if transport.lower() != "udp" or (typ, kind) != ("typ", "relay"):
            return False
        return address in self.relays and _is_unprivileged_port(port)

    def strip(self, description: SessionDescription) -> SessionDescription:
        """The description without the candidates the worker does not send to.

        `a=end-of-candidates` goes too: with it and no candidates left, ICE would fail before the performer's
        checks.
        """
        lines = description.sdp.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        kept = [line for line in lines if self._keeps(line)]
        return SessionDescription(type=description.type, sdp="\r\n".join(kept))

    def _keeps(self, line: str) -> bool:
        bare = line.strip().lower()
        if bare.startswith(_NEVER_KEPT):
            return False
        if bare.startswith("a=candidate"):
            return line.startswith("a=") and self.takes(IceCandidate(candidate=line.removeprefix("a=")))
        return True


def _is_unprivileged_port(text: str) -> bool:
    # Its length first: a number of thousands of digits is an error to `int`.
    return text.isascii() and text.isdigit() and len(text) <= 5 and int(text) in _UNPRIVILEGED_PORTS


def servers_for(reachability: Reachability, servers: Iterable[IceServer]) -> tuple[IceServer, ...]:
    """The ICE servers such a worker gathers with: STUN when it can be reached, else TURN (RFC 7064, 7065)."""
    schemes = ("stun", "stuns") if reachability == "direct" else ("turn", "turns")
    found = []
    for server in servers:
        urls = [url for url in server.urls if url.partition(":")[0] in schemes]
        if urls:
            found.append(IceServer(urls=urls, username=server.username, credential=server.credential))
    return tuple(found)


def turn_hosts(servers: Iterable[IceServer]) -> frozenset[str]:
    """The names and literal addresses in the TURN URLs (RFC 7065)."""
    found = set()
    for server in servers:
        for url in server.urls:
            scheme, _, rest = url.partition(":")
            if scheme in ("turn", "turns"):
                authority = rest.partition("?")[0]
                bracketed, closed, _ = authority.partition("]")
                found.add(bracketed.removeprefix("[") if closed else authority.partition(":")[0])
    return frozenset(found - {""})


def plain_address(text: str) -> str:
    """An address in its usual form; an IPv4-mapped one as IPv4. Raises ValueError for a name."""
    address = ipaddress.ip_address(text)
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return str(mapped or address)
