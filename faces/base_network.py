"""The network that every training begins with, taught with the performances of the shipped people.

``python -m faces.base_network --out src/talchum/training/base_network.npz`` needs the extra ``train`` and two
hours of two cores: it draws everybody (`faces.performance`) and teaches one network all of them. It takes no
clip.
"""

from __future__ import annotations

import argparse
import hashlib
from pathlib import Path

import cv2
import torch

from faces.networks import performance_of, shown, tell
from faces.roster import PEOPLE
from talchum.adapters.identity_files import IdentityFiles, default_identities_directory
from talchum.training.base_network import packed
from talchum.training.dataset import Dataset
from talchum.training.train import Training, TrainOptions

STEPS, RATE = 10_000, 1e-3
_LOOKED_AT = 8  # of the held-out moments, one


def joined(datasets: list[Dataset]) -> Dataset:
    """The moments of several people; each brings its own still."""
    return Dataset(
        tuple(moment for dataset in datasets for moment in dataset.learned),
        tuple(moment for dataset in datasets for moment in dataset.held_out[::_LOOKED_AT]),
        datasets[0].topology,
    )


def main() -> None:
    """Teach the base network."""
    parser = argparse.ArgumentParser(prog="python -m faces.base_network", description=main.__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--only", nargs="*", default=[], metavar="NAME", help="default: everybody")
    parser.add_argument("--checkpoint", type=Path, help="where it can go on after a kill")
    parser.add_argument("--cache", type=Path, help="where the pinned wheel is kept")
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    torch.set_num_threads(arguments.threads)
    identities = IdentityFiles(default_identities_directory())
    names = arguments.only or [person.name for person in PEOPLE]
    people = [shown(name, identities, performance_of(name, arguments.cache)) for name in names]
    options = TrainOptions(steps=arguments.steps, rate=RATE, base=False)
    training = Training(joined(people), options, arguments.checkpoint)
    for step in training.run():
        tell(step)
    raw = packed(training.network)
    arguments.out.write_bytes(raw)
    print(f"sha256 {hashlib.sha256(raw).hexdigest()}: pin it in talchum.training.base_network")


if __name__ == "__main__":
    main()
