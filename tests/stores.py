"""An embedded Valkey for tests: started once, and emptied between them."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from talchum.adapters.valkey import EmbeddedValkey, embedded_valkey


class Store:
    """A Valkey that can be killed and started again."""

    def __init__(self, directory: Path) -> None:
        self.valkey: EmbeddedValkey = embedded_valkey(directory)
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return self.valkey.url

    def start(self) -> None:
        self.process = subprocess.Popen(self.valkey.command, stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + 10.0
        while not self.valkey.answers():
            assert self.process.poll() is None, "Valkey ended while starting"
            assert time.monotonic() < deadline, "Valkey does not answer"
            time.sleep(0.01)

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None


@contextmanager
def running_store(directory: Path) -> Iterator[Store]:
    store = Store(directory)
    store.start()
    try:
        yield store
    finally:
        store.kill()
        store.valkey.clean()
