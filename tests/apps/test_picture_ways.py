"""Which frames of two ways are shown, and what is reported of changing over."""

from __future__ import annotations

from talchum.apps.picture_ways import PictureWays

FRAME = 0.04


def both(ways: PictureWays, begin: float, frames: int, *, server: float = 0.12) -> list[str]:
    """Frames by both ways, measured once a second; by which each of the shown came."""
    shown = []
    for number in range(frames):
        now = begin + number * FRAME
        if number % 25 == 0:
            ways.measured(now, 0.16, server)
        if ways.shows("server", now, server):
            shown.append("server")
        if ways.shows("client", now + 0.01, 0.16):
            shown.append("client")
    return shown


def test_one_way_is_shown_at_a_time_and_nothing_is_missed_between() -> None:
    ways = PictureWays()
    ways.offered()
    shown = both(ways, 0.0, 150)
    assert shown.index("server") == shown.count("client")  # never back and forth
    assert len(shown) == 150
    report = ways.report()
    assert report is not None
    assert report["way"] == "server"
    assert report["framesShown"] == {way: shown.count(way) for way in ("client", "server")}
    assert report["gapMs"] == {"client": [], "server": [30.0]}
    assert report["delayMs"]["server"]["p50"] == 120.0
    assert report["estimatedMs"] == {"client": 160.0, "server": 120.0}


def test_when_the_worker_is_lost_the_next_frame_of_the_client_is_shown() -> None:
    ways = PictureWays()
    ways.offered()
    both(ways, 0.0, 150)
    ways.server_lost()
    assert ways.shows("client", 6.0, 0.16)
    assert not ways.shows("server", 6.01, 0.12)
    report = ways.report()
    assert report is not None
    assert report["way"] == "client"
    assert len(report["gapMs"]["client"]) == 1


def test_without_an_opened_worker_there_is_nothing_to_report() -> None:
    ways = PictureWays()
    assert ways.shows("client", 0.0, None)
    assert ways.report() is None
