"""The only maker of `EgressFrame`: what another person sees while a face is worn. It fails closed.

A frame leaves as one of three kinds. `face`: the rendered patch over the frame, after the patch proved that
it covers the performer's face. `held`: the last good picture again, when the face is lost or a frame is
late, for at most 300 ms. `card`: a drawn card with the reason, for any other cause at once. After a card
nothing is held: only a new face ends it. All three carry the leg's marks, and nothing turns those off. Time
is an argument.
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from talchum.domain.face import TrackedFace
from talchum.domain.frame import CompositorKey, EgressFrame, I420Frame
from talchum.domain.identity import IdentityKind
from talchum.vision.blending import Patch, blend
from talchum.vision.cards import CardDeck
from talchum.vision.marks import Marking, Marks
from talchum.vision.stage_times import timed
from talchum.vision.topology import FaceTopology

MAX_HOLD_S = 0.300
HELD_REASONS = frozenset({"no_face", "late"})

_KEY = CompositorKey()
_CHECK_SIDE = 48
_MIN_COVERED = 0.97  # of the points that must be covered
_OVALS = ((0.88, 200), (0.7, 245))
"""Sizes of the face's oval and the least alpha within: where the edge fades, and where at less one would see
the performer through the face."""

_MAX_UNCHANGED = 0.9  # a patch that is the camera itself has all of them unchanged


@dataclass(frozen=True, slots=True, eq=False)
class _LastGood:
    picture: I420Frame
    shown_at: float


class CoverCheck:
    """Whether a patch hides what it must: the oval of the face but for the openings, with other pixels."""

    def __init__(self, topology: FaceTopology) -> None:
        contours = topology.contours
        self._oval = list(contours["FACE_OVAL"])
        self._openings = {
            "eyes": [list(contours["EYE_LEFT"]), list(contours["EYE_RIGHT"])],
            "mouth": [list(contours["LIPS_OUTER"])],
        }

    def hides(self, frame: I420Frame, face: TrackedFace, patch: Patch, openings: AbstractSet[str]) -> bool:
        """True when >= 97 % of a grid on the oval is covered, and not with the camera's own picture."""
        area = patch.rectangle
        points = face.landmarks[:, :2]
        oval = points[self._oval]
        low = np.clip(oval.min(0), 0, [frame.width - 1, frame.height - 1])
        high = np.clip(oval.max(0), 0, [frame.width - 1, frame.height - 1])
        if not (area.x <= low[0] + 1 and high[0] <= area.x + area.width + 1):
            return False
        if not (area.y <= low[1] + 1 and high[1] <= area.y + area.height + 1):
            return False
        step = max(1, max(area.width, area.height) // _CHECK_SIDE)
        grid = (slice(None, None, step), slice(None, None, step))
        alpha, depth = patch.alpha[grid], self._depth(points, patch, openings, step)
        for within, (_, opaque) in enumerate(_OVALS, start=1):
            must = depth >= within
            if not must.any() or (alpha[must] >= opaque).mean() < _MIN_COVERED:
                return False
        must = depth > 0
        camera = frame.y[area.rows, area.columns][grid][must].astype(np.int16)
        return bool((np.abs(patch.y[grid][must] - camera) <= 1).mean() <= _MAX_UNCHANGED)

    def _depth(
        self, points: NDArray[np.float32], patch: Patch, openings: AbstractSet[str], step: int
    ) -> NDArray[np.uint8]:
        """Within how many of `_OVALS` each point of the grid is, 0 where it need not be covered."""
        area = patch.rectangle

        def placed(ring: list[int], size: float) -> NDArray[np.int32]:
            outline = points[ring]
            centre = outline.mean(0)
            on_frame = centre + (outline - centre) * size
            return np.asarray(np.round((on_frame - [area.x, area.y]) / step), np.int32)

        depth = np.zeros((-(-area.height // step), -(-area.width // step)), np.uint8)
        for within, (size, _) in enumerate(_OVALS, start=1):
            cv2.fillPoly(depth, [placed(self._oval, size)], within)
        for opening in openings:
            for ring in self._openings[opening]:
                cv2.fillPoly(depth, [cv2.convexHull(placed(ring, 1.5))], 0)
        return depth


class Compositor:
    """Makes every frame that leaves one leg. deck: of the process, so that its cards are there already."""

    def __init__(self, marking: Marking, deck: CardDeck | None = None) -> None:
        self._deck = deck if deck is not None else CardDeck()
        self._marks = Marks(marking)
        self._last: _LastGood | None = None

    def face(
        self,
        frame: I420Frame,
        patch: Patch,
        kind: IdentityKind,
        now: float,
        stage_times: dict[str, float] | None = None,
    ) -> EgressFrame:
        """The patch over the frame. The caller has checked it with `CoverCheck`.

        kind: of the identity that is worn. stage_times: gets `blendTime` and `markTime`, CPU seconds.
        """
        times = stage_times if stage_times is not None else {}
        picture = timed(times, "blendTime", lambda: blend(frame, patch))
        timed(times, "markTime", lambda: self._marks.put(picture, kind, now))
        self._last = _LastGood(picture, now)
        return EgressFrame(picture, "face", "", times, _KEY)

    def without_face(
        self,
        size: tuple[int, int],
        media_time: float,
        reason: str,
        now: float,
        stage_times: dict[str, float] | None = None,
    ) -> EgressFrame:
        """What to send without a rendered face: the last good picture while it may be held, else the card."""
        last = self._last
        if last is not None and reason in HELD_REASONS and 0 <= now - last.shown_at <= MAX_HOLD_S:
            held = I420Frame(last.picture.buffer, last.picture.width, last.picture.height, media_time)
            return EgressFrame(held, "held", reason, stage_times or {}, _KEY)
        return self._card(size, media_time, reason, now, stage_times)

    def card(self, width: int, height: int, now: float, reason: str) -> EgressFrame:
        """The card at once, whatever went before. now: monotonic seconds, and its media time."""
        return self._card((width, height), now, reason, now)

    def _card(
        self,
        size: tuple[int, int],
        media_time: float,
        reason: str,
        now: float,
        stage_times: dict[str, float] | None = None,
    ) -> EgressFrame:
        self.forget()
        picture = self._deck.card(size[0], size[1], reason, media_time)
        self._marks.put(picture, "card", now)
        return EgressFrame(picture, "card", reason, stage_times or {}, _KEY)

    def forget(self) -> None:
        """Hold nothing of what was shown so far, as when another face is put on."""
        self._last = None


class OwnCards:
    """The cards that a performer's own client shows while it has no leg: no face, no camera, so no marks."""

    def __init__(self) -> None:
        self._deck = CardDeck()

    def card(self, width: int, height: int, now: float, reason: str) -> EgressFrame:
        """As of `Compositor`."""
        return EgressFrame(self._deck.card(width, height, reason, now), "card", reason, {}, _KEY)
