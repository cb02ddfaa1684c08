from __future__ import annotations

from talchum.adapters.turn_credentials import TurnCredentials

URLS = ("stun:{host}:3478", "turn:{host}:3478?transport=udp", "turn:{host}:3478?transport=tcp")


def test_credentials_are_coturns_rest_form() -> None:
    turn = TurnCredentials(URLS, "north", lifetime=600)
    stun, relay = turn.issue("p1", "calls.example.org", 1_000_000.4)
    assert stun.urls == ["stun:calls.example.org:3478"]
    assert stun.username == ""
    assert relay.urls == [
        "turn:calls.example.org:3478?transport=udp",
        "turn:calls.example.org:3478?transport=tcp",
    ]
    assert relay.username == "1000600:p1"
    # printf 1000600:p1 | openssl dgst -sha1 -hmac north -binary | base64
    assert relay.credential == "Jx1kufTLYw3iBX2jWZ1sw0YE5d0="


def test_credentials_never_live_longer_than_ten_minutes() -> None:
    relay = TurnCredentials(URLS, "north", lifetime=86_400).issue("p1", "h", 0.0)[1]
    assert relay.username == "600:p1"


def test_name_that_may_mean_ipv6_is_told_as_an_address() -> None:
    assert TurnCredentials(URLS, "north").issue("p1", "localhost", 0.0)[0].urls == ["stun:127.0.0.1:3478"]


def test_without_a_secret_there_is_no_turn() -> None:
    turn = TurnCredentials(URLS, "")
    assert not turn.has_turn
    assert [server.urls for server in turn.issue("p1", "h", 0.0)] == [["stun:h:3478"]]
    assert TurnCredentials().issue("p1", "h", 0.0) == []
    assert not TurnCredentials(("stun:h:3478",), "north").has_turn
