"""What counts as a face in what somebody received."""

from __future__ import annotations

import av
import pytest

from talchum.domain.frame import I420Frame, Image
from talchum.vision.cards import CARD_TEXTS, draw_card
from tests.browser.measures import shows_person
from tests.browser.performer import CLIP, read_pictures
from tests.browser.received import planes

pytestmark = pytest.mark.vision


def as_frame(image: Image) -> I420Frame:
    return planes(av.VideoFrame.from_ndarray(image, format="rgb24").reformat(format="yuv420p"), 0.0)


@pytest.mark.parametrize("reason", sorted(CARD_TEXTS))
def test_the_mask_on_a_card_is_nobody_s_face(reason: str) -> None:
    assert not shows_person(as_frame(draw_card(640, 480, reason)))


def test_the_performer_is_a_person() -> None:
    assert all(shows_person(as_frame(picture)) for picture in read_pictures(CLIP)[::12])
