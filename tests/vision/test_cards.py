"""The card: drawn, solid, and it says why."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from talchum.domain.frame import Image
from talchum.domain.leg_tag import LegTag
from talchum.vision import cards
from talchum.vision.cards import CARD_TEXTS, CardDeck, draw_card
from talchum.vision.compositor import Compositor
from talchum.vision.marks import Marking


@pytest.mark.parametrize("reason", CARD_TEXTS)
def test_each_reason_has_a_card_of_its_own(reason: str) -> None:
    image = draw_card(320, 240, reason)
    others = [draw_card(320, 240, other) for other in CARD_TEXTS if other != reason]
    assert not any(np.array_equal(image, other) for other in others)
    assert len(np.unique(image.reshape(-1, 3), axis=0)) > 20  # something is written on it


@pytest.mark.parametrize("size", [(1, 1), (33, 17), (641, 481), (480, 640), (1920, 1080), (4096, 2)])
def test_any_size(size: tuple[int, int]) -> None:
    frame = CardDeck().card(*size, "no_face", 1.25)
    assert (frame.width, frame.height, frame.media_time) == (*size, 1.25)


@pytest.mark.parametrize("size", [(320, 240), (640, 480), (480, 640), (1280, 720)])
@pytest.mark.parametrize("reason", CARD_TEXTS)
def test_words_stay_inside(size: tuple[int, int], reason: str) -> None:
    image = draw_card(*size, reason)
    edge = np.concatenate([image[0], image[-1], image[:, 0], image[:, -1], image[:, 3], image[:, -4]])
    assert (edge == image[0, 0]).all()


def test_card_is_a_buffer_of_its_own() -> None:
    deck = CardDeck()
    first = deck.card(64, 48, "late", 0.0)
    first.buffer[:] = 0
    assert deck.card(64, 48, "late", 0.0).y.max() > 0


def test_a_card_is_drawn_once_for_all_legs_of_a_process(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[tuple[int, int, str]] = []

    def drawing(width: int, height: int, reason: str) -> Image:
        drawn.append((width, height, reason))
        return draw_card(width, height, reason)

    monkeypatch.setattr(cards, "draw_card", drawing)
    deck = CardDeck()
    legs = [Compositor(Marking(LegTag(number)), deck) for number in range(3)]
    pictures = [leg.card(320, 240, 0.0, "no_face").picture.buffer for leg in legs]
    assert drawn == [(320, 240, "no_face")]
    assert not np.array_equal(pictures[0], pictures[1])  # each with the marks of its own leg


def test_cards_asked_for_by_several_threads_are_all_right() -> None:
    deck = CardDeck()
    sizes = [(16 + 2 * (number % 20), 16) for number in range(400)]
    with ThreadPoolExecutor(4) as threads:
        made = list(threads.map(lambda size: deck.card(size[0], size[1], "late", 0.0), sizes))
    assert [(card.width, card.height) for card in made] == sizes


def test_cards_of_many_sizes_are_not_kept_for_ever() -> None:
    deck = CardDeck()
    for side in range(10, 60):
        deck.card(side, side, "late", 0.0)
    assert len(deck._drawn) <= 16
