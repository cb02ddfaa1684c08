"""A consumer in a process of its own, as every one of ours is."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from talchum.adapters.celery_queue import make_celery
from tests.adapters.counting_consumer import QUEUE, SLOTS_TASK, TASK
from tests.stores import Store, running_store

pytestmark = pytest.mark.valkey

PATIENCE = 30.0


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with running_store(tmp_path) as running:
        yield running


@pytest.fixture
def consumer(store: Store) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "tests.adapters.counting_consumer", store.url]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert said(process) == "ready"
        yield process
    finally:
        process.kill()
        process.communicate()


def said(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def send(store: Store, number: int) -> None:
    make_celery(store.url).send_task(TASK, [number], queue=QUEUE)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_to_an_idle_consumer_ends_it(consumer: subprocess.Popen[str], number: int) -> None:
    consumer.send_signal(number)
    assert said(consumer) == "signalled"
    assert consumer.wait(PATIENCE) == 0


def test_a_stopped_consumer_ends_what_runs_and_leaves_what_waits(
    store: Store, consumer: subprocess.Popen[str]
) -> None:
    send(store, 1)
    assert said(consumer) == "began 1"
    consumer.send_signal(signal.SIGTERM)
    assert said(consumer) == "signalled"
    send(store, 2)
    consumer.send_signal(signal.SIGTERM)
    assert said(consumer) == "again"
    assert said(consumer) == "ended 1"
    assert consumer.wait(PATIENCE) == 0
    assert said(consumer) == "", "the second task is for another one"


def test_slots_are_raised_and_lowered_while_it_runs(store: Store, consumer: subprocess.Popen[str]) -> None:
    def use_slots(slots: int) -> None:
        make_celery(store.url).send_task(SLOTS_TASK, [slots], queue=QUEUE)

    use_slots(2)
    send(store, 1)
    send(store, 2)
    assert {said(consumer), said(consumer)} == {"began 1", "began 2"}
    assert {said(consumer), said(consumer)} == {"ended 1", "ended 2"}
    use_slots(1)
    send(store, 3)
    send(store, 4)
    assert [said(consumer) for _ in range(4)] == ["began 3", "ended 3", "began 4", "ended 4"]
