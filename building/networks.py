"""Turns the pinned npm tarball into the pinned network files and their manifest."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from building.errors import BuildError
from building.face_networks import detection_network, landmark_network
from building.face_topology import topology_arrays, topology_file
from building.files import write_atomically
from building.packed_assets import read_packed_assets
from talchum.vision.networks import (
    FACE_TOPOLOGY_FILE,
    MEDIAPIPE_PACKAGE_SHA256,
    NETWORKS,
    Network,
    PinnedFile,
)

MANIFEST_FILE = "manifest.json"


def pinned_files() -> tuple[PinnedFile, ...]:
    """Everything that `build_networks` writes, the manifest apart."""
    return (*NETWORKS.values(), FACE_TOPOLOGY_FILE)


def networks_are_built(directory: Path) -> bool:
    """Whether every pinned file is there with its pinned bytes, and the manifest beside them."""
    if not (directory / MANIFEST_FILE).is_file():
        return False
    return all(_matches(directory / pinned.file, pinned.sha256) for pinned in pinned_files())


def build_networks(tarball: Path, directory: Path) -> None:
    """Convert the tarball and write networks, topology and manifest; BuildError when a result is not the
    pinned one.
    """
    contents = convert(tarball)
    for pinned in pinned_files():
        found = hashlib.sha256(contents[pinned.name]).hexdigest()
        if found != pinned.sha256:
            raise BuildError(f"got {pinned.file} with sha256 {found}, expected {pinned.sha256}")
    directory.mkdir(parents=True, exist_ok=True)
    for pinned in pinned_files():
        write_atomically(directory / pinned.file, contents[pinned.name])
    write_atomically(directory / MANIFEST_FILE, manifest().encode("utf-8"))


def convert(tarball: Path) -> Mapping[str, bytes]:
    """The bytes of every pinned file, by its name, made from the tarball."""
    assets = read_packed_assets(tarball, MEDIAPIPE_PACKAGE_SHA256)
    geometry = assets.file("geometry_pipeline_metadata_landmarks.binarypb")
    detection, landmarks = NETWORKS["face_detection_short_range"], NETWORKS["face_landmarks_attention"]
    return {
        detection.name: detection_network(
            assets.file("face_detection_short_range.tflite"), _metadata(detection)
        ),
        landmarks.name: landmark_network(
            assets.file("face_landmark_with_attention.tflite"), _metadata(landmarks)
        ),
        FACE_TOPOLOGY_FILE.name: topology_file(topology_arrays(geometry, assets.script)),
    }


def manifest() -> str:
    """The manifest as JSON text: source, licence, shapes and hash of each file."""
    entries: list[dict[str, Any]] = []
    for pinned in pinned_files():
        entry: dict[str, Any] = {
            "name": pinned.name,
            "file": pinned.file,
            "sha256": pinned.sha256,
            "source": pinned.source,
            "sourceSha256": MEDIAPIPE_PACKAGE_SHA256,
            "licence": pinned.licence,
        }
        if isinstance(pinned, Network):
            entry["inputs"] = {name: list(shape) for name, shape in pinned.inputs.items()}
            entry["outputs"] = {name: list(shape) for name, shape in pinned.outputs.items()}
        entries.append(entry)
    return json.dumps(entries, indent=2) + "\n"


def _metadata(network: Network) -> dict[str, str]:
    return {"source": network.source, "licence": network.licence}


def _matches(path: Path, sha256: str) -> bool:
    return path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == sha256
