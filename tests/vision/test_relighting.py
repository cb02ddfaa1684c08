"""Light of the scene on another texture."""

from __future__ import annotations

import numpy as np
import pytest

from talchum.vision.relighting import CELLS, CellColours, SceneLight, cell_colours, chroma_gain, skin_map
from tests.vision.scenes import face_networks


def flat(y: float, u: float = 115.0, v: float = 145.0, nodes: float = 8.0) -> CellColours:
    colours = np.empty((CELLS, CELLS, 3), np.float32)
    colours[:] = (y, u, v)
    return CellColours(colours, np.full((CELLS, CELLS), nodes, np.float32))


def lit(texture: CellColours, field: np.ndarray) -> np.ndarray:
    """The texture's colours under the field, as the portrait engine applies it."""
    y = texture.colours[..., 0] - 16
    out = np.empty_like(texture.colours)
    out[..., 0] = 16 + field[..., 0] * y
    for channel in (1, 2):
        own = chroma_gain(field[..., 0]) * (texture.colours[..., channel] - 128)
        out[..., channel] = 128 + own + field[..., channel] * field[..., 0] * y
    return out


@pytest.mark.parametrize("scene", [(120, 112, 150), (60, 120, 138), (180, 110, 152)])
def test_skin_takes_the_tone_of_the_scene(scene: tuple[int, int, int]) -> None:
    texture = flat(130)
    light = SceneLight(texture, "skin")
    result = lit(texture, light.follow(flat(*scene), 0.0))
    assert np.abs(result - np.array(scene)).max() < 2.0


def test_same_light_changes_nothing() -> None:
    field = SceneLight(flat(130), "skin").follow(flat(130), 0.0)
    np.testing.assert_allclose(field[..., 0], 1.0, atol=0.01)
    np.testing.assert_allclose(field[..., 1:], 0.0, atol=0.01)


def test_light_from_one_side_shades_that_side() -> None:
    scene = flat(120)
    scene.colours[:, : CELLS // 2, 0] = 80
    field = SceneLight(flat(120), "skin").follow(scene, 0.0)
    assert field[10, 2, 0] < 0.75
    assert field[10, -3, 0] > 0.95


def test_gain_is_bounded() -> None:
    scene = flat(120)
    scene.colours[5:8, 5:8, 0] = 16
    field = SceneLight(flat(120), "skin").follow(scene, 0.0)
    assert field[..., 0].min() > 0.4
    assert SceneLight(flat(18), "skin").follow(flat(230), 0.0)[..., 0].max() < 8.0


def test_object_keeps_its_own_colours() -> None:
    field = SceneLight(flat(200, 128, 128), "object").follow(flat(120, 100, 160), 0.0)
    np.testing.assert_array_equal(field[..., 1:], 0.0)
    assert 0.6 < field[..., 0].mean() < 1.2


def test_flicker_is_smoothed_and_a_lamp_is_followed() -> None:
    light = SceneLight(flat(120), "skin")
    before = light.follow(flat(120), 0.0)[10, 10, 0]
    spot = flat(120)
    spot.colours[9:12, 9:12, 0] = 220
    after = light.follow(spot, 1 / 30)[10, 10, 0]
    steady = SceneLight(flat(120), "skin").follow(spot, 0.0)[10, 10, 0]
    assert abs(after - before) < 0.4 * abs(steady - before)
    for n in range(10):
        lamp = light.follow(flat(190), (2 + n) / 30)
    assert lamp[10, 10, 0] > 0.9 * (190 - 16) / (120 - 16)


def test_hidden_half_keeps_its_light() -> None:
    light = SceneLight(flat(120), "skin")
    dark_side = flat(120)
    dark_side.colours[:, : CELLS // 2, 0] = 80
    before = light.follow(dark_side, 0.0)
    turned = flat(120)
    turned.weights[:, : CELLS // 2] = 0
    after = light.follow(turned, 1 / 30)
    assert after[10, 2, 0] == pytest.approx(before[10, 2, 0], rel=0.12)


def test_nothing_seen_keeps_what_was_known() -> None:
    light = SceneLight(flat(120), "skin")
    before = light.follow(flat(60), 0.0)
    np.testing.assert_array_equal(light.follow(flat(200, nodes=0.0), 0.03), before)


@pytest.mark.vision
def test_eyes_brows_and_lips_are_no_skin() -> None:
    topology = face_networks().topology
    skin = skin_map(topology)
    for name in ("EYE_LEFT", "LIPS_OUTER", "BROW_RIGHT"):
        x, y = topology.uv[list(topology.contours[name])].mean(0) * skin.shape[0]
        assert skin[int(y), int(x)] == 0
    assert skin.mean() > 0.8


def test_cells_average_only_what_is_skin_and_seen() -> None:
    axis = np.linspace(0, 0.999, 60, dtype=np.float32)
    uv = np.ascontiguousarray(np.dstack(np.meshgrid(axis, axis)))
    yuv = np.full((60, 60), 90, np.uint8)
    yuv[:30] = 200
    skin = np.ones((128, 128), np.uint8)
    skin[:, 64:] = 0
    coverage = np.ones((60, 60), np.uint8)
    coverage[50:] = 0
    cells = cell_colours(uv, coverage, yuv, yuv, yuv, skin)
    assert cells.colours[2, 2, 0] == 200
    assert cells.colours[12, 2, 0] == 90
    assert cells.weights[2, -2] == 0
    assert cells.weights[-1, 2] == 0
