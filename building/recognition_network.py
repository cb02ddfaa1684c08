"""HSE FaceRes as ONNX, from the TensorFlow.js graph inside the npm package `@vladmandic/human`.

`image` (1, 3, 224, 224) BGR less (103.9, 116.8, 123.7) -> `embedding` (1024,), `ages` (100,): the share of
each year of age. What else the graph would say of a person is left out.

Source: A. V. Savchenko, "Efficient facial representations for age, gender and identity recognition in
organizing photo albums using multi-output ConvNet" (2019).
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from building.errors import BuildError
from building.onnx_graph import OnnxGraph

SIDE = 224
_EMBEDDING, _AGES = "global_pooling/Mean", "age_pred/Softmax"
_EMBEDDING_SIZE, _YEARS = 1024, 100
_ELEMENTWISE = {
    "Add": "Add",
    "AddV2": "Add",
    "Mul": "Mul",
    "Sub": "Sub",
    "Minimum": "Min",
    "Maximum": "Max",
    "Relu": "Relu",
}
_LEFT_OUT = ("gender_pred", "Const", "NoOp")

Weights = Mapping[str, NDArray[Any]]


def recognition_network(graph: bytes, weights: bytes, metadata: Mapping[str, str]) -> bytes:
    """The network as ONNX. graph, weights: `faceres.json` and `faceres.bin`."""
    described = json.loads(graph)
    values = read_weights(described["weightsManifest"], weights)
    converter = TfjsConverter(values, OnnxGraph("face_recognition"))
    for node in described["modelTopology"]["node"]:
        if not node["name"].startswith(_LEFT_OUT[0]) and node["op"] not in _LEFT_OUT[1:]:
            converter.convert(node)
    onnx = converter.graph
    onnx.output(onnx.reshape(converter.value(_EMBEDDING), [_EMBEDDING_SIZE]), "embedding", [_EMBEDDING_SIZE])
    onnx.output(onnx.reshape(converter.value(_AGES), [_YEARS]), "ages", [_YEARS])
    return onnx.serialise(dict(metadata))


def read_weights(manifest: Iterable[Mapping[str, Any]], raw: bytes) -> dict[str, NDArray[Any]]:
    """The weights of a TensorFlow.js file by name; half precision stays what it is."""
    found: dict[str, NDArray[Any]] = {}
    offset = 0
    for weight in (weight for group in manifest for weight in group["weights"]):
        quantised = weight.get("quantization")
        kind = np.dtype(quantised["dtype"] if quantised else weight["dtype"])
        if quantised and kind != np.float16:
            raise BuildError(f"got weights quantised as {kind}, expected float16")
        count = int(np.prod(weight["shape"])) if weight["shape"] else 1
        values = np.frombuffer(raw, kind, count, offset)
        offset += count * kind.itemsize
        found[weight["name"]] = values.reshape(weight["shape"])
    if offset != len(raw):
        raise BuildError(f"got {len(raw)} bytes of weights, expected {offset}")
    return found


class TfjsConverter:
    """A frozen TensorFlow graph, NHWC to NCHW, for the operators of this network."""

    def __init__(self, weights: Weights, graph: OnnxGraph) -> None:
        self.graph = graph
        self._weights = weights
        self._values: dict[str, str] = {}

    def value(self, name: str) -> str:
        """The ONNX value of a node or of a weight."""
        if name in self._values:
            return self._values[name]
        values = self._weights[name]
        if values.ndim == 1 and values.size > 1:
            values = values.reshape(-1, 1, 1)  # of each channel
        return self._constant(values)

    def convert(self, node: Mapping[str, Any]) -> None:
        """Add one node; BuildError for an operator that is not known."""
        operator, name = node["op"], node["name"]
        inputs = [source.split(":")[0] for source in node.get("input", []) if not source.startswith("^")]
        if operator == "Placeholder":
            self._values[name] = self.graph.input("image", [1, 3, SIDE, SIDE])
        elif operator in ("Conv2D", "_FusedConv2D", "DepthwiseConv2dNative"):
            self._values[name] = self._convolution(operator, inputs, node["attr"])
        elif operator == "_FusedMatMul":
            self._values[name] = self._dense(inputs, node["attr"])
        elif operator in _ELEMENTWISE:
            sources = [self.value(source) for source in inputs]
            self._values[name] = self.graph.node(_ELEMENTWISE[operator], *sources)
        elif operator == "Mean":
            source = self.value(inputs[0])
            self._values[name] = self.graph.node("ReduceMean", source, axes=[2, 3], keepdims=0)
        elif operator == "Softmax":
            self._values[name] = self.graph.node("Softmax", self.value(inputs[0]), axis=1)
        else:
            raise BuildError(f"got the operator {operator}, expected one that is known")

    def _convolution(self, operator: str, inputs: list[str], attributes: Mapping[str, Any]) -> str:
        kernel, groups = self._weights[inputs[1]], 1
        if operator == "DepthwiseConv2dNative":
            groups = kernel.shape[2]
            kernel = kernel.transpose(2, 3, 0, 1).reshape(-1, 1, *kernel.shape[:2])
        else:
            kernel = kernel.transpose(3, 2, 0, 1)
        fused = _fused(attributes)
        bias = [self._constant(self._weights[inputs[2]].reshape(-1))] if "BiasAdd" in fused else []
        result = self.graph.node(
            "Conv",
            self.value(inputs[0]),
            self._constant(kernel),
            *bias,
            group=groups,
            strides=[int(value) for value in attributes["strides"]["list"]["i"]][1:3],
            kernel_shape=kernel.shape[2:],
            auto_pad="SAME_UPPER" if _text(attributes["padding"]["s"]) == "SAME" else "VALID",
        )
        return self.graph.node("Relu", result) if "Relu" in fused else result

    def _dense(self, inputs: list[str], attributes: Mapping[str, Any]) -> str:
        kernel, bias = (self._constant(self._weights[name]) for name in inputs[1:])
        result = self.graph.node("Gemm", self.value(inputs[0]), kernel, bias)
        return self.graph.node("Relu", result) if "Relu" in _fused(attributes) else result

    def _constant(self, values: NDArray[Any]) -> str:
        return self.graph.halves(values) if values.dtype == np.float16 else self.graph.floats(values)


def _fused(attributes: Mapping[str, Any]) -> list[str]:
    return [_text(value) for value in attributes.get("fused_ops", {}).get("list", {}).get("s", [])]


def _text(encoded: str) -> str:
    return base64.b64decode(encoded).decode()
