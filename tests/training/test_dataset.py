"""A performance becomes squares to learn from, or is refused with the reason before any training."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from talchum.adapters.video_file import ClipReader
from talchum.domain.errors import MediaFileError, TrainingError
from talchum.domain.frame import I420Frame
from talchum.training.dataset import (
    BLOCK_FRAMES,
    HELD_OUT_OF,
    around_openings,
    learning_batch,
    make_dataset,
    soft_mask,
)
from talchum.training.variation import Variation
from talchum.vision.conditioning import PLANES, SIDE
from tests.training.performances import WHOLE_CLIP, dataset, still, tracker
from tests.vision.scenes import at_time, clip, face_networks, nobody

pytestmark = pytest.mark.vision

MEDIA = Path(__file__).parent.parent / "media"


def variation() -> Variation:
    return Variation(face_networks().topology)


def refusal(frames: list[I420Frame]) -> str:
    with pytest.raises(TrainingError) as refused:
        make_dataset(frames, tracker(), face_networks().topology, still())
    return refused.value.code


def test_whole_blocks_are_held_out() -> None:
    made = dataset()
    assert len(made.learned) + len(made.held_out) == WHOLE_CLIP
    assert len(made.held_out) == WHOLE_CLIP // (BLOCK_FRAMES * HELD_OUT_OF) * BLOCK_FRAMES


def test_a_performance_without_a_face_is_refused() -> None:
    assert refusal(list(nobody(130))) == "no_face"


def test_a_performance_of_two_people_is_refused() -> None:
    with ClipReader(MEDIA / "two_faces.mp4") as reader:
        assert refusal(list(reader.frames())) == "second_face"


def test_two_seconds_are_too_short() -> None:
    assert refusal(list(clip(60))) == "performance_too_short"


def test_a_face_that_is_mostly_away_is_refused() -> None:
    here = list(clip(60))
    away = [at_time(frame, 2 + frame.media_time) for frame in nobody(120)]
    assert refusal(here + away) == "face_lost"


def test_a_corrupt_file_is_refused_before_anything_is_learned(tmp_path: Path) -> None:
    path = tmp_path / "broken.mp4"
    path.write_bytes((MEDIA / "synthetic_clip.mp4").read_bytes()[:2000])
    with pytest.raises(MediaFileError), ClipReader(path) as reader:
        make_dataset(reader.frames(), tracker(), face_networks().topology, still())


def test_a_batch_is_what_the_network_takes() -> None:
    batch = learning_batch(dataset(), 3, variation(), np.random.default_rng(0))
    assert batch.planes.shape == (3, PLANES, SIDE, SIDE)
    assert batch.picture.shape == (3, 3, SIDE, SIDE)
    assert batch.mask.shape == (3, 1, SIDE, SIDE)
    for array in (batch.planes, batch.picture, batch.mask):
        assert array.dtype == np.float32
        assert 0 <= array.min() <= array.max() <= 1


def test_the_same_seed_draws_the_same_batch() -> None:
    one, other = (learning_batch(dataset(), 2, variation(), np.random.default_rng(5)) for _ in range(2))
    np.testing.assert_array_equal(one.planes, other.planes)
    np.testing.assert_array_equal(one.picture, other.picture)


def test_features_are_eyes_and_mouth_with_what_lies_around_them() -> None:
    moment = dataset().learned[0]
    features, opened = around_openings(moment.geometry), moment.geometry.opened
    assert features[opened > 0].min() > 200
    assert features[moment.geometry.inside == 0].max() < 60
    assert 2 * (opened > 0).mean() < (features > 128).mean() < 0.15


def test_the_mask_is_the_mesh_with_a_soft_edge_around_it() -> None:
    geometry = dataset().learned[0].geometry
    mask = soft_mask(geometry)
    deep = geometry.planes[3] > 0
    assert mask[deep].min() > 200
    assert np.count_nonzero((mask > 0) & (mask < 255)) > 100
    assert mask[0, 0] == 0
