"""The face networks that ship: each person performs, a network learns them, and it joins their identity.

``python -m faces.networks --out src/talchum/identities [--only NAME ...]`` needs the extra ``train``. The
person is drawn performing (`faces.performance`), a network learns from that clip, and the whole bundle is
made of it. It takes no clip: what is learned from is always what this very command drew.
``--keep-networks`` teaches nothing and makes the other files anew from the networks that are there.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import cast

import cv2
import torch

from faces.performance import person_named, write_performance
from faces.roster import PEOPLE
from talchum.adapters.identity_files import IdentityFiles
from talchum.adapters.preview_clip import preview_clip
from talchum.adapters.video_file import ClipReader
from talchum.domain.bundle import Bundle
from talchum.domain.frame import I420Frame
from talchum.domain.identity import NETWORK_FILE
from talchum.training.bundle import make_bundle
from talchum.training.dataset import Dataset
from talchum.training.learn import Learned, dataset_of, learn
from talchum.training.train import HeldOut, TrainOptions, TrainStep
from talchum.vision.networks import default_networks_directory
from talchum.vision.pipeline import FaceNetworks

LEARNED_FROM = (
    "faces.performance of this same synthetic person; begun with the base network, "
    "which learned from performances of synthetic people and nothing else"
)


def performance_of(name: str, cache: Path | None) -> Iterator[I420Frame]:
    """A person's performance, drawn now and read back from its clip, as a camera's would come."""
    with tempfile.TemporaryDirectory() as scratch:
        write_performance(Path(scratch), person_named(name), cache=cache)
        with ClipReader(Path(scratch) / f"{name}.mp4") as reader:
            yield from reader.frames()


def shown(name: str, identities: IdentityFiles, frames: Iterator[I420Frame]) -> Dataset:
    """What a person's network learns from: their performance, beside their own still."""
    assets = identities.assets(name)
    if assets.texture is None:
        raise ValueError(f"got {name!r} without a texture, expected a person")
    networks = FaceNetworks.load(default_networks_directory())
    return dataset_of(frames, assets.texture, assets.texture_points, networks)


def kept(bundle: Bundle) -> Learned:
    """The network that an identity has already, with the figures it was kept with."""
    made = bundle.identity.provenance.get("network")
    if NETWORK_FILE not in bundle.files or not isinstance(made, Mapping):
        raise ValueError(f"got {bundle.identity.name!r} without a network, expected one to keep")
    figures = cast("Mapping[str, float]", made)
    return Learned(
        bundle.files[NETWORK_FILE],
        int(figures["steps"]),
        int(figures["seed"]),
        HeldOut(figures["heldOutPsnrDb"], figures["heldOutSsim"]),
        figures["int8ToFp32Db"],
    )


def join(identities: IdentityFiles, name: str, learned: Learned, dataset: Dataset) -> None:
    """Put what was learned into an identity: all its files, their hashes, and where they come from."""
    whole = identities.bundle(name)
    bundle = make_bundle(
        whole.manifest, whole.files, learned, dataset, learned_from=LEARNED_FROM, encode=preview_clip
    )
    identities.write(bundle)


def tell(step: TrainStep) -> None:
    """Say on stderr how well what was held out is painted."""
    if step.held_out is not None:
        figures = f"{step.held_out.psnr:.2f} dB, SSIM {step.held_out.ssim:.4f}"
        print(f"{step.step}: {figures}", file=sys.stderr)


def main() -> None:
    """Teach networks and put them into identities."""
    parser = argparse.ArgumentParser(prog="python -m faces.networks", description=main.__doc__)
    parser.add_argument("--out", type=Path, required=True, help="the directory of identities")
    parser.add_argument("--only", nargs="*", default=[], metavar="NAME")
    parser.add_argument(
        "--keep-networks", action="store_true", help="make the other files anew, and no network"
    )
    parser.add_argument("--checkpoints", type=Path, help="where a training can go on after a kill")
    parser.add_argument("--cache", type=Path, help="where the pinned wheel is kept")
    parser.add_argument("--steps", type=int, default=TrainOptions().steps)
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    torch.set_num_threads(arguments.threads)
    identities, options = IdentityFiles(arguments.out), TrainOptions(steps=arguments.steps)
    for name in arguments.only or [person.name for person in PEOPLE]:
        before = kept(identities.bundle(name)) if arguments.keep_networks else None
        dataset = shown(name, identities, performance_of(name, arguments.cache))
        checkpoint = arguments.checkpoints / f"{name}.pt" if arguments.checkpoints is not None else None
        learned = before or learn(dataset, options, checkpoint, tell)
        join(identities, name, learned, dataset)


if __name__ == "__main__":
    main()
