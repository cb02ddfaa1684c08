from __future__ import annotations

import asyncio
import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from talchum.adapters.celery_queue import (
    FACE_LEG_QUEUE,
    FACE_LEG_TASK,
    TRAINING_QUEUE,
    TRAINING_TASK,
    FaceLegQueue,
    FaceLegTask,
    TrainingQueue,
    broker_url,
    make_celery,
)
from talchum.adapters.certificates import CertificateFiles, self_signed
from talchum.domain.errors import StoreError
from talchum.protocol.messages import IceServer
from tests.stores import Store, running_store


def a_task(**values: Any) -> FaceLegTask:
    defaults: dict[str, Any] = {
        "request": "leg",
        "tag": "00000007",
        "room": "k" * 22,
        "performer": "p1",
        "ticket": "k" * 22 + ".ticket-ticket-ticket",
        "server_url": "ws://127.0.0.1:8080/ws",
        "identity": "veil",
        "engine": None,
        "ice_servers": [IceServer(urls=["turn:h"], username="u", credential="c")],
        "expires_at": time.time() + 8.0,
    }
    return FaceLegTask(**{**defaults, **values})


@pytest.mark.parametrize(
    ("redis", "broker"),
    [
        ("redis://h:6379/1", "redis://h:6379/1"),
        ("rediss://u:p@h/1", "rediss://u:p@h/1?ssl_cert_reqs=required"),
        ("rediss://h?ssl_ca_certs=/a.pem", "rediss://h?ssl_ca_certs=/a.pem&ssl_cert_reqs=required"),
        ("rediss://h?ssl_cert_reqs=optional", "rediss://h?ssl_cert_reqs=optional"),
        ("unix:///run/v.sock", "redis+socket:///run/v.sock?virtual_host=0"),
        ("unix:///run/v.sock?db=3", "redis+socket:///run/v.sock?virtual_host=3"),
    ],
)
def test_broker_is_the_same_store(redis: str, broker: str) -> None:
    assert broker_url(redis) == broker


class TlsListener:
    """Says what it was sent over TLS, by one connection after the other, and answers nothing."""

    def __init__(self, files: CertificateFiles) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(files.certificate, files.key)
        self._context = context
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self.heard: list[bytes] = []
        self._thread = Thread(target=self._listen, daemon=True)
        self._thread.start()

    def _listen(self) -> None:
        with suppress(OSError):  # closed
            while True:
                connection, _ = self._socket.accept()
                with connection, suppress(OSError):
                    connection.settimeout(5.0)
                    with self._context.wrap_socket(connection, server_side=True) as secured:
                        self.heard.append(secured.recv(1024))

    def close(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join(10.0)


@pytest.mark.parametrize("trusted", [False, True])
def test_a_store_whose_certificate_does_not_verify_is_told_nothing(tmp_path: Path, *, trusted: bool) -> None:
    files = self_signed(tmp_path, ["127.0.0.1"])
    listener = TlsListener(files)
    url = f"rediss://user:secret@127.0.0.1:{listener.port}/0"
    celery = make_celery(f"{url}?ssl_ca_certs={files.certificate}" if trusted else url)
    with pytest.raises(StoreError):
        asyncio.run(FaceLegQueue(celery).send(a_task(), 8.0))
    listener.close()
    assert any(b"secret" in heard for heard in listener.heard) is trusted


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with running_store(tmp_path) as running:
        yield running


@pytest.mark.valkey
def test_worker_gets_the_arguments_and_no_log_their_text(store: Store) -> None:
    celery = make_celery(store.url)
    asyncio.run(FaceLegQueue(celery).send(a_task(), 8.0))
    with celery.connection_for_read() as connection:
        queue = connection.SimpleQueue(FACE_LEG_QUEUE)
        message = queue.get(timeout=5)
        message.ack()
        queue.close()
    assert message.headers["task"] == FACE_LEG_TASK
    assert message.headers["expires"]
    assert "ticket" not in message.headers["kwargsrepr"]
    arguments = message.payload[1]
    assert arguments["identity"] == "veil"
    assert arguments["ice_servers"] == [{"urls": ["turn:h"], "username": "u", "credential": "c"}]


@pytest.mark.valkey
@pytest.mark.filterwarnings("ignore::celery.platforms.SecurityWarning")
def test_consumer_runs_what_is_wanted_and_drops_what_expired(store: Store) -> None:
    celery = make_celery(store.url)
    taken: list[str] = []

    def face_leg(**arguments: Any) -> None:
        taken.append(arguments["request"])

    celery.task(name=FACE_LEG_TASK, shared=False)(face_leg)
    sender = FaceLegQueue(make_celery(store.url))
    asyncio.run(sender.send(a_task(request="late"), 1.0))
    expired_at = time.monotonic() + 1.2
    while time.monotonic() < expired_at:
        time.sleep(0.05)
    asyncio.run(sender.send(a_task(request="wanted"), 30.0))
    worker = celery.Worker(pool="solo", queues=[FACE_LEG_QUEUE], loglevel="ERROR", without_mingle=True)
    thread = Thread(target=worker.start, daemon=True)
    thread.start()
    deadline = time.monotonic() + 20.0
    while not taken and time.monotonic() < deadline:
        time.sleep(0.02)
    worker.stop()
    thread.join(10.0)
    assert taken == ["wanted"]


def test_queue_that_does_not_answer_is_said(tmp_path: Path) -> None:
    celery = make_celery(f"unix://{tmp_path}/nothing.sock")
    with pytest.raises(StoreError) as refused:
        asyncio.run(FaceLegQueue(celery).send(a_task(), 8.0))
    assert refused.value.retryable


@pytest.mark.valkey
def test_a_training_jobs_message_is_its_name_alone(store: Store) -> None:
    celery = make_celery(store.url)
    TrainingQueue(celery).nudge("a1b2c3")
    with celery.connection_for_read() as connection:
        queue = connection.SimpleQueue(TRAINING_QUEUE)
        message = queue.get(timeout=5)
        message.ack()
        queue.close()
    assert message.headers["task"] == TRAINING_TASK
    assert message.payload[:2] == [["a1b2c3"], {}]


def test_a_nudge_that_nobody_takes_is_said_at_once(tmp_path: Path) -> None:
    queue, began = TrainingQueue(make_celery(f"unix://{tmp_path}/nothing.sock")), time.monotonic()
    with pytest.raises(StoreError):
        queue.nudge("a1b2c3")
    assert time.monotonic() - began < 3
