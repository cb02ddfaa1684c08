"""Whether any setting leaves a picture unmarked: settings good, bad and invented."""

from __future__ import annotations

import logging
from collections import Counter
from random import Random

from benchmarks.outcome import Outcome
from tests.apps.disable_attempts import WORN, attempt, environment

_FRAMES = 45


def measure_settings(n: int) -> Outcome:
    """`n` environments of a face worker, each with a leg's first pictures where one starts."""
    logging.disable(logging.ERROR)  # of cards that are meant
    frames, unmarked, refusals = 0, 0, Counter[str]()
    try:
        for number in range(n):
            tried = attempt(environment(Random(number)), WORN[number % len(WORN)], _FRAMES)
            frames, unmarked = frames + tried.frames, unmarked + tried.unmarked
            refusals[tried.refused or "started"] += 1
    finally:
        logging.disable(logging.NOTSET)
    return Outcome(
        "attempts to disable marks by settings",
        "0 unmarked frames",
        f"{unmarked} of {frames} frames; {n - refusals['started']} of {n} did not start",
        n,
        unmarked == 0 and frames > 0,
        {"outcomes": dict(refusals)},
    )
