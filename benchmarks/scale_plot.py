"""The rows of `benchmarks.scale` that are curves, as one drawing.

    python -m benchmarks.scale_plot [--from benchmarks/results/scale.json] [--out docs/images/scale.svg]

Left what a face leg costs by how many there are, in the middle how old its frames get, right how long a
message takes between thousands of sockets.
"""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from benchmarks.machine import REPOSITORY
from benchmarks.scale_measures.legs import AGE_BAR_MS
from benchmarks.scale_measures.sockets import BAR_MS

WIDTH, HEIGHT = 320, 240
LEFT, RIGHT, TOP, BOTTOM = 48, 16, 44, 40
COLOURS = ("#1f5fbf", "#b3471d")
HEAD_ROOM = 1.25
ENGINES = {"legs": "portrait", "neural-legs": "neural"}
SOCKETS = {"sockets": "one process", "two-processes": "two"}


@dataclass(frozen=True, slots=True)
class Curve:
    """A named line through points."""

    name: str
    points: Sequence[tuple[float, float]]


def draw(result: Mapping[str, Any]) -> str:
    """All panels that the result file has rows for, as SVG."""
    rows = result["measures"]
    steps = {name: rows[row]["steps"] for row, name in ENGINES.items() if row in rows}
    panels = []
    if steps:
        costs = [Curve(name, [(one["legs"], one["coresPerLeg"]) for one in of]) for name, of in steps.items()]
        ages = [
            Curve(name, [(one["legs"], max(one["frameAgeP95Ms"])) for one in of])
            for name, of in steps.items()
        ]
        panels.append(_lines("cores a leg", "legs on one worker", costs))
        panels.append(_lines("frameAge, worst p95, ms", "legs on one worker", ages, bar=AGE_BAR_MS))
    relays = [(SOCKETS[row], rows[row]["relayMs"]) for row in SOCKETS if row in rows]
    if relays:
        panels.append(_bars("message between 5,000 sockets, ms", relays, bar=BAR_MS))
    moved = (
        f'<g transform="translate({number * WIDTH},0)">{panel}</g>' for number, panel in enumerate(panels)
    )
    size = f'width="{WIDTH * len(panels)}" height="{HEIGHT}" viewBox="0 0 {WIDTH * len(panels)} {HEIGHT}"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="sans-serif" font-size="11">\n'
        f'<rect width="100%" height="100%" fill="#ffffff"/>\n{chr(10).join(moved)}\n</svg>\n'
    )


def _lines(title: str, along: str, curves: Sequence[Curve], bar: float = 0.0) -> str:
    top = _round_up(HEAD_ROOM * max([bar, *(y for curve in curves for _, y in curve.points)]))
    last = max(x for curve in curves for x, _ in curve.points)
    parts = [_frame(title, along, top, bar)]
    for number, curve in enumerate(curves):
        colour = COLOURS[number % len(COLOURS)]
        at = [(_x((x - 0.5) / last), _y(y / top)) for x, y in curve.points]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in at)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in at]
        parts.append(_text(WIDTH - RIGHT, TOP + 12 + 14 * number, curve.name, "end", colour))
    ticks = range(1, int(last) + 1)
    parts += [_text(_x((tick - 0.5) / last), HEIGHT - BOTTOM + 14, str(tick), "middle") for tick in ticks]
    return "".join(parts)


def _bars(title: str, relays: Sequence[tuple[str, Mapping[str, float]]], bar: float) -> str:
    top = _round_up(HEAD_ROOM * max([bar, *(relay["p99"] for _, relay in relays)]))
    parts = [_frame(title, "left p50, right p99", top, bar)]
    for number, (name, relay) in enumerate(relays):
        middle = (number + 0.5) / len(relays)
        for side, share in ((-1, "p50"), (1, "p99")):
            x, y = _x(middle) + 18 * side - 14, _y(relay[share] / top)
            colour = COLOURS[side > 0]
            parts.append(
                f'<rect x="{x:.1f}" y="{y:.1f}" width="28" height="{_y(0) - y:.1f}" fill="{colour}"/>'
            )
            parts.append(_text(x + 14, y - 4, f"{relay[share]:.1f}", "middle"))
        parts.append(_text(_x(middle), HEIGHT - BOTTOM + 14, name, "middle"))
    return "".join(parts)


def _frame(title: str, along: str, top: float, bar: float) -> str:
    parts = [_text(LEFT, 22, title, "start", size=13)]
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        y = _y(share)
        parts.append(f'<path d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}" stroke="#dddddd"/>')
        parts.append(_text(LEFT - 6, y + 4, f"{share * top:.3g}", "end"))
    if bar:
        y = _y(bar / top)
        parts.append(
            f'<path d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}" stroke="#555555" stroke-dasharray="4 3"/>'
            + _text(LEFT + 4, y - 4, f"bar {bar:g}", "start")
        )
    return "".join([*parts, _text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 8, along, "middle")])


def _text(x: float, y: float, words: str, anchor: str, colour: str = "#222222", size: int = 11) -> str:
    place = f'x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"'
    return f'<text {place} fill="{colour}" font-size="{size}">{escape(words)}</text>'


def _round_up(value: float) -> float:
    """To the next of 1, 2, 4, 6 or 8 times a power of ten, whose quarters can be read."""
    power = 10.0 ** math.floor(math.log10(value))
    return next(times * power for times in (1, 2, 4, 6, 8, 10) if times * power >= value)


def _x(share: float) -> float:
    return LEFT + share * (WIDTH - LEFT - RIGHT)


def _y(share: float) -> float:
    return HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM)


def main() -> None:
    """Draw what the result file holds."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    default = REPOSITORY / "benchmarks" / "results" / "scale.json"
    parser.add_argument("--from", dest="source", type=Path, default=default)
    parser.add_argument("--out", type=Path, default=REPOSITORY / "docs" / "images" / "scale.svg")
    options = parser.parse_args()
    options.out.write_text(draw(json.loads(options.source.read_text())), encoding="utf-8")


if __name__ == "__main__":
    main()
