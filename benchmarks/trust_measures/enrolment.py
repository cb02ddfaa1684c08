"""Who gets through an enrolment: people who do what they are asked, and those who only seem to.

Whole enrolments over drawn frames and through the real networks. Each genuine one is of one of the
generator's ten people; the attacks have whatever they would have: a clip of a genuine enrolment, a picture,
somebody else. A virtual camera that is fed with a face made while it is asked is not among them.
"""

from __future__ import annotations

import math
import os
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import cache
from itertools import count
from multiprocessing import get_context
from types import MappingProxyType
from typing import Protocol

import cv2
import numpy as np

from benchmarks.outcome import Outcome
from benchmarks.trust_measures.acting import RESTS, SIDE, STEPS, Stage, filmed
from faces.clip import Picture
from faces.roster import PEOPLE
from talchum.domain.acts import CHECKED, RECORDED, draw_plan
from talchum.domain.enrolment import Again, Asked, Ended, Enrolment, Event, Performed
from talchum.domain.enrolment_offer import EnrolmentOffer, nonce_of
from talchum.domain.errors import EnrolmentError
from talchum.vision.detection import FaceDetector
from talchum.vision.landmarks import LandmarkNetwork
from talchum.vision.networks import default_networks_directory
from talchum.vision.pipeline import FaceNetworks
from talchum.vision.recognition import FaceRecogniser
from talchum.vision.tracking import FaceTracker
from talchum.vision.watching import EnrolmentWatcher

RATE = 15
LIGHTS = ("even", "warm_left")
GENUINE_BAR = 0.95
_DELAY = 0.2  # seconds until a prompt is seen
_PEOPLE = tuple(person.name for person in PEOPLE)
_ACCOUNT, _OTHER_ACCOUNT = "acc-" + "0" * 16, "acc-" + "1" * 16


class Source(Protocol):
    """What is held before the camera."""

    def hear(self, event: Event, at: float) -> None:
        """What the page says."""

    def show(self, at: float) -> Picture:
        """What the camera sees."""


@dataclass(slots=True)
class LivePerson:
    """Somebody who does what they are asked, as people do: a little late, at their own pace, blinking.

    does: what they do when they are asked something; the same, if they mean it.
    """

    stage: Stage
    person: str
    light: str
    rng: random.Random
    does: Callable[[str], str] = lambda prompt: prompt
    acting: str = ""
    begins: float = 0.0
    stops: float = math.inf
    pace: float = 12.0  # steps a second
    step: float = 0.0
    blink: float = 2.0
    last: float = 0.0

    def hear(self, event: Event, at: float) -> None:
        """Begin or stop, in a while."""
        if isinstance(event, Asked) and event.prompt not in RECORDED:
            self.acting, self.stops = self.does(event.prompt), math.inf
            self.begins = at + _DELAY + self.rng.uniform(0.3, 1.1)
            self.pace = self.rng.uniform(9, 18)
        elif isinstance(event, Performed | Again) and self.stops == math.inf:
            self.stops = at + _DELAY + self.rng.uniform(0.1, 0.5)

    def show(self, at: float) -> Picture:
        """Them, now."""
        way, self.last = self.pace * (at - self.last), at
        wanted = STEPS if self.acting and self.begins <= at < self.stops else 0
        self.step = min(wanted, self.step + way) if wanted > self.step else max(wanted, self.step - way)
        if round(self.step) > 0:
            return self.stage.picture(self.person, self.light, self.acting, round(self.step))
        if at >= self.blink + 0.2:
            self.blink = at + self.rng.uniform(2, 5)
        if at >= self.blink:
            return self.stage.picture(self.person, self.light, "close-eyes", STEPS)
        return self.stage.picture(self.person, self.light, "rest", int(at * 4) % RESTS)


@dataclass(slots=True)
class Clip:
    """A clip that begins again when it is over."""

    pictures: Sequence[Picture]

    def hear(self, event: Event, at: float) -> None:
        """A clip hears nothing."""

    def show(self, at: float) -> Picture:
        """Where it is by now."""
        return self.pictures[round(at * RATE) % len(self.pictures)]


