"""A call link is taken apart, and what a server refuses arrives with its code."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from talchum.adapters.call_server_client import CallLink, CallServerClient
from talchum.domain.errors import AdmissionError, IdentityError

ROOM = "abcdefghijklmnopqrstuv"


@pytest.mark.parametrize(
    ("link", "socket"),
    [
        (f"http://localhost:8080/call/#{ROOM}", "ws://localhost:8080/ws"),
        (f"https://talk.example/call/#{ROOM}", "wss://talk.example/ws"),
        (f"https://talk.example/call#{ROOM}", "wss://talk.example/ws"),
        (f"https://[::1]:8443/call/#{ROOM}", "wss://[::1]:8443/ws"),
    ],
)
def test_a_link_says_where_to_go(link: str, socket: str) -> None:
    parsed = CallLink.parse(link)
    assert parsed.room == ROOM
    assert parsed.socket_url == socket


def test_a_certificate_is_checked_unless_the_server_is_on_this_machine() -> None:
    assert CallLink.parse(f"http://talk.example/call/#{ROOM}").tls() is None
    far = CallLink.parse(f"https://talk.example/call/#{ROOM}").tls()
    near = CallLink.parse(f"https://localhost:8443/call/#{ROOM}").tls()
    assert far is not None
    assert near is not None
    assert far.verify_mode == ssl.CERT_REQUIRED
    assert far.check_hostname
    assert near.verify_mode == ssl.CERT_NONE


@pytest.mark.parametrize(
    "link",
    ["", "localhost", f"ftp://x/call/#{ROOM}", "http://x/call/", "http://x/call/#a/b", f"/call/#{ROOM}"],
)
def test_what_is_no_link_is_refused(link: str) -> None:
    with pytest.raises(AdmissionError) as refused:
        CallLink.parse(link)
    assert refused.value.code == "link_invalid"


class Handler(BaseHTTPRequestHandler):
    """A server with one identity and a full room."""

    def do_GET(self) -> None:
        if self.path == "/.well-known/talchum.json":
            self._answer(200, {"keys": []})
            return
        self._answer(200, [{"name": "bune", "kind": "synthetic"}, {"name": "veil", "kind": "anonymise"}])

    def do_POST(self) -> None:
        if self.path.endswith("full/tickets"):
            self._answer(409, {"code": "room_full", "message": "no place", "retryable": True})
        else:
            self._answer(201, {"ticket": "room.0123456789abcdef"})

    def log_message(self, format: str, *arguments: object) -> None:
        pass

    def _answer(self, status: int, body: object) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


@pytest.fixture
def origin() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join()


async def test_a_ticket_and_the_kind_of_a_face_are_asked_for(origin: str) -> None:
    server = CallServerClient(CallLink(origin, ROOM))
    assert await server.ticket() == "room.0123456789abcdef"
    assert await server.identity_kind("veil") == "anonymise"
    with pytest.raises(IdentityError) as unknown:
        await server.identity_kind("nobody")
    assert unknown.value.code == "identity_unknown"
    await server.close()


async def test_what_is_published_comes_with_the_servers_time(
    origin: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    hour_ahead = "Mon, 24 Nov 2025 17:00:00 GMT"
    monkeypatch.setattr(Handler, "date_time_string", lambda _self: hour_ahead)
    monkeypatch.setattr("talchum.adapters.call_server_client.time.time", lambda: 1_764_000_000.0)
    server = CallServerClient(CallLink(origin, ROOM))
    published = await server.published()
    assert published.keys == {"keys": []}
    assert published.ahead == 3_600.0
    await server.close()


async def test_a_refusal_keeps_the_servers_code(origin: str) -> None:
    server = CallServerClient(CallLink(origin, "full"))
    with pytest.raises(AdmissionError, match="no place") as refused:
        await server.ticket()
    assert (refused.value.code, refused.value.retryable) == ("room_full", True)
    await server.close()


async def test_nobody_there_is_said_so() -> None:
    server = CallServerClient(CallLink("http://127.0.0.1:9", ROOM))
    with pytest.raises(AdmissionError) as refused:
        await server.ticket()
    assert (refused.value.code, refused.value.retryable) == ("server_unreachable", True)
    await server.close()
