"""A face worker drops what nobody waits for, puts back what comes too late, and ends when told."""

from __future__ import annotations

import asyncio
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, cast
from unittest.mock import Mock

import msgspec
import pytest

from talchum.adapters.celery_queue import FaceLegQueue, FaceLegTask
from talchum.adapters.face_worker_presence import FaceWorkerPresence
from talchum.adapters.face_worker_registry import FaceWorkerStatus
from talchum.apps.known_consents import KnownConsents
from talchum.apps.known_identities import KnownIdentities
from talchum.apps.leg import FaceLeg
from talchum.apps.media_loop import MediaLoop
from talchum.apps.prepared_faces import PreparedFaces
from talchum.apps.settings import Settings
from talchum.apps.worker import FaceWorker, _queue_of, face_leg_task, until_unwanted
from talchum.domain.errors import FaceLegError, StoreError
from talchum.domain.rendering import BadgeStyle, InferenceProvider
from talchum.domain.slot_control import SlotControl
from talchum.vision.pipeline import FaceNetworks, WornFace
from tests.adapters.learned_bundles import learned_bundle
from tests.adapters.peers import until
from tests.apps.leg_double import FakeOwners, FakeRights, worn
from tests.apps.people import consent_to, persons_bundle, registry_in


class Presence:
    """The store as a worker sees it; `broken` makes it not answer."""

    def __init__(self) -> None:
        self.wanted = False
        self.stop = False
        self.broken = False
        self.said: list[FaceWorkerStatus] = []

    async def announce(self, status: FaceWorkerStatus) -> bool:
        if self.broken:
            raise StoreError("the store did not answer")
        self.said.append(status)
        return self.stop

    async def is_wanted(self, leg: str) -> bool:
        if self.broken:
            raise StoreError("the store did not answer")
        return self.wanted

    async def withdraw(self) -> None:
        if self.broken:
            raise StoreError("the store did not answer")


class Queue:
    """Where legs that come too late are put back."""

    def __init__(self) -> None:
        self.sent: list[tuple[FaceLegTask, float]] = []

    async def send(self, task: FaceLegTask, expires_in: float) -> None:
        self.sent.append((task, expires_in))


def task(*, expires_in: float = 60.0) -> FaceLegTask:
    return FaceLegTask(
        request="leg1",
        tag="00000007",
        room="room",
        performer="p1",
        ticket="room.0123456789abcdef",
        server_url="ws://127.0.0.1:9/ws",
        identity="bune",
        engine=None,
        ice_servers=[],
        expires_at=time.time() + expires_in,
    )


def made(presence: Presence) -> FaceWorker:
    faces = PreparedFaces(lambda identity, _engine: worn(identity), ThreadPoolExecutor(1))
    networks = cast("FaceNetworks", None)
    return FaceWorker(
        networks,
        faces,
        cast("FaceWorkerPresence", presence),
        ["bune"],
        2,
        BadgeStyle(),
        FakeRights(),
        FakeOwners(),
    )


async def test_a_leg_that_came_too_late_is_dropped() -> None:
    presence = Presence()
    presence.wanted = True
    with pytest.raises(FaceLegError) as dropped:
        await made(presence).serve(task(expires_in=-1))
    assert dropped.value.code == "face_leg_expired"


async def test_a_leg_whose_performer_left_is_dropped() -> None:
    with pytest.raises(FaceLegError) as dropped:
        await made(Presence()).serve(task())
    assert dropped.value.code == "face_leg_expired"


async def test_a_lease_that_a_store_lost_for_a_moment_is_not_over() -> None:
    answers = iter([True, False, True, False, False, True])
    looks: list[bool] = []

    async def is_wanted() -> bool:
        looks.append(next(answers))
        return looks[-1]

    await until_unwanted(is_wanted, period=0.0)
    assert looks == [True, False, True, False, False]


async def test_presence_says_what_is_free_and_nothing_while_draining() -> None:
    presence = Presence()
    worker = made(presence)
    announcing = asyncio.create_task(worker.announce(lambda: None))
    await until(lambda: bool(presence.said), "it is announced")
    assert presence.said[0] == FaceWorkerStatus(2, 2, ["bune"])
    worker.drain()
    await until(lambda: presence.said[-1].free == 0, "nothing more is offered")
    announcing.cancel()


