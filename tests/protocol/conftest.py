"""A call, and one with both its participants."""

from __future__ import annotations

import pytest

from tests.protocol.rooms import Call


@pytest.fixture
def call() -> Call:
    return Call()


@pytest.fixture
def pair(call: Call) -> tuple[str, str]:
    return call.join(), call.join()
