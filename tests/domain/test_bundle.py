"""Bundles: what they hold is what their manifest pins, and no more than may be sent."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from talchum.domain.bundle import MAX_BUNDLE_BYTES, Bundle
from talchum.domain.errors import IdentityError
from tests.domain.test_identity import MANIFEST

FILES = {"thumbnail.webp": b"thumbnail", "texture.webp": b"texture", "texture_points.npy": b"points"}
LEARNED = {
    "network.onnx": b"network",
    "neutral_shape.npy": b"shape",
    "preview.mp4": b"preview",
    "metrics.json": b"{}",
}


def test_files_are_pinned_in_the_order_of_their_names() -> None:
    made = Bundle.of(MANIFEST, {**FILES, **LEARNED})
    pinned: Any = made.manifest["files"]
    assert list(pinned) == sorted({**FILES, **LEARNED})
    assert pinned["network.onnx"] == hashlib.sha256(b"network").hexdigest()
    assert made.identity.name == "sora"


def test_a_file_that_is_not_the_pinned_one_is_refused() -> None:
    made = Bundle.of(MANIFEST, FILES)
    for files in ({**FILES, "texture.webp": b"another"}, {"thumbnail.webp": b"thumbnail"}):
        with pytest.raises(IdentityError) as refused:
            Bundle(made.manifest, files)
        assert refused.value.code == "identity_corrupt"


@pytest.mark.parametrize("extra", ["photo.jpg", "../network.onnx"])
def test_a_file_that_no_identity_has_is_refused(extra: str) -> None:
    with pytest.raises(IdentityError):
        Bundle.of(MANIFEST, {**FILES, extra: b"x"})


def test_a_bundle_that_is_too_large_is_refused() -> None:
    with pytest.raises(IdentityError, match=str(MAX_BUNDLE_BYTES)) as refused:
        Bundle.of(MANIFEST, {**FILES, "network.onnx": bytes(MAX_BUNDLE_BYTES)})
    assert refused.value.code == "identity_invalid"
