from __future__ import annotations

import numpy as np
import pytest
import tflite

from building.errors import BuildError
from building.onnx_graph import OnnxGraph
from building.tflite_model import TfliteModel
from building.tflite_to_onnx import CONVERSIONS, TfliteConverter, same_padding
from tests.building.graphs import OptionsTable, constant, operation, options, run, variable

SAME, VALID = tflite.Padding.SAME, tflite.Padding.VALID


def conv_options(padding: int, stride: int, activation: int = 0) -> OptionsTable:
    # slots of Conv2DOptions: padding, stride_w, stride_h, fused_activation, dilation_w, dilation_h
    strides = ((1, stride, "int"), (2, stride, "int"))
    return options((0, padding, "byte"), *strides, (3, activation, "byte"), (4, 1, "int"), (5, 1, "int"))


def test_convolution_adds_the_bias_to_the_weighted_sum() -> None:
    weights = np.zeros((2, 1, 1, 3), "<f4")
    weights[0, 0, 0] = [1, 2, 3]
    weights[1, 0, 0] = [0, 0, -1]
    tensors = [variable(1, 1, 2, 3), constant(weights), constant([10.0, 20.0]), variable(1, 1, 2, 2)]
    value = np.array([[[[1, 1, 1], [2, 0, 4]]]], np.float32)
    result = run(tensors, [operation("CONV_2D", (0, 1, 2), 3, conv_options(VALID, 1))], value)
    np.testing.assert_allclose(result, [[[[16, 19], [24, 16]]]])


def test_convolution_with_stride_two_pads_after_and_not_before() -> None:
    tensors = [variable(1, 4, 4, 1), constant(np.ones((1, 3, 3, 1))), constant([0.0]), variable(1, 2, 2, 1)]
    value = np.arange(16, dtype=np.float32).reshape(1, 4, 4, 1)
    result = run(tensors, [operation("CONV_2D", (0, 1, 2), 3, conv_options(SAME, 2))], value)
    image = value[0, :, :, 0]
    sums = [
        [image[rows, columns].sum() for columns in (slice(3), slice(2, 4))]
        for rows in (slice(3), slice(2, 4))
    ]
    np.testing.assert_allclose(result[0, :, :, 0], sums)


def test_fused_relu_cuts_what_is_negative() -> None:
    tensors = [
        variable(1, 1, 1, 1),
        constant(np.full((1, 1, 1, 1), -1.0)),
        constant([0.0]),
        variable(1, 1, 1, 1),
    ]
    relu = conv_options(VALID, 1, tflite.ActivationFunctionType.RELU)
    step = operation("CONV_2D", (0, 1, 2), 3, relu)
    assert run(tensors, [step], np.full((1, 1, 1, 1), 5, np.float32)).item() == 0


def test_fused_relu6_cuts_at_six() -> None:
    tensors = [variable(1, 1, 1, 1), constant(np.ones((1, 1, 1, 1))), constant([0.0]), variable(1, 1, 1, 1)]
    relu6 = conv_options(VALID, 1, tflite.ActivationFunctionType.RELU6)
    step = operation("CONV_2D", (0, 1, 2), 3, relu6)
    assert run(tensors, [step], np.full((1, 1, 1, 1), 9, np.float32)).item() == 6


def test_unknown_fused_activation_is_refused() -> None:
    tensors = [variable(1, 1, 1, 1), constant(np.ones((1, 1, 1, 1))), constant([0.0]), variable(1, 1, 1, 1)]
    tanh = conv_options(VALID, 1, tflite.ActivationFunctionType.TANH)
    with pytest.raises(BuildError, match="fused activation"):
        run(tensors, [operation("CONV_2D", (0, 1, 2), 3, tanh)], np.ones((1, 1, 1, 1), np.float32))


def test_depthwise_convolution_keeps_channels_apart() -> None:
    weights = np.array([[[[2, 3]]]], "<f4")  # (1, H, W, C)
    # slots: padding, stride_w, stride_h, depth_multiplier, fused_activation, dilation_w, dilation_h
    table = options(
        (0, VALID, "byte"), (1, 1, "int"), (2, 1, "int"), (3, 1, "int"), (5, 1, "int"), (6, 1, "int")
    )
    tensors = [variable(1, 1, 1, 2), constant(weights), constant([0.0, 1.0]), variable(1, 1, 1, 2)]
    value = np.array([[[[5, 7]]]], np.float32)
    result = run(tensors, [operation("DEPTHWISE_CONV_2D", (0, 1, 2), 3, table)], value)
    np.testing.assert_allclose(result, [[[[10, 22]]]])


def test_prelu_scales_what_is_negative_by_its_channels_slope() -> None:
    tensors = [variable(1, 1, 2, 2), constant(np.array([[[0.5, -2.0]]])), variable(1, 1, 2, 2)]
    value = np.array([[[[-4, -4], [3, 3]]]], np.float32)
    np.testing.assert_allclose(run(tensors, [operation("PRELU", (0, 1), 2)], value), [[[[-2, 8], [3, 3]]]])


