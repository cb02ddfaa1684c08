"""Writes an ONNX graph node by node, with names that depend on nothing but the order of the calls."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

OPSET = 17
IR_VERSION = 9


class OnnxGraph:
    """An ONNX graph under construction; the same calls give the same bytes."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._nodes: list[onnx.NodeProto] = []
        self._constants: list[onnx.TensorProto] = []
        self._inputs: list[onnx.ValueInfoProto] = []
        self._outputs: list[onnx.ValueInfoProto] = []

    def input(self, name: str, shape: Sequence[int]) -> str:
        """Declare a float32 input."""
        self._inputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, shape))
        return name

    def output(self, value: str, name: str, shape: Sequence[int]) -> None:
        """Declare a float32 output that carries this value."""
        self._nodes.append(helper.make_node("Identity", [value], [name], name=f"output_{name}"))
        self._outputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, shape))

    def floats(self, values: Any) -> str:
        """A float32 constant."""
        return self._constant(np.asarray(values, dtype="<f4"))

    def halves(self, values: Any) -> str:
        """A constant kept in half precision and used as float32."""
        return self.node("Cast", self._constant(np.asarray(values, dtype="<f2")), to=TensorProto.FLOAT)

    def integers(self, values: Any) -> str:
        """An int64 constant: shapes, axes, indices."""
        return self._constant(np.asarray(values, dtype="<i8"))

    def node(self, kind: str, *inputs: str, **attributes: Any) -> str:
        """Add a node with one output; the output's name comes back."""
        output = f"{kind.lower()}_{len(self._nodes)}"
        self._nodes.append(helper.make_node(kind, inputs, [output], name=output, **attributes))
        return output

    def slice(self, value: str, axis: int, start: int, stop: int) -> str:
        """`value[..., start:stop, ...]` along one axis."""
        return self.node("Slice", value, self.integers([start]), self.integers([stop]), self.integers([axis]))

    def reshape(self, value: str, shape: Sequence[int]) -> str:
        """`value` with another shape."""
        return self.node("Reshape", value, self.integers(shape))

    def serialise(self, metadata: dict[str, str]) -> bytes:
        """The checked model as bytes, everything inside one file (no external data)."""
        graph = helper.make_graph(self._nodes, self._name, self._inputs, self._outputs, self._constants)
        model = helper.make_model(
            graph,
            opset_imports=[helper.make_opsetid("", OPSET)],
            ir_version=IR_VERSION,
            producer_name="talchum",
        )
        helper.set_model_props(model, dict(sorted(metadata.items())))
        onnx.checker.check_model(model, full_check=True)
        return bytes(model.SerializeToString(deterministic=True))

    def _constant(self, values: NDArray[Any]) -> str:
        name = f"constant_{len(self._constants)}"
        # order="C" and not ascontiguousarray: that one turns a scalar into a vector
        self._constants.append(numpy_helper.from_array(np.array(values, order="C"), name))
        return name
