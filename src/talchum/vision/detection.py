"""Finds faces in a frame: BlazeFace short range on a down-scaled copy.

Source: V. Bazarevsky et al., "BlazeFace: Sub-millisecond Neural Face Detection on Mobile GPUs" (2019), and
mediapipe/modules/face_detection for the anchors and the thresholds.
"""

from __future__ import annotations

from typing import Any, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from talchum.domain.errors import FrameError
from talchum.domain.face import Detection
from talchum.domain.frame import I420Frame
from talchum.vision.cropping import Letterbox, Window, letterbox

INPUT_SIDE = 128
MIN_FRAME_SIDE = 32
MIN_SCORE = 0.5

_SAME_FACE_IOU = 0.3
_KEYPOINTS = 6
# (cells along a side, anchors in each cell) of the two feature maps
_ANCHOR_GRIDS = ((16, 2), (8, 6))

Floats = NDArray[np.float32]


class NetworkSession(Protocol):
    """What this room needs of an ONNX Runtime session."""

    def run(self, output_names: list[str], input_feed: dict[str, Any]) -> Any:
        """The named outputs for these inputs."""


def check_frame(frame: I420Frame) -> None:
    """FrameError (frame_too_small) for a frame in which no face can be found."""
    if min(frame.width, frame.height) < MIN_FRAME_SIDE:
        raise FrameError(
            f"got a frame of {frame.width}x{frame.height}, expected sides of at least {MIN_FRAME_SIDE}",
            code="frame_too_small",
        )


def whole(frame: I420Frame) -> Window:
    """The window that is all of the frame."""
    return Window(0, 0, frame.width, frame.height)


class FaceDetector:
    """Finds faces that are at least about a tenth of the longer side of what it looks at."""

    def __init__(self, session: NetworkSession) -> None:
        self._session = session
        self._anchors = anchors()

    def detect(
        self, frame: I420Frame, window: Window | None = None, quarter_turns: int = 0
    ) -> list[Detection]:
        """The faces in a window of the frame (all of it when none is given), the surest first.

        quarter_turns: how often to turn the picture counter-clockwise first, for faces that lie on their
        side.
        """
        check_frame(frame)
        box = letterbox(frame, window or whole(frame), INPUT_SIDE)
        image = np.ascontiguousarray(np.rot90(box.image, quarter_turns))
        # (128, 128, 3) uint8 0..255 -> (1, 3, 128, 128) float32 -1..1
        blob = cv2.dnn.blobFromImage(image, 2 / 255, mean=(127.5, 127.5, 127.5))
        boxes, logits = self._session.run(["boxes", "logits"], {"image": blob})
        rows, scores = decode(boxes, logits, self._anchors)
        rows, scores = merge(rows, scores)
        return [
            _detection(row, float(score), box, quarter_turns) for row, score in zip(rows, scores, strict=True)
        ]


def anchors() -> Floats:
    """The centres that the network's 896 answers are relative to: float32 (896, 2), x and y in 0..1."""
    grids = []
    for cells, each in _ANCHOR_GRIDS:
        centres = (np.arange(cells, dtype=np.float32) + 0.5) / cells
        x, y = np.meshgrid(centres, centres)
        grids.append(np.repeat(np.stack([x.ravel(), y.ravel()], axis=1), each, axis=0))
    return np.concatenate(grids).astype(np.float32)


def decode(
    boxes: Floats, logits: Floats, centres: Floats, min_score: float = MIN_SCORE
) -> tuple[Floats, Floats]:
    """The answers above a score, surest first: points (n, 8, 2) in 0..1 and scores (n,).

    Of the points the first two are the box's corners, the others the keypoints. Answers that are not finite
    or whose box is empty are left out.
    """
    with np.errstate(over="ignore"):  # exp of a large number is inf, and 1 / inf the right answer
        scores = 1 / (1 + np.exp(-logits.astype(np.float32)))
    picked = np.flatnonzero(scores >= min_score)
    picked = picked[np.argsort(-scores[picked], kind="stable")]
    raw = boxes[picked].reshape(-1, 2 + _KEYPOINTS, 2) / INPUT_SIDE
    centre, extent = centres[picked] + raw[:, 0], raw[:, 1]
    keypoints = centres[picked, None] + raw[:, 2:]
    points = np.concatenate(
        [(centre - extent / 2)[:, None], (centre + extent / 2)[:, None], keypoints], axis=1
    )
    usable = np.isfinite(points).all(axis=(1, 2)) & (extent > 0).all(axis=1)
    return points[usable].astype(np.float32), scores[picked][usable].astype(np.float32)


def merge(points: Floats, scores: Floats, same_face_iou: float = _SAME_FACE_IOU) -> tuple[Floats, Floats]:
    """Weighted non-maximum suppression: answers that overlap the surest one are averaged with it by score."""
    merged, kept = [], []
    remaining = np.arange(len(points))
    while len(remaining):
        best = remaining[0]
        same = _iou(points[best], points[remaining]) > same_face_iou
        same[0] = True
        group = remaining[same]
        weights = scores[group] / scores[group].sum()
        merged.append(np.tensordot(weights, points[group], axes=1))
        kept.append(scores[best])
        remaining = remaining[~same]
    if not merged:
        return points, scores
    return np.stack(merged).astype(np.float32), np.array(kept, np.float32)


def _iou(one: Floats, many: Floats) -> Floats:
    overlap = np.minimum(one[1], many[:, 1]) - np.maximum(one[0], many[:, 0])
    shared = np.clip(overlap, 0, None).prod(axis=1)
    area, areas = (one[1] - one[0]).prod(), (many[:, 1] - many[:, 0]).prod(axis=1)
    return np.asarray(shared / np.maximum(area + areas - shared, 1e-12), np.float32)


def _detection(points: Floats, score: float, box: Letterbox, quarter_turns: int) -> Detection:
    upright = _turned_back(points * INPUT_SIDE, quarter_turns)
    in_frame = upright @ box.to_frame[:, :2].T + box.to_frame[:, 2]
    (x0, y0), (x1, y1) = in_frame[0], in_frame[1]
    left, right, top, bottom = min(x0, x1), max(x0, x1), min(y0, y1), max(y0, y1)
    return Detection(
        (float(left), float(top), float(right), float(bottom)), in_frame[2:].astype(np.float32), score
    )


def _turned_back(points: Floats, quarter_turns: int) -> Floats:
    """Undo np.rot90 of the square image: one turn moved (x, y) to (y, side - x)."""
    for _ in range(quarter_turns % 4):
        points = np.stack([INPUT_SIDE - points[..., 1], points[..., 0]], axis=-1)
    return points
