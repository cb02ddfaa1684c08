"""Which of a performer's ICE candidates a face worker sends packets to.

A candidate makes the receiver send STUN packets to an address of the sender's choice, so a worker that took
all of them could be used to probe what stands beside it (OWASP: server-side request forgery). A performer
reaches a worker at the *worker's* candidates and becomes a peer-reflexive one, which needs none of the
performer's own. Only a worker behind a NAT has to send first; for it, UDP candidates at public addresses,
and at the TURN servers it was told of itself, are enough. Loopback, private, link-local, multicast and mDNS
names are never used.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable

from talchum.protocol.messages import IceCandidate, IceServer, SessionDescription

_END_OF_CANDIDATES = "a=end-of-candidates"


def turn_addresses(ice_servers: Iterable[IceServer]) -> frozenset[str]:
    """Literal addresses in the TURN URLs (RFC 7065) a worker was given."""
    found = set()
    for server in ice_servers:
        for url in server.urls:
            scheme, _, rest = url.partition(":")
            if scheme in ("turn", "turns"):
                host = rest.partition("?")[0].rpartition(":")[0] or rest.partition("?")[0]
                address = _address(host.strip("[]"))
                if address is not None:
                    found.add(str(address))
    return frozenset(found)


def acceptable(candidate: IceCandidate, turn: frozenset[str]) -> bool:
    """Whether a worker may send to this candidate (RFC 8839 5.1)."""
    fields = candidate.candidate.removeprefix("candidate:").split()
    if len(fields) < 8 or fields[2].lower() != "udp":
        return False
    address = _address(fields[4])
    if address is None or address.is_multicast:
        return False
    return address.is_global or str(address) in turn


def acceptable_description(description: SessionDescription, turn: frozenset[str]) -> SessionDescription:
    """The description without the candidates a worker does not send to.

    `a=end-of-candidates` goes too: with it and no candidates left, ICE would fail before the performer's
    checks.
    """
    lines = description.sdp.splitlines(keepends=True)
    kept = [line for line in lines if _keeps(line, turn)]
    return SessionDescription(type=description.type, sdp="".join(kept))


def _keeps(line: str, turn: frozenset[str]) -> bool:
    bare = line.strip()
    if bare == _END_OF_CANDIDATES:
        return False
    if not bare.startswith("a=candidate:"):
        return True
    return acceptable(IceCandidate(candidate=bare.removeprefix("a=")), turn)


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address
