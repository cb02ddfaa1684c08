"""`talchum verify`: what marks a video carries, in words or as JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from talchum.adapters.audit_log import AuditLog
from talchum.adapters.database import open_database
from talchum.apps.examine import Examination
from talchum.apps.installation_keys import recording_anchors
from talchum.apps.settings import Settings
from talchum.domain.audit_notes import LegNote
from talchum.domain.verification import NOT_EVIDENCE, CredentialsState, Finding

FindLeg = Callable[[str], LegNote | None]
"""What the log of this installation says of a tag. Raises DatabaseError."""

_CREDENTIALS: Mapping[CredentialsState, str] = {
    "none": "none",
    "trusted": "trusted, by the root of this installation's recordings",
    "valid": "valid, by an unknown signer",
    "invalid": "invalid, altered after it was signed or not to be read",
}

EXIT_STATUS = {"marked": 0, "marked-inconsistent": 3, "not-detected": 4}


def run(settings: Settings, path: Path, *, as_json: bool, out: TextIO) -> int:
    """Examine a file; the exit status says the verdict (`EXIT_STATUS`).

    Raises MediaFileError, DatabaseError, SettingsError.
    """
    anchors = recording_anchors(settings)
    columns = (TextColumn("{task.description}"), BarColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("reading", total=1.0)

        def show(doing: str, share: float) -> None:
            bar.update(task, description=doing, completed=share)

        finding = Examination(path, show, anchors).run()
    with leg_finder(settings) as find_leg:
        report = report_of(finding, find_leg)
    if as_json:
        out.write(json.dumps(report, indent=2) + "\n")
    else:
        out.write("\n".join(in_words(finding, report)) + "\n")
    return EXIT_STATUS[finding.verdict]


@contextmanager
def leg_finder(settings: Settings) -> Iterator[FindLeg | None]:
    """The look-up in the log of this installation; None where there is no database yet."""
    if not settings.database_url and not (settings.data / "talchum.db").exists():
        yield None
        return
    engine = open_database(settings.database)
    try:
        yield AuditLog(engine).find_leg
    finally:
        engine.dispose()


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
        "credentials": {"state": credentials.state, "tags": sorted(credentials.tags)},
        "log": None if find_leg is None else {tag: _leg(find_leg(tag)) for tag in finding.tags},
    }
    if finding.verdict == "not-detected":
        report["note"] = NOT_EVIDENCE
    return report


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


def in_words(finding: Finding, report: dict[str, Any]) -> list[str]:
    """The report for people."""
    mark, badge = finding.mark, finding.badge
    said = f": {NOT_EVIDENCE}" if finding.verdict == "not-detected" else ""
    lines = [f"{finding.verdict}{said}"]
    lines += [f"  ! {code}" for code in finding.disagreements]
    if finding.truncated:
        lines.append("  the file breaks off; what comes before was examined")
    where = " in a part of the picture" if mark.partial and mark.intervals else ""
    lines.append(
        f"  invisible mark: {mark.seconds:.1f} of {finding.seconds:.1f} s{where}, "
        f"confidence {mark.confidence:.1f} (8 is the least)"
    )
    lines += [
        f"    {interval.start:7.1f} to {interval.end:.1f} s  {interval.mark.kind}  {interval.mark.tag}"
        for interval in mark.intervals
    ]
    tags = ", ".join(f"{tag} {count}x" for tag, count in badge.tags.items())
    lines.append(f"  badge: read in {badge.read} of {badge.pictures} pictures{f' ({tags})' if tags else ''}")
    lines.append(f"  content credentials: {_CREDENTIALS[finding.credentials.state]}")
    for tag, leg in (report["log"] or {}).items():
        known = "is not in it" if leg is None else _leg_words(leg)
        lines.append(f"  log of this installation: {tag} {known}")
    return lines


def _leg_words(leg: dict[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in leg.items() if value not in (None, [], ""))
