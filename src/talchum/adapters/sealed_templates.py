"""Whose face a person enrolled, sealed so that a database alone tells nobody: AES-256-GCM.

The key comes from the installation's signing key (HKDF, RFC 5869): a machine without that key reads none.
"""

from __future__ import annotations

import os

import numpy as np
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from talchum.domain.errors import ConsentError
from talchum.domain.sighting import Embedding

KEY_BYTES = 32
PURPOSE = b"talchum face template"
_NONCE_BYTES = 12


def seal_template(face: Embedding, identity: str, key: bytes) -> bytes:
    """A template that can be read with the key, and for this identity, only."""
    nonce = os.urandom(_NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, face.astype("<f2").tobytes(), identity.encode())


def open_template(sealed: bytes, identity: str, key: bytes) -> Embedding:
    """What was sealed, of length 1. Raises ConsentError (`template_unreadable`)."""
    try:
        raw = AESGCM(key).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], identity.encode())
    except InvalidTag as error:
        raise ConsentError(
            "got a template that this key does not open", code="template_unreadable"
        ) from error
    face = np.frombuffer(raw, "<f2").astype(np.float32)
    return np.asarray(face / max(float(np.linalg.norm(face)), 1e-9), np.float32)
