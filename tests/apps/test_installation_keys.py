"""Whoever checks what an installation signed does so by its key, here or as it is published."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from talchum.adapters.signing import Signer
from talchum.apps.installation_keys import installation_verifier
from talchum.apps.settings import Settings
from talchum.domain.consent import CONSENT_TYPE
from talchum.domain.errors import AdmissionError, StatementError

CLAIMS = {"said": "so"}


@contextmanager
def publishing(keys: object, asked: list[str]) -> Iterator[int]:
    """A call server that publishes these and nothing else; its port."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            body = json.dumps(keys).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *arguments: object) -> None: ...

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


def test_the_key_in_the_data_directory_is_used_and_nobody_is_asked(tmp_path: Path) -> None:
    token = Signer.of("", tmp_path).sign(CLAIMS, CONSENT_TYPE)
    verifier = installation_verifier(Settings(redis_url="", data=tmp_path, port=1))
    assert verifier.verify(token, CONSENT_TYPE)["said"] == "so"


def test_another_machine_asks_the_call_server_and_makes_no_key_of_its_own(tmp_path: Path) -> None:
    signer = Signer.of("", tmp_path / "server")
    worker, asked = tmp_path / "worker", list[str]()
    with publishing({**signer.jwks, "mark": {"version": 1}}, asked) as port:
        settings = Settings(redis_url="", data=worker, server_url=f"ws://127.0.0.1:{port}/ws")
        verifier = installation_verifier(settings)
    assert asked == ["/.well-known/talchum.json"]
    assert verifier.verify(signer.sign(CLAIMS, CONSENT_TYPE), CONSENT_TYPE)["said"] == "so"
    assert not worker.exists()
    with pytest.raises(StatementError):
        verifier.verify(Signer.of("", tmp_path / "other").sign(CLAIMS, CONSENT_TYPE), CONSENT_TYPE)


def test_a_call_server_under_a_path_is_asked_there(tmp_path: Path) -> None:
    asked: list[str] = []
    with publishing(Signer.of("", tmp_path / "server").jwks, asked) as port:
        url = f"ws://127.0.0.1:{port}/calls/ws"
        installation_verifier(Settings(redis_url="", data=tmp_path / "worker", server_url=url))
    assert asked == ["/calls/.well-known/talchum.json"]


def test_a_call_server_that_does_not_answer_is_no_key(tmp_path: Path) -> None:
    with publishing({}, []) as port:
        pass
    with pytest.raises(AdmissionError) as refused:
        installation_verifier(Settings(redis_url="", data=tmp_path, server_url=f"ws://127.0.0.1:{port}/ws"))
    assert refused.value.code == "server_unreachable"


def test_what_publishes_no_keys_is_refused(tmp_path: Path) -> None:
    with publishing({"keys": "none"}, []) as port, pytest.raises(StatementError):
        installation_verifier(Settings(redis_url="", data=tmp_path, server_url=f"ws://127.0.0.1:{port}/ws"))
