"""The pipeline of one leg: a face in every frame, and never the camera whatever breaks."""

from __future__ import annotations

import logging
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from talchum.domain.errors import IdentityError, NetworkFileError
from talchum.domain.face import TrackedFace
from talchum.domain.frame import EgressFrame, I420Frame
from talchum.domain.leg_tag import LegTag
from talchum.vision import pipeline as pipeline_module
from talchum.vision.blending import Patch, frame_to_image, image_to_frame
from talchum.vision.engines import ENGINES
from talchum.vision.engines.veil import VeilEngine
from talchum.vision.identity import IdentityAssets
from talchum.vision.marks import Marking
from talchum.vision.pipeline import FacePipeline, WornFace, prepare_worn_face, warm_up
from tests.browser.canary import paint, search
from tests.vision.engines.returns_input import ReturnsInputEngine
from tests.vision.faults import FAULTS, HELD_FAULTS, NETWORK_ANSWERS, answering
from tests.vision.scenes import (
    CHEEK,
    at_time,
    clip,
    face_networks,
    neural_identity,
    nobody,
    portrait_identity,
    resized,
    tracked,
    veil_identity,
)

pytestmark = pytest.mark.vision

MARKING = Marking(LegTag(0x123456789))
ALL_ENGINES = {**ENGINES, "returns-input": ReturnsInputEngine}


def wearing(assets: IdentityAssets, engine: str | None = None) -> FacePipeline:
    pipeline = FacePipeline(face_networks(), MARKING, engines=ALL_ENGINES)
    pipeline.wear(worn(assets, engine))
    return pipeline


def worn(assets: IdentityAssets, engine: str | None = None) -> WornFace:
    name = engine or assets.engines[0]
    return prepare_worn_face(assets, name, topology=face_networks().topology, engines=ALL_ENGINES)


def with_canary(frame: I420Frame, face: TrackedFace) -> I420Frame:
    image = frame_to_image(frame)
    x, y = face.landmarks[CHEEK, :2]
    paint(image, (float(x), float(y)))
    return image_to_frame(image, frame.media_time)


def canary_clip() -> list[I420Frame]:
    return [with_canary(frame, face) for frame, face in zip(clip(), tracked(), strict=True)]


def run(pipeline: FacePipeline, frames: Iterator[I420Frame] | list[I420Frame]) -> list[EgressFrame]:
    return [pipeline.transform(frame, frame.media_time) for frame in frames]


def canaries(frames: list[EgressFrame]) -> int:
    return sum(search(egress.picture).found for egress in frames)


@pytest.mark.parametrize("identity", [portrait_identity, veil_identity, neural_identity])
def test_every_frame_of_the_clip_shows_the_face(identity: Callable[[], IdentityAssets]) -> None:
    frames = run(wearing(identity()), list(clip()))
    assert [egress.kind for egress in frames] == ["face"] * len(frames)
    for egress, frame in zip(frames, clip(), strict=True):
        assert egress.picture.media_time == frame.media_time
        assert set(egress.stage_times) == {"trackTime", "renderTime", "blendTime", "markTime"}
        assert min(egress.stage_times.values()) > 0


def test_search_finds_the_canary_in_the_camera() -> None:
    frames = canary_clip()
    assert sum(search(frame).found for frame in frames) >= 0.99 * len(frames)


@pytest.mark.parametrize("identity", [portrait_identity, veil_identity, neural_identity])
def test_canary_on_the_face_never_leaves(identity: Callable[[], IdentityAssets]) -> None:
    frames = run(wearing(identity()), canary_clip())
    assert canaries(frames) == 0
    assert sum(egress.kind == "face" for egress in frames) >= 0.9 * len(frames)


def test_engine_that_returns_its_input_shows_a_card() -> None:
    frames = run(wearing(portrait_identity(), "returns-input"), canary_clip())
    assert {(egress.kind, egress.reason) for egress in frames} == {("card", "stage_failed")}
    assert canaries(frames) == 0


def test_nobody_in_the_picture_is_a_card() -> None:
    frames = run(wearing(portrait_identity()), nobody(3))
    assert {(egress.kind, egress.reason) for egress in frames} == {("card", "no_face")}


