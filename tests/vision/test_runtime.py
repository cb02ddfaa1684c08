from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from talchum.domain.errors import NetworkFileError
from talchum.vision.networks import NETWORKS, default_networks_directory, network_path
from talchum.vision.runtime import open_session


def adder(*, operator: str = "Add") -> onnx.ModelProto:
    values = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [2]) for name in ("a", "b", "c")]
    graph = helper.make_graph([helper.make_node(operator, ["a", "b"], ["c"])], "g", values[:2], values[2:])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)


def refusal(path: Path) -> NetworkFileError:
    with pytest.raises(NetworkFileError) as refused:
        open_session(path)
    return refused.value


def test_small_network_runs(tmp_path: Path) -> None:
    path = tmp_path / "adder.onnx"
    path.write_bytes(adder().SerializeToString())
    session = open_session(path)
    (result,) = session.run(["c"], {"a": np.array([1, 2], np.float32), "b": np.array([3, 4], np.float32)})
    np.testing.assert_array_equal(result, [4, 6])


@pytest.mark.vision
@pytest.mark.parametrize("name", list(NETWORKS))
def test_installed_network_has_the_shapes_of_the_table(name: str) -> None:
    session = open_session(network_path(name, default_networks_directory()))
    network = NETWORKS[name]
    assert {value.name: tuple(value.shape) for value in session.get_inputs()} == dict(network.inputs)
    assert {value.name: tuple(value.shape) for value in session.get_outputs()} == dict(network.outputs)


def test_missing_file_is_named(tmp_path: Path) -> None:
    error = refusal(tmp_path / "face.onnx")
    assert (error.code, "face.onnx" in error.message) == ("network_file_missing", True)


@pytest.mark.parametrize("raw", [b"", b"hello", b"\x3a\x05abc", b"\xff" * 50])
def test_bytes_that_are_no_network_are_refused_by_name(tmp_path: Path, raw: bytes) -> None:
    path = tmp_path / "face.onnx"
    path.write_bytes(raw)
    error = refusal(path)
    assert (error.code, "face.onnx" in error.message) == ("network_file_corrupt", True)


def test_unknown_operator_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "face.onnx"
    path.write_bytes(adder(operator="Frobnicate").SerializeToString())
    assert refusal(path).code == "network_file_corrupt"


def test_weights_in_another_file_are_refused_by_name(tmp_path: Path) -> None:
    model = adder()
    weights = model.graph.initializer.add(name="b", data_type=TensorProto.FLOAT, dims=[2])
    weights.data_location = TensorProto.EXTERNAL
    weights.external_data.add(key="location", value="weights.bin")
    (tmp_path / "weights.bin").write_bytes(bytes(8))
    path = tmp_path / "face.onnx"
    path.write_bytes(model.SerializeToString())
    error = refusal(path)
    assert (error.code, "face.onnx" in error.message) == ("network_file_external", True)
