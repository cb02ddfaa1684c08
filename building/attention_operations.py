"""The three custom operations of MediaPipe's attention mesh, as plain ONNX.

They cut a rotated rectangle around the lips or an eye out of a feature map, and carry the landmarks found in
it back. Source: landmarks_to_transform_matrix.cc, transform_tensor_bilinear.cc and transform_landmarks.cc of
mediapipe/util/tflite/operations (Apache-2.0); what follows is written from their definition.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from building.errors import BuildError
from building.tflite_model import Operation
from building.tflite_to_onnx import CONVERSIONS, Conversion, TfliteConverter


def _landmarks_to_matrix(converter: TfliteConverter, operation: Operation) -> str:
    """The 4x4 matrix from pixels of the cut-out to pixels of the map: translate(centre) rotate scale
    translate(-half).

    The cut-out is the bounding box of a subset of landmarks, in the frame in which the line between two given
    landmarks is level, times a scale.
    """
    options = operation.custom_options
    if options["target_rotation_radians"] != 0:
        raise BuildError(f"got a target rotation of {options['target_rotation_radians']}, expected 0")
    width, height = options["output_width"], options["output_height"]
    graph = converter.graph
    points = graph.slice(converter.value(operation.inputs[0]), 2, 0, 2)  # (1, N, 3) -> (1, N, 2)

    ends = [options["left_rotation_idx"], options["right_rotation_idx"]]
    left, right = (graph.node("Gather", points, graph.integers(end), axis=1) for end in ends)  # (1, 2)
    line = graph.node("Sub", right, left)
    unit = graph.node("Div", line, graph.node("ReduceL2", line, axes=[1], keepdims=1))
    cos, sin = graph.slice(unit, 1, 0, 1), graph.slice(unit, 1, 1, 2)  # (1, 1)
    minus_sin = graph.node("Neg", sin)
    level = graph.reshape(
        graph.node("Concat", cos, sin, minus_sin, cos, axis=1), [1, 2, 2]
    )  # turns by -angle
    turned = graph.reshape(
        graph.node("Concat", cos, minus_sin, sin, cos, axis=1), [1, 2, 2]
    )  # turns by +angle

    subset = graph.node("Gather", points, graph.integers(list(options["subset_idxs"])), axis=1)
    levelled = graph.node("MatMul", subset, turned)  # rows: p @ level^T, and level^T is `turned`
    highest = graph.node("ReduceMax", levelled, axes=[1], keepdims=1)
    lowest = graph.node("ReduceMin", levelled, axes=[1], keepdims=1)  # (1, 1, 2)
    middle = graph.node("Mul", graph.node("Add", highest, lowest), graph.floats(0.5))
    centre = graph.reshape(graph.node("MatMul", middle, level), [1, 2, 1])

    scale = graph.floats([[[options["scale_x"] / width, options["scale_y"] / height]]])
    columns = graph.node(
        "Mul", turned, graph.node("Mul", graph.node("Sub", highest, lowest), scale)
    )  # (1, 2, 2)
    half = graph.floats([[[width / 2], [height / 2]]])
    offset = graph.node("Sub", centre, graph.node("MatMul", columns, half))
    top = graph.node("Concat", columns, graph.floats(np.zeros((1, 2, 1))), offset, axis=2)  # (1, 2, 4)
    return graph.node("Concat", top, graph.floats([[[0, 0, 1, 0], [0, 0, 0, 1]]]), axis=1)


def _cut_out(converter: TfliteConverter, operation: Operation) -> str:
    """Sample the feature map bilinearly at the matrix' image of every cut-out pixel's centre; zeros
    outside.
    """
    source, matrix = operation.inputs
    height, width = operation.custom_options["output_height"], operation.custom_options["output_width"]
    map_height, map_width = converter.shape(source)[1:3]
    graph = converter.graph
    ys, xs = np.meshgrid(np.arange(height) + 0.5, np.arange(width) + 0.5, indexing="ij")
    centres = np.stack([xs.ravel(), ys.ravel(), np.zeros(height * width), np.ones(height * width)])[
        None
    ]  # (1, 4, N)
    affine = graph.slice(converter.value(matrix), 1, 0, 2)
    points = graph.node(
        "MatMul", affine, graph.floats(centres)
    )  # (1, 2, N), pixels of the map, edges at integers
    to_unit = graph.floats([[[2 / map_width], [2 / map_height]]])
    unit = graph.node(
        "Sub", graph.node("Mul", points, to_unit), graph.floats(1)
    )  # GridSample counts from -1 to 1
    grid = graph.reshape(graph.node("Transpose", unit, perm=[0, 2, 1]), [1, height, width, 2])
    value = converter.value(source)
    return graph.node("GridSample", value, grid, mode="bilinear", padding_mode="zeros", align_corners=0)


def _transform_landmarks(converter: TfliteConverter, operation: Operation) -> str:
    """Apply the matrix to x and y of every landmark; z, where there is one, stays."""
    source, matrix = operation.inputs
    graph = converter.graph
    landmarks, matrix_value = converter.value(source), converter.value(matrix)
    rows = graph.slice(matrix_value, 1, 0, 2)
    linear = graph.node("Transpose", graph.slice(rows, 2, 0, 2), perm=[0, 2, 1])
    offset = graph.reshape(graph.slice(rows, 2, 3, 4), [1, 1, 2])
    moved = graph.node("Add", graph.node("MatMul", graph.slice(landmarks, 2, 0, 2), linear), offset)
    if converter.shape(source)[-1] == 2:
        return moved
    return graph.node("Concat", moved, graph.slice(landmarks, 2, 2, 3), axis=2)


ATTENTION_CONVERSIONS: Mapping[str, Conversion] = {
    **CONVERSIONS,
    "Landmarks2TransformMatrix": _landmarks_to_matrix,
    "TransformTensorBilinear": _cut_out,
    "TransformLandmarks": _transform_landmarks,
}
