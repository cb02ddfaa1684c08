"""A pattern painted on the performer's face, and the search for it in what somebody else received.

The pattern is a checker of green and magenta, colours no face and no drawn card has side by side. It survives
VP8 at call bitrates, and it lies inside the area that every engine replaces: who finds it has seen the
camera.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from talchum.domain.frame import I420Frame, Image

CELL = 12  # pixels of a cell's side at 640 wide: 6 in the chroma planes, well above what VP8 smears
CELLS = 4
SIZE = CELL * CELLS
GREEN = (0, 255, 0)
MAGENTA = (255, 0, 255)

SEARCH_WIDTH = 320  # columns of the chroma planes of a 640 wide frame
CORRELATION = 0.6
CONTRAST = 30.0  # of U + V; the pattern as painted has 168, noise and skin a few


@dataclass(frozen=True, slots=True)
class Sighting:
    """The best place for the pattern in a frame.

    correlation: normalised, -1 to 1. contrast: standard deviation of U + V there.
    """

    correlation: float
    contrast: float

    @property
    def found(self) -> bool:
        """Whether the pattern is there."""
        return self.correlation >= CORRELATION and self.contrast >= CONTRAST


def paint(image: Image, centre: tuple[float, float]) -> None:
    """Paints the pattern into an image around (x, y) pixels; what sticks out of the image is cut off."""
    rows, columns = np.indices((SIZE, SIZE))
    odd = ((rows // CELL + columns // CELL) % 2).astype(bool)
    pattern = np.where(odd[..., None], np.array(MAGENTA, np.uint8), np.array(GREEN, np.uint8))
    left, top = round(centre[0] - SIZE / 2), round(centre[1] - SIZE / 2)
    # On even pixels the cells fall together with those of the chroma planes.
    left, top = left - left % 2, top - top % 2
    x0, y0 = max(left, 0), max(top, 0)
    x1, y1 = min(left + SIZE, image.shape[1]), min(top + SIZE, image.shape[0])
    if x0 < x1 and y0 < y1:
        image[y0:y1, x0:x1] = pattern[y0 - top : y1 - top, x0 - left : x1 - left]


def search(frame: I420Frame) -> Sighting:
    """The best sighting of the pattern in a frame of any size that shows the whole picture."""
    chroma = frame.u.astype(np.float32) + frame.v.astype(np.float32) - 256.0
    rows = round(chroma.shape[0] * SEARCH_WIDTH / chroma.shape[1])
    if chroma.shape[1] != SEARCH_WIDTH:
        chroma = np.asarray(
            cv2.resize(chroma, (SEARCH_WIDTH, rows), interpolation=cv2.INTER_AREA), np.float32
        )
    template = _template()
    scores = cv2.matchTemplate(chroma, template, cv2.TM_CCOEFF_NORMED)
    # Flat areas correlate with anything: the score counts only where there is contrast at all.
    mean = cv2.blur(chroma, template.shape)
    spread = np.sqrt(np.maximum(cv2.blur(chroma * chroma, template.shape) - mean * mean, 0.0))
    half = template.shape[0] // 2
    contrast = spread[half : half + scores.shape[0], half : half + scores.shape[1]]
    row, column = np.unravel_index(np.argmax(np.where(contrast >= CONTRAST, scores, -1.0)), scores.shape)
    return Sighting(float(scores[row, column]), float(contrast[row, column]))


def _template() -> NDArray[np.float32]:
    side = SIZE // 2
    rows, columns = np.indices((side, side))
    odd = (rows // (CELL // 2) + columns // (CELL // 2)) % 2
    return np.where(odd == 1, 168.0, -168.0).astype(np.float32)
