from __future__ import annotations

import io
import json
import socket
from pathlib import Path

import pytest

from talchum.apps.doctor import Finding, Machine, examine, run


def found(machine: Machine) -> dict[str, Finding]:
    return {finding.name: finding for finding in examine(machine)}


def test_bare_machine_is_told_what_is_missing_and_how_to_get_it(tmp_path: Path) -> None:
    findings = found(Machine(networks=tmp_path, identities=tmp_path, web=tmp_path))
    for name in ("face networks", "identities", "web app"):
        assert findings[name].state == "missing"
        assert findings[name].remedy
    assert findings["python"].state == "ok"
    assert findings["store"].state == "ok"


def test_taken_port_is_a_warning() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        finding = found(Machine(port=taken.getsockname()[1]))["port"]
    assert (finding.state, "in use" in finding.detail) == ("warning", True)


def test_missing_turn_server_is_a_warning(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert found(Machine())["turn server"].state == "warning"
    monkeypatch.setenv("TALCHUM_TURN_URLS", "turn:relay.example.org")
    assert found(Machine())["turn server"].state == "ok"


@pytest.mark.vision
def test_whole_installation_is_well(tmp_path: Path) -> None:
    out = io.StringIO()
    status = run(as_json=True, port=0, out=out)
    findings = {finding["name"]: finding["state"] for finding in json.loads(out.getvalue())}
    assert findings["face networks"] == "ok"
    assert findings["identities"] == "ok"
    assert status == int("missing" in findings.values())


def test_training_that_is_not_installed_is_well_and_said(monkeypatch: pytest.MonkeyPatch) -> None:
    findings = {}
    for there in (True, False):
        monkeypatch.setattr("importlib.util.find_spec", lambda _, there=there: object() if there else None)
        findings[there] = found(Machine())["training"]
    assert [one.state for one in findings.values()] == ["ok", "ok"]
    assert "talchum[train]" in findings[False].remedy
    assert not findings[True].remedy


def test_table_is_for_people() -> None:
    out = io.StringIO()
    run(as_json=False, port=0, out=out)
    assert "python" in out.getvalue()


def test_inference_provider_that_is_not_installed_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TALCHUM_INFERENCE_PROVIDER", raising=False)
    finding = found(Machine())["inference"]
    assert (finding.state, finding.detail.startswith("cpu is set")) == ("ok", True)
    monkeypatch.setattr("talchum.apps.doctor.available_providers", lambda: ["cpu", "cuda"])
    monkeypatch.setenv("TALCHUM_INFERENCE_PROVIDER", "coreml")
    finding = found(Machine())["inference"]
    assert finding.state == "missing"
    assert finding.detail == "coreml is set; the installed onnxruntime has cpu, cuda"
    assert finding.remedy
