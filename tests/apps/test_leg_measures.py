"""What a leg's pictures add to the measurements of its worker."""

from __future__ import annotations

from dataclasses import replace

import pytest

from talchum.adapters.prometheus_metrics import PrometheusMetrics
from talchum.apps.leg_measures import LegMeasures
from talchum.domain.leg_tag import LegTag
from talchum.vision.compositor import Compositor
from talchum.vision.marks import Marking
from tests.scraping import scrape

CARD = Compositor(Marking(LegTag(7))).card(320, 240, 0.0, "no_face")


def test_pictures_are_told_apart_by_what_they_show_and_by_engine() -> None:
    metrics = PrometheusMetrics("worker")
    leg = LegMeasures(metrics)
    leg.went_out(CARD, None)
    leg.engine = "portrait"
    leg.went_out(replace(CARD, kind="face", reason="", stage_times={"renderTime": 0.004}), 0.03)
    leg.dropped(2)
    leg.dropped(5)
    with metrics.served("127.0.0.1", 0) as port:
        given = scrape(port)
    assert given.value("talchum_cards_total", card="no_face") == 1
    assert given.value("talchum_pictures_total", picture="card") == 1
    assert given.value("talchum_pictures_total", picture="face") == 1
    assert given.value("talchum_frame_age_seconds_sum", engine="portrait") == pytest.approx(0.03)
    assert given.value("talchum_stage_seconds_sum", engine="portrait", stage="renderTime") == pytest.approx(
        0.004
    )
    assert given.value("talchum_frames_dropped_total") == 5


class Step:
    """A span as a leg sees it."""

    context = ""

    def __init__(self) -> None:
        self.ends: list[dict[str, str]] = []

    def end(self, **labels: str) -> None:
        self.ends.append(labels)


def test_the_first_picture_of_a_face_ends_the_step_that_waits_for_it() -> None:
    step = Step()
    leg = LegMeasures(first=step)
    leg.engine = "veil"
    leg.went_out(CARD, None)
    assert step.ends == []
    for _ in range(2):
        leg.went_out(replace(CARD, kind="face", reason=""), 0.03)
    leg.over()
    assert step.ends == [{"engine": "veil", "picture": "face"}]


def test_a_leg_that_ends_without_a_face_ends_its_step_too() -> None:
    step = Step()
    LegMeasures(first=step).over()
    assert step.ends == [{"engine": "none", "picture": "card"}]
