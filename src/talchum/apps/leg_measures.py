"""What is measured of the pictures of one face leg."""

from __future__ import annotations

from talchum.domain.frame import EgressFrame
from talchum.domain.metrics import (
    CARDS,
    FRAME_AGE,
    FRAMES_DROPPED,
    PICTURES,
    STAGE_TIME,
    UNMEASURED,
    Measurements,
)
from talchum.domain.tracing import Span


class LegMeasures:
    """Adds a leg's pictures to the measurements of its worker.

    first: the step that the first picture of a face ends. engine: of the face that is worn.
    """

    def __init__(self, measurements: Measurements = UNMEASURED, first: Span | None = None) -> None:
        self._measurements = measurements
        self._first = first
        self._dropped = 0
        self.engine = "none"

    def went_out(self, frame: EgressFrame, age: float | None) -> None:
        """A picture was given to the sender, `age` seconds after its frame arrived (None: there was none)."""
        self._measurements.count(PICTURES, frame.kind)
        if frame.kind == "face" and self._first is not None:
            self._first.end(engine=self.engine, picture="face")
            self._first = None
        if frame.kind == "card":
            self._measurements.count(CARDS, frame.reason)
        if age is not None:
            self._measurements.observe(FRAME_AGE, age, self.engine)
        for stage, seconds in frame.stage_times.items():
            self._measurements.observe(STAGE_TIME, seconds, self.engine, stage)

    def over(self) -> None:
        """The leg has ended."""
        if self._first is not None:
            self._first.end(engine=self.engine, picture="card")

    def dropped(self, total: int) -> None:
        """So many frames of this leg have been dropped since it began."""
        self._measurements.count(FRAMES_DROPPED, by=max(0, total - self._dropped))
        self._dropped = max(total, self._dropped)