def test_somebody_who_leaves_is_held_and_then_a_card() -> None:
    pipeline = wearing(portrait_identity())
    start = clip(4)[-1].media_time + 1 / 30
    run(pipeline, list(clip(4)))
    gone = run(pipeline, [at_time(frame, start + n / 30) for n, frame in enumerate(nobody(14))])
    kinds = [egress.kind for egress in gone]
    assert kinds[0] == "held"
    assert kinds[-1] == "card"
    assert kinds == sorted(kinds, reverse=True)  # held first, and no way back
    assert kinds.count("held") <= 9  # 300 ms of 30 frames a second


def test_nothing_worn_yet_is_a_card() -> None:
    pipeline = FacePipeline(face_networks(), MARKING)
    assert run(pipeline, list(clip(1)))[0].reason == "nothing_ready"
    assert pipeline.idle(5.0).reason == "nothing_ready"


def test_a_face_that_is_taken_off_is_not_even_held() -> None:
    pipeline, frames = wearing(portrait_identity()), canary_clip()
    assert run(pipeline, frames[:3])[-1].kind == "face"
    pipeline.take_off()
    sent = [*run(pipeline, frames[3:6]), pipeline.idle(frames[5].media_time)]
    assert [egress.kind for egress in sent] == ["card"] * 4
    assert canaries(sent) == 0


def test_no_frame_is_held_and_then_a_card() -> None:
    pipeline = wearing(portrait_identity())
    last = run(pipeline, list(clip(3)))[-1].picture.media_time
    assert pipeline.idle(last + 0.1).kind == "held"
    late = pipeline.idle(last + 0.31)
    assert (late.kind, late.reason) == ("card", "late")
    assert (late.picture.width, late.picture.height) == (640, 480)


def test_another_face_is_on_from_the_next_frame() -> None:
    pipeline = wearing(portrait_identity())
    run(pipeline, list(clip(3)))
    pipeline.wear(worn(veil_identity()))
    assert pipeline.idle(clip(3)[-1].media_time).kind == "card"  # not the old face again
    after = run(pipeline, [clip(4)[3]])[0]
    assert after.kind == "face"
    assert len(np.unique(after.picture.y[180:300, 260:380])) <= 80


@pytest.mark.parametrize("size", [(641, 481), (480, 640), (960, 540)])
def test_size_changes_in_mid_leg(size: tuple[int, int]) -> None:
    pipeline = wearing(portrait_identity())
    run(pipeline, list(clip(3)))
    frames = run(pipeline, [resized(frame, *size) for frame in clip(8)[3:]])
    assert not any(egress.kind == "card" and egress.reason == "stage_failed" for egress in frames)
    assert frames[-1].kind == "face"
    assert (frames[-1].picture.width, frames[-1].picture.height) == size


def test_warm_up_needs_no_identity() -> None:
    warm_up(face_networks())


_COMPILED = """
import importlib, pkgutil
import talchum.vision
from numba.core.dispatcher import Dispatcher
from talchum.vision.networks import default_networks_directory
from talchum.vision.pipeline import FaceNetworks, warm_up
names = [module.name for module in pkgutil.walk_packages(talchum.vision.__path__, "talchum.vision.")]
modules = [importlib.import_module(name) for name in names]
warm_up(FaceNetworks.load(default_networks_directory()))
compiled = {value for module in modules for value in vars(module).values() if isinstance(value, Dispatcher)}
print(*(one.py_func.__name__ for one in compiled if not one.signatures))
"""


def test_nothing_is_left_to_compile_for_the_first_frame_of_any_engine() -> None:
    done = subprocess.run([sys.executable, "-c", _COMPILED], capture_output=True, text=True, check=True)
    # these are only ever called by compiled code, into which they go
    assert set(done.stdout.split()) <= {"_continue_outwards", "_touches"}


def test_identity_is_refused_for_an_engine_that_is_not_its_own() -> None:
    with pytest.raises(IdentityError, match="expected one of portrait"):
        prepare_worn_face(portrait_identity(), "veil", topology=face_networks().topology)


def test_missing_network_file_is_named(tmp_path: Any) -> None:
    with pytest.raises(NetworkFileError, match=r"face_detection_short_range\.onnx"):
        FacePipeline.load(tmp_path, MARKING)


