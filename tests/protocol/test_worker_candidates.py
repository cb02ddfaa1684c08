"""A performer cannot make a face worker send packets to an address of the performer's choice."""

from __future__ import annotations

import re
from contextlib import suppress
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from talchum.domain.errors import MessageError
from talchum.protocol.messages import IceCandidate, IceServer, SessionDescription
from talchum.protocol.session_description import check_session_description
from talchum.protocol.worker_candidates import (
    WorkerCandidates,
    plain_address,
    servers_for,
    turn_hosts,
)
from tests.protocol.hostile_sdp import OFFERS, spoiled

SERVERS = (
    IceServer(urls=["stun:10.0.0.9:3478"]),
    IceServer(
        urls=["turn:10.0.0.7:3478?transport=udp", "turns:turn.example:443?transport=tcp"],
        username="u",
        credential="c",
    ),
    IceServer(urls=["turn:[fd00::7]:3478", "turn:10.0.0.8", "turn:"]),
)
REACHABLE = WorkerCandidates()
LENIENT = re.compile(r"\W*a\s*=\s*(remote-|end-of-)?candidate", re.IGNORECASE)
BEHIND_NAT = WorkerCandidates(frozenset({"203.0.113.20", "2001:db8::20"}))


def line(address: str, *, transport: str = "udp", kind: str = "relay", port: str = "55631") -> str:
    return f"candidate:1 1 {transport} 2122194687 {address} {port} typ {kind} generation 0 ufrag 98aL"


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "203.0.113.20", "10.1.2.3", "127.0.0.1", "fe80::1", "3f1b2c.local"]
)
@pytest.mark.parametrize("kind", ["host", "srflx", "prflx", "relay"])
@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_a_reachable_worker_takes_none_at_all(address: str, kind: str, transport: str) -> None:
    assert not REACHABLE.takes(IceCandidate(candidate=line(address, kind=kind, transport=transport)))


@pytest.mark.parametrize("address", ["203.0.113.20", "2001:db8::20"])
@pytest.mark.parametrize("transport", ["udp", "UDP"])
def test_a_worker_behind_a_nat_takes_relayed_addresses_of_its_turn_servers(
    address: str, transport: str
) -> None:
    assert BEHIND_NAT.takes(IceCandidate(candidate=line(address, transport=transport)))


@pytest.mark.parametrize(
    "text",
    [
        line("203.0.113.20", kind="host"),
        line("203.0.113.20", kind="srflx"),
        line("203.0.113.20", transport="tcp"),
        line("203.0.113.20", port="22"),
        line("203.0.113.20", port="-1"),
        line("203.0.113.20", port="65536"),
        line("203.0.113.20", port="9" * 5000),
        line("203.0.113.20", port="055631"),
        line("203.0.113.20", port="٥٥٦٣١"),
        line("203.0.113.21"),
        line("8.8.8.8"),
        line("::ffff:203.0.113.20"),
        line("turn.example"),
        line("203.0.113.20").replace(" ", "\t"),
        line("203.0.113.20").replace("udp ", "udp  "),
        line("203.0.113.20").replace(" typ", " typ typ"),
        line("203.0.113.20").replace("203", "８203"),
        line("203.0.113.20") + "\N{NO-BREAK SPACE}x",
        line("203.0.113.20") + "\x00",
        line("203.0.113.20") + "\r\na=candidate:2",
        "",
        "candidate:",
        "candidate:1 1 udp 1 203.0.113.20",
        "nonsense",
    ],
)
def test_and_nothing_else(text: str) -> None:
    assert not BEHIND_NAT.takes(IceCandidate(candidate=text))


def test_an_offer_keeps_everything_but_those_lines() -> None:
    kept = ["v=0", "c=IN IP4 198.51.100.7", "m=video 9 X 96", f"a={line('203.0.113.20')}", "a=mid:0", ""]
    gone = [
        f"a={line('8.8.8.8')}",
        "a=candidate",
        "a=candidate 1 1 udp 1 8.8.8.8 9 typ host",
        f"A={line('203.0.113.20')}",
        f" a={line('203.0.113.20')}",
        "a=remote-candidates:1 8.8.8.8 9",
        "a=end-of-candidates",
    ]
    sdp = "\r\n".join([*kept[:3], *gone, *kept[3:]])
    stripped = BEHIND_NAT.strip(SessionDescription(type="offer", sdp=sdp))
    assert stripped == SessionDescription(type="offer", sdp="\r\n".join(kept))
    assert "candidate" not in REACHABLE.strip(SessionDescription(type="answer", sdp=sdp)).sdp


@given(
    st.lists(
        st.sampled_from(
            [f"a={line('8.8.8.8')}", "a=candidate:", "a=x", "\v", "\f", "\x1c", "\x85", "\u2028", " "]
        )
    ),
    st.sampled_from(["\n", "\r\n", "\r", "\v", "\u2028", ""]),
)
def test_whatever_ends_a_line_no_candidate_begins_one(parts: list[str], separator: str) -> None:
    for rule in (REACHABLE, BEHIND_NAT):
        sdp = rule.strip(SessionDescription(type="offer", sdp=separator.join(parts))).sdp
        assert not any(piece.startswith("a=candidate") for piece in sdp.replace("\r", "\n").split("\n"))
        assert rule.strip(SessionDescription(type="offer", sdp=sdp)).sdp == sdp


@given(st.sampled_from(sorted(OFFERS)), st.randoms(use_true_random=False), st.integers(1, 6))
def test_no_spoiled_offer_brings_a_candidate_of_its_choice(name: str, chance: Random, mutations: int) -> None:
    """Whoever reads it, also one that takes any white space and any case."""
    offer = SessionDescription(type="offer", sdp=spoiled(name, chance, mutations))
    for rule in (REACHABLE, BEHIND_NAT):
        stripped = rule.strip(offer)  # fails on nothing, checked before or not
        with suppress(MessageError):
            check_session_description(offer)
            assert not [line for line in stripped.sdp.splitlines() if LENIENT.match(line)]


def test_the_hosts_of_turn_urls_are_known_and_those_of_stun_are_not() -> None:
    assert turn_hosts(SERVERS) == {"10.0.0.7", "10.0.0.8", "fd00::7", "turn.example"}


def test_a_reachable_worker_gathers_with_stun_and_one_behind_a_nat_with_turn() -> None:
    assert servers_for("direct", SERVERS) == SERVERS[:1]
    assert servers_for("relay", SERVERS) == SERVERS[1:]
    assert servers_for("relay", SERVERS[:1]) == ()


def test_an_address_has_one_form() -> None:
    assert plain_address("::ffff:203.0.113.20") == "203.0.113.20"
    assert plain_address("2001:DB8:0::20") == "2001:db8::20"
    with pytest.raises(ValueError, match="IPv4 or IPv6"):
        plain_address("turn.example")
