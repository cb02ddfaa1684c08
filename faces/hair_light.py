"""Hair in changing light: strands carry the light they were drawn in; here it is exchanged for another."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from faces.assets import FloatArray
from faces.geometry import HeadTopology
from faces.hair import Ellipsoid, hairline
from faces.lighting import radiance
from faces.people import PORTRAIT_AMBIENT, PORTRAIT_LAMPS
from faces.render import Gloss, Strands

_ROUGH = 1.3  # as a mirror so rough that it sees about half the dome
_FACE_MIDDLE = np.array([0.0, 7.0, 0.1])
_EVERY = 3  # light is looked up at each third point of a strand and spread between them


@dataclass(frozen=True, slots=True, eq=False)
class HairLight:
    """outward: unit vectors (S, K', 3) away from the skull at each third point of the scalp hair, head space.

    drawn: how bright the light is that each of them was drawn in (S, K'). usual: the portrait's light from
    the front, linear.
    """

    outward: FloatArray
    drawn: FloatArray
    usual: float
    directions: FloatArray

    @classmethod
    def of(
        cls, topology: HeadTopology, points: FloatArray, hair: Strands | None, directions: FloatArray
    ) -> HairLight:
        """For one person's hair. points: refined, unturned."""
        light = radiance(PORTRAIT_LAMPS, PORTRAIT_AMBIENT, directions)
        usual = Gloss.of(light, directions, _ROUGH).towards(np.array([[0.0, 0.2, 1.0]])).mean()
        if hair is None:
            return cls(np.zeros((0, 1, 3)), np.zeros((0, 1)), float(usual), directions)
        above = hairline(topology.rest)
        skull = Ellipsoid.around(points[(above > 0.1) & (topology.rest[:, 1] > 7.2)])
        outward = skull.normal(hair.points[:, ::_EVERY])
        lamp = np.array(PORTRAIT_LAMPS[0].direction) / np.linalg.norm(PORTRAIT_LAMPS[0].direction)
        drawn = 0.25 + 0.85 * np.clip((outward @ lamp) * 0.5 + 0.5, 0, 1)  # as in faces.hair
        # hair that hangs below the skull does not face the ground
        outward[..., 1] = np.maximum(outward[..., 1], -0.15)
        outward /= np.linalg.norm(outward, axis=-1, keepdims=True) + 1e-9
        return cls(outward, drawn, float(usual), directions)

    def scalp(self, hair: Strands | None, turn: FloatArray, light: FloatArray) -> Strands | None:
        """The scalp hair lit by radiance light (N, 3) while the head is turned."""
        if hair is None:
            return None
        factor = self._arriving(self.outward, turn, light) / self.drawn[..., None]
        steps = hair.colours.shape[1]
        spread = np.repeat(factor, _EVERY, 1)[:, :steps].astype(np.float32)
        return replace(hair, colours=hair.colours * np.clip(spread, 0.05, 3.0))

    def facial(self, hair: Strands | None, turn: FloatArray, light: FloatArray) -> Strands | None:
        """Brows, beard and lashes in the same light; they take the colour they have in the portrait's."""
        if hair is None:
            return None
        outward = hair.points[:, :1] - _FACE_MIDDLE
        outward = outward / np.linalg.norm(outward, axis=-1, keepdims=True)
        factor = np.clip(self._arriving(outward, turn, light), 0.25, 1.6).astype(np.float32)
        return replace(hair, colours=hair.colours * factor)

    def _arriving(self, outward: FloatArray, turn: FloatArray, light: FloatArray) -> FloatArray:
        """Light (S, K, 3) on hair that faces outward, 1 = the portrait's from the front."""
        table = Gloss.of(light, self.directions, _ROUGH)
        seen = table.towards((outward @ turn.T).reshape(-1, 3))
        return np.asarray(seen.reshape(outward.shape) / self.usual)
