"""Reads the files that MediaPipe's npm package keeps inside one packed blob.

The package's Emscripten loader lists every packed file with its byte range; the blob beside it holds the
bytes.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

from building.errors import BuildError
from building.npm import read_members

_LOADER = "face_mesh_solution_packed_assets_loader.js"
_BLOB = "face_mesh_solution_packed_assets.data"
_SCRIPT = "face_mesh.js"
_FILE_LIST = re.compile(r'"files":\s*(\[.*?\])', re.DOTALL)


@dataclass(frozen=True, slots=True)
class PackedAssets:
    """The packed files by base name, and the package's JavaScript (which lists the mesh's contours)."""

    files: dict[str, bytes]
    script: str

    def file(self, name: str) -> bytes:
        """The bytes of one packed file; BuildError when the package does not hold it."""
        if name not in self.files:
            raise BuildError(f"got a package with {sorted(self.files)}, expected {name} in it")
        return self.files[name]


def read_packed_assets(tarball: Path, sha256: str) -> PackedAssets:
    """The packed files of `@mediapipe/face_mesh`, after its tarball proved to be the pinned one."""
    loader, blob, script = read_members(tarball, sha256, (_LOADER, _BLOB, _SCRIPT))
    return PackedAssets(split_blob(loader.decode("utf-8"), blob), script.decode("utf-8"))


def split_blob(loader: str, blob: bytes) -> dict[str, bytes]:
    """Cut the blob into its files, as the loader's list of `filename`, `start` and `end` says."""
    match = _FILE_LIST.search(loader)
    if match is None:
        raise BuildError("got a loader without a list of files, expected one")
    files: dict[str, bytes] = {}
    for entry in json.loads(match.group(1)):
        start, end = int(entry["start"]), int(entry["end"])
        if not 0 <= start <= end <= len(blob):
            raise BuildError(f"got the range {start}..{end} of a packed file, expected one in 0..{len(blob)}")
        files[str(entry["filename"]).rsplit("/", 1)[-1]] = blob[start:end]
    return files
