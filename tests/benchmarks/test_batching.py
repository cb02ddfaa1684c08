"""The network of `neural` with any number of frames at a time."""

from __future__ import annotations

from benchmarks.batching import BATCHES, measure


def test_frames_that_are_run_together_come_out_as_those_run_alone() -> None:
    found = measure(2)
    assert found["sameOutcome"]
    assert set(found["cpuMsPerFrame"]) == {str(batch) for batch in BATCHES}
    assert found["timesOne"]["1"] == 1.0
