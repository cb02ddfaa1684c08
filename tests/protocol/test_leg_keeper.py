"""A performer keeps one leg alive, whatever becomes of workers and of the machine."""

from __future__ import annotations

from itertools import count

from hypothesis import given
from hypothesis import strategies as st

from talchum.protocol.leg_keeper import (
    FACE_SECONDS,
    FIRST_FRAME_SECONDS,
    FLOWING_SECONDS,
    LONGEST_QUEUE_SECONDS,
    MOST_LEGS,
    RETRY_SECONDS,
    SETTLED_SECONDS,
    SILENT_SECONDS,
    STEADY_SECONDS,
    Ask,
    LegKeeper,
    Release,
    Step,
)


def keeper() -> LegKeeper:
    numbers = count(1)
    return LegKeeper(lambda: f"r{next(numbers)}")


def settled() -> LegKeeper:
    """One leg that has been returning frames for long, at 10 s."""
    made = keeper()
    made.begin(0.0)
    for tenth in range(101):
        made.tick(tenth / 10, {"r1"})
    return made


def test_the_first_leg_is_shown_when_it_returns_frames() -> None:
    made = keeper()
    assert made.begin(0.0) == [Ask("r1")]
    assert made.tick(0.1, set()) == []
    assert made.worn == ""
    made.tick(0.5, {"r1"})
    assert made.worn == "r1"


def test_a_short_silence_takes_it_off_but_asks_for_nothing() -> None:
    made = settled()
    assert made.tick(10.0 + SILENT_SECONDS * 0.9, set()) == []
    assert made.worn == ""


def test_a_long_silence_asks_for_a_successor_without_giving_the_leg_up() -> None:
    made = settled()
    assert made.tick(10.0 + SILENT_SECONDS, set()) == [Ask("r2")]
    assert made.expects("r1")


def test_the_successor_takes_over_and_then_the_silent_one_is_released() -> None:
    made = settled()
    made.tick(11.0, set())
    assert made.tick(11.5, {"r2"}) == []
    assert made.worn == "r2"
    assert made.tick(11.5 + SETTLED_SECONDS, {"r2"}) == [Release("r1")]


def test_when_the_silent_one_speaks_first_the_successor_is_released() -> None:
    made = settled()
    made.tick(11.0, set())
    made.tick(11.2, {"r1"})
    assert made.worn == "r1"
    assert made.tick(11.2 + SETTLED_SECONDS, {"r1"}) == [Release("r2")]


def test_a_worker_that_is_gone_is_replaced_at_once() -> None:
    made = settled()
    assert made.ended("r1", 10.1) == [Ask("r2")]
    assert made.worn == ""


def test_a_worker_that_is_gone_while_its_successor_comes_asks_for_no_third() -> None:
    made = settled()
    made.tick(11.0, set())
    assert made.ended("r1", 11.1) == []
    assert made.expects("r2")


def test_without_a_free_worker_it_asks_again_a_little_later() -> None:
    made = keeper()
    made.begin(0.0)
    assert made.refused("r1", 1.0, retryable=True) == []
    assert made.tick(1.0 + RETRY_SECONDS * 0.9, set()) == []
    assert made.tick(1.0 + RETRY_SECONDS, set()) == [Ask("r2")]


def test_what_cannot_be_had_is_not_asked_for_again() -> None:
    made = keeper()
    made.begin(0.0)
    made.refused("r1", 1.0, retryable=False)
    assert made.tick(100.0, set()) == []


def test_a_leg_that_never_returns_a_frame_gets_a_successor() -> None:
    made = keeper()
    made.begin(0.0)
    assert made.tick(FIRST_FRAME_SECONDS * 0.9, set()) == []
    assert made.tick(FIRST_FRAME_SECONDS, set()) == [Ask("r2")]
    assert made.tick(2 * FIRST_FRAME_SECONDS, set()) == [Release("r1"), Ask("r3")]


def test_each_silence_is_borne_longer_until_a_leg_is_steady() -> None:
    made = settled()
    made.tick(11.0, set())
    made.tick(11.5, {"r2"})
    made.tick(11.5 + SETTLED_SECONDS, {"r2"})
    assert made.tick(12.5 + SILENT_SECONDS, set()) == []
    assert made.tick(12.5 + 2 * SILENT_SECONDS, set()) == [Ask("r3")]
    for tenth in range(int(STEADY_SECONDS * 10) + 11):
        made.tick(15 + tenth / 10, {"r3"})
    end = 15 + STEADY_SECONDS + 1
    assert made.tick(end + SILENT_SECONDS, set()) == [Ask("r4")]


