"""Two recognisers that say how alike two faces are: the one that ships, and for measurements only a second.

HSE FaceRes is that of `talchum.vision.recognition`. dlib's ResNet (npm `@vladmandic/face-api@1.7.15`, MIT,
its weights in the public domain) is made of TensorFlow.js weights here; that needs the package `onnx`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnx
import onnxruntime as ort
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from talchum.vision.networks import network_path
from talchum.vision.runtime import open_session

DLIB_SHA256 = "b413e420d6840b2775fba32008db6f3cddb07d485967fb42cfcf379c16a8c589"

Floats = NDArray[np.float32]
Weights = Mapping[str, NDArray[Any]]


@dataclass(frozen=True, slots=True, eq=False)
class Crop:
    """How a recogniser wants a face cut out.

    landmarks: of each anchor, the two whose middle it is. anchors: (N, 2), where those lie, shares of the
    side. side: pixels. mean: subtracted from the colours, in the network's order; divisor: then divided by.
    """

    landmarks: tuple[tuple[int, int], ...]
    anchors: tuple[tuple[float, float], ...]
    side: int
    mean: tuple[float, float, float]
    divisor: float
    bgr: bool

    def cut(self, image: NDArray[np.uint8], points: Floats) -> Floats:
        """The network's input, (1, 3, side, side). image: RGB. points: at least (468, 2), pixels."""
        found = np.array([(points[a, :2] + points[b, :2]) / 2 for a, b in self.landmarks], np.float32)
        wanted = np.array(self.anchors, np.float32) * self.side
        transform, _ = cv2.estimateAffinePartial2D(found, wanted, method=cv2.LMEDS)
        size = (self.side, self.side)
        face = cv2.warpAffine(image, transform, size, flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REPLICATE)
        ordered = face[..., ::-1] if self.bgr else face
        shifted = (ordered.astype(np.float32) - np.array(self.mean, np.float32)) / np.float32(self.divisor)
        return np.ascontiguousarray(shifted.transpose(2, 0, 1)[None])


_FACERES_CROP = Crop(
    landmarks=((33, 133), (362, 263), (1, 1), (61, 61), (291, 291)),  # eyes, nose, corners of the mouth
    anchors=((0.308, 0.38), (0.692, 0.38), (0.5, 0.56), (0.35, 0.72), (0.65, 0.72)),
    side=224,
    mean=(103.9, 116.8, 123.7),
    divisor=1.0,
    bgr=True,
)
# corners of the eyes and the base of the nose: dlib's five-point chip, a quarter of it around
_DLIB_MEAN_SHAPE = ((0.8596, 0.2135), (0.6461, 0.2290), (0.1206, 0.2137), (0.3341, 0.2291), (0.4901, 0.6278))
_DLIB_CROP = Crop(
    landmarks=((263, 263), (362, 362), (33, 33), (133, 133), (2, 2)),
    anchors=tuple(((0.25 + x) / 1.5, (0.25 + y) / 1.5) for x, y in _DLIB_MEAN_SHAPE),
    side=150,
    mean=(122.782, 117.001, 104.298),
    divisor=256.0,
    bgr=False,
)


@dataclass(frozen=True, slots=True, eq=False)
class Embedder:
    """A recogniser.

    same_person: cosine similarity from which it takes two pictures for one person. takes: its input's name.
    """

    name: str
    session: ort.InferenceSession
    crop: Crop
    same_person: float
    takes: str = "input"

    def embed(self, image: NDArray[np.uint8], points: Floats) -> Floats:
        """Unit embedding of a face. image: RGB. points: its mesh, at least (468, 2) pixels."""
        (found,) = self.session.run(["embedding"], {self.takes: self.crop.cut(image, points)})
        vector = np.asarray(found, np.float32).reshape(-1)
        return np.asarray(vector / np.linalg.norm(vector), np.float32)


def load_faceres(networks: Path) -> Embedder:
    """FaceRes up to its 1024-d embedding. networks: the installation's. Raises NetworkFileError."""
    session = open_session(network_path("face_recognition", networks))
    return Embedder("faceres", session, _FACERES_CROP, 0.60, "image")


def load_dlib(package: Path) -> Embedder:
    """dlib's ResNet up to its 128-d embedding. package: the unpacked package. ValueError for other bytes."""
    directory = package / "model"
    raw = _checked(directory / "face_recognition_model.bin", DLIB_SHA256)
    manifest = json.loads((directory / "face_recognition_model-weights_manifest.json").read_text())
    converter = _DlibConverter(read_weights(manifest, raw))
    return Embedder("dlib", converter.graph.session(converter.convert(), _DLIB_CROP.side), _DLIB_CROP, 0.93)


