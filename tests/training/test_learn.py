"""From a performance to a network that may be worn, in one call that can be watched and stopped."""

from __future__ import annotations

from pathlib import Path

import pytest

from talchum.domain.errors import TrainingError
from talchum.training.learn import dataset_of, export, learn
from talchum.training.train import HeldOut, Training, TrainStep
from talchum.vision.onnx_format import check_self_contained
from tests.training.performances import WHOLE_CLIP, dataset, few_steps
from tests.vision.scenes import clip, face_networks, portrait_identity

pytestmark = pytest.mark.vision


def test_a_performance_is_cut_by_the_still_of_its_person() -> None:
    identity = portrait_identity()
    assert identity.texture is not None
    made = dataset_of(clip(WHOLE_CLIP), identity.texture, identity.texture_points, face_networks())
    assert len(made.learned) + len(made.held_out) == WHOLE_CLIP


def test_what_is_learned_is_whole_and_every_step_is_told() -> None:
    steps: list[TrainStep] = []
    made = learn(dataset(), few_steps(15), told=steps.append)
    check_self_contained(made.network)
    assert made.int8_decibels > 34
    assert (made.steps, made.seed) == (15, 0)
    assert [step.step for step in steps] == list(range(1, 16))
    assert steps[-1].held_out == made.held_out


class StoppedError(Exception):
    """What somebody raises who wants no more."""


def test_a_training_that_was_stopped_goes_on_where_it_was(tmp_path: Path) -> None:
    checkpoint, steps = tmp_path / "checkpoint.pt", []

    def told(step: TrainStep) -> None:
        steps.append(step.step)
        if step.step == 6 and len(steps) == 6:
            raise StoppedError

    with pytest.raises(StoppedError):
        learn(dataset(), few_steps(9), checkpoint, told)
    made = learn(dataset(), few_steps(9), checkpoint, told)
    assert steps == [1, 2, 3, 4, 5, 6, 7, 8, 9]
    again = learn(dataset(), few_steps(9), checkpoint, told)
    assert again.network == made.network, "nothing is left to learn"


def test_a_training_that_is_not_over_is_not_exported() -> None:
    options = few_steps(15)
    with pytest.raises(TrainingError) as refused:
        export(Training(dataset(), options), dataset(), options, HeldOut(20.0, 0.5))
    assert refused.value.code == "training_failed"
