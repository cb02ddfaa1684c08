"""Where the mesh lies on a drawn face, by the same landmark network as in a call."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from talchum.domain.face import MESH_LANDMARKS, FaceRegion, region_of_landmarks
from talchum.domain.frame import I420Frame
from talchum.vision.landmarks import LandmarkNetwork
from talchum.vision.networks import network_path
from talchum.vision.runtime import open_session


def landmark_network(networks_directory: Path) -> LandmarkNetwork:
    """The project's own landmark network."""
    return LandmarkNetwork(open_session(network_path("face_landmarks_attention", networks_directory)))


def as_frame(image: NDArray[np.uint8]) -> I420Frame:
    """RGB uint8 (H, W, 3), even sides, as a frame."""
    height, width = image.shape[:2]
    planes = cv2.cvtColor(image, cv2.COLOR_RGB2YUV_I420).reshape(-1)
    return I420Frame(np.ascontiguousarray(planes), width, height, 0.0)


def texture_points(
    network: LandmarkNetwork, image: NDArray[np.uint8], guess: FaceRegion
) -> NDArray[np.float32]:
    """Mesh vertices (468, 2) on a frontal picture: the mean over small changes of the crop, which evens out
    its noise.

    Raises ValueError when the network does not see a face.
    """
    frame = as_frame(image)
    region = guess
    for _ in range(4):
        landmarks, score = network.locate(frame, region)
        if score < 0.5:
            raise ValueError(f"got score {score:.2f}, expected a face in the drawn picture")
        region = region_of_landmarks(landmarks)
    found = []
    for scale in (0.94, 1.0, 1.06):
        for dx, dy in ((0, 0), (0.02, 0), (-0.02, 0), (0, 0.02), (0, -0.02)):
            moved = FaceRegion(
                region.x + dx * region.side, region.y + dy * region.side, region.side * scale, region.angle
            )
            found.append(network.locate(frame, moved)[0][:MESH_LANDMARKS, :2])
    return np.asarray(np.mean(found, axis=0), np.float32)
