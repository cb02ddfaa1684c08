"""A performer cannot make a face worker send packets to addresses beside it."""

from __future__ import annotations

import pytest

from talchum.protocol.messages import IceCandidate, IceServer, SessionDescription
from talchum.protocol.worker_candidates import acceptable, acceptable_description, turn_addresses

TURN = turn_addresses(
    [
        IceServer(urls=["stun:10.0.0.9:3478"]),
        IceServer(urls=["turn:10.0.0.7:3478?transport=udp", "turns:turn.example:443?transport=tcp"]),
        IceServer(urls=["turn:[fd00::7]:3478", "turn:10.0.0.8"]),
    ]
)


def line(address: str, *, transport: str = "udp", kind: str = "host") -> str:
    return f"candidate:1 1 {transport} 2122194687 {address} 55631 typ {kind} generation 0 ufrag 98aL"


def test_the_literal_addresses_of_the_own_turn_servers_are_known() -> None:
    assert {"10.0.0.7", "10.0.0.8", "fd00::7"} == TURN


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700:4700::1111", "10.0.0.7", "fd00::7"])
def test_public_addresses_and_own_turn_servers_are_used(address: str) -> None:
    assert acceptable(IceCandidate(candidate=line(address, kind="srflx")), TURN)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "::1",
        "::ffff:127.0.0.1",
        "10.1.2.3",
        "192.168.1.1",
        "172.16.0.1",
        "169.254.169.254",
        "fe80::1",
        "fd00::1",
        "0.0.0.0",
        "224.0.0.1",
        "ff02::1",
        "100.64.0.1",
        "3f1b2c.local",
        "metadata.internal",
    ],
)
def test_addresses_beside_the_worker_are_not(address: str) -> None:
    assert not acceptable(IceCandidate(candidate=line(address)), TURN)


def test_tcp_candidates_are_not_because_they_would_be_connected_to() -> None:
    assert not acceptable(IceCandidate(candidate=line("8.8.8.8", transport="tcp")), TURN)


@pytest.mark.parametrize("text", ["", "candidate:", "candidate:1 1 udp 1 8.8.8.8", "nonsense"])
def test_what_is_no_candidate_is_not(text: str) -> None:
    assert not acceptable(IceCandidate(candidate=text), TURN)


def test_an_offer_keeps_everything_but_those_lines() -> None:
    sdp = "\r\n".join(
        ["v=0", "m=video 9 X 96", f"a={line('10.1.2.3')}", f"a={line('8.8.8.8')}", "a=end-of-candidates", ""]
    )
    cleaned = acceptable_description(SessionDescription(type="offer", sdp=sdp), TURN)
    assert cleaned.sdp.split("\r\n") == ["v=0", "m=video 9 X 96", f"a={line('8.8.8.8')}", ""]
    assert cleaned.type == "offer"
