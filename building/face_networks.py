"""The two face networks as ONNX: what goes in, what comes out, in which order.

`face_detection_short_range`: `image` (1, 3, 128, 128) RGB in -1..1 -> `boxes` (896, 16), `logits` (896,).
`face_landmarks_attention`: `image` (1, 3, 192, 192) RGB in 0..1 -> `landmarks` (478, 3) in crop pixels,
`score` (1,).
"""

from __future__ import annotations

from collections.abc import Mapping

from building.attention_operations import ATTENTION_CONVERSIONS
from building.errors import BuildError
from building.onnx_graph import OnnxGraph
from building.tflite_model import TfliteModel, read_tflite
from building.tflite_to_onnx import CONVERSIONS, TfliteConverter

MESH_LANDMARKS = 468
IRIS_LANDMARKS = 5
# the first landmarks of an eye's subset are its opening; MediaPipe gives their mean depth to the iris
EYE_OPENING_LANDMARKS = 16

_REGIONS = ("output_lips", "output_left_eye", "output_right_eye")
_IRISES = ("output_left_iris", "output_right_iris")


def detection_network(raw: bytes, metadata: Mapping[str, str]) -> bytes:
    """BlazeFace short range as ONNX, from its .tflite file."""
    graph = OnnxGraph("face_detection_short_range")
    outputs = TfliteConverter(read_tflite(raw), graph, CONVERSIONS).convert("image")
    graph.output(graph.reshape(outputs["regressors"], [896, 16]), "boxes", [896, 16])
    graph.output(graph.reshape(outputs["classificators"], [896]), "logits", [896])
    return graph.serialise(dict(metadata))


def landmark_network(raw: bytes, metadata: Mapping[str, str]) -> bytes:
    """The attention mesh as ONNX, its five outputs of landmarks merged into one, from its .tflite file."""
    model = read_tflite(raw)
    graph = OnnxGraph("face_landmarks_attention")
    outputs = TfliteConverter(model, graph, ATTENTION_CONVERSIONS).convert("image")
    graph.output(_merged_landmarks(graph, outputs, region_subsets(model)), "landmarks", [478, 3])
    score = graph.node("Sigmoid", graph.reshape(outputs["conv_faceflag"], [1]))
    graph.output(score, "score", [1])
    return graph.serialise(dict(metadata))


def region_subsets(model: TfliteModel) -> tuple[tuple[int, ...], ...]:
    """The mesh landmarks that the lips, left eye and right eye outputs replace, in those outputs' own
    order.
    """
    subsets = tuple(
        tuple(int(i) for i in operation.custom_options["subset_idxs"])
        for operation in model.operations
        if operation.kind == "Landmarks2TransformMatrix"
    )
    if len(subsets) != len(_REGIONS):
        raise BuildError(f"got {len(subsets)} refined regions, expected {len(_REGIONS)}")
    return subsets


def landmark_sources(subsets: tuple[tuple[int, ...], ...]) -> list[int]:
    """For each of the 478 landmarks, its row in [mesh, lips, left eye, right eye, left iris, right iris]."""
    sources = list(range(MESH_LANDMARKS))
    row = MESH_LANDMARKS
    for subset in subsets:
        for landmark in subset:
            sources[landmark] = row
            row += 1
    return sources + list(range(row, row + 2 * IRIS_LANDMARKS))


def _merged_landmarks(
    graph: OnnxGraph, outputs: Mapping[str, str], subsets: tuple[tuple[int, ...], ...]
) -> str:
    mesh = graph.reshape(outputs["output_mesh_identity"], [MESH_LANDMARKS, 3])
    parts = [graph.slice(mesh, 1, 0, 2)]
    parts += [graph.reshape(outputs[name], [-1, 2]) for name in (*_REGIONS, *_IRISES)]
    rows = graph.node("Concat", *parts, axis=0)
    xy = graph.node("Gather", rows, graph.integers(landmark_sources(subsets)), axis=0)  # (478, 2)

    depth = graph.slice(mesh, 1, 2, 3)  # refined landmarks keep the mesh's depth
    depths = [depth]
    for eye in subsets[1:]:
        opening = graph.node("Gather", depth, graph.integers(eye[:EYE_OPENING_LANDMARKS]), axis=0)
        mean = graph.node("ReduceMean", opening, axes=[0], keepdims=1)
        depths.append(graph.node("Expand", mean, graph.integers([IRIS_LANDMARKS, 1])))
    return graph.node("Concat", xy, graph.node("Concat", *depths, axis=0), axis=1)
