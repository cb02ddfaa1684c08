"""What a performer is asked to do, in which light, and where each frame of the performance stands in it.

Pure arithmetic: nothing is drawn here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from faces.assets import FloatArray
from faces.clip import Pose
from faces.lighting import radiance
from faces.rooms import LIGHTS, Lighting

FRAMES = 390  # of a whole performance: 13 s at 30 per second
_RATES = (5.5, 5.0, 4.5)  # degrees of yaw, pitch and roll in one frame of unhurried motion
_SWAY = 4.0  # degrees: nobody holds quite still


@dataclass(frozen=True, slots=True)
class Prompt:
    """One thing asked for. units: ARKit units at its height; turn: yaw, pitch, roll and gaze: degrees."""

    name: str
    units: Mapping[str, float] = field(default_factory=dict)
    turn: tuple[float, float, float] = (0.0, 0.0, 0.0)
    gaze: tuple[float, float] = (0.0, 0.0)


def _both(**weights: float) -> dict[str, float]:
    return {f"{unit}{side}": weight for unit, weight in weights.items() for side in ("Left", "Right")}


_SMILE = {"jawOpen": 0.05} | _both(
    mouthSmile=0.5, cheekSquint=0.5, mouthUpperUp=0.55, mouthLowerDown=0.45, mouthStretch=0.3, eyeSquint=0.25
)
_A = {"jawOpen": 0.5} | _both(mouthLowerDown=0.3, mouthUpperUp=0.2)
_E = {"jawOpen": 0.2} | _both(mouthStretch=0.45, mouthSmile=0.25, mouthLowerDown=0.4, mouthUpperUp=0.25)
_I = {"jawOpen": 0.1} | _both(mouthStretch=0.5, mouthSmile=0.35, mouthLowerDown=0.45, mouthUpperUp=0.3)
_O = {"jawOpen": 0.36, "mouthFunnel": 0.6, "mouthPucker": 0.25}
_U = {"jawOpen": 0.12, "mouthPucker": 0.75, "mouthFunnel": 0.3}
_CLOSED = _both(eyeBlink=1.0, eyeWide=-0.25)  # the second takes back what keeps a drawn face awake

PROMPTS: tuple[Prompt, ...] = (
    Prompt("neutral"),
    Prompt("smile", _SMILE),
    Prompt("smile_closed", _both(mouthSmile=0.5, cheekSquint=0.3)),
    Prompt("blink", _CLOSED),
    Prompt("open_small", {"jawOpen": 0.22}),
    Prompt("open_wide", {"jawOpen": 0.75}),
    Prompt("a", _A),
    Prompt("e", _E),
    Prompt("i", _I),
    Prompt("o", _O),
    Prompt("u", _U),
    Prompt("half_blink", _both(eyeBlink=0.38)),
    Prompt("gaze_left", gaze=(-24.0, 0.0)),
    Prompt("gaze_up", _both(eyeLookUp=0.9), gaze=(0.0, 17.0)),
    Prompt("gaze_right", gaze=(24.0, 0.0)),
    Prompt("gaze_down", _both(eyeLookDown=0.9, eyeWide=-0.1), gaze=(0.0, -20.0)),
    Prompt("brows_up", {"browInnerUp": 0.8} | _both(browOuterUp=0.8, eyeWide=0.2)),
    Prompt("brows_down", _both(browDown=0.8, eyeSquint=0.3)),
    Prompt("turn_left", turn=(-30.0, 0.0, -2.0)),
    Prompt("smile_left", _SMILE, (-24.0, 3.0, -5.0)),
    Prompt("talk_left", _A, (-20.0, -4.0, 2.0)),
    Prompt("pitch_up", turn=(0.0, -20.0, 0.0)),
    Prompt("talk_up", _E, (6.0, -15.0, 6.0)),
    Prompt("turn_right", turn=(30.0, 0.0, 2.0)),
    Prompt("smile_right", _SMILE, (24.0, -3.0, 5.0)),
    Prompt("talk_right", _O, (20.0, 4.0, -2.0)),
    Prompt("blink_right", _CLOSED, (14.0, 8.0, 0.0)),
    Prompt("pitch_down", turn=(0.0, 20.0, 0.0)),
    Prompt("talk_down", _A, (-6.0, 14.0, -6.0)),
    Prompt("tilt_left", turn=(-4.0, 0.0, -14.0)),
    Prompt("tilt_right", _both(mouthSmile=0.3), (4.0, 0.0, 14.0)),
)


@dataclass(frozen=True, slots=True)
class Moment:
    """One frame of the performance.

    light: that of the prompt; before: the one it comes from; mix: 0 = still before, 1 = all of light.
    """

    index: int
    prompt: str
    pose: Pose
    light: Lighting
    before: Lighting
    mix: float

    def radiance(self, directions: FloatArray) -> FloatArray:
        """Light from each direction, linear RGB (N, 3)."""
        before, after = (
            radiance(light.lamps, light.ambient, directions) for light in (self.before, self.light)
        )
        return np.asarray(before * (1 - self.mix) + after * self.mix)

    @property
    def catchlight(self) -> tuple[float, float, float]:
        """Direction of the lamp that the eyes mirror."""
        return self._mixed(self.before.catchlight, self.light.catchlight)

    @property
    def level(self) -> float:
        """How bright the wall is and the eyes sparkle, 1 = usual."""
        return self.before.level * (1 - self.mix) + self.light.level * self.mix

    @property
    def wall(self) -> tuple[float, float, float]:
        """Tint of the wall."""
        return self._mixed(self.before.wall, self.light.wall)

    def _mixed(
        self, before: tuple[float, float, float], after: tuple[float, float, float]
    ) -> tuple[float, float, float]:
        x, y, z = (a * (1 - self.mix) + b * self.mix for a, b in zip(before, after, strict=True))
        return x, y, z


def _steps(one: Prompt, other: Prompt) -> float:
    """How far two prompts are apart, in frames of unhurried motion."""
    turn = max(abs(a - b) / rate for a, b, rate in zip(one.turn, other.turn, _RATES, strict=True))
    gaze = max(abs(a - b) for a, b in zip(one.gaze, other.gaze, strict=True)) / 9.0
    units = set(one.units) | set(other.units)
    unit = max((abs(one.units.get(u, 0) - other.units.get(u, 0)) for u in units), default=0) / 0.2
    return max(4.0, turn, gaze, unit)


def takes() -> tuple[tuple[Prompt, Lighting], ...]:
    """Every prompt twice: in a light, and later in one that differs in side, colour or brightness."""
    count = len(LIGHTS)
    once = tuple((prompt, LIGHTS[k % count]) for k, prompt in enumerate(PROMPTS))
    again = tuple((prompt, LIGHTS[(5 * k + 3) % count]) for k, prompt in enumerate(PROMPTS))
    moved = tuple(
        (prompt, light if light is not first else LIGHTS[(LIGHTS.index(light) + 3) % count])
        for (prompt, light), (_, first) in zip(again, once, strict=True)
    )
    return once + moved


def _eased(share: float) -> float:
    """From one prompt to the next: there after four fifths, then held."""
    x = min(1.0, share / 0.8)
    return x * x * (3 - 2 * x)


def _between(one: Prompt, other: Prompt, share: float, time: float) -> Pose:
    """The pose on the way, with a little sway. time: 0 to 1 over the whole performance."""
    keep = 1 - share
    yaw, pitch, roll = (a * keep + b * share for a, b in zip(one.turn, other.turn, strict=True))
    side, height = (a * keep + b * share for a, b in zip(one.gaze, other.gaze, strict=True))
    calm = 1 - min(1.0, max(abs(yaw) / 30, abs(pitch) / 20))  # at the end of a turn there is none
    yaw += _SWAY * calm * np.sin(2 * np.pi * 9 * time)
    pitch += 0.5 * _SWAY * calm * np.sin(2 * np.pi * 13 * time + 1)
    roll += 0.5 * _SWAY * calm * np.sin(2 * np.pi * 7 * time + 2)
    units = {
        unit: weight
        for unit in sorted(set(one.units) | set(other.units))
        if (weight := one.units.get(unit, 0.0) * keep + other.units.get(unit, 0.0) * share)
    }
    yaw, pitch, roll, side, height = (float(np.radians(a)) for a in (yaw, pitch, roll, side, height))
    return Pose(yaw, pitch, roll, (side - 0.55 * yaw, height + 0.45 * pitch), units)


def schedule(frames: int = FRAMES) -> tuple[Moment, ...]:
    """The performance in so many frames; fewer frames mean quicker motion through the same prompts."""
    order = takes()
    if frames < len(order):
        raise ValueError(f"got {frames} frames, expected at least {len(order)}, one for each take")
    before = ((order[0][0], order[0][1]), *order)
    ends = np.cumsum([_steps(one, other) for (one, _), (other, _) in pairwise(before)])
    ends = np.rint(ends / ends[-1] * frames).astype(int)
    moments = []
    start = 0
    for ((one, old), (other, new)), end in zip(pairwise(before), ends.tolist(), strict=True):
        for index in range(start, end):
            share = _eased((index - start + 1) / (end - start))
            pose = _between(one, other, share, index / frames)
            moments.append(Moment(index, other.name, pose, new, old, share))
        start = end
    return tuple(moments)
