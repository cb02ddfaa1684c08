"""Looks at a performer who wears an enrolled face: is it theirs?"""

from __future__ import annotations

from talchum.domain.face import TrackedFace
from talchum.domain.frame import I420Frame
from talchum.domain.sighting import Embedding, alike
from talchum.domain.wearer import Wearer
from talchum.vision.conditioning import head_pose
from talchum.vision.recognition import FaceRecogniser
from talchum.vision.topology import FaceTopology
from talchum.vision.watching import angles_of


class WearerCheck:
    """Of one leg, for one thread. owner: the enrolled face."""

    def __init__(self, recogniser: FaceRecogniser, owner: Embedding, topology: FaceTopology) -> None:
        self._recogniser = recogniser
        self._owner = owner
        self._topology = topology
        self._wearer = Wearer()

    def lost(self) -> None:
        """A frame did not show one face alone."""
        self._wearer.lost()

    def admits(self, frame: I420Frame, face: TrackedFace) -> bool:
        """Whether the worn face may be shown for this frame; looks when it is time to."""
        at = frame.media_time
        self._wearer.followed(at)
        yaw, pitch, _ = angles_of(head_pose(face.landmarks, self._topology)[1])
        if self._wearer.is_due(at, yaw, pitch):
            seen = self._recogniser.recognise(frame, face.landmarks).embedding
            self._wearer.looked(at, alike(seen, self._owner))
        return self._wearer.may_wear(at)