# -- every stage broken, one at a time


@pytest.mark.parametrize("fault", FAULTS)
def test_broken_stage_never_lets_the_camera_through(fault: str, caplog: pytest.LogCaptureFixture) -> None:
    pipeline = wearing(portrait_identity())
    frames = canary_clip()
    before = run(pipeline, frames[:6])
    FAULTS[fault](pipeline)
    with caplog.at_level(logging.ERROR):
        after = run(pipeline, frames[6:])
    assert canaries(before + after) == 0
    assert {egress.kind for egress in after} <= {"held", "card"}
    if fault not in HELD_FAULTS:
        assert {egress.kind for egress in after[1:]} == {"card"}  # within two frames, 66 ms
    assert len(caplog.records) <= 2  # said once, not with every frame


def test_broken_session_never_lets_the_camera_through() -> None:
    class Broken:
        def run(self, output_names: list[str], input_feed: dict[str, Any]) -> Any:
            raise RuntimeError("broken")

    networks = face_networks()
    for parts in (
        (Broken(), networks.landmarks, networks.topology),
        (networks.detector, Broken(), networks.topology),
    ):
        pipeline = FacePipeline(pipeline_module.FaceNetworks(*parts), MARKING)
        pipeline.wear(worn(portrait_identity()))
        frames = run(pipeline, canary_clip()[:5])
        assert {(egress.kind, egress.reason) for egress in frames} == {("card", "stage_failed")}


def own_picture(feed: dict[str, Any]) -> Any:
    """The performer's own light and eyes handed back as the picture, under a mask of everything."""
    planes = feed["planes"].astype(np.float32)
    return np.concatenate([planes[..., 8:11] + planes[..., 11:14], np.full((*planes.shape[:3], 2), 255)], 3)


def wearing_network(answer: Callable[[dict[str, Any]], Any]) -> FacePipeline:
    pipeline = FacePipeline(face_networks(), MARKING)
    pipeline.wear(worn(neural_identity()))
    answering(answer)(pipeline)
    return pipeline


@pytest.mark.filterwarnings("ignore:invalid value encountered in cast:RuntimeWarning")
@pytest.mark.parametrize("answer", NETWORK_ANSWERS)
def test_face_network_that_answers_nonsense_is_a_card(answer: str) -> None:
    frames = run(wearing_network(NETWORK_ANSWERS[answer]), canary_clip()[:5])
    assert {(egress.kind, egress.reason) for egress in frames} == {("card", "stage_failed")}
    assert canaries(frames) == 0


def test_face_network_has_seen_nothing_by_which_it_could_show_the_camera() -> None:
    assert canaries(run(wearing_network(own_picture), canary_clip())) == 0


@pytest.mark.parametrize("media_time", [float("nan"), float("inf"), -1e9])
def test_odd_times_never_let_the_camera_through(media_time: float) -> None:
    pipeline = wearing(portrait_identity())
    frames = canary_clip()
    run(pipeline, frames[:4])
    after = [
        pipeline.transform(at_time(frame, media_time), 1.0 + n / 30) for n, frame in enumerate(frames[4:8])
    ]
    assert canaries(after) == 0


def test_picture_too_small_for_a_face_is_a_card() -> None:
    tiny = I420Frame(np.full(I420Frame.size_of(8, 6), 90, np.uint8), 8, 6, 0.0)
    assert run(wearing(portrait_identity()), [tiny])[0].kind == "card"


def test_stage_that_recovers_shows_the_face_again() -> None:
    pipeline = wearing(veil_identity())
    engine = pipeline._engines["veil"]
    assert isinstance(engine, VeilEngine)
    engine.render = breaking_once(engine.render)  # type: ignore[method-assign]
    frames = run(pipeline, list(clip(3)))
    assert [egress.kind for egress in frames] == ["card", "face", "face"]


def breaking_once(work: Callable[..., Patch]) -> Callable[..., Patch]:
    calls = iter([True])

    def render(*arguments: Any) -> Patch:
        if next(calls, False):
            raise RuntimeError("broken")
        return work(*arguments)

    return render
