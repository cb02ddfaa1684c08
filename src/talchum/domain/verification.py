"""What was found in a video that somebody asks about, and what may be said of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from talchum.domain.mark import Mark

Verdict = Literal["marked", "marked-inconsistent", "not-detected"]
CredentialsState = Literal["none", "trusted", "valid", "invalid"]

NOT_EVIDENCE = "not evidence that the video is genuine"
"""Goes with every `not-detected`."""


@dataclass(frozen=True, slots=True)
class MarkedInterval:
    """Seconds of the video that carry one invisible mark. confidence: median, standard deviations."""

    start: float
    end: float
    mark: Mark
    confidence: float


@dataclass(frozen=True, slots=True)
class MarkFinding:
    """The invisible mark. confidence: the highest that was seen. partial: it lay in a part of the picture."""

    intervals: Sequence[MarkedInterval] = ()
    confidence: float = 0.0
    partial: bool = False
    mirrored: bool = False

    @property
    def tags(self) -> frozenset[str]:
        """Of all intervals."""
        return frozenset(str(interval.mark.tag) for interval in self.intervals)

    @property
    def seconds(self) -> float:
        """How much of the video is marked."""
        return sum(interval.end - interval.start for interval in self.intervals)


@dataclass(frozen=True, slots=True)
class BadgeFinding:
    """The badge in the pictures that were looked at: how many, and how often each tag was read."""

    pictures: int = 0
    tags: Mapping[str, int] = field(default_factory=Counter)

    @property
    def read(self) -> int:
        """In how many pictures."""
        return sum(self.tags.values())


@dataclass(frozen=True, slots=True)
class CredentialsFinding:
    """Content credentials (C2PA). tags: of the legs that its soft bindings name.

    names_talchum: whether they claim, rightly or not, to be of a recording that Talchum made.
    """

    state: CredentialsState = "none"
    tags: frozenset[str] = frozenset()
    names_talchum: bool = False


@dataclass(frozen=True, slots=True)
class Finding:
    """All of it. seconds: length of the video. truncated: the file ends before what it announces."""

    seconds: float
    mark: MarkFinding
    badge: BadgeFinding
    credentials: CredentialsFinding
    truncated: bool = False

    @property
    def tags(self) -> list[str]:
        """Every leg that anything names."""
        return sorted(self.mark.tags | frozenset(self.badge.tags) | self.credentials.tags)

    @property
    def disagreements(self) -> list[str]:
        """Stable codes of what does not go together."""
        found = []
        broken = self.credentials.state == "invalid"
        if broken and (self.tags or self.credentials.names_talchum):  # else they are nothing of ours
            found.append("credentials_invalid")
        if self.badge.read and not self.mark.intervals:
            found.append("badge_without_mark")
        if self.mark.intervals and not frozenset(self.badge.tags) <= self.mark.tags:
            found.append("badge_of_another_leg")
        if self.credentials.tags and self.mark.intervals and not self.mark.tags <= self.credentials.tags:
            found.append("credentials_of_another_leg")
        return found

    @property
    def verdict(self) -> Verdict:
        """`not-detected` says nothing about a video (`NOT_EVIDENCE`)."""
        if self.disagreements:
            return "marked-inconsistent"
        return "marked" if self.mark.intervals or self.credentials.tags else "not-detected"
