"""What a call notices when its face worker is killed, and when it is told to stop: 3 workers, 6 legs.

Rows `kills` and `drains` of `benchmarks.scale`.

Six headless performers wear `veil`, 320x240@10, each with a viewer; all twelve are in this process. A canary
is on the performer's face, and every picture that a viewer gets is searched for it. The performers stamp
their frames: a stamped frame that a viewer gets was worked on by a worker, a card has no stamp. Bars: after
kill -9 a face again within 2 s (p95), between two faces at most 300 ms (p95) while a worker drains, and no
camera frame.
"""

from __future__ import annotations

import asyncio
import contextlib
import copy
import math
import signal
import tempfile
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any, cast

from benchmarks.camera_clip import write_camera_clip
from benchmarks.machine import spread
from benchmarks.scale_measures.processes import cpu_seconds
from benchmarks.trust_measures.canary import camera
from talchum.adapters.call_server_client import CallLink, CallServerClient
from talchum.adapters.recording import Recording
from talchum.adapters.webrtc.engine import prepare_engine
from talchum.apps.call import enter
from talchum.apps.collection_pace import pace_collection
from talchum.apps.headless_call import CallOptions, HeadlessCall
from talchum.apps.other_participant import CallResults
from talchum.domain.frame import I420Frame
from talchum.vision.blending import frame_to_image
from tests.browser.canary import search
from tests.calls.service import Child, Service, running_service

WORKERS, LEGS, SLOTS = 3, 6, 3
IDENTITY = "veil"
WIDTH, HEIGHT, RATE = 320, 240, 10
KILL_BAR_S, DRAIN_BAR_MS = 2.0, 300.0
PATIENCE = 60.0
QUIET_SECONDS = 3.0
"""Between faces in every call and the next interruption."""

STARTED_CORES, STARTED_SECONDS = 0.1, 30.0
"""A new worker that uses less has its identities ready: in a cluster another machine pays for that."""

FRESH_SECONDS = 0.5
LOOK_SECONDS = 0.02


@dataclass(frozen=True, slots=True)
class Face:
    """A frame with a face that a viewer got. at: when. filmed: when its performer's camera took it."""

    at: float
    filmed: float


class Seen(CallResults):
    """Every frame with a face, in the order of arrival; a held one, shown again, once."""

    def __init__(self) -> None:
        super().__init__()
        self.faces: list[Face] = []

    def saw(self, since: float, arrived: float, age: float | None) -> None:
        """Keep it when it is stamped and new."""
        super().saw(since, arrived, age)
        if age is None:
            return
        filmed = arrived - age
        if not self.faces or filmed > self.faces[-1].filmed + 0.005:
            self.faces.append(Face(arrived, filmed))


class CanaryWatch:
    """Keeps pictures, in the place of a recording, and searches them for the canary between interruptions."""

    def __init__(self) -> None:
        self.searched = 0
        self.canaries = 0
        self._kept: deque[I420Frame] = deque()

    def add_frame(self, frame: I420Frame, _arrived: float) -> None:
        """Keep a picture."""
        self._kept.append(copy.deepcopy(frame))

    def look(self) -> None:
        """Search all that are kept."""
        while self._kept:
            self.canaries += search(self._kept.popleft()).found
            self.searched += 1

    def add_voice(self, *_heard: object) -> None:
        """The clip has none."""

    def close(self) -> None:
        """Nothing is written."""


@dataclass(slots=True)
class Pair:
    """A performer and a viewer in a room."""

    performer: HeadlessCall
    viewer: HeadlessCall
    seen: Seen
    watch: CanaryWatch

    @property
    def shows_face(self) -> bool:
        """Whether a face has arrived just now."""
        faces = self.seen.faces
        return bool(faces) and time.monotonic() - faces[-1].at < FRESH_SECONDS


@dataclass(frozen=True, slots=True)
class Interruptions:
    """Figures of every call whose worker went. seconds: by call, see `kills` and `drains`."""

    seconds: list[float] = field(default_factory=list)
    rounds: int = 0


