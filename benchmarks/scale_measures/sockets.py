"""What thousands of sockets cost a call server, and how long a message takes from one to another."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.machine import REPOSITORY
from benchmarks.outcome import Outcome
from benchmarks.scale_measures.processes import cpu_seconds, resident_bytes
from tests.apps.call_servers import CallServer, installation

BAR_MS = 20.0
RATE = 200.0
SECONDS = 30.0


def measure_sockets(n: int) -> Outcome:
    """`n` sockets in rooms of two at one process."""
    return _measure(n, servers=1)


def measure_two_processes(n: int) -> Outcome:
    """`n` sockets, the two of every room on different processes."""
    return _measure(n, servers=2)


def _measure(n: int, servers: int) -> Outcome:
    with tempfile.TemporaryDirectory() as name, installation(Path(name)) as running:
        started = [running.start() for _ in range(servers)]
        store = running.store.process
        assert store is not None
        found = _load(started, store.pid, n // 2)
    relay, where = found["relayMs"], "one process" if servers == 1 else "two processes, every room across"
    complete = found["missing"] == found["socketsLost"] == 0 and found["sockets"] == n
    paced = found["sent"] >= 0.98 * RATE * SECONDS
    return Outcome(
        f"signalling between {n:,} sockets of {where}, {RATE:.0f} messages a second",
        f"p99 <= {BAR_MS:.0f} ms, nothing lost",
        f"p99 {relay['p99']} ms, p50 {relay['p50']} ms, {found['missing']} of {found['sent']:,} lost; "
        f"{found['kilobytesPerSocket']:.0f} KB a socket, {found['serverCores']:.2f} of a core",
        n,
        complete and paced and relay["p99"] <= BAR_MS,
        found,
    )


def _load(servers: list[CallServer], store: int, rooms: int) -> dict[str, Any]:
    pids = [server.process.pid for server in servers]
    before = _sum(resident_bytes, pids)
    origins = [f"http://127.0.0.1:{server.port}" for server in servers]
    command = [sys.executable, "-m", "benchmarks.scale_measures.socket_load", *origins]
    command += ["--rooms", str(rooms), "--seconds", str(SECONDS), "--rate", str(RATE)]
    with subprocess.Popen(
        command, cwd=REPOSITORY, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as client:
        assert client.stdin is not None
        assert client.stdout is not None
        opened: dict[str, Any] = json.loads(client.stdout.readline())
        memory = _sum(resident_bytes, pids) - before
        cpu, store_cpu, begun = _sum(cpu_seconds, pids), cpu_seconds(store), time.monotonic()
        client.stdin.write("\n")
        client.stdin.flush()
        seen: dict[str, Any] = json.loads(client.stdout.readline())
        took = time.monotonic() - begun
    return {
        **opened,
        **seen,
        "kilobytesPerSocket": round(memory / opened["sockets"] / 1024, 1),
        "serverCores": round((_sum(cpu_seconds, pids) - cpu) / took, 3),
        "storeCores": round((cpu_seconds(store) - store_cpu) / took, 3),
    }


def _sum(what: Callable[[int], float], pids: list[int]) -> float:
    return sum(what(pid) for pid in pids)
