"""Something to learn from that takes no time: the project's own clip, and a network too small to be worn."""

from __future__ import annotations

from functools import cache

from talchum.training.dataset import Dataset, make_dataset
from talchum.training.network import Widths
from talchum.training.train import TrainOptions
from talchum.vision.conditioning import Reference, cut_reference
from talchum.vision.detection import FaceDetector
from talchum.vision.landmarks import LandmarkNetwork
from talchum.vision.tracking import FaceTracker
from tests.vision.scenes import clip, face_networks, portrait_identity

SMALL: Widths = (8, 8, 8, 8)
WHOLE_CLIP = 168


def tracker() -> FaceTracker:
    networks = face_networks()
    return FaceTracker(FaceDetector(networks.detector), LandmarkNetwork(networks.landmarks))


def still() -> Reference:
    identity = portrait_identity()
    assert identity.texture is not None
    return cut_reference(identity.texture, identity.texture_points, face_networks().topology)


@cache
def dataset() -> Dataset:
    """The project's clip, cut into what a network learns from."""
    return make_dataset(clip(WHOLE_CLIP), tracker(), face_networks().topology, still())


def few_steps(steps: int, seed: int = 0) -> TrainOptions:
    return TrainOptions(
        steps=steps, batch=2, rate=2e-3, warm_up=5, seed=seed, look_every=15, checkpoint_every=3, widths=SMALL
    )
