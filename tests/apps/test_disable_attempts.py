"""No setting leaves the marks out; `benchmarks/trust.py --only settings` tries many more."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from talchum.domain.errors import SettingsError
from talchum.vision.badge import Badger
from talchum.vision.marking import InvisibleMarker
from tests.apps.disable_attempts import INVENTED, OFF, VALID, WORN, attempt, environment

pytestmark = pytest.mark.vision

STORE = {"TALCHUM_REDIS_URL": "unix:///run/valkey.sock"}
FRAMES = 36


@given(st.randoms(use_true_random=False), st.sampled_from(WORN))
@settings(max_examples=8, deadline=None)
def test_whatever_is_set_every_picture_is_marked_or_none_leaves(chance: Random, identity: str) -> None:
    tried = attempt(environment(chance), identity, FRAMES)
    assert tried.unmarked == 0
    assert tried.frames in (0, FRAMES)
    assert bool(tried.refused) == (tried.frames == 0)


@pytest.mark.parametrize("name", INVENTED)
def test_a_setting_that_does_not_exist_stops_the_worker(name: str) -> None:
    for value in OFF:
        if value.strip():
            assert attempt({**STORE, f"TALCHUM_{name}": value}, "veil", 1).refused == "setting_invalid"


@pytest.mark.parametrize("name", ["TALCHUM_BADGE_CORNER", "TALCHUM_BADGE_LANGUAGE"])
def test_a_badge_has_a_corner_and_a_language_whatever_is_written(name: str) -> None:
    for value in OFF:
        if value.strip() in ("", *VALID[name]):
            continue  # nothing, or a corner after all
        assert attempt({**STORE, name: value}, "veil", 1).refused == SettingsError("").code


def test_what_looks_for_marks_sees_that_one_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    assert attempt(STORE, "veil", FRAMES).unmarked == 0
    with monkeypatch.context() as broken:
        broken.setattr(InvisibleMarker, "mark", lambda *_: None)
        assert attempt(STORE, "veil", FRAMES).unmarked == FRAMES
    with monkeypatch.context() as broken:
        broken.setattr(Badger, "put", lambda *_: None)
        assert attempt(STORE, "veil", FRAMES).unmarked == FRAMES
