"""What the page on latency says of server relay is what was measured."""

from __future__ import annotations

import json

from benchmarks.machine import REPOSITORY

RESULT = json.loads((REPOSITORY / "benchmarks" / "results" / "server_relay.json").read_text())


def test_the_page_on_latency_quotes_the_result() -> None:
    page = " ".join((REPOSITORY / "docs" / "latency.md").read_text().split())
    delays, estimates = RESULT["delayMs"], RESULT["estimatedMs"]
    assert (
        f"{delays['client']['p50']:.0f} ms by client relay and {delays['server']['p50']:.0f} ms by server "
        f"relay (p50; estimated {estimates['client']:.0f} and {estimates['server']:.0f} ms)"
    ) in page
    worst = max(RESULT["worstGapMs"].values())
    in_page = max(gap for gaps in RESULT["pageGapMs"].values() for gap in gaps)
    assert f"at most {worst:.0f} ms in `talchum call` and {in_page:.0f} ms in the page" in page


def test_the_bars_are_met() -> None:
    assert RESULT["withinBars"]
