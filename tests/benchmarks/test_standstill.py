"""A machine that stands still, as the watch for it sees it."""

from __future__ import annotations

import os
import signal
import time

import pytest

from benchmarks.standstill import StandstillWatch


@pytest.fixture
def watch() -> StandstillWatch:
    return StandstillWatch()


def test_a_watcher_that_did_not_run_for_a_while_says_for_how_long(watch: StandstillWatch) -> None:
    with watch:
        if not watch.watches:
            pytest.skip("no right to SCHED_FIFO here")
        began = time.monotonic()
        stopped = watch._watchers[0].pid
        os.kill(stopped, signal.SIGSTOP)
        time.sleep(0.2)
        os.kill(stopped, signal.SIGCONT)
        deadline = time.monotonic() + 5.0
        while (longest := watch.longest(began - 0.1, time.monotonic())) < 0.15:
            assert time.monotonic() < deadline, f"it says {longest}"
            time.sleep(0.01)
        assert watch.longest(time.monotonic(), time.monotonic() + 1.0) == 0.0


def test_nobody_watches_without_the_right_to_come_first(
    watch: StandstillWatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.executable", "/bin/false")
    with watch:
        assert not watch.watches
        assert watch.longest(0.0, time.monotonic()) == 0.0
