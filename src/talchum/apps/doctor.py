"""`talchum doctor`: what this machine has, what is missing, and how to get it."""

from __future__ import annotations

import importlib.util
import json
import os
import platform
import sys
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Literal, TextIO

from rich.console import Console
from rich.table import Table

from talchum.adapters.coturn import find_coturn
from talchum.adapters.identity_files import IdentityFiles, default_identities_directory
from talchum.adapters.network_addresses import port_is_free
from talchum.adapters.valkey import valkey_binary
from talchum.apps.web_files import WebFiles
from talchum.domain.errors import StoreError, TalchumError
from talchum.vision.networks import FACE_TOPOLOGY_FILE, NETWORKS, default_networks_directory, verified_path
from talchum.vision.runtime import available_providers

OLDEST_PYTHON = (3, 11)
FEWEST_CORES = 2
BUILD_AGAIN = "install again: `pip install .` in a checkout, or `make run`"

State = Literal["ok", "warning", "missing"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at. remedy: what to do, empty when nothing is."""

    name: str
    state: State
    detail: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Machine:
    """Where to look; the defaults are this installation's."""

    port: int = 8080
    networks: Path = field(default_factory=default_networks_directory)
    identities: Path = field(default_factory=default_identities_directory)
    web: Path = Path(__file__).parent.parent / "_built" / "web"


def run(*, as_json: bool, port: int, out: TextIO) -> int:
    """Write the findings to out; 1 when something that a call needs is missing, else 0."""
    findings = examine(Machine(port=port))
    if as_json:
        out.write(json.dumps([asdict(finding) for finding in findings]) + "\n")
    else:
        _write_table(findings, out)
    return int(any(finding.state == "missing" for finding in findings))


def examine(machine: Machine) -> list[Finding]:
    """Look at everything; nothing is started or changed."""
    checks: Iterable[Callable[[Machine], Finding]] = (
        _python,
        _networks,
        _identities,
        _web_app,
        _store,
        _turn_server,
        _port,
        _cores,
        _inference,
        _training,
    )
    return [check(machine) for check in checks]


def _python(_: Machine) -> Finding:
    version = platform.python_version()
    if sys.version_info < OLDEST_PYTHON:
        return Finding("python", "missing", version, "install Python 3.11 or newer")
    return Finding("python", "ok", version)


def _networks(machine: Machine) -> Finding:
    wrong = []
    for pinned in (*NETWORKS.values(), FACE_TOPOLOGY_FILE):
        try:
            verified_path(pinned, machine.networks)
        except TalchumError as error:
            wrong.append(f"{pinned.file} ({error.code})")
    if wrong:
        return Finding("face networks", "missing", ", ".join(wrong), BUILD_AGAIN)
    return Finding("face networks", "ok", f"{len(NETWORKS)} networks and the mesh, as pinned")


def _identities(machine: Machine) -> Finding:
    files = IdentityFiles(machine.identities)
    names, wrong = [identity.name for identity in files.list()], []
    for name in names:
        try:
            files.assets(name)
        except TalchumError as error:
            wrong.append(f"{name} ({error.code})")
    if wrong or not names:
        return Finding("identities", "missing", ", ".join(wrong) or "none is installed", BUILD_AGAIN)
    return Finding("identities", "ok", f"{len(names)}, as pinned")


def _web_app(machine: Machine) -> Finding:
    try:
        built = WebFiles(machine.web).is_built
    except TalchumError as error:
        return Finding("web app", "missing", error.message, BUILD_AGAIN)
    if not built:
        return Finding("web app", "missing", "not built", BUILD_AGAIN)
    return Finding("web app", "ok", "built")


def _store(_: Machine) -> Finding:
    if os.environ.get("TALCHUM_REDIS_URL"):
        return Finding("store", "ok", "TALCHUM_REDIS_URL names one")
    try:
        binary = valkey_binary()
    except StoreError as error:
        return Finding("store", "missing", error.message, "set TALCHUM_REDIS_URL to a Redis or Valkey")
    if not os.access(binary, os.X_OK):
        return Finding("store", "missing", "the embedded Valkey cannot be executed", BUILD_AGAIN)
    return Finding("store", "ok", "embedded Valkey")


def _turn_server(_: Machine) -> Finding:
    if os.environ.get("TALCHUM_TURN_URLS"):
        return Finding("turn server", "ok", "TALCHUM_TURN_URLS names one")
    if find_coturn() is None:
        return Finding(
            "turn server",
            "warning",
            "turnserver is not on PATH: calls that need a relay will fail",
            "install coturn: `apt install coturn`, `brew install coturn`",
        )
    return Finding("turn server", "ok", "coturn")


def _port(machine: Machine) -> Finding:
    if not port_is_free("127.0.0.1", machine.port):
        remedy = "choose another with --port or TALCHUM_PORT"
        return Finding("port", "warning", f"{machine.port} is in use", remedy)
    return Finding("port", "ok", f"{machine.port} is free")


def _cores(_: Machine) -> Finding:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    detail = f"{cores} cores"
    if cores < FEWEST_CORES:
        return Finding("processor", "warning", detail, f"a call with a face wants {FEWEST_CORES} cores")
    return Finding(
        "processor", "ok", f"{detail}; a face worker measures how many legs they carry as it starts"
    )


def _inference(_: Machine) -> Finding:
    wanted = os.environ.get("TALCHUM_INFERENCE_PROVIDER", "").strip() or "cpu"
    available = available_providers()
    detail = f"{wanted} is set; the installed onnxruntime has {', '.join(available)}"
    if wanted not in available:
        remedy = "set TALCHUM_INFERENCE_PROVIDER to one of these, or install the onnxruntime that has it"
        return Finding("inference", "missing", detail, remedy)
    return Finding("inference", "ok", detail)


def _training(_: Machine) -> Finding:
    lacking = [name for name in ("torch", "onnx") if importlib.util.find_spec(name) is None]
    if lacking:
        return Finding(
            "training",
            "ok",
            f"not installed ({', '.join(lacking)}); a call needs none of it",
            "to teach networks: `pip install 'talchum[train]'`",
        )
    return Finding("training", "ok", "installed")


def _write_table(findings: list[Finding], out: TextIO) -> None:
    table = Table("", "what", "found", "what to do")
    for finding in findings:
        table.add_row(finding.state, finding.name, finding.detail, finding.remedy)
    Console(file=out).print(table)
