"""An own face on its owner, on another person, and on whoever takes the owner's place."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from talchum.domain.frame import EgressFrame, I420Frame
from talchum.domain.leg_tag import LegTag
from talchum.domain.sighting import Embedding
from talchum.vision.marks import Marking
from talchum.vision.pipeline import FacePipeline, prepare_worn_face
from talchum.vision.wearer import WearerCheck
from tests.vision.scenes import (
    IDENTITIES,
    at_time,
    clip,
    face_in,
    face_networks,
    nobody,
    portrait,
    portrait_identity,
    recogniser,
)

pytestmark = pytest.mark.vision


def face_of_person(name: str) -> Embedding:
    return face_in(portrait(name))


def wearing(owner: Embedding) -> FacePipeline:
    """Somebody wears the own face of `owner`."""
    networks = face_networks()
    pipeline = FacePipeline(networks, Marking(LegTag(1)))
    face = prepare_worn_face(
        replace(portrait_identity(), kind="self", engines=("portrait",)),
        "portrait",
        topology=networks.topology,
    )
    pipeline.wear(face, WearerCheck(recogniser(), owner, networks.topology))
    return pipeline


def filmed(pipeline: FacePipeline, frame: I420Frame, begin: float, seconds: float) -> list[EgressFrame]:
    times = np.arange(begin, begin + seconds, 1 / 15)
    return [pipeline.transform(at_time(frame, float(at)), float(at)) for at in times]


def what(frames: list[EgressFrame]) -> set[tuple[str, str]]:
    return {(frame.kind, frame.reason) for frame in frames}


def test_the_owner_in_motion_wears_their_face_and_another_never() -> None:
    own = wearing(face_in(clip(1)[0]))
    shown = [own.transform(one, one.media_time) for one in clip()]
    assert what(shown[:1]) == {("card", "not_the_wearer")}
    assert {one.kind for one in shown[8:]} == {"face"}
    others = wearing(face_of_person("sora"))
    assert what([others.transform(one, one.media_time) for one in clip()]) == {("card", "not_the_wearer")}


def test_every_person_that_ships_is_told_from_every_other() -> None:
    names = [path.parent.name for path in sorted(IDENTITIES.glob("*/network.onnx"))]
    assert len(names) >= 8
    for owner in names:
        for wearer in names:
            shown = filmed(wearing(face_of_person(owner)), portrait(wearer), 0.0, 0.5)
            assert (shown[-1].kind == "face") == (owner == wearer), (owner, wearer)


def test_who_takes_the_owners_place_gets_the_card_with_their_first_frame() -> None:
    pipeline = wearing(face_of_person("sora"))
    assert filmed(pipeline, portrait("sora"), 0.0, 1.0)[-1].kind == "face"
    gone = filmed(pipeline, next(nobody(1)), 1.0, 0.5)
    assert gone[-1].kind == "card"
    assert what(filmed(pipeline, portrait("amara"), 1.5, 1.0)) == {("card", "not_the_wearer")}
    assert filmed(pipeline, portrait("sora"), 3.5, 1.0)[-1].kind == "face"


def test_who_takes_the_owners_place_within_a_frame_is_noticed_soon() -> None:
    pipeline = wearing(face_of_person("sora"))
    filmed(pipeline, portrait("sora"), 0.0, 1.0)
    swapped = filmed(pipeline, portrait("amara"), 1.0, 3.0)
    assert what(swapped[-20:]) == {("card", "not_the_wearer")}


def test_another_face_that_is_put_on_is_checked_by_nothing_of_the_one_before() -> None:
    pipeline = wearing(face_of_person("sora"))
    assert what(filmed(pipeline, portrait("amara"), 0.0, 0.5)) == {("card", "not_the_wearer")}
    pipeline.wear(prepare_worn_face(portrait_identity(), "portrait", topology=face_networks().topology))
    assert what(filmed(pipeline, portrait("amara"), 0.5, 0.3)) == {("face", "")}