async def test_frames_that_stay_late_have_fewer_legs_taken_and_offered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("talchum.apps.worker.SLOTS_PERIOD", 0.0)
    monkeypatch.setattr("talchum.domain.slot_control.LATE_SECONDS", 0.0)
    presence, used = Presence(), list[int]()
    worker = made(presence)
    for frame_age in (0.15, 0.04):
        worker._legs.add(cast("FaceLeg", Mock(frame_age=frame_age)))
    adapting = asyncio.create_task(worker.adapt(SlotControl(2), used.append))
    await until(lambda: used == [1], "no second leg is taken")
    adapting.cancel()
    announcing = asyncio.create_task(worker.announce(lambda: None))
    await until(lambda: bool(presence.said), "it is announced")
    assert presence.said[0] == FaceWorkerStatus(1, 0, ["bune"])
    announcing.cancel()


async def test_somebody_who_asks_it_to_stop_is_heard() -> None:
    presence, drained = Presence(), threading.Event()
    presence.stop = True
    announcing = asyncio.create_task(made(presence).announce(drained.set))
    await until(drained.is_set, "it drains")
    announcing.cancel()


async def test_a_store_that_does_not_answer_ends_nothing() -> None:
    presence = Presence()
    presence.broken = True
    worker = made(presence)
    announcing = asyncio.create_task(worker.announce(lambda: None))
    await asyncio.sleep(0)
    presence.broken = False
    await until(lambda: bool(presence.said), "it goes on")
    announcing.cancel()
    presence.broken = True
    await worker.withdraw()


class Leg:
    """One that is served until it is told to end."""

    def __init__(self) -> None:
        self.drained = asyncio.Event()
        self.ended = asyncio.Event()
        self.reason = ""

    async def over(self) -> None:
        await self.ended.wait()

    def drain(self) -> None:
        self.drained.set()

    def end(self, reason: str) -> None:
        self.reason = reason


async def test_performer_is_asked_to_move_when_the_one_before_has(monkeypatch: pytest.MonkeyPatch) -> None:
    worker, legs = made(Presence()), [Leg(), Leg(), Leg()]
    monkeypatch.setattr(worker, "_legs", set(legs))
    moving = asyncio.create_task(worker.move_legs(300.0))

    def asked() -> list[Leg]:
        return [leg for leg in legs if leg.drained.is_set()]

    for number in range(1, 4):
        await until(lambda number=number: len(asked()) == number, "one is asked")  # type: ignore[misc]
        await asyncio.sleep(0.02)
        assert len(asked()) == number
        next(leg for leg in asked() if not leg.ended.is_set()).ended.set()
    moving.cancel()


