"""What the measure of migration counts, and when it calls a bar met."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any, cast

import pytest

from benchmarks import migration
from benchmarks.migration import DRAIN, KILL, Interruption, Interruptions, Migration, interrupted
from benchmarks.standstill import StandstillWatch
from benchmarks.watched_calls import Face, Pair, Seen


def test_a_card_and_a_picture_that_is_held_count_as_no_face() -> None:
    seen = Seen()
    for arrived, age in ((1.0, 0.1), (1.1, None), (1.2, 0.3), (1.3, 0.1)):
        seen.saw(0.0, arrived, age)
    assert [face.at for face in seen.faces] == [1.0, 1.3]


@pytest.mark.parametrize(
    ("seconds", "canaries", "met"), [(0.29, 0, True), (0.31, 0, False), (0.29, 1, False)]
)
def test_a_bar_is_met_within_its_time_and_without_a_camera_frame(
    seconds: float, canaries: int, *, met: bool
) -> None:
    assert Migration(Interruptions(seconds=[seconds]), 100, canaries, 1.0).meets(0.3) is met


@pytest.mark.parametrize(("frames", "control"), [(0, 1.0), (100, 0.5)])
def test_no_bar_is_met_by_pictures_that_were_not_searched_well(frames: int, control: float) -> None:
    assert not Migration(Interruptions(seconds=[0.1]), frames, 0, control).meets(0.3)


def test_no_bar_is_met_where_no_call_moved() -> None:
    measured = Migration(Interruptions(cores=[1.5]), 100, 0, 1.0)
    assert not measured.meets(0.3)
    assert measured.summary()["ms"] is None


def of_faces(*faces: tuple[float, float]) -> Pair:
    seen = Seen()
    seen.faces += [Face(at, filmed) for at, filmed in faces]
    return Pair(cast("Any", SimpleNamespace(worker="")), cast("Any", None), seen, cast("Any", None))


def test_after_a_kill_what_counts_is_the_first_face_filmed_later() -> None:
    call = of_faces((0.9, 0.8), (1.1, 0.9), (1.7, 1.6), (1.8, 1.7))
    assert KILL.seconds(call, 1.0) == pytest.approx(0.7)


def test_in_a_drain_what_counts_is_the_longest_gap_since_shortly_before() -> None:
    call = of_faces((1.0, 0.0), (2.0, 0.0), (2.9, 0.0), (3.0, 0.0), (3.25, 0.0), (3.3, 0.0))
    assert DRAIN.seconds(call, 3.0) == pytest.approx(0.25)


class Scripted:
    """Says how long the machine stood still in each round."""

    watches = True

    def __init__(self, *rounds: float) -> None:
        self._rounds = list(rounds)

    def longest(self, _since: float, _until: float) -> float:
        return self._rounds.pop(0)


def rounds_with(monkeypatch: pytest.MonkeyPatch, *stood_still: float, rounds: int) -> Interruptions:
    call, done = of_faces(), list[float]()

    async def settled(_calls: list[Pair]) -> float:
        return 1.5

    async def moves(_worker: object, _calls: list[Pair]) -> None:
        call.performer.worker += "next"  # type: ignore[misc]
        done.append(float(len(done)))

    monkeypatch.setattr(migration, "_settle", settled)
    monkeypatch.setattr(migration, "busiest", lambda _service: None)
    monkeypatch.setattr(migration, "replace_worker", lambda _service: None)
    number = Interruption(moves, lambda _call, _at: done[-1])
    standstills = cast("StandstillWatch", Scripted(*stood_still))
    return asyncio.run(interrupted(cast("Any", None), [call], number, rounds, standstills))


def test_round_in_which_the_machine_stood_still_is_done_again_and_said(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = rounds_with(monkeypatch, 0.0, 0.2, 0.09, rounds=2)
    assert found.seconds == [0.0, 2.0]
    assert found.summary()["roundsAgainStoodStillMs"] == [200]


def test_as_many_rounds_are_done_again_as_are_wanted_and_then_each_counts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = rounds_with(monkeypatch, *[0.2] * 4, rounds=2)
    assert (found.seconds, found.rounds, len(found.stood_still)) == ([2.0, 3.0], 2, 2)
