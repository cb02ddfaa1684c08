"""The canonical face mesh out of the npm package: vertices, texture coordinates, triangles and named
contours.

The mesh is a protocol buffer
(mediapipe/modules/face_geometry/protos/{geometry_pipeline_metadata,mesh_3d}.proto); its contours are listed
as edges in the package's JavaScript.
"""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from building.errors import BuildError

_METADATA_MESH = 1
_MESH_VERTEX_BUFFER, _MESH_INDEX_BUFFER = 3, 4
_FLOATS_IN_VERTEX = 5  # x, y, z, u, v

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5

# left and right are the performer's own
_EDGE_LISTS = {
    "EYE_LEFT": "FACEMESH_LEFT_EYE",
    "EYE_RIGHT": "FACEMESH_RIGHT_EYE",
    "BROW_LEFT": "FACEMESH_LEFT_EYEBROW",
    "BROW_RIGHT": "FACEMESH_RIGHT_EYEBROW",
    "IRIS_LEFT": "FACEMESH_LEFT_IRIS",
    "IRIS_RIGHT": "FACEMESH_RIGHT_IRIS",
    "FACE_OVAL": "FACEMESH_FACE_OVAL",
}
_LIPS = "FACEMESH_LIPS"

Edge = tuple[int, int]


def topology_arrays(geometry: bytes, script: str) -> dict[str, NDArray[Any]]:
    """`vertices` (468, 3) cm, `uv` (468, 2), `triangles` (898, 3) and `contour_<NAME>` rings of landmark
    indices.
    """
    arrays = _mesh(geometry)
    for name, ring in contours(script).items():
        arrays[f"contour_{name}"] = np.array(ring, "<i4")
    return arrays


def topology_file(arrays: Mapping[str, NDArray[Any]]) -> bytes:
    """The arrays as an .npz file whose bytes depend on nothing but the arrays."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(arrays):
            member = io.BytesIO()
            np.lib.format.write_array(
                member, np.array(arrays[name], order="C"), version=(1, 0), allow_pickle=False
            )
            entry = zipfile.ZipInfo(f"{name}.npy", date_time=(1980, 1, 1, 0, 0, 0))
            entry.create_system = 3  # else it names the operating system of the build
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, member.getvalue())
    return buffer.getvalue()


def contours(script: str) -> dict[str, tuple[int, ...]]:
    """Every named contour as a closed ring of landmark indices."""
    rings = {name: joined(edge_list(script, constant)) for name, constant in _EDGE_LISTS.items()}
    outer, inner = _components(edge_list(script, _LIPS))
    if len(outer) < len(inner):
        outer, inner = inner, outer
    # both rings have 20 landmarks: the outer one is the one that holds the lower lip's edge
    if 17 not in {i for edge in outer for i in edge}:
        outer, inner = inner, outer
    return rings | {"LIPS_OUTER": joined(outer), "LIPS_INNER": joined(inner)}


def edge_list(script: str, constant: str) -> list[Edge]:
    """The edges that the JavaScript exports under this name, written out or by way of a variable."""
    export = re.search(rf'"{constant}",(\[\[[\d,\[\]\s]+\]\]|[A-Za-z_$][\w$]*)', script)
    if export is None:
        raise BuildError(f"got a script that does not export {constant}, expected it to")
    literal = export.group(1)
    if not literal.startswith("["):
        variable = re.search(rf"[\s,;]{re.escape(literal)}=(\[\[[\d,\[\]\s]+?\]\])", script)
        if variable is None:
            raise BuildError(f"got no edges behind {constant}, expected a list of pairs")
        literal = variable.group(1)
    return [(int(a), int(b)) for a, b in json.loads(literal)]


def joined(edges: Sequence[Edge]) -> tuple[int, ...]:
    """One closed ring through all edges; two open chains (an eyebrow's edges) are joined at their ends."""
    chains = [_chain(component) for component in _components(edges)]
    if len(chains) == 1:
        return chains[0]
    if len(chains) == 2:
        return chains[0] + tuple(reversed(chains[1]))
    raise BuildError(f"got a contour of {len(chains)} pieces, expected 1 or 2")


def _components(edges: Sequence[Edge]) -> list[list[Edge]]:
    """The edges grouped into connected pieces, in the order in which the pieces begin."""
    pieces: list[list[Edge]] = []
    for edge in edges:
        touching = [piece for piece in pieces if any(set(edge) & set(other) for other in piece)]
        merged = [other for piece in touching for other in piece] + [edge]
        position = min((pieces.index(piece) for piece in touching), default=len(pieces))
        pieces = [piece for piece in pieces if piece not in touching]
        pieces.insert(position, merged)
    return pieces


def _chain(edges: Sequence[Edge]) -> tuple[int, ...]:
    """The landmarks along one connected piece, from its first edge's start, or from an open end where it has
    one.
    """
    neighbours: dict[int, list[int]] = {}
    for a, b in edges:
        neighbours.setdefault(a, []).append(b)
        neighbours.setdefault(b, []).append(a)
    if any(len(around) > 2 for around in neighbours.values()):
        raise BuildError("got a contour that branches, expected a chain")
    current = next((i for i, around in neighbours.items() if len(around) == 1), edges[0][0])
    chain = [current]
    while True:
        following = [i for i in neighbours[current] if i not in chain]
        if not following:
            return tuple(chain)
        current = following[0]
        chain.append(current)


def _mesh(geometry: bytes) -> dict[str, NDArray[Any]]:
    mesh = next((value for field, value in _fields(geometry) if field == _METADATA_MESH), None)
    if not isinstance(mesh, bytes):
        raise BuildError("got geometry metadata without a mesh, expected one")
    floats, indices = b"", list[int]()
    for field, value in _fields(mesh):
        if field == _MESH_VERTEX_BUFFER and isinstance(value, bytes):
            floats += value
        elif field == _MESH_INDEX_BUFFER:
            indices += [value] if isinstance(value, int) else list(_varints(value))
    vertices = np.frombuffer(floats, "<f4").reshape(-1, _FLOATS_IN_VERTEX)
    triangles = np.array(indices, "<i4").reshape(-1, 3)
    return {"vertices": vertices[:, :3].copy(), "uv": vertices[:, 3:].copy(), "triangles": triangles}


def _fields(raw: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Field number and value of each entry of a protocol buffer's message."""
    at = 0
    while at < len(raw):
        key, at = _varint(raw, at)
        field, wire = key >> 3, key & 7
        if wire == _VARINT:
            value, at = _varint(raw, at)
            yield field, value
            continue
        if wire == _BYTES:
            length, at = _varint(raw, at)
        elif wire in (_FIXED32, _FIXED64):
            length = 4 if wire == _FIXED32 else 8
        else:
            raise BuildError(f"got wire type {wire}, expected 0, 1, 2 or 5")
        if at + length > len(raw):
            raise BuildError(f"got a message of {len(raw)} bytes, expected at least {at + length}")
        yield field, raw[at : at + length]
        at += length


def _varints(raw: bytes) -> Iterator[int]:
    at = 0
    while at < len(raw):
        value, at = _varint(raw, at)
        yield value


def _varint(raw: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while at < len(raw) and shift < 64:
        byte = raw[at]
        value |= (byte & 127) << shift
        at += 1
        shift += 7
        if byte < 128:
            return value, at
    raise BuildError("got a truncated number, expected one of at most ten bytes")
