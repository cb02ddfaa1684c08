"""What the measure of migration counts, and when it calls a bar met."""

from __future__ import annotations

import pytest

from benchmarks.migration import Interruptions, Migration, Seen


def test_a_card_and_a_picture_that_is_held_count_as_no_face() -> None:
    seen = Seen()
    for arrived, age in ((1.0, 0.1), (1.1, None), (1.2, 0.3), (1.3, 0.1)):
        seen.saw(0.0, arrived, age)
    assert [face.at for face in seen.faces] == [1.0, 1.3]


@pytest.mark.parametrize(
    ("kill", "drain", "canaries", "met"),
    [(1.9, 0.29, 0, True), (2.1, 0.29, 0, False), (1.9, 0.31, 0, False), (1.9, 0.29, 1, False)],
)
def test_the_bars_are_two_seconds_three_tenths_and_no_camera_frame(
    kill: float, drain: float, canaries: int, *, met: bool
) -> None:
    measured = Migration(Interruptions([kill], 1), Interruptions([drain], 1), 100, canaries, 1.0)
    assert measured.summary()["withinBars"] is met
