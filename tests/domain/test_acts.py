"""How far a face shows what it was asked to do."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from talchum.domain.acts import CHECKED, WORDS, WORDS_SHOWN, Rest, draw_plan, levels
from tests.domain.enrolling import REST, acting


@pytest.mark.parametrize("act", CHECKED)
def test_an_act_counts_as_itself_and_as_no_other(act: str) -> None:
    found = levels(acting(act), Rest.of([REST]))
    assert found.pop(act) >= 1
    assert max(found.values()) < 1


def test_a_face_at_rest_shows_nothing() -> None:
    assert max(levels(REST, Rest.of([REST])).values()) < 0.1


def test_rest_is_the_middle_so_that_one_blink_changes_nothing() -> None:
    assert Rest.of([REST, replace(REST, eyes=0.01), REST]) == Rest.of([REST])


def test_words_are_drawn_in_every_language_and_never_twice() -> None:
    plan = draw_plan(random.Random(5))
    assert set(plan.words) == {"en", "ko"}
    for language, words in plan.words.items():
        assert len(set(words)) == WORDS_SHOWN
        assert set(words) <= set(WORDS[language])
