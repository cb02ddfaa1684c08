"""The receipt of a call: a signed checkpoint of the audit log for whoever has the call's link.

It leaves the service with the people it is about, so that nobody can write the log anew behind them.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from quart import Quart, Response, request

from talchum.adapters.audit_log import AuditLog
from talchum.adapters.signing import Signer
from talchum.apps.answers import json_answer
from talchum.apps.audit_writer import AuditWriter
from talchum.domain.audit import room_name
from talchum.domain.audit_chain import CHECKPOINT_TYPE
from talchum.domain.errors import AuditError
from talchum.protocol.admission import room_key

LEAVING_SECONDS = 3.0
"""How long a receipt waits for the entry of who left, which another call server may be about to write."""

LOOK_AGAIN_SECONDS = 0.1


def add_receipts(
    app: Quart, writer: AuditWriter, signer: Signer, expect_own_page: Callable[[], None]
) -> None:
    """Register the route. expect_own_page: raises for requests of other pages, and for too many."""

    @app.get("/api/rooms/<room>/receipt")
    async def receipt(room: str) -> Response:
        expect_own_page()
        name = room_name(room_key(room))
        await writer.flushed(LEAVING_SECONDS)
        log = await writer.log()
        await _until_left(log, name, request.args.get("left", ""))
        return json_answer(await asyncio.to_thread(make_receipt, log, signer, name))


def make_receipt(log: AuditLog, signer: Signer, room: str) -> dict[str, object]:
    """What both sides of a call get of it; blocks. room: its name in the log.

    Raises AuditError (`receipt_unknown`), DatabaseError.
    """
    call = log.call(room)
    if not call.entries:
        raise AuditError("got a room of which nothing is noted", code="receipt_unknown")
    checkpoint = log.checkpoint(room, call.tags)
    return {
        "entries": call.entries,
        "seq": checkpoint.seq,
        "hash": checkpoint.hash,
        "time": checkpoint.time,
        "tags": list(call.tags),
        "checkpoint": signer.sign(checkpoint.claims(), CHECKPOINT_TYPE),
    }


async def _until_left(log: AuditLog, room: str, participant: str) -> None:
    """Wait until it is noted that a participant left, not for ever."""
    give_up_at = time.monotonic() + LEAVING_SECONDS
    while participant and time.monotonic() < give_up_at:
        if await asyncio.to_thread(log.has_left, room, participant):
            return
        await asyncio.sleep(LOOK_AGAIN_SECONDS)
