"""What a network paints lies where the face is, in every size and turn, and fades out at its edge."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

import numpy as np
import pytest

from talchum.domain.errors import NetworkFileError
from talchum.domain.face import TrackedFace
from talchum.domain.frame import I420Frame
from talchum.domain.rendering import AS_USUAL, Rendering
from talchum.vision.blending import Patch, image_to_yuv
from talchum.vision.detection import NetworkSession
from talchum.vision.engines.neural import NeuralEngine
from talchum.vision.pipeline import prepare_worn_face
from tests.vision.scenes import CHEEK, clip, face_networks, neural_identity, resized, tracked

pytestmark = pytest.mark.vision

FOREHEAD, CHIN, NOSE, LEFT_CHEEK = 151, 199, 4, 280
SKIN = image_to_yuv(np.array([[[70, 150, 90]]], np.uint8))[0, 0]
STRIPE = image_to_yuv(np.array([[[30, 60, 40]]], np.uint8))[0, 0]


def render(frame: I420Frame, face: TrackedFace, rendering: Rendering = AS_USUAL) -> Patch:
    topology = face_networks().topology
    identity = replace(
        neural_identity(), neutral_shape=topology.vertices * np.array([1.06, 1.06, 1], np.float32)
    )
    prepared = NeuralEngine.prepare(identity, topology, rendering)
    return NeuralEngine(topology).render(frame, face, prepared)


def pixel(patch: Patch, point: np.ndarray) -> tuple[int, int, int, int]:
    """y, u, v and alpha of the patch at a point of the frame."""
    x, y = np.floor(point[:2]).astype(int) - (patch.rectangle.x, patch.rectangle.y)
    return tuple(
        int(plane[row, column])
        for plane, row, column in (
            (patch.y, y, x),
            (patch.u, y // 2, x // 2),
            (patch.v, y // 2, x // 2),
            (patch.alpha, y, x),
        )
    )  # type: ignore[return-value]


@pytest.mark.parametrize("index", [0, 8, 16, 23])
def test_the_identity_is_where_the_face_is(index: int) -> None:
    patch, face = render(clip()[index], tracked()[index]), tracked()[index]
    for vertex in (FOREHEAD, CHIN, NOSE, CHEEK, LEFT_CHEEK):
        y, u, v, alpha = pixel(patch, face.landmarks[vertex])
        assert alpha >= (220 if vertex in (FOREHEAD, CHIN, NOSE) else 128)  # a far cheek is near the edge
        # the still's detail goes a little beyond both at a stripe's edge
        assert STRIPE[0] - 12 <= y <= SKIN[0] + 12
        assert abs(u - int(SKIN[1])) < 12
        assert abs(v - int(SKIN[2])) < 12


def test_the_same_face_at_half_the_size_is_painted_alike() -> None:
    frame, face = clip()[0], tracked()[0]
    whole = render(frame, face)
    small = render(resized(frame, 320, 240), TrackedFace(face.landmarks / np.float32(2), 1.0, 0.0))
    for vertex in (CHIN, CHEEK, LEFT_CHEEK):
        large, little = pixel(whole, face.landmarks[vertex]), pixel(small, face.landmarks[vertex] / 2)
        np.testing.assert_allclose(large[1:3], little[1:3], atol=6)


def test_the_edge_fades_out_within_the_face() -> None:
    patch = render(clip()[0], tracked()[0])
    for edge in (patch.alpha[0], patch.alpha[-1], patch.alpha[:, 0], patch.alpha[:, -1]):
        assert edge.max() == 0
    middle = patch.alpha[patch.alpha.shape[0] // 2].astype(int)
    assert np.abs(np.diff(middle)).max() < 90  # no hard seam


def test_a_network_that_is_none_is_refused_by_the_identity_s_name() -> None:
    broken = replace(neural_identity(), network=b"nothing of the kind")
    with pytest.raises(NetworkFileError, match="striped") as refused:
        NeuralEngine.prepare(broken, face_networks().topology)
    assert refused.value.code == "network_file_corrupt"


def test_the_network_is_opened_where_the_setting_says(monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []

    def remember(_model: bytes, _name: str, *, provider: str) -> NetworkSession:
        opened.append(provider)
        return cast("NetworkSession", None)

    monkeypatch.setattr("talchum.vision.engines.neural.open_network", remember)
    topology = face_networks().topology
    prepare_worn_face(neural_identity(), "neural", topology=topology)
    prepare_worn_face(neural_identity(), "neural", topology=topology, rendering=Rendering("cuda"))
    assert opened == ["cpu", "cuda"]


def test_the_proportions_of_the_identity_move_features_and_hardly_the_edge() -> None:
    frame, face = clip()[0], tracked()[0]
    own = render(frame, face)
    moved = render(frame, face, Rendering(proportions="identity"))
    assert own.rectangle == moved.rectangle
    assert np.abs(own.alpha.astype(int) - moved.alpha).mean() < 4  # a far cheek is edge too
    assert np.abs(own.y.astype(int) - moved.y).mean() > 0.5


@pytest.mark.parametrize(
    ("rendering", "shows"), [(AS_USUAL, True), (Rendering(proportions="identity"), False)]
)
def test_a_glint_in_the_performers_eye_is_one_in_the_worn_faces(rendering: Rendering, shows: bool) -> None:
    frame, face = clip()[0], tracked()[0]
    x, y = face.landmarks[468, :2].astype(int)
    glint = replace(frame, buffer=frame.buffer.copy())
    glint.y[y - 1 : y + 2, x - 1 : x + 2] = 235
    before, after = (pixel(render(one, face, rendering), face.landmarks[468])[0] for one in (frame, glint))
    assert (after - before > 40) is shows
