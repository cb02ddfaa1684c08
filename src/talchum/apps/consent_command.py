"""`talchum consent`: the operator's look at people's consents."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TextIO

from rich.console import Console
from rich.table import Table

from talchum.adapters.consent_records import ConsentRow
from talchum.apps.consent_registry import ConsentRegistry
from talchum.domain.consent import Consent
from talchum.domain.errors import ConsentError, StatementError


def run_list(registry: ConsentRegistry, *, as_json: bool, out: TextIO) -> int:
    """All consents; the exit status."""
    rows = [(row, _read(registry, row)) for row in registry.records.list()]
    if as_json:
        out.write(json.dumps([_summary(row, consent) for row, consent in rows], indent=2) + "\n")
        return 0
    table = Table("consent", "face", "scope", "until", "ended")
    for row, consent in rows:
        scope, until = ("not verified", "") if consent is None else (consent.scope, _day(consent.expires_at))
        ended = "" if row.ended is None else f"{_day(row.ended)} ({row.reason})"
        table.add_row(row.id, row.identity, scope, until, ended)
    Console(file=out).print(table)
    return 0


def run_show(registry: ConsentRegistry, handle: str, *, out: TextIO) -> int:
    """One whole record. Raises ConsentError, StatementError."""
    row = registry.find(handle)
    claims = registry.read(row).claims(registry.issuer)
    shown = {**claims, "ended": row.ended, "reason": row.reason, "record": row.record}
    out.write(json.dumps(shown, indent=2, ensure_ascii=False) + "\n")
    return 0


def run_revoke(registry: ConsentRegistry, handle: str, *, out: TextIO) -> int:
    """End one. Raises ConsentError."""
    row = registry.find(handle)
    registry.end(row.id, "operator")
    out.write(f"{row.id} has ended; {row.identity} can no longer be worn by it\n")
    return 0


def _read(registry: ConsentRegistry, row: ConsentRow) -> Consent | None:
    try:
        return registry.read(row)
    except (ConsentError, StatementError):
        return None


def _summary(row: ConsentRow, consent: Consent | None) -> dict[str, object]:
    return {
        "consent": row.id,
        "identity": row.identity,
        "scope": None if consent is None else consent.scope,
        "expiresAt": None if consent is None else consent.expires_at,
        "endedAt": row.ended,
        "reason": row.reason,
        "verified": consent is not None,
    }


def _day(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M")
