"""The preview shows held-out moments, there and back, as the network paints them."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from talchum.training.dataset import BLOCK_FRAMES
from talchum.training.preview import PREVIEW_RATE, PREVIEW_SIDE, PREVIEW_TURNS, liveliest, preview_frames
from tests.training.performances import dataset
from tests.vision.scenes import still_network

pytestmark = pytest.mark.vision


def test_three_seconds_are_three_movements_there_and_back() -> None:
    frames = preview_frames(still_network(), dataset().held_out)
    assert len(frames) == PREVIEW_TURNS * (2 * BLOCK_FRAMES - 1) == 3 * PREVIEW_RATE
    assert {(frame.shape, frame.dtype) for frame in frames} == {
        ((PREVIEW_SIDE, PREVIEW_SIDE, 3), np.dtype(np.uint8))
    }
    turn = 2 * BLOCK_FRAMES - 1
    for start in range(0, len(frames), turn):
        movement = frames[start : start + turn]
        for there, back in zip(movement, reversed(movement), strict=True):
            np.testing.assert_array_equal(there, back)
        assert any(not np.array_equal(one, other) for one, other in pairwise(movement))


def test_the_face_is_the_networks_alone_on_a_plain_ground() -> None:
    moment = dataset().held_out[0]
    frames = [preview_frames(still_network(), [moment] * BLOCK_FRAMES)[0]]
    white = replace(moment, picture=np.full_like(moment.picture, 255), shown=np.full_like(moment.shown, 255))
    frames.append(preview_frames(still_network(), [white] * BLOCK_FRAMES)[0])
    np.testing.assert_array_equal(frames[0], frames[1], "nothing of the picture shows")
    assert np.ptp(frames[0][:8, :8], axis=(0, 1)).max() == 0
    middle = frames[0][140:180, 140:180].astype(int)
    assert (middle[..., 1] - middle[..., 0]).mean() > 20, "the striped face is green"


def test_the_liveliest_of_each_third_is_shown() -> None:
    still = dataset().held_out[0]
    blocks = [
        replace(still, landmarks=still.landmarks + np.float32(size * index))
        for size in (0.0, 5.0, 2.0, 0.0, 0.0, 7.0)
        for index in range(BLOCK_FRAMES)
    ]
    chosen = liveliest(blocks)
    starts = [blocks.index(block[0]) // BLOCK_FRAMES for block in chosen]
    assert starts == [1, 2, 5]


def test_a_performance_with_little_held_out_has_a_shorter_preview() -> None:
    assert len(preview_frames(still_network(), dataset().held_out[:3])) == 5
