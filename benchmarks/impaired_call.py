"""Does the delay of a call grow on a bad line? Two headless clients, one behind a line slow and lossy.

    sudo python -m benchmarks.impaired_call [--out benchmarks/results/impaired_call.json] [--seconds 180]

A wears a face and sends stamped frames; B is behind a line of 50 ms, 2 % loss and 800 kbit/s each way. The
bar: p95 of the delay in the last minute is at most 1.3 times that of the first. Needs root, for the networks
of tests/network.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np

from benchmarks.machine import REPOSITORY, commit, describe_machine, spread
from talchum.adapters.call_server_client import CallLink, CallServerClient
from talchum.adapters.webrtc.engine import prepare_engine
from talchum.apps.headless_call import CallOptions, HeadlessCall
from talchum.apps.other_participant import CallResults
from talchum.apps.peer_disclosure import DisclosureReader
from talchum.domain.audit import room_name
from talchum.domain.identity import IdentityKind
from talchum.protocol.admission import room_key
from tests.calls.headless import headless_call
from tests.calls.service import Service, running_service
from tests.network.link_emulator import Impairment
from tests.network.namespaces import (
    SERVER_ADDRESS,
    TURN_ADDRESS,
    Namespace,
    missing_requirement,
    small_internet,
)
from tests.network.turn_server import turn_server

CLIP = REPOSITORY / "tests" / "media" / "synthetic_clip.mp4"
BAD_LINE = Impairment(delay=0.05, loss=0.02, rate=800_000)
SECONDS = 180.0
BAR = 1.3
SETTLE_SECONDS = 5.0  # the first seconds of a call, while both rate controls begin, belong to no minute


@dataclass(frozen=True, slots=True)
class Arrival:
    """A stamped frame that arrived. at: seconds since the first one. delay: seconds from its stamp."""

    at: float
    delay: float


class TimedResults(CallResults):
    """Keeps when every stamped frame arrived and its delay.

    They are told after the call: a pipe that nobody reads yet holds a minute of them and then stops the
    receiver.
    """

    def __init__(self) -> None:
        super().__init__()
        self.arrivals: list[tuple[float, float]] = []

    def saw(self, since: float, arrived: float, age: float | None) -> None:
        """Count it as any call does, and keep it."""
        super().saw(since, arrived, age)
        if age is not None:
            self.arrivals.append((arrived, age))


def measure(seconds: float, line: Impairment, *, behind: str = "b") -> dict[str, Any]:
    """A call of so many seconds over a bad line of `a` or `b`; figures in milliseconds."""
    lines = {f"link_{behind}": line}
    with (
        tempfile.TemporaryDirectory() as scratch,
        small_internet("cone", **lines) as internet,
        turn_server(internet.server, TURN_ADDRESS, Path(scratch)) as turn,  # which is their STUN server too
        running_service(Path(scratch), internet.server, host=SERVER_ADDRESS, turn=turn) as service,
    ):
        link = service.new_link()
        arguments = ["--identity", service.faces()[0], "--stamp"]
        with (
            receiver(service, internet.host_b, link, seconds) as listening,
            headless_call(
                service, link, CLIP, seconds=seconds, place=internet.host_a, arguments=arguments
            ) as sending,
        ):
            sent = sending.report()
            output, errors = listening.communicate(timeout=seconds + 60)
    arrivals = read_arrivals(output.splitlines())
    if not arrivals:
        raise SystemExit(f"no stamped frame arrived: {errors[-500:]}")
    return {
        **summarise(arrivals),
        "route": sent["route"],
        "faceLegRoundTripMs": sent["faceLeg"]["roundTripMs"],
    }


def read_arrivals(lines: Sequence[str]) -> list[Arrival]:
    """What the receiver told, from the first stamped frame on."""
    rows: list[list[float]] = [json.loads(line) for line in lines]
    return [Arrival(arrived - rows[0][0], age) for arrived, age in rows]


def summarise(arrivals: Sequence[Arrival]) -> dict[str, Any]:
    """Delay by minute, and the last minute's p95 against the first's."""
    end = arrivals[-1].at
    settled = [one for one in arrivals if one.at >= SETTLE_SECONDS]
    first = [one.delay for one in settled if one.at < SETTLE_SECONDS + 60]
    last = [one.delay for one in settled if one.at >= end - 60]
    minutes = [
        [one.delay for one in settled if minute * 60 <= one.at - SETTLE_SECONDS < (minute + 1) * 60]
        for minute in range(int((end - SETTLE_SECONDS) // 60) + 1)
    ]
    return {
        "seconds": round(end, 1),
        "framesPerSecond": round(len(arrivals) / max(end, 1e-3), 1),
        "delayMsByMinute": [spread([1000 * delay for delay in minute], 1) for minute in minutes if minute],
        "lastToFirstP95": round(float(np.percentile(last, 95) / np.percentile(first, 95)), 3),
    }


@contextlib.contextmanager
def receiver(
    service: Service, place: Namespace, link: str, seconds: float
) -> Iterator[subprocess.Popen[str]]:
    """B, in a process of its own inside a namespace."""
    argv = [sys.executable, "-m", "benchmarks.impaired_call", "--receive", link, "--seconds", str(seconds)]
    process = subprocess.Popen(
        place.command(argv),
        cwd=REPOSITORY,
        env={**service.environment(), "PYTHONPATH": f"{REPOSITORY / 'src'}:{REPOSITORY}"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


async def receive(link: str, seconds: float) -> None:
    """Join, tell of every stamped frame, leave."""
    place = CallLink.parse(link)
    prepare_engine(zero_playout_delay=True, allow_loopback=False)
    server = CallServerClient(place)
    try:
        ticket = await server.ticket()
        reader = DisclosureReader(room_name(room_key(place.room)), await server.published())
    finally:
        await server.close()
    kind = cast("IdentityKind | None", None)
    call = HeadlessCall(CallOptions(link, CLIP, seconds=seconds), place, ticket, kind, reader)
    call.results = results = TimedResults()
    await call.run()
    print("\n".join(json.dumps(arrival) for arrival in results.arrivals))


def main() -> None:
    """Measure and write the result."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path)
    parser.add_argument("--seconds", type=float, default=SECONDS)
    parser.add_argument("--behind", choices=("a", "b"), default="b", help="whose line is the bad one")
    parser.add_argument("--receive", metavar="LINK", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.receive:
        asyncio.run(receive(options.receive, options.seconds))
        return
    if (reason := missing_requirement("nft")) is not None:
        raise SystemExit(reason)
    machine, started = describe_machine(), time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    figures = measure(options.seconds, BAD_LINE, behind=options.behind)
    line = {"delayMs": 50, "lossPercent": 2, "rateKbit": 800, "behind": options.behind}
    result: dict[str, Any] = {
        "benchmark": "impaired_call",
        "commit": commit(),
        "at": started,
        "machine": machine,
        "line": line,
    }
    result |= {"machine": machine, "line": line, **figures}
    result |= {"bar": BAR, "met": figures["lastToFirstP95"] <= BAR}
    text = json.dumps(result, indent=2)
    print(text)
    if options.out is not None:
        options.out.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
