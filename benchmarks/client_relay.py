"""A whole call as it is used: glass-to-glass delay and the wait for the first transformed frame, 640x480@30.

    python -m benchmarks.client_relay [--out benchmarks/results/client_relay.json] [--calls 5] [--seconds 15]

Call server, face worker and two `talchum call` processes on this machine, client relay: A's clip goes to the
face worker, comes back, goes on to B. A stamps its frames, B reads them. Bars: p50 at most 150 ms, first
transformed frame at most 3 s after both are in the room. A plain call without a face is measured beside it.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.machine import REPOSITORY, commit, describe_machine
from tests.calls.headless import headless_call
from tests.calls.service import Service, running_service

CLIP = REPOSITORY / "tests" / "media" / "synthetic_clip.mp4"
IDENTITY = "sora"
DELAY_BAR_MS, FIRST_FRAME_BAR_S = 150.0, 3.0


def call_once(service: Service, seconds: float, *arguments: str) -> dict[str, Any]:
    """One call; B's figures, and A's of its face leg."""
    link = service.new_link()
    with (
        headless_call(service, link, CLIP, seconds=seconds + 3) as other,
        headless_call(service, link, CLIP, seconds=seconds, arguments=("--stamp", *arguments)) as performer,
    ):
        shown, seen = performer.report(), other.report()
    return {
        "glassToGlassMs": seen["glassToGlassMs"],
        "firstFrameSeconds": seen["firstFrameSeconds"],
        "framesPerSecond": round(seen["framesReceived"] / seconds, 1),
        "roundTripMs": shown["faceLeg"] and shown["faceLeg"]["roundTripMs"],
    }


def summary(calls: list[dict[str, Any]]) -> dict[str, Any]:
    """The median over calls, and each of them."""

    def middle(values: list[float]) -> float:
        return round(float(np.median(values)), 3)

    return {
        "glassToGlassMs": {
            share: middle([call["glassToGlassMs"][share] for call in calls]) for share in ("p50", "p95")
        },
        "firstFrameSeconds": middle([call["firstFrameSeconds"] for call in calls]),
        "framesPerSecond": middle([call["framesPerSecond"] for call in calls]),
        "calls": calls,
    }


def main() -> None:
    """Measure, print and write the result."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--out", type=Path, default=REPOSITORY / "benchmarks/results/client_relay.json")
    parser.add_argument("--calls", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=15.0)
    options = parser.parse_args()
    load = os.getloadavg()[0]
    worn, plain = [], []
    with tempfile.TemporaryDirectory() as directory, running_service(Path(directory)) as service:
        for _ in range(options.calls):
            worn.append(call_once(service, options.seconds, "--identity", IDENTITY))
            plain.append(call_once(service, options.seconds / 2))
    result: dict[str, Any] = {
        "benchmark": "client_relay",
        "commit": commit(),
        "machine": describe_machine(),
        "loadBefore": round(load, 2),
        "video": "640x480@30 VP8",
        "worn": summary(worn),
        "plain": summary(plain),
    }
    delay, first = result["worn"]["glassToGlassMs"]["p50"], result["worn"]["firstFrameSeconds"]
    result["withinBars"] = delay <= DELAY_BAR_MS and first <= FIRST_FRAME_BAR_S
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(result, indent=2) + "\n")
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
