"""What is sealed comes back with its key, and shows nothing without it."""

from __future__ import annotations

from pathlib import Path

import pytest

from talchum.adapters.sealed_files import new_key, seal, unseal


@pytest.mark.parametrize("size", [0, 1, 16, (1 << 20) - 1, (1 << 20) + 17])
def test_a_file_comes_back(tmp_path: Path, size: int) -> None:
    plain, sealed, again, key = tmp_path / "plain", tmp_path / "sealed", tmp_path / "again", new_key()
    plain.write_bytes(bytes(index % 251 for index in range(size)))
    seal(plain, sealed, key)
    unseal(sealed, again, key)
    assert again.read_bytes() == plain.read_bytes()


def test_nothing_of_it_shows(tmp_path: Path) -> None:
    plain, sealed, other = tmp_path / "plain", tmp_path / "sealed", tmp_path / "other"
    plain.write_bytes(b"a performer's own face " * 1000)
    seal(plain, sealed, new_key())
    assert b"performer" not in sealed.read_bytes()
    unseal(sealed, other, new_key())
    assert b"performer" not in other.read_bytes()


def test_the_same_file_is_never_sealed_alike(tmp_path: Path) -> None:
    plain, first, second, key = tmp_path / "plain", tmp_path / "first", tmp_path / "second", new_key()
    plain.write_bytes(bytes(100))
    seal(plain, first, key)
    seal(plain, second, key)
    assert first.read_bytes() != second.read_bytes()