async def test_performer_who_does_not_move_holds_nobody_up_and_ends_with_the_grace(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    worker, legs = made(Presence()), [Leg(), Leg()]
    monkeypatch.setattr(worker, "_legs", set(legs))
    moving = asyncio.create_task(worker.move_legs(0.2))
    await until(lambda: any(leg.drained.is_set() for leg in legs), "one is asked")
    assert not all(leg.drained.is_set() for leg in legs)
    await moving
    assert all(leg.drained.is_set() for leg in legs)
    assert {leg.reason for leg in legs} == {"worker_stopped"}


def test_a_leg_that_comes_while_draining_is_put_back_for_another_worker() -> None:
    media, queue, worker = MediaLoop(), Queue(), made(Presence())
    worker.drain()
    face_leg = face_leg_task(worker, media, cast("FaceLegQueue", queue))
    face_leg(**cast("dict[str, Any]", msgspec.to_builtins(task())))
    media.close()
    [(back, expires_in)] = queue.sent
    assert back.request == "leg1"
    assert 0 < expires_in <= 60


async def test_what_is_learned_elsewhere_is_prepared_and_then_announced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("talchum.apps.worker.FOLLOW_PERIOD", 0.01)
    monkeypatch.setattr("talchum.apps.worker.PRESENCE_PERIOD", 0.01)
    presence, prepared, threads = Presence(), list[str](), set[str]()

    def prepare(identity: str, _engine: str | None) -> WornFace:
        prepared.append(identity)
        threads.add(threading.current_thread().name)
        return worn("bune")

    faces = PreparedFaces(prepare, ThreadPoolExecutor(1, "prepare"))
    worker = FaceWorker(
        cast("FaceNetworks", None),
        faces,
        cast("FaceWorkerPresence", presence),
        ["bune"],
        2,
        BadgeStyle(),
        FakeRights(),
        FakeOwners(),
    )
    known = KnownIdentities.of(Settings(redis_url="", data=tmp_path))
    tasks = [asyncio.create_task(worker.announce(lambda: None)), asyncio.create_task(worker.follow(known))]
    await until(lambda: set(prepared) >= set(known.digests), "what ships is ready")

    library = known.library()
    library.add(learned_bundle("hana"), 1.0)
    await until(lambda: "hana" in presence.said[-1].identities, "it is announced")
    assert prepared.count("hana") == 1
    assert threads == {"prepare_0"}, "never on the event loop"
    library.learned.remove("hana")
    await until(lambda: "hana" not in presence.said[-1].identities, "what is gone is not announced")
    library.add(learned_bundle("hana", network=b"another network"), 2.0)
    await until(lambda: prepared.count("hana") == 2, "another one under its name is made anew")
    for running in tasks:
        running.cancel()
    library.learned.engine.dispose()


@pytest.mark.parametrize("arguments", [{}, {"request": 5}, {"nonsense": True}])
def test_a_task_that_does_not_decode_holds_no_slot(arguments: dict[str, Any]) -> None:
    media = MediaLoop()
    face_leg_task(made(Presence()), media, cast("FaceLegQueue", Queue()))(**arguments)
    media.close()


def test_the_media_loop_cancels_what_runs_when_it_closes() -> None:
    media, cancelled = MediaLoop(), threading.Event()

    async def forever() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()

    media.submit(forever())
    media.submit(asyncio.sleep(0)).result(5)
    media.close()
    assert cancelled.is_set()


async def test_the_prepared_face_of_an_ended_consent_is_dropped(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("talchum.apps.known_consents.FOLLOW_SECONDS", 0.01)
    registry = registry_in(tmp_path)
    bundle = persons_bundle()
    consent = consent_to(bundle)
    registry.grant(bundle, consent)
    prepared = list[str]()

    def prepare(identity: str, _engine: str | None) -> WornFace:
        prepared.append(identity)
        return worn(identity)

    faces = PreparedFaces(prepare, ThreadPoolExecutor(1, "prepare"))
    worker = FaceWorker(
        cast("FaceNetworks", None),
        faces,
        cast("FaceWorkerPresence", Presence()),
        [],
        2,
        BadgeStyle(),
        FakeRights(),
        FakeOwners(),
    )
    consents = KnownConsents(lambda: registry.records, lambda: registry.verifier)
    watching = asyncio.create_task(worker.watch(consents))
    await until(lambda: bool(consents.consents_to("hana")), "the consent is known")
    for _ in range(2):
        await faces.get("hana", None)
    assert prepared == ["hana"]
    await asyncio.to_thread(registry.end, consent.id, "subject")

    async def made_again() -> bool:
        await faces.get("hana", None)
        return len(prepared) == 2

    async with asyncio.timeout(20):
        while not await made_again():  # noqa: ASYNC110 - the event is in a database
            await asyncio.sleep(0.01)
    watching.cancel()
    registry.records.engine.dispose()


@pytest.mark.parametrize(
    ("provider", "queue"), [("cpu", "face-legs"), ("cuda", "face-legs.gpu"), ("tensorrt", "face-legs.gpu")]
)
def test_a_worker_on_a_gpu_takes_legs_from_the_queue_of_those(
    provider: InferenceProvider, queue: str
) -> None:
    assert _queue_of(Settings(redis_url="redis://h", inference_provider=provider)) == queue
