"""A worker off site serves legs as a Redis user that can do nothing else."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import redis
from redis.asyncio import Redis
from redis.exceptions import NoPermissionError

from talchum.adapters.celery_queue import FACE_LEG_TASK, FaceLegQueue, FaceLegTask, make_celery
from talchum.adapters.face_worker_presence import FaceWorkerPresence
from talchum.adapters.face_worker_registry import FaceWorkerStatus
from talchum.adapters.store_access import apply_rules, worker_rules, worker_url, worker_user
from talchum.adapters.valkey import embedded_valkey
from talchum.domain.errors import SettingsError, StoreError
from talchum.domain.placement import CPU_LEGS, GPU_LEGS

USER = "worker-attic"
SECRETS = {
    "talchum:room:k": "state",
    "talchum:server:s1": "1",
    "talchum:face-worker:other.1": "{}",
    "talchum:face-worker:worker-attic-2.1": "{}",
    "talchum:celery:unacked.worker-attic-2": "a ticket",
}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[str]:
    """A Valkey that is reached over TCP."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    valkey = embedded_valkey(tmp_path)
    command = [*valkey.command, "--port", str(port), "--bind", "127.0.0.1"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + 20.0
    while not valkey.answers():
        assert time.monotonic() < deadline
        time.sleep(0.01)
    try:
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        process.kill()
        process.wait()
        valkey.clean()


@pytest.fixture
def off_site(store: str) -> str:
    """The address for a worker that stands elsewhere."""
    password = "a-password-of-the-attic"
    apply_rules(store, USER, worker_rules(USER, password, CPU_LEGS))
    return worker_url(store, USER, password)


def a_leg(request: str = "leg1") -> FaceLegTask:
    return FaceLegTask(request, "00000007", "k", "p", "t", "ws://h", "veil", None, [], time.time() + 30.0)


@pytest.mark.valkey
@pytest.mark.filterwarnings("ignore::celery.platforms.SecurityWarning")
def test_a_worker_off_site_takes_legs_off_its_queue(store: str, off_site: str) -> None:
    celery = make_celery(off_site)
    taken: list[str] = []

    def face_leg(**arguments: Any) -> None:
        taken.append(arguments["request"])

    celery.task(name=FACE_LEG_TASK, shared=False)(face_leg)
    worker = celery.Worker(
        pool="threads",
        concurrency=2,
        queues=[CPU_LEGS],
        loglevel="ERROR",
        without_mingle=True,
        without_gossip=True,
        without_heartbeat=True,
    )
    thread = Thread(target=worker.start, daemon=True)
    thread.start()
    sender = FaceLegQueue(make_celery(store))
    for number in range(3):
        asyncio.run(sender.send(a_leg(f"leg{number}"), 30.0))
    deadline = time.monotonic() + 20.0
    while len(taken) < 3 and time.monotonic() < deadline:
        time.sleep(0.02)
    worker.stop()
    thread.join(10.0)
    assert sorted(taken) == ["leg0", "leg1", "leg2"]
    with redis.from_url(store) as client:
        assert client.exists("talchum:celery:unacked.worker-attic") == 0, "what was taken is no longer kept"


@pytest.mark.valkey
async def test_a_worker_off_site_says_that_it_lives_and_asks_whether_a_leg_is_wanted(
    store: str, off_site: str
) -> None:
    everything, own = Redis.from_url(store), Redis.from_url(off_site)
    presence = FaceWorkerPresence(own, f"{USER}.attic-1-abcd")
    assert not await presence.announce(FaceWorkerStatus(1, 1, []))
    assert await everything.exists(f"talchum:face-worker:{USER}.attic-1-abcd")
    await everything.set("talchum:face-leg:leg1:wanted", "1")
    assert await presence.is_wanted("leg1")
    await presence.withdraw()
    await everything.set(f"talchum:face-worker:{USER}.attic-1-abcd:stop", "1")
    assert await presence.announce(FaceWorkerStatus(1, 1, [])), "it hears that it should stop"
    for client in (everything, own):
        await client.aclose()


@pytest.mark.valkey
@pytest.mark.parametrize(
    "command",
    [
        *(("GET", key) for key in SECRETS),
        *(("SET", key, "mine") for key in SECRETS),
        *(("DEL", key) for key in SECRETS),
        ("XRANGE", "talchum:outbox:k:p", "-", "+"),
        ("XADD", "talchum:outbox:k:p", "*", "m", "forged"),
        ("HGETALL", "talchum:celery:unacked"),
        ("LRANGE", "talchum:celery:face-legs", "0", "-1"),
        ("LPUSH", "talchum:celery:face-legs", "forged"),
        ("DEL", "talchum:celery:face-legs"),
        ("BRPOP", "talchum:celery:face-legs.gpu", "1"),
        ("BRPOP", "talchum:celery:recordings", "1"),
        ("BRPOP", "talchum:celery:training", "1"),
        ("ZRANGE", "talchum:face-legs-waiting", "0", "-1"),
        ("SET", "talchum:face-leg:leg1:wanted", "1"),
        ("DEL", "talchum:face-leg:leg1:wanted"),
        ("SET", "talchum:face-legs.gpu-served", "1"),
        ("EVAL", "return redis.call('GET', 'talchum:room:k')", "0"),
        ("EVAL", "return redis.call('GET', KEYS[1])", "1", "talchum:room:k"),
        ("PUBLISH", "talchum:wake:s1", "{}"),
        ("SUBSCRIBE", "talchum:wake:s1"),
        *((name,) for name in ("RANDOMKEY", "FLUSHALL", "MONITOR", "INFO", "SAVE", "SHUTDOWN")),
        ("KEYS", "*"),
        ("SCAN", "0"),
        ("ACL", "LIST"),
        ("CONFIG", "GET", "*"),
        ("CLIENT", "LIST"),
    ],
    ids=" ".join,
)
def test_a_worker_off_site_can_do_nothing_else(open_store: tuple[str, str], command: tuple[str, ...]) -> None:
    with redis.from_url(open_store[1]) as client, pytest.raises(redis.ResponseError) as refused:
        client.execute_command(*command)
    text = str(refused.value).lower()
    assert isinstance(refused.value, NoPermissionError) or "acl" in text or "permission" in text


@pytest.fixture(scope="module")
def open_store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """One store for all refusals, with its own address and that for the worker."""
    running = store.__wrapped__(tmp_path_factory.mktemp("store"))  # type: ignore[attr-defined]
    url = next(running)
    with redis.from_url(url) as client:
        for key, value in SECRETS.items():
            client.set(key, value)
    yield url, off_site.__wrapped__(url)  # type: ignore[attr-defined]
    running.close()


@pytest.mark.valkey
async def test_a_leg_that_comes_while_it_drains_cannot_be_put_back_and_is_said(
    open_store: tuple[str, str],
) -> None:
    with pytest.raises(StoreError):
        await FaceLegQueue(make_celery(open_store[1])).send(a_leg(), 5.0)


def test_rules_and_address_name_the_queue_and_no_password() -> None:
    rules = worker_rules(worker_user("attic"), "a-password", GPU_LEGS)
    assert "a-password" not in " ".join(rules)
    assert "(~talchum:celery:face-legs.gpu +brpop +llen)" in rules
    url = worker_url("rediss://admin:p@h:6380/2?ssl_ca_certs=/a.pem", USER, "p/w")
    assert url == "rediss://worker-attic:p%2Fw@h:6380/2?ssl_ca_certs=/a.pem"


@pytest.mark.parametrize("name", ["", "Attic", "a.b", "-a", "a b", "a" * 33, "*"])
def test_a_name_that_would_say_more_than_a_name_is_refused(name: str) -> None:
    with pytest.raises(SettingsError):
        worker_user(name)


def test_a_store_that_no_other_machine_reaches_is_refused() -> None:
    with pytest.raises(SettingsError):
        worker_url("unix:///run/v.sock", USER, "p")


def test_a_store_that_is_not_there_is_said() -> None:
    with pytest.raises(StoreError):
        apply_rules("redis://127.0.0.1:1/0", USER, worker_rules(USER, "p", CPU_LEGS))