def read_weights(manifest: Iterable[Mapping[str, Any]], raw: bytes) -> dict[str, NDArray[Any]]:
    """The weights of a TensorFlow.js file by name, as float32 where they are floating or quantised."""
    found: dict[str, NDArray[Any]] = {}
    offset = 0
    for weight in (weight for group in manifest for weight in group["weights"]):
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


class _Graph:
    """An ONNX graph that grows a node at a time."""

    def __init__(self) -> None:
        self._nodes: list[onnx.NodeProto] = []
        self._constants: list[onnx.TensorProto] = []

    def constant(self, values: NDArray[Any]) -> str:
        name = f"c{len(self._constants)}"
        self._constants.append(numpy_helper.from_array(np.array(values, order="C"), name))
        return name

    def add(self, operator: str, inputs: list[str], **attributes: Any) -> str:
        name = f"n{len(self._nodes)}"
        self._nodes.append(helper.make_node(operator, inputs, [name], **attributes))
        return name

    def session(self, result: str, side: int) -> ort.InferenceSession:
        """Open what was built. result: the value that becomes `embedding`."""
        made = helper.make_graph(
            [*self._nodes, helper.make_node("Identity", [result], ["embedding"])],
            "embedder",
            [helper.make_tensor_value_info("input", TensorProto.FLOAT, [1, 3, side, side])],
            [helper.make_empty_tensor_value_info("embedding")],
            self._constants,
        )
        model = helper.make_model(made, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
        options = ort.SessionOptions()
        options.intra_op_num_threads = 1
        providers = ["CPUExecutionProvider"]
        return ort.InferenceSession(model.SerializeToString(), options, providers=providers)


_DLIB_BLOCKS = (
    *("conv32_1", "conv32_2", "conv32_3", "conv64_down", "conv64_1", "conv64_2", "conv64_3"),
    *("conv128_down", "conv128_1", "conv128_2", "conv256_down", "conv256_1", "conv256_2"),
    "conv256_down_out",
)


class _DlibConverter:
    """D. King's ResNet-29 (dlib, dnn_face_recognition_ex) with its scales folded into the convolutions."""

    def __init__(self, weights: Weights) -> None:
        self.graph = _Graph()
        self._weights = weights

    def convert(self) -> str:
        """The name of the embedding."""
        x = self._convolution("input", "conv32_down", stride=2, pad=0)
        x = self.graph.add("MaxPool", [x], kernel_shape=[3, 3], strides=[2, 2])
        for block in _DLIB_BLOCKS:
            x = self._residual(x, block, down="down" in block)
        x = self.graph.add("ReduceMean", [x], axes=[2, 3], keepdims=0)
        return self.graph.add("MatMul", [x, self.graph.constant(self._weights["fc"])])

    def _convolution(self, x: str, name: str, *, stride: int, pad: int, relu: bool = True) -> str:
        kernel = self._weights[f"{name}/conv/filters"].transpose(3, 2, 0, 1)
        scale = self._weights[f"{name}/scale/weights"]
        bias = self._weights[f"{name}/conv/bias"] * scale + self._weights[f"{name}/scale/biases"]
        folded = kernel * scale[:, None, None, None]
        result = self.graph.add(
            "Conv",
            [x, self.graph.constant(folded.astype(np.float32)), self.graph.constant(bias.astype(np.float32))],
            kernel_shape=kernel.shape[2:],
            strides=[stride, stride],
            pads=[pad] * 4,
        )
        return self.graph.add("Relu", [result]) if relu else result

    def _residual(self, x: str, name: str, *, down: bool) -> str:
        first = self._convolution(x, f"{name}/conv1", stride=2 if down else 1, pad=0 if down else 1)
        second = self._convolution(first, f"{name}/conv2", stride=1, pad=1, relu=False)
        if down:
            x = self._narrowed(x, like=second, name=name)
        return self.graph.add("Relu", [self.graph.add("Add", [x, second])])

    def _narrowed(self, x: str, like: str, name: str) -> str:
        """The straight way past a block that halves: pooled, and zeros where that is smaller."""
        pooled = self.graph.add("AveragePool", [x], kernel_shape=[2, 2], strides=[2, 2])
        zeros = self.graph.constant(np.zeros(4, np.int64))
        difference = self.graph.add(
            "Sub", [self.graph.add("Shape", [like]), self.graph.add("Shape", [pooled])]
        )
        pads = self.graph.add("Concat", [zeros, difference], axis=0)
        return self.graph.add("Pad", [pooled, pads])


def _checked(path: Path, digest: str) -> bytes:
    raw = path.read_bytes()
    found = hashlib.sha256(raw).hexdigest()
    if found != digest:
        raise ValueError(f"got {path.name} with sha256 {found}, expected {digest}")
    return raw
