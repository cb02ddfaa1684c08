"""No process of this project tells anybody else what it does."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
OPENS_A_NETWORK = """
from talchum.vision.networks import default_networks_directory, network_path
from talchum.vision.runtime import open_session
open_session(network_path("face_detection_short_range", default_networks_directory()))
"""


def test_the_inference_runtime_keeps_no_name_for_this_machine(tmp_path: Path) -> None:
    """It makes one when it is loaded, and what it is going to send lies beside it."""
    places = {name: str(tmp_path) for name in ("HOME", "TMPDIR", "XDG_CACHE_HOME")}
    environment = {**os.environ, **places, "PYTHONPATH": str(ROOT / "src"), "PYTHONDONTWRITEBYTECODE": "1"}
    # what this process inherits, and what would keep the runtime quiet in automation only
    for name in ("ORT_DISABLE_TELEMETRY", "CI", "GITHUB_ACTIONS", "PYTEST_CURRENT_TEST"):
        environment.pop(name, None)
    done = subprocess.run(
        [sys.executable, "-c", OPENS_A_NETWORK],
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_it_is_off_before_it_can_be_loaded() -> None:
    says = "import talchum, os, sys; print(os.environ['ORT_DISABLE_TELEMETRY'], 'onnxruntime' in sys.modules)"
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src"), "ORT_DISABLE_TELEMETRY": "0"}
    done = subprocess.run([sys.executable, "-c", says], env=environment, capture_output=True, text=True)
    assert done.stdout.split() == ["1", "False"]
