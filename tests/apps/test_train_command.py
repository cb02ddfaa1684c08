"""`talchum train` and `talchum captures` as they are used in a terminal."""

from __future__ import annotations

import io
import json
import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from talchum.adapters.capture_records import CaptureRecords
from talchum.adapters.identity_library import IdentityLibrary
from talchum.adapters.training_jobs import TrainingJobs
from talchum.apps import train_command
from talchum.apps.known_identities import open_library
from talchum.apps.settings import Settings
from talchum.apps.train_command import begun, run_captures, run_train
from talchum.domain.capture import Capture
from talchum.domain.errors import CaptureError, IdentityError, TrainingError
from talchum.domain.training_job import DEFAULT_STEPS
from tests.apps.captures import kept
from tests.apps.small_training import command
from tests.apps.trainers import PATIENCE

pytestmark = pytest.mark.vision


class Terminal:
    """An installation of one user, nothing of which runs."""

    def __init__(self, directory: Path) -> None:
        self.settings = Settings(redis_url="", data=directory)
        self.library: IdentityLibrary = open_library(self.settings)
        self.jobs = TrainingJobs(self.library.learned.engine)
        self.capture: Capture = kept(
            CaptureRecords(self.library.learned.engine), self.library.learned.content
        )

    def train(self, *, steps: int | None = None, capture: str = "", name: str = "stripes") -> tuple[int, str]:
        out = io.StringIO()
        wanted = capture or self.capture.id
        status = run_train(self.settings, wanted, name=name, steps=steps, out=out, command=command)
        return status, out.getvalue()


@pytest.fixture
def terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Terminal]:
    monkeypatch.setenv("OMP_NUM_THREADS", "1")  # as in tests.apps.trainers
    made = Terminal(tmp_path)
    yield made
    made.library.learned.engine.dispose()


def test_captures_are_listed(terminal: Terminal) -> None:
    out = io.StringIO()
    assert run_captures(terminal.settings, as_json=True, out=out) == 0
    [one] = json.loads(out.getvalue())
    assert (one["id"], one["subject"]) == (terminal.capture.id, "stripes")
    table = io.StringIO()
    assert run_captures(terminal.settings, as_json=False, out=table) == 0
    assert "Stripes (줄무늬)" in table.getvalue()


def test_after_ctrl_c_the_same_command_goes_on_and_the_identity_can_be_worn(terminal: Terminal) -> None:
    def interrupt() -> None:
        deadline = time.monotonic() + PATIENCE
        while not any(job.step >= 4 for job in terminal.jobs.list()):
            assert time.monotonic() < deadline
            time.sleep(0.02)
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=interrupt, daemon=True).start()
    status, said = terminal.train(steps=20)
    assert status == 1
    assert "the same command goes on" in said
    [job] = terminal.jobs.list()
    assert (job.state, job.attempts) == ("cancelled", 1)

    status, said = terminal.train()
    assert (status, said) == (0, "stripes can be worn: talchum identities\n")
    [job] = terminal.jobs.list()
    assert (job.state, job.step, job.attempts) == ("succeeded", 20, 2)
    assert terminal.library.assets("stripes").network is not None


def test_what_cannot_be_learned_is_said_in_a_line(terminal: Terminal) -> None:
    with pytest.raises(CaptureError, match="capture"):
        terminal.train(capture="/tmp/somebody.mp4")
    with pytest.raises(IdentityError) as taken:
        terminal.train(name="sora")
    assert taken.value.code == "identity_taken"
    assert terminal.jobs.list() == []


def test_a_job_of_another_process_is_left_to_it(terminal: Terminal) -> None:
    first, lease = begun(terminal.jobs, terminal.capture.id, "stripes", None)
    assert first.steps == DEFAULT_STEPS
    with pytest.raises(TrainingError) as running:
        begun(terminal.jobs, terminal.capture.id, "stripes", None)
    assert running.value.code == "job_running"
    terminal.jobs.change(first.id, lambda one: one.released(lease.owner))
    again, _ = begun(terminal.jobs, terminal.capture.id, "stripes", None)
    assert (again.id, again.attempts) == (first.id, 2)


def test_without_pytorch_it_says_how_to_get_it(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(train_command, "find_spec", lambda _name: None)
    with pytest.raises(TrainingError) as missing:
        terminal.train()
    assert missing.value.code == "torch_missing"
    assert "pip install 'talchum[train]'" in missing.value.message
