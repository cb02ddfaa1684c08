"""`talchum audit`: whether the log is whole, what it says of a leg, and copies of it."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import chain, takewhile
from pathlib import Path
from typing import Any, TextIO

import httpx
from sqlalchemy import make_url

from talchum.adapters.audit_files import read_checkpoint, read_entries, write_entries
from talchum.adapters.audit_log import AuditLog
from talchum.adapters.database import open_database
from talchum.adapters.signing import KEY_FILE, Signer, Verifier
from talchum.apps.settings import Settings
from talchum.domain.audit import AuditEntry
from talchum.domain.audit_chain import CHECKPOINT_TYPE, Checkpoint, verify_chain
from talchum.domain.audit_notes import LegNote
from talchum.domain.errors import AuditError, DatabaseError
from talchum.domain.leg_tag import LegTag

WELL_KNOWN = "/.well-known/talchum.json"
DAY_MS = 24 * 3600 * 1000

UNSIGNED = (
    "without a checkpoint nobody can tell whether its end was cut off, or all of it was written anew "
    "(--checkpoint, a receipt of a call)"
)


def run_verify(
    settings: Settings,
    file: Path | None,
    *,
    checkpoints: Sequence[Path],
    keys: str | None,
    as_json: bool,
    out: TextIO,
) -> int:
    """Verify an exported file, or the installation's log; the exit status, 1 for a log that is not whole.

    keys: URL of an installation or file of its keys, None for this installation's own.
    Raises AuditError and StatementError for what cannot be judged at all, DatabaseError.
    """
    signed = _checkpoints(settings, checkpoints, keys) if checkpoints else []
    try:
        if file is not None:
            summary = verify_chain(read_entries(file), signed)
        else:
            with _open(settings) as log:
                summary = verify_chain(log.entries(), signed)
    except AuditError as error:
        if as_json:
            out.write(json.dumps({"whole": False, "code": error.code, "message": error.message}) + "\n")
        else:
            out.write(f"not whole: {error.message} ({error.code})\n")
        return 1
    if as_json:
        answer = {"whole": True, "first": summary.first, "last": summary.last, "hash": summary.hash}
        out.write(json.dumps({**answer, "lost": summary.lost, "checkpoints": len(signed)}) + "\n")
        return 0
    out.write(f"whole: entries {summary.first} to {summary.last}, the last {summary.hash}\n")
    if summary.lost:
        out.write(f"{summary.lost} more could not be kept while the database was away\n")
    out.write(f"as in {len(signed)} signed checkpoints\n" if signed else UNSIGNED + "\n")
    return 0


def run_export(settings: Settings, out: TextIO) -> int:
    """Write all entries to out as JSON Lines; the exit status."""
    with _open(settings) as log:
        write_entries(log.entries(), out)
    return 0


def run_checkpoint(settings: Settings, out: TextIO) -> int:
    """Write a signed checkpoint of the log as it is to out; the exit status. Raises AuditError."""
    with _open(settings) as log:
        out.write(_signed(settings, log.checkpoint()) + "\n")
    return 0


def run_prune(settings: Settings, file: Path, *, days: int, out: TextIO) -> int:
    """Move entries older than `days` to a new file, and what stands for them beside it; the exit status.

    Raises AuditError (`audit_file_exists`, and as `verify_chain` when what would be moved is not whole).
    """
    oldest = int(time.time() * 1000) - days * DAY_MS
    with _open(settings) as log:
        old = takewhile(lambda entry: entry.time < oldest, log.entries())
        with _new_file(file) as export:
            summary = verify_chain(*_begun(_written(old, export)))
        if summary.last == 0:
            file.unlink()
            out.write("nothing is that old\n")
            return 0
        checkpoint = log.checkpoint(at=summary.last)
        beside = file.with_name(file.name + ".checkpoint")
        with _new_file(beside) as signed:
            signed.write(_signed(settings, checkpoint) + "\n")
        log.prune(checkpoint)
    out.write(f"entries {summary.first} to {summary.last} are in {file} now\n")
    out.write(f"keep {beside}: without it the log cannot be verified from its beginning any more\n")
    return 0


def run_find(settings: Settings, tag: str, *, as_json: bool, out: TextIO) -> int:
    """Say what is noted of a face leg; the exit status, 1 for a tag that is not in the log.

    Raises FrameError for what is no tag.
    """
    with _open(settings) as log:
        leg = log.find_leg(str(LegTag.parse(tag.upper())))
    if as_json:
        out.write(json.dumps(None if leg is None else leg_summary(leg)) + "\n")
    elif leg is None:
        out.write("no face leg with this tag is noted here\n")
    else:
        _tell(leg, out)
    return 1 if leg is None else 0


def leg_summary(leg: LegNote) -> dict[str, Any]:
    """A leg as automation reads it; times as in ISO 8601."""
    return {
        "tag": leg.tag,
        "room": leg.room,
        "started": _moment(leg.started),
        "ended": None if leg.ended is None else _moment(leg.ended),
        "reason": leg.reason,
        "worn": [
            {
                "since": _moment(one.time),
                "kind": one.kind,
                "engine": one.engine,
                "identity": one.identity,
                "consent": one.consent,
            }
            for one in leg.worn
        ],
        "revoked": None if leg.revoked is None else _moment(leg.revoked),
    }


def _tell(leg: LegNote, out: TextIO) -> None:
    end = f"ended {_moment(leg.ended)} ({leg.reason})" if leg.ended is not None else "no end is noted"
    out.write(f"started {_moment(leg.started)}, {end}\n")
    for one in leg.worn:
        who = one.identity if one.identity is not None else f"by consent {one.consent}"
        out.write(f"{_moment(one.time)} wore {one.kind} {who} ({one.engine})\n")
    if leg.revoked is not None:
        out.write(f"its consent was revoked {_moment(leg.revoked)}\n")


def _moment(time_ms: int) -> str:
    return datetime.fromtimestamp(time_ms / 1000, UTC).isoformat(timespec="milliseconds")


@contextmanager
def _open(settings: Settings) -> Iterator[AuditLog]:
    """The installation's log; a command makes no database where there is none."""
    file = make_url(settings.database).database
    if not settings.database_url and not Path(file or "").exists():
        raise DatabaseError("there is no database here, expected --data or TALCHUM_DATABASE_URL")
    engine = open_database(settings.database)
    try:
        yield AuditLog(engine)
    finally:
        engine.dispose()


