"""What a call notices when its face worker is killed, and when it is told to stop: 3 workers, 6 legs.

Rows `kills` and `drains` of `benchmarks.scale`.

Six performers wear `veil`, each with a viewer, all twelve in this process: `benchmarks.watched_calls`. Bars:
after kill -9 a face again within 2 s (p95), between two faces at most 300 ms (p95) while a worker drains, and
no camera frame.
"""

from __future__ import annotations

import asyncio
import math
import signal
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.machine import spread
from benchmarks.scale_measures.processes import busy_seconds, cpu_seconds
from benchmarks.standstill import StandstillWatch
from benchmarks.watched_calls import (
    FRESH_SECONDS,
    LOOK_SECONDS,
    PATIENCE,
    Pair,
    look_at,
    never_shown,
    pairs,
    shown_on_purpose,
    until,
    write_clip,
)
from talchum.adapters.webrtc.engine import prepare_engine
from talchum.apps.collection_pace import pace_collection
from tests.calls.service import Child, Service, running_service

WORKERS, LEGS, SLOTS = 3, 6, 3
KILL_BAR_SECONDS, DRAIN_BAR_SECONDS = 2.0, 0.3
QUIET_SECONDS = 3.0
"""Between faces in every call and the next interruption."""

STARTED_CORES, STARTED_SECONDS = 0.1, 30.0
"""A new worker that uses less has its identities ready: in a cluster another machine pays for that."""

STOOD_STILL_SECONDS = 0.1
"""A round in which the machine itself stood still for so long says nothing of a worker, and is done again."""


@dataclass(frozen=True, slots=True)
class Interruption:
    """A way for a worker to go. do: makes it go, to the end. seconds: what counts in a call it served."""

    do: Callable[[Child, list[Pair]], Awaitable[None]]
    seconds: Callable[[Pair, float], float]


@dataclass(frozen=True, slots=True)
class Interruptions:
    """Figures of every call whose worker went, and of the rounds.

    seconds: by call. cores: by round, that the machine used before it. stood_still: for how long the machine
    did in each of the rounds that do not count for it; with `watched` unset nobody looked.
    """

    watched: bool = True
    seconds: list[float] = field(default_factory=list)
    cores: list[float] = field(default_factory=list)
    stood_still: list[float] = field(default_factory=list)

    @property
    def rounds(self) -> int:
        """Those that count."""
        return len(self.cores)

    @property
    def p95(self) -> float:
        """95 % of `seconds` are at most this; where no call moved, nothing is."""
        return float(np.percentile(self.seconds, 95)) if self.seconds else math.inf

    def summary(self) -> dict[str, Any]:
        """Counts, what the machine did meanwhile, and percentiles of `seconds` in milliseconds."""
        return {
            "rounds": self.rounds,
            "calls": len(self.seconds),
            "ms": spread([1000 * one for one in self.seconds], 0) if self.seconds else None,
            "coresBefore": [round(cores, 2) for cores in self.cores],
            "roundsAgainStoodStillMs": [round(1000 * one) for one in self.stood_still]
            if self.watched
            else None,
        }


@dataclass(frozen=True, slots=True)
class Migration:
    """What was measured. frames: pictures the viewers got, of which `canaries` showed the camera.

    control: the share of pictures in which the search finds the canary where the camera is shown on purpose.
    """

    interruptions: Interruptions
    frames: int
    canaries: int
    control: float

    def summary(self) -> dict[str, Any]:
        """What goes into a result file."""
        return {
            **self.interruptions.summary(),
            "frames": self.frames,
            "cameraFrames": self.canaries,
            "canaryFoundInCamera": self.control,
        }

    def meets(self, bar: float) -> bool:
        """Whether 95 % of calls are within `bar` seconds and no picture showed the camera."""
        unseen = never_shown(self.frames, self.canaries, self.control)
        return unseen and self.interruptions.p95 <= bar


