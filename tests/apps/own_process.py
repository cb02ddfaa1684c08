"""What a program prints that runs in a process of its own, for what is set for a whole process."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

SRC = Path(__file__).resolve().parents[2] / "src"


def said(program: str) -> str:
    """Run Python with the project on its path."""
    command = [sys.executable, "-c", program]
    return subprocess.run(
        command, env={"PYTHONPATH": str(SRC)}, capture_output=True, text=True, check=True
    ).stdout.strip()
