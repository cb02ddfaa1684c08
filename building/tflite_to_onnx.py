"""Turns a TFLite graph into plain ONNX, one small function for each kind of operation.

Four-axis values are NHWC in TFLite and NCHW in ONNX; values with fewer axes keep their order. `CONVERSIONS`
is the table of what is known; an unknown operation is refused by name. Sources: the ONNX operator
specification (opset 17), TensorFlow Lite's reference kernels.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import tflite
from numpy.typing import NDArray

from building.errors import BuildError
from building.onnx_graph import OnnxGraph
from building.tflite_model import Constant, Operation, TfliteModel

_NHWC_TO_NCHW = (0, 3, 1, 2)
_NCHW_TO_NHWC = (0, 2, 3, 1)

Conversion = Callable[["TfliteConverter", Operation], str]


class TfliteConverter:
    """Carries one TFLite model into an `OnnxGraph`, operation by operation."""

    def __init__(self, model: TfliteModel, graph: OnnxGraph, conversions: Mapping[str, Conversion]) -> None:
        self.model = model
        self.graph = graph
        self._conversions = conversions
        self._values: dict[int, str] = {}
        self._constants: dict[int, Constant] = {
            i: tensor.constant for i, tensor in enumerate(model.tensors) if tensor.constant is not None
        }

    def convert(self, input_name: str) -> dict[str, str]:
        """Add the whole model to the graph; gives the ONNX value of each TFLite output, by its TFLite
        name.
        """
        if len(self.model.inputs) != 1:
            raise BuildError(f"got {len(self.model.inputs)} inputs, expected 1")
        self._values[self.model.inputs[0]] = self.graph.input(
            input_name, self.onnx_shape(self.model.inputs[0])
        )
        for operation in self.model.operations:
            self._convert(operation)
        return {self.model.tensors[i].name: self.value(i) for i in self.model.outputs}

    def value(self, index: int) -> str:
        """The ONNX value of a tensor; a constant becomes an initialiser at its first use."""
        if index not in self._values:
            constant = self.constant(index)
            if constant.ndim == 4:
                constant = constant.transpose(_NHWC_TO_NCHW)
            self._values[index] = self.graph.floats(constant)
        return self._values[index]

    def constant(self, index: int) -> Constant:
        """The data of a constant tensor, in TFLite's own order of axes."""
        if index not in self._constants:
            raise BuildError(
                f"got {self.model.tensors[index].name} computed at run time, expected a constant"
            )
        return self._constants[index]

    def shape(self, index: int) -> tuple[int, ...]:
        """The shape of a tensor in TFLite's own order of axes."""
        return self.model.tensors[index].shape

    def onnx_shape(self, index: int) -> tuple[int, ...]:
        """The shape of a tensor in ONNX's order of axes."""
        shape = self.shape(index)
        return tuple(shape[axis] for axis in _NHWC_TO_NCHW) if len(shape) == 4 else shape

    def _convert(self, operation: Operation) -> None:
        if len(operation.outputs) != 1:
            raise BuildError(f"got {operation.kind} with {len(operation.outputs)} outputs, expected 1")
        output = operation.outputs[0]
        if operation.kind == "DEQUANTIZE":  # float16 weights, already widened by the reader
            self._constants[output] = self.constant(operation.inputs[0])
            return
        conversion = self._conversions.get(operation.kind)
        if conversion is None:
            raise BuildError(f"got operation {operation.kind}, expected one of {sorted(self._conversions)}")
        self._values[output] = conversion(self, operation)


def _activated(converter: TfliteConverter, value: str, activation: int) -> str:
    if activation == tflite.ActivationFunctionType.NONE:
        return value
    if activation == tflite.ActivationFunctionType.RELU:
        return converter.graph.node("Relu", value)
    if activation == tflite.ActivationFunctionType.RELU6:
        return converter.graph.node("Clip", value, converter.graph.floats(0), converter.graph.floats(6))
    raise BuildError(f"got fused activation {activation}, expected none, relu or relu6")


