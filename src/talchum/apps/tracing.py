"""Where a process's traces go, as its settings have it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from talchum.apps.settings import Settings
from talchum.domain.errors import SettingsError
from talchum.domain.metrics import Part
from talchum.domain.tracing import UNTRACED, Traces


@contextmanager
def tracing(settings: Settings, part: Part) -> Iterator[Traces]:
    """Traces that are sent for as long as this lasts, or that are forgotten.

    Raises SettingsError where OpenTelemetry is asked for and not installed.
    """
    if not settings.otlp_endpoint:
        yield UNTRACED
        return
    try:
        from talchum.adapters.otlp_traces import OtlpTraces  # takes a tenth of a second, and is an extra
    except ImportError as error:
        raise SettingsError(
            "TALCHUM_OTLP_ENDPOINT: needs OpenTelemetry, expected pip install 'talchum[traces]'"
        ) from error
    traces = OtlpTraces(settings.otlp_endpoint, part)
    try:
        yield traces
    finally:
        traces.close()
