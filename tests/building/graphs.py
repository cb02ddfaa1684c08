"""Small TFLite graphs made by hand, and what ONNX Runtime makes of their conversion."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import flatbuffers
import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from building.onnx_graph import OnnxGraph
from building.tflite_model import Operation, Tensor, TfliteModel
from building.tflite_to_onnx import CONVERSIONS, Conversion, TfliteConverter

Floats = NDArray[np.float32]


class OptionsTable:
    """A builtin operator's options table as a flatbuffer, with the place of its root."""

    def __init__(self, add: Callable[[flatbuffers.Builder], None], slots: int) -> None:
        builder = flatbuffers.Builder(64)
        builder.StartObject(slots)
        add(builder)
        builder.Finish(builder.EndObject())
        self.Bytes = bytes(builder.Output())
        self.Pos = int.from_bytes(self.Bytes[:4], "little")


def options(*fields: tuple[int, int, str]) -> OptionsTable:
    """A table of (slot, value, type) with type int32, byte or float."""

    def add(builder: flatbuffers.Builder) -> None:
        for slot, value, kind in fields:
            if kind == "byte":
                builder.PrependInt8Slot(slot, value, 0)
            else:
                builder.PrependInt32Slot(slot, value, 0)

    return OptionsTable(add, max((slot for slot, _, _ in fields), default=0) + 1)


NO_OPTIONS = options()


def operation(
    kind: str,
    inputs: tuple[int, ...],
    output: int,
    table: OptionsTable = NO_OPTIONS,
    custom: Mapping[str, Any] | None = None,
) -> Operation:
    """One step of a hand-made graph."""
    return Operation(kind, inputs, (output,), table, custom or {})


def run(
    tensors: list[Tensor],
    operations: list[Operation],
    value: Floats,
    conversions: Mapping[str, Conversion] = CONVERSIONS,
) -> Floats:
    """Convert a graph from tensor 0 to the last tensor and run it on a value in TFLite's order of axes."""
    model = TfliteModel(tuple(tensors), tuple(operations), (0,), (len(tensors) - 1,))
    graph = OnnxGraph("test")
    converter = TfliteConverter(model, graph, conversions)
    (output,) = converter.convert("input").values()
    graph.output(output, "output", converter.onnx_shape(len(tensors) - 1))
    session = ort.InferenceSession(graph.serialise({}), providers=["CPUExecutionProvider"])
    fed = value.transpose(0, 3, 1, 2) if value.ndim == 4 else value
    (result,) = session.run(["output"], {"input": np.ascontiguousarray(fed, np.float32)})
    return np.asarray(result.transpose(0, 2, 3, 1) if result.ndim == 4 else result, np.float32)


def variable(*shape: int) -> Tensor:
    """A tensor that is computed."""
    return Tensor("value", shape, None)


def constant(values: Any, dtype: str = "<f4") -> Tensor:
    """A tensor with data."""
    array = np.asarray(values, dtype)
    return Tensor("constant", array.shape, array)
