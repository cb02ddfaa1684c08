"""The network takes planes and answers with a picture of the same size."""

from __future__ import annotations

import torch

from talchum.training.network import OUTPUTS, FaceNetwork
from talchum.vision.conditioning import PLANES, SIDE
from tests.training.performances import SMALL


def test_a_picture_comes_out_for_planes() -> None:
    out = FaceNetwork(SMALL)(torch.rand(2, PLANES, SIDE, SIDE)).detach()
    assert out.shape == (2, OUTPUTS, SIDE, SIDE)
    assert float(out.min()) >= 0
    assert float(out.max()) <= 1


def test_the_network_that_is_worn_has_the_size_that_is_promised() -> None:
    weights = sum(parameter.numel() for parameter in FaceNetwork().parameters())
    assert 1_700_000 < weights < 1_900_000


def test_where_the_still_may_stay_it_is_copied() -> None:
    network = FaceNetwork(SMALL)
    with torch.no_grad():
        network.leave.weight.zero_()
        assert network.leave.bias is not None
        network.leave.bias.zero_()
        network.leave.bias[3 * 4 : 4 * 4] = 30.0  # the still's share, before pixels are shuffled
    planes = torch.rand(1, PLANES, SIDE, SIDE)
    assert torch.allclose(network(planes)[:, :3].detach(), planes[:, :3], atol=1e-5)
