"""A process's measurements as Prometheus scrapes them (text format 0.0.4 or OpenMetrics, over HTTP)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    start_http_server,
)

from talchum.domain.errors import SettingsError
from talchum.domain.metrics import METRICS, Metric, Part

Family = Counter | Gauge | Histogram


class PrometheusMetrics:
    """The measurements of one process, with a registry of its own."""

    read = True

    def __init__(self, part: Part) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        own = [metric for metric in METRICS if metric.name.startswith("talchum_") and part in metric.parts]
        self._families = {metric.name: _family(metric, self._registry) for metric in own}
        # Only of allowed labels, so it stays small.
        self._children: dict[tuple[str, tuple[str, ...]], Family] = {}

    def count(self, metric: Metric, *labels: str, by: float = 1.0) -> None:
        """Raise a counter."""
        child = self._child(metric, labels)
        assert isinstance(child, Counter)
        child.inc(by)

    def set(self, metric: Metric, value: float, *labels: str) -> None:
        """Set a gauge."""
        child = self._child(metric, labels)
        assert isinstance(child, Gauge)
        child.set(value)

    def observe(self, metric: Metric, value: float, *labels: str) -> None:
        """Add to a histogram."""
        child = self._child(metric, labels)
        assert isinstance(child, Histogram)
        child.observe(value)

    def _child(self, metric: Metric, labels: tuple[str, ...]) -> Family:
        found = self._children.get((metric.name, labels))
        if found is not None:
            return found
        allowed = metric.bounded(labels)
        family = self._families[metric.name]
        child = family.labels(*allowed) if allowed else family
        return self._children.setdefault((metric.name, allowed), child)

    @contextmanager
    def served(self, host: str, port: int) -> Iterator[int]:
        """Answer scrapes at `GET /metrics`, on a thread; gives the port (a free one for 0).

        Raises SettingsError when it cannot listen there.
        """
        try:
            server, thread = start_http_server(port, host, self._registry)
        except OSError as error:
            raise SettingsError(
                f"TALCHUM_METRICS_ADDRESS: cannot listen there ({error.strerror}), expected a free address"
            ) from error
        try:
            yield server.server_port
        finally:
            server.shutdown()
            server.server_close()
            thread.join()


def _family(metric: Metric, registry: CollectorRegistry) -> Family:
    if metric.kind == "counter":
        return Counter(metric.name, metric.help, metric.labels, registry=registry)
    if metric.kind == "gauge":
        return Gauge(metric.name, metric.help, metric.labels, registry=registry)
    return Histogram(metric.name, metric.help, metric.labels, registry=registry, buckets=metric.buckets)
