"""Looks into an ONNX file without opening it as a network.

An ONNX model may keep its weights in other files and name them by path, define operators of its own, and name
operators of a runtime that read files too. A network of this project is one file whose SHA-256 is pinned, of
some hundred standard operators, so anything else is refused. Source: onnx.proto (onnx 1.23), protocol
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

_MODEL_FUNCTION = 25
_GRAPH_NODE = 1
_NODE_DOMAIN = 7
_STANDARD_DOMAINS = (b"", b"ai.onnx")

MAX_NODES = 2048
"""Of one graph; those of this project have some hundred."""

# message -> field number -> message inside it: the ways that lead to a tensor
_CHILDREN: Mapping[str, Mapping[int, str]] = MappingProxyType(
    {
        "model": {7: "graph", 20: "training"},
        "training": {1: "graph", 2: "graph"},
        "graph": {1: "node", 5: "tensor", 15: "sparse"},
        "node": {5: "attribute"},
        "attribute": {5: "tensor", 6: "graph", 10: "tensor", 11: "graph", 22: "sparse", 23: "sparse"},
        "tensor": {},
    }
)


def check_self_contained(model: bytes) -> None:
    """Pass for an ONNX model that is whole in these bytes and of standard operators alone.

    Raises NetworkFileError: `network_file_external` when a tensor lies in another file,
    `network_file_corrupt` for bytes that are no ONNX model, sparse tensors, operators of its own or of a
    runtime, and too many nodes.
    """
    _check(memoryview(model), "model", 0)


def _check(message: memoryview, kind: str, depth: int) -> None:
    if depth > _MAX_DEPTH:
        raise _malformed(f"got messages nested deeper than {_MAX_DEPTH}")
    if kind == "graph":
        _check_size(message)
    children = _CHILDREN[kind]
    for field, value in _fields(message):
        _check_field(kind, field, value)
        child = children.get(field)
        if child == "sparse":
            raise _malformed("got sparse weights")
        if child is not None and isinstance(value, memoryview):
            _check(value, child, depth + 1)


def _check_field(kind: str, field: int, value: int | memoryview) -> None:
    if kind == "tensor" and (
        field == _TENSOR_EXTERNAL_DATA or (field == _TENSOR_DATA_LOCATION and value == _EXTERNAL)
    ):
        raise NetworkFileError(
            "got weights in other files, expected one self-contained file", code="network_file_external"
        )
    if kind == "node" and field == _NODE_DOMAIN and not _is_standard(value):
        raise _malformed("got an operator that is not of the standard")
    if kind == "model" and field == _MODEL_FUNCTION:
        raise _malformed("got operators of the model's own")


def _is_standard(domain: int | memoryview) -> bool:
    return isinstance(domain, memoryview) and bytes(domain[:16]) in _STANDARD_DOMAINS


def _check_size(graph: memoryview) -> None:
    nodes = 0
    for field, _ in _fields(graph):
        nodes += field == _GRAPH_NODE
        if nodes > MAX_NODES:  # before the rest is looked at
            raise _malformed(f"got more than {MAX_NODES} nodes")


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
    return NetworkFileError(f"{what}, expected a plain onnx model", code="network_file_corrupt")
