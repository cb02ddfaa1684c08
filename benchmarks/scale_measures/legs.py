"""How many face legs this machine serves, what each costs, and what one too many does to the others."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import av
import numpy as np

from benchmarks.camera_clip import write_camera_clip
from benchmarks.machine import REPOSITORY
from benchmarks.outcome import Outcome
from benchmarks.scale_measures.processes import cpu_seconds, fine_cpu_seconds, resident_bytes
from talchum.adapters.cpu_share import usable_cores
from talchum.domain.frame import Image
from talchum.domain.slot_control import most_slots
from tests.calls.service import Service, running_service

CLIP = REPOSITORY / "tests" / "media" / "synthetic_clip.mp4"
WIDTH, HEIGHT, RATE = 640, 360, 24
IDENTITY = "sora"
AGE_BAR_MS = 100.0
LEAST_LEGS = 3
FLATNESS = 0.15
SECONDS = 15.0
SAME_MS = 10.0
"""Within which two p95s of the same load lie."""


def measure_legs(n: int) -> Outcome:
    """1 to `n` legs of the default engine on one worker."""
    return _measure("portrait", n, LEAST_LEGS)


def measure_neural_legs(n: int) -> Outcome:
    """1 to `n` legs of the heavier engine."""
    return _measure("neural", n, 1)


def measure_admission(n: int) -> Outcome:
    """All slots of a worker that measured them itself, and `n` performers more."""
    with tempfile.TemporaryDirectory() as scratch:
        clip = write_clip(Path(scratch) / "camera.mp4")
        with running_service(Path(scratch) / "service", settings={"TALCHUM_LOG_LEVEL": "INFO"}) as service:
            slots = int(service.health()["freeLegs"])
            before, after = _load(service, clip, "portrait", slots, extra=n)[1:]
    worst = [max(age or 0.0 for age in part["frameAgeP95Ms"]) for part in (before, after)]
    waited = [places for places in after["places"] if places]
    refused = [codes for codes in after["refusals"] if codes]
    only = {code for codes in refused for code in codes}
    allowed = most_slots(slots) - slots
    # Where nobody more is served nothing may change; one more may cost up to the bar.
    limit = AGE_BAR_MS if after["served"] else worst[0] + SAME_MS
    return Outcome(
        f"{n} performers more than the {slots} slots that a worker measured",
        f"at most {allowed} served, the rest told their place and refused; all legs in time, and no older by "
        f"{SAME_MS:.0f} ms (p95 of frameAge) where none is served",
        f"{after['served']} served, {len(refused)} refused; worst p95 of frameAge {worst[0]} ms before, "
        f"{worst[1]} ms with them",
        n,
        after["served"] <= allowed
        and len(waited) == n
        and len(refused) >= n - after["served"]
        and only <= {"no_free_face_worker"}
        and worst[1] <= limit
        and _in_time(before)
        and _in_time(after),
        {"slots": slots, "before": before, "withMore": after},
    )


def _measure(engine: str, most: int, least: int) -> Outcome:
    settings = {"TALCHUM_WORKER_SLOTS": str(most)}
    with tempfile.TemporaryDirectory() as scratch:
        clip = write_clip(Path(scratch) / "camera.mp4")
        with running_service(Path(scratch) / "service", settings=settings) as service:
            steps = ladder(lambda legs: _step(service, clip, engine, legs), most)
    good = [step for step in steps if _in_time(step)]
    found = good[-1] if good else steps[0]
    memory = _megabytes_per_further_leg(good)
    return Outcome(
        f"legs on {round(usable_cores())} cores at {WIDTH}x{HEIGHT}@{RATE} with {engine}",
        f">= {least} with p95 of frameAge <= {AGE_BAR_MS:.0f} ms; cores a leg within {FLATNESS:.0%} of one's",
        f"{len(good)} legs, worst p95 of frameAge {max(found['frameAgeP95Ms'])} ms; cores a leg "
        f"{', '.join(map(_cost, good))}; {memory or 0:.0f} MB for each further one; "
        f"the load's own {found['loadCores']:.2f} cores",
        most,
        len(good) >= least and unevenness(good) <= FLATNESS,
        {"servedInTime": len(good), "megabytesPerFurtherLeg": memory, "steps": steps},
    )


def ladder(step: Callable[[int], dict[str, Any]], most: int) -> list[dict[str, Any]]:
    """1, 2, 3 … legs until one is too many, each between two times of one alone.

    A virtual machine gets slower and faster by a third within minutes: what several cost is compared with
    what one costs at the same time.
    """
    steps = [step(1)]
    before = steps[0]["coresPerLeg"]
    while _in_time(steps[-1]) and len(steps) < most:
        several, after = step(len(steps) + 1), step(1)["coresPerLeg"]
        steps.append({**several, "coresOfOne": round((before + after) / 2, 3)})
        before = after
    return steps


def unevenness(steps: Sequence[Mapping[str, Any]]) -> float:
    """By how much of it the cores a leg differ at most from those of one leg at the same time."""
    several = (step for step in steps if "coresOfOne" in step)
    return max((abs(step["coresPerLeg"] / step["coresOfOne"] - 1) for step in several), default=0.0)


def _cost(step: Mapping[str, Any]) -> str:
    cores = f"{step['coresPerLeg']:.2f}"
    return f"{cores} (one: {step['coresOfOne']:.2f})" if "coresOfOne" in step else cores


def _megabytes_per_further_leg(steps: list[dict[str, Any]]) -> float | None:
    """What a worker holds more for each leg beside the first, None where there was one at most."""
    if len(steps) < 2:
        return None
    first, last = steps[0], steps[-1]
    more = float(last["workerMegabytes"] - first["workerMegabytes"])
    return round(more / float(last["legs"] - first["legs"]), 1)


def _in_time(step: dict[str, Any]) -> bool:
    late = any(age is None or age > AGE_BAR_MS for age in step["frameAgeP95Ms"])
    slow = any(rate < 0.9 * RATE for rate in step["framesPerSecond"])
    return not (late or slow or step["fallbacks"])


def _step(service: Service, clip: Path, engine: str, legs: int) -> dict[str, Any]:
    _, seen = _load(service, clip, engine, legs)
    return {"legs": legs, **seen}


def _load(service: Service, clip: Path, engine: str, legs: int, extra: int = 0) -> list[dict[str, Any]]:
    """The lines of a load, the second with what worker, store and the load itself used meanwhile."""
    worker, store = (running.process.pid for running in (service.workers[0], service.stores[0]))
    command = [sys.executable, "-m", "benchmarks.scale_measures.leg_load", service.url()]
    command += ["--legs", str(legs), "--extra", str(extra), "--identity", IDENTITY, "--engine", engine]
    command += ["--clip", str(clip), "--seconds", str(SECONDS)]
    environment = {**service.environment(), "PYTHONPATH": f"{REPOSITORY / 'src'}:{REPOSITORY}"}
    with subprocess.Popen(
        command, cwd=REPOSITORY, env=environment, stdout=subprocess.PIPE, text=True
    ) as client:
        assert client.stdout is not None
        lines: list[dict[str, Any]] = [json.loads(client.stdout.readline())]
        pids = (worker, client.pid)
        before, begun = [cpu_seconds(pid) for pid in pids], time.monotonic()
        kept = fine_cpu_seconds(store)
        lines.append(json.loads(client.stdout.readline()))
        took = time.monotonic() - begun
        cores, load = ((cpu_seconds(pid) - used) / took for pid, used in zip(pids, before, strict=True))
        lines[1] |= {
            "workerCores": round(cores, 3),
            "coresPerLeg": round(cores / legs, 3),
            "workerMegabytes": round(resident_bytes(worker) / 1024**2),
            "loadCores": round(load, 3),
            "storeCores": round((fine_cpu_seconds(store) - kept) / took, 5),
        }
        lines += [json.loads(line) for line in client.stdout]
    return lines


def write_clip(path: Path) -> Path:
    """The project's own drawn clip as a wide camera shows it."""
    with av.open(str(CLIP)) as source:
        images = (
            _wide(np.asarray(frame.to_ndarray(format="rgb24"), np.uint8)) for frame in source.decode(video=0)
        )
        return write_camera_clip(path, images, (WIDTH, HEIGHT), RATE)


def _wide(image: Image) -> Image:
    top = (image.shape[0] - image.shape[1] * HEIGHT // WIDTH) // 2
    return image[top : image.shape[0] - top]
