from __future__ import annotations

import json
from pathlib import Path

import pytest

from building.network_files import MANIFEST_FILE, manifest, networks_are_built, pinned_files
from talchum.vision.networks import PACKAGES, default_networks_directory

pytestmark = pytest.mark.vision


def installed_copy(directory: Path) -> Path:
    for path in default_networks_directory().iterdir():
        (directory / path.name).write_bytes(path.read_bytes())
    return directory


def test_installed_networks_are_the_pinned_ones() -> None:
    assert networks_are_built(default_networks_directory())


@pytest.mark.parametrize("name", [*(pinned.file for pinned in pinned_files()), MANIFEST_FILE])
def test_missing_file_is_built_again(tmp_path: Path, name: str) -> None:
    (installed_copy(tmp_path) / name).unlink()
    assert not networks_are_built(tmp_path)


@pytest.mark.parametrize("name", [*(pinned.file for pinned in pinned_files()), MANIFEST_FILE])
def test_changed_file_is_built_again(tmp_path: Path, name: str) -> None:
    path = installed_copy(tmp_path) / name
    raw = bytearray(path.read_bytes())
    raw[len(raw) // 2] ^= 1
    path.write_bytes(raw)
    assert not networks_are_built(tmp_path)


def test_manifest_names_source_licence_shapes_and_hash_of_every_file() -> None:
    entries = {entry["name"]: entry for entry in json.loads(manifest())}
    assert set(entries) == {
        "face_detection_short_range",
        "face_landmarks_attention",
        "face_recognition",
        "face_topology",
    }
    landmarks = entries["face_landmarks_attention"]
    assert landmarks["licence"] == "Apache-2.0"
    assert landmarks["inputs"] == {"image": [1, 3, 192, 192]}
    assert landmarks["outputs"] == {"landmarks": [478, 3], "score": [1]}
    assert entries["face_recognition"]["licence"] == "MIT"
    for entry in entries.values():
        (package,) = (one for one in PACKAGES if f"npm {one.specification} " in entry["source"])
        assert entry["sourceSha256"] == package.sha256
        assert len(entry["sha256"]) == 64
