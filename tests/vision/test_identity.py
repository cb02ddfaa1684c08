"""Assets that do not fit together are refused before an engine sees them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from talchum.domain.errors import IdentityError
from talchum.vision.identity import IdentityAssets

GOOD: dict[str, Any] = {
    "name": "one",
    "kind": "synthetic",
    "texture": np.zeros((64, 64, 3), np.uint8),
    "alpha": None,
    "texture_points": np.full((468, 2), 32.0, np.float32),
    "openings": frozenset({"eyes"}),
    "engines": ("portrait",),
}


def test_whole_assets_are_taken() -> None:
    IdentityAssets(**GOOD)
    IdentityAssets(**{**GOOD, "neutral_shape": np.zeros((468, 3), np.float32)})
    IdentityAssets(**{**GOOD, "alpha": np.zeros((64, 64), np.uint8)})
    IdentityAssets(**{**GOOD, "texture": None, "texture_points": np.zeros((0, 2), np.float32)})


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("openings", frozenset({"nose"}), "openings"),
        ("texture", np.zeros((64, 64), np.uint8), "expected \\(S, S, 3\\) uint8"),
        ("texture", np.zeros((64, 64, 3), np.float32), "expected \\(S, S, 3\\) uint8"),
        ("texture", np.zeros((8, 8, 3), np.uint8), "sides of 16"),
        ("texture", np.zeros((16, 4096, 3), np.uint8), "sides of 16"),
        ("alpha", np.zeros((32, 64), np.uint8), "alpha"),
        ("texture_points", np.zeros((478, 2), np.float32), "texture points of"),
        ("texture_points", np.zeros((468, 2), np.float64), "texture points of"),
        ("texture_points", np.full((468, 2), np.nan, np.float32), "outside"),
        ("texture_points", np.full((468, 2), 4000.0, np.float32), "outside"),
        ("neutral_shape", np.zeros((478, 3), np.float32), "neutral shape of"),
        ("neutral_shape", np.zeros((468, 3), np.float64), "neutral shape of"),
        ("neutral_shape", np.full((468, 3), 300.0, np.float32), "larger than a head"),
        ("neutral_shape", np.full((468, 3), np.nan, np.float32), "larger than a head"),
    ],
)
def test_broken_assets_are_refused(field: str, value: object, message: str) -> None:
    with pytest.raises(IdentityError, match=message) as caught:
        IdentityAssets(**{**GOOD, field: value})
    assert caught.value.code == "identity_invalid"
