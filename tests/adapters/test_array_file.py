"""Arrays are read whole, and not believed before that."""

from __future__ import annotations

import io
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from talchum.adapters.array_file import decode_floats
from talchum.domain.errors import MediaFileError
from tests.adapters.bombs import ARRAYS, npy


def saved(array: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


@pytest.mark.parametrize("shape", [(468, 2), (0, 3), (), (2, 2, 2)])
def test_what_numpy_saved_comes_back_and_may_be_changed(shape: tuple[int, ...]) -> None:
    array = np.random.default_rng(0).random(shape, np.float32)
    read = decode_floats(saved(array))
    assert read.shape == shape
    assert (read == array).all()
    assert read.flags.writeable


@pytest.mark.parametrize("name", ARRAYS)
def test_what_claims_something_else_is_refused(name: str) -> None:
    with pytest.raises(MediaFileError) as refused:
        decode_floats(ARRAYS[name]())
    assert refused.value.code == "array_refused"


@given(st.binary(max_size=300), st.lists(st.integers(-(2**65), 2**65), max_size=5))
def test_any_bytes_behind_any_header_are_an_array_or_refused(data: bytes, shape: list[int]) -> None:
    for raw in (data, npy(tuple(shape), data=data), npy(tuple(shape))[: len(data)]):
        with suppress(MediaFileError):
            assert decode_floats(raw).dtype == np.float32
