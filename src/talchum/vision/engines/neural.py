"""Another face by a network that has learned one identity: `talchum.training` makes it, this wears it.

The network sees the performer's motion, light, and their own eyes and inner mouth (`conditioning`) and paints
the identity's face in a small square that follows the head; the square is laid into the frame with a soft
edge. What it takes: a network trained on that identity; `portrait` of the same identity needs none.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import cv2
import numpy as np
from numba import njit
from numpy.typing import NDArray

from talchum.domain.errors import FrameError, IdentityError
from talchum.domain.face import FaceRegion, TrackedFace
from talchum.domain.frame import I420Frame, Image, Plane
from talchum.domain.rendering import AS_USUAL, Rendering
from talchum.vision.blending import (
    RGB_TO_YUV,
    YUV_OFFSET,
    Patch,
    Rectangle,
    image_to_frame,
    rectangle_around,
)
from talchum.vision.conditioning import (
    NETWORK_INPUT,
    NETWORK_OUTPUT,
    SIDE,
    Drawing,
    Geometry,
    GeometryPainter,
    Reference,
    bent,
    cut_reference,
    head_region,
    into_square,
    unshuffled,
    with_colours,
)
from talchum.vision.cropping import Affine, between_centres, cut_region, region_to_frame
from talchum.vision.detail import DETAIL_SIDE, StillDetail, enlarged, times_for
from talchum.vision.detection import NetworkSession
from talchum.vision.identity import MESH_VERTICES, IdentityAssets
from talchum.vision.openings import openings
from talchum.vision.rasterise import soft_edge
from talchum.vision.retargeting import Retargeting
from talchum.vision.runtime import open_network
from talchum.vision.steadying import Steadier
from talchum.vision.topology import FaceTopology

_MARGIN_PX = 4.0
_PAINTED = (SIDE, SIDE, 5)
_TOWARDS = 0.5  # how far proportions go to the identity's; at 1 landmarks would be 5 % beside the performer's

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class PreparedNeural:
    """An identity ready to be worn; nothing in it changes, so legs share it.

    neutral_shape: of the head whose proportions the performer's are moved to, None to leave them.
    """

    session: NetworkSession
    reference: Reference
    detail: StillDetail
    neutral_shape: Floats | None
    openings: frozenset[str]


@dataclass(frozen=True, slots=True, eq=False)
class _Square:
    """What was painted, as planes of SIDE pixels: BT.601 in limited range, not subsampled, and alpha."""

    y: Plane
    u: Plane
    v: Plane
    alpha: Plane

    @classmethod
    def of(cls, painted: Floats, inside: Plane) -> _Square:
        """painted: (SIDE, SIDE, 5) of 0..255. inside: 255 where the mesh is."""
        y, u, v, mask = (np.empty((SIDE, SIDE), np.uint8) for _ in range(4))
        _to_planes(painted, RGB_TO_YUV, YUV_OFFSET, y, u, v, mask)
        # soft inside the silhouette, as `portrait` has it; never beyond what the network painted
        edge = np.minimum(soft_edge(inside // 255), cv2.add(mask, mask))
        return cls(y, u, v, np.asarray(edge, np.uint8))


def prepare_around(
    session: NetworkSession,
    assets: IdentityAssets,
    topology: FaceTopology,
    rendering: Rendering = AS_USUAL,
) -> PreparedNeural:
    """What the engine needs beside a network that is open already. Raises IdentityError without a still."""
    if assets.texture is None:
        raise IdentityError(f"got identity {assets.name!r} without a texture, expected one for neural")
    return PreparedNeural(
        session,
        cut_reference(assets.texture, assets.texture_points, topology),
        _detail(assets.texture, assets.texture_points, topology),
        assets.neutral_shape if rendering.proportions == "identity" else None,
        frozenset(assets.openings),
    )


def _detail(still: Image, points: Floats, topology: FaceTopology) -> StillDetail:
    region = head_region(points, topology)
    cut = cut_region(image_to_frame(still, 0.0), region, DETAIL_SIDE)
    placed = into_square(points, region, DETAIL_SIDE)
    opened = GeometryPainter(topology).opened(placed, DETAIL_SIDE)
    face = np.zeros((DETAIL_SIDE, DETAIL_SIDE), np.uint8)
    cv2.fillPoly(face, [np.round(placed[list(topology.contours["FACE_OVAL"])]).astype(np.int32)], 255)
    return StillDetail.of(image_to_frame(cut, 0.0), face, opened)


class BlankNetwork:
    """Paints nothing, at once: for what runs around a network."""

    def run(self, output_names: list[str], input_feed: dict[str, Any]) -> Any:
        """One square of zeros."""
        return [np.zeros((1, *_PAINTED), np.float32)]


class NeuralEngine:
    """One identity painted by its own network; how it works and what it cannot do is in docs/engines.md."""

    name: ClassVar[str] = "neural"

    def __init__(self, topology: FaceTopology, entropy: int | None = None) -> None:
        self._topology = topology
        self._painter = GeometryPainter(topology)
        self._worn: PreparedNeural | None = None
        self._steadier = Steadier()
        self._retargeting: Retargeting | None = None

    @classmethod
    def prepare(
        cls, assets: IdentityAssets, topology: FaceTopology, rendering: Rendering = AS_USUAL
    ) -> PreparedNeural:
        """Open the identity's network; a tenth of a second."""
        if assets.network is None:
            raise IdentityError(f"got identity {assets.name!r} without a network, expected one for neural")
        network = open_network(assets.network, f"the network of {assets.name!r}", provider=rendering.provider)
        return prepare_around(network, assets, topology, rendering)

    def render(self, frame: I420Frame, face: TrackedFace, prepared: PreparedNeural) -> Patch:
        """The identity on this face. Raises FrameError when the face is outside the frame."""
        area = rectangle_around(face.landmarks[:MESH_VERTICES], _MARGIN_PX, frame.width, frame.height)
        region = head_region(face.landmarks, self._topology)
        if self._worn is not prepared:
            self._begin(prepared)
        drawing, geometry, own = self._look(frame, face, region, prepared.reference)
        planes = unshuffled(with_colours(geometry, own))
        painted = prepared.session.run([NETWORK_OUTPUT], {NETWORK_INPUT: planes})[0][0]
        if painted.shape != _PAINTED:  # compiled code would read beyond it
            raise FrameError(f"got a painted square of shape {painted.shape}, expected {_PAINTED}")
        square = _Square.of(self._steadier.steady(painted, frame.media_time), geometry.inside)
        luma = enlarged(square.y, times_for(region.side), prepared.detail, drawing, geometry)
        patch = _lay(square, luma, region, area)
        if self._retargeting is None:  # else the performer's pixels are not where the painted ones are
            placed = between_centres(region_to_frame(region, SIDE))
            for opening in openings(square.y, own, geometry, prepared.openings):
                opening.lay(patch, frame, placed)
        return patch

    def _begin(self, prepared: PreparedNeural) -> None:
        """Nothing of another identity stays."""
        self._worn, self._steadier, self._retargeting = prepared, Steadier(), None
        if prepared.neutral_shape is not None:
            self._retargeting = Retargeting(self._topology, prepared.neutral_shape, _TOWARDS)

    def _look(
        self, frame: I420Frame, face: TrackedFace, region: FaceRegion, reference: Reference
    ) -> tuple[Drawing, Geometry, Image]:
        """The mesh, the planes of the motion, and the performer's picture where the landmarks are drawn."""
        landmarks, own = into_square(face.landmarks, region, SIDE), cut_region(frame, region, SIDE)
        if self._retargeting is None:
            drawing = self._painter.draw(landmarks, reference)
            return drawing, self._painter.planes(drawing, landmarks, reference), own
        moved = self._retargeting.retarget(landmarks)
        drawing = self._painter.draw(moved, reference, landmarks)
        return drawing, self._painter.planes(drawing, moved, reference), bent(own, drawing)


