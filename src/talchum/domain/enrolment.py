"""A live enrolment: whether one and the same person does what was drawn for them, when they are asked to.

It takes what each frame shows and the time of it, and says what to ask next and how it ends. What makes a
recording useless is that nothing may be done before it is asked: a clip of somebody who turns and smiles does
so at other times. docs/consent.md says what this does not stop.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import fmean, median
from typing import Literal

import numpy as np

from talchum.domain.acts import FREE, RECORDED, Plan, Rest, held_seconds, levels
from talchum.domain.consent import AgeCheck, Challenge, ChallengeStep
from talchum.domain.sighting import Embedding, FaceSight, Sighting, alike

WINDOW_SECONDS = 7.0
"""How long somebody has for what they are asked to do."""

SOONEST_SECONDS = 0.25
"""Nobody reads and moves sooner: what is done by then was begun before it was asked."""

LIMIT_SECONDS = 180.0
MOST_STRIKES = 4
"""Tries that fail and things done unasked, of the whole enrolment, before it is over."""

CALM_ALIKE = 0.82
"""One person at rest, against themselves at the beginning, at least."""

ACTING_ALIKE = 0.78
"""The same of the mean over one act."""

_CALM_YAW, _CALM_PITCH, _CALM_ROLL = 12.0, 10.0, 12.0  # degrees from straight, pitch from rest
_STRAIGHT_PITCH = 18.0  # cameras stand above or below
_NEAR_YAW, _NEAR_PITCH = 25.0, 18.0  # further aside a face is not told apart
_LIPS_TOGETHER, _EYES_OPEN = 0.5, 0.15
_DARK = 45.0  # mean luma
_LEAST_SIZE = 0.35  # of the head's square, in heights of the picture
_BEGIN_SECONDS, _BEGIN_LOOKS = 1.0, 3
_AT_REST = 0.5
_GOES_ON = 0.8  # once it is at 1: landmarks of shut eyes tremble
_GONE_SECONDS, _GONE_BEHIND_HAND = 1.0, 3.0
_OTHERS_SECONDS = 0.5
_GAP_SECONDS = 1.0
_STRANGE_LOOKS = 2  # one after the other
_END_LOOKS = 2
_JUMP_DEGREES, _JUMP_DEGREES_A_SECOND = 20.0, 400.0
_JUMP_SIZES, _JUMP_SIZES_A_SECOND = 0.25, 4.0

Hint = Literal["", "no_face", "too_dark", "second_face", "closer", "look_straight", "rest"]
"""What to tell somebody who is not asked anything."""

Why = Literal["too_early", "something_else", "not_done", "not_recognised", "cut", "unasked"]
"""Why something is asked again."""

End = Literal[
    "passed", "another_face", "second_face", "face_lost", "interrupted", "too_many_tries", "too_slow"
]


@dataclass(frozen=True, slots=True)
class Asked:
    """Now this is to be done."""

    prompt: str


@dataclass(frozen=True, slots=True)
class Performed:
    """It was done; of what nobody checks, its time is over."""

    prompt: str


@dataclass(frozen=True, slots=True)
class Again:
    """It will be asked again later, or something was done unasked (prompt empty)."""

    prompt: str
    why: Why


@dataclass(frozen=True, slots=True)
class Ended:
    """Nothing more is looked at."""

    end: End


Event = Asked | Performed | Again | Ended


@dataclass(slots=True)
class _Attempt:
    """One try. at: when it was asked. began: since when it is held, None while it is not."""

    prompt: str
    at: float
    began: float | None = None
    other: dict[str, float] = field(default_factory=dict)
    peak: float = 0.0
    looks: list[float] = field(default_factory=list)


class Enrolment:
    """One enrolment, from the first frame to its end.

    plan: what is asked. rng: decides when something is asked again.
    """

    def __init__(self, plan: Plan, rng: random.Random) -> None:
        self._rng = rng
        self._waiting = list(zip(plan.prompts, plan.rests, strict=True))
        self._first: float | None = None
        self._last: Sighting | None = None
        self._seen_face: tuple[float, FaceSight] | None = None  # when, and how
        self._alone = 0.0  # until when there was no second face
        self._beginning: list[tuple[float, FaceSight]] = []
        self._rest: Rest | None = None
        self._reference: Embedding | None = None
        self._resting: float | None = None
        self._settled = True  # at rest since the last act
        self._unasked: dict[str, float] = {}
        self._attempt: _Attempt | None = None
        self._strange = 0
        self._calm: list[float] = []
        self._calm_since_last = 0
        self._years: list[float] = []
        self._strikes = 0
        self._steps: list[ChallengeStep] = []
        self.hint: Hint = "no_face"
        self.end: End | None = None

    @property
    def prompt(self) -> str:
        """What is being asked, empty between prompts."""
        return self._attempt.prompt if self._attempt is not None else ""

    @property
    def done(self) -> int:
        """How many prompts are done."""
        return len(self._steps)

    @property
    def left(self) -> int:
        """How many are not."""
        return len(self._waiting) + (self._attempt is not None)

    @property
    def begun(self) -> bool:
        """Whether it is known how the person looks at rest."""
        return self._rest is not None

    @property
    def reference(self) -> Embedding | None:
        """Whose face it is, of length 1; None before it has begun."""
        return self._reference

    def see(self, sighting: Sighting) -> list[Event]:
        """Take the next frame, in the order of their times."""
        if self.end is not None:
            return []
        first = self._first = sighting.at if self._first is None else self._first
        last, self._last = self._last, sighting
        if last is not None and not 0 <= sighting.at - last.at <= _GAP_SECONDS:
            return self._over("interrupted")
        if sighting.at - first > LIMIT_SECONDS:
            return self._over("too_slow")
        if self._rest is None:
            return self._begin(sighting)
        return self._go_on(sighting)

    def challenge(self, began: int, ended: int) -> Challenge:
        """What a consent record says of a passed enrolment. began, ended: wall clock, seconds."""
        assert self.end == "passed"
        first = min(step.asked_at for step in self._steps)
        likeness = ChallengeStep("same-face", first, "passed", round(min(self._calm), 3))
        tries = ChallengeStep("asked-again", first, "recorded", float(self._strikes))
        return Challenge(began, ended, (*self._steps, likeness, tries))

    def age(self) -> AgeCheck:
        """An estimate of the age by the middle of all looks; recorded, it decides nothing."""
        return AgeCheck("recorded", round(median(self._years), 1) if self._years else None)

    # -- the beginning: how they look at rest

    def _begin(self, sighting: Sighting) -> list[Event]:
        face = sighting.face
        self.hint = _beginning_hint(sighting)
        if self.hint or face is None:
            self._beginning.clear()
            return []
        self._beginning.append((sighting.at, face))
        looks = [one.embedding for _, one in self._beginning if one.embedding is not None]
        if sighting.at - self._beginning[0][0] < _BEGIN_SECONDS or len(looks) < _BEGIN_LOOKS:
            return []
        mean = np.mean(looks, axis=0)
        mean /= max(float(np.linalg.norm(mean)), 1e-9)
        if min(alike(mean, look) for look in looks) < CALM_ALIKE:
            self._beginning.clear()
            return []
        self._reference = np.asarray(mean, np.float32)
        self._rest = Rest.of([one for _, one in self._beginning])
        self._seen_face, self._alone = (sighting.at, face), sighting.at
        return []

    # -- what is asked

    def _go_on(self, sighting: Sighting) -> list[Event]:
        now, face = sighting.at, sighting.face
        if sighting.faces <= 1:
            self._alone = now
        if now - self._alone > _OTHERS_SECONDS:
            return self._over("second_face")
        assert self._seen_face is not None
        assert self._rest is not None
        before, seen = self._seen_face
        if face is None:
            self.hint = _unseen_hint(sighting)
            patience = _GONE_BEHIND_HAND if self.prompt == "hand-on-cheek" else _GONE_SECONDS
            return self._over("face_lost") if now - before > patience else self._outlasted(now)
        self._seen_face = (now, face)
        self.hint = "second_face" if sighting.faces > 1 else ""
        if _jumped(seen, face, now - before) and self.prompt != "hand-on-cheek":
            return self._strike(now, "cut")
        if not self._recognised(face):
            return self._over("another_face")
        acts = levels(face, self._rest)
        if self._attempt is None:
            return self._wait(now, acts)
        return self._judge(self._attempt, now, acts, face)

    def _recognised(self, face: FaceSight) -> bool:
        """Whether it is still the one who began, as far as this frame lets one say."""
        assert self._reference is not None
        assert self._rest is not None
        if face.embedding is None or self.prompt == "hand-on-cheek":
            return True
        likeness = alike(face.embedding, self._reference)
        if face.years is not None:
            self._years.append(face.years)
        if _is_calm(face, self._rest):
            self._strange = 0 if likeness >= CALM_ALIKE else self._strange + 1
            if self._strange == 0:
                self._calm.append(likeness)
                self._calm_since_last += 1
        elif self._attempt is not None and abs(face.yaw) <= _NEAR_YAW and abs(face.pitch) <= _NEAR_PITCH:
            self._attempt.looks.append(likeness)
        return self._strange < _STRANGE_LOOKS

    def _wait(self, now: float, acts: dict[str, float]) -> list[Event]:
        """Between two prompts: until they have been at rest for the time that was drawn."""
        still = max(level for act, level in acts.items() if act != "close-eyes") < _AT_REST  # people blink
        self._settled = self._settled or max(acts.values()) < _AT_REST
        if not still:
            self._resting = None
            self.hint = self.hint or "rest"
        if self._settled and _held(self._unasked, acts, now, without=FREE):
            self._settled = False
            return self._strike(now, "unasked")
        if self._resting is None and still and self._settled:
            self._resting = now
        if not self._waiting:
            return self._over("passed") if self._calm_since_last >= _END_LOOKS else []
        prompt, rest = self._waiting[0]
        if self._resting is None or now - self._resting < rest:
            return []
        self._waiting.pop(0)
        self._attempt = _Attempt(prompt, now)
        return [Asked(prompt)]

    def _judge(self, attempt: _Attempt, now: float, acts: dict[str, float], face: FaceSight) -> list[Event]:
        """Whether what is asked is done, and nothing else."""
        if attempt.prompt in RECORDED:
            return self._outlasted(now)
        level = acts[attempt.prompt]
        since = now - attempt.at
        attempt.peak = max(attempt.peak, level)
        if level < (1 if attempt.began is None else _GOES_ON):
            attempt.began = None
        elif attempt.began is None:
            attempt.began = now
        if attempt.began is not None and now - attempt.began >= held_seconds(attempt.prompt):
            too_early = attempt.began - attempt.at <= SOONEST_SECONDS
            return self._strike(now, "too_early") if too_early else self._performed(attempt, now)
        if level < _AT_REST and _held(attempt.other, acts, now, without=(attempt.prompt,)):
            return self._strike(now, "something_else")
        return self._strike(now, "not_done") if since > WINDOW_SECONDS else []

    def _outlasted(self, now: float) -> list[Event]:
        """Of what nobody checks: whether its time is over."""
        attempt = self._attempt
        if (
            attempt is None
            or attempt.prompt not in RECORDED
            or now - attempt.at < held_seconds(attempt.prompt)
        ):
            return []
        return self._next(attempt, ChallengeStep(attempt.prompt, self._since_first(attempt.at), "recorded"))

    def _performed(self, attempt: _Attempt, now: float) -> list[Event]:
        if attempt.looks and fmean(attempt.looks) < ACTING_ALIKE:
            return self._strike(now, "not_recognised")
        score = round(attempt.peak, 2)
        return self._next(
            attempt, ChallengeStep(attempt.prompt, self._since_first(attempt.at), "passed", score)
        )

    def _next(self, attempt: _Attempt, step: ChallengeStep) -> list[Event]:
        self._steps.append(step)
        self._let_rest()
        return [Performed(attempt.prompt)]

    def _strike(self, now: float, why: Why) -> list[Event]:
        """Something was not as it was asked: what was being asked comes again, some time later."""
        self._strikes += 1
        attempt = self._attempt
        self._let_rest()
        if attempt is not None:
            place = self._rng.randint(0, len(self._waiting))
            self._waiting.insert(place, (attempt.prompt, self._rng.uniform(0.7, 2.0)))
        events: list[Event] = [Again(attempt.prompt if attempt is not None else "", why)]
        return [*events, *self._over("too_many_tries")] if self._strikes > MOST_STRIKES else events

    def _let_rest(self) -> None:
        self._attempt, self._resting, self._settled = None, None, False
        self._unasked.clear()
        self._calm_since_last = 0

    def _since_first(self, now: float) -> float:
        return round(now - (self._first or 0.0), 2)

    def _over(self, end: End) -> list[Event]:
        self.end = end
        return [Ended(end)]


def _unseen_hint(sighting: Sighting) -> Hint:
    """Why there is no face to be seen."""
    return "too_dark" if sighting.light < _DARK else "no_face"


def _beginning_hint(sighting: Sighting) -> Hint:
    """What keeps a frame from showing how somebody looks at rest."""
    face = sighting.face
    if face is None:
        return _unseen_hint(sighting)
    if sighting.faces > 1:
        return "second_face"
    if face.size < _LEAST_SIZE:
        return "closer"
    if abs(face.yaw) > _CALM_YAW or abs(face.pitch) > _STRAIGHT_PITCH or abs(face.roll) > _CALM_ROLL:
        return "look_straight"
    return "" if face.gap < _LIPS_TOGETHER and face.eyes > _EYES_OPEN else "rest"


def _is_calm(face: FaceSight, rest: Rest) -> bool:
    """Whether a face can be told from others: straight, lips together, eyes open."""
    return (
        abs(face.yaw - rest.yaw) <= _CALM_YAW
        and abs(face.pitch - rest.pitch) <= _CALM_PITCH
        and abs(face.roll - rest.roll) <= _CALM_ROLL
        and face.gap - rest.gap < _LIPS_TOGETHER
        and face.eyes > 0.7 * rest.eyes
    )


def _held(since: dict[str, float], acts: dict[str, float], now: float, without: Sequence[str]) -> bool:
    """Whether an act has lasted as long as one is to. since: from when each is seen, kept between frames."""
    for act, level in acts.items():
        if act in without or level < (_GOES_ON if act in since else 1):
            since.pop(act, None)
        elif now - since.setdefault(act, now) >= held_seconds(act):
            return True
    return False


def _jumped(before: FaceSight, face: FaceSight, seconds: float) -> bool:
    """Whether no head moves like that between two frames."""
    angle = max(abs(getattr(face, name) - getattr(before, name)) for name in ("yaw", "pitch", "roll"))
    way = float(np.hypot(face.x - before.x, face.y - before.y)) / max(before.size, 1e-6)
    return (
        angle > _JUMP_DEGREES + _JUMP_DEGREES_A_SECOND * seconds
        or way > _JUMP_SIZES + _JUMP_SIZES_A_SECOND * seconds
    )
