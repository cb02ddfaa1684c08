"""A TensorFlow.js graph becomes the same network in ONNX, with nothing of it left out by chance."""

from __future__ import annotations

import base64
import json
from typing import Any

import numpy as np
import onnxruntime as ort
import pytest

from building.errors import BuildError
from building.onnx_graph import OnnxGraph
from building.recognition_network import SIDE, TfjsConverter, read_weights, recognition_network

RNG = np.random.default_rng(3)
PADDING = {
    "padding": {"s": base64.b64encode(b"SAME").decode()},
    "strides": {"list": {"i": ["1", "1", "1", "1"]}},
}


def node(name: str, op: str, *inputs: str, **attr: Any) -> dict[str, Any]:
    return {"name": name, "op": op, "input": list(inputs), "attr": attr}


def fused(*names: str) -> dict[str, Any]:
    return {"fused_ops": {"list": {"s": [base64.b64encode(name.encode()).decode() for name in names]}}}


def halves(*shape: int) -> np.ndarray:
    return RNG.normal(0, 0.5, shape).astype(np.float16)


def small_graph() -> tuple[bytes, bytes, dict[str, np.ndarray]]:
    """A convolution over the colours, the mean of each channel, and two layers over it."""
    weights = {
        "conv/kernel": halves(1, 1, 3, 1024),
        "conv/bias": halves(1024),
        "six": np.array([6.0], np.float32),
        "feats/kernel": halves(1024, 8),
        "feats/bias": halves(8),
        "age/kernel": halves(8, 100),
        "age/bias": halves(100),
    }
    nodes = [
        node("input", "Placeholder"),
        node("axes", "Const"),
        node(
            "conv", "_FusedConv2D", "input", "conv/kernel", "conv/bias", **PADDING, **fused("BiasAdd", "Relu")
        ),
        node("clipped", "Minimum", "conv", "six"),
        node("global_pooling/Mean", "Mean", "clipped", "axes"),
        node(
            "feats",
            "_FusedMatMul",
            "global_pooling/Mean",
            "feats/kernel",
            "feats/bias",
            **fused("BiasAdd", "Relu"),
        ),
        node("age_pred/BiasAdd", "_FusedMatMul", "feats", "age/kernel", "age/bias", **fused("BiasAdd")),
        node("gender_pred/Sigmoid", "Sigmoid", "feats"),
        node("age_pred/Softmax", "Softmax", "age_pred/BiasAdd"),
    ]
    listed = [
        {
            "name": name,
            "shape": list(values.shape),
            "dtype": "float32",
            **({"quantization": {"dtype": "float16"}} if values.dtype == np.float16 else {}),
        }
        for name, values in weights.items()
    ]
    graph = {"modelTopology": {"node": nodes}, "weightsManifest": [{"weights": listed}]}
    return json.dumps(graph).encode(), b"".join(v.tobytes() for v in weights.values()), weights


def test_graph_computes_what_tensorflow_would() -> None:
    graph, raw, weights = small_graph()
    session = ort.InferenceSession(recognition_network(graph, raw, {"licence": "MIT"}))
    image = RNG.normal(0, 1, (1, 3, SIDE, SIDE)).astype(np.float32)
    embedding, ages = session.run(["embedding", "ages"], {"image": image})
    w = {name: values.astype(np.float32) for name, values in weights.items()}
    mixed = np.einsum("chw,co->ohw", image[0], w["conv/kernel"][0, 0]) + w["conv/bias"][:, None, None]
    expected = np.clip(mixed, 0, 6).mean((1, 2))
    np.testing.assert_allclose(embedding, expected, rtol=1e-4, atol=1e-4)
    feats = np.maximum(expected @ w["feats/kernel"] + w["feats/bias"], 0)
    logits = feats @ w["age/kernel"] + w["age/bias"]
    shares = np.exp(logits - logits.max())
    np.testing.assert_allclose(ages, shares / shares.sum(), rtol=1e-3, atol=1e-5)
    assert [output.name for output in session.get_outputs()] == ["embedding", "ages"]


def test_made_twice_it_is_the_same_file() -> None:
    graph, raw, _ = small_graph()
    assert recognition_network(graph, raw, {}) == recognition_network(graph, raw, {})


def test_unknown_operator_is_refused_by_name() -> None:
    with pytest.raises(BuildError, match="LSTM"):
        TfjsConverter({}, OnnxGraph("test")).convert(node("x", "LSTM"))


@pytest.mark.parametrize("raw", [b"", bytes(9)], ids=["too few", "too many"])
def test_weights_of_another_length_are_refused(raw: bytes) -> None:
    manifest = [{"weights": [{"name": "w", "shape": [2], "dtype": "float32"}]}]
    with pytest.raises((BuildError, ValueError)):
        read_weights(manifest, raw)


def test_weights_quantised_otherwise_are_refused() -> None:
    manifest = [
        {"weights": [{"name": "w", "shape": [2], "dtype": "float32", "quantization": {"dtype": "uint8"}}]}
    ]
    with pytest.raises(BuildError, match="uint8"):
        read_weights(manifest, bytes(2))