def _lay(square: _Square, luma: Plane, region: FaceRegion, area: Rectangle) -> Patch:
    """The painted square over a rectangle of the frame. luma: that of the square, in place of `square.y`."""
    placed, halved = _placed(region, area, SIDE), _placed(region, area, SIDE, 2)
    size, half_size = (area.width, area.height), (area.chroma_shape[1], area.chroma_shape[0])
    return Patch(
        area,
        _warped(luma, _placed(region, area, luma.shape[1]), size),
        _warped(square.u, halved, half_size),
        _warped(square.v, halved, half_size),
        _warped(square.alpha, placed, size, cv2.BORDER_CONSTANT),
    )


def _placed(region: FaceRegion, area: Rectangle, side: int, pixels: int = 1) -> Affine:
    """From pixel centres of a square to those of a rectangle of the frame, `pixels` of them to one."""
    placed = between_centres(region_to_frame(region, side) / np.float32(pixels))
    placed[:, 2] -= (area.x // pixels, area.y // pixels)
    return placed


@njit(cache=True, nogil=True, fastmath=True)
def _to_planes(
    painted: Floats, matrix: Floats, offset: Floats, y: Plane, u: Plane, v: Plane, mask: Plane
) -> None:
    """BT.601 in limited range, and the mask, of a painted square."""
    low, high, half = np.float32(0.0), np.float32(255.0), np.float32(0.5)
    for i in range(painted.shape[0]):
        for j in range(painted.shape[1]):
            r = min(max(painted[i, j, 0], low), high)
            g = min(max(painted[i, j, 1], low), high)
            b = min(max(painted[i, j, 2], low), high)
            y[i, j] = np.uint8(matrix[0, 0] * r + matrix[0, 1] * g + matrix[0, 2] * b + offset[0] + half)
            u[i, j] = np.uint8(matrix[1, 0] * r + matrix[1, 1] * g + matrix[1, 2] * b + offset[1] + half)
            v[i, j] = np.uint8(matrix[2, 0] * r + matrix[2, 1] * g + matrix[2, 2] * b + offset[2] + half)
            mask[i, j] = np.uint8(min(max(painted[i, j, 4], low), high) + half)


def _warped(plane: Plane, placed: Affine, size: tuple[int, int], border: int = cv2.BORDER_REPLICATE) -> Plane:
    return np.asarray(
        cv2.warpAffine(plane, placed, size, flags=cv2.INTER_LINEAR, borderMode=border), np.uint8
    )
