"""What every training begins with: a network that already knows how faces move, and only has to learn whose.

It was taught with the performances of synthetic people by `faces.base_network`, and ships in half precision.
From it a network is where one from nothing is after a multiple of the steps, and better on other heads.
"""

from __future__ import annotations

import hashlib
import io
from pathlib import Path

import numpy as np
import torch

from talchum.domain.errors import TrainingError
from talchum.training.network import FaceNetwork

BASE_FILE = Path(__file__).with_name("base_network.npz")
BASE_SHA256 = "4e94f039595d0dd652972e625c5e98d53a3e373a15a442bee2e0558ed0b89677"


def begin_with_base(network: FaceNetwork, path: Path = BASE_FILE, digest: str = BASE_SHA256) -> None:
    """Give a network of the standard widths the base's weights.

    Raises TrainingError (`base_network_corrupt`) when the file is not the pinned one.
    """
    raw = path.read_bytes() if path.is_file() else b""
    found = hashlib.sha256(raw).hexdigest()
    if found != digest:
        raise TrainingError(
            f"got a base network with sha256 {found}, expected {digest}", code="base_network_corrupt"
        )
    with np.load(io.BytesIO(raw), allow_pickle=False) as arrays:
        network.load_state_dict({name: torch.from_numpy(arrays[name].astype(np.float32)) for name in arrays})


def packed(network: FaceNetwork) -> bytes:
    """A network's weights in half precision, as `begin_with_base` reads them."""
    buffer = io.BytesIO()
    weights = {name: tensor.numpy().astype(np.float16) for name, tensor in network.state_dict().items()}
    np.savez(buffer, **weights)
    return buffer.getvalue()
