from __future__ import annotations

import numpy as np
import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper

from talchum.domain.errors import NetworkFileError
from talchum.vision.onnx_format import MAX_NODES, check_self_contained


def tensor(*, external: bool) -> onnx.TensorProto:
    made = numpy_helper.from_array(np.ones((2, 2), np.float32), "weights")
    if external:
        made.data_location = TensorProto.EXTERNAL
        made.external_data.add(key="location", value="../elsewhere.bin")
        made.ClearField("raw_data")
    return made


def network(*nodes: onnx.NodeProto, constants: list[onnx.TensorProto]) -> bytes:
    graph = helper.make_graph(list(nodes), "g", [], [], constants)
    return bytes(helper.make_model(graph).SerializeToString())


def refusal(model: bytes) -> str:
    """The code of the refusal, empty when there is none."""
    try:
        check_self_contained(model)
    except NetworkFileError as error:
        return error.code
    return ""


def test_self_contained_model_is_taken() -> None:
    assert refusal(network(constants=[tensor(external=False)])) == ""


def test_initialiser_in_another_file_is_found() -> None:
    model = network(constants=[tensor(external=False), tensor(external=True)])
    assert refusal(model) == "network_file_external"


def test_location_mark_alone_is_enough() -> None:
    marked = tensor(external=False)
    marked.data_location = TensorProto.EXTERNAL
    assert refusal(network(constants=[marked])) == "network_file_external"


def test_tensor_of_a_nodes_attribute_is_found() -> None:
    node = helper.make_node("Constant", [], ["a"], value=tensor(external=True))
    assert refusal(network(node, constants=[])) == "network_file_external"


def test_tensor_within_a_branch_is_found() -> None:
    branch = helper.make_graph([], "branch", [], [], [tensor(external=True)])
    node = helper.make_node("If", ["a"], ["b"], then_branch=branch, else_branch=branch)
    assert refusal(network(node, constants=[])) == "network_file_external"


def test_operators_of_a_models_own_are_refused() -> None:
    node = helper.make_node("Relu", ["b"], ["a"])
    function = helper.make_function("", "Relu", ["b"], ["a"], [node], [helper.make_opsetid("", 17)])
    model = helper.make_model(helper.make_graph([], "g", [], []), functions=[function])
    with pytest.raises(NetworkFileError, match="of the model's own"):
        check_self_contained(model.SerializeToString())


def test_operators_of_a_runtime_are_refused() -> None:
    """This one reads what it runs from the file it names."""
    node = helper.make_node("EPContext", ["x"], ["y"], domain="com.microsoft", ep_cache_context="../x")
    with pytest.raises(NetworkFileError, match="not of the standard"):
        check_self_contained(network(node, constants=[]))


def test_sparse_weights_are_refused() -> None:
    values, places = helper.make_tensor("w", 1, [1], [1.0]), helper.make_tensor("", 7, [1], [1 << 50])
    sparse = helper.make_sparse_tensor(values, places, [1 << 51])
    graph = helper.make_graph([], "g", [], [], sparse_initializer=[sparse])
    with pytest.raises(NetworkFileError, match="sparse"):
        check_self_contained(helper.make_model(graph).SerializeToString())


def test_nodes_are_limited() -> None:
    nodes = [helper.make_node("Relu", [f"a{one}"], [f"a{one + 1}"]) for one in range(MAX_NODES + 1)]
    assert refusal(network(*nodes[1:], constants=[])) == ""
    with pytest.raises(NetworkFileError, match="more than 2048 nodes"):
        check_self_contained(network(*nodes, constants=[]))


def wrapped(field: int, payload: bytes) -> bytes:
    """A field of a message, by hand: protobuf's own writer refuses to nest this deep."""
    length = len(payload)
    return bytes([field << 3 | 2, length & 127 | 128, length >> 7]) + payload


def test_endless_nesting_is_refused() -> None:
    graph = b""
    for _ in range(40):
        graph = wrapped(1, wrapped(5, wrapped(6, graph)))
    with pytest.raises(NetworkFileError, match="nested deeper"):
        check_self_contained(wrapped(7, graph))


@given(st.binary(max_size=200))
def test_any_bytes_give_an_answer_or_a_clear_refusal(raw: bytes) -> None:
    assert refusal(raw) in {"", "network_file_external", "network_file_corrupt"}


@given(st.integers(min_value=1, max_value=60))
def test_truncated_model_never_passes_for_a_model_with_other_files(cut: int) -> None:
    assert refusal(network(constants=[tensor(external=False)])[:-cut]) in {"", "network_file_corrupt"}
