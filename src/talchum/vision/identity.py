"""What an engine needs of a face that is worn: pixels, where the mesh lies on them, and its openings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from talchum.domain.errors import IdentityError
from talchum.domain.frame import Image
from talchum.domain.identity import IdentityKind

MESH_VERTICES = 468
MAX_TEXTURE_SIDE = 2048
MAX_HEAD_CM = 30.0

Opening = Literal["eyes", "mouth"]


@dataclass(frozen=True, slots=True, eq=False)
class IdentityAssets:
    """The pixels and geometry of one identity, checked.

    texture: RGB uint8 (S, S, 3), or None for a cover that needs none.
    alpha: uint8 (S, S), 255 where the texture covers; None means everywhere.
    texture_points: float32 (468, 2), where each mesh vertex lies on the texture, in its pixels (x right, y
    down);
        shape (0, 2) when there is no texture.
    openings: where the performer's own pixels show.
    network: an ONNX file that has learned this identity, for the engine `neural`; None without one.
    neutral_shape: float32 (468, 3), the head at rest and without pose, in centimetres and axes of
    `FaceTopology.vertices`; None where it was never measured.
    Raises IdentityError (`identity_invalid`) when shapes, types or ranges do not fit together.
    """

    name: str
    kind: IdentityKind
    texture: Image | None
    alpha: NDArray[np.uint8] | None
    texture_points: NDArray[np.float32]
    openings: frozenset[Opening]
    engines: Sequence[str]
    network: bytes | None = None
    neutral_shape: NDArray[np.float32] | None = None

    def __post_init__(self) -> None:
        unknown = set(self.openings) - {"eyes", "mouth"}
        if unknown:
            raise IdentityError(f"got openings {sorted(unknown)}, expected only eyes and mouth")
        if self.texture is None:
            return
        self._check_texture(self.texture)
        self._check_points(self.texture.shape[1], self.texture.shape[0])
        if self.neutral_shape is not None:
            self._check_shape(self.neutral_shape)

    def _check_texture(self, texture: Image) -> None:
        if texture.ndim != 3 or texture.shape[2] != 3 or texture.dtype != np.uint8:
            raise IdentityError(f"got a texture of {texture.shape} {texture.dtype}, expected (S, S, 3) uint8")
        if not 16 <= min(texture.shape[:2]) <= max(texture.shape[:2]) <= MAX_TEXTURE_SIDE:
            raise IdentityError(
                f"got a texture of {texture.shape[1]}x{texture.shape[0]}, "
                f"expected sides of 16 to {MAX_TEXTURE_SIDE}"
            )
        if self.alpha is not None and (self.alpha.shape != texture.shape[:2] or self.alpha.dtype != np.uint8):
            raise IdentityError(
                f"got an alpha of {self.alpha.shape} {self.alpha.dtype}, expected {texture.shape[:2]} uint8"
            )

    def _check_points(self, width: int, height: int) -> None:
        points = self.texture_points
        if points.shape != (MESH_VERTICES, 2) or points.dtype != np.float32:
            raise IdentityError(
                f"got texture points of {points.shape} {points.dtype}, expected ({MESH_VERTICES}, 2) float32"
            )
        # A vertex may fall off a tight crop; a garbage file does not come this close.
        slack = max(width, height) / 2
        inside = (points >= -slack).all() and (points <= np.array([width, height]) + slack).all()
        if not (np.isfinite(points).all() and inside):
            raise IdentityError(
                f"got texture points outside the {width}x{height} texture, expected them on it"
            )

    def _check_shape(self, shape: NDArray[np.float32]) -> None:
        if shape.shape != (MESH_VERTICES, 3) or shape.dtype != np.float32:
            raise IdentityError(
                f"got a neutral shape of {shape.shape} {shape.dtype}, expected ({MESH_VERTICES}, 3) float32"
            )
        if not (np.isfinite(shape).all() and (np.abs(shape) < MAX_HEAD_CM).all()):
            raise IdentityError("got a neutral shape larger than a head, expected centimetres")
