"""OpenTelemetry is there where it is asked for, and nowhere else."""

from __future__ import annotations

import subprocess
import sys

import pytest

from talchum.apps.settings import Settings
from talchum.apps.tracing import tracing
from talchum.domain.errors import SettingsError
from tests.otlp_receiver import receiver


def settings(endpoint: str = "") -> Settings:
    return Settings(redis_url="", otlp_endpoint=endpoint)


def test_spans_are_sent_before_the_process_ends() -> None:
    with receiver() as collector:
        with tracing(settings(collector.endpoint), "server") as traces:
            traces.begin("join").end(role="participant")
        assert [span.name for span in collector.spans] == ["join"]


def test_nothing_is_loaded_unless_asked_for() -> None:
    # redis-py loads the SDK's metrics by itself where they are installed.
    ours = ("talchum.adapters.otlp_traces", "opentelemetry.exporter", "opentelemetry.sdk.trace")
    program = f"import sys, talchum.apps.server, talchum.apps.worker; print(set({ours}) & sys.modules.keys())"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_an_installation_without_the_extra_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "talchum.adapters.otlp_traces", None)
    with (
        pytest.raises(SettingsError, match=r"talchum\[traces\]"),
        tracing(settings("http://127.0.0.1:4318"), "server"),
    ):
        pass


def test_without_the_setting_a_step_is_forgotten() -> None:
    with tracing(settings(), "worker") as traces:
        step = traces.begin("face-leg placement", parent="whatever came")
        step.end(engine="veil")
        assert step.context == ""
