"""What is looked at is judged and recorded on one thread, and given away whole or not at all."""

from __future__ import annotations

import asyncio
import random
from dataclasses import replace

import numpy as np
import pytest

from talchum.apps.enrolment_stage import EnrolmentStage, Recorded
from talchum.domain.acts import draw_plan
from talchum.domain.enrolment import Asked, Ended, Event
from talchum.domain.face import Points
from talchum.domain.frame import I420Frame
from talchum.domain.sighting import Sighting
from tests.adapters.peers import picture, until
from tests.domain.enrolling import STEP, Person

LANDMARKS = np.full((478, 3), 100, np.float32)


class Watcher:
    """Sees a person of the domain's tests at the time of the frame."""

    def __init__(self, person: Person) -> None:
        self.person = person
        self.eyes: dict[float, float] = {}

    def see(self, frame: I420Frame) -> tuple[Sighting, Points | None]:
        seen = self.person.seen(frame.media_time)
        assert seen.face is not None
        self.eyes[frame.media_time] = seen.face.eyes
        return seen, LANDMARKS


async def enrolled(person: Person) -> tuple[str, Recorded | None, list[Event]]:
    """Frames as fast as they are taken, each at its own time."""
    watcher, rng, events = Watcher(person), random.Random(1), list[Event]()
    outcome: asyncio.Future[tuple[str, Recorded | None]] = asyncio.Future()
    looked, clock = asyncio.Event(), [0.0]

    def tell(told: list[Event]) -> None:
        for event in told:
            person.hear(event, clock[0])
            events.append(event)
        looked.set()

    stage = EnrolmentStage(
        watcher,
        draw_plan(rng),
        rng,
        tell,
        lambda end, recorded: outcome.set_result((end, recorded)),
        now=lambda: 1_000.0 + clock[0],
    )
    stage.start()
    while not any(isinstance(event, Ended) for event in events) and clock[0] < 200:
        looked.clear()
        frame = picture(64, 48)
        stage.take(I420Frame(frame.buffer, 64, 48, clock[0]), 0.0)
        await asyncio.wait_for(looked.wait(), 5)
        clock[0] += STEP
        await asyncio.sleep(0)
    await until(outcome.done, "it ends")
    await stage.close()
    return (*outcome.result(), events)


async def test_what_was_passed_is_recorded_but_for_the_hand() -> None:
    end, recorded, events = await enrolled(Person())
    assert end == "passed"
    assert recorded is not None
    assert recorded.challenge.began == 1_000
    assert recorded.challenge.ended > 1_020
    assert len(recorded.challenge.steps) == 13
    assert recorded.clip[4:8] == b"ftyp"
    assert 20 < recorded.seconds < recorded.challenge.ended - 1_000
    assert np.linalg.norm(recorded.face) == pytest.approx(1, abs=1e-5)
    assert sum(isinstance(event, Asked) for event in events) == 11


async def test_the_still_is_of_a_moment_without_a_blink() -> None:
    who = Person()

    def blinking(at: float, seen: Sighting) -> Sighting:
        assert seen.face is not None
        wide = seen.face.eyes + (0.02 if 0.42 < at < 0.48 else 0.0)
        return replace(seen, face=replace(seen.face, eyes=wide))

    who.look = blinking
    end, recorded, _ = await enrolled(who)
    assert end == "passed"
    assert recorded is not None
    assert 0.4 < recorded.still.media_time < 0.5


async def test_what_was_not_passed_is_not_given_away() -> None:
    end, recorded, _ = await enrolled(Person(does=lambda prompt: ""))
    assert (end, recorded) == ("too_many_tries", None)
