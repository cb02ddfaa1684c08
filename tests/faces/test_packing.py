"""Drawn identities are written whole, and nothing of an earlier face stays with them."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from faces.packing import Pixels, write_identity
from talchum.adapters.identity_files import IdentityFiles
from tests.adapters.learned_bundles import SHIPPED, learned_bundle


def test_what_was_learned_of_an_earlier_drawing_goes(tmp_path: Path) -> None:
    files = IdentityFiles(tmp_path)
    files.write(learned_bundle("amara"))
    manifest = {**SHIPPED.bundle("amara").manifest, "engines": ["portrait"]}
    drawing = np.full((64, 64, 3), 128, np.uint8)
    points = np.full((468, 2), 32, np.float32)
    write_identity(tmp_path, manifest, drawing, Pixels(drawing, points))
    assert {path.name for path in (tmp_path / "amara").iterdir()} == {
        "manifest.json",
        "texture.webp",
        "texture_points.npy",
        "thumbnail.webp",
    }
    assert files.assets("amara").network is None
    assert np.array_equal(files.assets("amara").texture_points, points)


def test_a_cover_is_a_thumbnail(tmp_path: Path) -> None:
    write_identity(tmp_path, SHIPPED.bundle("veil").manifest, np.zeros((32, 32, 3), np.uint8), None)
    assert set(IdentityFiles(tmp_path).identity("veil").files) == {"thumbnail.webp"}
