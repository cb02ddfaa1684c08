"""The mesh warp: the identity where the face is, the performer in the openings, and the scene's light."""

from __future__ import annotations

import numpy as np
import pytest

from talchum.domain.face import TrackedFace
from talchum.domain.frame import I420Frame
from talchum.vision.blending import Patch
from talchum.vision.engines.portrait import PortraitEngine
from talchum.vision.identity import IdentityAssets
from tests.vision.scenes import CHEEK, at_time, clip, face_networks, portrait_identity, tracked

pytestmark = pytest.mark.vision

PUPILS = (468, 473)
FOREHEAD, CHIN, NOSE = 151, 199, 4


def render(frame: I420Frame, face: TrackedFace, assets: IdentityAssets | None = None) -> Patch:
    topology = face_networks().topology
    prepared = PortraitEngine.prepare(assets or portrait_identity(), topology)
    return PortraitEngine(topology).render(frame, face, prepared)


def alpha_at(patch: Patch, point: np.ndarray) -> int:
    x, y = np.floor(point[:2]).astype(int)
    return int(patch.alpha[y - patch.rectangle.y, x - patch.rectangle.x])


def mouth_centre(face: TrackedFace) -> np.ndarray:
    return np.asarray(face.landmarks[[13, 14], :2].mean(0))


def openest_mouth() -> int:
    return int(np.argmax([np.hypot(*(face.landmarks[13] - face.landmarks[14])[:2]) for face in tracked()]))


def test_skin_is_covered_and_eyes_are_the_performers() -> None:
    for frame, face in zip(clip()[::6], tracked()[::6], strict=True):
        patch = render(frame, face)
        for vertex in (FOREHEAD, CHIN, NOSE, CHEEK, 280):
            assert alpha_at(patch, face.landmarks[vertex]) >= 230
        for vertex in PUPILS:
            assert alpha_at(patch, face.landmarks[vertex]) <= 40


def test_open_mouth_is_the_performers_but_for_a_mask() -> None:
    n = openest_mouth()
    frame, face = clip()[n], tracked()[n]
    assert alpha_at(render(frame, face), mouth_centre(face)) <= 60
    assert alpha_at(render(frame, face, portrait_identity(mouth=False)), mouth_centre(face)) >= 250


def test_edge_fades_out_within_the_face() -> None:
    patch = render(clip()[0], tracked()[0])
    assert patch.alpha[0].max() == patch.alpha[-1].max() == 0
    assert patch.alpha[:, 0].max() == patch.alpha[:, -1].max() == 0
    middle = patch.alpha[patch.alpha.shape[0] // 2].astype(int)
    assert np.abs(np.diff(middle))[: len(middle) // 4].max() < 90  # no hard seam


def test_texture_follows_the_mesh() -> None:
    """A texture whose luma is its own column comes out as the column each vertex has on it."""
    side = 256
    ramp = np.repeat(np.arange(side, dtype=np.uint8)[None, :, None], side, axis=0)
    texture = np.ascontiguousarray(np.repeat(ramp, 3, axis=2))
    points = np.ascontiguousarray(face_networks().topology.uv * side, np.float32)
    assets = IdentityAssets("ramp", "synthetic", texture, None, points, frozenset({"eyes"}), ("portrait",))
    frame, face = clip()[0], tracked()[0]
    patch = render(frame, face, assets)
    left, middle, right = (face.landmarks[vertex] for vertex in (CHEEK, NOSE, 280))
    values = [
        int(patch.y[int(p[1]) - patch.rectangle.y, int(p[0]) - patch.rectangle.x])
        for p in (left, middle, right)
    ]
    assert values[0] < values[1] < values[2]


def test_alpha_of_the_texture_is_kept() -> None:
    side = 256
    base = portrait_identity(mouth=False)
    alpha = np.full((side, side), 255, np.uint8)
    alpha[: side // 2] = 0
    assets = IdentityAssets(
        "half", "synthetic", base.texture, alpha, base.texture_points, base.openings, base.engines
    )
    frame, face = clip()[0], tracked()[0]
    patch = render(frame, face, assets)
    assert alpha_at(patch, face.landmarks[FOREHEAD]) == 0
    assert alpha_at(patch, face.landmarks[CHIN]) >= 250


def test_darker_scene_makes_a_darker_face() -> None:
    frame, face = clip()[0], tracked()[0]
    dark = frame.copy()
    dark.y[:] = (16 + (frame.y.astype(np.float32) - 16) * 0.5).astype(np.uint8)
    inside = render(frame, face).alpha > 250
    bright_mean = render(frame, face).y[inside].mean() - 16
    dark_mean = render(dark, face).y[inside].mean() - 16
    assert dark_mean == pytest.approx(bright_mean / 2, rel=0.1)


def test_tone_is_that_of_the_performers_skin() -> None:
    """A grey identity on a performer is not grey: skin takes the scene's low-frequency colour."""
    frame, face = clip()[0], tracked()[0]
    base = portrait_identity()
    grey = np.full((256, 256, 3), 130, np.uint8)
    patch = render(
        frame,
        face,
        IdentityAssets("grey", "synthetic", grey, None, base.texture_points, base.openings, base.engines),
    )
    inside = patch.alpha[::2, ::2] > 250
    area = patch.rectangle
    for plane, camera in ((patch.u, frame.u), (patch.v, frame.v)):
        under = camera[area.chroma_rows, area.chroma_columns][: inside.shape[0], : inside.shape[1]]
        assert abs(float(plane[inside].mean()) - float(under[inside].mean())) < 6


def test_mask_keeps_its_own_colours() -> None:
    frame, face = clip()[0], tracked()[0]
    patch = render(frame, face, portrait_identity(mouth=False))
    inside = patch.alpha[::2, ::2] > 250
    assert patch.v[inside].mean() < 118  # green


def test_still_scene_does_not_shimmer() -> None:
    topology = face_networks().topology
    prepared = PortraitEngine.prepare(portrait_identity(), topology)
    engine = PortraitEngine(topology)
    frame, face = clip()[0], tracked()[0]
    rng = np.random.default_rng(1)
    pictures = []
    for n in range(12):
        noisy = frame.copy()
        grain = rng.normal(0, 4, noisy.y.shape)
        noisy.y[:] = np.clip(noisy.y + grain, 16, 235).astype(np.uint8)
        pictures.append(engine.render(at_time(noisy, n / 30), face, prepared).y.astype(np.float32))
    inside = engine.render(at_time(frame, 0.5), face, prepared).alpha > 250
    assert np.std(pictures[2:], axis=0)[inside].mean() < 0.5
