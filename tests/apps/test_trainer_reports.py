"""What a trainer tells of its attempts: a count and a span each, by how the job stood then."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import cast

import pytest

from talchum.adapters.celery_queue import TrainingQueue
from talchum.adapters.trainer_presence import TrainerPresence
from talchum.apps.job_process import JobRunner
from talchum.apps.trainer import Trainer
from talchum.domain.errors import DatabaseError
from talchum.domain.metrics import Metric, Unmeasured
from talchum.domain.tracing import Span, SpanName
from talchum.domain.training_job import State


class Runner:
    """Runs nothing, and says how the job stands. state: None for one that could not be taken."""

    def __init__(self, state: State | None, error: DatabaseError | None = None) -> None:
        self.state = state
        self.error = error

    def claim_and_run(self, job: str, stop: threading.Event) -> State | None:
        if self.error is not None:
            raise self.error
        return self.state


@dataclass
class Told(Unmeasured):
    """Every count and every span."""

    counts: list[tuple[str, ...]] = field(default_factory=list)
    spans: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    def count(self, metric: Metric, *labels: str, by: float = 1.0) -> None:
        self.counts.append((metric.name, *labels))

    def begin(self, name: SpanName, *, at: float | None = None, parent: str = "") -> Span:
        told = self

        class Begun:
            context = ""

            def end(self, **labels: str) -> None:
                told.spans.append((name, labels))

        return Begun()


def train(runner: Runner) -> Told:
    told = Told()
    trainer = Trainer(
        cast(JobRunner, runner),
        cast(TrainingQueue, None),
        cast(TrainerPresence, None),
        measurements=told,
        traces=told,
    )
    trainer.train("job")
    assert not trainer.busy
    return told


@pytest.mark.parametrize("state", ["succeeded", "failed", "cancelled", "queued"])
def test_an_attempt_is_counted_and_traced_by_how_the_job_stands_after_it(state: State) -> None:
    told = train(Runner(state))
    assert told.counts == [("talchum_training_attempts_total", state)]
    assert told.spans == [("training attempt", {"outcome": state})]


def test_a_job_that_somebody_else_has_is_no_attempt() -> None:
    told = train(Runner(None))
    assert (told.counts, told.spans) == ([], [])


def test_a_database_that_fails_is_survived() -> None:
    told = train(Runner(None, DatabaseError("got no answer from the database", code="database_unavailable")))
    assert (told.counts, told.spans) == ([], [])
