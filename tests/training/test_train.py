"""Training learns, gives the same network for the same seed, and goes on after a kill."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from talchum.training.train import Training, painting_loss
from tests.calls.service import ROOT
from tests.training.performances import dataset, few_steps

pytestmark = pytest.mark.vision


def weights(training: Training) -> torch.Tensor:
    return torch.cat([parameter.flatten() for parameter in training.network.parameters()])


def run(training: Training) -> None:
    for _ in training.run():
        pass


def test_what_was_never_seen_is_painted_better_from_look_to_look() -> None:
    training = Training(dataset(), few_steps(30))
    before = training.look(dataset().held_out)
    looks = [step.held_out for step in training.run() if step.held_out is not None]
    assert len(looks) == 2
    assert before.psnr < looks[-1].psnr
    assert before.ssim + 0.05 < looks[-1].ssim < 1


def test_an_error_in_an_eye_costs_more_than_one_on_the_cheek() -> None:
    true, mask = torch.full((1, 3, 40, 40), 0.5), torch.ones(1, 1, 40, 40)
    features = torch.zeros(1, 1, 40, 40)
    features[..., 5:15, 5:15] = 1
    eye, cheek = true.clone(), true.clone()
    eye[..., 5:15, 5:15] += 0.1
    cheek[..., 25:35, 25:35] += 0.1
    costs = [float(painting_loss(one, mask, true, mask, features)) for one in (eye, cheek, true)]
    assert costs[0] > 2 * costs[1] > 2 * costs[2]


def test_a_look_brings_a_picture_of_the_moment() -> None:
    steps = list(Training(dataset(), few_steps(4)).run())
    assert [step.step for step in steps] == [1, 2, 3, 4]
    assert steps[0].preview is None
    preview = steps[-1].preview
    assert preview is not None
    assert (preview.shape, preview.dtype) == ((160, 320, 3), np.dtype(np.uint8))


def test_the_same_seed_makes_the_same_network_and_another_seed_another() -> None:
    trained = [Training(dataset(), few_steps(3, seed)) for seed in (3, 3, 4)]
    for training in trained:
        run(training)
    first, same, other = map(weights, trained)
    assert torch.equal(first, same)
    assert not torch.equal(first, other)


def test_a_training_that_was_stopped_ends_as_if_it_had_not_been(tmp_path: Path) -> None:
    whole = Training(dataset(), few_steps(7))
    run(whole)
    checkpoint = tmp_path / "checkpoint.pt"
    stopped = Training(dataset(), few_steps(7), checkpoint)
    for step in stopped.run():
        if step.step == 5:  # the last checkpoint is that of step 3
            break
    resumed = Training(dataset(), few_steps(7), checkpoint)
    assert resumed.step == 3
    run(resumed)
    assert torch.equal(weights(whole), weights(resumed))


KILLED = """
import sys
from pathlib import Path
from talchum.training.train import Training
from tests.training.performances import dataset, few_steps
for step in Training(dataset(), few_steps(10_000), Path(sys.argv[1])).run():
    print(step.step, flush=True)
"""


def test_a_training_that_was_killed_goes_on_from_its_last_checkpoint(tmp_path: Path) -> None:
    checkpoint = tmp_path / "checkpoint.pt"
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(checkpoint)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    for line in process.stdout:
        if int(line) >= 7:
            process.send_signal(signal.SIGKILL)
            break
    process.communicate()
    resumed = Training(dataset(), few_steps(10_000), checkpoint)
    assert resumed.step >= 6
    assert resumed.step % 3 == 0
    assert next(resumed.run()).step == resumed.step
