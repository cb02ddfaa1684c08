"""Hostile offers taken as a face worker takes them: checked, stripped, then parsed by the real engine."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from random import Random

import webrtc

from talchum.adapters.webrtc.engine import ENGINE_ERRORS
from talchum.domain.errors import MessageError
from talchum.protocol.messages import SessionDescription
from talchum.protocol.session_description import check_session_description
from talchum.protocol.worker_candidates import WorkerCandidates
from tests.protocol.hostile_sdp import OFFERS, spoiled

_PULSE = 0.001


@dataclass
class Stall:
    """For how long the event loop did nothing else, in seconds; the longest since the last `take`."""

    _longest: float = 0.0
    _task: asyncio.Task[None] = field(init=False)

    @classmethod
    @contextlib.asynccontextmanager
    async def watched(cls) -> AsyncIterator[Stall]:
        watch = cls()
        watch._task = asyncio.create_task(watch._beat())
        try:
            yield watch
        finally:
            watch._task.cancel()

    def take(self) -> float:
        longest, self._longest = self._longest, 0.0
        return longest

    async def _beat(self) -> None:
        before = time.monotonic()
        while True:
            await asyncio.sleep(_PULSE)
            now = time.monotonic()
            self._longest = max(self._longest, now - before - _PULSE)
            before = now


def hostile_offer(seed: int) -> SessionDescription:
    """The offer of a number, always the same one."""
    chance, names = Random(seed), sorted(OFFERS)
    sdp = spoiled(names[seed % len(names)], chance, chance.choice((1, 1, 2, 3, 6)))
    return SessionDescription(type="offer", sdp=sdp)


async def taken(offer: SessionDescription) -> str:
    """What became of an offer: the code of its refusal, `engine` for one that the engine refused, `answered`.

    Raises AssertionError when the engine knows any candidate of it.
    """
    try:
        check_session_description(offer)
    except MessageError as error:
        return error.code
    stripped = WorkerCandidates().strip(offer)
    connection = webrtc.RTCPeerConnection()
    try:
        connection.add_transceiver("video")
        init = webrtc.RTCSessionDescriptionInit(type="offer", sdp=stripped.sdp)
        await connection.set_remote_description(init)
        understood = connection.pending_remote_description  # written anew from what the engine parsed
        assert understood is not None
        assert "candidate" not in understood.sdp, offer.sdp
        await connection.set_local_description()
    except ENGINE_ERRORS:
        return "engine"
    finally:
        connection.close()
    return "answered"
