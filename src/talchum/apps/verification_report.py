"""What is said of a video that was examined, as plain values; docs/trust.md describes it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

from talchum.domain.audit_notes import LegNote
from talchum.domain.verification import NOT_EVIDENCE, Finding

FindLeg = Callable[[str], LegNote | None]
"""What the log of this installation says of a tag. Raises DatabaseError."""


def report_of(finding: Finding, find_leg: FindLeg | None) -> dict[str, Any]:
    """The report that programs rely on, as plain values; docs/trust.md describes it."""
    mark, badge, credentials = finding.mark, finding.badge, finding.credentials
    report: dict[str, Any] = {
        "verdict": finding.verdict,
        "disagreements": finding.disagreements,
        "seconds": round(finding.seconds, 2),
        "truncated": finding.truncated,
        "mark": {
            "confidence": round(mark.confidence, 1),
            "seconds": round(mark.seconds, 2),
            "partial": mark.partial,
            "mirrored": mark.mirrored,
            "intervals": [
                {
                    "start": round(interval.start, 2),
                    "end": round(interval.end, 2),
                    "kind": interval.mark.kind,
                    "tag": str(interval.mark.tag),
                    "confidence": round(interval.confidence, 1),
                }
                for interval in mark.intervals
            ],
        },
        "badge": {"pictures": badge.pictures, "read": badge.read, "tags": dict(badge.tags)},
        "credentials": {
            "state": credentials.state,
            "tags": sorted(credentials.tags),
            "namesTalchum": credentials.names_talchum,
        },
        "log": None if find_leg is None else log_of(finding.tags, find_leg),
    }
    if finding.verdict == "not-detected":
        report["note"] = NOT_EVIDENCE
    return report


def log_of(tags: Iterable[str], find_leg: FindLeg) -> dict[str, Any]:
    """The report's part about the log: each tag, and None where it is not known. Raises DatabaseError."""
    return {tag: _leg(find_leg(tag)) for tag in tags}


def _leg(note: LegNote | None) -> dict[str, Any] | None:
    """What anybody may know of a leg: when, and what was worn; the call it was in stays unnamed."""
    if note is None:
        return None
    return {
        "started": _moment(note.started),
        "ended": _moment(note.ended),
        "kinds": list(note.kinds),
        "revoked": _moment(note.revoked),
    }


def _moment(milliseconds: int | None) -> str | None:
    if milliseconds is None:
        return None
    return datetime.fromtimestamp(milliseconds / 1000, UTC).isoformat(timespec="seconds")
