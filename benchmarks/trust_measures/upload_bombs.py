"""Files that claim more than they are: how long and how much memory it takes to refuse each."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from onnx import helper

from benchmarks.outcome import Outcome
from talchum.adapters.array_file import decode_floats
from talchum.adapters.image_file import decode_image
from talchum.adapters.video_file import ClipReader
from talchum.domain.errors import TalchumError
from talchum.vision.runtime import open_network
from tests.adapters.bombs import ARRAYS, CLIPS, IMAGES, NETWORKS, onnx_model

BAR_MS = 10.0
BAR_MB = 50.0


def measure_upload_bombs(n: int) -> Outcome:
    """Have each bomb refused `n` times, in a process of their own, which may die of one."""
    argv = [sys.executable, "-m", __name__, str(n)]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    bar = f"each refused, < {BAR_MS:.0f} ms, < {BAR_MB:.0f} MB more"
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or [""])[-1]
        return Outcome("upload bombs", bar, f"exit status {done.returncode}: {last[:200]}", n, False)
    bombs = json.loads(done.stdout.splitlines()[-1])
    slowest = max(one["ms"] for one in bombs.values())
    largest = max(one["grownMb"] for one in bombs.values())
    refused = sum(one["refused"] for one in bombs.values())
    seen = f"{refused} of {len(bombs)} refused, {slowest} ms, {largest} MB more"
    met = refused == len(bombs) and slowest < BAR_MS and largest < BAR_MB
    return Outcome("upload bombs", bar, seen, n * len(bombs), met, {"bombs": bombs})


def _all(n: int) -> dict[str, dict[str, float | bool]]:
    _open(onnx_model([helper.make_node("Relu", ["x"], ["y"])]))  # what the runtime needs once
    found = {}
    for kind, bombs, read in (
        ("image", IMAGES, decode_image),
        ("array", ARRAYS, decode_floats),
        ("network", NETWORKS, _open),
        ("clip", CLIPS, _play),
    ):
        found.update({f"{kind}: {name}": _refused(make(), read, n) for name, make in bombs.items()})
    return found


def _open(raw: bytes) -> object:
    return open_network(raw, "a network")


def _play(raw: bytes) -> object:
    with tempfile.NamedTemporaryFile() as file:
        file.write(raw)
        file.flush()
        with ClipReader(Path(file.name)) as reader:
            return list(reader.frames())


def _refused(raw: bytes, read: Callable[[bytes], object], n: int) -> dict[str, float | bool]:
    """The median of the times, and by how much the process grew at most."""
    Path("/proc/self/clear_refs").write_text("5")  # forgets the highest resident size
    before, times, refused = _memory("VmRSS"), [], True
    for _ in range(n):
        begun = time.perf_counter()
        try:
            read(raw)
            refused = False
        except TalchumError:
            times.append(time.perf_counter() - begun)
    median = sorted(times)[len(times) // 2] if times else 0.0
    grown = max(0.0, _memory("VmHWM") - before)
    return {"ms": round(1e3 * median, 2), "grownMb": round(grown, 1), "refused": refused}


def _memory(name: str) -> float:
    """Megabytes, as the kernel counts them."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name)) / 1024


if __name__ == "__main__":
    print(json.dumps(_all(int(sys.argv[1]))))