@dataclass(frozen=True, slots=True)
class Migration:
    """What was measured. frames: pictures the viewers got, of which `canaries` showed the camera.

    control: the share of pictures in which the search finds the canary where the camera is shown on purpose.
    """

    kills: Interruptions
    drains: Interruptions
    frames: int
    canaries: int
    control: float

    def summary(self) -> dict[str, Any]:
        """Percentiles in milliseconds, counts, and whether the bars are met."""
        kill, drain = (
            spread([1000 * one for one in figures.seconds], 0) if figures.seconds else None
            for figures in (self.kills, self.drains)
        )
        return {
            "killToFaceMs": kill,
            "kills": {"rounds": self.kills.rounds, "calls": len(self.kills.seconds)},
            "drainGapMs": drain,
            "drains": {"rounds": self.drains.rounds, "calls": len(self.drains.seconds)},
            "frames": self.frames,
            "cameraFrames": self.canaries,
            "canaryFoundInCamera": self.control,
            "withinBars": self.canaries == 0
            and (kill is None or kill["p95"] <= 1000 * KILL_BAR_S)
            and (drain is None or drain["p95"] <= DRAIN_BAR_MS),
        }


def measure(kill_rounds: int, drain_rounds: int) -> Migration:
    """Kill one of three workers so many times, then drain one so many times."""
    settings = {"TALCHUM_WORKER_SLOTS": str(SLOTS), "TALCHUM_LOG_LEVEL": "INFO"}
    with tempfile.TemporaryDirectory() as scratch:
        clip = write_clip(Path(scratch) / "camera.mp4")
        with running_service(Path(scratch) / "service", workers=WORKERS, settings=settings) as service:
            return asyncio.run(_measure(service, clip, kill_rounds, drain_rounds))


async def _measure(service: Service, clip: Path, kill_rounds: int, drain_rounds: int) -> Migration:
    prepare_engine(zero_playout_delay=True, allow_loopback=True)
    for worker in service.workers:
        await asyncio.to_thread(wait_until_started, worker)
    control = await shown_on_purpose(service, clip)
    async with pairs(service, clip, LEGS) as calls:
        pace_collection()  # what this process stands still for would be taken for a worker's gap
        killed = await kills(service, calls, kill_rounds)
        drained = await drains(service, calls, drain_rounds)
        await _look(calls)
        frames = sum(call.watch.searched for call in calls)
        canaries = sum(call.watch.canaries for call in calls)
    return Migration(killed, drained, frames, canaries, control)


async def kills(service: Service, calls: list[Pair], rounds: int) -> Interruptions:
    """kill -9 of a worker: from the signal to the first face that was filmed after it, by call."""
    seconds: list[float] = []
    for _ in range(rounds):
        await _settle(calls)
        before = [call.performer.worker for call in calls]
        worker, at = busiest(service), time.monotonic()
        worker.kill()
        await asyncio.sleep(2 * FRESH_SECONDS)
        await until(lambda: all(call.shows_face and call.performer.worker for call in calls), "faces again")
        for call, name in zip(calls, before, strict=True):
            if call.performer.worker != name:
                seconds.append(next(face.at - at for face in call.seen.faces if face.filmed > at))
        await asyncio.to_thread(replace_worker, service)
    return Interruptions(seconds, rounds)


async def drains(service: Service, calls: list[Pair], rounds: int) -> Interruptions:
    """A worker that is told to stop: the longest time between two faces while it empties, by call."""
    seconds: list[float] = []
    for _ in range(rounds):
        await _settle(calls)
        before = [call.performer.worker for call in calls]
        worker, at = busiest(service), time.monotonic()
        worker.process.send_signal(signal.SIGTERM)
        ended = worker.process.poll
        await until(lambda ended=ended: ended() is not None, "the worker ends")  # type: ignore[misc]
        await asyncio.sleep(2 * FRESH_SECONDS)
        # A gap that is still open is over with the next face, however long that takes.
        await until(lambda: all(call.shows_face for call in calls), "a face in every call")
        for call, name in zip(calls, before, strict=True):
            if call.performer.worker != name:
                arrivals = [face.at for face in call.seen.faces if face.at > at - FRESH_SECONDS]
                seconds.append(max(later - earlier for earlier, later in pairwise(arrivals)))
        await asyncio.to_thread(replace_worker, service)
    return Interruptions(seconds, rounds)


