"""CPU time of the face pipeline, a stage at a time, over every engine: 1280x720 on one thread.

    python -m benchmarks.pipeline [--out benchmarks/results/pipeline.json]

The clip is the project's own, enlarged to 720 rows, so that the face is over 250 pixels wide. The bars are
10 ms a frame for portrait and 18 for neural, the detector's share included. Times are CPU milliseconds of the
pipeline's thread; `processMs` is what the whole process used, other threads included.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from benchmarks.machine import REPOSITORY, commit, describe_machine, spread
from talchum.adapters.identity_files import IdentityFiles, default_identities_directory
from talchum.adapters.video_file import ClipReader
from talchum.domain.face import MESH_LANDMARKS
from talchum.domain.frame import I420Frame
from talchum.domain.leg_tag import LegTag
from talchum.vision.blending import frame_to_image, image_to_frame
from talchum.vision.detection import FaceDetector
from talchum.vision.engines import ENGINES
from talchum.vision.landmarks import LandmarkNetwork
from talchum.vision.marks import Marking
from talchum.vision.networks import default_networks_directory
from talchum.vision.pipeline import FaceNetworks, FacePipeline, prepare_worn_face, warm_up
from talchum.vision.tracking import FaceTracker

CLIP = REPOSITORY / "tests" / "media" / "synthetic_clip.mp4"
WIDTH, HEIGHT = 1280, 720
WARM_FRAMES = 15
BARS_MS, MIN_FACE_WIDTH = {"portrait": 10.0, "neural": 18.0}, 250
STAGES = {"track": "trackTime", "render": "renderTime", "blend": "blendTime", "mark": "markTime"}


def enlarged_clip() -> list[I420Frame]:
    """The clip at 1280x720: enlarged to 720 rows, its edges carried on to both sides."""
    frames = []
    with ClipReader(CLIP) as clip:
        for frame in clip.frames():
            columns = round(frame.width * HEIGHT / frame.height)
            image = cv2.resize(frame_to_image(frame), (columns, HEIGHT), interpolation=cv2.INTER_CUBIC)
            left = (WIDTH - columns) // 2
            wide = cv2.copyMakeBorder(image, 0, 0, left, WIDTH - columns - left, cv2.BORDER_REFLECT)
            frames.append(image_to_frame(np.asarray(wide, np.uint8), frame.media_time))
    return frames


def face_width(networks: FaceNetworks, frames: list[I420Frame]) -> float:
    """Median width of the mesh, pixels."""
    tracker = FaceTracker(FaceDetector(networks.detector), LandmarkNetwork(networks.landmarks))
    faces = [tracker.update(frame).face for frame in frames]
    widths = [float(np.ptp(face.landmarks[:MESH_LANDMARKS, 0])) for face in faces if face is not None]
    return float(np.median(widths))


def measure(networks: FaceNetworks, frames: list[I420Frame], identity: str, engine: str) -> dict[str, Any]:
    """CPU milliseconds a frame, by stage and in total."""
    assets = IdentityFiles(default_identities_directory()).assets(identity)
    pipeline = FacePipeline(networks, Marking(LegTag(0)))
    pipeline.wear(prepare_worn_face(assets, engine, topology=networks.topology))
    times: dict[str, list[float]] = {name: [] for name in (*STAGES, "total")}
    kinds: list[str] = []
    for frame in frames[:WARM_FRAMES]:
        pipeline.transform(frame, frame.media_time)
    whole = time.process_time()
    for frame in frames[WARM_FRAMES:]:
        start = time.thread_time()
        egress = pipeline.transform(frame, frame.media_time)
        times["total"].append(1e3 * (time.thread_time() - start))
        kinds.append(egress.kind)
        for name, stage in STAGES.items():
            times[name].append(1e3 * egress.stage_times.get(stage, 0.0))
    process_ms = 1e3 * (time.process_time() - whole) / len(kinds)
    return {
        "identity": identity,
        "frames": len(kinds),
        "faceFrames": kinds.count("face"),
        "cpuMs": {name: spread(values) for name, values in times.items()},
        "processMs": round(process_ms, 2),
    }


def identity_for(engine: str) -> str | None:
    """The first installed identity that the engine can wear, None when there is none."""
    installed = IdentityFiles(default_identities_directory()).list()
    return next((identity.name for identity in installed if engine in identity.engines), None)


def main() -> int:
    """Measure, print, write; 1 when an engine is over its bar."""
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--out", type=Path, default=REPOSITORY / "benchmarks" / "results" / "pipeline.json")
    out: Path = options.parse_args().out
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    cv2.setNumThreads(1)
    machine = describe_machine()
    networks = FaceNetworks.load(default_networks_directory())
    warm_up(networks)
    frames = enlarged_clip()
    width = face_width(networks, frames)
    worn = {name: identity for name in ENGINES if (identity := identity_for(name)) is not None}
    engines = {name: measure(networks, frames, identity, name) for name, identity in worn.items()}
    means = {name: engines[name]["cpuMs"]["total"]["mean"] for name in BARS_MS}
    met = width >= MIN_FACE_WIDTH and all(means[name] <= bar for name, bar in BARS_MS.items())
    result = {
        "benchmark": "pipeline",
        "commit": commit(),
        "machine": machine,
        "frame": {"width": WIDTH, "height": HEIGHT, "clip": CLIP.name},
        "faceWidthPx": round(width),
        "threads": 1,
        "engines": engines,
        "withoutIdentity": sorted(set(ENGINES) - set(worn)),
        "bar": {"totalMeanMs": BARS_MS, "minFaceWidthPx": MIN_FACE_WIDTH, "met": met},
    }
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(result, indent=2))
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
