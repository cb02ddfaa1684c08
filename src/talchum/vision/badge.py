"""The visible badge in a corner of every picture that leaves a face worker: that it is AI-made, and its tag.

A QR code (ISO/IEC 18004, version 1, level Q) that machines read and words that people do. A module is
1/180 of the picture's shorter side, a pixel where that has 180, so that a reader knows where each lies in a
picture of any size. Words are a twentieth of the shorter side high.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import cv2
import numpy as np
import qrcode  # type: ignore[import-untyped]
from numpy.typing import NDArray
from qrcode.constants import ERROR_CORRECT_Q  # type: ignore[import-untyped]

from talchum.domain.frame import I420Frame, Image
from talchum.domain.identity import Language
from talchum.domain.leg_tag import LegTag
from talchum.domain.mark import Mark
from talchum.domain.rendering import BadgeStyle, Corner
from talchum.vision.blending import Rectangle, image_to_frame

QUIET_MODULES = 2
"""White around the code; the standard asks for four, and readers were found to do with two."""

CODE_MODULES = 21 + 2 * QUIET_MODULES
WORDS_MODULES = 31
MARGIN_MODULES = 2
SHORT_SIDE_MODULES = 180

_WORDS: Mapping[Language, tuple[str, str]] = MappingProxyType(
    {"en": ("AI-made", "face"), "ko": ("AI 합성", "얼굴")}
)
_WORD_SIZE = 7.2  # modules to an em
_BASELINES = (11.2, 20.2)
_FINE = 8  # pixels that are drawn for one
_KEPT_SIZES = 4
_PAPER, _INK, _ACCENT = (255, 255, 255), (18, 20, 30), (176, 44, 32)


class Badger:
    """Puts one leg's badge into pictures, in place."""

    def __init__(self, tag: LegTag, style: BadgeStyle) -> None:
        self._text = Mark("card", tag).badge_text
        self._style = style
        self._drawn: dict[tuple[int, int], tuple[Rectangle, I420Frame]] = {}

    def put(self, picture: I420Frame) -> None:
        """Put the badge into a picture of any size; one too small for it is covered as far as it reaches."""
        size = (picture.width, picture.height)
        if size not in self._drawn:
            if len(self._drawn) >= _KEPT_SIZES:
                del self._drawn[next(iter(self._drawn))]
            place = BadgePlace.of(*size, self._style.corner)
            drawn = draw_badge(self._text, place, self._style.language)
            self._drawn[size] = place.area, image_to_frame(drawn, 0.0)
        area, badge = self._drawn[size]
        picture.y[area.rows, area.columns] = badge.y
        picture.u[area.chroma_rows, area.chroma_columns] = badge.u
        picture.v[area.chroma_rows, area.chroma_columns] = badge.v


@dataclass(frozen=True, slots=True)
class BadgePlace:
    """Where a badge lies in a picture. x, y, module: of its upper left corner and its code, in pixels.

    area: the pixels that it covers.
    """

    x: float
    y: float
    module: float
    area: Rectangle

    @classmethod
    def of(cls, width: int, height: int, corner: Corner) -> BadgePlace:
        """For a picture of this size."""
        module = min(width, height) / SHORT_SIDE_MODULES
        across, down = (CODE_MODULES + WORDS_MODULES) * module, CODE_MODULES * module
        margin = MARGIN_MODULES * module
        x = margin if corner.endswith("left") else width - across - margin
        y = margin if corner.startswith("top") else height - down - margin
        x, y = max(0.0, x), max(0.0, y)
        left, top = int(x) & ~1, int(y) & ~1
        right, bottom = min(width, math.ceil(x + across) + 1 & ~1), min(height, math.ceil(y + down) + 1 & ~1)
        return cls(x, y, module, Rectangle(left, top, right - left, bottom - top))


def draw_badge(text: str, place: BadgePlace, language: Language) -> Image:
    """The badge over its area, RGB."""
    area, module = place.area, place.module * _FINE
    left, top = (place.x - area.x) * _FINE, (place.y - area.y) * _FINE
    image = np.full((area.height * _FINE, area.width * _FINE, 3), _PAPER, np.uint8)
    for row, column in np.argwhere(_code(text)):
        x, y = left + (QUIET_MODULES + column) * module, top + (QUIET_MODULES + row) * module
        image[round(y) : round(y + module), round(x) : round(x + module)] = 0
    font = cv2.FontFace("uni")  # the face in OpenCV that holds Hangul
    for word, baseline, colour in zip(_WORDS[language], _BASELINES, (_ACCENT, _INK), strict=True):
        start = round(left + CODE_MODULES * module), round(top + baseline * module)
        cv2.putText(image, word, start, colour, font, max(8, round(_WORD_SIZE * module)), 700)
    return np.asarray(cv2.resize(image, (area.width, area.height), interpolation=cv2.INTER_AREA), np.uint8)


def _code(text: str) -> NDArray[np.bool_]:
    code = qrcode.QRCode(version=1, error_correction=ERROR_CORRECT_Q, border=0)
    code.add_data(text)
    code.make(fit=False)
    return np.array(code.get_matrix(), np.bool_)
