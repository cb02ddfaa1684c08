"""Opens network files as ONNX Runtime sessions, on the processor or on what a setting names."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import onnxruntime as ort
from onnxruntime.capi import onnxruntime_pybind11_state as ort_errors

from talchum.domain.errors import NetworkFileError, SettingsError
from talchum.domain.rendering import InferenceProvider
from talchum.vision.detection import NetworkSession
from talchum.vision.onnx_format import check_self_contained

_ONLY_ERRORS = 3

_CPU = "CPUExecutionProvider"
# Exhaustive search, the default, would try every algorithm with the first frame of each identity.
_CUDA = ("CUDAExecutionProvider", {"cudnn_conv_algo_search": "HEURISTIC"})

_PROVIDERS: Mapping[InferenceProvider, tuple[tuple[str, Mapping[str, str]], ...]] = MappingProxyType(
    {
        "cpu": (),
        "cuda": (_CUDA,),
        "tensorrt": (("TensorrtExecutionProvider", {"trt_fp16_enable": "1", "trt_int8_enable": "1"}), _CUDA),
        "coreml": (("CoreMLExecutionProvider", {"ModelFormat": "MLProgram"}),),
        "directml": (("DmlExecutionProvider", {}),),
    }
)
"""ONNX Runtime's names and options by preference; the processor takes what is left."""

# the runtime's errors have no common base but Exception
_OPEN_ERRORS = (
    ort_errors.Fail,
    ort_errors.InvalidArgument,
    ort_errors.InvalidGraph,
    ort_errors.InvalidProtobuf,
    ort_errors.NotImplemented,
    ort_errors.RuntimeException,
)


def available_providers() -> list[InferenceProvider]:
    """What the installed ONNX Runtime was built for; whether the machine has it shows when it is used."""
    built = ort.get_available_providers()
    return [name for name, wanted in _PROVIDERS.items() if all(provider in built for provider, _ in wanted)]


def check_provider(provider: InferenceProvider) -> None:
    """Pass when the installed ONNX Runtime has it. Raises SettingsError (`inference_provider_missing`)."""
    available = available_providers()
    if provider not in available:
        raise SettingsError(
            f"got the inference provider {provider}, expected one that the installed onnxruntime has: "
            + ", ".join(available),
            code="inference_provider_missing",
        )


def open_session(path: Path, *, threads: int = 1) -> ort.InferenceSession:
    """A session over one network file, on the processor; as `open_network`, and `network_file_missing`."""
    try:
        model = path.read_bytes()
    except OSError as error:
        raise NetworkFileError(
            f"got no readable {path.name}, expected a network file", code="network_file_missing"
        ) from error
    # from the bytes that are checked, not from the path: the file may change in between
    return _open(model, path.name, threads, "cpu")


def open_network(
    model: bytes, name: str, *, threads: int = 1, provider: InferenceProvider = "cpu"
) -> NetworkSession:
    """An inference session over an ONNX model in memory; threads: on the processor.

    Slow (tens of milliseconds to seconds, with TensorRT minutes): never on an event loop. Operators that the
    provider lacks run on the processor. The session may be shared between threads. name: what errors call it.
    Raises NetworkFileError (`network_file_corrupt`, `network_file_external`), SettingsError
    (`inference_provider_missing`, `inference_provider_failed`).
    """
    session = _open(model, name, threads, provider)
    return _OneAtATime(session) if provider == "directml" else session


def _open(model: bytes, name: str, threads: int, provider: InferenceProvider) -> ort.InferenceSession:
    check_provider(provider)
    _check_named(model, name)
    wanted = [(own, dict(options)) for own, options in _PROVIDERS[provider]]
    options = _session_options(threads)
    if provider == "directml":
        options.enable_mem_pattern = False  # it cannot
    try:
        session = ort.InferenceSession(model, options, providers=[*wanted, _CPU])
    except _OPEN_ERRORS as error:
        raise NetworkFileError(
            f"got {name} that the runtime refuses, expected an onnx model", code="network_file_corrupt"
        ) from error
    if wanted and wanted[0][0] not in session.get_providers():
        # ONNX Runtime goes on without it, on a processor that nobody chose for this
        raise SettingsError(
            f"got no device for the inference provider {provider}, expected its driver and libraries",
            code="inference_provider_failed",
        )
    return session


def _check_named(model: bytes, name: str) -> None:
    try:
        check_self_contained(model)
    except NetworkFileError as error:
        raise NetworkFileError(f"{name}: {error.message}", code=error.code) from error


class _OneAtATime:
    """A session for a provider that lets one thread run it at a time."""

    def __init__(self, session: ort.InferenceSession) -> None:
        self._session = session
        self._lock = threading.Lock()

    def run(self, output_names: list[str], input_feed: dict[str, Any]) -> Any:
        """The named outputs, when the thread before is done."""
        with self._lock:
            return self._session.run(output_names, input_feed)


def _session_options(threads: int) -> ort.SessionOptions:
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.execution_mode = ort.ExecutionMode.ORT_SEQUENTIAL
    options.log_severity_level = _ONLY_ERRORS
    # without this a pool thread spins between two frames and takes a core from the encoder
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    # what was checked is what is read: it would guess its own format from the first bytes
    options.add_session_config_entry("session.load_model_format", "ONNX")
    return options
