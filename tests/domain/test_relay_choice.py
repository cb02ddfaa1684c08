"""The way by which a worn face is shown."""

from __future__ import annotations

from talchum.domain.relay_choice import RelayChoice, RelayRule

FRAME = 0.04
RULE = RelayRule(margin=0.015, patience=2.0, silence=0.2, frames=15)


class Show:
    """Frames by both ways, 25 a second each."""

    def __init__(self) -> None:
        self.choice = RelayChoice(RULE)
        self.now = 100.0
        self.ways: list[str] = []

    def run(self, seconds: float, client: float | None, server: float | None) -> str:
        """Delays by either way, None where nothing comes; the way at the end."""
        for _ in range(round(seconds / FRAME)):
            self.now += FRAME
            self.choice.consider(self.now)
            if client is not None:
                self.choice.arrived("client", self.now, client)
            if server is not None:
                self.choice.arrived("server", self.now, server)
            self.ways.append(self.choice.way)
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
    assert round(show.choice.lead, 3) == 0.04


def test_it_goes_over_with_a_frame_of_the_other_way_in_hand() -> None:
    choice = RelayChoice(RULE)
    for number in range(100):
        now = number * FRAME
        before = choice.way
        choice.arrived("client", now, 0.16)
        assert choice.way == before
        choice.arrived("server", now + 0.01, 0.12)
    assert choice.way == "server"


def test_a_gain_below_the_margin_changes_nothing_either_way() -> None:
    show = Show()
    assert show.run(10.0, 0.16, 0.15) == "client"
    show.run(4.0, 0.16, 0.12)
    assert show.run(10.0, 0.16, 0.17) == "server"


def test_it_goes_back_when_the_client_stays_faster() -> None:
    show = Show()
    show.run(4.0, 0.16, 0.12)
    assert show.run(1.0, 0.10, 0.12) == "server"
    assert show.run(3.0, 0.10, 0.12) == "client"


def test_a_short_spell_of_speed_is_forgotten() -> None:
    show = Show()
    for _ in range(5):
        show.run(1.5, 0.16, 0.12)
        show.run(1.5, 0.16, 0.16)
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
    assert show.run(2.0, 0.16, 0.12) == "client"
    assert show.run(1.0, 0.16, 0.12) == "server"


def test_a_silent_client_is_no_reason_to_go_over() -> None:
    show = Show()
    assert show.run(10.0, None, 0.12) == "client"


def test_without_known_delays_the_client_stays() -> None:
    show = Show()
    for _ in range(200):
        show.now += FRAME
        show.choice.arrived("client", show.now, None)
        show.choice.arrived("server", show.now, None)
    assert show.choice.way == "client"
