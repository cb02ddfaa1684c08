"""The test clips: what they promise to the tests that use them."""

from __future__ import annotations

import json
from pathlib import Path

import av
import numpy as np
import pytest

from faces.clip import HEIGHT, RATE, SECONDS, WIDTH, beeps, pose_at, room, write_clip
from talchum.domain.frame import I420Frame
from talchum.vision.detection import FaceDetector
from talchum.vision.landmarks import LandmarkNetwork
from talchum.vision.networks import default_networks_directory, network_path
from talchum.vision.runtime import open_session
from talchum.vision.tracking import FaceTracker, TrackResult

MEDIA = Path(__file__).parent.parent / "media"
MAX_CLIP_BYTES = 400_000


def followed(name: str) -> list[TrackResult]:
    """The tracker's word on each frame of a clip."""
    networks = default_networks_directory()
    detector, landmarks = (
        open_session(network_path(network, networks))
        for network in ("face_detection_short_range", "face_landmarks_attention")
    )
    tracker = FaceTracker(FaceDetector(detector), LandmarkNetwork(landmarks))
    results = []
    with av.open(str(MEDIA / name)) as container:
        for index, frame in enumerate(container.decode(video=0)):
            planes = frame.reformat(format="yuv420p").to_ndarray().astype(np.uint8).reshape(-1)
            results.append(tracker.update(I420Frame(planes, frame.width, frame.height, index / RATE)))
    return results


def test_performance_begins_at_rest_and_holds_turns_blinks_speech_and_a_smile() -> None:
    poses = [pose_at(index / RATE) for index in range(round(SECONDS * RATE))]
    assert poses[0].yaw == 0
    yaw = np.degrees([pose.yaw for pose in poses])
    assert yaw.max() == pytest.approx(25, abs=1)
    assert yaw.min() == pytest.approx(-25, abs=1)
    for unit in ("jawOpen", "eyeBlinkLeft", "mouthSmileLeft"):
        assert max(pose.units[unit] for pose in poses) > 0.3


def test_ground_truth_is_the_performance() -> None:
    truth = json.loads((MEDIA / "synthetic_clip.json").read_text())
    assert (truth["width"], truth["height"], truth["rate"]) == (WIDTH, HEIGHT, RATE)
    assert len(truth["frames"]) == round(SECONDS * RATE)
    for frame in truth["frames"][::37]:
        assert frame["yaw"] == pytest.approx(pose_at(frame["frame"] / RATE).yaw, abs=1e-3)


@pytest.mark.vision
def test_performer_is_followed_through_the_whole_clip_and_turns_as_stated() -> None:
    results = followed("synthetic_clip.mp4")
    truth = json.loads((MEDIA / "synthetic_clip.json").read_text())["frames"]
    faces = [result.face for result in results if result.face is not None]
    assert len(faces) == len(truth)
    assert {result.face_count for result in results} == {1}
    assert np.median([np.ptp(face.landmarks[:468, 0]) for face in faces]) >= 230
    ears = [face.landmarks[454] - face.landmarks[234] for face in faces]
    yaw = [np.arctan2(ear[2], ear[0]) for ear in ears]
    assert np.corrcoef(yaw, [frame["yaw"] for frame in truth])[0, 1] > 0.98


@pytest.mark.vision
def test_second_face_comes_in_and_stays() -> None:
    counts = [result.face_count for result in followed("two_faces.mp4")]
    first = counts.index(2)
    assert 0 < first < len(counts) - RATE // 2
    assert set(counts[:first]) == {1}
    assert set(counts[first:]) == {2}


@pytest.mark.vision
def test_empty_room_has_no_face() -> None:
    assert {result.face_count for result in followed("no_face.mp4")} == {0}


@pytest.mark.parametrize("path", sorted(MEDIA.glob("*.mp4")), ids=lambda path: path.name)
def test_clip_is_small(path: Path) -> None:
    assert path.stat().st_size <= MAX_CLIP_BYTES


def test_beeps_sound_at_whole_seconds_only() -> None:
    sound = np.abs(beeps(3.0).astype(int)).reshape(-1, 480).max(1)  # one value per 10 ms
    assert set(np.flatnonzero(sound > 3000) // 100) == {1, 2}
    assert set(np.flatnonzero(sound > 3000) % 100) <= set(range(6))


def test_written_clip_has_its_pictures_and_its_sound(tmp_path: Path) -> None:
    pictures = [np.full((48, 64, 3), 40 * k, np.uint8) for k in range(1, 6)]
    write_clip(tmp_path / "a.mp4", pictures, beeps(5 / RATE))
    with av.open(str(tmp_path / "a.mp4")) as container:
        means = [frame.to_ndarray(format="gray").mean() for frame in container.decode(video=0)]
    with av.open(str(tmp_path / "a.mp4")) as container:
        assert container.streams.audio[0].rate == 48000
    assert len(means) == 5
    assert means == sorted(means)


def test_room_is_the_same_twice() -> None:
    np.testing.assert_array_equal(room(64, 48), room(64, 48))
