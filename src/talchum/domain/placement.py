"""Which queue a face leg waits in: that of workers with a GPU, or that of workers without."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

CPU_LEGS = "face-legs"
GPU_LEGS = "face-legs.gpu"
LEG_QUEUES = (CPU_LEGS, GPU_LEGS)

GPU_ENGINES = frozenset({"neural"})
"""Engines whose networks run on the inference provider; the others gain nothing by a GPU."""


@dataclass(frozen=True, slots=True)
class LegQueues:
    """The queues as they are. waiting: legs in each. served: those that a living worker takes legs from."""

    waiting: Mapping[str, int] = field(default_factory=dict)
    served: frozenset[str] = frozenset()

    def choose(self, engine: str) -> str:
        """Where a leg with this engine goes: to its own kind of worker, to the other where that is all."""
        own, other = (GPU_LEGS, CPU_LEGS) if engine in GPU_ENGINES else (CPU_LEGS, GPU_LEGS)
        if own in self.served:
            return own
        return other if other in self.served else CPU_LEGS

    def next_place(self, queue: str) -> int:
        """The place of the next leg in this queue, from 1."""
        return self.waiting.get(queue, 0) + 1
