"""An engine that returns its input. It exists in tests only: the compositor must refuse what it renders."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from talchum.domain.face import TrackedFace
from talchum.domain.frame import I420Frame
from talchum.domain.rendering import AS_USUAL, Rendering
from talchum.vision.blending import Patch, rectangle_around
from talchum.vision.identity import IdentityAssets
from talchum.vision.topology import FaceTopology


class ReturnsInputEngine:
    """Renders the performer's own face, opaque."""

    name: ClassVar[str] = "returns-input"

    def __init__(self, topology: FaceTopology, entropy: int | None = None) -> None:
        self._topology = topology

    @classmethod
    def prepare(cls, assets: IdentityAssets, topology: FaceTopology, rendering: Rendering = AS_USUAL) -> None:
        """Needs nothing."""

    def render(self, frame: I420Frame, face: TrackedFace, prepared: None) -> Patch:
        """The camera's pixels."""
        area = rectangle_around(face.landmarks[:468], 4, frame.width, frame.height)
        return Patch(
            area,
            frame.y[area.rows, area.columns].copy(),
            frame.u[area.chroma_rows, area.chroma_columns].copy(),
            frame.v[area.chroma_rows, area.chroma_columns].copy(),
            np.full((area.height, area.width), 255, np.uint8),
        )
