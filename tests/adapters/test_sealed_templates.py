"""A template tells whose face it is to who has the installation's key, and to nobody else."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from talchum.adapters.sealed_templates import KEY_BYTES, PURPOSE, open_template, seal_template
from talchum.adapters.signing import Signer
from talchum.domain.errors import ConsentError
from talchum.domain.sighting import Embedding, alike


def face() -> Embedding:
    values = np.random.default_rng(1).normal(0, 1, 1024).astype(np.float32)
    return np.asarray(values / np.linalg.norm(values), np.float32)


def key(directory: Path) -> bytes:
    return Signer.of("", directory).derived_key(PURPOSE, KEY_BYTES)


def test_it_comes_back_for_its_face_and_its_key(tmp_path: Path) -> None:
    sealed = seal_template(face(), "own-1", key(tmp_path))
    assert alike(open_template(sealed, "own-1", key(tmp_path)), face()) > 0.9999
    assert sealed != seal_template(face(), "own-1", key(tmp_path))
    assert face().astype("<f2").tobytes()[:32] not in sealed


@pytest.mark.parametrize("change", ["key", "face", "bytes"])
def test_anything_else_opens_nothing(tmp_path: Path, change: str) -> None:
    sealed = seal_template(face(), "own-1", key(tmp_path / "a"))
    if change == "bytes":
        sealed = sealed[:-1] + bytes([sealed[-1] ^ 1])
    other = key(tmp_path / ("b" if change == "key" else "a"))
    with pytest.raises(ConsentError) as refused:
        open_template(sealed, "own-2" if change == "face" else "own-1", other)
    assert refused.value.code == "template_unreadable"


def test_a_key_is_for_one_purpose_and_is_the_same_each_time(tmp_path: Path) -> None:
    signer = Signer.of("", tmp_path)
    assert signer.derived_key(PURPOSE, 32) == Signer.of("", tmp_path).derived_key(PURPOSE, 32)
    assert signer.derived_key(PURPOSE, 32) != signer.derived_key(b"something else", 32)
