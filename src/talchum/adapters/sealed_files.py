"""Files that only one job can read: what waits in a content store shows nothing to whoever else sees it.

AES-256 in counter mode, with a fresh nonce before each file. It does not authenticate: the content store
checks a blob against its SHA-256, which the job knows.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from cryptography.hazmat.primitives.ciphers import Cipher, CipherContext, algorithms, modes

KEY_BYTES = 32
_NONCE_BYTES = 16
_PIECE_BYTES = 1 << 20


def new_key() -> bytes:
    """A key for one job."""
    return os.urandom(KEY_BYTES)


def seal(plain: Path, sealed: Path, key: bytes) -> None:
    """Write a file so that it can be read with the key only; never twice the same bytes."""
    with plain.open("rb") as source, sealed.open("wb") as target:
        seal_stream(source, target, key)


def seal_stream(source: IO[bytes], target: IO[bytes], key: bytes) -> None:
    """As `seal`, for open files."""
    nonce = os.urandom(_NONCE_BYTES)
    target.write(nonce)
    cipher = Cipher(algorithms.AES(key), modes.CTR(nonce)).encryptor()
    while piece := source.read(_PIECE_BYTES):
        target.write(cipher.update(piece))


def sealed(plain: bytes, key: bytes) -> bytes:
    """What `seal` writes, of bytes that lie on no disk as they are."""
    nonce = os.urandom(_NONCE_BYTES)
    cipher = Cipher(algorithms.AES(key), modes.CTR(nonce)).encryptor()
    return nonce + cipher.update(plain)


def unseal(sealed: Path, plain: Path, key: bytes) -> None:
    """Write what `seal` was given; with another key, noise."""
    with plain.open("wb") as target:
        for piece in unsealed(sealed, key):
            target.write(piece)


def unsealed(sealed: Path, key: bytes) -> Iterator[bytes]:
    """What `seal` was given, in pieces; with another key, noise."""
    with sealed.open("rb") as source:
        cipher: CipherContext = Cipher(algorithms.AES(key), modes.CTR(source.read(_NONCE_BYTES))).decryptor()
        while piece := source.read(_PIECE_BYTES):
            yield cipher.update(piece)


def unsealed_size(sealed: Path) -> int:
    """The bytes of what `seal` was given."""
    return sealed.stat().st_size - _NONCE_BYTES
