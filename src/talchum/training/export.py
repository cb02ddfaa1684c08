"""A trained network as an ONNX file that a face worker runs: uint8 planes in, uint8-ranged picture out.

Two files: `fp32` as a yardstick, and `int8` (static, per channel, QDQ) that is worn; on a CPU with VNNI the
second is several times faster. They are compared on held-out moments before anything is kept.
"""

from __future__ import annotations

import math
import tempfile
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process
from torch import Tensor, nn

from talchum.domain.errors import TrainingError
from talchum.training.moment import Moment
from talchum.training.network import FaceNetwork
from talchum.vision.conditioning import (
    NETWORK_INPUT,
    NETWORK_OUTPUT,
    PLANES,
    SIDE,
    Planes,
    unshuffled,
    with_colours,
)
from talchum.vision.runtime import open_network

OPSET = 17
CALIBRATION_MOMENTS = 64
FINE_LAYERS = 2
"""The last convolutions stay in single precision: the picture is at 44.6 dB of the fp32 one's (the base
network on sora). With only the last one left so 40.9 dB, with four 45.6, with seven 46.0."""

LEAST_LIKENESS_DB = 34.0  # of the int8 network to the fp32 one; noise of that size is not seen


class DeployedNetwork(nn.Module):
    """The network as it is worn: (1, 56, S/2, S/2) uint8 (`unshuffled`) to (1, S, S, 5) float 0..255."""

    def __init__(self, network: FaceNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(self, planes: Tensor) -> Tensor:
        """What else lies between the worker's arrays and the network's own is inside the graph."""
        out: Tensor = self.network.paint(planes.float() / 255)
        return (out * 255).permute(0, 2, 3, 1)


class _Calibration(CalibrationDataReader):  # type: ignore[misc]
    """Moments for the quantiser to see the range of every activation."""

    def __init__(self, moments: Sequence[Moment]) -> None:
        step = max(1, len(moments) // CALIBRATION_MOMENTS)
        self._planes: Iterator[Planes] = (
            with_colours(moment.geometry, moment.picture) for moment in moments[::step]
        )

    def get_next(self) -> dict[str, NDArray[np.uint8]] | None:
        """The next moment, None at the end."""
        planes = next(self._planes, None)
        return None if planes is None else {NETWORK_INPUT: unshuffled(planes)}


def export_fp32(network: FaceNetwork) -> bytes:
    """The network as ONNX, in single precision."""
    with tempfile.TemporaryDirectory() as scratch, warnings.catch_warnings():
        # the newer exporter needs another package and makes the same graph of convolutions
        warnings.simplefilter("ignore", DeprecationWarning)
        path = Path(scratch) / "fp32.onnx"
        example = torch.zeros(1, 4 * PLANES, SIDE // 2, SIDE // 2, dtype=torch.uint8)
        torch.onnx.export(
            DeployedNetwork(network).eval(),
            (example,),
            str(path),
            input_names=[NETWORK_INPUT],
            output_names=[NETWORK_OUTPUT],
            opset_version=OPSET,
            dynamo=False,
        )
        return path.read_bytes()


def export_int8(fp32: bytes, learned: Sequence[Moment]) -> bytes:
    """The same network with eight-bit weights and activations, but for its finest layers."""
    with tempfile.TemporaryDirectory() as scratch:
        plain, ready, small = (Path(scratch) / f"{name}.onnx" for name in ("plain", "ready", "small"))
        plain.write_bytes(fp32)
        quant_pre_process(str(plain), str(ready), skip_symbolic_shape=True)
        convolutions = [node.name for node in onnx.load(str(ready)).graph.node if node.op_type == "Conv"]
        quantize_static(
            str(ready),
            str(small),
            _Calibration(learned),
            quant_format=QuantFormat.QDQ,
            op_types_to_quantize=["Conv"],
            per_channel=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            nodes_to_exclude=convolutions[-FINE_LAYERS:],
        )
        return small.read_bytes()


def likeness(one: bytes, other: bytes, moments: Sequence[Moment]) -> float:
    """How alike two networks paint the same moments: PSNR in dB inside the face."""
    first, second = (open_network(network, "a face network") for network in (one, other))
    errors = []
    for moment in moments:
        planes = unshuffled(with_colours(moment.geometry, moment.picture))
        inside = moment.geometry.inside > 0
        a, b = (
            session.run([NETWORK_OUTPUT], {NETWORK_INPUT: planes})[0][0, ..., :3][inside]
            for session in (first, second)
        )
        errors.append(float(np.mean((a - b) ** 2)) / 255**2)
    return -10 * math.log10(max(sum(errors) / len(errors), 1e-10))


def expect_alike(fp32: bytes, int8: bytes, moments: Sequence[Moment]) -> float:
    """The likeness in dB. Raises TrainingError (`int8_differs`) when eight bits lose too much."""
    decibels = likeness(fp32, int8, moments)
    if decibels < LEAST_LIKENESS_DB:
        raise TrainingError(
            f"got an int8 network at {decibels:.1f} dB of the fp32 one, "
            f"expected at least {LEAST_LIKENESS_DB:.0f}",
            code="int8_differs",
        )
    return decibels
