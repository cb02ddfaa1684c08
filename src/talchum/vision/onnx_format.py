"""Looks into an ONNX file without opening it as a network.

An ONNX model may keep its weights in other files and name them by path. A network of this project is one file
whose SHA-256 is pinned, so a model that points elsewhere is refused. Source: onnx.proto (onnx 1.23), protocol
buffers' encoding.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from talchum.domain.errors import NetworkFileError

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_MAX_DEPTH = 16

_TENSOR_EXTERNAL_DATA = 13
_TENSOR_DATA_LOCATION = 14
_EXTERNAL = 1

# message -> field number -> message inside it: the ways that lead to a tensor
_CHILDREN: Mapping[str, Mapping[int, str]] = MappingProxyType(
    {
        "model": {7: "graph", 20: "training", 25: "function"},
        "training": {1: "graph", 2: "graph"},
        "function": {7: "node", 11: "attribute"},
        "graph": {1: "node", 5: "tensor", 15: "sparse"},
        "node": {5: "attribute"},
        "attribute": {5: "tensor", 6: "graph", 10: "tensor", 11: "graph", 22: "sparse", 23: "sparse"},
        "sparse": {1: "tensor", 2: "tensor"},
        "tensor": {},
    }
)


def has_external_data(model: bytes) -> bool:
    """Whether any tensor of an ONNX model lies in another file; NetworkFileError when the bytes are no ONNX
    model.
    """
    return _reaches_outside(memoryview(model), "model", 0)


def _reaches_outside(message: memoryview, kind: str, depth: int) -> bool:
    if depth > _MAX_DEPTH:
        raise _malformed(f"got messages nested deeper than {_MAX_DEPTH}")
    children = _CHILDREN[kind]
    for field, value in _fields(message):
        if kind == "tensor":
            outside = field == _TENSOR_EXTERNAL_DATA or (
                field == _TENSOR_DATA_LOCATION and value == _EXTERNAL
            )
        elif field in children and isinstance(value, memoryview):
            outside = _reaches_outside(value, children[field], depth + 1)
        else:
            outside = False
        if outside:
            return True
    return False


def _fields(message: memoryview) -> Iterator[tuple[int, int | memoryview]]:
    at = 0
    while at < len(message):
        key, at = _varint(message, at)
        wire = key & 7
        if wire == _VARINT:
            value, at = _varint(message, at)
            yield key >> 3, value
            continue
        if wire == _BYTES:
            length, at = _varint(message, at)
        elif wire in (_FIXED32, _FIXED64):
            length = 4 if wire == _FIXED32 else 8
        else:
            raise _malformed(f"got wire type {wire}")
        if at + length > len(message):
            raise _malformed(f"got a field of {length} bytes with {len(message) - at} left")
        yield key >> 3, message[at : at + length]
        at += length


def _varint(message: memoryview, at: int) -> tuple[int, int]:
    value = shift = 0
    while at < len(message) and shift < 64:
        byte = message[at]
        value |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128:
            return value, at
    raise _malformed("got a truncated number")


def _malformed(what: str) -> NetworkFileError:
    return NetworkFileError(f"{what}, expected an onnx model", code="network_file_corrupt")
