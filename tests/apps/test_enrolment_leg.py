"""A leg that enrols, with a real connection, a double of the room, and nobody who looks at pictures."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from itertools import count

import numpy as np
import pytest
from websockets.asyncio.server import serve

from talchum.apps import enrolment_leg
from talchum.apps.enrolment_leg import EnrolmentLeg
from talchum.apps.enrolment_stage import Recorded
from talchum.apps.worker_leg import Place
from talchum.domain.enrolment import Again, Asked, Performed
from talchum.domain.enrolment_offer import EnrolmentOffer
from talchum.domain.errors import DatabaseError, EnrolmentError
from talchum.domain.face import Points
from talchum.domain.frame import I420Frame
from talchum.domain.sighting import Sighting
from talchum.protocol.enrolment_messages import (
    AskedAgain,
    EnrolmentMessage,
    EnrolmentOver,
    EnrolmentRefused,
    Progress,
    PromptDone,
    Prompted,
    decode_enrolment_message,
)
from tests.adapters.peers import connected, until
from tests.apps.leg_double import PERFORMER, Performer, RoomDouble
from tests.domain.consents import SUBJECT
from tests.domain.enrolling import Person
from tests.domain.offers import NONCE, offer

pytestmark = pytest.mark.call

LANDMARKS = np.full((478, 3), 100, np.float32)


class FakeDesk:
    def __init__(self) -> None:
        self.taken: list[tuple[str, str]] = []
        self.ends: list[str] = []
        self.kept: list[Recorded] = []
        self.refusal: EnrolmentError | None = None
        self.full: DatabaseError | None = None

    def take(self, nonce: str, account: str) -> EnrolmentOffer:
        self.taken.append((nonce, account))
        if self.refusal is not None:
            raise self.refusal
        return offer()

    def fail(self, nonce: str, end: str) -> None:
        self.ends.append(end)

    def keep(self, offer: EnrolmentOffer, recorded: Recorded) -> None:
        if self.full is not None:
            raise self.full
        self.kept.append(recorded)


class FakeWatcher:
    """Sees a person of the domain's tests whatever the picture is."""

    def __init__(self, person: Person) -> None:
        self.person = person
        self._number = count()
        self.broken = False

    @property
    def at(self) -> float:
        return self._at

    def see(self, frame: I420Frame) -> tuple[Sighting, Points | None]:
        if self.broken:
            raise ZeroDivisionError
        self._at = next(self._number) / 30
        return self.person.seen(self._at), LANDMARKS


class EnrollingPerformer(Performer):
    def __init__(self) -> None:
        super().__init__()
        self.heard: list[EnrolmentMessage] = []
        self.watcher = FakeWatcher(Person())

    def message_arrived(self, text: str) -> None:
        message = decode_enrolment_message(text)
        self.heard.append(message)
        who = self.watcher.person
        match message:
            case Prompted(prompt=prompt):
                who.hear(Asked(prompt), self.watcher.at)
            case PromptDone(prompt=prompt):
                who.hear(Performed(prompt), self.watcher.at)
            case AskedAgain(prompt=prompt, why=why):
                who.hear(Again(prompt, why), self.watcher.at)

    def of(self, kind: type) -> list[EnrolmentMessage]:
        return [message for message in self.heard if isinstance(message, kind)]


class Setting:
    def __init__(self, performer: EnrollingPerformer, room: RoomDouble) -> None:
        self.performer = performer
        self.room = room
        self.desk = FakeDesk()
        place = Place(room.url, "room.0123456789abcdef", PERFORMER)
        self.leg = EnrolmentLeg(
            place, NONCE, SUBJECT, self.desk, lambda: performer.watcher, rng=random.Random(4)
        )
        self.running = asyncio.create_task(self.leg.run())

    async def connect(self) -> None:
        await until(lambda: bool(self.room.openings), "the leg joins")
        await self.performer.offer()
        await connected(self.performer)

    async def over(self) -> str:
        async with asyncio.timeout(60):
            await self.running
        return self.leg.reason


@pytest.fixture
async def setting(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Setting]:
    monkeypatch.setattr(enrolment_leg, "FAREWELL_SECONDS", 0.5)
    performer = EnrollingPerformer()
    room = RoomDouble(performer)
    async with serve(room.handle, "127.0.0.1", 0) as server:
        room.url = f"ws://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}/ws"
        made = Setting(performer, room)
        yield made
        made.leg.end("test over")
        await asyncio.gather(made.running, return_exceptions=True)
        await performer.close()


async def test_an_offer_that_is_not_theirs_is_refused_before_anything_is_looked_at(
    setting: Setting,
) -> None:
    setting.desk.refusal = EnrolmentError("got one begun already", code="enrolment_taken")
    await setting.connect()
    assert await setting.over() == "enrolled"
    assert setting.desk.taken == [(NONCE, SUBJECT)]
    assert setting.performer.heard == [
        EnrolmentRefused(code="enrolment_taken", message="got one begun already")
    ]


async def test_no_picture_comes_back(setting: Setting) -> None:
    await setting.connect()
    await until(lambda: bool(setting.performer.of(Progress)), "it is looked at")
    assert setting.performer.levels == []


async def test_a_performer_who_leaves_leaves_no_recording(setting: Setting) -> None:
    await setting.connect()
    await until(lambda: bool(setting.performer.of(Progress)), "it is looked at")
    await setting.performer.leave()
    assert await setting.over() == "performer_left"
    assert setting.desk.kept == []


async def test_a_camera_that_falls_silent_is_an_interruption(
    setting: Setting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("talchum.apps.enrolment_stage.SILENT_SECONDS", 0.5)
    await setting.connect()
    await until(lambda: bool(setting.performer.of(Progress)), "it is looked at")
    setting.performer.stop_camera()
    assert await setting.over() == "enrolled"
    assert setting.desk.ends == ["interrupted"]
    assert setting.performer.of(EnrolmentOver) == [EnrolmentOver(end="interrupted")]


async def test_a_stage_that_breaks_says_so(setting: Setting) -> None:
    setting.performer.watcher.broken = True
    await setting.connect()
    assert await setting.over() == "enrolled"
    assert [message.code for message in setting.performer.of(EnrolmentRefused)] == ["stage_failed"]  # type: ignore[union-attr]
    assert setting.desk.ends == ["stage_failed"]
