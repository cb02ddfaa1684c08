"""The table of measurements: names as Prometheus wants them, labels that cannot grow."""

from __future__ import annotations

import re
from typing import get_args

from talchum.domain.metrics import LABELS, METRICS, OTHER, RELAY_TIME, STAGE_TIME
from talchum.protocol.messages import CallRoute, LeaveReason, Role
from talchum.vision.cards import CARD_TEXTS
from talchum.vision.engines import ENGINES


def test_names_say_kind_and_unit() -> None:
    names = [metric.name for metric in METRICS]
    assert len(names) == len(set(names))
    for metric in METRICS:
        assert re.fullmatch(r"(talchum|process)_[a-z_]+", metric.name)
        assert metric.name.endswith("_total") == (metric.kind == "counter"), metric.name
        assert (metric.unit == "1") == (re.search(r"_(seconds|bytes)(_total)?$", metric.name) is None)
        assert bool(metric.buckets) == (metric.kind == "histogram")
        assert list(metric.buckets) == sorted(metric.buckets)
        assert metric.help.endswith(".")


def test_labels_know_all_that_the_project_has() -> None:
    used = {label for metric in METRICS for label in metric.labels}
    assert used == set(LABELS)
    assert set(LABELS["engine"]) == {*ENGINES, "none"}
    assert set(LABELS["card"]) == set(CARD_TEXTS)
    assert set(LABELS["end"]) == set(get_args(LeaveReason))
    assert LABELS["route"] == get_args(CallRoute)
    assert set(LABELS["role"]) == set(get_args(Role))


def test_what_is_not_allowed_in_a_label_becomes_other() -> None:
    assert STAGE_TIME.bounded(("veil", "trackTime")) == ("veil", "trackTime")
    assert STAGE_TIME.bounded(("kim@example.org", "203.0.113.7")) == (OTHER, OTHER)


def test_histogram_has_three_series() -> None:
    ends = ("bucket", "sum", "count")
    assert RELAY_TIME.series == tuple(f"talchum_relay_seconds_{end}" for end in ends)
