"""What server relay gains on a line of 40 ms, and the gap when the viewer changes over, both ways.

    sudo python -m benchmarks.server_relay [--calls 3] [--stops 5] [--out FILE]

The performer is behind a line of 40 ms each way, call server and face worker beside each other, the viewer on
a line of its own without delay: three networks of tests/network. Both pictures come at once and are stamped,
so that one call measures both delays; what a client estimates without stamps stands beside them. The viewer
is made to change over every 3 s, whichever way is faster. The page's changes: `benchmarks.page_relay`.
Bars: server relay is faster, and no gap is above 300 ms. Needs root.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.machine import REPOSITORY, commit, describe_machine, spread
from benchmarks.page_relay import page_gaps
from talchum.adapters.call_server_client import CallLink, CallServerClient
from talchum.adapters.webrtc.engine import prepare_engine
from talchum.apps.call import enter
from talchum.apps.headless_call import CallOptions, HeadlessCall
from talchum.apps.picture_ways import PictureWays
from talchum.domain.relay_choice import RelayRule, Way
from tests.calls.headless import headless_call
from tests.calls.service import Service, running_service
from tests.network.link_emulator import Impairment
from tests.network.namespaces import (
    SERVER_ADDRESS,
    TURN_ADDRESS,
    SmallInternet,
    missing_requirement,
    small_internet,
)
from tests.network.turn_server import turn_server

CLIP = REPOSITORY / "tests" / "media" / "synthetic_clip.mp4"
LINE_SECONDS = 0.04
IDENTITY = "veil"
GAP_BAR_MS = 300.0
SECONDS = 28.0
BACK_AND_FORTH = RelayRule(margin=float("-inf"), patience=3.0)


def call_once(service: Service, internet: SmallInternet) -> dict[str, Any]:
    """One call; what the viewer reports of its two ways."""
    link = service.new_link()
    worn = ("--identity", IDENTITY, "--stamp")
    argv = [sys.executable, "-m", "benchmarks.server_relay", "--view", link]
    with headless_call(service, link, CLIP, seconds=SECONDS, place=internet.host_a, arguments=worn):
        viewer = subprocess.run(
            internet.host_b.command(argv),
            cwd=REPOSITORY,
            env={**service.environment(), "PYTHONPATH": f"{REPOSITORY / 'src'}:{REPOSITORY}"},
            stdout=subprocess.PIPE,
            check=True,
        )
    relay: dict[str, Any] = json.loads(viewer.stdout)
    return relay


async def view(link: str) -> None:
    """Join, change over again and again, leave, tell."""
    place = CallLink.parse(link)
    prepare_engine(zero_playout_delay=True, allow_loopback=False)
    server = CallServerClient(place)
    try:
        call = await enter(CallOptions(link, CLIP, seconds=SECONDS), server, HeadlessCall)
    finally:
        await server.close()
    call.results.ways = PictureWays(BACK_AND_FORTH)
    await call.run()
    print(json.dumps(call.results.ways.report()))


def summary(calls: list[dict[str, Any]], page: dict[Way, list[float]]) -> dict[str, Any]:
    """Delays as the median over calls, gaps all together, those of the page, and each call."""
    delays = {
        way: {
            share: round(float(np.median([call["delayMs"][way][share] for call in calls])), 1)
            for share in ("p50", "p95")
        }
        for way in ("client", "server")
    }
    gaps = {way: [gap for call in calls for gap in call["gapMs"][way]] for way in ("client", "server")}
    return {
        "delayMs": delays,
        "gainMs": round(delays["client"]["p50"] - delays["server"]["p50"], 1),
        "estimatedMs": {
            way: round(float(np.median([call["estimatedMs"][way] for call in calls])), 1) for way in delays
        },
        "gapMs": {way: spread(found, 1) if found else None for way, found in gaps.items()},
        "worstGapMs": {way: max(found, default=None) for way, found in gaps.items()},
        "pageGapMs": page,
        "withinBars": delays["server"]["p50"] < delays["client"]["p50"]
        and all(found and max(found) <= GAP_BAR_MS for found in (*gaps.values(), *page.values())),
        "calls": calls,
    }


def main() -> None:
    """Measure, print and write the result."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--out", type=Path, default=REPOSITORY / "benchmarks/results/server_relay.json")
    parser.add_argument("--calls", type=int, default=3)
    parser.add_argument("--stops", type=int, default=5, help="of a face worker under a call between pages")
    parser.add_argument("--view", metavar="LINK", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.view:
        asyncio.run(view(options.view))
        return
    if (reason := missing_requirement("nft")) is not None:
        raise SystemExit(reason)
    load, calls = os.getloadavg()[0], []
    for _ in range(options.calls):
        with (
            tempfile.TemporaryDirectory() as directory,
            small_internet("cone", link_a=Impairment(delay=LINE_SECONDS)) as internet,
            turn_server(internet.server, TURN_ADDRESS, Path(directory)) as turn,
            running_service(
                Path(directory) / "data",
                internet.server,
                host=SERVER_ADDRESS,
                turn=turn,
                settings={"TALCHUM_SERVER_RELAY": "auto"},
            ) as service,
        ):
            calls.append(call_once(service, internet))
    result: dict[str, Any] = {
        "benchmark": "server_relay",
        "commit": commit(),
        "machine": describe_machine(),
        "loadBefore": round(load, 2),
        "line": {"delayMs": 1000 * LINE_SECONDS, "behind": "performer"},
        **summary(calls, page_gaps(options.stops)),
    }
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(result, indent=2) + "\n")
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