@dataclass(slots=True)
class Photo:
    """A picture of somebody, held still or moved about and bent. wobble: 0 for still."""

    picture: Picture
    wobble: float

    def hear(self, event: Event, at: float) -> None:
        """A picture hears nothing."""

    def show(self, at: float) -> Picture:
        """The picture, turned away from the camera as far as paper shows a face."""
        corners = np.array([[0, 0], [SIDE, 0], [SIDE, SIDE], [0, SIDE]], np.float32)
        aside, down = (self.wobble * math.sin(speed * at) for speed in (1.7, 2.3))
        inward = SIDE * np.array(
            [
                [max(aside, 0), max(down, 0)],
                [-max(-aside, 0), max(-down, 0)],
                [-max(-aside, 0), -max(-down, 0)],
                [max(aside, 0), -max(down, 0)],
            ],
            np.float32,
        )
        bent = cv2.getPerspectiveTransform(corners, np.asarray(corners + inward, np.float32))
        turned = cv2.getRotationMatrix2D((SIDE / 2, SIDE / 2), 60 * self.wobble * math.sin(1.1 * at), 1.0)
        moved = cv2.warpPerspective(self.picture, bent, (SIDE, SIDE), borderMode=cv2.BORDER_REPLICATE)
        return np.asarray(
            cv2.warpAffine(moved, turned, (SIDE, SIDE), borderMode=cv2.BORDER_REPLICATE), np.uint8
        )


@dataclass(slots=True)
class Relay:
    """One person until some prompts are done, and another afterwards, or only while something is asked."""

    one: LivePerson
    other: LivePerson
    after: int
    back_between: bool
    done: int = 0
    asked: bool = False

    def hear(self, event: Event, at: float) -> None:
        """Both hear it."""
        self.done += isinstance(event, Performed)
        self.asked = isinstance(event, Asked)
        self.one.hear(event, at)
        self.other.hear(event, at)

    def show(self, at: float) -> Picture:
        """Whose turn it is."""
        pictures = self.one.show(at), self.other.show(at)
        late = self.done >= self.after and (self.asked or not self.back_between)
        return pictures[late]


@dataclass(frozen=True, slots=True)
class Run:
    """How one enrolment ended, with what went wrong on the way. shown: what the camera saw."""

    end: str
    tries: tuple[str, ...]
    seconds: float
    likeness: float | None
    shown: tuple[Picture, ...] = field(repr=False, default=())


@cache
def _networks() -> tuple[FaceNetworks, FaceRecogniser]:
    cv2.setNumThreads(1)
    directory = default_networks_directory()
    return FaceNetworks.load(directory), FaceRecogniser.load(directory)


def enrol(source: Source, seed: int, *, keep: bool = False) -> Run:
    """One enrolment from beginning to end. keep: what the camera saw."""
    networks, recogniser = _networks()
    tracker = FaceTracker(FaceDetector(networks.detector), LandmarkNetwork(networks.landmarks))
    watcher = EnrolmentWatcher(tracker, recogniser, networks.topology)
    rng = random.Random(seed)
    enrolment = Enrolment(draw_plan(rng), rng)
    camera = np.random.default_rng(seed)
    shown, tries = [], []
    for number in count():
        at = number / RATE
        picture = source.show(at)
        if keep:
            shown.append(picture)
        sighting, _ = watcher.see(filmed(picture, at, camera))
        for event in enrolment.see(sighting):
            source.hear(event, at)
            if isinstance(event, Again):
                tries.append(f"{event.prompt}:{event.why}")
            if isinstance(event, Ended):
                passed = enrolment.challenge(0, 1).steps if event.end == "passed" else ()
                likeness = next((step.score for step in passed if step.prompt == "same-face"), None)
                return Run(event.end, tuple(tries), at, likeness, tuple(shown))
        if at > 200:  # nobody ever looked straight into the camera
            return Run("never_begun", tuple(tries), at, None, tuple(shown))
    raise AssertionError


