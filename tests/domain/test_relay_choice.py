"""The way by which a worn face is shown."""

from __future__ import annotations

from typing import get_args

import pytest

from talchum.domain.relay_choice import FAR_SECONDS, LineLength, RelayChoice, RelayRule, Way, is_worth_opening

FRAME = 0.04
RULE = RelayRule(margin=0.015, patience=2.0, silence=0.2)


class Show:
    """Frames by both ways, 25 a second each, and a measure of both delays every second."""

    def __init__(self) -> None:
        self.choice = RelayChoice(RULE)
        self.frames = 0
        self.ways: list[str] = []

    @property
    def now(self) -> float:
        return 100.0 + self.frames * FRAME

    def run(self, seconds: float, client: float | None, server: float | None) -> str:
        """Delays by either way, None where nothing comes; the way at the end."""
        for _ in range(round(seconds / FRAME)):
            if self.frames % 25 == 0:
                self.choice.measured(self.now, client, server)
            if client is not None:
                self.choice.arrived("client", self.now)
            if server is not None:
                self.choice.arrived("server", self.now)
            self.ways.append(self.choice.way)
            self.frames += 1
        return self.choice.way


def test_it_goes_over_to_a_server_that_stays_faster_by_the_margin_and_not_at_once() -> None:
    show = Show()
    assert show.run(2.0, 0.16, 0.12) == "client"
    assert show.run(1.0, 0.16, 0.12) == "server"


def test_the_lead_is_that_of_the_way_that_is_shown() -> None:
    show = Show()
    show.run(1.0, 0.16, 0.12)
    assert show.choice.lead == 0.0
    show.run(3.0, 0.16, 0.12)
    assert show.choice.lead == pytest.approx(0.04)


def test_it_goes_over_with_a_frame_of_the_other_way_in_hand() -> None:
    choice = RelayChoice(RULE)
    for second in (0.0, 1.0, 2.0):
        choice.measured(second, 0.16, 0.12)
    ways = []
    for now, way in enumerate(get_args(Way), start=3):
        choice.arrived(way, now)
        ways.append(choice.way)
    assert ways == ["client", "server"]


def test_a_gain_below_the_margin_changes_nothing_either_way() -> None:
    show = Show()
    assert show.run(10.0, 0.16, 0.15) == "client"
    show.run(4.0, 0.16, 0.10)
    assert show.run(10.0, 0.16, 0.17) == "server"


def test_it_goes_back_when_the_client_stays_faster() -> None:
    show = Show()
    show.run(4.0, 0.16, 0.12)
    assert show.run(1.0, 0.08, 0.12) == "server"
    assert show.run(4.0, 0.08, 0.12) == "client"


def test_a_short_spell_of_speed_is_forgotten() -> None:
    show = Show()
    for _ in range(5):
        show.run(1.0, 0.17, 0.15)
        show.run(2.0, 0.15, 0.16)
    assert set(show.ways) == {"client"}


def test_a_silent_server_is_left_within_the_silence_and_two_frames() -> None:
    show = Show()
    show.run(4.0, 0.16, 0.12)
    assert show.run(RULE.silence + 2 * FRAME, 0.16, None) == "client"


def test_a_halt_of_both_ways_changes_nothing() -> None:
    show = Show()
    show.run(4.0, 0.16, 0.12)
    assert show.run(1.0, None, None) == "server"
    assert show.run(1.0, 0.16, 0.12) == "server"


def test_a_server_that_is_lost_is_left_at_once_and_trusted_only_after_a_new_measure() -> None:
    show = Show()
    show.run(4.0, 0.16, 0.12)
    show.choice.server_lost()
    assert show.choice.way == "client"
    assert show.choice.lead == 0.0
    assert show.run(2.0, 0.16, 0.12) == "client"
    assert show.run(1.0, 0.16, 0.12) == "server"


def test_a_silent_client_is_no_reason_to_go_over() -> None:
    show = Show()
    assert show.run(10.0, None, 0.12) == "client"


def test_without_known_delays_the_client_stays() -> None:
    choice = RelayChoice(RULE)
    for number in range(200):
        choice.measured(number * FRAME, 0.16, None)
        choice.arrived("client", number * FRAME)
        choice.arrived("server", number * FRAME)
    assert choice.way == "client"


def test_a_line_is_as_long_as_its_shortest_round_trip_however_busy_the_machine() -> None:
    line = LineLength()
    for measured in (0.09, None, 0.004, 0.2, 0.03):
        line.measured(measured)
    assert line.seconds is None
    line.measured(0.07)
    assert line.seconds == 0.004


@pytest.mark.parametrize(
    ("worker", "viewer", "worth"),
    [
        (0.08, 0.08, True),
        (FAR_SECONDS, 0.5, True),
        (0.001, 0.5, False),
        (0.5, 0.001, False),
        (None, 0.5, False),
    ],
)
def test_opening_a_leg_pays_where_the_performer_is_far_from_both(
    worker: float | None, viewer: float, worth: bool
) -> None:
    assert is_worth_opening(worker, viewer) is worth
