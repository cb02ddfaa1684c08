"""The face worker: a Celery worker whose tasks hold slots while all legs run on one media event loop.

`python -m talchum.apps.worker` reads `Settings` from the environment. SIGTERM takes it out of consumption and
asks its performers to move to other workers; it ends when the last leg has, or its grace is over. A second
SIGTERM, or SIGINT, ends the legs at once. The Redis key
``face-worker:{id}:stop`` does what the first SIGTERM does.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import secrets
import signal
import socket
import sys
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar
from urllib.parse import urlsplit

import cv2
import msgspec
import numpy as np
import redis.asyncio as redis

from talchum.adapters.celery_consumer import QueueConsumer
from talchum.adapters.celery_queue import (
    FACE_LEG_TASK,
    OFF_SITE_PREFIX,
    FaceLegQueue,
    FaceLegTask,
    make_celery,
)
from talchum.adapters.cpu_share import usable_cores
from talchum.adapters.face_worker_presence import FaceWorkerPresence
from talchum.adapters.face_worker_registry import FaceWorkerStatus
from talchum.adapters.image_file import decode_image
from talchum.adapters.liveness_file import keep_liveness
from talchum.adapters.webrtc.engine import prepare_engine
from talchum.apps.capacity import measure_leg_cost, slots_for
from talchum.apps.collection_pace import pace_collection
from talchum.apps.enrolled_faces import EnrolledFaces
from talchum.apps.enrolling import Enrolling
from talchum.apps.enrolment_leg import EnrolmentLeg
from talchum.apps.installation_keys import installation_verifier
from talchum.apps.known_consents import ConsentedFaces, KnownConsents, WearingRights
from talchum.apps.known_identities import KnownIdentities
from talchum.apps.leg import FaceLeg, LegOrder, Owners, Rights
from talchum.apps.leg_measures import LegMeasures
from talchum.apps.log import begin_logging
from talchum.apps.measuring import measure_loop, measuring
from talchum.apps.media_loop import MediaLoop
from talchum.apps.prepared_faces import Prepare, PreparedFaces, preparer
from talchum.apps.process import run_process
from talchum.apps.settings import Settings
from talchum.apps.tracing import tracing
from talchum.apps.worker_leg import Place, WorkerLeg
from talchum.domain.errors import FaceLegError, IdentityError, MediaFileError, StoreError, TalchumError
from talchum.domain.frame import I420Frame
from talchum.domain.leg_tag import LegTag
from talchum.domain.metrics import LEG_WAIT, STORE_ERRORS, UNMEASURED, WORKER_SLOTS, Measurements
from talchum.domain.placement import CPU_LEGS, GPU_LEGS
from talchum.domain.rendering import BadgeStyle
from talchum.domain.slot_control import SlotControl, most_slots
from talchum.domain.tracing import UNTRACED, Traces
from talchum.protocol.worker_candidates import Reachability
from talchum.vision.blending import image_to_frame
from talchum.vision.cards import CardDeck
from talchum.vision.marks import Marking
from talchum.vision.pipeline import FaceNetworks, FacePipeline, warm_up
from talchum.vision.runtime import check_provider

logger = logging.getLogger(__name__)

Result = TypeVar("Result")

PRESENCE_PERIOD = 1.0
LEASE_PERIOD = 2.0
LEASE_MISSES = 2
"""So often in a row a lease must be missing: a store that came back empty gets them back within a second."""

FOLLOW_PERIOD = 1.0
SLOTS_PERIOD = 1.0
END_SECONDS = 5.0
MOVE_SECONDS = 5.0
"""The longest that a performer who is to move waits for the one before: whoever moves has two legs served."""

SWITCH_SECONDS = 0.001


class FaceWorker:
    """Networks, prepared faces and the legs that use them; everything but `make` runs on the media loop."""

    def __init__(
        self,
        networks: FaceNetworks,
        faces: PreparedFaces,
        presence: FaceWorkerPresence,
        identities: list[str],
        slots: int,
        badge: BadgeStyle,
        rights: Rights,
        owners: Owners,
        *,
        reachable: Reachability = "direct",
        enrolling: Enrolling | None = None,
        queue: str = CPU_LEGS,
        measurements: Measurements = UNMEASURED,
        traces: Traces = UNTRACED,
    ) -> None:
        self._queue = queue
        self._measurements = measurements
        self._traces = traces
        self._reachable = reachable
        self._enrolling = enrolling
        self._networks = networks
        self._faces = faces
        self._presence = presence
        self._identities = identities
        self._legs: set[FaceLeg | EnrolmentLeg] = set()
        self._draining = False
        self._slots = slots
        self._badge = badge
        self._rights = rights
        self._owners = owners
        self._deck = CardDeck()

    @property
    def draining(self) -> bool:
        """Whether this worker takes nothing more."""
        return self._draining

    async def serve(self, task: FaceLegTask) -> None:
        """Run one leg to its end. Raises FaceLegError (`face_leg_expired`) when nobody waits for it."""
        if time.time() >= task.expires_at or not await self._is_wanted(task.request):
            raise FaceLegError(
                "got a face leg nobody waits for any more", code="face_leg_expired", retryable=False
            )
        if task.asked_at:
            self._measurements.observe(LEG_WAIT, max(0.0, time.time() - task.asked_at))
            self._traces.begin("face-leg placement", at=task.asked_at, parent=task.trace).end()
        leg = self._enrolment_leg(task) if task.enrolment else self._face_leg(task)
        self._legs.add(leg)
        if self._draining:
            leg.drain()
        lease = asyncio.create_task(self._watch_lease(task.request, leg))
        try:
            await leg.run()
        finally:
            lease.cancel()
            self._legs.discard(leg)

    def _face_leg(self, task: FaceLegTask) -> FaceLeg:
        order = LegOrder(
            server_url=task.server_url,
            ticket=task.ticket,
            performer=task.performer,
            marking=Marking(LegTag.parse(task.tag), self._badge),
            identity=task.identity,
            engine=task.engine,
            ice_servers=tuple(task.ice_servers),
            account=task.account,
        )
        return FaceLeg(
            order,
            self._faces,
            self._rights,
            self._owners,
            lambda: FacePipeline(self._networks, order.marking, deck=self._deck),
            reachable=self._reachable,
            measures=LegMeasures(
                self._measurements, self._traces.begin("face-leg first frame", parent=task.trace)
            ),
            deck=self._deck,
        )

    def _enrolment_leg(self, task: FaceLegTask) -> EnrolmentLeg:
        if self._enrolling is None:
            raise FaceLegError("got an enrolment, which this worker makes none of", retryable=False)
        place = Place(task.server_url, task.ticket, task.performer, tuple(task.ice_servers))
        return EnrolmentLeg(
            place,
            task.enrolment,
            task.account,
            self._enrolling.desk,
            self._enrolling.watcher,
            reachable=self._reachable,
        )

    async def announce(self, drain: Callable[[], None]) -> None:
        """Keep the presence key fresh; call `drain` when somebody asks this worker to stop."""
        while True:
            free = 0 if self._draining else max(0, self._slots - len(self._legs))
            self._measurements.set(WORKER_SLOTS, self._slots, "total")
            self._measurements.set(WORKER_SLOTS, free, "free")
            try:
                queue = "" if self._draining else self._queue
                status = FaceWorkerStatus(self._slots, free, self._identities, queue)
                stop = await self._presence.announce(status)
                if stop and not self._draining:
                    drain()
            except StoreError as error:
                self._measurements.count(STORE_ERRORS)
                logger.warning("presence: %s", error.message)
            await asyncio.sleep(PRESENCE_PERIOD)

    async def follow(self, known: KnownIdentities) -> None:
        """Have every identity ready, also what is learned later, and drop what is gone."""
        seen = known.digests
        await self._faces.warm(list(seen))
        while True:
            await asyncio.sleep(FOLLOW_PERIOD)
            now = await asyncio.to_thread(known.refresh)
            changed = {name for name in {*seen, *now} if seen.get(name) != now.get(name)}
            for name in changed:
                self._faces.forget(name)
            seen = now
            await self._faces.warm([name for name in now if name in changed])
            self._identities = list(now)  # announced when they are ready

    async def watch(self, consents: KnownConsents) -> None:
        """Know which consents there are, and drop the faces of those that have ended."""
        async for ended in consents.follow():
            for name in ended:
                self._faces.forget(name)

    async def adapt(self, control: SlotControl, use_slots: Callable[[int], None]) -> None:
        """Offer as many slots as the age of the frames allows, and have no more legs taken than that."""
        while True:
            await asyncio.sleep(SLOTS_PERIOD)
            ages = [leg.frame_age for leg in self._legs if leg.frame_age is not None]
            slots = control.observe(time.monotonic(), max(ages, default=None), len(self._legs))
            if slots != self._slots:
                logger.info("%d slots instead of %d, by the age of the frames", slots, self._slots)
                self._slots = slots
                use_slots(slots)

    def drain(self) -> None:
        """Offer nothing more; the legs go on."""
        self._draining = True
        logger.info("draining, %d legs go on", len(self._legs))

    async def move_legs(self, grace: float) -> None:
        """Ask one performer after the other to move elsewhere; end what is left after `grace` seconds."""
        deadline = time.monotonic() + grace
        patience = min(MOVE_SECONDS, grace / (2 * len(self._legs) or 1))
        for leg in list(self._legs):
            leg.drain()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(leg.over(), patience)
        await asyncio.sleep(deadline - time.monotonic())
        self.end_legs()

    def end_legs(self) -> None:
        """End all legs now."""
        self._draining = True
        for leg in self._legs:
            leg.end("worker_stopped")

    async def withdraw(self) -> None:
        """Take the presence key back."""
        try:
            await self._presence.withdraw()
        except StoreError as error:
            logger.warning("presence: %s", error.message)

    async def _watch_lease(self, name: str, leg: WorkerLeg) -> None:
        await until_unwanted(lambda: self._is_wanted(name))
        leg.end("no_longer_wanted")

    async def _is_wanted(self, name: str) -> bool:
        try:
            return await self._presence.is_wanted(name)
        except StoreError as error:
            # The room ends the leg by its ticket and its socket too; a slow store must not.
            self._measurements.count(STORE_ERRORS)
            logger.warning("lease: %s", error.message)
            return True


async def until_unwanted(is_wanted: Callable[[], Awaitable[bool]], period: float = LEASE_PERIOD) -> None:
    """Wait until a lease is gone for good. period: seconds between two looks."""
    missed = 0
    while missed < LEASE_MISSES:
        await asyncio.sleep(period)
        missed = 0 if await is_wanted() else missed + 1


def run(settings: Settings) -> int:
    """Serve face legs until told to stop; the process's exit status.

    Raises NetworkFileError, SettingsError.
    """
    begin_logging(settings.log_level, settings.log_format)
    with measuring(settings, "worker") as measurements, tracing(settings, "worker") as traces:
        return _serve(settings, measurements, traces)


def _serve(settings: Settings, measurements: Measurements, traces: Traces) -> int:
    _share_the_cores()
    loopback = urlsplit(settings.worker_url()).hostname in ("127.0.0.1", "localhost", "::1")
    prepare_engine(zero_playout_delay=True, allow_loopback=loopback)
    check_provider(settings.inference_provider)
    networks = FaceNetworks.load(settings.networks)
    warm_up(networks)
    known = KnownIdentities.of(settings)
    consents = KnownConsents.of(known, lambda: installation_verifier(settings))
    consents.refresh()
    identities = [identity.name for identity in known.list()]
    prepare = preparer(ConsentedFaces(known, consents), networks.topology, settings.rendering)
    slots = settings.worker_slots or _measured_slots(networks, known, prepare)
    media = MediaLoop()
    media.submit(keep_liveness(settings.liveness_file))
    worker_id = f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}"
    if (user := urlsplit(settings.redis_url).username or "").startswith(OFF_SITE_PREFIX):
        worker_id = f"{user}.{worker_id}"  # a user of `talchum worker-access` writes no other names
    with ThreadPoolExecutor(1, "prepare") as executor:
        faces = PreparedFaces(prepare, executor)
        client = redis.from_url(settings.redis_url, socket_timeout=2, socket_connect_timeout=2)
        presence = FaceWorkerPresence(client, worker_id)
        worker = FaceWorker(
            networks,
            faces,
            presence,
            identities,
            slots,
            settings.badge,
            WearingRights(known, consents),
            EnrolledFaces(settings, networks, known),
            reachable=settings.worker_reachable,
            enrolling=Enrolling(settings, networks, known),
            queue=_queue_of(settings),
            measurements=measurements,
            traces=traces,
        )
        # Beside the first legs: a face that one of them wants comes first by being asked for.
        following = media.submit(worker.follow(known))
        watching = media.submit(worker.watch(consents))
        media.submit(measure_loop(measurements))  # until the loop ends
        logger.info("face worker ready: %d slots, %d identities", slots, len(identities))
        try:
            return _consume(settings, worker, media, slots)
        finally:
            following.cancel()
            watching.cancel()
            media.submit(worker.withdraw()).result(END_SECONDS)
            media.close()


def _consume(settings: Settings, worker: FaceWorker, media: MediaLoop, slots: int) -> int:
    """Let Celery take legs off the queue until it is told to stop and the last leg has ended."""
    celery = make_celery(settings.redis_url)
    celery.task(name=FACE_LEG_TASK)(face_leg_task(worker, media, FaceLegQueue(celery)))
    # A number that somebody has set is theirs to be right about.
    measured = not settings.worker_slots
    most = most_slots(slots) if measured else slots
    consumer = QueueConsumer(celery, _queue_of(settings), "face-worker", slots, settings.log_level, most=most)
    stopping = _Stopping(worker, media, consumer, settings.drain_seconds)
    beside = [media.submit(worker.announce(stopping.drain))]
    if measured:
        beside.append(media.submit(worker.adapt(SlotControl(slots), consumer.use_slots)))
    pace_collection()
    try:
        return consumer.run(stopping.signalled)
    finally:
        for work in beside:
            work.cancel()


def _queue_of(settings: Settings) -> str:
    """Where this worker takes legs from: what its networks run on says whether it is one with a GPU."""
    return CPU_LEGS if settings.inference_provider == "cpu" else GPU_LEGS


def face_leg_task(worker: FaceWorker, media: MediaLoop, queue: FaceLegQueue) -> Callable[..., None]:
    """The body of the task `talchum.face_leg`: it holds a slot of this worker until the leg has ended."""

    def face_leg(**arguments: Any) -> None:
        """Hold a slot until the leg has ended."""
        try:
            task = msgspec.convert(arguments, FaceLegTask)
            if worker.draining:
                media.submit(queue.send(task, task.expires_at - time.time())).result()
                logger.info("a face leg that came while draining was put back")
            else:
                media.submit(worker.serve(task)).result()
        except TalchumError as error:
            logger.warning("a face leg was dropped: %s", error.code)
        except msgspec.ValidationError:
            logger.error("got a face leg's task that does not decode")

    return face_leg


class _Stopping:
    """First signal: drain. Second one, or SIGINT: end the legs too. grace: seconds for the legs to move."""

    def __init__(self, worker: FaceWorker, media: MediaLoop, consumer: QueueConsumer, grace: float) -> None:
        self._worker = worker
        self._media = media
        self._consumer = consumer
        self._grace = grace
        self._moving: Future[None] | None = None

    def drain(self) -> None:
        """Take nothing more off the queue; `consumer.run` returns when the last task has ended."""
        self._media.call(self._worker.drain)
        self._consumer.stop()
        if self._moving is None:
            self._moving = self._media.submit(self._worker.move_legs(self._grace))

    def signalled(self, number: int) -> None:
        """On the main thread."""
        end_too = self._consumer.is_stopping or number == signal.SIGINT
        self.drain()
        if end_too:
            self._media.call(self._worker.end_legs)


def _measured_slots(networks: FaceNetworks, known: KnownIdentities, prepare: Prepare) -> int:
    """Slots by a warm measurement with the first identity that ships, over its own portrait."""
    pipeline = FacePipeline(networks, Marking(LegTag(0)))
    name = next((identity.name for identity in known.list() if not identity.learned), None)
    if name is None:
        logger.warning("no identity is installed; one slot is offered")
        return 1
    try:
        pipeline.wear(prepare(name, None))
        picture = _portrait(known.thumbnail(name))
    except IdentityError as error:
        logger.warning("the leg's cost was not measured: %s", error.code)
        return 1
    cost = measure_leg_cost(pipeline, picture)
    cores = usable_cores()
    slots = slots_for(cost, cores)
    logger.info(
        "a frame costs %.1f ms (pipeline %.1f, codec %.1f) on one of %.1f cores: %d slots",
        *(1000 * seconds for seconds in (cost.total, cost.pipeline, cost.codec)),
        cores,
        slots,
    )
    return slots


def _portrait(thumbnail: bytes) -> I420Frame:
    """An identity's thumbnail as a camera would show it: 640x480 with the face about 250 px wide."""
    try:
        decoded = decode_image(thumbnail)[..., 2::-1]  # OpenCV decodes to BGR
    except MediaFileError as error:
        raise IdentityError("got a thumbnail that does not decode", code="identity_corrupt") from error
    image = np.full((480, 640, 3), 90, np.uint8)
    image[:, 80:560] = cv2.resize(decoded, (480, 480), interpolation=cv2.INTER_LINEAR)
    return image_to_frame(image, 0.0)


def _share_the_cores() -> None:
    """One leg is one thread: no stage spreads over the cores of others, and none holds Python for long."""
    cv2.setNumThreads(1)
    sys.setswitchinterval(SWITCH_SECONDS)


def main() -> None:
    """Run as a process of its own."""
    run_process(run)


if __name__ == "__main__":
    main()
