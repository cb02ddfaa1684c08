"""A training begins with the base that is pinned, or says that it is not there."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
import torch

from talchum.domain.errors import TrainingError
from talchum.training.base_network import begin_with_base, packed
from talchum.training.network import FaceNetwork
from talchum.training.train import Training, TrainOptions
from tests.training.performances import SMALL, dataset

pytestmark = pytest.mark.vision


def test_the_base_that_ships_paints_a_face_it_never_saw_better_than_an_empty_network() -> None:
    moments = dataset().held_out[:4]
    based, empty = (Training(dataset(), TrainOptions(base=base)).look(moments) for base in (True, False))
    assert based.psnr > empty.psnr + 8
    assert based.ssim > empty.ssim + 0.2


def test_weights_come_back_as_they_were_packed(tmp_path: Path) -> None:
    torch.manual_seed(1)
    network, other = FaceNetwork(SMALL), FaceNetwork(SMALL)
    path = tmp_path / "base.npz"
    path.write_bytes(packed(network))
    begin_with_base(other, path, hashlib.sha256(path.read_bytes()).hexdigest())
    for before, after in zip(network.parameters(), other.parameters(), strict=True):
        torch.testing.assert_close(before, after, rtol=1e-3, atol=1e-4)


def test_another_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "base.npz"
    path.write_bytes(packed(FaceNetwork(SMALL)) + b"more")
    with pytest.raises(TrainingError) as refused:
        begin_with_base(FaceNetwork(SMALL), path, hashlib.sha256(b"the pinned one").hexdigest())
    assert refused.value.code == "base_network_corrupt"


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TrainingError) as refused:
        begin_with_base(FaceNetwork(SMALL), tmp_path / "nowhere.npz")
    assert refused.value.code == "base_network_corrupt"
