"""A process's measurements as Prometheus would read them, by its own parser."""

from __future__ import annotations

import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass

from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample


@dataclass(frozen=True, slots=True)
class Scrape:
    """All samples of one answer."""

    samples: tuple[Sample, ...]
    kinds: Mapping[str, str]

    def value(self, name: str, **labels: str) -> float:
        """Of one series, 0 while there is none."""
        return next((s.value for s in self.samples if s.name == name and s.labels == labels), 0.0)


def scrape(port: int) -> Scrape:
    """What a process of this machine answers now."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
        families = list(text_string_to_metric_families(answer.read().decode()))
    samples = tuple(sample for family in families for sample in family.samples)
    return Scrape(samples, {family.name: family.type for family in families})
