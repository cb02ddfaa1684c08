"""Whether who is before the camera is the one whose face is worn, from looks at some of the frames.

The answer is no until they have been seen, and again after every moment in which somebody else could have
taken their place.
"""

from __future__ import annotations

import math

WEARER_ALIKE = 0.8
"""Cosine to the enrolled face, at least. docs/consent.md says what it was measured on."""

NEAR_YAW, NEAR_PITCH = 25.0, 18.0  # degrees; further aside a face is not told apart
LOOK_SECONDS = 1.0
SOON_SECONDS = 0.1
"""Between two looks while it is not settled who it is."""

LOOKS_IN_A_ROW = 2
UNSEEN_SECONDS = 10.0
"""Nobody who looks aside for longer than this is taken for who they were."""

GAP_SECONDS = 0.5


class Wearer:
    """One performer, frame by frame; times are media times in seconds."""

    def __init__(self) -> None:
        self._known = False
        self._against = 0  # looks in a row that speak against what is taken for known
        self._looked = -math.inf
        self._followed = -math.inf

    def lost(self) -> None:
        """There was not one face alone: whoever comes next is to be looked at."""
        self._known, self._against, self._looked = False, 0, -math.inf

    def followed(self, at: float) -> None:
        """There is one face in this frame."""
        if not 0 <= at - self._followed <= GAP_SECONDS:
            self.lost()
        self._followed = at

    def is_due(self, at: float, yaw: float, pitch: float) -> bool:
        """Whether to look whose face it is. yaw, pitch: degrees from straight."""
        if abs(yaw) > NEAR_YAW or abs(pitch) > NEAR_PITCH:
            return False
        settled = self._known and not self._against
        return at - self._looked >= (LOOK_SECONDS if settled else SOON_SECONDS)

    def looked(self, at: float, likeness: float) -> None:
        """A look found this cosine to the enrolled face."""
        self._looked = at
        self._against = 0 if (likeness >= WEARER_ALIKE) == self._known else self._against + 1
        if self._against >= LOOKS_IN_A_ROW:
            self._known, self._against = not self._known, 0

    def may_wear(self, at: float) -> bool:
        """Whether this frame may show the worn face."""
        return self._known and at - self._looked <= UNSEEN_SECONDS
