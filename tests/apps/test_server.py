"""Call servers as their clients meet them: real processes, real sockets, a real store."""

from __future__ import annotations

import asyncio
import json
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from talchum.adapters.redis_rooms import connect as connect_store
from talchum.apps.known_identities import open_library
from talchum.apps.server import main
from talchum.apps.settings import Settings
from tests.adapters.learned_bundles import learned_bundle
from tests.apps.call_servers import (
    STATE,
    CallServer,
    Client,
    Installation,
    client,
    installation,
    participant,
)
from tests.apps.soft_authenticator import ORIGIN, SoftAuthenticator

pytestmark = pytest.mark.valkey

OFFER = {"type": "offer", "sdp": "v=0\r\n"}


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    directory = tmp_path_factory.mktemp("servers")
    settings = {
        "TALCHUM_TURN_SECRET": "a secret for these tests",
        "TALCHUM_TURN_URLS": "stun:{host}:3478,turn:{host}:3478?transport=udp",
        "TALCHUM_FACE_LEG_WAIT_SECONDS": "1",
        "TALCHUM_RESUME_SECONDS": "3",
        "TALCHUM_WEB": str(directory / "nothing"),
    }
    with installation(directory, **settings) as servers:
        servers.start()
        servers.start()
        yield servers


@pytest.fixture
def server(running: Installation) -> CallServer:
    return running.servers[0]


@pytest.fixture
def other(running: Installation) -> CallServer:
    return running.servers[1]


# -- HTTP ---------------------------------------------------------------------------------------


def test_health_is_what_automation_relies_on(server: CallServer) -> None:
    status, health, _ = server.request("/healthz")
    assert (status, health) == (200, {"status": "ok", "faceWorkers": 0, "freeLegs": 0, "turn": True})


async def test_face_workers_are_counted_by_their_keys(server: CallServer, running: Installation) -> None:
    store = connect_store(running.store.url)
    status = json.dumps({"slots": 2, "free": 1, "identities": ["veil"]})
    await store.set("talchum:face-worker:one", status, ex=60)
    await store.set("talchum:face-worker:two", "not json", ex=60)
    await store.set("talchum:face-worker:one:stop", "1", ex=60)
    health = server.request("/healthz")[1]
    assert (health["faceWorkers"], health["freeLegs"]) == (1, 1)
    await store.delete("talchum:face-worker:one", "talchum:face-worker:two", "talchum:face-worker:one:stop")
    await store.aclose()


