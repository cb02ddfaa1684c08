"""What one measure of an acceptance table came to."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Outcome:
    """One row of the table. n: how often it was tried. details: further figures for the result file."""

    measure: str
    bar: str
    seen: str
    n: int
    met: bool
    details: dict[str, Any] = field(default_factory=dict)

    def as_result(self) -> dict[str, Any]:
        """As the result file has it."""
        row = {"measure": self.measure, "bar": self.bar, "seen": self.seen, "n": self.n, "met": self.met}
        return {**row, **self.details}
