"""Another face by a network that has learned one identity: `talchum.training` makes it, this wears it.

The network sees the performer's motion, light, and their own eyes and inner mouth (`conditioning`) and paints
the identity's face in a small square that follows the head; the square is laid into the frame with a soft
edge. What it takes: a network trained on that identity; `portrait` of the same identity needs none.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import cv2
import numpy as np
from numpy.typing import NDArray

from talchum.domain.errors import IdentityError
from talchum.domain.face import FaceRegion, TrackedFace
from talchum.domain.frame import I420Frame, Plane
from talchum.domain.inference import InferenceProvider
from talchum.vision.blending import Patch, Rectangle, image_to_frame, image_to_yuv, rectangle_around
from talchum.vision.conditioning import (
    NETWORK_INPUT,
    NETWORK_OUTPUT,
    SIDE,
    GeometryPainter,
    Reference,
    cut_reference,
    head_region,
    into_square,
    with_colours,
)
from talchum.vision.cropping import Affine, between_centres, cut_region, region_to_frame
from talchum.vision.detail import DETAIL_SIDE, add_detail, detail_share, still_detail
from talchum.vision.detection import NetworkSession
from talchum.vision.identity import MESH_VERTICES, IdentityAssets
from talchum.vision.rasterise import soft_edge
from talchum.vision.runtime import open_network
from talchum.vision.steadying import Steadier
from talchum.vision.topology import FaceTopology

_MARGIN_PX = 4.0

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class PreparedNeural:
    """An identity ready to be worn; nothing in it changes, so legs share it."""

    session: NetworkSession
    reference: Reference
    detail: Plane


class NeuralEngine:
    """One identity painted by its own network; how it works and what it cannot do is in docs/engines.md."""

    name: ClassVar[str] = "neural"

    def __init__(self, topology: FaceTopology, entropy: int | None = None) -> None:
        self._topology = topology
        self._painter = GeometryPainter(topology)
        self._steadier = Steadier()
        self._painted: PreparedNeural | None = None

    @classmethod
    def prepare(
        cls, assets: IdentityAssets, topology: FaceTopology, provider: InferenceProvider = "cpu"
    ) -> PreparedNeural:
        """Open the identity's network; a tenth of a second."""
        if assets.texture is None or assets.network is None:
            raise IdentityError(f"got identity {assets.name!r} without a network, expected one for neural")
        still = image_to_frame(assets.texture, 0.0)
        region = head_region(assets.texture_points, topology)
        return PreparedNeural(
            open_network(assets.network, f"the network of {assets.name!r}", provider=provider),
            cut_reference(assets.texture, assets.texture_points, topology),
            still_detail(image_to_frame(cut_region(still, region, DETAIL_SIDE), 0.0)),
        )

    def render(self, frame: I420Frame, face: TrackedFace, prepared: PreparedNeural) -> Patch:
        """The identity on this face. Raises FrameError when the face is outside the frame."""
        area = rectangle_around(face.landmarks[:MESH_VERTICES], _MARGIN_PX, frame.width, frame.height)
        region = head_region(face.landmarks, self._topology)
        landmarks = into_square(face.landmarks, region, SIDE)
        drawing = self._painter.draw(landmarks, prepared.reference)
        geometry = self._painter.planes(drawing, landmarks, prepared.reference)
        planes = with_colours(geometry, cut_region(frame, region, SIDE))
        painted = prepared.session.run([NETWORK_OUTPUT], {NETWORK_INPUT: planes[None]})[0][0]
        if self._painted is not prepared:
            self._steadier, self._painted = Steadier(), prepared
        steady = self._steadier.steady(painted, frame.media_time)
        patch = _lay(steady, geometry.inside, region, area)
        add_detail(patch.y, prepared.detail, drawing, detail_share(drawing, geometry), _placed(region, area))
        return patch


def _lay(painted: Floats, inside: NDArray[np.uint8], region: FaceRegion, area: Rectangle) -> Patch:
    """The painted square over a rectangle of the frame. painted: (SIDE, SIDE, 5) of 0..255."""
    picture = np.clip(painted, 0, 255).astype(np.uint8)
    yuv = image_to_yuv(picture[..., :3])
    alpha = _alpha(picture[..., 4], inside)
    placed, size = _placed(region, area), (area.width, area.height)
    half_size = (area.chroma_shape[1], area.chroma_shape[0])
    y = _warped(np.ascontiguousarray(yuv[..., 0]), placed, size)
    chroma = _warped(np.ascontiguousarray(yuv[..., 1:]), _placed(region, area, 2), half_size)
    u, v = (np.ascontiguousarray(chroma[..., channel]) for channel in (0, 1))
    return Patch(area, y, u, v, _warped(alpha, placed, size, border=cv2.BORDER_CONSTANT))


def _placed(region: FaceRegion, area: Rectangle, pixels: int = 1) -> Affine:
    """From pixel centres of the square to those of a rectangle of the frame, `pixels` of them to one."""
    to_frame = region_to_frame(region, SIDE)
    placed = between_centres(to_frame / np.float32(pixels))
    placed[:, 2] -= (area.x // pixels, area.y // pixels)
    return placed


def _alpha(mask: Plane, inside: NDArray[np.uint8]) -> Plane:
    """Soft inside the silhouette, as `portrait` has it; never beyond what the network painted."""
    return np.asarray(np.minimum(soft_edge(inside // 255), np.where(mask > 127, 255, 2 * mask)), np.uint8)


def _warped(
    square: NDArray[np.uint8], placed: Affine, size: tuple[int, int], border: int = cv2.BORDER_REPLICATE
) -> NDArray[np.uint8]:
    warped = cv2.warpAffine(square, placed, size, flags=cv2.INTER_CUBIC, borderMode=border)
    return np.asarray(warped, np.uint8)
