"""A learned network becomes a whole identity: its files, and a manifest that says what was learned from."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from talchum.domain.bundle import Bundle
from talchum.domain.errors import IdentityError
from talchum.domain.frame import Image
from talchum.domain.identity import (
    LEARNED_FILES,
    METRICS_FILE,
    NETWORK_FILE,
    NEUTRAL_SHAPE_FILE,
    PREVIEW_FILE,
)
from talchum.training.dataset import Dataset
from talchum.training.learn import Learned
from talchum.training.neutral_shape import neutral_shape
from talchum.training.preview import PREVIEW_RATE, preview_frames

Encode = Callable[[Sequence[Image], int], bytes]

ENGINE = "neural"


def make_bundle(
    fields: Mapping[str, object],
    files: Mapping[str, bytes],
    learned: Learned,
    dataset: Dataset,
    *,
    learned_from: str,
    encode: Encode,
) -> Bundle:
    """The identity with what it learned.

    fields: of the manifest; `neural` becomes the first of its engines. files:
    texture, texture points and thumbnail. learned_from: a sentence for its provenance. encode: pictures and
    their rate as an MP4 (`talchum.adapters.preview_clip`).
    Raises IdentityError: a bundle that is malformed or too large; and what `encode` raises.
    """
    still = {name: data for name, data in files.items() if name not in LEARNED_FILES}
    metrics = measured(learned)
    made = {
        NETWORK_FILE: learned.network,
        NEUTRAL_SHAPE_FILE: _npy(neutral_shape((*dataset.learned, *dataset.held_out), dataset.topology)),
        PREVIEW_FILE: encode(preview_frames(learned.network, dataset.held_out), PREVIEW_RATE),
        METRICS_FILE: (json.dumps(metrics, indent=2) + "\n").encode(),
    }
    network = {
        "generator": "talchum.training",
        "learnedFrom": learned_from,
        "torch": torch.__version__.partition("+")[0],
        **metrics,
    }
    return Bundle.of(_with_network(fields, network), {**still, **made})


def measured(learned: Learned) -> dict[str, float]:
    """The figures of a learned network, as they stand in `metrics.json` and in its provenance."""
    return {
        "steps": learned.steps,
        "seed": learned.seed,
        "heldOutPsnrDb": round(learned.held_out.psnr, 2),
        "heldOutSsim": round(learned.held_out.ssim, 4),
        "int8ToFp32Db": round(learned.int8_decibels, 1),
    }


def _with_network(fields: Mapping[str, object], network: Mapping[str, object]) -> dict[str, object]:
    engines, provenance = fields.get("engines"), fields.get("provenance")
    if not isinstance(engines, list) or not isinstance(provenance, Mapping):
        raise IdentityError(
            "got a manifest without engines or provenance, expected both", code="identity_corrupt"
        )
    engines = [ENGINE, *(engine for engine in engines if engine != ENGINE)]
    return {**fields, "engines": engines, "provenance": {**provenance, "network": dict(network)}}


def _npy(array: NDArray[np.float32]) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=False)
    return buffer.getvalue()
