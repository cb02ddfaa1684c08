"""Calls in this process in which a face is worn, and that are searched for the performer's camera.

Each is of a headless performer, 240x180@8, and a viewer. A canary is on the performer's face, and every
picture that the viewer gets is searched for it. Performers stamp their frames: a stamped frame that a viewer
gets was worked on by a worker, a card has no stamp.
"""

from __future__ import annotations

import asyncio
import contextlib
import copy
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from benchmarks.camera_clip import write_camera_clip
from benchmarks.trust_measures.canary import camera
from talchum.adapters.call_server_client import CallLink, CallServerClient
from talchum.adapters.recording import Recording
from talchum.apps.call import enter
from talchum.apps.headless_call import CallOptions, HeadlessCall
from talchum.apps.other_participant import CallResults
from talchum.domain.frame import I420Frame
from talchum.vision.blending import frame_to_image
from tests.browser.canary import search
from tests.calls.service import Service

IDENTITY = "veil"
WIDTH, HEIGHT, RATE = 240, 180, 8
"""Six such calls leave two cores room for a leg that begins, also while a virtual machine is slow."""

PATIENCE = 60.0
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
    """Keeps pictures, in the place of a recording, and searches them for the canary when it is told to."""

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


async def shown_on_purpose(service: Service, clip: Path) -> float:
    """The share of a plain call's pictures in which the canary is found."""
    async with pairs(service, clip, 1, identity=None) as (call,):
        await until(lambda: call.seen.frames_received >= 30, "a plain call")
        await look_at([call])
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


def never_shown(frames: int, canaries: int, control: float) -> bool:
    """Whether the camera was in none of these pictures, by a search that finds it where it is.

    control: what `shown_on_purpose` gave.
    """
    return canaries == 0 and frames > 0 and control > 0.9


async def look_at(calls: list[Pair]) -> None:
    """Search all their pictures that are kept."""
    for call in calls:
        await asyncio.to_thread(call.watch.look)


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
