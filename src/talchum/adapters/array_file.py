"""NumPy's `.npy` files, read without believing what their headers say of their size."""

from __future__ import annotations

import io
import math

import numpy as np
from numpy.lib import format as npy_format
from numpy.typing import NDArray

from talchum.domain.errors import MediaFileError

_MAX_DIMENSIONS = 4


def decode_floats(raw: bytes) -> NDArray[np.float32]:
    """A float32 array of version 1.0 of the format in C order. Raises MediaFileError (`array_refused`).

    NumPy itself makes room for all that a header claims before it looks for the data.
    """
    file = io.BytesIO(raw)
    try:
        version = npy_format.read_magic(file)
        shape, fortran, kind = npy_format.read_array_header_1_0(file)
    except (ValueError, EOFError, SyntaxError) as error:
        raise _refused("got bytes that are no array") from error
    if version != (1, 0) or fortran or kind != np.float32 or len(shape) > _MAX_DIMENSIONS:
        raise _refused(f"got an array of {len(shape)} dimensions and the type {kind}")
    if min(shape, default=0) < 0 or math.prod(shape) * kind.itemsize != len(raw) - file.tell():
        raise _refused("got an array whose size is not that of its data")
    return np.frombuffer(raw, np.float32, offset=file.tell()).reshape(shape).copy()


def _refused(message: str) -> MediaFileError:
    return MediaFileError(f"{message}, expected a float32 .npy file", code="array_refused", retryable=False)
