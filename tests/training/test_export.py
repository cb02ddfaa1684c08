"""What is exported paints what was trained, in single precision and in eight bits."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
import torch

from talchum.domain.errors import TrainingError
from talchum.training.dataset import as_batch
from talchum.training.export import expect_alike, export_fp32, export_int8, likeness
from talchum.training.network import FaceNetwork
from talchum.training.train import Training
from talchum.vision.conditioning import NETWORK_INPUT, NETWORK_OUTPUT, unshuffled, with_colours
from talchum.vision.onnx_format import check_self_contained
from talchum.vision.runtime import open_network
from tests.training.performances import SMALL, dataset, few_steps

pytestmark = pytest.mark.vision


@cache
def trained() -> FaceNetwork:
    training = Training(dataset(), few_steps(12))
    for _ in training.run():
        pass
    network: FaceNetwork = training.network
    return network


@cache
def exported() -> tuple[bytes, bytes]:
    fp32 = export_fp32(trained())
    return fp32, export_int8(fp32, dataset().learned)


def test_the_file_paints_what_the_network_paints() -> None:
    moment, network = dataset().held_out[0], trained()
    with torch.inference_mode():
        expected = network(torch.from_numpy(as_batch([moment]).planes))[0].permute(1, 2, 0).numpy() * 255
    session = open_network(exported()[0], "fp32")
    (painted,) = session.run(
        [NETWORK_OUTPUT], {NETWORK_INPUT: unshuffled(with_colours(moment.geometry, moment.picture))}
    )
    np.testing.assert_allclose(painted[0], expected, atol=0.05)


def test_eight_bits_paint_nearly_the_same_and_take_a_third_of_the_room() -> None:
    fp32, int8 = exported()
    assert likeness(fp32, int8, dataset().held_out) > 30
    assert likeness(fp32, fp32, dataset().held_out) == pytest.approx(100.0)
    whole = export_fp32(FaceNetwork())
    assert len(export_int8(whole, dataset().learned[:8])) < len(whole) / 3


def test_a_file_holds_all_of_its_weights() -> None:
    for network in exported():
        check_self_contained(network)


def test_a_network_that_paints_something_else_is_refused() -> None:
    torch.manual_seed(1)
    stranger = export_fp32(FaceNetwork(SMALL))
    with pytest.raises(TrainingError) as refused:
        expect_alike(exported()[0], stranger, dataset().held_out)
    assert refused.value.code == "int8_differs"
