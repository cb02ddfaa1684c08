"""The canonical face mesh: which landmarks form which triangles and which named contours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from talchum.domain.errors import NetworkFileError
from talchum.vision.networks import FACE_TOPOLOGY_FILE, verified_path

VERTICES = 468
TRIANGLES = 898

_CONTOUR_PREFIX = "contour_"


@dataclass(frozen=True, slots=True, eq=False)
class FaceTopology:
    """The mesh that the first 468 landmarks are the vertices of.

    vertices: float32 (468, 3), a neutral face in cm, x to the performer's left, y up, z towards the viewer.
    uv: float32 (468, 2) in 0..1, origin at the top left of a face texture.
    triangles: int32 (898, 3), counter-clockwise as seen from the front with y up.
    contours: closed rings of landmark indices: EYE_LEFT, EYE_RIGHT, BROW_LEFT, BROW_RIGHT, IRIS_LEFT,
    IRIS_RIGHT (these
        two beyond 468), LIPS_OUTER, LIPS_INNER, FACE_OVAL. Left and right are the performer's own.
    """

    vertices: NDArray[np.float32]
    uv: NDArray[np.float32]
    triangles: NDArray[np.int32]
    contours: Mapping[str, tuple[int, ...]]


def load_topology(directory: Path) -> FaceTopology:
    """The topology out of the networks directory, verified; NetworkFileError as `network_path`."""
    path = verified_path(FACE_TOPOLOGY_FILE, directory)
    try:
        with np.load(path, allow_pickle=False) as arrays:
            contours = {
                name.removeprefix(_CONTOUR_PREFIX): tuple(int(i) for i in arrays[name])
                for name in arrays.files
                if name.startswith(_CONTOUR_PREFIX)
            }
            vertices, uv, triangles = (arrays[name] for name in ("vertices", "uv", "triangles"))
    except (OSError, ValueError, KeyError) as error:
        raise NetworkFileError(
            f"got {path.name} that cannot be read, expected the pinned one", code="network_file_corrupt"
        ) from error
    vertices, uv = np.ascontiguousarray(vertices, np.float32), np.ascontiguousarray(uv, np.float32)
    triangles = np.ascontiguousarray(triangles, np.int32)
    for array in (vertices, uv, triangles):  # shared between legs
        array.flags.writeable = False
    return FaceTopology(vertices, uv, triangles, MappingProxyType(contours))
