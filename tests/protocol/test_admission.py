from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from talchum.domain.errors import AdmissionError
from talchum.protocol.admission import (
    MAX_OPEN_TICKETS,
    RateLimit,
    Ticket,
    add_ticket,
    hash_secret,
    matches,
    new_room_id,
    new_secret,
    room_key,
    split_token,
    take_ticket,
)


def ticket(secret: str, expires_at: float, role: str = "participant") -> Ticket:
    return Ticket(
        secret_hash=hash_secret(secret),
        peer="p1",
        role="participant" if role == "participant" else "face-worker",
        expires_at=expires_at,
    )


def test_room_identifier_carries_128_bits_and_its_key_does_not_give_it_away() -> None:
    identifier = new_room_id()
    assert len(identifier) == 22
    assert room_key(identifier) != identifier
    assert room_key(identifier) == room_key(identifier)


@given(st.text(max_size=40))
def test_identifier_that_no_link_can_carry_is_an_unknown_room(text: str) -> None:
    if len(text) == 22 and text.isascii() and text.replace("-", "").replace("_", "").isalnum():
        room_key(text)
    else:
        with pytest.raises(AdmissionError) as refused:
            room_key(text)
        assert refused.value.code == "room_unknown"


def test_only_a_hash_of_a_secret_is_kept() -> None:
    secret = new_secret()
    assert secret not in hash_secret(secret)
    assert matches(secret, hash_secret(secret))
    assert not matches(secret + "x", hash_secret(secret))


@pytest.mark.parametrize("token", ["", ".", "short.secret-secret-secret", "k" * 22 + ".short", "k" * 40])
def test_malformed_token_is_refused(token: str) -> None:
    with pytest.raises(AdmissionError) as refused:
        split_token(token)
    assert refused.value.code == "token_malformed"


def test_token_is_room_and_secret() -> None:
    assert split_token("k" * 22 + "." + "s" * 32) == ("k" * 22, "s" * 32)


def test_ticket_is_taken_once() -> None:
    tickets: dict[str, Ticket] = {}
    add_ticket(tickets, ticket("one secret", 60.0), 0.0)
    assert take_ticket(tickets, "one secret", 59.0).peer == "p1"
    with pytest.raises(AdmissionError):
        take_ticket(tickets, "one secret", 59.0)


def test_expired_tickets_are_swept_and_open_ones_bounded() -> None:
    tickets: dict[str, Ticket] = {}
    add_ticket(tickets, ticket("old", 1.0), 0.0)
    add_ticket(tickets, ticket("worker", 99.0, "face-worker"), 2.0)
    for number in range(MAX_OPEN_TICKETS + 5):
        add_ticket(tickets, ticket(f"new {number}", 99.0), 2.0)
    assert hash_secret("old") not in tickets
    assert hash_secret("new 0") not in tickets
    assert hash_secret(f"new {MAX_OPEN_TICKETS + 4}") in tickets
    # Participants who ask for many tickets take none from face workers.
    assert hash_secret("worker") in tickets
    assert len(tickets) == MAX_OPEN_TICKETS + 1


def test_rate_is_held_after_a_burst() -> None:
    limit = RateLimit(rate=10.0, burst=5.0)
    assert [limit.wait(0.0) for _ in range(5)] == [0.0] * 5
    assert limit.wait(0.0) == pytest.approx(0.1)
    assert limit.wait(1.0) == 0.0


@given(st.lists(st.floats(0.0, 2.0), min_size=1, max_size=200))
def test_never_more_is_allowed_than_burst_and_rate(gaps: list[float]) -> None:
    limit = RateLimit(rate=3.0, burst=7.0)
    now, allowed = 0.0, 0
    for gap in gaps:
        now += gap
        allowed += limit.allows(now)
        assert allowed <= 7.0 + 3.0 * now + 1e-6
