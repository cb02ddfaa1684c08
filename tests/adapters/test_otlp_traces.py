"""Spans as a collector gets them."""

from __future__ import annotations

import pytest

from talchum.adapters.network_addresses import free_port
from talchum.adapters.otlp_traces import OtlpTraces
from tests.otlp_receiver import receiver


def test_a_step_of_another_process_goes_on_in_the_same_trace() -> None:
    with receiver() as collector:
        server, worker = OtlpTraces(collector.endpoint, "server"), OtlpTraces(collector.endpoint, "worker")
        asked = server.begin("face-leg request", at=1000.0)
        asked.end()
        worker.begin("face-leg placement", at=1000.5, parent=asked.context).end(engine="veil")
        server.close()
        worker.close()
        (request,) = collector.named("face-leg request")
        (placement,) = collector.named("face-leg placement")
    assert (placement.trace, placement.parent) == (request.trace, request.id)
    assert request.parent == ""
    assert (request.service, placement.service) == ("talchum-server", "talchum-worker")
    assert request.begin == pytest.approx(1000.0)
    assert placement.attributes == {"talchum.engine": "veil"}


def test_nothing_of_a_person_or_a_machine_gets_into_a_span() -> None:
    with receiver() as collector:
        traces = OtlpTraces(collector.endpoint, "server")
        traces.begin("join").end(role="kim@example.org")
        with pytest.raises(KeyError):
            traces.begin("join").end(name="Kim")
        traces.close()
        assert [span.attributes for span in collector.spans] == [{"talchum.role": "other"}]
        assert collector.resources == [{"service.name": "talchum-server"}]


def test_a_step_ends_once() -> None:
    with receiver() as collector:
        traces = OtlpTraces(collector.endpoint, "worker")
        step = traces.begin("face-leg first frame")
        step.end(picture="face")
        step.end(picture="card")
        traces.close()
        assert [span.attributes for span in collector.spans] == [{"talchum.picture": "face"}]


def test_what_is_no_context_begins_a_trace_of_its_own() -> None:
    with receiver() as collector:
        traces = OtlpTraces(collector.endpoint, "worker")
        traces.begin("face-leg placement", parent="not a context").end()
        traces.close()
        assert [span.parent for span in collector.spans] == [""]


def test_a_collector_that_is_away_hurts_nobody() -> None:
    traces = OtlpTraces(f"http://127.0.0.1:{free_port()}", "worker")
    traces.begin("join").end(role="participant")
    traces.close()
