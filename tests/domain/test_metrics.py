"""The table of measurements: names as Prometheus wants them, labels that cannot grow."""

from __future__ import annotations

import inspect
import re
from typing import get_args

from talchum.domain.frame import EgressKind
from talchum.domain.metrics import LABELS, METRICS, OTHER, RELAY_TIME, STAGE_TIME
from talchum.domain.placement import CPU_LEGS, GPU_LEGS
from talchum.domain.training_job import State
from talchum.protocol import face_legs
from talchum.protocol.messages import CallRoute, Described, LeaveReason, Role, StateChanged, Trickled
from talchum.vision import compositor, pipeline
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
    assert LABELS["queue"] == (CPU_LEGS, GPU_LEGS)
    assert LABELS["picture"] == get_args(EgressKind)
    assert LABELS["outcome"] == get_args(State)
    relayed = {Described, Trickled, StateChanged}
    assert set(LABELS["message"]) == {kind.__struct_config__.tag for kind in relayed}


def test_labels_know_every_code_by_which_a_face_is_refused() -> None:
    refusals = re.findall(r"FaceLegUnavailable\((.*?)\)\n", inspect.getsource(face_legs), re.DOTALL)
    codes = {code for refusal in refusals for code in re.findall(r'code="(\w+)"', refusal)}
    assert codes == set(LABELS["refusal"])


def test_labels_know_every_stage_that_is_timed() -> None:
    sources = inspect.getsource(pipeline) + inspect.getsource(compositor)
    assert set(re.findall(r'timed\(times, "(\w+)"', sources)) == set(LABELS["stage"])


def test_what_is_not_allowed_in_a_label_becomes_other() -> None:
    assert STAGE_TIME.bounded(("veil", "trackTime")) == ("veil", "trackTime")
    assert STAGE_TIME.bounded(("kim@example.org", "203.0.113.7")) == (OTHER, OTHER)


def test_histogram_has_three_series() -> None:
    ends = ("bucket", "sum", "count")
    assert RELAY_TIME.series == tuple(f"talchum_relay_seconds_{end}" for end in ends)
