from __future__ import annotations

import numpy as np
import pytest

from talchum.domain.frame import Plane
from talchum.domain.leg_tag import LegTag
from talchum.domain.mark import Mark
from talchum.domain.verification import MarkFinding
from talchum.vision.mark_geometry import PictureGeometry
from talchum.vision.mark_scan import MarkScan
from talchum.vision.marking import InvisibleMarker
from tests.vision.channels import RATE
from tests.vision.test_marking import flat

FIRST, SECOND = Mark("synthetic", LegTag(5)), Mark("card", LegTag(5))


def video(*parts: tuple[Mark | None, float]) -> list[Plane]:
    """Seconds of video with each mark, or with none."""
    marker = InvisibleMarker()
    pictures: list[Plane] = []
    for mark, seconds in parts:
        for _ in range(round(seconds * RATE)):
            picture = flat(320, 240)[0]
            if mark is not None:
                marker.mark(picture, mark, len(pictures) / RATE)
            pictures.append(picture.y)
    return pictures


def scan(pictures: list[Plane], rate: float = RATE) -> MarkFinding:
    scanning = MarkScan(PictureGeometry.whole(320, 240), whole=True)
    for number, picture in enumerate(pictures):
        scanning.add(number / rate, picture)
    return scanning.finding()


def test_a_marked_video_is_one_interval() -> None:
    found = scan(video((FIRST, 8.0)))
    assert [(interval.mark, interval.start) for interval in found.intervals] == [(FIRST, 0.0)]
    assert found.intervals[0].end == pytest.approx(8.0, abs=0.1)
    assert found.seconds == pytest.approx(8.0, abs=0.1)
    assert not found.partial


def test_a_face_and_then_a_card_are_two_intervals() -> None:
    found = scan(video((FIRST, 6.0), (SECOND, 6.0)))
    assert [interval.mark for interval in found.intervals] == [FIRST, SECOND]


def test_a_part_that_is_not_marked_is_left_out() -> None:
    found = scan(video((None, 6.0), (FIRST, 6.0)))
    (interval,) = found.intervals
    assert 3.0 <= interval.start <= 6.5
    assert interval.end == pytest.approx(12.0, abs=0.1)


def test_a_short_video_is_read_as_a_whole() -> None:
    assert [interval.mark for interval in scan(video((FIRST, 1.5))).intervals] == [FIRST]


def test_half_a_second_is_too_short_to_say() -> None:
    assert scan(video((FIRST, 0.5))).intervals == []


def test_nothing_to_scan_finds_nothing() -> None:
    found = scan([])
    assert (found.intervals, found.confidence) == ([], 0.0)


def test_a_mirrored_video_is_said_to_be() -> None:
    found = scan([np.ascontiguousarray(picture[:, ::-1]) for picture in video((FIRST, 5.0))])
    assert [interval.mark for interval in found.intervals] == [FIRST]
    assert found.mirrored
