"""How an installation renders the identities that are worn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from talchum.domain.identity import Language

InferenceProvider = Literal["cpu", "cuda", "tensorrt", "coreml", "directml"]
Proportions = Literal["performer", "identity"]
Corner = Literal["bottom-left", "bottom-right", "top-left", "top-right"]
CORNERS: tuple[Corner, ...] = get_args(Corner)


@dataclass(frozen=True, slots=True)
class Rendering:
    """What the networks of identities run on, and whose proportions a worn face has.

    proportions: "performer" keeps where their eyes, nose and mouth are, "identity" moves them towards its
    own, where the engine can.
    """

    provider: InferenceProvider = "cpu"
    proportions: Proportions = "performer"


@dataclass(frozen=True, slots=True)
class BadgeStyle:
    """What an operator may choose of a badge; whether there is one they may not."""

    corner: Corner = "bottom-left"
    language: Language = "en"


AS_USUAL = Rendering()
