"""The face networks that ship: each person performs, a network learns them, and it joins their identity.

``python -m faces.networks --out src/talchum/identities [--only NAME ...]`` needs the extra ``train``. The
person is drawn performing (`faces.performance`), a network learns from that clip, and is kept in eight bits.
It takes no clip: what is learned from is always what this very command drew.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import torch

from faces.performance import person_named, write_performance
from faces.roster import PEOPLE
from talchum.adapters.identity_files import MANIFEST_FILE, IdentityFiles
from talchum.adapters.video_file import ClipReader
from talchum.domain.frame import I420Frame
from talchum.domain.identity import NETWORK_FILE
from talchum.training.dataset import Dataset, make_dataset
from talchum.training.export import expect_alike, export_fp32, export_int8
from talchum.training.train import HeldOut, Training, TrainOptions
from talchum.vision.conditioning import cut_reference
from talchum.vision.detection import FaceDetector
from talchum.vision.landmarks import LandmarkNetwork
from talchum.vision.networks import default_networks_directory
from talchum.vision.pipeline import FaceNetworks
from talchum.vision.tracking import FaceTracker

ENGINES = ["portrait", "neural"]


@dataclass(frozen=True, slots=True, eq=False)
class Learned:
    """A network that may ship, and how well it paints what it never saw."""

    network: bytes
    steps: int
    held_out: HeldOut
    int8_decibels: float


def performance_of(name: str, cache: Path | None) -> Iterator[I420Frame]:
    """A person's performance, drawn now and read back from its clip, as a camera's would come."""
    with tempfile.TemporaryDirectory() as scratch:
        write_performance(Path(scratch), person_named(name), cache=cache)
        with ClipReader(Path(scratch) / f"{name}.mp4") as reader:
            yield from reader.frames()


def dataset_of(name: str, identities: IdentityFiles, frames: Iterator[I420Frame]) -> Dataset:
    """What a person's network learns from."""
    networks = FaceNetworks.load(default_networks_directory())
    tracker = FaceTracker(FaceDetector(networks.detector), LandmarkNetwork(networks.landmarks))
    assets = identities.assets(name)
    if assets.texture is None:
        raise ValueError(f"got {name!r} without a texture, expected a person")
    reference = cut_reference(assets.texture, assets.texture_points, networks.topology)
    return make_dataset(frames, tracker, networks.topology, reference)


def learn(dataset: Dataset, options: TrainOptions, checkpoint: Path | None) -> Learned:
    """Train, tell of it on stderr, export and compare."""
    training = Training(dataset, options, checkpoint)
    held_out = training.look(dataset.held_out)
    for step in training.run():
        if step.held_out is not None:
            held_out = step.held_out
            print(f"{step.step}: {held_out.psnr:.2f} dB, SSIM {held_out.ssim:.4f}", file=sys.stderr)
    fp32 = export_fp32(training.network)
    int8 = export_int8(fp32, dataset.learned)
    return Learned(int8, options.steps, held_out, expect_alike(fp32, int8, dataset.held_out))


def join(directory: Path, name: str, learned: Learned, seed: int) -> None:
    """Put a network into an identity: the file, its hash, the engine, and where it comes from."""
    (directory / name / NETWORK_FILE).write_bytes(learned.network)
    path = directory / name / MANIFEST_FILE
    manifest = json.loads(path.read_text(encoding="utf-8"))
    manifest["engines"] = ENGINES
    manifest["provenance"]["network"] = {
        "generator": "faces.networks",
        "learnedFrom": "faces.performance of this same synthetic person, and nothing else",
        "steps": learned.steps,
        "seed": seed,
        "torch": torch.__version__.partition("+")[0],
        "heldOutPsnrDb": round(learned.held_out.psnr, 2),
        "heldOutSsim": round(learned.held_out.ssim, 4),
        "int8ToFp32Db": round(learned.int8_decibels, 1),
    }
    digest = hashlib.sha256(learned.network).hexdigest()
    manifest["files"] = dict(sorted({**manifest["files"], NETWORK_FILE: digest}.items()))
    path.write_text(json.dumps(manifest, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


def main() -> None:
    """Teach networks and put them into identities."""
    parser = argparse.ArgumentParser(prog="python -m faces.networks", description=main.__doc__)
    parser.add_argument("--out", type=Path, required=True, help="the directory of identities")
    parser.add_argument("--only", nargs="*", default=[], metavar="NAME")
    parser.add_argument("--checkpoints", type=Path, help="where a training can go on after a kill")
    parser.add_argument("--cache", type=Path, help="where the pinned wheel is kept")
    parser.add_argument("--steps", type=int, default=TrainOptions().steps)
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    torch.set_num_threads(arguments.threads)
    identities, options = IdentityFiles(arguments.out), TrainOptions(steps=arguments.steps)
    for name in arguments.only or [person.name for person in PEOPLE]:
        dataset = dataset_of(name, identities, performance_of(name, arguments.cache))
        checkpoint = arguments.checkpoints / f"{name}.pt" if arguments.checkpoints is not None else None
        join(arguments.out, name, learn(dataset, options, checkpoint), options.seed)


if __name__ == "__main__":
    main()
