"""From a performance to a network that may be worn: cut, train, export, compare."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from talchum.domain.errors import TrainingError
from talchum.domain.face import Points
from talchum.domain.frame import I420Frame, Image
from talchum.training.dataset import Dataset, make_dataset
from talchum.training.export import expect_alike, export_fp32, export_int8
from talchum.training.train import HeldOut, Training, TrainOptions, TrainStep
from talchum.vision.conditioning import cut_reference
from talchum.vision.detection import FaceDetector
from talchum.vision.landmarks import LandmarkNetwork
from talchum.vision.pipeline import FaceNetworks
from talchum.vision.tracking import FaceTracker


@dataclass(frozen=True, slots=True, eq=False)
class Learned:
    """A network that may be worn, and how well it paints what it never saw.

    network: ONNX, in eight bits. int8_decibels: how alike it is to the single precision.
    """

    network: bytes
    steps: int
    seed: int
    held_out: HeldOut
    int8_decibels: float


def dataset_of(
    frames: Iterable[I420Frame], still: Image, still_points: Points, networks: FaceNetworks
) -> Dataset:
    """What a person's network learns from.

    still: RGB, their face at rest from the front. still_points: (468, 2), where its mesh lies, pixels.
    Raises TrainingError as `make_dataset`.
    """
    tracker = FaceTracker(FaceDetector(networks.detector), LandmarkNetwork(networks.landmarks))
    reference = cut_reference(still, still_points, networks.topology)
    return make_dataset(frames, tracker, networks.topology, reference)


def learn(
    dataset: Dataset,
    options: TrainOptions,
    checkpoint: Path | None = None,
    told: Callable[[TrainStep], None] | None = None,
) -> Learned:
    """Train to the end and export.

    checkpoint: where a training that was stopped goes on. told: hears of each step; what it raises stops the
    training there. Raises TrainingError (`int8_differs`).
    """
    training = Training(dataset, options, checkpoint)
    held_out: HeldOut | None = None
    for step in training.run():
        held_out = step.held_out or held_out
        if told is not None:
            told(step)
    return export(training, dataset, options, held_out or training.look(dataset.held_out))


def export(training: Training, dataset: Dataset, options: TrainOptions, held_out: HeldOut) -> Learned:
    """What a training that is over has learned. Raises TrainingError (`int8_differs`)."""
    if training.step < options.steps:
        raise TrainingError(f"got a training at step {training.step}, expected {options.steps}")
    fp32 = export_fp32(training.network)
    int8 = export_int8(fp32, dataset.learned)
    return Learned(int8, options.steps, options.seed, held_out, expect_alike(fp32, int8, dataset.held_out))