def _checkpoints(settings: Settings, files: Sequence[Path], keys: str | None) -> list[Checkpoint]:
    verifier = _verifier(settings, keys)
    tokens = [read_checkpoint(file) for file in files]
    return [Checkpoint.of_claims(verifier.verify(token, CHECKPOINT_TYPE)) for token in tokens]


def _verifier(settings: Settings, keys: str | None) -> Verifier:
    if keys is None:
        if not settings.signing_key and not (settings.data / KEY_FILE).exists():
            raise AuditError("there is no key here to check a checkpoint with, expected --keys")
        return Signer.of(settings.signing_key, settings.data).verifier()
    try:
        return Verifier(_fetched(keys) if "://" in keys else json.loads(Path(keys).read_bytes()))
    except (OSError, ValueError, AttributeError, httpx.HTTPError) as error:
        raise AuditError(
            f"the keys cannot be read: {type(error).__name__}", code="keys_unreadable"
        ) from error


def _fetched(url: str) -> Any:
    where = httpx.URL(url)
    if where.path in ("", "/"):
        where = where.copy_with(path=WELL_KNOWN)
    return httpx.get(where, timeout=10, follow_redirects=False).raise_for_status().json()


def _signed(settings: Settings, checkpoint: Checkpoint) -> str:
    return Signer.of(settings.signing_key, settings.data).sign(checkpoint.claims(), CHECKPOINT_TYPE)


@contextmanager
def _new_file(path: Path) -> Iterator[TextIO]:
    """A file that was not there, on the disk at the end, or gone again when something fails."""
    try:
        file = path.open("x", encoding="utf-8")
    except OSError as error:
        raise AuditError(
            f"the file cannot be made: {type(error).__name__}", code="audit_file_exists"
        ) from error
    try:
        with file:
            yield file
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        path.unlink()
        raise


def _written(entries: Iterable[AuditEntry], out: TextIO) -> Iterator[AuditEntry]:
    for entry in entries:
        write_entries([entry], out)
        yield entry


def _begun(entries: Iterator[AuditEntry]) -> tuple[Iterable[AuditEntry], list[Checkpoint]]:
    """Entries with leave to begin where they do: what was before is in an earlier export."""
    first = next(entries, None)
    if first is None:
        return (), []
    before = [Checkpoint(first.seq - 1, first.previous, first.time)] if first.seq > 1 else []
    return chain([first], entries), before