def same_padding(size: int, kernel: int, stride: int, dilation: int = 1) -> tuple[int, int]:
    """Pixels that TFLite's SAME padding adds before and after one axis; the odd one goes after."""
    outputs = -(-size // stride)
    total = max((outputs - 1) * stride + (kernel - 1) * dilation + 1 - size, 0)
    return total // 2, total - total // 2


def _pads(
    padding: int,
    image: Sequence[int],
    kernel: Sequence[int],
    strides: Sequence[int],
    dilations: Sequence[int] = (1, 1),
) -> list[int]:
    if padding == tflite.Padding.VALID:
        return [0, 0, 0, 0]
    top, bottom = same_padding(image[0], kernel[0], strides[0], dilations[0])
    left, right = same_padding(image[1], kernel[1], strides[1], dilations[1])
    return [top, left, bottom, right]


def _convolution(converter: TfliteConverter, operation: Operation) -> str:
    options = operation.options(tflite.Conv2DOptions)
    weights = converter.constant(operation.inputs[1]).transpose(_NHWC_TO_NCHW)  # (O, H, W, I) -> (O, I, H, W)
    return _any_convolution(converter, operation, options, weights, groups=1)


def _depthwise_convolution(converter: TfliteConverter, operation: Operation) -> str:
    options = operation.options(tflite.DepthwiseConv2DOptions)
    weights = converter.constant(operation.inputs[1])[0].transpose(2, 0, 1)[
        :, None
    ]  # (1, H, W, C) -> (C, 1, H, W)
    return _any_convolution(
        converter, operation, options, weights, groups=converter.shape(operation.inputs[0])[3]
    )


def _any_convolution(
    converter: TfliteConverter,
    operation: Operation,
    options: tflite.Conv2DOptions | tflite.DepthwiseConv2DOptions,
    weights: NDArray[np.float32],
    groups: int,
) -> str:
    source, _, bias = operation.inputs
    kernel = weights.shape[2:]
    strides = [options.StrideH(), options.StrideW()]
    dilations = [options.DilationHFactor(), options.DilationWFactor()]
    result = converter.graph.node(
        "Conv",
        converter.value(source),
        converter.graph.floats(weights),
        converter.graph.floats(converter.constant(bias)),
        kernel_shape=kernel,
        strides=strides,
        dilations=dilations,
        group=groups,
        pads=_pads(options.Padding(), converter.shape(source)[1:3], kernel, strides, dilations),
    )
    return _activated(converter, result, options.FusedActivationFunction())


def _prelu(converter: TfliteConverter, operation: Operation) -> str:
    # a*x + (1-a)*relu(x) is the same function; ONNX Runtime's own PRelu leaves the blocked layout of its
    # convolutions, which makes the attention mesh 1.5 to 2 times slower
    source = converter.value(operation.inputs[0])
    slope = converter.constant(operation.inputs[1]).reshape(-1, 1, 1)  # one for each channel
    graph = converter.graph
    positive = graph.node("Mul", graph.node("Relu", source), graph.floats(np.float32(1) - slope))
    return graph.node("Add", graph.node("Mul", source, graph.floats(slope)), positive)


def _relu(converter: TfliteConverter, operation: Operation) -> str:
    return converter.graph.node("Relu", converter.value(operation.inputs[0]))


def _add(converter: TfliteConverter, operation: Operation) -> str:
    left, right = (converter.value(i) for i in operation.inputs)
    activation = operation.options(tflite.AddOptions).FusedActivationFunction()
    return _activated(converter, converter.graph.node("Add", left, right), activation)


def _multiply(converter: TfliteConverter, operation: Operation) -> str:
    left, right = (converter.value(i) for i in operation.inputs)
    activation = operation.options(tflite.MulOptions).FusedActivationFunction()
    return _activated(converter, converter.graph.node("Mul", left, right), activation)


def _pad(converter: TfliteConverter, operation: Operation) -> str:
    widths = converter.constant(operation.inputs[1])  # (axes, 2): before, after
    if len(widths) == 4:
        widths = widths[list(_NHWC_TO_NCHW)]
    pads = np.concatenate([widths[:, 0], widths[:, 1]])
    return converter.graph.node("Pad", converter.value(operation.inputs[0]), converter.graph.integers(pads))


def _max_pool(converter: TfliteConverter, operation: Operation) -> str:
    options = operation.options(tflite.Pool2DOptions)
    kernel = [options.FilterHeight(), options.FilterWidth()]
    strides = [options.StrideH(), options.StrideW()]
    pads = _pads(options.Padding(), converter.shape(operation.inputs[0])[1:3], kernel, strides)
    source = converter.value(operation.inputs[0])
    result = converter.graph.node("MaxPool", source, kernel_shape=kernel, strides=strides, pads=pads)
    return _activated(converter, result, options.FusedActivationFunction())


def _reshape(converter: TfliteConverter, operation: Operation) -> str:
    source, output = operation.inputs[0], operation.outputs[0]
    before, after = converter.shape(source), converter.shape(output)
    value = converter.value(source)
    if len(before) == 4 and before[1:3] != (1, 1):  # 1x1 images have the same order of bytes either way
        value = converter.graph.node("Transpose", value, perm=_NCHW_TO_NHWC)
    value = converter.graph.reshape(value, after)
    if len(after) == 4:
        value = converter.graph.node("Transpose", value, perm=_NHWC_TO_NCHW)
    return value


def _concatenate(converter: TfliteConverter, operation: Operation) -> str:
    rank = len(converter.shape(operation.outputs[0]))
    axis = operation.options(tflite.ConcatenationOptions).Axis() % rank
    if rank == 4:
        axis = _NHWC_TO_NCHW.index(axis)
    return converter.graph.node("Concat", *(converter.value(i) for i in operation.inputs), axis=axis)


def _strided_slice(converter: TfliteConverter, operation: Operation) -> str:
    options = operation.options(tflite.StridedSliceOptions)
    source = operation.inputs[0]
    shape = converter.shape(source)
    begin, end, step = (converter.constant(i).tolist() for i in operation.inputs[1:4])
    if options.EllipsisMask() or options.NewAxisMask() or options.ShrinkAxisMask():
        raise BuildError("got a strided slice that changes the number of axes, expected one that keeps it")
    begin = [0 if options.BeginMask() >> axis & 1 else begin[axis] for axis in range(len(shape))]
    end = [shape[axis] if options.EndMask() >> axis & 1 else end[axis] for axis in range(len(shape))]
    if len(shape) == 4:
        begin, end, step = ([values[axis] for axis in _NHWC_TO_NCHW] for values in (begin, end, step))
    graph = converter.graph
    axes = graph.integers(range(len(shape)))
    return graph.node(
        "Slice",
        converter.value(source),
        graph.integers(begin),
        graph.integers(end),
        axes,
        graph.integers(step),
    )


CONVERSIONS: Mapping[str, Conversion] = {
    "ADD": _add,
    "CONCATENATION": _concatenate,
    "CONV_2D": _convolution,
    "DEPTHWISE_CONV_2D": _depthwise_convolution,
    "MAX_POOL_2D": _max_pool,
    "MUL": _multiply,
    "PAD": _pad,
    "PRELU": _prelu,
    "RELU": _relu,
    "RESHAPE": _reshape,
    "STRIDED_SLICE": _strided_slice,
}
