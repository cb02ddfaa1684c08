"""A video that somebody gave to the call server to be examined: how far it is, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

VerificationState = Literal["waiting", "receiving", "examining", "succeeded", "failed"]


@dataclass(frozen=True, slots=True)
class VerificationFailure:
    """Why nothing came of it, as an error's code, message and whether another try may help."""

    code: str
    message: str
    retryable: bool = False


@dataclass(frozen=True, slots=True)
class VerificationJob:
    """One examination.

    size: of the file, bytes, as announced. doing: what `share`, 0 to 1, is a share of.
    """

    size: int
    state: VerificationState = "waiting"
    doing: str = ""
    share: float = 0.0
    report: dict[str, Any] | None = None
    failure: VerificationFailure | None = None

    @property
    def is_over(self) -> bool:
        """Whether it changes no more."""
        return self.state in ("succeeded", "failed")
