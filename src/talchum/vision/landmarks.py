"""Locates 478 landmarks of a face: MediaPipe's attention mesh on a turned crop.

Source: I. Grishchenko et al., "Attention Mesh: High-fidelity Face Mesh Prediction in Real-time" (2020).
"""

from __future__ import annotations

import cv2
import numpy as np

from talchum.domain.face import FaceRegion, Points
from talchum.domain.frame import I420Frame
from talchum.vision.cropping import cut_region, region_to_frame
from talchum.vision.detection import NetworkSession

INPUT_SIDE = 192


class LandmarkNetwork:
    """Locates the landmarks of the face in a region of a frame."""

    def __init__(self, session: NetworkSession) -> None:
        self._session = session

    def locate(self, frame: I420Frame, region: FaceRegion) -> tuple[Points, float]:
        """Landmarks float32 (478, 3), frame pixels (x right, y down, z smaller = nearer), and the score,
        0..1.

        An answer that is not finite comes back as it is, with score 0. FrameError when the region is not a
        square.
        """
        to_frame = region_to_frame(region, INPUT_SIDE)
        image = cut_region(frame, region, INPUT_SIDE)
        blob = cv2.dnn.blobFromImage(image, 1 / 255)  # (192, 192, 3) -> (1, 3, 192, 192), 0..1
        in_crop, score = self._session.run(["landmarks", "score"], {"image": blob})
        if not (np.isfinite(in_crop).all() and np.isfinite(score).all()):
            return in_crop, 0.0
        landmarks = np.empty_like(in_crop)
        landmarks[:, :2] = in_crop[:, :2] @ to_frame[:, :2].T + to_frame[:, 2]
        landmarks[:, 2] = in_crop[:, 2] * (region.side / INPUT_SIDE)
        return landmarks, float(score[0])
