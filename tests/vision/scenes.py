"""What the vision tests look at: the project's own clip, and identities painted by code."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
from onnx import TensorProto, helper, numpy_helper

from talchum.adapters.video_file import ClipReader
from talchum.domain.face import TrackedFace
from talchum.domain.frame import I420Frame, Image
from talchum.domain.sighting import Embedding
from talchum.vision.blending import frame_to_image, image_to_frame
from talchum.vision.conditioning import PLANES, SIDE
from talchum.vision.detection import FaceDetector
from talchum.vision.identity import IdentityAssets, Opening
from talchum.vision.landmarks import LandmarkNetwork
from talchum.vision.networks import default_networks_directory
from talchum.vision.pipeline import FaceNetworks
from talchum.vision.recognition import FaceRecogniser
from talchum.vision.tracking import FaceTracker

IDENTITIES = Path(__file__).parents[2] / "src" / "talchum" / "identities"
CLIP = Path(__file__).parent.parent / "media" / "synthetic_clip.mp4"
CHEEK = 50
"""A vertex in the middle of the performer's right cheek, well inside what every engine covers."""


@cache
def face_networks() -> FaceNetworks:
    """The installation's networks, opened once for all tests."""
    return FaceNetworks.load(default_networks_directory())


@cache
def clip(count: int = 24) -> tuple[I420Frame, ...]:
    """The first frames of the project's clip: one person who turns and talks, 640x480."""
    with ClipReader(CLIP) as reader:
        return tuple(islice(reader.frames(), count))


@cache
def tracked(count: int = 24) -> tuple[TrackedFace, ...]:
    """The face in each of `clip(count)`."""
    networks = face_networks()
    tracker = FaceTracker(FaceDetector(networks.detector), LandmarkNetwork(networks.landmarks))
    faces = []
    for frame in clip(count):
        face = tracker.update(frame).face
        assert face is not None
        faces.append(face)
    return tuple(faces)


@cache
def recogniser() -> FaceRecogniser:
    """The installation's, opened once for all tests."""
    return FaceRecogniser.load(default_networks_directory())


@cache
def portrait(name: str) -> I420Frame:
    """One of the people that ship, before a camera."""
    picture = cv2.imread(str(IDENTITIES / name / "thumbnail.webp"), cv2.IMREAD_COLOR_RGB)
    assert picture is not None
    image = np.full((480, 640, 3), 90, np.uint8)
    image[:, 80:560] = cv2.resize(picture, (480, 480))
    return image_to_frame(image, 0.0)


def face_tracker() -> FaceTracker:
    """A tracker of one stream."""
    networks = face_networks()
    return FaceTracker(FaceDetector(networks.detector), LandmarkNetwork(networks.landmarks))


def face_in(frame: I420Frame) -> Embedding:
    """Whose face a frame shows."""
    found = face_tracker().update(frame).face
    assert found is not None
    return recogniser().recognise(frame, found.landmarks).embedding


def portrait_identity(*, mouth: bool = True) -> IdentityAssets:
    """A face that nobody has: green skin with stripes, over all of UV space."""
    side = 256
    texture = np.zeros((side, side, 3), np.uint8)
    texture[:] = (70, 150, 90)
    texture[::16] = (30, 60, 40)
    points = np.ascontiguousarray(face_networks().topology.uv * side, np.float32)
    openings: frozenset[Opening] = frozenset({"eyes", "mouth"}) if mouth else frozenset({"eyes"})
    return IdentityAssets(
        "striped", "synthetic", texture, None, points, openings, ("portrait", "returns-input")
    )


def neural_identity() -> IdentityAssets:
    """The striped face with a network that has learned nothing: it paints the bent still, everywhere."""
    return replace(portrait_identity(), engines=("neural", "returns-input"), network=still_network())


def still_network() -> bytes:
    """planes -> painted: the first three planes as the picture, no share of the still, a mask of 255."""
    shape = [1, 4 * PLANES, SIDE // 2, SIDE // 2]
    planes = helper.make_tensor_value_info("planes", TensorProto.UINT8, shape)
    painted = helper.make_tensor_value_info("painted", TensorProto.FLOAT, [1, SIDE, SIDE, 5])
    rest = np.zeros((1, SIDE, SIDE, 2), np.float32)
    rest[..., 1] = 255
    bounds = {"start": [0], "end": [12], "axis": [1]}
    graph = helper.make_graph(
        [
            helper.make_node("Cast", ["planes"], ["numbers"], to=TensorProto.FLOAT),
            helper.make_node("Slice", ["numbers", "start", "end", "axis"], ["still"]),
            helper.make_node("DepthToSpace", ["still"], ["large"], blocksize=2, mode="CRD"),
            helper.make_node("Transpose", ["large"], ["picture"], perm=[0, 2, 3, 1]),
            helper.make_node("Concat", ["picture", "rest"], ["painted"], axis=3),
        ],
        "still",
        [planes],
        [painted],
        [
            *(numpy_helper.from_array(np.array(value), name) for name, value in bounds.items()),
            numpy_helper.from_array(rest, "rest"),
        ],
    )
    opset = helper.make_opsetid("", 17)
    made: bytes = helper.make_model(graph, opset_imports=[opset], ir_version=9).SerializeToString()
    return made


def veil_identity() -> IdentityAssets:
    """The cover of cells."""
    nowhere = np.zeros((0, 2), np.float32)
    return IdentityAssets("veil", "anonymise", None, None, nowhere, frozenset(), ("veil", "returns-input"))


def resized(frame: I420Frame, width: int, height: int, media_time: float | None = None) -> I420Frame:
    """The same picture at another size."""
    image: Image = np.asarray(cv2.resize(frame_to_image(frame), (width, height)), np.uint8)
    return image_to_frame(image, frame.media_time if media_time is None else media_time)


def nobody(count: int, width: int = 640, height: int = 480) -> Iterator[I420Frame]:
    """Frames of an empty room."""
    rows, columns = np.indices((height, width))
    image = np.stack([60 + rows % 90, 90 + columns % 60, 100 + (rows + columns) % 50], axis=2).astype(
        np.uint8
    )
    for n in range(count):
        yield image_to_frame(image, n / 30)


def at_time(frame: I420Frame, media_time: float) -> I420Frame:
    """The same picture at another time."""
    return I420Frame(frame.buffer, frame.width, frame.height, media_time)
