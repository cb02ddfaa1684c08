"""The measure of skew, against streams whose skew is known."""

from __future__ import annotations

import pytest

from tests.browser.camera import FLASH_EVERY, FLASH_FRAMES, FRAMES, RATE
from tests.browser.lip_sync import View, percentile, skews


def stream(start: float, seconds: int, *, every: int = 1) -> list[View]:
    return [
        View(start + frame / RATE, number, 235 if number % FLASH_EVERY < FLASH_FRAMES else 16)
        for frame in range(0, seconds * RATE, every)
        for number in [(frame + 17) % FRAMES]
    ]


def beeps(start: float, seconds: int) -> list[float]:
    return [start + second for second in range(seconds)]


@pytest.mark.parametrize(("video_delay", "audio_delay"), [(0.1, 0.1), (0.25, 0.1), (0.1, 0.31)])
def test_the_skew_is_the_difference_of_the_delays(video_delay: float, audio_delay: float) -> None:
    found = skews(stream(5, 12), beeps(5.4, 12), stream(5 + video_delay, 12), beeps(5.4 + audio_delay, 12))
    assert len(found) >= 10
    assert found == pytest.approx([video_delay - audio_delay] * len(found), abs=1e-6)


def test_dropped_frames_on_either_side_do_not_shift_it() -> None:
    found = skews(stream(5, 12, every=2), beeps(5.4, 12), stream(5.2, 12, every=3), beeps(5.5, 12))
    assert len(found) >= 8
    assert found == pytest.approx([0.1] * len(found), abs=1e-6)


def test_what_was_not_heard_gives_no_figure() -> None:
    assert skews(stream(5, 5), beeps(5.4, 5), stream(5.1, 5), []) == []


def test_percentile_of_few_values_is_the_largest() -> None:
    assert percentile([3, 1, 2], 0.95) == 3
    assert percentile(range(100), 0.5) == 50
