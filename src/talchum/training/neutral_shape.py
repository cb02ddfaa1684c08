"""The shape of a head at rest, out of a performance: pose removed by bone, expression by the still."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from talchum.domain.face import MESH_LANDMARKS
from talchum.training.moment import Moment
from talchum.vision.conditioning import REFERENCE_SIDE, SIDE, head_pose, without_pose
from talchum.vision.topology import FaceTopology

NEUTRAL_SHARE = 0.1
"""Of the moments; a performance asks for a face at rest more often than that."""

Floats = NDArray[np.float32]


def neutral_shape(moments: Sequence[Moment], topology: FaceTopology) -> Floats:
    """float32 (468, 3): the head in centimetres and axes of `FaceTopology.vertices`.

    The moments nearest to the identity's still are averaged: it is the face at rest from the front.
    """
    distances = [_from_still(moment) for moment in moments]
    count = max(1, round(NEUTRAL_SHARE * len(moments)))
    nearest = np.argsort(distances, kind="stable")[:count]
    found = [moments[index].landmarks for index in nearest]
    heads = [without_pose(one, head_pose(one, topology), topology) for one in found]
    return np.asarray(np.mean(heads, axis=0), np.float32)


def _from_still(moment: Moment) -> float:
    """How far the mesh is from that of the still, both in their squares: pixels, mean."""
    still = moment.reference.points * (SIDE / REFERENCE_SIDE)
    return float(np.linalg.norm(moment.landmarks[:MESH_LANDMARKS, :2] - still, axis=1).mean())
