"""How many people a minute can come and be connected with their other."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.machine import REPOSITORY
from benchmarks.outcome import Outcome
from benchmarks.scale_measures.processes import cpu_seconds
from tests.apps.call_servers import installation

PER_MINUTE = 200.0


def measure_joins(n: int) -> Outcome:
    """`n` joins by pairs that negotiate a real connection without media."""
    with tempfile.TemporaryDirectory() as name, installation(Path(name)) as running:
        server = running.start()
        store = running.store.process
        assert store is not None
        before, kept = cpu_seconds(server.process.pid), cpu_seconds(store.pid)
        command = [sys.executable, "-m", "benchmarks.scale_measures.join_load"]
        command += [f"http://127.0.0.1:{server.port}", "--joins", str(n), "--per-minute", str(PER_MINUTE)]
        done = subprocess.run(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True, check=True)
        found: dict[str, Any] = json.loads(done.stdout)
        found["serverMsPerJoin"] = round(1000 * (cpu_seconds(server.process.pid) - before) / n, 1)
        found["storeMsPerJoin"] = round(1000 * (cpu_seconds(store.pid) - kept) / n, 2)
    wait = found["toConnectionMs"] or {"p50": None, "p99": None}
    return Outcome(
        f"joins at {PER_MINUTE:.0f} a minute, each negotiating a connection without media",
        f"{PER_MINUTE:.0f} a minute, no error",
        f"{found['connected']} of {n} connected at {found['perMinute']:.0f} a minute, "
        f"{sum(found['errors'].values())} errors; to the connection p50 {wait['p50']} ms, "
        f"p99 {wait['p99']} ms; "
        f"{found['serverMsPerJoin']} ms of the server's CPU each",
        n,
        found["connected"] == n and not found["errors"] and found["perMinute"] >= 0.98 * PER_MINUTE,
        found,
    )
