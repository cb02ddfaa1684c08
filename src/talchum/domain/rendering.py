"""How an installation renders the identities that are worn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

InferenceProvider = Literal["cpu", "cuda", "tensorrt", "coreml", "directml"]
Proportions = Literal["performer", "identity"]


@dataclass(frozen=True, slots=True)
class Rendering:
    """What the networks of identities run on, and whose proportions a worn face has.

    proportions: "performer" keeps where their eyes, nose and mouth are, "identity" moves them towards its
    own, where the engine can.
    """

    provider: InferenceProvider = "cpu"
    proportions: Proportions = "performer"


AS_USUAL = Rendering()
