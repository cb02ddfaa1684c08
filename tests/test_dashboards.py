"""The dashboard and the alerts ask for what there is."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from talchum.domain.metrics import LABELS, METRICS, OTHER

DEPLOY = Path(__file__).parent.parent / "deploy"
RULES = yaml.safe_load((DEPLOY / "prometheus" / "rules.yml").read_text())
DASHBOARD = json.loads((DEPLOY / "grafana" / "talchum.json").read_text())
SERIES = {series: metric for metric in METRICS for series in metric.series}
OF_PROMETHEUS = {"job", "instance", "le"}


def rules() -> Iterator[dict[str, Any]]:
    for group in RULES["groups"]:
        yield from group["rules"]


def dashboard_queries() -> list[str]:
    return [target["expr"] for panel in DASHBOARD["panels"] for target in panel["targets"]]


QUERIES = [*(rule["expr"] for rule in rules()), *dashboard_queries()]
RECORDED = {rule["record"] for rule in rules() if "record" in rule}


def names_in(query: str) -> set[str]:
    return set(re.findall(r"\b(?:talchum|process)[_:][a-z0-9_:]+", re.sub(r'"[^"]*"', '""', query)))


@pytest.mark.parametrize("query", QUERIES)
def test_query_names_series_that_are_there(query: str) -> None:
    named = names_in(query)
    assert named or query.startswith("up{")
    assert named <= SERIES.keys() | RECORDED
    for name in named - RECORDED:
        counter = SERIES[name].kind == "counter" or name.endswith(("_bucket", "_sum", "_count"))
        changes = re.search(rf"(rate|increase)\({name}\b", query) is not None
        assert changes == counter, f"{name} is a {SERIES[name].kind}"


@pytest.mark.parametrize("query", QUERIES)
def test_query_asks_for_labels_and_values_that_are_there(query: str) -> None:
    metrics = [SERIES[name] for name in names_in(query) - RECORDED]
    allowed = OF_PROMETHEUS.union(*(metric.labels for metric in metrics))
    for grouped in re.findall(r"by \(([^)]*)\)", query):
        assert {label.strip() for label in grouped.split(",")} <= allowed
    for label, wanted in re.findall(r'(\w+)=~?"([^"]*)"', query):
        assert label in allowed | OF_PROMETHEUS
        if label in LABELS:
            assert set(wanted.split("|")) <= {*LABELS[label], OTHER}


def test_every_measurement_of_this_project_is_on_the_dashboard() -> None:
    shown = set().union(*(names_in(query) for query in dashboard_queries()))
    for metric in METRICS:
        if metric.name.startswith("talchum_"):
            assert shown & set(metric.series), metric.name


def test_panels_do_not_overlap_and_have_numbers_of_their_own() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in DASHBOARD["panels"]:
        at = panel["gridPos"]
        cells = {(at["x"] + x, at["y"] + y) for x in range(at["w"]) for y in range(at["h"])}
        assert not taken & cells, panel["title"]
        assert at["x"] + at["w"] <= 24
        taken |= cells
    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(DASHBOARD["panels"])


def test_example_scrapes_every_kind_of_process_and_has_the_rules() -> None:
    example = yaml.safe_load((DEPLOY / "prometheus" / "prometheus.yml").read_text())
    parts = {part for metric in METRICS for part in metric.parts}
    assert {job["job_name"] for job in example["scrape_configs"]} == {f"talchum-{part}" for part in parts}
    assert example["rule_files"] == ["rules.yml"]
