"""The voice waits for the face, in order, and never longer than is bearable."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest
from numpy.typing import NDArray

from talchum.apps.voice_delay import MOST_SECONDS, NOTICEABLE_SECONDS, VoiceDelay
from tests.adapters.peers import until


class Ear:
    def __init__(self) -> None:
        self.heard: list[int] = []

    def hear(self, samples: NDArray[np.int16]) -> None:
        self.heard.append(int(samples[0]))


def spoken(number: int) -> NDArray[np.int16]:
    return np.full(480, number, np.int16)


async def test_a_face_as_quick_as_the_voice_delays_nothing() -> None:
    ear = Ear()
    delay = VoiceDelay(ear.hear)
    delay.follow(NOTICEABLE_SECONDS * 0.9)
    delay.put(spoken(1))
    assert ear.heard == [1]


async def test_a_slower_face_holds_the_voice_back() -> None:
    ear = Ear()
    delay = VoiceDelay(ear.hear)
    delay.follow(0.1)
    before = asyncio.get_running_loop().time()
    delay.put(spoken(1))
    assert ear.heard == []
    await until(lambda: ear.heard == [1], "it is heard")
    assert asyncio.get_running_loop().time() - before >= 0.099


async def test_the_order_stays_when_the_delay_shrinks() -> None:
    ear = Ear()
    delay = VoiceDelay(ear.hear)
    delay.follow(0.2)
    delay.put(spoken(1))
    delay.follow(0.0)
    delay.put(spoken(2))
    assert ear.heard == []
    await until(lambda: len(ear.heard) == 2, "both are heard")
    assert ear.heard == [1, 2]


@pytest.mark.parametrize(("face", "voice"), [(0.0, 0.0), (0.1, 0.1), (3.0, MOST_SECONDS)])
async def test_the_delay_follows_the_face_up_to_a_bound(face: float, voice: float) -> None:
    delay = VoiceDelay(lambda _samples: None)
    delay.follow(face)
    assert delay.seconds == voice


async def test_small_changes_are_not_followed() -> None:
    delay = VoiceDelay(lambda _samples: None)
    delay.follow(0.1)
    delay.follow(0.11)
    assert delay.seconds == 0.1


async def test_after_close_nothing_is_said() -> None:
    ear = Ear()
    delay = VoiceDelay(ear.hear)
    delay.follow(0.1)
    delay.put(spoken(1))
    delay.close()
    await asyncio.sleep(0.12)
    assert ear.heard == []
