"""The performer's end of server relay: which legs are open to whom."""

from __future__ import annotations

import pytest

from talchum.apps.leg_opener import AGAIN_SECONDS, LegOpener
from talchum.protocol.messages import ClientMessage, OpenFaceLeg

FAR, NEAR = 0.08, 0.004


class Performer:
    """Whose legs are opened; what was said since the last time."""

    def __init__(self, *, always: bool = False) -> None:
        self.sent: list[ClientMessage] = []
        self.opener = LegOpener(self.sent.append, always=always)

    def mind(
        self,
        now: float,
        worn: str | None,
        legs: list[str],
        others: list[str],
        *,
        worker: float | None = FAR,
        viewer: float = FAR,
    ) -> list[ClientMessage]:
        self.opener.mind(now, worn, dict.fromkeys(legs, worker), dict.fromkeys(others, viewer))
        said = list(self.sent)
        self.sent.clear()
        return said


OPEN = OpenFaceLeg(request="r1", to="p2")


def test_a_leg_is_opened_once_it_is_worn_and_once() -> None:
    performer = Performer()
    assert performer.mind(0.0, None, ["r1"], ["p2"]) == []
    assert performer.mind(1.0, "r1", ["r1"], ["p2"]) == [OPEN]
    assert performer.mind(2.0, "r1", ["r1"], ["p2"]) == []


def test_another_leg_takes_its_place_when_it_is_worn_and_not_before() -> None:
    performer = Performer()
    performer.mind(0.0, "r1", ["r1"], ["p2"])
    assert performer.mind(1.0, None, ["r1", "r2"], ["p2"]) == []
    assert performer.mind(2.0, "r2", ["r1", "r2"], ["p2"]) == [
        OpenFaceLeg(request="r1", to="p2", open=False),
        OpenFaceLeg(request="r2", to="p2"),
    ]


def test_a_leg_that_is_about_to_end_is_closed_before_and_not_opened_again() -> None:
    performer = Performer()
    performer.mind(0.0, "r1", ["r1"], ["p2"])
    performer.opener.withdraw("r1")
    performer.opener.withdraw("r1")
    assert performer.mind(1.0, "r1", ["r1"], ["p2"]) == [OpenFaceLeg(request="r1", to="p2", open=False)]
    assert performer.mind(2.0, "r2", ["r1", "r2"], ["p2"]) == [OpenFaceLeg(request="r2", to="p2")]


def test_of_a_leg_or_a_participant_that_is_gone_nothing_is_said() -> None:
    performer = Performer()
    performer.mind(0.0, "r1", ["r1"], ["p2"])
    assert performer.mind(1.0, None, [], ["p2"]) == []
    assert performer.mind(2.0, "r2", ["r2"], []) == []
    assert performer.mind(3.0, "r2", ["r2"], ["p3"]) == [OpenFaceLeg(request="r2", to="p3")]


def test_who_comes_back_is_opened_to_anew() -> None:
    performer = Performer()
    performer.mind(0.0, "r1", ["r1"], ["p2"])
    performer.mind(1.0, "r1", ["r1"], [])
    assert performer.mind(2.0, "r1", ["r1"], ["p2"]) == [OPEN]


def test_a_refusal_is_followed_by_another_try_a_while_later() -> None:
    performer = Performer()
    performer.mind(0.0, "r1", ["r1"], ["p2"])
    performer.opener.refused(0.1)
    assert performer.mind(0.2, "r1", ["r1"], ["p2"]) == []
    assert performer.mind(0.1 + AGAIN_SECONDS, "r1", ["r1"], ["p2"]) == [OPEN]


@pytest.mark.parametrize(("worker", "viewer"), [(NEAR, FAR), (FAR, NEAR), (None, FAR)])
def test_where_the_performers_line_is_short_or_unknown_nothing_is_opened(
    worker: float | None, viewer: float
) -> None:
    performer = Performer()
    assert performer.mind(0.0, "r1", ["r1"], ["p2"], worker=worker, viewer=viewer) == []
    assert performer.mind(1.0, "r1", ["r1"], ["p2"]) == [OPEN]


def test_what_is_open_stays_so_when_the_line_gets_shorter() -> None:
    performer = Performer()
    performer.mind(0.0, "r1", ["r1"], ["p2"])
    assert performer.mind(1.0, "r1", ["r1"], ["p2"], worker=NEAR, viewer=NEAR) == []


def test_an_operator_may_have_it_always() -> None:
    performer = Performer(always=True)
    assert performer.mind(0.0, "r1", ["r1"], [], worker=None) == []
    assert performer.mind(1.0, "r1", ["r1"], ["p2"], worker=None, viewer=NEAR) == [OPEN]
