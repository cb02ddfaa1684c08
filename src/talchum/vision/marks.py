"""Both marks of one leg, the badge and the invisible one, put into every picture that leaves it."""

from __future__ import annotations

from dataclasses import dataclass, field

from talchum.domain.frame import I420Frame
from talchum.domain.leg_tag import LegTag
from talchum.domain.mark import Mark, MarkKind
from talchum.domain.rendering import BadgeStyle
from talchum.vision.badge import Badger
from talchum.vision.marking import InvisibleMarker


@dataclass(frozen=True, slots=True)
class Marking:
    """What the pictures of a leg are marked with."""

    tag: LegTag
    badge: BadgeStyle = field(default_factory=BadgeStyle)


class Marks:
    """Marks the pictures of one leg, in place; for one thread at a time."""

    def __init__(self, marking: Marking) -> None:
        self._tag = marking.tag
        self._badger = Badger(marking.tag, marking.badge)
        self._invisible = InvisibleMarker()

    def put(self, picture: I420Frame, kind: MarkKind, now: float) -> None:
        """Mark a picture that shows this kind of face. now: monotonic seconds."""
        self._badger.put(picture)
        self._invisible.mark(picture, Mark(kind, self._tag), now)
