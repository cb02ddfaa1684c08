"""Whose face it is, as a point among faces: HSE FaceRes on a square cut around eyes, nose and mouth.

Source: A. V. Savchenko, "Efficient facial representations for age, gender and identity recognition in
organizing photo albums using multi-output ConvNet" (2019); weights of npm `@vladmandic/human` (MIT).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from talchum.domain.face import FaceRegion, Points
from talchum.domain.frame import I420Frame
from talchum.domain.sighting import Embedding
from talchum.vision.conditioning import similarity
from talchum.vision.cropping import cut_region
from talchum.vision.detection import NetworkSession
from talchum.vision.networks import network_path
from talchum.vision.runtime import open_session

EMBEDDING_SIZE = 1024
INPUT_SIDE = 224

_MEAN = (103.9, 116.8, 123.7)  # blue, green, red
# pairs of landmarks in the middle of which lie: the eyes, the tip of the nose, the corners of the mouth
_LANDMARKS = ((33, 133), (362, 263), (1, 1), (61, 61), (291, 291))
_PLACES = np.array(((0.308, 0.38), (0.692, 0.38), (0.5, 0.56), (0.35, 0.72), (0.65, 0.72)), np.float32)
_YEARS = np.arange(100, dtype=np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Recognised:
    """embedding: of length 1. years: an estimate of the age, rough."""

    embedding: Embedding
    years: float


class FaceRecogniser:
    """Embeds the face in a frame; threads may share one."""

    def __init__(self, session: NetworkSession) -> None:
        self._session = session

    @classmethod
    def load(cls, directory: Path) -> FaceRecogniser:
        """That of an installation; slow. Raises NetworkFileError."""
        return cls(open_session(network_path("face_recognition", directory)))

    def recognise(self, frame: I420Frame, landmarks: Points) -> Recognised:
        """landmarks: (468 or more, 2 or 3), frame pixels. Raises FrameError when they span no face."""
        image = cut_region(frame, recognition_region(landmarks), INPUT_SIDE)
        blob = cv2.dnn.blobFromImage(image, 1.0, mean=_MEAN[::-1], swapRB=True)
        embedding, ages = self._session.run(["embedding", "ages"], {"image": blob})
        length = max(float(np.linalg.norm(embedding)), 1e-9)
        return Recognised(np.asarray(embedding / length, np.float32), float(ages @ _YEARS))


def recognition_region(landmarks: Points) -> FaceRegion:
    """The square in which eyes, nose and mouth come to lie where the network learned them."""
    found = np.array([(landmarks[a, :2] + landmarks[b, :2]) / 2 for a, b in _LANDMARKS], np.float32)
    scale, angle, x, y = similarity(_PLACES - np.float32(0.5), found)
    return FaceRegion(x, y, scale, angle)
