"""How long the steps of one join, one face leg or one training job took, across processes.

A span carries labels of `domain/metrics.py` with no other values than those may have, so
that nothing of a person gets into a trace.
"""

from __future__ import annotations

from typing import Literal, Protocol

from talchum.domain.metrics import LABELS, OTHER

SpanName = Literal[
    "join", "face-leg request", "face-leg placement", "face-leg first frame", "training attempt"
]


class Span(Protocol):
    """A step that has begun."""

    @property
    def context(self) -> str:
        """What another process needs to go on from here (`traceparent`, W3C Trace Context); may be empty."""

    def end(self, **labels: str) -> None:
        """It is done; what comes after the first time changes nothing."""


class Traces(Protocol):
    """Where steps are told of; any thread, quickly, without an error."""

    def begin(self, name: SpanName, *, at: float | None = None, parent: str = "") -> Span:
        """A step begins now, or began at this wall clock. parent: the context of what it is part of."""


class _NoSpan:
    context = ""

    def end(self, **labels: str) -> None:
        """Forget it."""


class Untraced:
    """Where nobody asked for traces."""

    def begin(self, name: SpanName, *, at: float | None = None, parent: str = "") -> Span:
        """Forget it."""
        return _NoSpan()


UNTRACED = Untraced()


def bounded(labels: dict[str, str]) -> dict[str, str]:
    """The same labels with nothing in them that is not allowed. Raises KeyError for a label there is not."""
    return {label: value if value in LABELS[label] else OTHER for label, value in labels.items()}
