from __future__ import annotations

import flatbuffers
import numpy as np
import pytest
import tflite
from flatbuffers import flexbuffers

from building.errors import BuildError
from building.tflite_model import read_tflite

HALVES = np.array([1.5, -2], "<f2").tobytes()


def model(*, tensor_type: int = tflite.TensorType.FLOAT16, data: bytes = HALVES) -> bytes:
    """A .tflite file with one constant of shape (2,) and one custom operation."""
    builder = flatbuffers.Builder(512)
    empty = _table(builder, 6)
    payload = builder.CreateByteVector(data)
    builder.StartObject(3)
    builder.PrependUOffsetTRelativeSlot(0, payload, 0)
    buffers = _vector(builder, [empty, builder.EndObject()])

    name, shape = builder.CreateString("weights"), _integers(builder, [2])
    builder.StartObject(8)
    builder.PrependUOffsetTRelativeSlot(0, shape, 0)
    builder.PrependInt8Slot(1, tensor_type, 0)
    builder.PrependUint32Slot(2, 1, 0)
    builder.PrependUOffsetTRelativeSlot(3, name, 0)
    tensors = _vector(builder, [builder.EndObject()])

    options = builder.CreateByteVector(bytes(flexbuffers.Dumps({"output_width": 16})))
    inputs, outputs = _integers(builder, [0]), _integers(builder, [0])
    builder.StartObject(9)
    builder.PrependUOffsetTRelativeSlot(1, inputs, 0)
    builder.PrependUOffsetTRelativeSlot(2, outputs, 0)
    builder.PrependUOffsetTRelativeSlot(5, options, 0)
    operators = _vector(builder, [builder.EndObject()])
    builder.StartObject(5)
    builder.PrependUOffsetTRelativeSlot(0, tensors, 0)
    builder.PrependUOffsetTRelativeSlot(1, inputs, 0)
    builder.PrependUOffsetTRelativeSlot(2, outputs, 0)
    builder.PrependUOffsetTRelativeSlot(3, operators, 0)
    graphs = _vector(builder, [builder.EndObject()])

    custom = builder.CreateString("Landmarks2TransformMatrix")
    builder.StartObject(4)
    builder.PrependInt8Slot(0, tflite.BuiltinOperator.CUSTOM, 0)
    builder.PrependUOffsetTRelativeSlot(1, custom, 0)
    builder.PrependInt32Slot(3, tflite.BuiltinOperator.CUSTOM, 0)
    codes = _vector(builder, [builder.EndObject()])
    builder.StartObject(8)
    builder.PrependUint32Slot(0, 3, 0)
    builder.PrependUOffsetTRelativeSlot(1, codes, 0)
    builder.PrependUOffsetTRelativeSlot(2, graphs, 0)
    builder.PrependUOffsetTRelativeSlot(4, buffers, 0)
    builder.Finish(builder.EndObject(), file_identifier=b"TFL3")
    return bytes(builder.Output())


def _table(builder: flatbuffers.Builder, slots: int) -> int:
    builder.StartObject(slots)
    return int(builder.EndObject())


def _vector(builder: flatbuffers.Builder, offsets: list[int]) -> int:
    builder.StartVector(4, len(offsets), 4)
    for offset in reversed(offsets):
        builder.PrependUOffsetTRelative(offset)
    return int(builder.EndVector())


def _integers(builder: flatbuffers.Builder, values: list[int]) -> int:
    builder.StartVector(4, len(values), 4)
    for value in reversed(values):
        builder.PrependInt32(value)
    return int(builder.EndVector())


def test_half_precision_constant_is_widened() -> None:
    (tensor,) = read_tflite(model()).tensors
    assert tensor.name == "weights"
    assert tensor.constant is not None
    assert tensor.constant.dtype == np.float32
    np.testing.assert_array_equal(tensor.constant, [1.5, -2])


def test_custom_operation_carries_its_own_name_and_options() -> None:
    (operation,) = read_tflite(model()).operations
    assert operation.kind == "Landmarks2TransformMatrix"
    assert operation.custom_options == {"output_width": 16}


def test_quantised_constant_is_refused_by_name() -> None:
    with pytest.raises(BuildError, match="in weights"):
        read_tflite(model(tensor_type=tflite.TensorType.INT8, data=b"\x01\x02"))


@pytest.mark.parametrize("raw", [b"", b"abc", b"\x08\x00\x00\x00ONNX" + bytes(16)])
def test_bytes_that_are_no_tflite_file_are_refused(raw: bytes) -> None:
    with pytest.raises(BuildError, match="TFL3"):
        read_tflite(raw)
