from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, get_args

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from onnx import TensorProto, helper

from talchum.domain.errors import NetworkFileError, SettingsError
from talchum.domain.rendering import InferenceProvider
from talchum.vision.networks import NETWORKS, default_networks_directory, network_path
from talchum.vision.runtime import available_providers, check_provider, open_network, open_session


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


class Factory:
    """ONNX Runtime as it would be with a device: keeps what it was asked for.

    built: its providers. has_device: whether the first one wanted is really there.
    """

    def __init__(self, *built: str, has_device: bool = True) -> None:
        self.built = [*built, "CPUExecutionProvider"]
        self.has_device = has_device
        self.options: ort.SessionOptions | None = None
        self.wanted: list[Any] = []
        self.busy = threading.Lock()
        self.runs = 0
        self.collisions = 0

    def __call__(self, _model: bytes, options: ort.SessionOptions, *, providers: list[Any]) -> Factory:
        self.options, self.wanted = options, providers
        return self

    def get_providers(self) -> list[str]:
        return self.built if self.has_device else ["CPUExecutionProvider"]

    def run(self, _names: list[str], _feed: dict[str, Any]) -> list[Any]:
        if not self.busy.acquire(blocking=False):
            self.collisions += 1
            return []
        self.runs += 1
        time.sleep(0)  # a chance for the others
        self.busy.release()
        return []


def install(monkeypatch: pytest.MonkeyPatch, factory: Factory) -> Factory:
    monkeypatch.setattr(ort, "get_available_providers", lambda: factory.built)
    monkeypatch.setattr(ort, "InferenceSession", factory)
    return factory


@pytest.mark.parametrize(
    ("provider", "built", "wanted"),
    [
        ("cpu", [], []),
        ("cuda", ["CUDAExecutionProvider"], ["CUDAExecutionProvider"]),
        (
            "tensorrt",
            ["TensorrtExecutionProvider", "CUDAExecutionProvider"],
            ["TensorrtExecutionProvider", "CUDAExecutionProvider"],
        ),
        ("coreml", ["CoreMLExecutionProvider"], ["CoreMLExecutionProvider"]),
        ("directml", ["DmlExecutionProvider"], ["DmlExecutionProvider"]),
    ],
)
def test_a_provider_comes_before_the_processor(
    monkeypatch: pytest.MonkeyPatch, provider: InferenceProvider, built: list[str], wanted: list[str]
) -> None:
    factory = install(monkeypatch, Factory(*built))
    open_network(adder().SerializeToString(), "adder", provider=provider)
    *before, last = factory.wanted
    assert last == "CPUExecutionProvider"
    assert [name for name, _options in before] == wanted
    assert all(isinstance(value, str) for _name, options in before for value in options.values())
    assert provider in available_providers()


def test_a_provider_that_is_not_built_in_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, Factory("CUDAExecutionProvider"))
    assert available_providers() == ["cpu", "cuda"]
    for provider in ("tensorrt", "coreml", "directml"):
        with pytest.raises(SettingsError, match=f"{provider}, expected .*: cpu, cuda$") as refused:
            check_provider(provider)
        assert refused.value.code == "inference_provider_missing"


def test_a_provider_without_its_device_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, Factory("CUDAExecutionProvider", has_device=False))
    with pytest.raises(SettingsError, match="no device for the inference provider cuda") as refused:
        open_network(adder().SerializeToString(), "adder", provider="cuda")
    assert refused.value.code == "inference_provider_failed"


def test_directml_is_asked_by_one_thread_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    factory = install(monkeypatch, Factory("DmlExecutionProvider"))
    network = open_network(adder().SerializeToString(), "adder", provider="directml")
    assert factory.options is not None
    assert not factory.options.enable_mem_pattern
    with ThreadPoolExecutor(8) as threads:
        for _ in range(400):
            threads.submit(network.run, ["c"], {})
    assert (factory.runs, factory.collisions) == (400, 0)


def test_this_machine_runs_what_it_says_it_has() -> None:
    assert "cpu" in available_providers()
    assert set(available_providers()) <= set(get_args(InferenceProvider))
    inputs = {"a": np.array([1, 2], np.float32), "b": np.array([3, 4], np.float32)}
    (result,) = open_network(adder().SerializeToString(), "adder").run(["c"], inputs)
    np.testing.assert_array_equal(result, [4, 6])
