from __future__ import annotations

import pytest

from talchum.apps.client_limits import MAX_CLIENTS, ClientLimits
from talchum.domain.errors import MessageError


def test_client_that_asks_too_often_is_refused_and_no_other() -> None:
    limits = ClientLimits(rate=2.0, burst=5.0)
    for _ in range(5):
        limits.expect("192.0.2.7", 0.0)
    with pytest.raises(MessageError) as refused:
        limits.expect("192.0.2.7", 0.0)
    assert (refused.value.code, refused.value.retryable) == ("rate_limited", True)
    assert refused.value.message == "got too many requests, expected at most 120 a minute"
    limits.expect("192.0.2.8", 0.0)
    limits.expect("192.0.2.7", 1.0)


def test_clients_that_ask_no_more_are_forgotten() -> None:
    limits = ClientLimits(rate=1.0, burst=1.0)
    for number in range(MAX_CLIENTS + 10):
        limits.expect(f"client {number}", 0.0)
    assert len(limits.limits) == MAX_CLIENTS
