"""Reads a .tflite file into plain values: tensors, operations and their options.

Covers what the face networks of MediaPipe use: float32 and float16 dense constants, int32 index constants.
Anything else is refused by name, never guessed. Source: TensorFlow Lite's schema.fbs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import tflite
from flatbuffers import flexbuffers
from numpy.typing import NDArray

from building.errors import BuildError

Constant = NDArray[Any]

_TYPES: Mapping[int, np.dtype[Any]] = {
    tflite.TensorType.FLOAT32: np.dtype("<f4"),
    tflite.TensorType.FLOAT16: np.dtype("<f2"),
    tflite.TensorType.INT32: np.dtype("<i4"),
}
_KIND_NAMES = {code: name for name, code in vars(tflite.BuiltinOperator).items() if isinstance(code, int)}
_CUSTOM = "CUSTOM"


@dataclass(frozen=True, slots=True)
class Tensor:
    """A value of the graph: its name, shape (NHWC where it has four axes) and, for a constant, its data."""

    name: str
    shape: tuple[int, ...]
    constant: Constant | None


@dataclass(frozen=True, slots=True)
class Operation:
    """One step of the graph.

    kind: the builtin operator's name, or a custom operator's own name.
    inputs, outputs: indices of tensors.
    options: reader of the options table of a builtin; the flexbuffer's map of a custom one.
    """

    kind: str
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    builtin_options: Any
    custom_options: Mapping[str, Any]

    def options(self, table: type) -> Any:
        """The builtin options, read as the table of this class."""
        reader = table()
        reader.Init(self.builtin_options.Bytes, self.builtin_options.Pos)
        return reader


@dataclass(frozen=True, slots=True)
class TfliteModel:
    """The only subgraph of a .tflite file."""

    tensors: tuple[Tensor, ...]
    operations: tuple[Operation, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]


def read_tflite(raw: bytes) -> TfliteModel:
    """The graph of a .tflite file; BuildError when it holds something this reader does not know."""
    if len(raw) < 8 or raw[4:8] != b"TFL3":
        raise BuildError("got bytes without the TFL3 mark, expected a .tflite file")
    model = tflite.Model.GetRootAsModel(raw, 0)
    if model.SubgraphsLength() != 1:
        raise BuildError(f"got {model.SubgraphsLength()} subgraphs, expected 1")
    graph = model.Subgraphs(0)
    return TfliteModel(
        tensors=tuple(_tensor(model, graph.Tensors(i)) for i in range(graph.TensorsLength())),
        operations=tuple(_operation(model, graph.Operators(i)) for i in range(graph.OperatorsLength())),
        inputs=tuple(graph.Inputs(i) for i in range(graph.InputsLength())),
        outputs=tuple(graph.Outputs(i) for i in range(graph.OutputsLength())),
    )


def _tensor(model: Any, tensor: Any) -> Tensor:
    name = tensor.Name().decode("utf-8")
    shape = tuple(int(tensor.Shape(i)) for i in range(tensor.ShapeLength()))
    buffer = model.Buffers(tensor.Buffer())
    if buffer.DataLength() == 0:
        return Tensor(name, shape, None)
    if tensor.Sparsity() is not None:
        raise BuildError(f"got sparse weights in {name}, expected dense ones")
    dtype = _TYPES.get(tensor.Type())
    if dtype is None:
        raise BuildError(f"got tensor type {tensor.Type()} in {name}, expected float32, float16 or int32")
    values = np.frombuffer(buffer.DataAsNumpy().tobytes(), dtype).reshape(shape)
    if dtype.kind == "f":
        values = values.astype(np.float32)
    return Tensor(name, shape, values)


def _operation(model: Any, operator: Any) -> Operation:
    code = model.OperatorCodes(operator.OpcodeIndex())
    # files written before 2020 keep the operator in the deprecated byte; both are there, the larger one
    # counts
    kind = _KIND_NAMES[max(code.BuiltinCode(), code.DeprecatedBuiltinCode())]
    custom: Mapping[str, Any] = {}
    if kind == _CUSTOM:
        kind = code.CustomCode().decode("utf-8")
        if operator.CustomOptionsLength():
            custom = flexbuffers.Loads(operator.CustomOptionsAsNumpy().tobytes())
    return Operation(
        kind=kind,
        inputs=tuple(int(operator.Inputs(i)) for i in range(operator.InputsLength())),
        outputs=tuple(int(operator.Outputs(i)) for i in range(operator.OutputsLength())),
        builtin_options=operator.BuiltinOptions(),
        custom_options=custom,
    )