def test_page_names_its_charset_once(running: Installation, tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("<!doctype html><title>한국어</title>")
    (tmp_path / "csp.json").write_text('{"scriptHashes": []}')
    pages = running.start(TALCHUM_WEB=str(tmp_path))
    try:
        with urllib.request.urlopen(pages.origin, timeout=5) as answer:
            assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    finally:
        pages.stop()


def test_room_has_a_link_on_the_requests_own_host(server: CallServer) -> None:
    status, answer, _ = server.request("/api/rooms", post=True)
    assert status == 201
    assert answer == {"room": answer["room"], "link": f"{server.origin}/call/#{answer['room']}"}


def test_link_begins_with_the_public_url_where_there_is_one(running: Installation) -> None:
    public = running.start(TALCHUM_PUBLIC_URL="https://calls.example.org/")
    link = public.request("/api/rooms", {})[1]["link"]
    assert link.startswith("https://calls.example.org/call/#")
    headers = {"Origin": "https://calls.example.org"}
    assert public.request("/api/rooms", {}, headers=headers)[0] == 201
    public.stop()


def test_a_passkey_is_asked_for_at_one_server_and_answered_at_another(running: Installation) -> None:
    settings = {"TALCHUM_PUBLIC_URL": ORIGIN, "TALCHUM_REGISTRATION": "open"}
    first, second = running.start(**settings), running.start(**settings)
    key = SoftAuthenticator()
    with httpx.Client() as browser:
        ways = browser.get(f"{first.origin}/api/account").json()
        assert ways == {"account": None, "registration": "open", "passkeys": True, "provider": False}
        asked = browser.post(f"{first.origin}/api/account/passkeys/options", json={"name": "Hana"}).json()
        answer = {"credential": key.create(asked["options"])}
        made = browser.post(f"{second.origin}/api/account/passkeys", json=answer)
        assert made.status_code == 201
        assert browser.get(f"{first.origin}/api/account").json()["account"]["name"] == "Hana"
        again = browser.post(f"{first.origin}/api/account/passkeys", json=answer)
        assert again.json()["code"] == "sign_in_over"
    first.stop()
    second.stop()


def test_a_server_without_a_name_has_no_passkeys(server: CallServer) -> None:
    with httpx.Client() as browser:
        ways = browser.get(f"http://127.0.0.1:{server.port}/api/account").json()
    assert ways == {"account": None, "registration": "invited", "passkeys": False, "provider": False}


@pytest.mark.parametrize(
    ("path", "body", "status", "code"),
    [
        ("/api/rooms/AAAAAAAAAAAAAAAAAAAAAA/tickets", {}, 404, "room_unknown"),
        ("/api/rooms/nonsense/tickets", {}, 404, "room_unknown"),
        ("/api/rooms/ROOM/tickets", b"nonsense", 400, "malformed_message"),
        ("/api/rooms/ROOM/tickets", {"peer": 7}, 400, "malformed_message"),
        ("/api/rooms/ROOM/tickets", {"photo": "x"}, 400, "malformed_message"),
        ("/api/identities/nobody/thumbnail.webp", None, 404, "identity_unknown"),
    ],
)
def test_refused_request_has_a_code(
    server: CallServer, path: str, body: object, status: int, code: str
) -> None:
    got, answer, _ = server.request(path.replace("ROOM", server.new_room()), body)
    assert (got, answer["code"]) == (status, code)
    assert set(answer) == {"code", "message", "retryable"}


def test_oversize_body_is_refused(server: CallServer) -> None:
    status, _, _ = server.request(f"/api/rooms/{server.new_room()}/tickets", b" " * 10_000)
    assert status == 413


def test_post_of_another_page_is_refused(server: CallServer) -> None:
    for origin in ("http://evil.example", "null"):
        status, answer, _ = server.request("/api/rooms", {}, headers={"Origin": origin})
        assert (status, answer["code"]) == (403, "origin_refused")
    assert server.request("/api/rooms", {}, headers={"Origin": server.origin})[0] == 201


@pytest.mark.parametrize("trusted", ["", "127.0.0.0/8"])
def test_a_clients_limit_is_its_own_behind_a_trusted_proxy_only(running: Installation, trusted: str) -> None:
    proxied = running.start(TALCHUM_TRUSTED_PROXIES=trusted)

    def ask(address: str) -> int:
        headers = {"X-Forwarded-For": f"192.0.2.1, {address}", "X-Forwarded-Proto": "https"}
        headers["Origin"] = proxied.origin.replace("http:", "https:" if trusted else "http:")
        return proxied.request("/api/rooms/unknown/tickets", {}, headers=headers)[0]

    try:
        while ask("192.0.2.7") != 429:
            pass
        assert ask("192.0.2.8") == (404 if trusted else 429)
    finally:
        proxied.stop()
        running.servers.remove(proxied)


async def test_third_participant_gets_no_ticket(server: CallServer) -> None:
    room = server.new_room()
    async with participant(server, room), participant(server, room):
        status, answer, _ = server.request(f"/api/rooms/{room}/tickets", {})
        assert (status, answer["code"], answer["retryable"]) == (409, "room_full", True)


def test_every_answer_carries_the_security_headers(server: CallServer) -> None:
    for path in ("/", "/healthz", "/nothing", "/api/identities"):
        headers = server.request(path)[2]
        assert "camera=(self)" in headers["Permissions-Policy"]
        assert "microphone=(self)" in headers["Permissions-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "no-referrer"
        policy = headers["Content-Security-Policy"]
        assert "default-src 'self'" in policy
        assert "script-src 'self';" in policy
        assert "server" not in {name.lower() for name in headers}


def test_page_says_plainly_that_the_web_app_was_not_built(server: CallServer) -> None:
    status, page, _ = server.request("/")
    assert status == 503
    assert "was not built" in page


def test_every_call_server_publishes_the_installations_key(server: CallServer, other: CallServer) -> None:
    status, published, headers = server.request("/.well-known/talchum.json")
    assert status == 200
    assert published["mark"] == {"version": 1}
    (key,) = published["keys"]
    assert (key["kty"], key["crv"], key["alg"]) == ("OKP", "Ed25519", "EdDSA")
    assert headers["Access-Control-Allow-Origin"] == "*"
    assert other.request("/.well-known/talchum.json")[1] == published


def test_call_server_with_a_signing_key_it_cannot_use_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in (("REDIS_URL", "redis://127.0.0.1:1"), ("SIGNING_KEY", str(tmp_path / "none.pem"))):
        monkeypatch.setenv(f"TALCHUM_{name}", value)
    assert main() == 2
    assert "signing key cannot be read" in capsys.readouterr().err


# -- joining ------------------------------------------------------------------------------------


async def test_socket_of_another_page_is_not_opened(server: CallServer) -> None:
    with pytest.raises(InvalidStatus) as refused:
        async with client(server, origin="http://evil.example"):
            pass
    assert refused.value.response.status_code == 403


async def fatal_code(person: Client) -> str:
    error = await person.hear("error")
    assert error["fatal"]
    with pytest.raises(ConnectionClosed) as closed:
        await person.socket.recv()
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1008
    return str(error["code"])


@pytest.mark.parametrize("ticket", ["nonsense-nonsense-nonsense", "k" * 22 + "." + "s" * 32])
async def test_wrong_ticket_is_refused(server: CallServer, ticket: str) -> None:
    async with client(server) as person:
        await person.socket.send(json.dumps({"type": "join", "ticket": ticket}))
        assert await fatal_code(person) in ("token_malformed", "room_unknown")


async def test_used_ticket_is_refused_on_every_server(server: CallServer, other: CallServer) -> None:
    ticket = server.ticket(server.new_room())["ticket"]
    async with client(server) as first, client(other) as second:
        await first.join(ticket)
        await second.socket.send(json.dumps({"type": "join", "ticket": ticket}))
        assert await fatal_code(second) == "ticket_invalid"


async def test_another_message_first_is_refused(server: CallServer) -> None:
    async with client(server) as person:
        await person.say("ping", nonce=1)
        assert await fatal_code(person) == "join_expected"


async def test_welcome_carries_credentials_for_the_name_the_client_used(server: CallServer) -> None:
    async with participant(server, server.new_room()) as person:
        stun, turn = person.welcome["iceServers"]
        assert stun["urls"] == ["stun:127.0.0.1:3478"]
        assert turn["urls"] == ["turn:127.0.0.1:3478?transport=udp"]
        assert turn["username"].endswith(f":{person.peer}")
        assert person.welcome["iceServersExpireIn"] == 600
        await person.say("ice-servers-request")
        fresh = await person.hear("ice-servers")
        assert fresh["iceServers"][1]["urls"] == turn["urls"]


async def test_reload_rejoins_as_the_same_peer(server: CallServer, other: CallServer) -> None:
    room = server.new_room()
    first_ticket = server.ticket(room)
    async with client(server) as old, participant(other, room) as friend, client(other) as new:
        await old.join(first_ticket["ticket"])
        again = server.ticket(room, {"peer": first_ticket["peer"], "rejoin": first_ticket["rejoin"]})
        await new.join(again["ticket"])
        assert new.peer == old.peer
        assert (await old.hear("error"))["code"] == "session_replaced"
        left = await friend.hear("peer-left")
        assert (left["peer"], left["reason"]) == (old.peer, "replaced")


# -- in the call --------------------------------------------------------------------------------


async def test_two_servers_serve_one_room(server: CallServer, other: CallServer) -> None:
    room = server.new_room()
    async with participant(server, room) as one, participant(other, room) as two:
        assert (await one.hear("peer-joined"))["peer"]["id"] == two.peer
        await one.say("state", state=STATE)
        await one.say("description", to=two.peer, description=OFFER)
        assert (await two.hear("state"))["state"] == STATE
        offered = await two.hear("description")
        assert (offered["from"], offered["description"]) == (one.peer, OFFER)
        await two.say("leave")
        assert (await one.hear("peer-left"))["reason"] == "left"


async def test_bad_messages_are_answered_and_nothing_is_lost(server: CallServer) -> None:
    room = server.new_room()
    async with participant(server, room) as one, participant(server, room) as two:
        codes = []
        for bad in ("nonsense", '{"type":"state"}', "x" * 70_000, b"\xff\xfe", "[]"):
            await one.socket.send(bad)
            codes.append((await one.hear("error"))["code"])
        expected = ["malformed_message"] * 5
        expected[2] = "message_too_large"
        assert codes == expected
        await one.say("state", state=STATE)
        for lines, code in ((70, "too_many_candidates"), (3000, "description_too_large")):
            sdp = "v=0\r\n" + "a=candidate:1 1 udp 1 192.0.2.1 9 typ host\r\n" * lines
            await one.say("description", to=two.peer, description={"type": "offer", "sdp": sdp[:60_000]})
            error = await one.hear("error")
            assert (error["code"], error["about"], error["fatal"]) == (code, one.seq, False)
        await one.say("description", to=two.peer, description=OFFER)
        assert (await two.hear("description"))["from"] == one.peer


async def test_message_too_large_to_read_ends_the_socket_but_not_the_session(server: CallServer) -> None:
    room = server.new_room()
    async with participant(server, room) as person, client(server) as next_socket:
        await person.socket.send("x" * 400_000)
        with pytest.raises(ConnectionClosed) as closed:
            await person.socket.recv()
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1009
        assert (await next_socket.continue_from(person))["type"] == "resumed"


async def test_peer_that_says_too_much_is_slowed_down_and_loses_nothing(server: CallServer) -> None:
    room = server.new_room()
    async with participant(server, room) as one, participant(server, room) as two:
        await one.say("state", state=STATE)
        for _ in range(30):
            await one.say("description", to=two.peer, description=OFFER)
        assert (await one.hear("error"))["code"] == "rate_limited"
        for _ in range(30):
            await two.hear("description")


async def test_leave_that_is_followed_by_the_end_of_the_socket_counts(server: CallServer) -> None:
    room = server.new_room()
    async with participant(server, room) as one:
        async with participant(server, room) as two:
            await two.say("leave")
        assert (await one.hear("peer-left"))["reason"] == "left"


# -- losing and resuming ------------------------------------------------------------------------


async def test_resume_on_another_server_replays_what_was_missed(
    server: CallServer, other: CallServer
) -> None:
    room = server.new_room()
    async with participant(server, room) as one, participant(server, room) as two:
        await two.drop()
        assert (await one.hear("peer-presence"))["present"] is False
        await one.say("state", state=STATE)
        for _ in range(3):
            await one.say("description", to=two.peer, description=OFFER)
        async with client(other) as back:
            resumed = await back.continue_from(two)
            assert (resumed["type"], resumed["received"]) == ("resumed", 0)
            kinds = [(await back.hear())["type"] for _ in range(4)]
            assert kinds == ["state", "description", "description", "description"]
            assert (await one.hear("peer-presence"))["present"] is True


async def test_message_sent_again_after_a_resume_is_taken_once(server: CallServer) -> None:
    room = server.new_room()
    async with participant(server, room) as one, participant(server, room) as two:
        await one.say("state", state=STATE)
        await two.hear("state")
        await one.drop()
        async with client(server) as back:
            assert (await back.continue_from(one))["received"] == 1
            back.seq = 0
            await back.say("state", state=STATE)
            await back.say("description", to=two.peer, description=OFFER)
            after = [await two.hear(), await two.hear(), await two.hear()]
            assert [message["type"] for message in after] == ["peer-presence", "peer-presence", "description"]


async def test_who_does_not_come_back_has_left(server: CallServer) -> None:
    room = server.new_room()
    async with participant(server, room) as one, participant(server, room) as two:
        await two.drop()
        left = await asyncio.wait_for(one.hear("peer-left"), 15)
        assert (left["peer"], left["reason"]) == (two.peer, "lost")
        async with client(server) as back:
            await back.socket.send(
                json.dumps({"type": "resume", "session": two.welcome["session"], "lastSeq": 0})
            )
            assert await fatal_code(back) == "session_unknown"


async def test_peers_of_a_killed_server_go_on_at_another(server: CallServer, running: Installation) -> None:
    doomed = running.start(TALCHUM_RESUME_SECONDS="30")
    room = server.new_room()
    async with participant(server, room) as one, participant(doomed, room) as two:
        doomed.kill()
        with pytest.raises(ConnectionClosed):
            await two.hear()
        await one.say("state", state=STATE)
        async with client(server) as back:
            assert (await back.continue_from(two))["type"] == "resumed"
            assert (await back.hear("state"))["state"] == STATE


async def test_stopped_server_says_so_and_its_peers_are_told_to_be_away(
    server: CallServer, running: Installation
) -> None:
    leaving = running.start()
    room = server.new_room()
    async with participant(server, room) as one, participant(leaving, room) as two:
        assert await asyncio.to_thread(leaving.stop) == 0
        assert (await one.hear("peer-presence"))["present"] is False
        with pytest.raises(ConnectionClosed) as closed:
            await two.hear()
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1012


async def test_sockets_survive_a_store_that_goes_away(tmp_path: Path) -> None:
    with installation(tmp_path) as alone:
        server = alone.start()
        room = server.new_room()
        async with participant(server, room) as one:
            alone.store.kill()
            status, health, _ = server.request("/healthz")
            assert (status, health["status"]) == (503, "store_unavailable")
            await one.say("state", state=STATE)
            error = await one.hear("error")
            assert (error["code"], error["retryable"], error["fatal"]) == ("store_unavailable", True, False)
            alone.store.start()
            # The store kept nothing, but its server knows the room.
            async with participant(server, room) as two:
                # The server says again what was said while the store was away, maybe after the welcome.
                (peer,) = two.welcome["peers"]
                if peer["state"] != STATE:
                    assert (await two.hear("state"))["state"] == STATE
                assert (await one.hear("peer-joined"))["peer"]["id"] == two.peer
            assert server.request("/healthz")[0] == 200


# -- face legs ----------------------------------------------------------------------------------


async def test_request_that_nobody_takes_is_answered(server: CallServer) -> None:
    async with participant(server, server.new_room()) as one:
        await one.say("face-leg-request", request="r1", identity=an_identity(server))
        assert (await one.hear("face-leg-queued"))["request"] == "r1"
        answer = await asyncio.wait_for(one.hear("face-leg-unavailable"), 15)
        assert (answer["code"], answer["retryable"]) == ("no_free_face_worker", True)


async def test_a_performer_cannot_choose_the_servers_that_a_worker_gathers_with(
    server: CallServer, running: Installation
) -> None:
    store = connect_store(running.store.url)
    await store.delete("talchum:celery:face-legs")
    ticket = server.ticket(server.new_room())["ticket"]
    url = f"ws://chosen.example:{server.port}/ws"
    async with connect(url, host="127.0.0.1", port=server.port, proxy=None) as socket:
        one = await Client(socket).join(ticket)
        assert "chosen.example" in str(one.welcome["iceServers"])
        await one.say("face-leg-request", request="r1", identity=an_identity(server))
        queue = await asyncio.wait_for(store.blpop(["talchum:celery:face-legs"], timeout=10), 12)
    await store.aclose()
    assert queue is not None
    servers = task_arguments(json.loads(queue[1]))["ice_servers"]
    assert "turn:127.0.0.1:3478?transport=udp" in str(servers)
    assert "chosen.example" not in str(servers)


async def test_worker_joins_with_the_ticket_of_its_task_only(
    server: CallServer, running: Installation
) -> None:
    store = connect_store(running.store.url)
    await store.delete("talchum:celery:face-legs")
    async with participant(server, server.new_room()) as one, client(server) as worker:
        await one.say("face-leg-request", request="r1", identity=an_identity(server))
        queue = await asyncio.wait_for(store.blpop(["talchum:celery:face-legs"], timeout=10), 12)
        assert queue is not None
        message = json.loads(queue[1])
        assert message["headers"]["task"] == "talchum.face_leg"
        assert "ticket" not in message["headers"]["kwargsrepr"]
        kwargs = task_arguments(message)
        assert await store.exists(f"talchum:face-leg:{kwargs['request']}:wanted")
        assert kwargs["performer"] == one.peer
        assert kwargs["server_url"] == f"ws://127.0.0.1:{server.port}/ws"
        await worker.join(str(kwargs["ticket"]))
        assert worker.welcome["role"] == "face-worker"
        assert [peer["id"] for peer in worker.welcome["peers"]] == [one.peer]
        joined = (await one.hear("peer-joined"))["peer"]
        assert (joined["id"], joined["role"], joined["faceLeg"]) == (worker.peer, "face-worker", "r1")
        await one.say("description", to=worker.peer, description=OFFER)
        assert (await worker.hear("description"))["from"] == one.peer
        await one.say("face-leg-release", request="r1")
        assert (await worker.hear("error"))["code"] == "face_leg_ended"
        assert not await store.exists(f"talchum:face-leg:{kwargs['request']}:wanted")
    await store.aclose()


async def test_an_identity_learned_while_servers_run_is_listed_and_taken_by_every_room(
    server: CallServer, other: CallServer, running: Installation
) -> None:
    async with participant(other, other.new_room()) as one:
        await one.say("face-leg-request", request="r1", identity="hana")
        assert (await one.hear("face-leg-unavailable"))["code"] == "identity_unknown"
        library = open_library(Settings(redis_url="", data=running.directory))
        library.add(learned_bundle("hana"), 1.0)
        library.learned.engine.dispose()
        [item] = [item for item in server.request("/api/identities")[1] if item["name"] == "hana"]
        assert item["learned"]
        other.request("/api/identities")
        await one.say("face-leg-request", request="r2", identity="hana")
        assert (await one.hear("face-leg-queued"))["request"] == "r2"


def an_identity(server: CallServer) -> str:
    """One that is installed; any will do where none is."""
    listed = server.request("/api/identities")[1]
    return str(listed[0]["name"]) if listed else "veil"


def task_arguments(message: dict[str, str]) -> dict[str, object]:
    import base64

    body = json.loads(base64.b64decode(message["body"]))
    return dict(body[1])


def test_logs_name_nobody(running: Installation) -> None:
    for server in running.servers:
        text = server.log.read_text()
        assert "127.0.0.1" not in text
        assert "candidate" not in text
        assert "Traceback" not in text
