"""A call that ends with its test."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.adapters.peers import ready_engine
from tests.adapters.webrtc.calls import Call


@pytest.fixture
async def call() -> AsyncIterator[Call]:
    ready_engine()  # before anything of the engine is made, whichever test comes first
    made = Call()
    yield made
    await made.close()
