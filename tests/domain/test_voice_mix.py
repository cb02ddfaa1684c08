from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from talchum.domain.voice_mix import Samples, VoiceMix

RATE = 100


def voice(value: int, count: int = 10) -> Samples:
    return np.full(count, value, np.int16)


def test_voices_are_added_up_where_they_arrived() -> None:
    mix = VoiceMix(2, RATE)
    mix.add(0, voice(100), 0.0)
    mix.add(1, voice(20), 0.55)
    assert mix.take(0.6).tolist() == [100] * 10 + [0] * 45 + [20] * 5
    assert mix.take(0.7).tolist() == [20] * 5 + [0] * 5


def test_samples_that_follow_each_other_leave_no_gap_however_they_arrive() -> None:
    mix = VoiceMix(1, RATE)
    for at in (0.0, 0.13, 0.17, 0.31):
        mix.add(0, voice(7), at)
    assert mix.take(0.4).tolist() == [7] * 40


def test_what_comes_after_its_time_was_taken_is_left_out() -> None:
    mix = VoiceMix(1, RATE)
    mix.take(0.25)
    mix.add(0, voice(5, 30), 0.0)
    assert mix.take(0.5).tolist() == [5] * 5 + [0] * 20


def test_voices_together_are_clipped_and_do_not_wrap() -> None:
    mix = VoiceMix(2, RATE)
    for one in (0, 1):
        mix.add(one, voice(30_000), 0.0)
    assert mix.take(0.1).tolist() == [32_767] * 10


@given(st.lists(st.floats(0, 2), max_size=20))
def test_what_is_taken_is_as_long_as_the_time(moments: list[float]) -> None:
    mix = VoiceMix(1, RATE)
    taken = 0
    for until in sorted(moments):
        mix.add(0, voice(1, 3), until)
        taken += len(mix.take(until))
        assert taken == round(until * RATE)
