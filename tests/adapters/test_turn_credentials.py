from __future__ import annotations

from collections import Counter

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


HOSTS = [f"turn{number}.example.org" for number in range(1, 5)]
SEVERAL = TurnCredentials(
    tuple(
        url.format(host)
        for host in HOSTS
        for url in ("stun:{}", "turn:{}:3478?transport=udp", "turn:{}:3478?transport=tcp", "turns:{}:443")
    ),
    "north",
)


def hosts_of(turn: TurnCredentials, room: str) -> list[str]:
    issued = [server for server in turn.issue("p1", "h", 0.0, room=room) if server.username]
    return [server.urls[0].split(":")[1] for server in issued]


def test_a_room_gets_two_of_several_servers_each_with_all_its_ways_in() -> None:
    issued = SEVERAL.issue("p1", "h", 0.0, room="room")
    first, second = (server for server in issued if server.username)
    host = first.urls[0].split(":")[1]
    assert first.urls == [
        f"turn:{host}:3478?transport=udp",
        f"turn:{host}:3478?transport=tcp",
        f"turns:{host}:443",
    ]
    assert host not in second.urls[0]
    stun = [server.urls[0] for server in issued if not server.username]
    assert sorted(stun) == sorted(f"stun:{name}" for name in hosts_of(SEVERAL, "room"))


def test_everybody_in_a_room_gets_the_same_servers_whoever_names_them_in_which_order() -> None:
    reversed_names = TurnCredentials(SEVERAL.urls[::-1], "north")
    for room in ("a", "b", "c"):
        assert hosts_of(SEVERAL, room) == hosts_of(reversed_names, room)


def test_rooms_spread_over_the_servers() -> None:
    carried = Counter(hosts_of(SEVERAL, f"room {number}")[0] for number in range(4000))
    assert set(carried) == set(HOSTS)
    assert all(850 < rooms < 1150 for rooms in carried.values())


def test_a_server_that_is_taken_away_moves_its_own_rooms_only_and_to_their_second_choice() -> None:
    fewer = TurnCredentials(tuple(url for url in SEVERAL.urls if HOSTS[0] not in url), "north")
    for number in range(200):
        first, second = hosts_of(SEVERAL, f"room {number}")
        assert hosts_of(fewer, f"room {number}")[0] == (second if first == HOSTS[0] else first)


def test_addresses_of_ipv6_are_told_apart() -> None:
    turn = TurnCredentials(
        ("turn:[2001:db8::1]:3478", "turns:[2001:db8::1]:443", "turn:[2001:db8::2]"), "north"
    )
    assert sorted(len(server.urls) for server in turn.issue("p1", "h", 0.0, room="r")) == [1, 2]
