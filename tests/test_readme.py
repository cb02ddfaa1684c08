"""The README quotes only what benchmarks/results/ holds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

REPOSITORY = Path(__file__).parent.parent
READMES = ("README.md", "README.ko.md")


def result(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((REPOSITORY / "benchmarks" / "results" / f"{name}.json").read_text())
    return found


def quoted() -> list[str]:
    """Each figure as the README writes it, read from the results."""
    relay, leg = result("client_relay"), result("face_leg")["servers"]
    costs = [result("pipeline")["engines"][name]["cpuMs"]["total"] for name in ("portrait", "neural")]
    soak = result("soak")
    last_minute = result("impaired_call")["delayMsByMinute"][-1]
    worn, plain = relay["worn"], relay["plain"]
    return [
        f"{worn['glassToGlassMs']['p50']:.0f} / {worn['glassToGlassMs']['p95']:.0f} ms",
        f"{plain['glassToGlassMs']['p50']:.0f} / {plain['glassToGlassMs']['p95']:.0f} ms",
        f"{worn['firstFrameSeconds']:.1f} s",
        *(
            f"{server['roundTripMs']['p50']:.0f} / {server['roundTripMs']['p95']:.0f} ms"
            for server in leg.values()
        ),
        *(f"{cost['p50']:.1f} / {cost['p95']:.1f} ms" for cost in costs),
        f"{last_minute['p50']:.0f} / {last_minute['p95']:.0f} ms",
        f"{result('face_leg')['portraitOverEcho']:.2f}",
        f"{result('face_leg')['neuralOverEcho']:.2f}",
        f"{soak['megabytesByMinute'][-1]:.0f} MB",
        f"{soak['slopeOfSecondHalfMegabytesPerMinute']:.2f} MB",
    ]


@pytest.mark.parametrize("readme", READMES)
def test_every_figure_stands_in_a_result(readme: str) -> None:
    text = (REPOSITORY / readme).read_text(encoding="utf-8")
    assert [figure for figure in quoted() if figure not in text] == []


@pytest.mark.parametrize("readme", READMES)
def test_two_commands_stand_before_line_thirty(readme: str) -> None:
    head = "\n".join((REPOSITORY / readme).read_text(encoding="utf-8").splitlines()[:30])
    assert "make run" in head
    assert "make test" in head


@pytest.mark.parametrize("readme", READMES)
def test_every_picture_and_page_exists(readme: str) -> None:
    text = (REPOSITORY / readme).read_text(encoding="utf-8")
    links = [part.split(")")[0] for part in text.split("](")[1:]]
    local = [link for link in links if "://" not in link]
    assert local
    assert [link for link in local if not (REPOSITORY / link).exists()] == []
