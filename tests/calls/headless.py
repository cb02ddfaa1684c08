"""`talchum call` as a process, for calls without browsers."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.calls.service import Service, ServiceError
from tests.network.namespaces import Namespace

PATIENCE = 60.0  # seconds beyond what a call was asked to last


@dataclass(frozen=True, slots=True)
class HeadlessCall:
    """A running `talchum call`. seconds: how long it was asked to stay."""

    process: subprocess.Popen[str]
    seconds: float

    def report(self) -> dict[str, Any]:
        """What it printed at its end (`talchum call --json`); ServiceError when it failed."""
        output, errors = self.process.communicate(timeout=self.seconds + PATIENCE)
        if self.process.returncode != 0:
            raise ServiceError(f"talchum call ended with {self.process.returncode}: {errors[-1500:]}")
        report: dict[str, Any] = json.loads(output)
        return report


@contextlib.contextmanager
def headless_call(
    service: Service,
    link: str,
    clip: Path,
    *,
    seconds: float,
    place: Namespace | None = None,
    arguments: Sequence[str] = (),
    program: str = "talchum.apps.cli",
) -> Iterator[HeadlessCall]:
    """Joins a call. place: where the client runs, the service's own place when None.

    program: the module that is run; another than the project's own is a client that misbehaves.
    """
    argv = [sys.executable, "-m", program, "call", link, "--play", str(clip)]
    argv += ["--seconds", str(seconds), "--json", *arguments]
    inside = place or service.place
    process = subprocess.Popen(
        argv if inside is None else inside.command(argv),
        env=service.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield HeadlessCall(process, seconds)
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()
