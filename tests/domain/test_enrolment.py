"""Only who does what is drawn for them, when it is asked and as themselves, gets to the end."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from talchum.domain.acts import CHECKED, RECORDED, draw_plan
from talchum.domain.enrolment import LIMIT_SECONDS, MOST_STRIKES, Again, Asked, Enrolment, Performed
from talchum.domain.sighting import Sighting
from tests.domain.enrolling import STEP, Person, acting, enrolled, person


def test_who_does_what_is_asked_gets_through_and_each_thing_is_written_down() -> None:
    outcome = enrolled(Person())
    assert (outcome.end, outcome.again()) == ("passed", [])
    challenge = outcome.enrolment.challenge(1_000, 1_060)
    by_prompt = {step.prompt: step for step in challenge.steps}
    assert set(by_prompt) == {*CHECKED, *RECORDED, "same-face", "asked-again"}
    assert all(by_prompt[prompt].outcome == "passed" for prompt in CHECKED)
    assert all(by_prompt[prompt].outcome == "recorded" for prompt in RECORDED)
    assert all((by_prompt[prompt].score or 0) >= 1 for prompt in CHECKED)
    assert by_prompt["same-face"].score == pytest.approx(1.0)
    assert by_prompt["asked-again"].score == 0
    asked = [event.prompt for event in outcome.events if isinstance(event, Asked)]
    assert [step.prompt for step in challenge.steps[:-2]] == asked
    assert outcome.enrolment.age().years == pytest.approx(31.0)
    assert outcome.enrolment.age().outcome == "recorded"


def test_no_two_enrolments_ask_the_same() -> None:
    plans = {draw_plan(random.Random(seed)).prompts for seed in range(40)}
    assert len(plans) == 40
    assert all(sorted(plan) == sorted([*CHECKED, *RECORDED]) for plan in plans)


def test_a_clip_of_another_enrolment_does_not_get_through() -> None:
    for seed in range(20):
        clip: list[Sighting] = []
        who = Person(look=lambda at, seen, clip=clip: clip.append(seen) or seen)  # type: ignore[misc]
        assert enrolled(who, seed).end == "passed"
        played = Person(look=lambda at, _, clip=clip: replace(clip[round(at / STEP) % len(clip)], at=at))  # type: ignore[misc]
        assert enrolled(played, 1_000 + seed).end == "too_many_tries"


def test_a_picture_does_nothing_and_is_not_let_through() -> None:
    outcome = enrolled(Person(does=lambda prompt: ""))
    assert outcome.end == "too_many_tries"
    assert set(outcome.again()) == {"not_done"}
    assert len(outcome.again()) == MOST_STRIKES + 1


def test_what_was_begun_before_it_was_asked_does_not_count() -> None:
    assert enrolled(Person(after=0.3)).end == "passed"
    assert "too_early" in enrolled(Person(after=0.0)).again()


def test_something_else_than_was_asked_is_asked_again_and_too_often_ends_it() -> None:
    other = {prompt: CHECKED[(number + 1) % len(CHECKED)] for number, prompt in enumerate(CHECKED)}
    outcome = enrolled(Person(does=lambda prompt: other.get(prompt, "")))
    assert outcome.end == "too_many_tries"
    assert set(outcome.again()) == {"something_else"}


def test_one_mistake_is_asked_again_later() -> None:
    tried: list[str] = []

    def does(prompt: str) -> str:
        tried.append(prompt)
        return "" if prompt == "smile" and tried.count("smile") == 1 else prompt

    outcome = enrolled(Person(does=does))
    assert (outcome.end, outcome.again()) == ("passed", ["not_done"])
    assert outcome.enrolment.challenge(0, 1).steps[-1].score == 1
    assert tried.count("smile") == 2


def test_an_act_that_nobody_asked_for_counts_against_it_and_a_smile_does_not() -> None:
    def turning(act: str) -> Person:
        who = Person()

        def look(at: float, seen: Sighting) -> Sighting:
            between = who.begins == float("inf") and who.share == 0
            unasked = between and at % 5 < 0.5
            return replace(seen, face=replace(acting(act), embedding=who.embedding)) if unasked else seen

        who.look = look
        return who

    assert set(enrolled(turning("tilt-left")).again()) >= {"unasked"}
    assert enrolled(turning("smile")).again() == []


def test_a_blink_is_not_what_was_asked_and_keeps_nobody_from_resting() -> None:
    who = Person(does=lambda asked: "" if asked == "close-eyes" else asked)

    def blinking(at: float, seen: Sighting) -> Sighting:
        assert seen.face is not None
        return replace(seen, face=replace(seen.face, eyes=0.05)) if at % 1.5 < 0.2 else seen

    who.look = blinking
    outcome = enrolled(who)
    assert outcome.end == "too_many_tries"
    assert all(event.prompt == "close-eyes" for event in outcome.events if isinstance(event, Again))


def test_shut_eyes_whose_landmarks_tremble_are_shut() -> None:
    who = Person()

    def trembling(at: float, seen: Sighting) -> Sighting:
        assert seen.face is not None
        shut = who.act == "close-eyes" and seen.face.eyes < 0.15
        eyes = 0.16 if round(at / STEP) % 4 == 0 else 0.1  # 0.9 and 1.2 of what counts as shut
        return replace(seen, face=replace(seen.face, eyes=eyes)) if shut else seen

    who.look = trembling
    outcome = enrolled(who)
    assert (outcome.end, outcome.again()) == ("passed", [])


@pytest.mark.parametrize("since", [3.0, 12.0, 30.0])
def test_somebody_else_who_goes_on_is_noticed(since: float) -> None:
    def swapped(at: float, seen: Sighting) -> Sighting:
        assert seen.face is not None
        return replace(seen, face=replace(seen.face, embedding=person(2))) if at > since else seen

    assert enrolled(Person(look=swapped)).end == "another_face"


def test_eyes_that_open_late_after_being_shut_are_no_fault() -> None:
    who = Person()

    def late(at: float, seen: Sighting) -> Sighting:
        assert seen.face is not None
        if who.act == "close-eyes" and at >= who.begins:
            opens[0] = at + 1.5
        shut = who.act == "close-eyes" and at < opens[0]
        return replace(seen, face=replace(seen.face, eyes=0.05)) if shut else seen

    opens = [0.0]
    who.look = late
    outcome = enrolled(who)
    assert (outcome.end, outcome.again()) == ("passed", [])


def test_somebody_else_who_only_acts_is_not_recognised() -> None:
    who = Person()

    def swapped(at: float, seen: Sighting) -> Sighting:
        assert seen.face is not None
        return replace(seen, face=replace(seen.face, embedding=person(2))) if who.share > 0.6 else seen

    who.look = swapped
    outcome = enrolled(who)
    assert outcome.end in ("another_face", "too_many_tries")
    assert [event for event in outcome.events if isinstance(event, Performed)] != []


def test_a_second_face_ends_it() -> None:
    assert enrolled(Person(look=lambda at, seen: replace(seen, faces=1 + (at > 8)))).end == "second_face"


def test_a_second_face_for_a_moment_does_not() -> None:
    assert enrolled(Person(look=lambda at, seen: replace(seen, faces=1 + (8 < at < 8.3)))).end == "passed"


def test_a_face_that_is_gone_ends_it_and_a_hand_before_it_does_not() -> None:
    def gone(at: float, seen: Sighting) -> Sighting:
        return replace(seen, face=None, faces=0) if at > 9 else seen

    assert enrolled(Person(look=gone)).end == "face_lost"
    who = Person()

    def behind_hand(at: float, seen: Sighting) -> Sighting:
        hidden = who.act == "hand-on-cheek" and who.begins + 0.4 < at < who.begins + 2.3
        return replace(seen, face=None, faces=0) if hidden else seen

    who.look = behind_hand
    assert enrolled(who).end == "passed"


@pytest.mark.parametrize("jump", [3.0, -1.0])
def test_frames_that_do_not_follow_one_another_end_it(jump: float) -> None:
    assert enrolled(Person(look=lambda at, seen: replace(seen, at=at + jump * (at > 8)))).end == "interrupted"


def test_a_head_that_jumps_is_a_cut() -> None:
    def cut(at: float, seen: Sighting) -> Sighting:
        assert seen.face is not None
        return replace(seen, face=replace(seen.face, x=seen.face.x + 0.4 * (int(at) % 3 == 0)))

    outcome = enrolled(Person(look=cut))
    assert (outcome.end, set(outcome.again())) == ("too_many_tries", {"cut"})


def test_who_never_comes_to_rest_takes_too_long() -> None:
    def restless(at: float, seen: Sighting) -> Sighting:
        assert seen.face is not None
        return replace(seen, face=replace(seen.face, gap=0.9)) if at > 3 else seen

    outcome = enrolled(Person(look=restless))
    assert outcome.end == "too_slow"
    assert outcome.enrolment.see(Sighting(LIMIT_SECONDS + 9, 1, acting(""))) == []


@pytest.mark.parametrize(
    ("change", "hint"),
    [
        ({"face": None, "faces": 0}, "no_face"),
        ({"face": None, "faces": 0, "light": 30.0}, "too_dark"),
        ({"light": 30.0}, ""),
        ({"faces": 2}, "second_face"),
        ({"face": replace(acting(""), size=0.2)}, "closer"),
        ({"face": replace(acting(""), yaw=20.0)}, "look_straight"),
        ({"face": replace(acting(""), eyes=0.05)}, "rest"),
        ({"face": acting("")}, ""),
    ],
)
def test_what_is_wrong_before_it_begins_is_said(change: dict[str, object], hint: str) -> None:
    rng = random.Random(1)
    enrolment = Enrolment(draw_plan(rng), rng)
    enrolment.see(replace(Sighting(0.0, 1, acting("")), **change))  # type: ignore[arg-type]
    assert (enrolment.hint, enrolment.begun) == (hint, False)


def test_two_people_at_the_beginning_do_not_begin() -> None:
    by_turns = Person(
        look=lambda at, seen: replace(seen, face=replace(acting(""), embedding=person(int(at / STEP) % 2)))
    )
    outcome = enrolled(by_turns, seconds=10)
    assert not outcome.enrolment.begun
    assert outcome.events == []
