"""What every engine must do, whoever writes it: the same tests over all of `ENGINES` and the test's own."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from talchum.domain.errors import FrameError, IdentityError
from talchum.domain.face import TrackedFace
from talchum.domain.frame import I420Frame
from talchum.vision.compositor import CoverCheck
from talchum.vision.engines import ENGINES, FaceEngine
from talchum.vision.identity import IdentityAssets
from tests.vision.engines.returns_input import ReturnsInputEngine
from tests.vision.scenes import (
    clip,
    face_networks,
    neural_identity,
    portrait_identity,
    resized,
    tracked,
    veil_identity,
)

pytestmark = pytest.mark.vision

ALL_ENGINES: dict[str, type[FaceEngine]] = {**ENGINES, "returns-input": ReturnsInputEngine}


def suited_identity(name: str) -> IdentityAssets:
    made = {"veil": veil_identity, "neural": neural_identity}
    return made.get(name, portrait_identity)()


def make(name: str) -> tuple[FaceEngine, Any]:
    topology = face_networks().topology
    return ALL_ENGINES[name](topology), ALL_ENGINES[name].prepare(suited_identity(name), topology)


def moved(face: TrackedFace, scale: float = 1.0, shift: tuple[float, float] = (0.0, 0.0)) -> TrackedFace:
    landmarks = face.landmarks * np.float32(scale)
    landmarks[:, :2] += np.array(shift, np.float32)
    return TrackedFace(landmarks, face.score, face.media_time)


@pytest.mark.parametrize("name", ALL_ENGINES)
def test_patch_planes_fit_its_rectangle(name: str) -> None:
    engine, prepared = make(name)
    frame = clip()[0]
    patch = engine.render(frame, tracked()[0], prepared)
    area = patch.rectangle
    assert area.x % 2 == 0
    assert area.y % 2 == 0
    assert 0 <= area.x < area.x + area.width <= frame.width
    assert 0 <= area.y < area.y + area.height <= frame.height
    assert patch.y.shape == patch.alpha.shape == (area.height, area.width)
    assert patch.u.shape == patch.v.shape == area.chroma_shape
    assert {plane.dtype for plane in (patch.y, patch.u, patch.v, patch.alpha)} == {np.dtype(np.uint8)}


@pytest.mark.parametrize("name", ALL_ENGINES)
def test_frame_is_left_as_it_was(name: str) -> None:
    engine, prepared = make(name)
    frame = clip()[0]
    before = frame.buffer.copy()
    engine.render(frame, tracked()[0], prepared)
    np.testing.assert_array_equal(frame.buffer, before)


@pytest.mark.parametrize("name", ALL_ENGINES)
def test_frame_that_must_not_be_written_is_fine(name: str) -> None:
    engine, prepared = make(name)
    frame = clip()[0].copy()
    frame.buffer.flags.writeable = False
    engine.render(frame, tracked()[0], prepared)


@pytest.mark.parametrize("name", ALL_ENGINES)
@pytest.mark.parametrize("size", [(641, 481), (319, 239), (960, 719), (240, 320)])
def test_sizes_of_any_parity_and_shape(name: str, size: tuple[int, int]) -> None:
    engine, prepared = make(name)
    frame = resized(clip()[0], *size)
    scale = np.array([size[0] / 640, size[1] / 480, size[0] / 640], np.float32)
    face = TrackedFace(tracked()[0].landmarks * scale, 1.0, 0.0)
    patch = engine.render(frame, face, prepared)
    assert patch.u.shape == patch.rectangle.chroma_shape


@pytest.mark.parametrize("name", ALL_ENGINES)
@pytest.mark.parametrize("shift", [(-260.0, 0.0), (260.0, 0.0), (0.0, -200.0), (0.0, 200.0)])
def test_face_half_out_of_the_frame(name: str, shift: tuple[float, float]) -> None:
    engine, prepared = make(name)
    patch = engine.render(clip()[0], moved(tracked()[0], shift=shift), prepared)
    assert np.count_nonzero(patch.alpha) > 0


@pytest.mark.parametrize("name", ALL_ENGINES)
def test_face_outside_the_frame_is_an_error(name: str) -> None:
    engine, prepared = make(name)
    with pytest.raises(FrameError):
        engine.render(clip()[0], moved(tracked()[0], shift=(4000.0, 0.0)), prepared)


@pytest.mark.parametrize("name", ALL_ENGINES)
def test_face_of_a_few_pixels_and_one_that_fills_the_frame(name: str) -> None:
    engine, prepared = make(name)
    centre = tracked()[0].landmarks.mean(0)
    for scale in (0.05, 3.0):
        shift = (320 - centre[0] * scale, 240 - centre[1] * scale)
        engine.render(clip()[0], moved(tracked()[0], scale, shift), prepared)


@pytest.mark.parametrize("name", sorted({*ALL_ENGINES} - {"veil"}))  # each veil draws offsets of its own
def test_same_frames_render_the_same_pixels(name: str) -> None:
    results = []
    for _ in range(2):
        engine, prepared = make(name)
        patches = [engine.render(*pair, prepared) for pair in zip(clip(4), tracked(4), strict=True)]
        results.append(patches[-1])
    np.testing.assert_array_equal(results[0].y, results[1].y)
    np.testing.assert_array_equal(results[0].alpha, results[1].alpha)


@pytest.mark.parametrize("name", ENGINES)
def test_performer_is_covered_in_every_frame_of_the_clip(name: str) -> None:
    engine, prepared = make(name)
    check = CoverCheck(face_networks().topology)
    openings = suited_identity(name).openings
    for frame, face in zip(clip(), tracked(), strict=True):
        assert check.hides(frame, face, engine.render(frame, face, prepared), openings)


def test_engine_that_returns_its_input_is_refused_by_the_check() -> None:
    engine, prepared = make("returns-input")
    check = CoverCheck(face_networks().topology)
    frame, face = clip()[0], tracked()[0]
    assert not check.hides(frame, face, engine.render(frame, face, prepared), frozenset())


@pytest.mark.parametrize("name", ENGINES)
def test_two_legs_share_what_is_prepared(name: str) -> None:
    first, prepared = make(name)
    second, _ = make(name)
    frame, face = clip()[0], tracked()[0]
    for engine in (first, second):
        assert np.count_nonzero(engine.render(frame, face, prepared).alpha) > 0


@pytest.mark.parametrize("name", ENGINES)
def test_jump_in_time_and_size_in_mid_leg(name: str) -> None:
    engine, prepared = make(name)
    frame, face = clip()[0], tracked()[0]
    engine.render(frame, face, prepared)
    smaller = resized(frame, 320, 240, media_time=frame.media_time - 5.0)
    half = TrackedFace(face.landmarks / np.float32(2), 1.0, smaller.media_time)
    patch = engine.render(I420Frame(smaller.buffer, 320, 240, -5.0), half, prepared)
    assert patch.rectangle.width <= 320


def test_portrait_refuses_an_identity_without_texture() -> None:
    with pytest.raises(IdentityError, match="without a texture"):
        ENGINES["portrait"].prepare(veil_identity(), face_networks().topology)


def test_neural_refuses_an_identity_without_a_network() -> None:
    with pytest.raises(IdentityError, match="without a network"):
        ENGINES["neural"].prepare(portrait_identity(), face_networks().topology)