def _live(stage: Stage, number: int, person: int = 0, **options: object) -> LivePerson:
    name, light = _PEOPLE[(number + person) % len(_PEOPLE)], LIGHTS[number // len(_PEOPLE) % len(LIGHTS)]
    return LivePerson(stage, name, light, random.Random(1000 * person + number), **options)  # type: ignore[arg-type]


def genuine(number: int) -> Run:
    """Somebody who means it."""
    return enrol(_live(Stage(), number), 10 + number)


def replayed(number: int) -> Run:
    """The clip of somebody's genuine enrolment, before another one's prompts."""
    recorded = enrol(_live(Stage(), number), 10 + number, keep=True)
    return enrol(Clip(recorded.shown), 20_000 + number)


def photo(number: int) -> Run:
    """A picture, still or moved about."""
    stage = Stage()
    picture = stage.picture(_PEOPLE[number % len(_PEOPLE)], LIGHTS[0], "rest", number % RESTS)
    return enrol(Photo(picture, 0.0 if number % 2 else 0.06 + 0.02 * (number % 6)), 30_000 + number)


def other_person(number: int) -> Run:
    """Somebody else goes on, for good or only while something is asked."""
    stage = Stage()
    one, other = _live(stage, number), _live(stage, number, 1 + number % 9)
    other.light = one.light
    return enrol(Relay(one, other, 1 + 2 * (number % 4), bool(number // 4 % 2)), 40_000 + number)


def wrong_prompt(number: int) -> Run:
    """The person themselves, who does something else than what they are asked."""
    rng = random.Random(number)
    does = lambda prompt: rng.choice([act for act in CHECKED if act != prompt])  # noqa: E731
    return enrol(_live(Stage(), number, does=does), 50_000 + number)


def stale(number: int) -> Run:
    """The person themselves with an offer that is too old, was taken, or is another account's."""
    offer = EnrolmentOffer(
        nonce=nonce_of(random.Random(number).randbytes(15)),
        subject=_ACCOUNT,
        identity="somebody",
        title="Somebody",
        scope="self",
        wearers=(_ACCOUNT,),
        licensee="",
        expires_at=10_000,
        statement={"en": "yes", "ko": "네"},
        revocation="0" * 64,
        adult=True,
        keeps=False,
        offered_at=0.0,
    )
    try:
        match number % 3:
            case 0:
                offer.taken(_ACCOUNT, 601.0 + number)
            case 1:
                offer.taken(_ACCOUNT, 1.0).taken(_ACCOUNT, 2.0 + number)
            case _:
                offer.taken(_OTHER_ACCOUNT, 1.0 + number)
    except EnrolmentError as error:
        return Run(error.code, (), 0.0, None)
    return genuine(number)


ATTACKS: Mapping[str, Callable[[int], Run]] = MappingProxyType(
    {
        "replayed clip": replayed,
        "photo": photo,
        "other person": other_person,
        "wrong prompt": wrong_prompt,
        "stale nonce": stale,
    }
)


def measure_enrolments(n: int) -> Outcome:
    """`n` genuine enrolments, and as many of each attack."""
    # Not forked: the networks' threads may hold a lock that a copy of this process would wait for for ever.
    with ProcessPoolExecutor(os.cpu_count(), get_context("spawn")) as pool:
        meant = list(pool.map(genuine, range(n)))
        attacks = {name: list(pool.map(attack, range(n))) for name, attack in ATTACKS.items()}
    return summed_up(meant, attacks)


def summed_up(meant: Sequence[Run], attacks: Mapping[str, Sequence[Run]]) -> Outcome:
    """APCER: the largest share of one kind of attack that passed; BPCER: genuine ones that did not.

    ISO/IEC 30107-3.
    """
    n = len(meant)
    accepted = {name: sum(run.end == "passed" for run in runs) for name, runs in attacks.items()}
    passed = sum(run.end == "passed" for run in meant)
    apcer = max(accepted[name] / len(runs) for name, runs in attacks.items())
    likeness = [run.likeness for run in meant if run.likeness is not None]
    return Outcome(
        "scripted enrolments",
        f"0 attacks accepted, >= {100 * GENUINE_BAR:.0f} % of genuine ones",
        f"{sum(accepted.values())} attacks accepted, {passed} of {n} genuine ones",
        n + sum(map(len, attacks.values())),
        sum(accepted.values()) == 0 and passed >= GENUINE_BAR * n,
        {
            "apcer": round(apcer, 4),
            "bpcer": round(1 - passed / n, 4),
            "genuine": _ends(meant),
            "attacks": {name: _ends(runs) for name, runs in attacks.items()},
            "triesAgain": sorted(attempt for run in meant for attempt in run.tries),
            "medianSeconds": round(float(np.median([run.seconds for run in meant])), 1),
            "leastLikeness": min(likeness, default=None),
            "notCovered": ["virtual camera with a face made while it is asked", "mask worn by a person"],
        },
    )


def _ends(runs: Sequence[Run]) -> dict[str, int]:
    return {end: sum(run.end == end for run in runs) for end in sorted(set(_all_ends(runs)))}


def _all_ends(runs: Sequence[Run]) -> Iterator[str]:
    return (run.end for run in runs)
