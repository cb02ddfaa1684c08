"""Turns the pinned npm tarballs into the pinned network files and their manifest."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

from building.errors import BuildError
from building.face_networks import detection_network, landmark_network
from building.face_topology import topology_arrays, topology_file
from building.files import write_atomically
from building.network_files import MANIFEST_FILE, manifest, pinned_files
from building.npm import read_members
from building.packed_assets import read_packed_assets
from building.recognition_network import recognition_network
from talchum.vision.networks import (
    FACE_TOPOLOGY_FILE,
    HUMAN,
    MEDIAPIPE,
    NETWORKS,
    Network,
    NpmPackage,
)

Tarballs = Mapping[NpmPackage, Path]


def build_networks(tarballs: Tarballs, directory: Path) -> None:
    """Convert the tarballs and write networks, topology and manifest.

    BuildError when a tarball or a result is not the pinned one; nothing is written then.
    """
    contents = convert(tarballs)
    for pinned in pinned_files():
        found = hashlib.sha256(contents[pinned.name]).hexdigest()
        if found != pinned.sha256:
            raise BuildError(f"got {pinned.file} with sha256 {found}, expected {pinned.sha256}")
    directory.mkdir(parents=True, exist_ok=True)
    for pinned in pinned_files():
        write_atomically(directory / pinned.file, contents[pinned.name])
    write_atomically(directory / MANIFEST_FILE, manifest().encode("utf-8"))


def convert(tarballs: Tarballs) -> Mapping[str, bytes]:
    """The bytes of every pinned file, by its name, made from the tarballs."""
    assets = read_packed_assets(tarballs[MEDIAPIPE], MEDIAPIPE.sha256)
    recognition = NETWORKS["face_recognition"]
    graph, weights = read_members(tarballs[HUMAN], HUMAN.sha256, recognition.inside.split(", "))
    detection, landmarks = NETWORKS["face_detection_short_range"], NETWORKS["face_landmarks_attention"]
    short_range = assets.file("face_detection_short_range.tflite")
    with_attention = assets.file("face_landmark_with_attention.tflite")
    geometry = assets.file("geometry_pipeline_metadata_landmarks.binarypb")
    return {
        detection.name: detection_network(short_range, _metadata(detection)),
        landmarks.name: landmark_network(with_attention, _metadata(landmarks)),
        recognition.name: recognition_network(graph, weights, _metadata(recognition)),
        FACE_TOPOLOGY_FILE.name: topology_file(topology_arrays(geometry, assets.script)),
    }


def _metadata(network: Network) -> dict[str, str]:
    return {"source": network.source, "licence": network.licence}
