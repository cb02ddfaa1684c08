"""Faces are cut out as each recogniser was taught, and weights are read as TensorFlow.js packs them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from faces.embedders import _DLIB_CROP, _FACERES_CROP, Crop, load_dlib, read_weights


@pytest.mark.parametrize("crop", [_FACERES_CROP, _DLIB_CROP], ids=["faceres", "dlib"])
def test_a_turned_face_is_cut_out_upright(crop: Crop) -> None:
    points = np.zeros((468, 2), np.float32)
    turn = np.array([[0.0, -1.0], [1.0, 0.0]])  # a quarter, clockwise as seen
    image = np.zeros((400, 400, 3), np.uint8)
    for landmarks, anchor in zip(crop.landmarks, crop.anchors, strict=True):
        place = turn @ (np.array(anchor) - 0.5) * 200 + 200
        points[list(landmarks)] = place
        x, y = np.round(place).astype(int)
        image[y - 3 : y + 4, x - 3 : x + 4] = 255
    cut = crop.cut(image, points)
    assert cut.shape == (1, 3, crop.side, crop.side)
    dark = (0 - max(crop.mean)) / crop.divisor
    for x, y in crop.anchors:
        assert cut[0, :, round(y * crop.side), round(x * crop.side)].min() > dark + 100 / crop.divisor


def test_quantised_weights_become_what_they_stand_for() -> None:
    manifest: list[dict[str, Any]] = [
        {
            "weights": [
                {
                    "name": "kernel",
                    "shape": [2, 2],
                    "dtype": "float32",
                    "quantization": {"dtype": "uint8", "scale": 0.5, "min": -1.0},
                },
                {"name": "bias", "shape": [2], "dtype": "float32"},
            ]
        }
    ]
    raw = bytes([0, 1, 2, 4]) + np.array([7, 8], np.float32).tobytes()
    weights = read_weights(manifest, raw)
    np.testing.assert_allclose(weights["kernel"], np.array([[-1, -0.5], [0, 1]]))
    np.testing.assert_allclose(weights["bias"], np.array([7, 8]))


def test_other_weights_than_the_pinned_ones_are_refused(tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "face_recognition_model.bin").write_bytes(b"not the network")
    with pytest.raises(ValueError, match="expected b413e420"):
        load_dlib(tmp_path)
