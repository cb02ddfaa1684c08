"""A learned network becomes a whole identity that says what it learned from and how well."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from talchum.adapters.identity_files import load_assets
from talchum.domain.bundle import Bundle
from talchum.domain.errors import IdentityError
from talchum.domain.frame import Image
from talchum.domain.identity import LEARNED_FILES
from talchum.training.bundle import make_bundle
from talchum.training.learn import Learned
from talchum.training.train import HeldOut
from talchum.vision.engines.neural import NeuralEngine
from tests.adapters.learned_bundles import SHIPPED
from tests.training.performances import dataset
from tests.vision.scenes import face_networks, still_network

pytestmark = pytest.mark.vision


def made(fields: dict[str, Any] | None = None, files: dict[str, bytes] | None = None) -> Bundle:
    whole = SHIPPED.bundle("amara")
    learned = Learned(
        still_network(), steps=12, seed=7, held_out=HeldOut(33.456, 0.93217), int8_decibels=41.23
    )

    def encode(images: Sequence[Image], rate: int) -> bytes:
        return f"{len(images)} pictures at {rate}".encode()

    return make_bundle(
        {**whole.manifest, **(fields or {})},
        {**whole.files, **(files or {})},
        learned,
        dataset(),
        learned_from="a performance of this synthetic person",
        encode=encode,
    )


def test_a_bundle_can_be_worn() -> None:
    bundle = made()
    assert set(bundle.files) >= LEARNED_FILES
    assert bundle.identity.engines == ("neural", "portrait")
    assets = load_assets(bundle.identity, lambda name: bundle.files[name])
    assert assets.network == still_network()
    assert assets.neutral_shape is not None
    assert NeuralEngine.prepare(assets, face_networks().topology) is not None


def test_it_says_what_was_learned_from_and_how_well() -> None:
    bundle = made()
    metrics = json.loads(bundle.files["metrics.json"])
    assert metrics == {
        "steps": 12,
        "seed": 7,
        "heldOutPsnrDb": 33.46,
        "heldOutSsim": 0.9322,
        "int8ToFp32Db": 41.2,
    }
    network: Any = bundle.identity.provenance["network"]
    assert metrics.items() <= network.items()
    assert network["learnedFrom"] == "a performance of this synthetic person"
    assert bundle.identity.provenance["statement"] == SHIPPED.identity("amara").provenance["statement"]


def test_the_same_learning_makes_the_same_bundle() -> None:
    assert made().manifest == made().manifest


def test_the_shape_is_measured_and_the_preview_handed_to_the_encoder() -> None:
    files = made().files
    assert np.load(io.BytesIO(files["neutral_shape.npy"])).shape == (468, 3)
    assert files["preview.mp4"] == b"45 pictures at 15"


def test_what_an_earlier_training_left_is_replaced() -> None:
    bundle = made({"engines": ["neural", "portrait"]}, {"network.onnx": b"old", "preview.mp4": b"old"})
    assert bundle.files["network.onnx"] == still_network()
    assert b"old" not in bundle.files.values()
    assert bundle.identity.engines == ("neural", "portrait")


@pytest.mark.parametrize("fields", [{"engines": "portrait"}, {"provenance": None}, {"name": "../x"}])
def test_a_manifest_that_is_none_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(IdentityError) as refused:
        made(fields)
    assert refused.value.code == "identity_corrupt"
