"""Facial hair in changing light: strands carry the light they were drawn in; here it is exchanged."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from faces.assets import FloatArray
from faces.lighting import radiance
from faces.people import PORTRAIT_AMBIENT, PORTRAIT_LAMPS
from faces.render import Gloss, Strands

_ROUGH = 1.3  # as a mirror so rough that it sees about half the dome
_FACE_MIDDLE = np.array([0.0, 7.0, 0.1])


@dataclass(frozen=True, slots=True, eq=False)
class HairLight:
    """usual: the portrait's light from the front, linear."""

    usual: float
    directions: FloatArray

    @classmethod
    def of(cls, directions: FloatArray) -> HairLight:
        """For hair that was drawn in the portrait's light."""
        light = radiance(PORTRAIT_LAMPS, PORTRAIT_AMBIENT, directions)
        usual = Gloss.of(light, directions, _ROUGH).towards(np.array([[0.0, 0.2, 1.0]])).mean()
        return cls(float(usual), directions)

    def on(self, hair: Strands | None, turn: FloatArray, light: FloatArray) -> Strands | None:
        """Brows, beard and lashes lit by radiance light (N, 3) while the head is turned."""
        if hair is None:
            return None
        outward = hair.points[:, :1] - _FACE_MIDDLE
        outward = outward / np.linalg.norm(outward, axis=-1, keepdims=True)
        table = Gloss.of(light, self.directions, _ROUGH)
        seen = table.towards((outward @ turn.T).reshape(-1, 3)).reshape(outward.shape)
        factor = np.clip(np.asarray(seen / self.usual), 0.25, 1.6).astype(np.float32)
        return replace(hair, colours=hair.colours * factor)
