"""`talchum verify`: what marks a video carries, in words or as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from talchum.adapters.audit_log import AuditLog
from talchum.adapters.database import open_database
from talchum.apps.examine import Examination
from talchum.apps.installation_keys import recording_anchors
from talchum.apps.settings import Settings
from talchum.apps.verification_report import FindLeg, report_of
from talchum.domain.verification import NOT_EVIDENCE, CredentialsState, Finding

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


def in_words(finding: Finding, report: dict[str, Any]) -> list[str]:
    """The report for people."""
    mark, badge = finding.mark, finding.badge
    said = f": {NOT_EVIDENCE}" if finding.verdict == "not-detected" else ""
    lines = [f"{finding.verdict}{said}"]
    lines += [f"  ! {code}" for code in finding.disagreements]
    if finding.verdict == "marked" and not mark.intervals:
        lines.append("  only the content credentials say so; no mark is in the pictures")
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
