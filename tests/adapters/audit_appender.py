"""A process of its own that appends to an audit log: ``audit_appender URL LEAVER COUNT``."""

from __future__ import annotations

import sys

from talchum.adapters.audit_log import AuditLog
from talchum.adapters.database import open_database
from talchum.domain.audit import AuditEvent
from tests.domain.audit_chains import ROOM


def append(url: str, participant: str, count: int) -> None:
    log = AuditLog(open_database(url))
    sys.stdin.read(1)  # until all are there
    for number in range(count):
        left = AuditEvent("participant-left", {"room": ROOM, "participant": participant, "reason": "left"})
        log.append([(number, left)])
    log.engine.dispose()


if __name__ == "__main__":
    append(sys.argv[1], sys.argv[2], int(sys.argv[3]))
