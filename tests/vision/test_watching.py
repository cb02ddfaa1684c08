"""What the clip's performer does is seen as what it is."""

from __future__ import annotations

import json

import numpy as np
import pytest

from talchum.domain.frame import I420Frame
from talchum.domain.sighting import Sighting
from talchum.vision.detection import FaceDetector
from talchum.vision.landmarks import LandmarkNetwork
from talchum.vision.networks import default_networks_directory
from talchum.vision.recognition import FaceRecogniser
from talchum.vision.tracking import FaceTracker
from talchum.vision.watching import EnrolmentWatcher, angles_of
from tests.vision.scenes import CLIP, clip, face_networks, nobody

pytestmark = pytest.mark.vision
COUNT = 60


@pytest.fixture(scope="module")
def watcher() -> EnrolmentWatcher:
    networks = face_networks()
    tracker = FaceTracker(FaceDetector(networks.detector), LandmarkNetwork(networks.landmarks))
    return EnrolmentWatcher(tracker, FaceRecogniser.load(default_networks_directory()), networks.topology)


@pytest.fixture(scope="module")
def sightings(watcher: EnrolmentWatcher) -> list[Sighting]:
    return [watcher.see(frame)[0] for frame in clip(COUNT)]


def test_head_is_held_as_it_was_drawn(sightings: list[Sighting]) -> None:
    truth = json.loads(CLIP.with_suffix(".json").read_text())["frames"][:COUNT]
    for name in ("yaw", "pitch"):
        drawn = np.degrees([frame[name] for frame in truth])
        seen = [getattr(sighting.face, name) for sighting in sightings]
        assert np.abs(np.array(seen) - drawn - np.median(np.array(seen) - drawn)).mean() < 4
        assert np.corrcoef(seen, drawn)[0, 1] > (0.98 if name == "yaw" else 0.5)


def test_lips_part_when_the_jaw_drops(sightings: list[Sighting]) -> None:
    truth = json.loads(CLIP.with_suffix(".json").read_text())["frames"][:COUNT]
    jaw = [frame["units"].get("jawOpen", 0.0) for frame in truth]
    gaps = [sighting.face.gap for sighting in sightings if sighting.face is not None]
    assert np.corrcoef(jaw, gaps)[0, 1] > 0.8


def test_it_is_looked_whose_face_it_is_four_times_a_second(sightings: list[Sighting]) -> None:
    looks = [s.at for s in sightings if s.face is not None and s.face.embedding is not None]
    assert len(looks) == pytest.approx(4 * COUNT / 30, abs=1)
    assert all(s.faces == 1 for s in sightings)


def test_nobody_is_nobody(watcher: EnrolmentWatcher) -> None:
    seen = [watcher.see(frame) for frame in nobody(3)]
    assert all(sighting.face is None and landmarks is None for sighting, landmarks in seen)


@pytest.mark.parametrize(
    ("turn", "expected"),
    [
        ([[0.866, 0, -0.5], [0, 1, 0], [0.5, 0, 0.866]], (30, 0, 0)),
        ([[1, 0, 0], [0, 0.866, -0.5], [0, 0.5, 0.866]], (0, 30, 0)),
        ([[0.866, -0.5, 0], [0.5, 0.866, 0], [0, 0, 1]], (0, 0, 30)),
    ],
    ids=["to the picture's right", "down", "clockwise"],
)
def test_angles_are_positive_to_the_right_down_and_clockwise(
    turn: list[list[float]], expected: tuple[float, float, float]
) -> None:
    assert angles_of(np.array(turn, np.float32)) == pytest.approx(expected, abs=0.1)


def test_light_of_the_picture_is_told(watcher: EnrolmentWatcher) -> None:
    frame = next(nobody(1))
    dark = I420Frame(frame.buffer // 8, frame.width, frame.height, 9.0)
    bright, dim = (watcher.see(one)[0].light for one in (frame, dark))
    assert bright == pytest.approx(float(frame.y.mean()), abs=3)
    assert dim == pytest.approx(bright / 8, abs=2)
