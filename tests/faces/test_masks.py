"""The drawn tal, in the mesh's own space."""

from __future__ import annotations

import numpy as np
import pytest

from faces.masks import MASKS, SIDE, arc, brush, drawn_veil, spline, unrolled, worn_picture
from talchum.adapters.identity_files import IdentityFiles, default_identities_directory
from talchum.vision.networks import default_networks_directory
from talchum.vision.topology import FaceTopology, load_topology

RED_DOT = {"bune": (9, 50), "gaksi": (9,)}  # mesh vertices near which a red dot is painted


@pytest.fixture(scope="module")
def topology() -> FaceTopology:
    return load_topology(default_networks_directory())


def test_curve_goes_through_its_points() -> None:
    line = spline([(0, 0), (10, 5), (20, 0)], 201)
    np.testing.assert_allclose(line[[0, 100, -1]], [[0, 0], [10, 5], [20, 0]], atol=0.2)


def test_bow_rises_where_it_is_told() -> None:
    bow = np.array(arc((0, 100), (80, 100), 12, 0.5))
    assert bow[:, 1].min() == pytest.approx(88)
    assert bow[4, 1] == pytest.approx(88)


def test_brush_covers_its_line_only() -> None:
    mask = brush([(100, 100), (200, 100), (300, 100)], [10, 10], 0.0)
    assert mask[100, 200] == 1
    assert mask[120, 200] == 0


@pytest.mark.vision
def test_unrolled_mesh_lies_on_the_texture_and_is_symmetric(topology: FaceTopology) -> None:
    points = unrolled(topology.vertices)
    assert points.min() > 0
    assert points.max() < SIDE
    assert points[10, 1] < points[152, 1], "the forehead is above the chin"
    assert points[33, 0] + points[263, 0] == pytest.approx(SIDE, abs=1)


@pytest.mark.vision
@pytest.mark.parametrize("name", sorted(RED_DOT))
def test_women_wear_red_dots(name: str) -> None:
    assets = IdentityFiles(default_identities_directory()).assets(name)
    assert assets.texture is not None
    for vertex in RED_DOT[name]:
        x, y = assets.texture_points[vertex].astype(int)
        near = assets.texture[y - 60 : y + 12, x - 12 : x + 12].astype(int)
        assert (near[..., 0] - near[..., 1] > 70).any()


@pytest.mark.vision
def test_gaksi_is_drawn_the_same_twice(topology: FaceTopology) -> None:
    mask = next(one for one in MASKS if one.name == "gaksi")
    first, second = (mask.draw(topology, np.random.default_rng(mask.seed)) for _ in range(2))
    np.testing.assert_array_equal(first, second)
    assert first.shape == (SIDE, SIDE, 3)
    picture = worn_picture(topology, first, 64, mask.ground)
    assert picture.shape == (64, 64, 3)


@pytest.mark.vision
def test_veil_has_a_picture(topology: FaceTopology) -> None:
    assert drawn_veil(topology).shape == (256, 256, 3)
