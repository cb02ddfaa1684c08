from __future__ import annotations

import io

import numpy as np
import pytest

from building.errors import BuildError
from building.face_topology import contours, edge_list, joined, topology_arrays, topology_file

LIPS = "[[61,17],[17,61],[78,13],[13,78]]"


def script(**edges: str) -> str:
    """JavaScript in the shape of the package's: edges written out, or behind a variable."""
    names = {
        "FACEMESH_LIPS": "Ed",
        "FACEMESH_LEFT_EYE": "[[1,2],[2,3],[3,1]]",
        "FACEMESH_RIGHT_EYE": "[[4,5],[5,6],[6,4]]",
        "FACEMESH_LEFT_EYEBROW": "[[10,11],[11,12],[20,21],[21,22]]",
        "FACEMESH_RIGHT_EYEBROW": "[[30,31],[40,41]]",
        "FACEMESH_LEFT_IRIS": "[[474,475],[475,474]]",
        "FACEMESH_RIGHT_IRIS": "[[469,470],[470,469]]",
        "FACEMESH_FACE_OVAL": "[[10,338],[338,297],[297,10]]",
    } | edges
    return f"var Ed={LIPS};" + "".join(f'H("{name}",{value});' for name, value in names.items())


def varint(value: int) -> bytes:
    out = b""
    while value > 127:
        out += bytes([value & 127 | 128])
        value >>= 7
    return out + bytes([value])


def field(number: int, payload: bytes) -> bytes:
    return varint(number << 3 | 2) + varint(len(payload)) + payload


def geometry() -> bytes:
    vertices = np.arange(15, dtype="<f4")  # three vertices of x, y, z, u, v
    mesh = field(3, vertices.tobytes()) + field(4, varint(0) + varint(1) + varint(300))
    return field(1, mesh)


def test_mesh_is_split_into_places_texture_coordinates_and_triangles() -> None:
    arrays = topology_arrays(geometry(), script())
    np.testing.assert_array_equal(arrays["vertices"], [[0, 1, 2], [5, 6, 7], [10, 11, 12]])
    np.testing.assert_array_equal(arrays["uv"], [[3, 4], [8, 9], [13, 14]])
    np.testing.assert_array_equal(arrays["triangles"], [[0, 1, 300]])


def test_unpacked_indices_are_read_too() -> None:
    indices = b"".join(varint(4 << 3) + varint(i) for i in (7, 8, 9))
    arrays = topology_arrays(field(1, field(3, b"") + indices), script())
    np.testing.assert_array_equal(arrays["triangles"], [[7, 8, 9]])


@pytest.mark.parametrize("cut", [1, 3, 20])
def test_truncated_geometry_is_refused(cut: int) -> None:
    with pytest.raises(BuildError):
        topology_arrays(geometry()[:-cut], script())


def test_geometry_without_a_mesh_is_refused() -> None:
    with pytest.raises(BuildError, match="without a mesh"):
        topology_arrays(field(2, b""), script())


def test_lips_are_told_apart_by_the_lower_lips_edge() -> None:
    rings = contours(script())
    assert set(rings["LIPS_OUTER"]) == {61, 17}
    assert set(rings["LIPS_INNER"]) == {78, 13}


def test_two_chains_of_an_eyebrow_become_one_ring() -> None:
    assert contours(script())["BROW_LEFT"] == (10, 11, 12, 22, 21, 20)


def test_edges_are_found_written_out_and_behind_a_variable() -> None:
    assert edge_list(script(), "FACEMESH_FACE_OVAL") == [(10, 338), (338, 297), (297, 10)]
    assert edge_list(script(), "FACEMESH_LIPS")[0] == (61, 17)


def test_missing_constant_is_named() -> None:
    with pytest.raises(BuildError, match="FACEMESH_NOSE"):
        edge_list(script(), "FACEMESH_NOSE")


def test_ring_follows_edges_given_in_any_order() -> None:
    assert joined([(1, 2), (3, 4), (2, 3), (4, 1)]) in {(1, 2, 3, 4), (1, 4, 3, 2)}


def test_contour_that_branches_is_refused() -> None:
    with pytest.raises(BuildError, match="branches"):
        joined([(1, 2), (2, 3), (2, 4)])


def test_contour_of_three_pieces_is_refused() -> None:
    with pytest.raises(BuildError, match="3 pieces"):
        joined([(1, 2), (3, 4), (5, 6)])


def test_file_depends_on_the_arrays_alone() -> None:
    arrays = topology_arrays(geometry(), script())
    shuffled = dict(reversed(arrays.items()))
    assert topology_file(arrays) == topology_file(shuffled)
    with np.load(io.BytesIO(topology_file(arrays))) as loaded:
        np.testing.assert_array_equal(loaded["contour_FACE_OVAL"], arrays["contour_FACE_OVAL"])
