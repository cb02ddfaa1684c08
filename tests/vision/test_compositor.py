"""What leaves, and when: the fail-closed rules, driven by time as an argument."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from talchum.domain.errors import FrameError
from talchum.domain.frame import CompositorKey, EgressFrame, I420Frame
from talchum.domain.leg_tag import LegTag
from talchum.vision.badge import BadgePlace
from talchum.vision.blending import Patch, Rectangle
from talchum.vision.cards import CARD_TEXTS
from talchum.vision.compositor import HELD_REASONS, MAX_HOLD_S, Compositor
from talchum.vision.marks import Marking

WIDTH, HEIGHT = 192, 128
MARKING = Marking(LegTag(0x123456789))
BADGE = BadgePlace.of(WIDTH, HEIGHT, "bottom-left").area
CAMERA = 201  # a luma that no card and no patch has
PATCH = 87


def camera_frame(media_time: float = 0.0) -> I420Frame:
    buffer = np.full(I420Frame.size_of(WIDTH, HEIGHT), CAMERA, np.uint8)
    return I420Frame(buffer, WIDTH, HEIGHT, media_time)


def patch_over_everything() -> Patch:
    area = Rectangle(0, 0, WIDTH, HEIGHT)
    chroma = np.full(area.chroma_shape, 110, np.uint8)
    plain = np.full((HEIGHT, WIDTH), PATCH, np.uint8)
    return Patch(area, plain, chroma, chroma, np.full((HEIGHT, WIDTH), 255, np.uint8))


def beside_the_badge(egress: EgressFrame) -> NDArray[np.uint8]:
    return np.asarray(egress.picture.y[: BADGE.y])


def shows_camera(egress: EgressFrame) -> bool:
    return bool((np.abs(beside_the_badge(egress).astype(int) - CAMERA) < 8).mean() > 0.1)


def shows_patch(egress: EgressFrame) -> bool:
    return bool((np.abs(beside_the_badge(egress).astype(int) - PATCH) < 8).all())


def lose(compositor: Compositor, reason: str, now: float) -> EgressFrame:
    return compositor.without_face((WIDTH, HEIGHT), now, reason, now)


def test_patch_goes_over_the_frame() -> None:
    egress = Compositor(MARKING).face(
        camera_frame(1.5), patch_over_everything(), "synthetic", 0.0, {"trackTime": 0.004}
    )
    assert (egress.kind, egress.reason) == ("face", "")
    assert shows_patch(egress)
    assert egress.picture.media_time == 1.5
    assert egress.stage_times["trackTime"] == 0.004
    assert {"blendTime", "markTime"} < set(egress.stage_times)


@pytest.mark.parametrize("reason", sorted(HELD_REASONS))
def test_lost_face_is_held_for_300_ms_and_then_a_card(reason: str) -> None:
    compositor = Compositor(MARKING)
    compositor.face(camera_frame(), patch_over_everything(), "synthetic", 0.0)
    assert lose(compositor, reason, 0.0).kind == "held"
    held = lose(compositor, reason, MAX_HOLD_S)
    assert (held.kind, held.reason) == ("held", reason)
    assert shows_patch(held)
    card = lose(compositor, reason, MAX_HOLD_S + 0.001)
    assert (card.kind, card.reason) == ("card", reason)


@pytest.mark.parametrize("reason", sorted(set(CARD_TEXTS) - HELD_REASONS))
def test_any_other_cause_is_a_card_at_once(reason: str) -> None:
    compositor = Compositor(MARKING)
    compositor.face(camera_frame(), patch_over_everything(), "synthetic", 10.0)
    assert lose(compositor, reason, 10.001).kind == "card"


def test_nothing_is_held_after_a_card() -> None:
    compositor = Compositor(MARKING)
    compositor.face(camera_frame(), patch_over_everything(), "synthetic", 10.0)
    lose(compositor, "second_face", 10.01)
    assert lose(compositor, "no_face", 10.02).kind == "card"


def test_nothing_is_held_before_a_first_face() -> None:
    assert lose(Compositor(MARKING), "late", 0.0).kind == "card"


def test_clock_that_goes_backwards_is_no_reason_to_hold() -> None:
    compositor = Compositor(MARKING)
    compositor.face(camera_frame(), patch_over_everything(), "synthetic", 10.0)
    assert lose(compositor, "late", 9.0).kind == "card"


def test_another_face_put_on_forgets_the_last_good_picture() -> None:
    compositor = Compositor(MARKING)
    compositor.face(camera_frame(), patch_over_everything(), "synthetic", 10.0)
    compositor.forget()
    assert lose(compositor, "no_face", 10.01).kind == "card"


def test_held_picture_carries_its_own_time() -> None:
    compositor = Compositor(MARKING)
    compositor.face(camera_frame(3.0), patch_over_everything(), "synthetic", 10.0)
    assert lose(compositor, "late", 10.1).picture.media_time == 10.1


def test_card_of_an_unknown_reason_or_size_is_an_error() -> None:
    with pytest.raises(FrameError, match="card reason"):
        Compositor(MARKING).card(640, 480, 0.0, "because")
    with pytest.raises(FrameError, match="expected sides"):
        Compositor(MARKING).card(100_000, 480, 0.0, "late")


def test_nobody_else_makes_an_egress_frame() -> None:
    with pytest.raises(FrameError, match="compositor's key"):
        EgressFrame(camera_frame(), "face", "", {}, key=None)  # type: ignore[arg-type]
    assert CompositorKey() is not CompositorKey()


events = st.lists(
    st.tuples(
        st.floats(0.001, 0.4),
        st.sampled_from(["face", "face", "face", "forget", *sorted(CARD_TEXTS)]),
    ),
    max_size=40,
)


@settings(deadline=None, max_examples=150)
@given(events)
def test_any_history_fails_closed(history: list[tuple[float, str]]) -> None:
    """Never a camera pixel, never held over 300 ms, and a card at once for a cause that is none to hold."""
    compositor = Compositor(MARKING)
    now, face_at, frames_since_cause = 0.0, None, 0
    for step, event in history:
        now += step
        if event == "forget":
            compositor.forget()
            face_at = None
            continue
        if event == "face":
            egress = compositor.face(camera_frame(now), patch_over_everything(), "synthetic", now)
            face_at, frames_since_cause = now, 0
        else:
            egress = lose(compositor, event, now)
            frames_since_cause += 1
        assert not shows_camera(egress)
        if egress.kind == "held":
            assert face_at is not None
            assert now - face_at <= MAX_HOLD_S
            assert event in HELD_REASONS
        if egress.kind == "card":
            assert event != "face"
            face_at = None
        if event not in HELD_REASONS and event != "face":
            assert egress.kind == "card"
            assert frames_since_cause >= 1
