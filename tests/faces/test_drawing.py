"""The generator's parts: raster, refinement, strands and light, on shapes one can reckon by hand."""

from __future__ import annotations

import numpy as np
import pytest

from faces.geometry import chart_of, refine, rotation, vertex_normals
from faces.hair import joined
from faces.images import encode, noise, to_linear
from faces.lighting import Lamp, dome, irradiance, openness, radiance
from faces.raster import draw_strands, rasterise
from faces.render import Camera, Strands

SQUARE = np.array([[2.0, 2, 5], [2, 12, 5], [12, 12, 5], [12, 2, 5]])  # y down
FRONT = np.array([[0, 1, 2], [0, 2, 3]])


def cube() -> tuple[np.ndarray, np.ndarray]:
    points = np.array([[x, y, z] for x in (-1.0, 1) for y in (-1.0, 1) for z in (-1.0, 1)])
    quads = np.array(
        [[0, 1, 3, 2], [4, 6, 7, 5], [0, 4, 5, 1], [2, 3, 7, 6], [0, 2, 6, 4], [1, 5, 7, 3]], np.int64
    )
    return points, quads


def edges_of(quads: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    pairs = np.sort(np.stack([quads, np.roll(quads, -1, 1)], 2).reshape(-1, 2), 1)
    edges, inverse = np.unique(pairs, axis=0, return_inverse=True)
    return edges, inverse.reshape(-1, 4)


def test_square_that_faces_the_viewer_is_filled_and_interpolated() -> None:
    seen = rasterise(SQUARE, FRONT, 16, 16)
    assert (seen.triangle[3:12, 3:12] >= 0).all()
    assert (seen.triangle[:2] == -1).all()
    at = np.einsum("kc,k->c", SQUARE[FRONT[seen.triangle[7, 5]]], seen.weights[7, 5])
    np.testing.assert_allclose(at, [5, 7, 5], atol=1e-5)


def test_square_that_faces_away_is_not_seen() -> None:
    assert (rasterise(SQUARE, FRONT[:, ::-1], 16, 16).triangle == -1).all()


def test_nearer_triangle_hides_the_farther_one() -> None:
    far = SQUARE + np.array([0, 0, 3])
    both = rasterise(np.concatenate([far, SQUARE]), np.concatenate([FRONT, FRONT + 4]), 16, 16)
    assert both.triangle[7, 7] >= 2
    assert both.depth[7, 7] == 5


def test_strand_behind_a_surface_is_not_drawn() -> None:
    depth = rasterise(SQUARE, FRONT, 16, 16).depth
    image = np.zeros((16, 16, 3), np.float32)
    line = np.array([[[0.0, 7, 6], [15, 7, 6]]])
    cover = draw_strands(line, np.ones((1, 2, 3), np.float32), np.ones((1, 2), np.float32), 0.0, depth, image)
    assert cover[7, 0] > 0.9, "beside the square it shows"
    assert cover[7, 7] == 0, "behind the square it does not"


def test_refined_cube_closes_in_on_a_sphere_and_keeps_its_middle() -> None:
    points, quads = cube()
    edges, quad_edges = edges_of(quads)
    fine = refine(points, quads, edges, quad_edges)
    assert len(fine) == 8 + 12 + 6
    np.testing.assert_allclose(fine.mean(0), 0, atol=1e-12)
    assert np.ptp(np.linalg.norm(fine, axis=1)) < np.ptp(np.linalg.norm([[1, 1, 1], [1, 0, 0]], axis=1))


def test_border_of_an_open_mesh_stays_where_it_is() -> None:
    points = np.array([[0.0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]])
    quads = np.array([[0, 1, 2, 3]])
    edges, quad_edges = edges_of(quads)
    np.testing.assert_allclose(refine(points, quads, edges, quad_edges)[:4], points)


def test_positive_yaw_turns_the_face_to_the_pictures_right_and_positive_pitch_down() -> None:
    ahead = np.array([0.0, 0, 1])
    assert (rotation(0.3, 0, 0) @ ahead)[0] > 0
    assert (rotation(0, 0.3, 0) @ ahead)[1] < 0
    np.testing.assert_allclose(rotation(0.3, 0.2, 0.1) @ rotation(0.3, 0.2, 0.1).T, np.eye(3), atol=1e-12)


def test_camera_puts_its_centre_in_the_middle_and_left_of_the_figure_right() -> None:
    camera = Camera(64, 48, 10.0, centre=(0.0, 7.0), samples=2)
    middle, left = camera.project(np.array([[0.0, 7.0, 1.2], [1.0, 7.0, 1.2]]))
    np.testing.assert_allclose(middle[:2], [64, 48])
    assert left[0] == pytest.approx(64 + 20)


def test_chart_is_symmetric_about_the_nose() -> None:
    chart = chart_of(np.array([[-0.4, 7.0, 1.2], [0.4, 7.0, 1.2], [0, 7.0, 1.5]]))
    assert chart[0, 0] + chart[1, 0] == pytest.approx(1)
    assert chart[2, 0] == pytest.approx(0.5)
    assert chart[0, 0] < chart[1, 0]


def sphere() -> tuple[np.ndarray, np.ndarray]:
    points, quads = cube()
    edges, quad_edges = edges_of(quads)
    fine = refine(points, quads, edges, quad_edges)
    centre = len(points) + len(edges) + np.arange(len(quads))
    small = np.concatenate(
        [np.stack([quads[:, k], 8 + quad_edges[:, k], centre, 8 + quad_edges[:, k - 1]], 1) for k in range(4)]
    )
    return fine / np.linalg.norm(fine, axis=1, keepdims=True), np.concatenate(
        [small[:, [0, 1, 2]], small[:, [0, 2, 3]]]
    )


def test_dome_looks_everywhere_alike() -> None:
    directions = dome(256)
    np.testing.assert_allclose(np.linalg.norm(directions, axis=1), 1)
    np.testing.assert_allclose(directions.mean(0), 0, atol=0.01)


def test_a_ball_sees_what_it_faces_and_is_brightest_towards_the_lamp() -> None:
    points, triangles = sphere()
    directions = dome(96)
    seen = openness(5 * points, triangles, directions)
    towards = points @ directions.T
    assert seen[towards > 0.1].min() == 1
    assert seen[towards < -0.6].max() == 0
    light = radiance((Lamp((0, 1, 0), (1, 1, 1)),), (0, 0, 0), directions)
    lit = irradiance(vertex_normals(points, triangles), seen, light, directions)
    assert lit[points[:, 1].argmax()].mean() > 4 * lit[points[:, 1].argmin()].mean()


def test_colours_go_to_linear_light_and_back() -> None:
    colours = np.array([[20.0, 90, 170]])
    back = encode(to_linear(colours)[None].astype(np.float32))
    np.testing.assert_allclose(back[0], colours, atol=1)


def test_noise_is_the_same_for_the_same_seed_and_not_for_another() -> None:
    one, again, other = (noise(np.random.default_rng(seed), 5, (40, 60)) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, again)
    assert one.shape == (40, 60)
    assert np.abs(one - other).max() > 0.5


def test_joined_strands_keep_the_longest_and_pad_the_others_at_their_tips() -> None:
    def strand(steps: int, value: float) -> Strands:
        return Strands(
            np.full((1, steps, 3), value),
            np.full((1, steps, 3), value, np.float32),
            np.full((1, steps), value, np.float32),
        )

    both = joined(strand(3, 1.0), None, strand(5, 2.0))
    assert both is not None
    assert both.points.shape == (2, 5, 3)
    assert (both.points[0] == 1).all()
    assert joined(None) is None