def test_a_draining_leg_is_shown_until_its_successor_shows_a_face() -> None:
    made = settled()
    assert made.draining("r1", 10.0) == [Ask("r2")]
    assert made.draining("r1", 10.1) == []
    assert made.tick(10.5, {"r1", "r2"}, {"r1"}) == []
    assert made.worn == "r1"
    both = {"r1", "r2"}
    assert made.tick(11.0, both, both) == []
    assert made.tick(10.9 + FLOWING_SECONDS, both, both) == []
    assert made.worn == "r1"
    assert made.tick(11.0 + FLOWING_SECONDS, both, both) == []
    assert made.worn == "r2"
    assert made.tick(11.0 + FLOWING_SECONDS + SETTLED_SECONDS, both, both) == [Release("r1")]


def test_a_successor_that_loses_its_face_again_begins_anew() -> None:
    made = settled()
    made.draining("r1", 10.0)
    both = {"r1", "r2"}
    made.tick(10.5, both, both)
    made.tick(10.6, both, {"r1"})
    made.tick(10.7, both, both)
    made.tick(10.6 + FLOWING_SECONDS, both, both)
    assert made.worn == "r1"
    made.tick(10.7 + FLOWING_SECONDS, both, both)
    assert made.worn == "r2"


def test_a_successor_without_a_face_takes_over_when_it_had_its_time() -> None:
    made = settled()
    made.draining("r1", 10.0)
    made.tick(10.5, {"r1", "r2"})
    made.tick(10.4 + FACE_SECONDS, {"r1", "r2"})
    assert made.worn == "r1"
    made.tick(10.5 + FACE_SECONDS, {"r1", "r2"})
    assert made.worn == "r2"


def test_a_draining_leg_stays_and_asks_again_while_no_other_worker_is_free() -> None:
    made = settled()
    made.draining("r1", 10.0)
    made.refused("r2", 18.0, retryable=True)
    assert made.tick(18.0 + RETRY_SECONDS * 0.9, {"r1"}) == []
    assert made.tick(18.0 + RETRY_SECONDS, {"r1"}) == [Ask("r3")]
    assert made.tick(19.0 + RETRY_SECONDS + FIRST_FRAME_SECONDS, {"r1"}) == [Release("r3"), Ask("r4")]
    assert made.worn == "r1"


def test_a_successor_that_is_lost_is_asked_for_again_while_the_draining_leg_goes_on() -> None:
    made = settled()
    made.draining("r1", 10.0)
    assert made.ended("r2", 10.5) == [Ask("r3")]
    assert made.worn == "r1"


def test_a_successor_that_drains_too_gets_one_of_its_own() -> None:
    made = settled()
    made.draining("r1", 10.0)
    assert made.draining("r2", 10.2) == [Release("r2"), Ask("r3")]
    made.tick(10.5, {"r1", "r3"}, {"r1", "r3"})
    made.tick(10.5 + FLOWING_SECONDS, {"r1", "r3"}, {"r1", "r3"})
    assert made.worn == "r3"
    assert made.draining("r3", 11.5) == [Release("r1"), Ask("r4")]


def test_a_draining_leg_that_ends_before_its_successor_is_there_waits_for_it() -> None:
    made = settled()
    made.draining("r1", 10.0)
    assert made.ended("r1", 10.5) == []
    made.tick(11.0, {"r2"})
    assert made.worn == "r2"


def test_a_worker_nobody_asked_for_is_not_expected() -> None:
    made = settled()
    assert not made.expects("r9")
    assert not made.expects(None)
    assert made.ended("r9", 10.0) == []


@given(st.lists(st.tuples(st.integers(1, 30), st.sets(st.integers(1, 6)), st.integers(0, 6)), max_size=60))
def test_there_are_never_more_legs_than_two_and_each_is_released_once(
    steps: list[tuple[int, set[int], int]],
) -> None:
    made, now, wanted = keeper(), 0.0, set[str]()

    def apply(done: list[Step]) -> None:
        for step in done:
            if isinstance(step, Ask):
                assert step.request not in wanted
                wanted.add(step.request)
            else:
                wanted.remove(step.request)
        assert len(wanted) <= MOST_LEGS

    apply(made.begin(now))
    for tenths, alive, gone in steps:
        now += tenths / 10
        if f"r{gone}" in wanted:
            wanted.remove(f"r{gone}")
            apply(made.ended(f"r{gone}", now))
        apply(made.tick(now, {f"r{number}" for number in alive}))
        assert not made.worn or made.worn in wanted


def test_a_queued_request_keeps_its_place_instead_of_being_asked_again() -> None:
    made = keeper()
    made.begin(0.0)
    made.queued("r1")
    assert made.tick(LONGEST_QUEUE_SECONDS - 1.0, set()) == []
    made.answered("r1", 70.0)
    assert made.tick(70.0 + FIRST_FRAME_SECONDS - 0.1, set()) == []
    assert made.tick(70.0 + FIRST_FRAME_SECONDS, set()) == [Ask("r2")]
