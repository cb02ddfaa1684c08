"""A leg waits where somebody takes it, and rather where its engine is fast."""

from __future__ import annotations

import pytest

from talchum.domain.placement import CPU_LEGS, GPU_ENGINES, GPU_LEGS, LegQueues
from talchum.vision.engines import ENGINES


@pytest.mark.parametrize(
    ("served", "neural", "portrait"),
    [
        ({CPU_LEGS, GPU_LEGS}, GPU_LEGS, CPU_LEGS),
        ({CPU_LEGS}, CPU_LEGS, CPU_LEGS),
        ({GPU_LEGS}, GPU_LEGS, GPU_LEGS),
        (set(), CPU_LEGS, CPU_LEGS),
    ],
)
def test_leg_goes_to_its_own_kind_of_worker_while_there_is_one(
    served: set[str], neural: str, portrait: str
) -> None:
    queues = LegQueues(served=frozenset(served))
    assert (queues.choose("neural"), queues.choose("portrait")) == (neural, portrait)


def test_places_are_counted_for_each_queue() -> None:
    queues = LegQueues({CPU_LEGS: 4})
    assert (queues.next_place(CPU_LEGS), queues.next_place(GPU_LEGS)) == (5, 1)


def test_engines_that_gain_by_a_gpu_are_engines() -> None:
    assert set(ENGINES) >= GPU_ENGINES
