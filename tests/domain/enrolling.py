"""Somebody who enrols, as a domain test writes them: a list of moments instead of pictures."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from talchum.domain.acts import Plan, draw_plan
from talchum.domain.enrolment import Again, Asked, Ended, Enrolment, Event, Performed
from talchum.domain.sighting import Embedding, FaceSight, Sighting

STEP = 0.05

REST = FaceSight(
    yaw=1.0, pitch=4.0, roll=-1.0, eyes=0.35, gap=0.1, mouth=5.0, x=0.7, y=0.5, size=0.6, embedding=None
)
HEIGHTS = {
    "turn-left": {"yaw": 30.0},
    "turn-right": {"yaw": -28.0},
    "look-up": {"pitch": -14.0},
    "look-down": {"pitch": 22.0},
    "tilt-left": {"roll": 15.0},
    "tilt-right": {"roll": -17.0},
    "close-eyes": {"eyes": 0.05},
    "smile": {"mouth": 5.9, "gap": 0.6},
    "open-mouth": {"gap": 2.4},
}


def person(number: int) -> Embedding:
    """Whose face it is: people are far from each other."""
    values = np.random.default_rng(number).normal(0, 1, 64).astype(np.float32)
    return np.asarray(values / np.linalg.norm(values), np.float32)


def acting(act: str, share: float = 1.0) -> FaceSight:
    """A face some way from rest to an act."""
    heights = HEIGHTS.get(act, {})
    return replace(
        REST, **{name: getattr(REST, name) * (1 - share) + value * share for name, value in heights.items()}
    )


@dataclass(slots=True)
class Person:
    """Does what `does` says when asked, within half a second and until told that it was seen.

    look: how a frame of theirs is changed, by its time.
    """

    embedding: Embedding = field(default_factory=lambda: person(1))
    does: Callable[[str], str] = lambda prompt: prompt
    look: Callable[[float, Sighting], Sighting] = lambda at, seen: seen
    after: float = 0.5
    act: str = ""
    begins: float = 0.0
    share: float = 0.0

    def hear(self, event: Event, at: float) -> None:
        if isinstance(event, Asked):
            self.act, self.begins = self.does(event.prompt), at + self.after
        elif isinstance(event, Performed | Again):
            self.begins = np.inf

    def seen(self, at: float) -> Sighting:
        towards = 1.0 if self.act and at >= self.begins else 0.0
        self.share += np.clip(towards - self.share, -0.25, 0.25)
        face = replace(acting(self.act, self.share), embedding=self.embedding, years=31.0)
        return self.look(at, Sighting(at, 1, face))


@dataclass(slots=True)
class Outcome:
    """What came of it."""

    enrolment: Enrolment
    events: list[Event]

    @property
    def end(self) -> str:
        return self.enrolment.end or ""

    def again(self) -> list[str]:
        return [event.why for event in self.events if isinstance(event, Again)]


def enrolled(who: Person, seed: int = 0, *, plan: Plan | None = None, seconds: float = 200.0) -> Outcome:
    """Let somebody enrol."""
    rng = random.Random(seed)
    enrolment, events = Enrolment(plan or draw_plan(rng), rng), list[Event]()
    for number in range(round(seconds / STEP)):
        at = number * STEP
        for event in enrolment.see(who.seen(at)):
            who.hear(event, at)
            events.append(event)
        if events and isinstance(events[-1], Ended):
            break
    return Outcome(enrolment, events)
