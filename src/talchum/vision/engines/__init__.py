"""The ways of turning a tracked face and an identity into pixels.

To add one: a module here, a line in `ENGINES`, a heading in docs/engines.md. The contract test and the
benchmark loop over `ENGINES`.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, ClassVar, Protocol

from talchum.domain.face import TrackedFace
from talchum.domain.frame import I420Frame
from talchum.domain.rendering import AS_USUAL, Rendering
from talchum.vision.blending import Patch
from talchum.vision.engines.neural import NeuralEngine
from talchum.vision.engines.portrait import PortraitEngine
from talchum.vision.engines.veil import VeilEngine
from talchum.vision.identity import IdentityAssets
from talchum.vision.topology import FaceTopology


class FaceEngine(Protocol):
    """One way of rendering a face; an instance belongs to one leg and may keep what it saw of it.

    entropy: what it draws at random is drawn from this, from the system's own when None.
    """

    name: ClassVar[str]

    def __init__(self, topology: FaceTopology, entropy: int | None = None) -> None: ...

    @classmethod
    def prepare(cls, assets: IdentityAssets, topology: FaceTopology, rendering: Rendering = AS_USUAL) -> Any:
        """What `render` needs of an identity; slow, off the hot path, shareable between legs.

        Raises IdentityError when the assets do not suit the engine, SettingsError when there is no such
        provider.
        """

    def render(self, frame: I420Frame, face: TrackedFace, prepared: Any) -> Patch:
        """Pixels that cover the face but for the identity's openings; the frame stays as it is.

        Raises FrameError when the face is not on the frame.
        """


ENGINES: Mapping[str, type[FaceEngine]] = MappingProxyType(
    {"veil": VeilEngine, "portrait": PortraitEngine, "neural": NeuralEngine}
)

FALLBACK_ENGINES: Mapping[str, str] = MappingProxyType({"neural": "portrait"})
"""What is worn of the same identity when an engine turns out too slow for the machine."""
