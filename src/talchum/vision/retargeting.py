"""The performer's movements on the identity's proportions: where their landmarks would be on its head.

What differs between the two heads at rest is added to the performer's landmarks as they are held now, less
and less towards the edge of the face, which stays where it is: the picture around it is the performer's. How
the performer looks at rest is learned while they are: until then they are taken for the mean head.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from talchum.domain.face import Points
from talchum.vision.conditioning import head_pose, without_pose
from talchum.vision.topology import FaceTopology

Floats = NDArray[np.float32]

_PRIOR_FRAMES = 20.0  # frames at rest that count as much as the mean head does
_MOST_FRAMES = 400.0  # at rest, after which the estimate still follows slowly
_REST_GAP, _REST_LIFT = 0.25, 0.25  # centimetres by which lips part and corners rise in a face at rest
_FADE = 2.5  # centimetres from the edge of the face within which it fades out
_FLIP = np.array([1, -1, -1], np.float32)  # between y up and y down
_NEIGHBOURS = 1.2  # centimetres, standard deviation
_LIPS, _CORNERS = (13, 14), (61, 291)
_EYES = ((33, 133), (263, 362))  # corners; the irises' landmarks follow in this order


class Retargeting:
    """Retargets one performer to one identity; for one stream and one thread."""

    def __init__(self, topology: FaceTopology, neutral_shape: Floats, strength: float) -> None:
        self._topology = topology
        self._wanted = neutral_shape
        self._rest = topology.vertices.copy()
        self._frames = _PRIOR_FRAMES
        self._spread = _neighbourhood(topology.vertices) * (strength * _fade(topology))[:, None]
        self._lift = _lift(topology.vertices)

    def retarget(self, landmarks: Points) -> Points:
        """Landmarks (478, 3) of the performer's head, pixels, as they would lie on the identity's."""
        scale, turn = pose = head_pose(landmarks, self._topology)
        self._learn(without_pose(landmarks, pose, self._topology))
        shift = self._spread @ (self._wanted - self._rest)
        irises = [np.tile(shift[list(corners)].mean(axis=0), (5, 1)) for corners in _EYES]
        everywhere = np.concatenate([shift, *irises]) * _FLIP
        return np.asarray(landmarks + np.float32(scale) * (everywhere @ turn.T), np.float32)

    def _learn(self, shape: Floats) -> None:
        """Take a head held straight into the estimate, as far as it is at rest."""
        gap = float(np.linalg.norm(shape[_LIPS[0]] - shape[_LIPS[1]]))
        lift = _lift(shape) - self._lift
        weight = math.exp(-((gap / _REST_GAP) ** 2) - (lift / _REST_LIFT) ** 2)
        self._frames = min(self._frames + weight, _MOST_FRAMES)
        self._rest += (shape - self._rest) * np.float32(weight / self._frames)


def _lift(shape: Floats) -> float:
    """How far the corners of the mouth lie above its middle, centimetres."""
    return float(shape[list(_CORNERS), 1].mean() - shape[list(_LIPS), 1].mean())


def _neighbourhood(vertices: Floats) -> Floats:
    """Weights by which a landmark goes where those around it go, (468, 468).

    Lids and lips are moved, not parted or shut: how far they are open is the performer's.
    """
    distances = ((vertices[:, None] - vertices[None]) ** 2).sum(axis=2)
    weights = np.exp(-distances / (2 * _NEIGHBOURS**2))
    return np.asarray(weights / weights.sum(axis=1, keepdims=True), np.float32)


def _fade(topology: FaceTopology) -> Floats:
    """1 inside the face, 0 on its edge: (468,)."""
    edge = topology.vertices[list(topology.contours["FACE_OVAL"])]
    distances = np.linalg.norm(topology.vertices[:, None] - edge[None], axis=2).min(axis=1)
    share = np.clip(distances / _FADE, 0, 1)
    return np.asarray(share * share * (3 - 2 * share), np.float32)
