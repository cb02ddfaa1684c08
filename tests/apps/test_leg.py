"""A face leg with a real connection, a double of the room and a pipeline that paints in grey."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from websockets.asyncio.server import serve

from talchum.adapters.webrtc.sources import EgressVideo
from talchum.apps import leg
from talchum.apps.leg import FaceLeg, LegOrder
from talchum.apps.prepared_faces import PreparedFaces
from talchum.domain.errors import IdentityError
from talchum.domain.leg_tag import LegTag
from talchum.protocol.leg_messages import Draining, Refused, Report, Wearing
from talchum.protocol.messages import Describe, Failure, PeerLeft, Worn
from talchum.protocol.worker_candidates import Reachability
from talchum.vision.marks import Marking
from talchum.vision.pipeline import WornFace
from tests.adapters.peers import connected, until
from tests.apps.leg_double import (
    CARD_LEVEL,
    NEURAL_LEVEL,
    PERFORMER,
    WORN_LEVELS,
    FakeOwners,
    FakePipeline,
    FakeRights,
    Performer,
    RoomDouble,
    Viewer,
    worn,
)
from tests.domain.consents import OWN, STRANGER, SUBJECT

pytestmark = pytest.mark.call


def prepare(identity: str, engine: str | None) -> WornFace:
    if identity not in WORN_LEVELS:
        raise IdentityError("got an identity that is not installed", code="identity_unknown")
    return worn(identity, engine)


class Setting:
    """A leg that is being served and its performer."""

    def __init__(self, performer: Performer, room: RoomDouble, executor: ThreadPoolExecutor) -> None:
        self.performer = performer
        self.room = room
        self.pipeline = FakePipeline()
        self.rights = FakeRights()
        self.owners = FakeOwners()
        self.faces = PreparedFaces(prepare, executor)
        self.leg: FaceLeg | None = None
        self.running: asyncio.Task[None] | None = None

    def begin(
        self,
        identity: str = "bune",
        engine: str | None = None,
        *,
        account: str = "",
        reachable: Reachability = "direct",
    ) -> None:
        marking = Marking(LegTag(7))
        order = LegOrder(self.room.url, "room.0123456789abcdef", PERFORMER, marking, identity, engine)
        order = replace(order, account=account)
        self.leg = FaceLeg(
            order, self.faces, self.rights, self.owners, lambda: self.pipeline, reachable=reachable
        )
        self.running = asyncio.create_task(self.leg.run())

    async def connect(self, identity: str = "bune", engine: str | None = None, account: str = "") -> None:
        self.begin(identity, engine, account=account)
        await until(lambda: bool(self.room.openings), "the leg joins")
        await self.performer.offer()
        await connected(self.performer)

    async def sees(self, level: int) -> None:
        await until(
            lambda: bool(self.performer.levels) and abs(self.performer.levels[-1] - level) < 12,
            f"the performer sees grey {level}, last {self.performer.levels[-3:]}",
        )

    def refusals(self) -> list[str]:
        return [message.code for message in self.performer.said if isinstance(message, Refused)]

    def last_reason(self) -> str:
        return self.performer.reports[-1].reason if self.performer.reports else ""

    async def over(self) -> str:
        assert self.running is not None
        assert self.leg is not None
        async with asyncio.timeout(20):
            await self.running
        return self.leg.reason


@pytest.fixture
async def setting() -> AsyncIterator[Setting]:
    performer = Performer()
    room = RoomDouble(performer)
    with ThreadPoolExecutor(1) as executor:
        async with serve(room.handle, "127.0.0.1", 0) as server:
            room.url = f"ws://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}/ws"
            made = Setting(performer, room, executor)
            yield made
            made.pipeline.free.set()
            if made.leg is not None and made.running is not None:
                made.leg.end("test over")
                await made.running
            await performer.close()


async def test_the_performer_gets_the_worn_face_back(setting: Setting) -> None:
    await setting.connect("bune")
    await setting.sees(WORN_LEVELS["bune"])
    assert setting.pipeline.threads == {"face-stage"}


async def test_another_face_is_put_on_without_negotiation(setting: Setting) -> None:
    await setting.connect("bune")
    await setting.sees(WORN_LEVELS["bune"])
    offers = len(setting.performer.descriptions)
    assert setting.performer.wear("veil")
    await setting.sees(WORN_LEVELS["veil"])
    assert len(setting.performer.descriptions) == offers
    assert Wearing(identity="veil", engine="portrait") in setting.performer.said


async def test_the_call_server_is_told_of_everything_that_is_put_on(setting: Setting) -> None:
    await setting.connect("bune")
    await setting.sees(WORN_LEVELS["bune"])
    assert setting.performer.wear("veil")
    await setting.sees(WORN_LEVELS["veil"])
    told = [message for message in setting.room.got if isinstance(message, Worn)]
    assert [(one.identity, one.kind, one.engine) for one in told] == [
        ("bune", "synthetic", "portrait"),
        ("veil", "synthetic", "portrait"),
    ]


async def test_a_face_that_is_not_there_is_refused_and_the_worn_one_stays(setting: Setting) -> None:
    await setting.connect("bune")
    await setting.sees(WORN_LEVELS["bune"])
    setting.performer.wear("nobody")
    await until(lambda: any(isinstance(m, Refused) for m in setting.performer.said), "the wish is refused")
    count = len(setting.performer.levels)
    await until(lambda: len(setting.performer.levels) > count + 5, "frames go on")
    await setting.sees(WORN_LEVELS["bune"])


async def test_a_first_face_that_is_not_there_shows_the_card(setting: Setting) -> None:
    await setting.connect("nobody")
    await setting.sees(CARD_LEVEL)
    await until(lambda: bool(setting.performer.reports), "it is reported")
    assert setting.performer.reports[-1].state == "card"


async def test_a_message_that_is_none_is_refused_and_nothing_ends(setting: Setting) -> None:
    await setting.connect("bune")
    await until(lambda: setting.performer.opened, "the channel opens")
    setting.performer.peer.send_message("{nonsense")
    await until(lambda: any(isinstance(m, Refused) for m in setting.performer.said), "the message is refused")
    await setting.sees(WORN_LEVELS["bune"])


async def test_it_reports_once_a_second(setting: Setting) -> None:
    await setting.connect("bune")

    def busy(report: Report) -> bool:
        counted = report.state == "face" and report.frames_in > 10 and report.frame_age.p95 > 0
        return counted and None not in (report.codec_times.receiving, report.codec_times.sending)

    await until(lambda: any(busy(report) for report in setting.performer.reports), "a report comes")
    report = next(report for report in setting.performer.reports if busy(report))
    assert report.stage_times == {"trackTime": 0.001}
    assert report.frame_age.p50 <= report.frame_age.p95
    assert report.frames_out >= report.frames_in - report.frames_dropped - 1


async def test_a_face_that_takes_a_cards_place_is_reported_at_once(
    setting: Setting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leg, "REPORT_SECONDS", 60.0)
    await setting.connect("bune")
    await until(lambda: bool(setting.performer.reports), "it is reported")
    assert [report.state for report in setting.performer.reports] == ["face"]


async def test_when_frames_stop_the_card_comes(setting: Setting) -> None:
    await setting.connect("bune")
    await setting.sees(WORN_LEVELS["bune"])
    setting.performer.stop_camera()
    await setting.sees(CARD_LEVEL)


async def test_when_a_stage_is_stuck_the_card_comes_and_goes(setting: Setting) -> None:
    await setting.connect("bune")
    await setting.sees(WORN_LEVELS["bune"])
    setting.pipeline.stuck.set()
    # the watchdog's own card: dark with a bright drawing, neither of the pipeline's greys
    await until(
        lambda: abs(setting.performer.levels[-1] - WORN_LEVELS["bune"]) > 60, "something else is shown"
    )
    setting.pipeline.stuck.clear()
    setting.pipeline.free.set()
    await setting.sees(WORN_LEVELS["bune"])


async def test_an_engine_that_is_too_slow_gives_way_to_a_lighter_one(setting: Setting) -> None:
    setting.pipeline.engine_seconds = {"neural": 0.09}
    await setting.connect("bune", "neural")
    await setting.sees(NEURAL_LEVEL)
    seen = len(setting.performer.levels)
    await setting.sees(WORN_LEVELS["bune"])
    await until(lambda: setting.performer.reports[-1].fallback, "it is reported")
    said = [message for message in setting.performer.said if isinstance(message, Wearing)]
    engines = [message.engine for message in said]
    assert engines[-2:] == ["neural", "portrait"]
    assert {message.identity for message in said} == {"bune"}
    # From one face to the other with neither a card nor the camera (a ramp, 140 in the mean) in between.
    worn_levels = (NEURAL_LEVEL, WORN_LEVELS["bune"])
    strange = [
        level
        for level in setting.performer.levels[seen:]
        if not any(abs(level - worn_level) < 12 for worn_level in worn_levels)
    ]
    assert strange == []


async def test_a_fallback_ends_with_the_performers_next_wish_and_not_before(setting: Setting) -> None:
    setting.pipeline.engine_seconds = {"neural": 0.09}
    await setting.connect("bune", "neural")
    await until(lambda: any(report.fallback for report in setting.performer.reports), "it falls back")
    setting.pipeline.engine_seconds = {}
    reports = len(setting.performer.reports)
    await until(lambda: len(setting.performer.reports) > reports + 1, "time passes")
    assert all(report.fallback for report in setting.performer.reports[reports:])
    setting.performer.wear("bune", "neural")
    await setting.sees(NEURAL_LEVEL)
    await until(lambda: not setting.performer.reports[-1].fallback, "it is reported")


async def test_without_a_lighter_engine_the_slow_one_stays(
    setting: Setting, caplog: pytest.LogCaptureFixture
) -> None:
    def only_neural(identity: str, engine: str | None) -> WornFace:
        if engine != "neural":
            raise IdentityError("got an engine it has not", code="engine_unknown")
        return worn(identity, engine)

    setting.pipeline.engine_seconds = {"neural": 0.09}
    with ThreadPoolExecutor(1) as executor:
        setting.faces = PreparedFaces(only_neural, executor)
        await setting.connect("bune", "neural")
        await until(lambda: "not to be had: engine_unknown" in caplog.text, "the leg looked for one")
        count = len(setting.performer.levels)
        await until(lambda: len(setting.performer.levels) > count + 20, "frames go on")
    await setting.sees(NEURAL_LEVEL)
    assert not any(report.fallback for report in setting.performer.reports)
    assert caplog.text.count("not to be had") == 1


async def test_a_wish_that_was_granted_meanwhile_is_not_overruled(setting: Setting) -> None:
    asked, free = threading.Event(), threading.Event()

    def slow_to_prepare(identity: str, engine: str | None) -> WornFace:
        if engine == "portrait":
            asked.set()
            free.wait(30)
        return prepare(identity, engine)

    setting.pipeline.engine_seconds = {"neural": 0.09}
    with ThreadPoolExecutor(2) as executor:
        setting.faces = PreparedFaces(slow_to_prepare, executor)
        await setting.connect("bune", "neural")
        await until(asked.is_set, "the lighter engine is being prepared")
        setting.performer.wear("veil")
        await setting.sees(WORN_LEVELS["veil"])
        free.set()
        count = len(setting.performer.reports)
        await until(lambda: len(setting.performer.reports) > count + 1, "time passes")
    await setting.sees(WORN_LEVELS["veil"])
    assert Wearing(identity="bune", engine="portrait") not in setting.performer.said


async def test_another_participant_to_whom_the_leg_is_opened_gets_the_same_pictures(setting: Setting) -> None:
    await setting.connect("bune")
    await setting.sees(WORN_LEVELS["bune"])
    viewer = Viewer("p2", setting.room)
    await viewer.open()
    await connected(viewer)
    await until(lambda: WORN_LEVELS["bune"] in viewer.seen(), "the viewer sees the face")
    transformed = setting.pipeline.frames
    count = len(viewer.levels)
    await until(lambda: len(viewer.levels) > count + 20, "frames go on")
    assert setting.pipeline.frames - transformed < 40  # rendered once, for both
    setting.performer.wear("veil")
    await until(lambda: WORN_LEVELS["veil"] in viewer.seen(), "the viewer sees the next face")
    await viewer.peer.close()


async def test_a_viewer_that_is_gone_gets_nothing_and_its_performer_goes_on(setting: Setting) -> None:
    await setting.connect("bune")
    viewer = Viewer("p2", setting.room)
    await viewer.open()
    await connected(viewer)
    await until(lambda: bool(viewer.levels), "the viewer sees something")
    await setting.room.push(PeerLeft(peer="p2", reason="ended"))
    await until(lambda: viewer.peer.state != "connected", "its connection ends")
    await viewer.peer.close()
    count = len(setting.performer.levels)
    await until(lambda: len(setting.performer.levels) > count + 5, "frames go on")
    await setting.sees(WORN_LEVELS["bune"])


async def test_a_viewer_that_sends_video_is_not_listened_to(setting: Setting) -> None:
    await setting.connect("bune")
    viewer = Viewer("p2", setting.room)
    cards = EgressVideo()
    await viewer.peer.send_video(cards)
    await viewer.open(receive=False)
    await connected(viewer)
    answer = next(m for m in setting.room.got if isinstance(m, Describe) and m.to == "p2")
    assert "a=sendonly" in answer.description.sdp
    assert "a=sendrecv" not in answer.description.sdp
    await viewer.peer.close()
    await cards.close()


async def test_the_leg_ends_when_the_performer_leaves(setting: Setting) -> None:
    await setting.connect("bune")
    await setting.sees(WORN_LEVELS["bune"])
    await setting.performer.leave()
    assert await setting.over() == "performer_left"
    assert not any(thread.name == "face-stage" for thread in threading.enumerate())


async def test_a_leg_behind_a_nat_without_a_turn_server_ends_at_once(setting: Setting) -> None:
    setting.begin(reachable="relay")
    assert await setting.over() == "relay_missing"


async def test_the_leg_goes_on_at_another_call_server(setting: Setting) -> None:
    await setting.connect("bune")
    await setting.room.cut()
    await until(lambda: len(setting.room.openings) == 2, "it resumes")
    seen = len(setting.performer.levels)
    await until(lambda: len(setting.performer.levels) > seen + 3, "the face goes on")
    await setting.sees(WORN_LEVELS["bune"])


async def test_the_leg_ends_when_its_session_is_over(setting: Setting) -> None:
    await setting.connect("bune")
    setting.room.refuse = Failure(
        code="session_unknown", message="got a session that has ended", retryable=False, fatal=True
    )
    await setting.room.cut()
    assert await setting.over() == "session_unknown"


async def test_the_leg_ends_when_it_is_told_to(setting: Setting) -> None:
    await setting.connect("bune")
    assert setting.leg is not None
    setting.leg.end("worker_stopped")
    assert await setting.over() == "worker_stopped"
    await until(lambda: setting.room.socket is None or setting.room.got != [], "it has left")


async def test_a_faces_preparation_is_shared_and_made_once(setting: Setting) -> None:
    made: list[str] = []

    def slow(identity: str, engine: str | None) -> WornFace:
        made.append(identity)
        return prepare(identity, engine)

    with ThreadPoolExecutor(1) as executor:
        faces = PreparedFaces(slow, executor)
        first, second = await asyncio.gather(faces.get("bune", None), faces.get("bune", None))
        assert first is second
        await faces.warm(["bune", "nobody", "veil"])
        assert made == ["bune", "nobody", "veil"]
        with pytest.raises(IdentityError):
            await faces.get("nobody", None)
        assert made[-1] == "nobody", "a failure was kept"


async def test_a_persons_face_is_worn_by_whom_the_consent_names_and_the_room_is_told_by_which(
    setting: Setting,
) -> None:
    setting.rights.consents["hana"] = OWN
    await setting.connect("hana", account=SUBJECT)
    await setting.sees(WORN_LEVELS["hana"])
    told = [message for message in setting.room.got if isinstance(message, Worn)]
    assert [(one.kind, one.consent) for one in told] == [("self", OWN.id)]


async def test_an_own_face_is_worn_under_a_check_of_its_owner_and_others_are_not(setting: Setting) -> None:
    setting.rights.consents["hana"] = OWN
    await setting.connect("hana", account=SUBJECT)
    await setting.sees(WORN_LEVELS["hana"])
    assert setting.pipeline.wearer is setting.owners.checks["hana"]
    setting.performer.wear("veil")
    await setting.sees(WORN_LEVELS["veil"])
    assert setting.pipeline.wearer is None


async def test_the_check_of_the_owner_stays_when_a_lighter_engine_takes_over(setting: Setting) -> None:
    setting.rights.consents["hana"] = OWN
    setting.pipeline.engine_seconds = {"neural": 0.09}
    await setting.connect("hana", "neural", account=SUBJECT)
    await until(lambda: any(report.fallback for report in setting.performer.reports), "it falls back")
    assert setting.pipeline.wearer is setting.owners.checks["hana"]


async def test_an_own_face_whose_owner_nobody_knows_is_not_worn(setting: Setting) -> None:
    setting.rights.consents["hana"] = OWN
    setting.owners.unknown.add("hana")
    await setting.connect("bune", account=SUBJECT)
    await setting.sees(WORN_LEVELS["bune"])
    setting.performer.wear("hana")
    await until(lambda: "owner_unknown" in setting.refusals(), "it is refused")
    assert not any(isinstance(m, Worn) and m.identity == "hana" for m in setting.room.got)


@pytest.mark.parametrize("account", ["", STRANGER])
async def test_a_persons_face_is_never_worn_by_anybody_else(setting: Setting, account: str) -> None:
    setting.rights.consents["hana"] = OWN
    await setting.connect("bune", account=account)
    await setting.sees(WORN_LEVELS["bune"])
    setting.performer.wear("hana")
    await until(lambda: "identity_not_allowed" in setting.refusals(), "the wish is refused")
    assert not any(isinstance(m, Worn) and m.identity == "hana" for m in setting.room.got)
    await setting.sees(WORN_LEVELS["bune"])


async def test_a_leg_that_begins_with_anothers_face_shows_the_card(setting: Setting) -> None:
    await setting.connect("hana", account=STRANGER)
    await setting.sees(CARD_LEVEL)
    await until(lambda: setting.last_reason() == "identity_invalid", "the card is reported")
    assert not any(isinstance(message, Worn) for message in setting.room.got)


async def test_when_a_consent_ends_the_card_comes_and_the_face_is_let_go(setting: Setting) -> None:
    setting.rights.consents["hana"] = OWN
    await setting.connect("hana", account=SUBJECT)
    await setting.sees(WORN_LEVELS["hana"])
    del setting.rights.consents["hana"]
    await setting.sees(CARD_LEVEL)
    await until(lambda: setting.last_reason() == "consent_revoked", "the reason is told")
    assert "consent_revoked" in setting.refusals()
    assert setting.pipeline.worn is None
    setting.performer.wear("veil")
    await setting.sees(WORN_LEVELS["veil"])


async def test_a_face_of_nobody_is_worn_whatever_becomes_of_consents(setting: Setting) -> None:
    await setting.connect("bune")
    await setting.sees(WORN_LEVELS["bune"])
    setting.rights.consents.clear()
    await until(lambda: len(setting.performer.reports) >= 2, "time passes")
    assert setting.performer.reports[-1].state == "face"


async def test_a_leg_that_drains_says_so_and_goes_on(setting: Setting) -> None:
    setting.begin()
    assert setting.leg is not None
    setting.leg.drain()  # before anybody can hear it
    await until(lambda: bool(setting.room.openings), "the leg joins")
    await setting.performer.offer()
    await connected(setting.performer)
    await until(lambda: Draining() in setting.performer.said, "the performer is told")
    await setting.sees(WORN_LEVELS["bune"])
