from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from talchum.domain.errors import NetworkFileError
from talchum.vision.networks import FACE_TOPOLOGY_FILE, default_networks_directory
from talchum.vision.topology import FaceTopology, load_topology

pytestmark = pytest.mark.vision


@pytest.fixture(scope="module")
def topology() -> FaceTopology:
    return load_topology(default_networks_directory())


def test_mesh_has_the_shape_the_engines_rely_on(topology: FaceTopology) -> None:
    assert topology.vertices.shape == (468, 3)
    assert topology.uv.shape == (468, 2)
    assert topology.triangles.shape == (898, 3)
    assert topology.vertices.dtype == np.float32
    assert topology.triangles.dtype == np.int32
    assert topology.triangles.min() == 0
    assert topology.triangles.max() == 467


def test_triangles_face_the_viewer(topology: FaceTopology) -> None:
    a, b, c = (topology.vertices[topology.triangles[:, i]] for i in range(3))
    normals = np.cross(b - a, c - a)
    assert (normals[:, 2] > 0).mean() > 0.9  # beside the nostrils a few look away


def test_left_is_the_performers_own(topology: FaceTopology) -> None:
    for part in ("EYE", "BROW"):
        left, right = (
            topology.vertices[list(topology.contours[f"{part}_{side}"])] for side in ("LEFT", "RIGHT")
        )
        assert left[:, 0].mean() > 0 > right[:, 0].mean()
        np.testing.assert_allclose(left[:, 0].mean(), -right[:, 0].mean(), atol=0.05)


def test_texture_origin_is_at_the_top_left(topology: FaceTopology) -> None:
    forehead, chin = topology.uv[10], topology.uv[152]
    assert forehead[1] < chin[1]
    assert topology.uv[33][0] < topology.uv[263][0]
    assert topology.uv.min() >= 0
    assert topology.uv.max() <= 1


def test_contours_are_rings_without_repetition_along_mesh_edges(topology: FaceTopology) -> None:
    edges = {frozenset((int(t[i]), int(t[i - 1]))) for t in topology.triangles for i in range(3)}
    for name in ("EYE_LEFT", "EYE_RIGHT", "FACE_OVAL", "LIPS_OUTER", "LIPS_INNER"):
        ring = topology.contours[name]
        assert len(set(ring)) == len(ring)
        assert all(frozenset((ring[i], ring[i - 1])) in edges for i in range(len(ring))), name


def test_face_oval_encloses_every_other_contour(topology: FaceTopology) -> None:
    oval = topology.vertices[list(topology.contours["FACE_OVAL"])][:, :2]
    for name, ring in topology.contours.items():
        if name.startswith("IRIS"):
            assert min(ring) >= 468
            continue
        points = topology.vertices[list(ring)][:, :2]
        assert (points.min(axis=0) >= oval.min(axis=0) - 1e-4).all()
        assert (points.max(axis=0) <= oval.max(axis=0) + 1e-4).all()


def test_inner_lips_lie_within_the_outer_ones(topology: FaceTopology) -> None:
    inner, outer = (topology.vertices[list(topology.contours[f"LIPS_{ring}"])] for ring in ("INNER", "OUTER"))
    assert np.ptp(inner[:, 1]) < np.ptp(outer[:, 1])
    assert np.ptp(inner[:, 0]) < np.ptp(outer[:, 0])


def test_arrays_cannot_be_changed_by_one_leg_for_all(topology: FaceTopology) -> None:
    with pytest.raises(ValueError, match="read-only"):
        topology.vertices[0] = 0


def test_corrupt_topology_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / FACE_TOPOLOGY_FILE.file).write_bytes(b"PK")
    with pytest.raises(NetworkFileError, match=r"face_topology\.npz") as refused:
        load_topology(tmp_path)
    assert refused.value.code == "network_file_corrupt"
