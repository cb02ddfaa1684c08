"""`talchum call`: join a room from the command line, stay, and report on it."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import signal
from pathlib import Path
from typing import Any, TextIO, TypeVar, cast

from talchum.adapters.call_server_client import CallLink, CallServerClient
from talchum.adapters.webrtc.engine import prepare_engine
from talchum.apps.headless_call import CallOptions, HeadlessCall
from talchum.apps.log import begin_logging
from talchum.apps.participant_recording import RecordingWish
from talchum.apps.peer_disclosure import DisclosureReader
from talchum.domain.audit import room_name
from talchum.domain.errors import AdmissionError
from talchum.domain.identity import IdentityKind
from talchum.protocol.admission import room_key

logger = logging.getLogger(__name__)


Call = TypeVar("Call", bound=HeadlessCall)


async def enter(options: CallOptions, server: CallServerClient, make: type[Call]) -> Call:
    """A call of this kind with its ticket and what verifies disclosures; `run` joins.

    Raises as `stay`.
    """
    link = CallLink.parse(options.link)
    kind = await server.identity_kind(options.identity) if options.identity is not None else None
    ticket = await server.ticket()
    reader = DisclosureReader(room_name(room_key(link.room)), await server.published())
    return make(options, link, ticket, cast("IdentityKind | None", kind), reader)


async def stay(options: CallOptions) -> dict[str, Any]:
    """Join, stay, leave; the report.

    Raises AdmissionError, IdentityError, MediaFileError, StatementError (a server without a key).
    """
    link = CallLink.parse(options.link)
    prepare_engine(zero_playout_delay=True, allow_loopback=link.on_this_machine)
    server = CallServerClient(link)
    try:
        if options.invitation:
            await server.sign_in(options.invitation)
        call = await enter(options, server, HeadlessCall)
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, call.leave)
        await call.run()
        receipt = await _receipt(server, call.peer)
    finally:
        await server.close()
    report = call.results.report(options.identity, options.engine)
    return {**report, "receipt": receipt, "recording": call.recorded(link.origin)}


async def _receipt(server: CallServerClient, peer: str) -> dict[str, Any] | None:
    try:
        return await server.receipt(peer)
    except AdmissionError as error:
        logger.warning("no receipt of the call: %s", error.code)
        return None


def run(
    *,
    link: str,
    play: Path | None,
    identity: str | None,
    engine: str | None,
    record: Path | None,
    seconds: float | None,
    stamp: bool,
    recording: RecordingWish,
    as_json: bool,
    out: TextIO,
    invitation: str = "",
) -> int:
    """Join a call and report on it; the exit status."""
    level = os.environ.get("TALCHUM_LOG_LEVEL", "WARNING")
    begin_logging(level)
    options = CallOptions(link, play, identity, engine, record, seconds, stamp, recording, invitation)
    report = asyncio.run(stay(options))
    if as_json:
        print(json.dumps(report), file=out, flush=True)
    else:
        _tell(report, out)
    return 0


def _tell(report: dict[str, Any], out: TextIO) -> None:
    _tell_of_the_call(report, out)
    if (recording := report["recording"]) is not None and recording["file"] is not None:
        print(f"the recording of this call: {recording['file']}", file=out)
    if (receipt := report["receipt"]) is not None:
        entries, seq, digest = receipt["entries"], receipt["seq"], receipt["hash"]
        print(f"noted in the audit log: {entries} entries, checkpoint {seq} {digest[:12]}", file=out)


def _tell_of_the_call(report: dict[str, Any], out: TextIO) -> None:
    if not report["connected"]:
        print("nobody was reached", file=out)
        return
    print(f"connected ({report['route']}), {report['framesReceived']} frames received", file=out)
    if (told := report["disclosure"]) is not None:
        print(_of_their_face(told), file=out)
    leg = report["faceLeg"] or {}
    if leg.get("fallback"):
        print(f"the face worker was too slow for what was asked and fell back to {leg['engine']}", file=out)
    for name, delay in (
        ("glass to glass", report["glassToGlassMs"]),
        ("face leg round trip", leg.get("roundTripMs")),
    ):
        if delay is not None:
            print(f"{name}: {delay['p50']:.0f} ms (95 % within {delay['p95']:.0f} ms)", file=out)


def _of_their_face(told: dict[str, Any]) -> str:
    if not told["verified"]:
        return f"what was said of their face does not verify ({told['code']}): no frame of it counted"
    return f"their face is AI-made ({', '.join(told['kinds'])}): disclosed, verified and acknowledged"
