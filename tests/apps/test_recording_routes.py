"""Finished recordings as a participant fetches them, from a real call server."""

from __future__ import annotations

import io
import os
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from talchum.adapters.content_store import DirectoryStore
from talchum.adapters.database import open_database
from talchum.adapters.recording_credentials import CertificateChain
from talchum.adapters.recording_files import RecordingFiles
from talchum.apps.settings import Settings
from tests.apps.call_servers import CallServer, Installation, installation

pytestmark = pytest.mark.valkey

SECRET = "s" * 32
FILM = b"film" + os.urandom(2_500_000)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    directory = tmp_path_factory.mktemp("server")
    with installation(directory, TALCHUM_WEB=str(directory / "nothing")) as servers:
        servers.start()
        yield servers


@pytest.fixture
def server(running: Installation) -> CallServer:
    return running.servers[0]


@pytest.fixture
def files(running: Installation) -> Iterator[RecordingFiles]:
    settings = Settings(redis_url="", data=running.directory)
    engine = open_database(settings.database)
    yield RecordingFiles(engine, DirectoryStore(running.directory / "content"), running.directory)
    engine.dispose()


def test_a_recording_is_there_once_it_is_kept(
    server: CallServer, files: RecordingFiles, tmp_path: Path
) -> None:
    status, answer, _ = server.request(f"/api/recordings/{SECRET}")
    assert (status, answer["code"], answer["retryable"]) == (404, "recording_unknown", True)
    files.keep(io.BytesIO(FILM), SECRET, time.time() + 60)
    with urllib.request.urlopen(f"{server.origin}/api/recordings/{SECRET}", timeout=10) as fetched:
        assert fetched.headers["Content-Type"] == "video/mp4"
        assert fetched.headers["Cache-Control"] == "no-store"
        assert "attachment" in fetched.headers["Content-Disposition"]
        assert fetched.read() == FILM


def test_other_pages_get_no_recording(server: CallServer, files: RecordingFiles) -> None:
    files.keep(io.BytesIO(FILM), "o" * 32, time.time() + 60)
    headers = {"Origin": "https://elsewhere.example"}
    status, answer, _ = server.request(f"/api/recordings/{'o' * 32}", headers=headers)
    assert (status, answer["code"]) == (403, "origin_refused")


def test_a_recording_is_gone_when_its_time_is_over(server: CallServer, files: RecordingFiles) -> None:
    files.keep(io.BytesIO(FILM), "g" * 32, time.time() - 1)
    assert server.request(f"/api/recordings/{'g' * 32}")[0] == 404


def test_the_root_of_recordings_is_published(server: CallServer, running: Installation) -> None:
    published = server.request("/.well-known/talchum.json")[1]["recordings"]
    assert published == {"root": CertificateChain.of("", running.directory).root}


def test_a_call_server_deletes_what_is_over(tmp_path: Path) -> None:
    engine = open_database(f"sqlite:///{tmp_path / 'talchum.db'}")
    files = RecordingFiles(engine, DirectoryStore(tmp_path / "content"), tmp_path)
    files.keep(io.BytesIO(FILM), SECRET, time.time() - 1)
    engine.dispose()
    blobs = list((tmp_path / "content").rglob("*/*"))
    assert blobs
    with installation(tmp_path, TALCHUM_WEB=str(tmp_path)) as servers:
        servers.start()
        deadline = time.monotonic() + 60
        while any(path.exists() for path in blobs):
            assert time.monotonic() < deadline, "it is still there"
            time.sleep(0.05)