async def shown_on_purpose(service: Service, clip: Path) -> float:
    """The share of a plain call's pictures in which the canary is found."""
    async with pairs(service, clip, 1, identity=None) as (call,):
        await until(lambda: call.seen.frames_received >= 30, "a plain call")
        await _look([call])
        return round(call.watch.canaries / call.watch.searched, 3)


@contextlib.asynccontextmanager
async def pairs(
    service: Service, clip: Path, count: int, identity: str | None = IDENTITY
) -> AsyncIterator[list[Pair]]:
    """So many calls, each of a performer and a viewer, in this process; over when the block ends."""
    made, running = [], list[asyncio.Task[None]]()
    try:
        for _ in range(count):
            link = await asyncio.to_thread(service.new_link)
            viewer = await _call(CallOptions(link))
            viewer.results, watch = (seen := Seen()), CanaryWatch()
            viewer.recording = cast("Recording", watch)
            performer = await _call(CallOptions(link, clip, identity, stamp=identity is not None))
            made.append(Pair(performer, viewer, seen, watch))
            running += [asyncio.create_task(call.run()) for call in (viewer, performer)]
        yield made
    finally:
        for pair in made:
            pair.viewer.leave()
            pair.performer.leave()
        await asyncio.gather(*running)


async def _call(options: CallOptions) -> HeadlessCall:
    server = CallServerClient(CallLink.parse(options.link))
    try:
        return await enter(options, server, HeadlessCall)
    finally:
        await server.close()


async def _settle(calls: list[Pair]) -> None:
    """Search what came so far, and wait until every call shows a face and has for a while."""
    await _look(calls)
    await until(lambda: all(call.shows_face for call in calls), "a face in every call")
    await asyncio.sleep(QUIET_SECONDS)
    await until(lambda: all(call.shows_face for call in calls), "a face in every call")


async def _look(calls: list[Pair]) -> None:
    for call in calls:
        await asyncio.to_thread(call.watch.look)


def replace_worker(service: Service) -> None:
    """Start another worker when the one that is gone is missed: the new one is known by the count."""
    deadline = time.monotonic() + PATIENCE
    while service.health()["faceWorkers"] != len(service.workers) and time.monotonic() < deadline:
        time.sleep(LOOK_SECONDS)
    wait_until_started(service.start_worker())


def wait_until_started(worker: Child) -> None:
    """Wait while it makes its identities ready, or for a while where it is given legs meanwhile."""
    deadline, used = time.monotonic() + STARTED_SECONDS, math.inf
    while used > STARTED_CORES and time.monotonic() < deadline:
        before = cpu_seconds(worker.process.pid)
        time.sleep(1.0)
        used = cpu_seconds(worker.process.pid) - before


def busiest(service: Service) -> Child:
    """The worker with the most legs."""

    def legs(worker: Child) -> int:
        log = worker.log.read_text()
        return log.count("a leg is connected") - log.count("a leg ended")

    return max(service.workers, key=legs)


async def until(condition: Callable[[], bool], what: str) -> None:
    """Wait for something. Raises TimeoutError."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"never happened: {what}")
        await asyncio.sleep(LOOK_SECONDS)


def write_clip(path: Path) -> Path:
    """A performer with a canary on the face, forwards and backwards, small and slow enough for two cores."""
    frames = camera()
    images = (frame_to_image(frame) for frame in [*frames, *reversed(frames[1:-1])] * 4)
    return write_camera_clip(path, images, (WIDTH, HEIGHT), RATE, quality="14")
