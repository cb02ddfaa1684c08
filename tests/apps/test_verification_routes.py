"""The interface for anybody who has a video, of call servers as they run."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from talchum.adapters.audit_log import AuditLog
from talchum.adapters.database import open_database
from talchum.apps.settings import Settings
from talchum.apps.verification_routes import BURST
from talchum.domain.audit import AuditEvent
from tests.apps.call_servers import CallServer, Installation, installation
from tests.apps.test_verify import TAG, marked, written

pytestmark = pytest.mark.valkey

NOTHING = {"report": None, "error": None}


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return written(tmp_path_factory.mktemp("clip") / "clip.mp4", marked()).read_bytes()


@pytest.fixture
def servers(tmp_path: Path) -> Iterator[Installation]:
    with installation(tmp_path) as running:
        yield running


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    for _ in iter(condition, True):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def put(server: CallServer, name: str, data: bytes, length: int | None = None) -> tuple[int, Any]:
    """Send a file, or only its beginning where `length` is more."""
    connection = http.client.HTTPConnection("localhost", server.port, timeout=60)
    headers = {"Content-Length": str(len(data) if length is None else length)}
    connection.request("PUT", f"/api/verifications/{name}/file", data, headers)
    if length is not None and length > len(data):
        until(lambda: server.request(f"/api/verifications/{name}")[1]["state"] == "receiving")
        connection.close()
        return 0, None
    answer = connection.getresponse()
    status, said = answer.status, json.loads(answer.read() or b"null")
    connection.close()
    return status, said


def reserve(server: CallServer, size: int) -> str:
    status, answer, _ = server.request("/api/verifications", {"size": size})
    assert status == 201, answer
    assert answer == {"id": answer["id"], "state": "waiting", "doing": "", "share": 0.0, **NOTHING}
    return str(answer["id"])


def report(server: CallServer, name: str) -> dict[str, Any]:
    deadline = time.monotonic() + 120
    while True:
        status, answer, headers = server.request(f"/api/verifications/{name}")
        assert status == 200, answer
        assert headers["Cache-Control"] == "no-store"
        if answer["state"] in ("succeeded", "failed"):
            return dict(answer)
        assert time.monotonic() < deadline
        time.sleep(0.1)


def forget(server: CallServer, name: str) -> int:
    connection = http.client.HTTPConnection("localhost", server.port, timeout=60)
    connection.request("DELETE", f"/api/verifications/{name}")
    status = connection.getresponse().status
    connection.close()
    return status


def videos(directory: Path) -> list[Path]:
    return list((directory / "verifications").rglob("video-*"))


def until_gone(directory: Path) -> None:
    until(lambda: not videos(directory))


def test_a_marked_clip_of_this_installation_is_recognised(
    servers: Installation, tmp_path: Path, clip: bytes
) -> None:
    server, other = servers.start(), servers.start()
    log = AuditLog(open_database(Settings(redis_url="", data=tmp_path).database))
    leg = {"room": "ab" * 32, "tag": str(TAG), "performer": "p" + "0" * 12, "worker": "w" + "0" * 12}
    log.append([(1_700_000_000_000, AuditEvent("leg-started", leg))])
    status, about, _ = server.request("/api/verifications")
    assert (status, about) == (200, {"open": True, "maxBytes": 512_000_000})
    name = reserve(server, len(clip))
    status, answer = put(server, name, clip)
    assert (status, answer["state"]) == (202, "examining")
    found = report(other, name)  # whichever server is asked
    assert found["state"] == "succeeded"
    assert found["report"]["verdict"] == "marked"
    assert found["report"]["log"][str(TAG)]["started"] == "2023-11-14T22:13:20+00:00"
    assert "ab" * 32 not in json.dumps(found)
    assert videos(tmp_path) == []
    assert forget(other, name) == 200
    assert server.request(f"/api/verifications/{name}")[0] == 404
    assert clip[:64] not in server.log.read_bytes()


def test_what_is_no_video_fails_without_a_name_of_a_file(servers: Installation, tmp_path: Path) -> None:
    server = servers.start()
    text = b"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nfile:///etc/hostname\n#EXT-X-ENDLIST\n"
    name = reserve(server, len(text))
    put(server, name, text)
    failed = report(server, name)
    assert (failed["state"], failed["error"]["code"]) == ("failed", "media_file_unreadable")
    assert str(tmp_path) not in failed["error"]["message"]
    assert videos(tmp_path) == []


def test_places_sizes_and_rates_are_limited(servers: Installation, clip: bytes, tmp_path: Path) -> None:
    server = servers.start(TALCHUM_VERIFICATION_SLOTS="1", TALCHUM_VERIFICATION_MEGABYTES="1")
    status, answer, _ = server.request("/api/verifications", {"size": 1_000_001})
    assert (status, answer["code"]) == (413, "file_too_large")
    name = reserve(server, len(clip))
    status, answer, _ = server.request("/api/verifications", {"size": 1})
    assert (status, answer["code"], answer["retryable"]) == (503, "verifications_busy", True)
    assert forget(server, name) == 200
    assert put(server, name, clip)[0] == 404
    for _ in range(int(BURST) - 3):
        forget(server, reserve(server, 1))
    status, answer, _ = server.request("/api/verifications", {"size": 1})
    assert (status, answer["code"], answer["retryable"]) == (429, "rate_limited", True)
    assert videos(tmp_path) == []


def test_a_cancelled_examination_leaves_no_file(servers: Installation, tmp_path: Path, clip: bytes) -> None:
    server = servers.start()
    name = reserve(server, len(clip))
    assert put(server, name, clip)[0] == 202
    assert forget(server, name) == 200
    until_gone(tmp_path)


def test_who_hangs_up_leaves_no_file(servers: Installation, tmp_path: Path, clip: bytes) -> None:
    server = servers.start(TALCHUM_VERIFICATION_SLOTS="1")
    name = reserve(server, 10 * len(clip))
    put(server, name, clip, length=10 * len(clip))
    until(lambda: server.request(f"/api/verifications/{name}")[0] == 404)
    until_gone(tmp_path)
    reserve(server, 1)


def test_a_stopped_server_leaves_no_file_and_no_process(
    servers: Installation, tmp_path: Path, clip: bytes
) -> None:
    server = servers.start()
    put(server, reserve(server, len(clip)), clip)
    server.stop()
    assert videos(tmp_path) == []


def test_pages_of_others_and_malformed_requests_are_refused(servers: Installation) -> None:
    server = servers.start()
    evil = {"Origin": "https://evil.example"}
    status, answer, _ = server.request("/api/verifications", {"size": 1}, headers=evil)
    assert (status, answer["code"]) == (403, "origin_refused")
    for body in (
        b"",
        b"{",
        b"[]",
        b'{"size": "1"}',
        b'{"size": 1, "name": "my holiday.mp4"}',
        b'{"size": 1.5}',
    ):
        status, answer, _ = server.request("/api/verifications", body, post=True)
        assert (status, answer["code"]) == (400, "malformed_message"), body
    assert put(server, "guess", b"x") == (
        404,
        {**put(server, "guess", b"x")[1], "code": "verification_unknown"},
    )


def test_other_routes_still_take_no_large_body(servers: Installation) -> None:
    server = servers.start()
    assert server.request("/api/rooms", b"x" * 10_000, post=True)[0] in (201, 413)
    assert server.request("/api/verifications", b"x" * 10_000, post=True)[0] == 413


def test_an_installation_may_examine_nothing(servers: Installation) -> None:
    server = servers.start(TALCHUM_VERIFICATION_SLOTS="0")
    assert server.request("/api/verifications")[1]["open"] is False
    status, answer, _ = server.request("/api/verifications", {"size": 1})
    assert (status, answer["code"], answer["retryable"]) == (403, "verifications_closed", False)
