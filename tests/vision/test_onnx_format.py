from __future__ import annotations

import numpy as np
import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper

from talchum.domain.errors import NetworkFileError
from talchum.vision.onnx_format import has_external_data


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


def test_self_contained_model_has_none() -> None:
    assert not has_external_data(network(constants=[tensor(external=False)]))


def test_initialiser_in_another_file_is_found() -> None:
    assert has_external_data(network(constants=[tensor(external=False), tensor(external=True)]))


def test_location_mark_alone_is_enough() -> None:
    marked = tensor(external=False)
    marked.data_location = TensorProto.EXTERNAL
    assert has_external_data(network(constants=[marked]))


def test_tensor_of_a_nodes_attribute_is_found() -> None:
    node = helper.make_node("Constant", [], ["a"], value=tensor(external=True))
    assert has_external_data(network(node, constants=[]))


def test_tensor_within_a_branch_is_found() -> None:
    branch = helper.make_graph([], "branch", [], [], [tensor(external=True)])
    node = helper.make_node("If", ["a"], ["b"], then_branch=branch, else_branch=branch)
    assert has_external_data(network(node, constants=[]))


def test_tensor_of_a_local_function_is_found() -> None:
    node = helper.make_node("Constant", [], ["a"], value=tensor(external=True))
    function = helper.make_function("local", "f", [], ["a"], [node], [helper.make_opsetid("", 17)])
    model = helper.make_model(helper.make_graph([], "g", [], []), functions=[function])
    assert has_external_data(model.SerializeToString())


def wrapped(field: int, payload: bytes) -> bytes:
    """A field of a message, by hand: protobuf's own writer refuses to nest this deep."""
    length = len(payload)
    return bytes([field << 3 | 2, length & 127 | 128, length >> 7]) + payload


def test_endless_nesting_is_refused() -> None:
    graph = b""
    for _ in range(40):
        graph = wrapped(1, wrapped(5, wrapped(6, graph)))
    with pytest.raises(NetworkFileError, match="nested deeper"):
        has_external_data(wrapped(7, graph))


def answer(raw: bytes) -> bool | str:
    """Whether there is external data, or the code of the refusal."""
    try:
        return has_external_data(raw)
    except NetworkFileError as error:
        return error.code


@given(st.binary(max_size=200))
def test_any_bytes_give_an_answer_or_a_clear_refusal(raw: bytes) -> None:
    assert answer(raw) in {True, False, "network_file_corrupt"}


@given(st.integers(min_value=1, max_value=60))
def test_truncated_model_never_passes_for_a_model_with_other_files(cut: int) -> None:
    assert answer(network(constants=[tensor(external=False)])[:-cut]) in {False, "network_file_corrupt"}
