"""Files that only one job can read: what waits in a content store shows nothing to whoever else sees it.

AES-256 in counter mode, with a fresh nonce before each file. It does not authenticate: the content store
checks a blob against its SHA-256, which the job knows.
"""

from __future__ import annotations

import os
from pathlib import Path

from cryptography.hazmat.primitives.ciphers import Cipher, CipherContext, algorithms, modes

KEY_BYTES = 32
_NONCE_BYTES = 16
_PIECE_BYTES = 1 << 20


def new_key() -> bytes:
    """A key for one job."""
    return os.urandom(KEY_BYTES)


def seal(plain: Path, sealed: Path, key: bytes) -> None:
    """Write a file so that it can be read with the key only; never twice the same bytes."""
    nonce = os.urandom(_NONCE_BYTES)
    with plain.open("rb") as source, sealed.open("wb") as target:
        target.write(nonce)
        cipher = Cipher(algorithms.AES(key), modes.CTR(nonce)).encryptor()
        while piece := source.read(_PIECE_BYTES):
            target.write(cipher.update(piece))


def unseal(sealed: Path, plain: Path, key: bytes) -> None:
    """Write what `seal` was given; with another key, noise."""
    with sealed.open("rb") as source, plain.open("wb") as target:
        cipher: CipherContext = Cipher(algorithms.AES(key), modes.CTR(source.read(_NONCE_BYTES))).decryptor()
        while piece := source.read(_PIECE_BYTES):
            target.write(cipher.update(piece))
