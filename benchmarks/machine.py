"""What a measurement was made on: enough to compare it with another one, and to doubt it."""

from __future__ import annotations

import os
import platform
import subprocess
from pathlib import Path
from typing import Any

import numpy as np

REPOSITORY = Path(__file__).parent.parent


def describe_machine() -> dict[str, Any]:
    """Processor, cores, Python and the load before the measurement: other work makes every figure worse."""
    return {
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "loadAverage": [round(value, 2) for value in os.getloadavg()],
    }


def commit() -> str:
    """The commit that was measured, "-dirty" when the sources differ from it, "unknown" without one."""
    git = ["git", "-C", str(REPOSITORY)]
    try:
        name = subprocess.run(
            [*git, "rev-parse", "--short=12", "HEAD"], check=True, capture_output=True, text=True
        )
        changes = subprocess.run(
            [*git, "status", "--porcelain", "--", "src"], check=True, capture_output=True, text=True
        )
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return name.stdout.strip() + ("-dirty" if changes.stdout.strip() else "")


def spread(values: list[float], digits: int = 2) -> dict[str, float]:
    """p50, p95, p99 and mean."""
    array = np.array(values)
    points = {f"p{share}": round(float(np.percentile(array, share)), digits) for share in (50, 95, 99)}
    return {**points, "mean": round(float(array.mean()), digits)}


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    return next(
        (line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown"
    )
