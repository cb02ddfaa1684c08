"""Whether the badge can be read where the picture is smallest and the bitrate lowest."""

from __future__ import annotations

import math

import numpy as np

from benchmarks.outcome import Outcome
from benchmarks.trust_measures.channels import vp8_tiny
from benchmarks.trust_measures.contents import CONTENTS, RATE, content
from talchum.domain.leg_tag import LegTag
from talchum.vision.badge_reading import BadgeReader
from talchum.vision.marks import Marking, Marks

BAR = 0.95


def measure_badge(n: int) -> Outcome:
    """`n` frames in equal shares of every content, marked at 720p and sent as VP8 at 180p and 150 kbit/s."""
    each = math.ceil(n / len(CONTENTS))
    shares: dict[str, float] = {}
    read = total = 0
    for number, name in enumerate(CONTENTS):
        tag = LegTag.drawn(np.random.default_rng(100 + number).bytes(5))
        right, seen = _read(name, each, tag)
        shares[name] = round(right / seen, 4)
        read, total = read + right, total + seen
    return Outcome(
        "badge read at VP8 180p 150k",
        f">= {100 * BAR:.0f} % of frames",
        f"{100 * read / total:.1f} %",
        total,
        read >= BAR * total,
        {"contents": shares, "least": min(shares.values())},
    )


def _read(name: str, count: int, tag: LegTag) -> tuple[int, int]:
    marks, sent = Marks(Marking(tag)), []
    for number, frame in enumerate(content(name, count)):
        picture = frame.copy()
        marks.put(picture, "synthetic", number / RATE)
        sent.append(picture)
    reader = BadgeReader()
    received = [reader.read(frame.y) for frame in vp8_tiny(sent)]
    return received.count(tag), len(received)
