"""Who wears an own face is its owner, and nobody who takes their place."""

from __future__ import annotations

import pytest

from talchum.domain.wearer import (
    LOOK_SECONDS,
    NEAR_PITCH,
    NEAR_YAW,
    UNSEEN_SECONDS,
    WEARER_ALIKE,
    Wearer,
)

FRAME = 1 / 30
OWNER, OTHER = WEARER_ALIKE + 0.1, WEARER_ALIKE - 0.05


class Camera:
    """Frames, and the looks that they were given."""

    def __init__(self) -> None:
        self.wearer = Wearer()
        self.now = 5.0
        self.looks = 0

    def film(self, seconds: float, likeness: float, yaw: float = 0.0, pitch: float = 0.0) -> list[bool]:
        """Whether each frame could be shown."""
        shown = []
        for _ in range(round(seconds / FRAME)):
            self.now += FRAME
            self.wearer.followed(self.now)
            if self.wearer.is_due(self.now, yaw, pitch):
                self.looks += 1
                self.wearer.looked(self.now, likeness)
            shown.append(self.wearer.may_wear(self.now))
        return shown


@pytest.fixture
def camera() -> Camera:
    return Camera()


def test_the_owner_is_seen_twice_before_anything_is_shown(camera: Camera) -> None:
    shown = camera.film(1.0, OWNER)
    assert not shown[0]
    assert shown.index(True) * FRAME < 0.3
    assert all(shown[shown.index(True) :])


def test_somebody_else_is_never_shown(camera: Camera) -> None:
    assert not any(camera.film(30.0, OTHER))


def test_it_is_looked_once_a_second_while_it_is_clear(camera: Camera) -> None:
    camera.film(1.0, OWNER)
    before = camera.looks
    camera.film(10 * LOOK_SECONDS, OWNER)
    assert 9 <= camera.looks - before <= 10


def test_one_look_that_fails_takes_nothing_off(camera: Camera) -> None:
    camera.film(1.0, OWNER)
    camera.wearer.looked(camera.now, OTHER)
    assert all(camera.film(2.0, OWNER))


def test_who_takes_the_owners_place_unseen_is_noticed_soon(camera: Camera) -> None:
    camera.film(2.0, OWNER)
    shown = camera.film(5.0, OTHER)
    assert shown.index(False) * FRAME <= LOOK_SECONDS + 0.3
    assert not any(shown[shown.index(False) :])


@pytest.mark.parametrize("gap", [False, True], ids=["the face was lost", "frames stopped"])
def test_whoever_comes_after_a_moment_unseen_is_looked_at_first(camera: Camera, gap: bool) -> None:
    camera.film(2.0, OWNER)
    if gap:
        camera.now += 1.0
    else:
        camera.wearer.lost()
    assert not any(camera.film(5.0, OTHER))
    assert camera.film(1.0, OWNER)[-1]


@pytest.mark.parametrize(("yaw", "pitch"), [(NEAR_YAW + 1, 0), (0, -NEAR_PITCH - 1)])
def test_who_looks_aside_stays_who_they_were_for_a_while(camera: Camera, yaw: float, pitch: float) -> None:
    assert not any(camera.film(1.0, OWNER, yaw, pitch))
    camera.film(1.0, OWNER)
    shown = camera.film(UNSEEN_SECONDS + 2, OTHER, yaw, pitch)
    assert all(shown[: round((UNSEEN_SECONDS - 1) / FRAME)])
    assert not shown[-1]


def test_time_that_goes_back_begins_anew(camera: Camera) -> None:
    camera.film(2.0, OWNER)
    camera.now -= 1.5
    assert not camera.film(FRAME, OWNER)[0]
