"""What somebody who enrols is asked to do, in which order, and how far a frame shows them doing it.

Sides are the person's own. Nothing here is drawn by the one who enrols, so a clip of another enrolment shows
other things at other times.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from types import MappingProxyType

from talchum.domain.sighting import FaceSight

CHECKED = (
    "turn-left",
    "turn-right",
    "look-up",
    "look-down",
    "tilt-left",
    "tilt-right",
    "close-eyes",
    "smile",
    "open-mouth",
)
"""What is checked. All of it is asked, in an order that is drawn."""

RECORDED = ("hand-on-cheek", "say-words")
"""Asked and kept, but checked by nobody: there is no detector of hands or speech here."""

FREE = ("smile", "open-mouth")
"""What people do unasked, between two prompts: it is held against nobody."""

HELD_SECONDS: Mapping[str, float] = MappingProxyType(
    {"close-eyes": 0.6, "hand-on-cheek": 3.0, "say-words": 5.0}
)
"""How long it is to last; 0.25 s for what is not named. An eye that blinks is shut for less."""

REST_SECONDS = (0.7, 2.0)
"""Somebody is at rest for a drawn time between these before the next thing is asked of them."""

WORDS_SHOWN = 3

# degrees from rest that count as done; the picture's right is the person's left
_TURN, _NOD, _TILT = 18.0, 11.0, 11.0
_SHUT = 0.55  # share of the eyes' opening that is gone
_WIDER = 0.045  # share by which the mouth is wider
_PARTED, _OPENED = 0.2, 1.2  # centimetres between the lips more than at rest


@dataclass(frozen=True, slots=True)
class Rest:
    """How somebody looks at rest, against whom all else is measured."""

    yaw: float
    pitch: float
    roll: float
    eyes: float
    gap: float
    mouth: float

    @classmethod
    def of(cls, sights: Sequence[FaceSight]) -> Rest:
        """The middle of some frames."""
        names = ("yaw", "pitch", "roll", "eyes", "gap", "mouth")
        return cls(*(median(float(getattr(sight, name)) for sight in sights) for name in names))


@dataclass(frozen=True, slots=True)
class Plan:
    """What is asked of one person. rests: seconds of rest before each. words: to be said."""

    prompts: tuple[str, ...]
    rests: tuple[float, ...]
    words: Mapping[str, tuple[str, ...]]


WORDS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "en": (
            *(
                "apple",
                "river",
                "button",
                "winter",
                "ladder",
                "silver",
                "garden",
                "window",
                "pepper",
                "thunder",
            ),
            *(
                "copper",
                "basket",
                "mountain",
                "velvet",
                "lantern",
                "harbour",
                "candle",
                "meadow",
                "pocket",
                "orange",
            ),
        ),
        "ko": (
            *("사과", "강물", "단추", "겨울", "사다리", "은빛", "정원", "창문", "후추", "천둥"),
            *("구리", "바구니", "산길", "비단", "등불", "항구", "촛불", "들판", "주머니", "귤"),
        ),
    }
)


def draw_plan(rng: random.Random) -> Plan:
    """Everything in an order, with times and words, that nobody knew before. rng: the system's."""
    prompts = [*CHECKED, *RECORDED]
    rng.shuffle(prompts)
    words = {language: tuple(rng.sample(listed, WORDS_SHOWN)) for language, listed in WORDS.items()}
    return Plan(tuple(prompts), tuple(rng.uniform(*REST_SECONDS) for _ in prompts), words)


def levels(sight: FaceSight, rest: Rest) -> dict[str, float]:
    """How far a frame shows each act: 0 at rest, 1 where it counts as done."""
    yaw, pitch, roll = sight.yaw - rest.yaw, sight.pitch - rest.pitch, sight.roll - rest.roll
    parted = sight.gap - rest.gap
    wider = sight.mouth / max(rest.mouth, 1e-6) - 1
    return {
        "turn-left": yaw / _TURN,
        "turn-right": -yaw / _TURN,
        "look-up": -pitch / _NOD,
        "look-down": pitch / _NOD,
        "tilt-left": roll / _TILT,
        "tilt-right": -roll / _TILT,
        "close-eyes": (1 - sight.eyes / max(rest.eyes, 1e-6)) / _SHUT,
        "smile": min(wider / _WIDER, parted / _PARTED),
        "open-mouth": parted / _OPENED,
    }


def held_seconds(prompt: str) -> float:
    """How long an act is to last."""
    return HELD_SECONDS.get(prompt, 0.25)
