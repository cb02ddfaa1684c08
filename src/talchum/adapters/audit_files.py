"""An exported audit log, JSON Lines of its entries, and files with signed checkpoints."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from talchum.domain.audit import AuditEntry
from talchum.domain.errors import AuditError

MAX_LINE = 16 * 1024
"""Characters; no entry comes near."""

MAX_CHECKPOINT_BYTES = 64 * 1024


def read_entries(path: Path) -> Iterator[AuditEntry]:
    """The entries of an export, one at a time.

    Raises AuditError (`audit_entry_malformed`, which names the line, and `audit_file_unreadable`).
    """
    with _reading(), path.open(encoding="utf-8", newline="\n") as file:
        number = 0
        while line := file.readline(MAX_LINE):
            number += 1
            try:
                yield AuditEntry.parse(line)
            except AuditError as error:
                raise AuditError(f"line {number}: {error.message}", code=error.code) from error


def write_entries(entries: Iterable[AuditEntry], out: TextIO) -> int:
    """Write an export; how many entries there were."""
    count = 0
    for entry in entries:
        out.write(entry.line() + "\n")
        count += 1
    return count


def read_checkpoint(path: Path) -> str:
    """The signed checkpoint in a file: itself, or as `checkpoint` of a receipt.

    Raises AuditError (`checkpoint_malformed`, `audit_file_unreadable`).
    """
    with _reading(), path.open(encoding="utf-8") as file:
        text = file.read(MAX_CHECKPOINT_BYTES).strip()
    if not text.startswith("{"):
        return text
    try:
        receipt = json.loads(text)
    except (ValueError, RecursionError):
        receipt = {}
    checkpoint = receipt.get("checkpoint")
    if not isinstance(checkpoint, str):
        raise AuditError("got a file that is no receipt", code="checkpoint_malformed")
    return checkpoint


@contextmanager
def _reading() -> Iterator[None]:
    """What the file system refuses becomes an AuditError without the path."""
    try:
        yield
    except (OSError, UnicodeDecodeError) as error:
        raise AuditError(
            f"the file cannot be read: {type(error).__name__}", code="audit_file_unreadable"
        ) from error
