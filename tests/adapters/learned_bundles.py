"""Bundles of identities that were learned, made of a shipped one without any training."""

from __future__ import annotations

import io

import numpy as np

from talchum.adapters.identity_files import IdentityFiles, default_identities_directory
from talchum.domain.bundle import Bundle

SHIPPED = IdentityFiles(default_identities_directory())


def learned_bundle(name: str = "hana", *, like: str = "amara", network: bytes = b"a network") -> Bundle:
    """A bundle with every file there can be; its network and preview are no more than bytes."""
    whole = SHIPPED.bundle(like)
    shape = io.BytesIO()
    np.save(shape, np.zeros((468, 3), np.float32))
    files = {
        **whole.files,
        "network.onnx": network,
        "preview.mp4": b"a preview",
        "metrics.json": b"{}",
        "neutral_shape.npy": shape.getvalue(),
    }
    fields = {**whole.manifest, "name": name, "engines": ["neural", "portrait"]}
    return Bundle.of(fields, files)
