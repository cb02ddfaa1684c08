"""How near the invisible mark comes to being seen, where nothing hides it.

The difference that it makes is blurred to the size the eye sees best (about two cycles a degree from three
picture heights away) and its change over two seconds taken, area by area, as contrast on a screen of 200
cd/m2. In units of the least contrast that is seen at all: 0.5 % at 100 cd/m2, rising with the root of
darkness (van Nes and Bouman, 1967; Barten, 1999). That is of a grating that fills the view, hence strict.
"""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.outcome import Outcome
from benchmarks.trust_measures.contents import CONTENTS, RATE, content
from talchum.domain.frame import I420Frame, Plane
from talchum.domain.leg_tag import LegTag
from talchum.domain.mark import Mark
from talchum.vision.marking import InvisibleMarker

BAR = 1.0
PLAIN = ("flat wall", "card")
"""Where neither texture nor a camera's noise hides anything; of the others the figures are given."""

_SECONDS = 2
_BLUR = 4.0  # pixels of 1280
_AREAS = (160, 90)
_SCREEN, _REFLECTED = 200.0, 1.0  # cd/m2
_GAMMA = 2.2
_LEAST_CONTRAST, _AT_LUMINANCE = 0.005, 100.0


def measure_flicker(n: int) -> Outcome:
    """`n` frames in equal shares of every content, two seconds of each at least."""
    each = max(_SECONDS * RATE, math.ceil(n / len(CONTENTS)))
    seen = {name: thresholds(list(content(name, each))) for name in CONTENTS}
    means = {name: round(float(areas.mean()), 2) for name, areas in seen.items()}
    worst = max(PLAIN, key=lambda name: means[name])
    return Outcome(
        "change that the invisible mark makes, in least visible contrasts",
        f"mean <= {BAR:.0f} where nothing hides it",
        f"mean {means[worst]} ({worst})",
        each * len(CONTENTS),
        means[worst] <= BAR,
        {"mean": means, "p95": {name: round(float(np.percentile(a, 95)), 2) for name, a in seen.items()}},
    )


def thresholds(frames: list[I420Frame]) -> NDArray[np.float32]:
    """What the mark changes in each area of the picture (90, 160), in least visible contrasts."""
    marker, mark = InvisibleMarker(), Mark("synthetic", LegTag(0x5A3C9F1234))
    changes, lights = [], []
    for number, frame in enumerate(frames):
        picture = frame.copy()
        marker.mark(picture, mark, number / RATE)
        plain = _areas(frame.y)
        light = _luminance(plain)
        changes.append(_luminance(plain + _areas(picture.y, frame.y)) - light)
        lights.append(light)
    luminance = np.mean(lights, axis=0)
    contrast = np.std(changes, axis=0) / luminance
    least = _LEAST_CONTRAST * np.sqrt(np.maximum(1.0, _AT_LUMINANCE / luminance))
    return np.asarray(contrast / least, np.float32)


def _areas(luma: Plane, without: Plane | None = None) -> NDArray[np.float32]:
    """Blurred, one value an area; of the difference to another plane, if there is one."""
    values = luma.astype(np.float32) if without is None else luma.astype(np.float32) - without
    blurred = cv2.GaussianBlur(values, (0, 0), _BLUR)
    return np.asarray(cv2.resize(blurred, _AREAS, interpolation=cv2.INTER_AREA), np.float32)


def _luminance(luma: NDArray[np.float32]) -> NDArray[np.float32]:
    """cd/m2 of luma in the video range (ITU-R BT.709)."""
    level = np.clip((luma - 16) / 219, 0, 1)
    return np.asarray(_REFLECTED + _SCREEN * level**_GAMMA, np.float32)
