"""Many legs in one process: what they share, and that none waits for another."""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor

import onnxruntime as ort
import pytest

from talchum.apps.face_stage import FaceStage
from talchum.apps.known_identities import KnownIdentities
from talchum.apps.prepared_faces import PreparedFaces, preparer
from talchum.apps.settings import Settings
from talchum.domain.frame import EgressFrame
from talchum.domain.leg_tag import LegTag
from talchum.vision.marks import Marking
from talchum.vision.pipeline import FaceNetworks, FacePipeline
from tests.adapters.peers import picture, until
from tests.apps.leg_double import FakePipeline, worn

LEGS = 4
MARKING = Marking(LegTag(7))


class CountingSession(ort.InferenceSession):  # type: ignore[misc]
    """A session that notes that one more was opened."""

    opened = 0

    def __init__(self, *arguments: object, **options: object) -> None:
        type(self).opened += 1
        super().__init__(*arguments, **options)


@pytest.mark.vision
async def test_legs_of_a_process_share_one_session_of_every_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ort, "InferenceSession", CountingSession)
    monkeypatch.setattr(CountingSession, "opened", 0)
    settings = Settings(redis_url="")
    networks = FaceNetworks.load(settings.networks)
    assert CountingSession.opened == 2, "detection and landmarks"
    prepare = preparer(KnownIdentities.of(settings), networks.topology)
    with ThreadPoolExecutor(1) as executor:
        faces = PreparedFaces(prepare, executor)
        got = await asyncio.gather(*(faces.get("sora", "neural") for _ in range(LEGS)))
    for face in got:
        FacePipeline(networks, MARKING).wear(face)
    assert CountingSession.opened == 3, "and the face's own"
    assert all(face is got[0] for face in got)


class Clocked(FakePipeline):
    """Notes the ages of what went out of its stage."""

    def __init__(self) -> None:
        super().__init__()
        self.ages: list[float] = []

    def went_out(self, _frame: EgressFrame, age: float | None) -> None:
        if age is not None:
            self.ages.append(age)


async def test_a_leg_that_is_stuck_in_a_stage_delays_no_other() -> None:
    sent: list[EgressFrame] = []
    pipelines = [Clocked() for _ in range(LEGS)]
    stages = [FaceStage(made, sent.append, MARKING, made.went_out) for made in pipelines]
    slow, others = pipelines[0], pipelines[1:]
    slow.stuck.set()
    try:
        for stage in stages:
            stage.start()
            stage.wear(worn("bune"))

        def film() -> bool:
            for stage in stages:
                stage.take(picture(64, 48), time.monotonic())
            return all(len(made.ages) >= 20 for made in others)

        await until(film, "the others go on")
        assert slow.ages == [], "it has not come back"
        assert slow.frames == 1, "nor does anything queue before it"
        assert stages[0].frames_dropped > 0
    finally:
        slow.free.set()
        for stage in stages:
            await stage.close()