def measure(interruption: Interruption, rounds: int) -> Migration:
    """Let one of three workers go so many times."""
    settings = {"TALCHUM_WORKER_SLOTS": str(SLOTS), "TALCHUM_LOG_LEVEL": "INFO"}
    with tempfile.TemporaryDirectory() as scratch:
        clip = write_clip(Path(scratch) / "camera.mp4")
        with running_service(Path(scratch) / "service", workers=WORKERS, settings=settings) as service:
            return asyncio.run(_measure(service, clip, interruption, rounds))


async def _measure(service: Service, clip: Path, interruption: Interruption, rounds: int) -> Migration:
    prepare_engine(zero_playout_delay=True, allow_loopback=True)
    for worker in service.workers:
        await asyncio.to_thread(wait_until_started, worker)
    control = await shown_on_purpose(service, clip)
    async with pairs(service, clip, LEGS) as calls:
        pace_collection()  # what this process stands still for would be taken for a worker's gap
        with StandstillWatch() as standstills:
            found = await interrupted(service, calls, interruption, rounds, standstills)
        await look_at(calls)
        frames = sum(call.watch.searched for call in calls)
        canaries = sum(call.watch.canaries for call in calls)
    return Migration(found, frames, canaries, control)


async def interrupted(
    service: Service, calls: list[Pair], interruption: Interruption, rounds: int, standstills: StandstillWatch
) -> Interruptions:
    """Let the busiest worker go so many times, and count in every call that it served."""
    found = Interruptions(standstills.watches)
    while found.rounds < rounds:
        cores = await _settle(calls)
        before = [call.performer.worker for call in calls]
        worker, at = busiest(service), time.monotonic()
        await interruption.do(worker, calls)
        moved = [call for call, name in zip(calls, before, strict=True) if call.performer.worker != name]
        stood_still = standstills.longest(at - FRESH_SECONDS, time.monotonic())
        if stood_still < STOOD_STILL_SECONDS or len(found.stood_still) == rounds:
            found.seconds.extend(interruption.seconds(call, at) for call in moved)
            found.cores.append(cores)
        else:
            found.stood_still.append(stood_still)
        await asyncio.to_thread(replace_worker, service)
    return found


async def kill(worker: Child, calls: list[Pair]) -> None:
    """kill -9, and a face again in every call."""
    worker.kill()
    await asyncio.sleep(2 * FRESH_SECONDS)
    await until(lambda: all(call.shows_face and call.performer.worker for call in calls), "faces again")


def to_next_face(call: Pair, at: float) -> float:
    """From `at` to the first face that was filmed after it."""
    return next(face.at - at for face in call.seen.faces if face.filmed > at)


async def drain(worker: Child, calls: list[Pair]) -> None:
    """SIGTERM, and the worker's end."""
    worker.process.send_signal(signal.SIGTERM)
    await until(lambda: worker.process.poll() is not None, "the worker ends")
    await asyncio.sleep(2 * FRESH_SECONDS)
    # A gap that is still open is over with the next face, however long that takes.
    await until(lambda: all(call.shows_face for call in calls), "a face in every call")


def longest_gap(call: Pair, at: float) -> float:
    """The longest time between two faces since shortly before `at`."""
    arrivals = [face.at for face in call.seen.faces if face.at > at - FRESH_SECONDS]
    return max(later - earlier for earlier, later in pairwise(arrivals))


KILL, DRAIN = Interruption(kill, to_next_face), Interruption(drain, longest_gap)


async def _settle(calls: list[Pair]) -> float:
    """Search what came so far, and wait until every call shows a face and has for a while.

    Gives how many cores the machine used in that while.
    """
    await look_at(calls)
    await until(lambda: all(call.shows_face for call in calls), "a face in every call")
    before, began = busy_seconds(), time.monotonic()
    await asyncio.sleep(QUIET_SECONDS)
    cores = (busy_seconds() - before) / (time.monotonic() - began)
    await until(lambda: all(call.shows_face for call in calls), "a face in every call")
    return cores


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
