"""Opens network files as ONNX Runtime sessions."""

from __future__ import annotations

from pathlib import Path

import onnxruntime as ort
from onnxruntime.capi import onnxruntime_pybind11_state as ort_errors

from talchum.domain.errors import NetworkFileError
from talchum.vision.onnx_format import has_external_data

_ONLY_ERRORS = 3
# the runtime's errors have no common base but Exception
_OPEN_ERRORS = (
    ort_errors.Fail,
    ort_errors.InvalidArgument,
    ort_errors.InvalidGraph,
    ort_errors.InvalidProtobuf,
    ort_errors.NotImplemented,
    ort_errors.RuntimeException,
)


def open_session(path: Path, *, threads: int = 1) -> ort.InferenceSession:
    """An inference session over one network file; as `open_network`, and `network_file_missing`."""
    try:
        model = path.read_bytes()
    except OSError as error:
        raise NetworkFileError(
            f"got no readable {path.name}, expected a network file", code="network_file_missing"
        ) from error
    # from the bytes that are checked, not from the path: the file may change in between
    return open_network(model, path.name, threads=threads)


def open_network(model: bytes, name: str, *, threads: int = 1) -> ort.InferenceSession:
    """An inference session over an ONNX model in memory, on the CPU with this many threads.

    Slow (tens of milliseconds to seconds): never on an event loop. The session may be shared between threads.
    name: what errors call it. Raises NetworkFileError (`network_file_corrupt`, `network_file_external`).
    """
    try:
        outside = has_external_data(model)
    except NetworkFileError as error:
        raise NetworkFileError(f"{name}: {error.message}", code=error.code) from error
    if outside:
        raise NetworkFileError(
            f"got {name} with weights in other files, expected one self-contained file",
            code="network_file_external",
        )
    try:
        return ort.InferenceSession(model, _session_options(threads), providers=["CPUExecutionProvider"])
    except _OPEN_ERRORS as error:
        raise NetworkFileError(
            f"got {name} that the runtime refuses, expected an onnx model", code="network_file_corrupt"
        ) from error


def _session_options(threads: int) -> ort.SessionOptions:
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.execution_mode = ort.ExecutionMode.ORT_SEQUENTIAL
    options.log_severity_level = _ONLY_ERRORS
    # without this a pool thread spins between two frames and takes a core from the encoder
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return options
