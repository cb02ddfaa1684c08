"""Which network files a build has to leave behind, and whether it already has: standard library only."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from talchum.vision.networks import (
    FACE_TOPOLOGY_FILE,
    NETWORKS,
    Network,
    PinnedFile,
)

MANIFEST_FILE = "manifest.json"


def pinned_files() -> tuple[PinnedFile, ...]:
    """Every file that the build pins, the manifest apart."""
    return (*NETWORKS.values(), FACE_TOPOLOGY_FILE)


def networks_are_built(directory: Path) -> bool:
    """Whether every pinned file is there with its pinned bytes, and the manifest beside them."""
    path = directory / MANIFEST_FILE
    if not path.is_file() or path.read_text(encoding="utf-8") != manifest():
        return False
    return all(_matches(directory / pinned.file, pinned.sha256) for pinned in pinned_files())


def manifest() -> str:
    """The manifest as JSON text: source, licence, shapes and hash of each file."""
    entries: list[dict[str, Any]] = []
    for pinned in pinned_files():
        entry: dict[str, Any] = {
            "name": pinned.name,
            "file": pinned.file,
            "sha256": pinned.sha256,
            "source": pinned.source,
            "sourceSha256": pinned.package.sha256,
            "licence": pinned.licence,
        }
        if isinstance(pinned, Network):
            entry["inputs"] = {name: list(shape) for name, shape in pinned.inputs.items()}
            entry["outputs"] = {name: list(shape) for name, shape in pinned.outputs.items()}
        entries.append(entry)
    return json.dumps(entries, indent=2) + "\n"


def _matches(path: Path, sha256: str) -> bool:
    return path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == sha256
