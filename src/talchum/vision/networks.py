"""The network files that ship with an installation: where each comes from and which bytes are the right ones.

The build writes them (`building/`); nothing is fetched at run time. Standard library only, because the build
reads this table too.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from talchum.domain.errors import NetworkFileError

Shape = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class NpmPackage:
    """What files are made from. specification: name@version. sha256: of its tarball. licence: SPDX."""

    specification: str
    sha256: str
    licence: str


MEDIAPIPE = NpmPackage(
    "@mediapipe/face_mesh@0.4.1657299874",
    "c08a7e0742a326285da666cf81d77c8b6f3a181a2ee948cadaf166008e0d3bc7",
    "Apache-2.0",
)
HUMAN = NpmPackage(
    "@vladmandic/human@3.3.6",
    "425e9c51dbbca0c8934362b170cb0d54c2529c11c654b3c03092b16e9d6ad3f7",
    "MIT",
)
PACKAGES = (MEDIAPIPE, HUMAN)


@dataclass(frozen=True, slots=True)
class PinnedFile:
    """A file of the build and the only bytes it may hold.

    file: name inside the networks directory. sha256: of the file as built. package, inside: what it is made
    from, and which of its files.
    """

    name: str
    file: str
    sha256: str
    package: NpmPackage
    inside: str

    @property
    def source(self) -> str:
        """npm package and the file inside it."""
        return f"npm {self.package.specification} {self.inside}"

    @property
    def licence(self) -> str:
        """SPDX identifier."""
        return self.package.licence


@dataclass(frozen=True, slots=True)
class Network(PinnedFile):
    """Trained weights as ONNX. inputs, outputs: shape of each named float32 value."""

    inputs: Mapping[str, Shape]
    outputs: Mapping[str, Shape]


_NETWORKS = (
    Network(
        name="face_detection_short_range",
        file="face_detection_short_range.onnx",
        sha256="00b7c0f25e87d154bfc67d10748d071a0f7c1e5b49a837ae8a547d9d460febc6",
        package=MEDIAPIPE,
        inside="face_detection_short_range.tflite",
        inputs=MappingProxyType({"image": (1, 3, 128, 128)}),
        outputs=MappingProxyType({"boxes": (896, 16), "logits": (896,)}),
    ),
    Network(
        name="face_landmarks_attention",
        file="face_landmarks_attention.onnx",
        sha256="456cc78552a35b9a85efd8a730c52338a0f895a6874f458dbdc6d10baeab31e6",
        package=MEDIAPIPE,
        inside="face_landmark_with_attention.tflite",
        inputs=MappingProxyType({"image": (1, 3, 192, 192)}),
        outputs=MappingProxyType({"landmarks": (478, 3), "score": (1,)}),
    ),
    Network(
        name="face_recognition",
        file="face_recognition.onnx",
        sha256="ecc35c04760bc37b75fd1ddef14dde78c8afb046696356f4daec28e246ecdfa4",
        package=HUMAN,
        inside="models/faceres.json, models/faceres.bin",
        inputs=MappingProxyType({"image": (1, 3, 224, 224)}),
        outputs=MappingProxyType({"embedding": (1024,), "ages": (100,)}),
    ),
)
NETWORKS: Mapping[str, Network] = MappingProxyType({network.name: network for network in _NETWORKS})

FACE_TOPOLOGY_FILE = PinnedFile(
    name="face_topology",
    file="face_topology.npz",
    sha256="e41aaa9cf9ef2eb2c8f46d365c7aa04c06f4f039eb2707acd1017beb00001c33",
    package=MEDIAPIPE,
    inside="geometry_pipeline_metadata_landmarks.binarypb, face_mesh.js",
)


def default_networks_directory() -> Path:
    """Where the build puts the network files of this installation."""
    return Path(__file__).resolve().parent.parent / "_built" / "networks"


def network_path(name: str, directory: Path) -> Path:
    """The path of a network's file, after its SHA-256 proved right.

    Raises NetworkFileError: network_unknown, network_file_missing or network_file_corrupt, with the file's
    name.
    """
    network = NETWORKS.get(name)
    if network is None:
        raise NetworkFileError(
            f"got network {name!r}, expected one of {', '.join(NETWORKS)}", code="network_unknown"
        )
    return verified_path(network, directory)


def verified_path(pinned: PinnedFile, directory: Path) -> Path:
    """The path of a pinned file, after its SHA-256 proved right; NetworkFileError as `network_path`."""
    path = directory / pinned.file
    try:
        found = hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise NetworkFileError(
            f"got no readable {pinned.file}, expected it among the networks: install the package again",
            code="network_file_missing",
        ) from error
    if found != pinned.sha256:
        raise NetworkFileError(
            f"got {pinned.file} with sha256 {found}, expected {pinned.sha256}: install the package again",
            code="network_file_corrupt",
        )
    return path
