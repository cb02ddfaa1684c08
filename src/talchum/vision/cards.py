"""The solid card that is sent instead of a face: drawn, never a camera pixel, and it says why."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping
from types import MappingProxyType

import cv2
import numpy as np

from talchum.domain.errors import FrameError
from talchum.domain.frame import MAX_FRAME_SIDE, I420Frame, Image
from talchum.vision.blending import image_to_frame

CARD_TEXTS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "nothing_ready": ("Putting the face on", "얼굴을 준비하고 있습니다"),
        "no_face": ("No face in view", "얼굴이 보이지 않습니다"),
        "second_face": ("More than one face in view", "얼굴이 둘 이상 보입니다"),
        "late": ("Waiting for the picture", "영상을 기다리고 있습니다"),
        "stage_failed": ("The face could not be drawn", "얼굴을 그리지 못했습니다"),
        "network_file_corrupt": ("A face network is damaged", "얼굴 신경망 파일이 손상되었습니다"),
        "identity_invalid": ("This face cannot be worn", "이 얼굴은 쓸 수 없습니다"),
        "consent_revoked": ("The consent for this face has ended", "이 얼굴에 대한 동의가 끝났습니다"),
        "not_the_wearer": ("Shown only with its owner in view", "주인이 보일 때만 이 얼굴을 보여 줍니다"),
        "leg_lost": ("Finding the face again", "얼굴을 다시 연결하고 있습니다"),
    }
)
"""Stable reason code to what the card says, English and Korean."""

_PROMISE = ("The camera is not being sent", "카메라 화면은 보내지 않습니다")
_BACKGROUND = (30, 33, 48)
_TITLE = (244, 240, 230)
_QUIET = (150, 156, 178)
_MASK = (226, 196, 148)
_MASK_SHADE = (164, 96, 70)
_KEPT = 16


class CardDeck:
    """Cards by size and reason, drawn once each; for any thread, so that a process needs only one deck."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._drawn: OrderedDict[tuple[int, int, str], I420Frame] = OrderedDict()

    def card(self, width: int, height: int, reason: str, media_time: float) -> I420Frame:
        """A card in a buffer of its own. Raises FrameError for an unknown reason or an impossible size."""
        if reason not in CARD_TEXTS:
            raise FrameError(f"got card reason {reason!r}, expected one of {', '.join(CARD_TEXTS)}")
        key = (width, height, reason)
        with self._lock:
            drawn = self._drawn.get(key)
        if drawn is None:
            if not (0 < width <= MAX_FRAME_SIDE and 0 < height <= MAX_FRAME_SIDE):
                raise FrameError(f"got a card of {width}x{height}, expected sides of 1 to {MAX_FRAME_SIDE}")
            drawn = image_to_frame(draw_card(width, height, reason), 0.0)
            # Drawn outside the lock: words take some ten milliseconds, and two of a kind do no harm.
        with self._lock:
            self._drawn[key] = drawn
            self._drawn.move_to_end(key)
            if len(self._drawn) > _KEPT:
                self._drawn.popitem(last=False)
        return I420Frame(drawn.buffer.copy(), width, height, media_time)


def draw_card(width: int, height: int, reason: str) -> Image:
    """The card as an RGB image: a drawn mask over two lines in English and Korean."""
    image = np.empty((height, width, 3), np.uint8)
    image[:] = _BACKGROUND
    unit = min(width / 16, height / 9)
    if unit < 8:  # a stamp-sized picture has no room for words
        return image
    _draw_mask(image, width / 2, height / 2 - 1.35 * unit, 1.25 * unit)
    english, korean = CARD_TEXTS[reason]
    lines = (
        (english, 0.62, 1.15, _TITLE),
        (korean, 0.52, 1.95, _TITLE),
        (_PROMISE[0], 0.36, 2.85, _QUIET),
        (_PROMISE[1], 0.33, 3.4, _QUIET),
    )
    for text, size, drop, colour in lines:
        _centre_text(image, text, max(9, round(size * unit)), height / 2 + drop * unit, colour)
    return image


def _centre_text(image: Image, text: str, size: int, baseline: float, colour: tuple[int, int, int]) -> None:
    font = cv2.FontFace("uni")  # the face in OpenCV that holds Hangul
    width = image.shape[1]
    rectangle = cv2.getTextSize((width, image.shape[0]), text, (0, 0), font, size, 400)
    if rectangle[2] > 0.92 * width:
        size = max(8, int(size * 0.92 * width / rectangle[2]))
        rectangle = cv2.getTextSize((width, image.shape[0]), text, (0, 0), font, size, 400)
    start = (round((width - rectangle[2]) / 2), round(baseline))
    cv2.putText(image, text, start, colour, font, size, 400)


def _draw_mask(image: Image, x: float, y: float, radius: float) -> None:
    """A small laughing mask of the Hahoe kind: crescent eyes, long nose, open smile."""

    def at(dx: float, dy: float) -> tuple[int, int]:
        return round((x + dx * radius) * 16), round((y + dy * radius) * 16)

    def arc(dx: float, dy: float, axes: tuple[float, float], span: tuple[int, int], width: float) -> None:
        points = np.array(cv2.ellipse2Poly((0, 0), (1000, 1000), 0, span[0], span[1], 6)) / 1000
        curve = np.array([at(dx + px * axes[0], dy + py * axes[1]) for px, py in points], np.int32)
        thickness = max(1, round(width * radius))
        cv2.polylines(image, [curve], False, _MASK_SHADE, thickness, cv2.LINE_AA, 4)

    axes = (round(0.78 * radius * 16), round(radius * 16))
    cv2.ellipse(image, at(0, 0), axes, 0, 0, 360, _MASK, -1, cv2.LINE_AA, 4)
    for side in (-1, 1):
        arc(side * 0.34, -0.16, (0.2, 0.16), (190, 350), 0.09)
        arc(side * 0.34, -0.42, (0.24, 0.12), (200, 340), 0.06)
        cheek = (round(0.13 * radius * 16), round(0.13 * radius * 16))
        cv2.ellipse(image, at(side * 0.45, 0.26), cheek, 0, 0, 360, (214, 140, 104), -1, cv2.LINE_AA, 4)
    arc(0, 0.08, (0.12, 0.12), (20, 160), 0.07)
    arc(0, 0.3, (0.36, 0.34), (20, 160), 0.09)
