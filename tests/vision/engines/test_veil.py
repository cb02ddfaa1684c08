"""The cover: little is shown, and averaging many frames shows no more."""

from __future__ import annotations

import numpy as np
import pytest

from talchum.domain.face import TrackedFace
from talchum.domain.frame import I420Frame
from talchum.vision.blending import Patch
from talchum.vision.engines.veil import CELLS_ACROSS, CELLS_DOWN, ENLARGE, Cover, VeilEngine
from tests.vision.scenes import at_time, clip, face_networks, portrait_identity, tracked, veil_identity

pytestmark = pytest.mark.vision


def veil() -> VeilEngine:
    return VeilEngine(face_networks().topology)


def render(engine: VeilEngine, frame: I420Frame, face: TrackedFace, solid: bool = False) -> Patch:
    made = VeilEngine.prepare(portrait_identity() if solid else veil_identity(), face_networks().topology)
    return engine.render(frame, face, made)


def shifted(face: TrackedFace, by: float) -> TrackedFace:
    return TrackedFace(face.landmarks + np.array([by, by / 2, 0], np.float32), 1.0, 0.0)


def test_at_most_eight_cells_cross_the_face() -> None:
    mesh = tracked()[0].landmarks[:468]
    cover = Cover.over(mesh, 10, 152)
    cell = np.hypot(*cover.across)
    width = np.ptp(mesh[:, :2] @ (np.array(cover.across) / cell))
    assert width / cell <= 8
    assert cell * CELLS_ACROSS == pytest.approx(width * ENLARGE, rel=1e-3)


def test_hairline_to_chin_plus_a_quarter_is_opaque() -> None:
    frame, face = clip()[0], tracked()[0]
    patch = render(veil(), frame, face)
    mesh = face.landmarks[:468, :2]
    centre = (mesh.max(0) + mesh.min(0)) / 2
    inside = np.round(centre + (mesh - centre) * 1.1).astype(int)
    area = patch.rectangle
    for x, y in inside:
        assert patch.alpha[y - area.y, x - area.x] == 255
    assert set(np.unique(patch.alpha)) == {0, 255}


def test_no_more_colours_than_cells() -> None:
    patch = render(veil(), clip()[0], tracked()[0])
    assert len(np.unique(patch.y)) <= 16  # coarse steps
    runs = 1 + np.count_nonzero(np.diff(patch.y[patch.y.shape[0] // 2].astype(int)))
    assert runs <= CELLS_ACROSS + CELLS_DOWN


def test_detail_within_a_cell_makes_no_difference() -> None:
    frame, face = clip()[0], tracked()[0]
    area = render(veil(), frame, face).rectangle
    marked = frame.copy()
    block = marked.y[area.rows, area.columns]
    rows, columns = np.indices(block.shape) // 2
    checks = np.where((rows + columns) % 2 == 0, 20, -20)  # averages out in any cell
    block[:] = np.clip(block.astype(int) + checks, 16, 235).astype(np.uint8)
    one, other = veil(), veil()
    other._offsets = one._offsets
    before, after = render(one, frame, face), render(other, marked, face)
    assert np.mean(before.y != after.y) < 0.05  # a mean near a step may fall to its other side


def test_small_movements_show_the_same_colours_again() -> None:
    """A sub-cell shift is another sample between the cells; many add up to a sharper picture."""
    engine, frame, face = veil(), clip()[0], tracked()[0]
    render(engine, at_time(frame, 0.0), face)
    steps = engine._steps.copy()
    changed = []
    for n in range(1, 40):
        by = 1.5 * np.sin(n)
        moved = np.roll(frame.y, (round(by / 2), round(by)), (0, 1))
        buffer = np.concatenate([moved.reshape(-1), frame.u.reshape(-1), frame.v.reshape(-1)])
        render(engine, I420Frame(buffer, frame.width, frame.height, n / 30), shifted(face, by))
        changed.append(np.mean(engine._steps != steps))
    assert max(changed) < 0.03


def test_each_leg_has_offsets_of_its_own() -> None:
    """Otherwise the constants could be looked up and taken off."""
    frame, face = clip()[0], tracked()[0]
    assert (render(veil(), frame, face).y != render(veil(), frame, face).y).any()


def test_solid_cover_is_one_colour_whatever_the_camera_shows() -> None:
    face = tracked()[0]
    first = render(veil(), clip()[0], face, solid=True)
    other = render(veil(), clip()[9], face, solid=True)
    assert len(np.unique(first.y)) == 1
    np.testing.assert_array_equal(first.y, other.y)


def test_turned_head_turns_the_cells() -> None:
    mesh = tracked()[0].landmarks[:468].copy()
    angle = np.radians(30)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]], np.float32)
    turned = mesh.copy()
    turned[:, :2] = (mesh[:, :2] - 300) @ turn + 300
    upright, tilted = Cover.over(mesh, 10, 152), Cover.over(turned, 10, 152)
    difference = np.degrees(
        np.arctan2(tilted.across[1], tilted.across[0]) - np.arctan2(upright.across[1], upright.across[0])
    )
    assert difference == pytest.approx(30, abs=0.5)


def test_cells_out_of_the_picture_keep_their_colour() -> None:
    engine, frame, face = veil(), clip()[0], tracked()[0]
    render(engine, at_time(frame, 0.0), face)
    before = engine._steps[:, 0].copy()
    render(engine, at_time(frame, 1 / 30), shifted(face, -300.0))
    np.testing.assert_array_equal(engine._steps[:, 0], before)


def test_the_parts_of_one_clip_share_their_offsets() -> None:
    topology = face_networks().topology
    frame, face = clip()[0], tracked()[0]
    one, same, other = (VeilEngine(topology, entropy) for entropy in (3, 3, 4))
    prepared = VeilEngine.prepare(veil_identity(), topology)
    patches = [engine.render(frame, face, prepared) for engine in (one, same, other)]
    np.testing.assert_array_equal(patches[0].y, patches[1].y)
    assert (patches[0].y != patches[2].y).any()