def test_pad_moves_the_axes_with_the_image() -> None:
    widths = np.array([[0, 0], [1, 0], [0, 2], [0, 3]], "<i4")  # N, H, W, C
    tensors = [variable(1, 2, 2, 1), constant(widths, "<i4"), variable(1, 3, 4, 4)]
    value = np.ones((1, 2, 2, 1), np.float32)
    result = run(tensors, [operation("PAD", (0, 1), 2)], value)
    expected = np.zeros((1, 3, 4, 4), np.float32)
    expected[0, 1:, :2, 0] = 1
    np.testing.assert_array_equal(result, expected)


def test_max_pool_takes_the_largest_of_each_window() -> None:
    table = options((0, VALID, "byte"), (1, 2, "int"), (2, 2, "int"), (3, 2, "int"), (4, 2, "int"))
    tensors = [variable(1, 2, 4, 1), variable(1, 1, 2, 1)]
    value = np.array([[1, 9, 2, 3], [4, 0, 8, 5]], np.float32).reshape(1, 2, 4, 1)
    result = run(tensors, [operation("MAX_POOL_2D", (0,), 1, table)], value)
    np.testing.assert_array_equal(result.ravel(), [9, 8])


def test_reshape_reads_an_image_row_by_row_with_channels_last() -> None:
    tensors = [variable(1, 2, 2, 3), constant([1, 12], "<i4"), variable(1, 12)]
    value = np.arange(12, dtype=np.float32).reshape(1, 2, 2, 3)
    result = run(tensors, [operation("RESHAPE", (0, 1), 2)], value)
    np.testing.assert_array_equal(result, value.reshape(1, 12))


def test_reshape_to_an_image_puts_channels_last() -> None:
    tensors = [variable(1, 12), constant([1, 2, 2, 3], "<i4"), variable(1, 2, 2, 3)]
    value = np.arange(12, dtype=np.float32).reshape(1, 12)
    result = run(tensors, [operation("RESHAPE", (0, 1), 2)], value)
    np.testing.assert_array_equal(result, value.reshape(1, 2, 2, 3))


@pytest.mark.parametrize("axis", [3, -1])
def test_concatenation_along_channels(axis: int) -> None:
    tensors = [variable(1, 1, 2, 1), constant(np.full((1, 1, 2, 2), 7.0)), variable(1, 1, 2, 3)]
    table = options((0, axis, "int"))
    result = run(tensors, [operation("CONCATENATION", (0, 1), 2, table)], np.ones((1, 1, 2, 1), np.float32))
    np.testing.assert_array_equal(result, [[[[1, 7, 7], [1, 7, 7]]]])


def test_strided_slice_takes_whole_axes_where_the_masks_say_so() -> None:
    table = options((0, 0b001, "int"), (1, 0b011, "int"))
    begin, end, step = (constant(v, "<i4") for v in ([5, 1, 0], [0, 0, 2], [1, 1, 1]))
    tensors = [variable(1, 3, 3), begin, end, step, variable(1, 2, 2)]
    value = np.arange(9, dtype=np.float32).reshape(1, 3, 3)
    result = run(tensors, [operation("STRIDED_SLICE", (0, 1, 2, 3), 4, table)], value)
    np.testing.assert_array_equal(result, value[:, 1:, :2])


def test_float16_weights_behind_a_dequantize_are_constants() -> None:
    tensors = [variable(1, 1, 1, 1), constant([[[[2.0]]]]), variable(1, 1, 1, 1), variable(1, 1, 1, 1)]
    steps = [operation("DEQUANTIZE", (1,), 2), operation("MUL", (0, 2), 3)]
    assert run(tensors, steps, np.full((1, 1, 1, 1), 4, np.float32)).item() == 8


def test_unknown_operation_is_refused_by_name() -> None:
    tensors = [variable(1, 4), variable(1, 4)]
    with pytest.raises(BuildError, match="got operation SOFTMAX"):
        run(tensors, [operation("SOFTMAX", (0,), 1)], np.ones((1, 4), np.float32))


def test_same_model_converts_to_the_same_bytes() -> None:
    def converted() -> bytes:
        tensors = (variable(1, 1, 2, 2), constant(np.array([[[0.5, -2.0]]])), variable(1, 1, 2, 2))
        graph = OnnxGraph("test")
        model = TfliteModel(tensors, (operation("PRELU", (0, 1), 2),), (0,), (2,))
        values = TfliteConverter(model, graph, CONVERSIONS).convert("image")
        graph.output(values["value"], "output", [1, 2, 1, 2])
        return graph.serialise({"source": "a", "licence": "b"})

    assert converted() == converted()


@pytest.mark.parametrize(
    ("size", "kernel", "stride", "expected"),
    [(128, 5, 2, (1, 2)), (5, 3, 1, (1, 1)), (4, 2, 2, (0, 0)), (7, 3, 2, (1, 1))],
)
def test_same_padding_puts_the_odd_pixel_after(
    size: int, kernel: int, stride: int, expected: tuple[int, int]
) -> None:
    assert same_padding(size, kernel, stride) == expected
