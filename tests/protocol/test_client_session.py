"""Nothing is lost and nothing is taken twice, whatever happens to the socket."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from talchum.domain.errors import AdmissionError
from talchum.protocol.client_session import (
    ACKNOWLEDGE_EVERY,
    ACKNOWLEDGE_SECONDS,
    PING_SECONDS,
    ClientSession,
)
from talchum.protocol.messages import (
    Acknowledge,
    Failure,
    IceServersIssued,
    Join,
    ParticipantState,
    PeerLeft,
    Ping,
    Pong,
    RequestIceServers,
    Resume,
    Resumed,
    SetState,
    Welcome,
)

TICKET = "room.0123456789abcdef"


def welcome(*, expire_in: int = 600) -> Welcome:
    return Welcome(
        session="room.fedcba9876543210",
        peer="a",
        role="participant",
        peers=[],
        ice_servers=[],
        ice_servers_expire_in=expire_in,
        resume_within=30,
    )


def joined(*, expire_in: int = 600) -> ClientSession:
    session = ClientSession(TICKET)
    session.receive(welcome(expire_in=expire_in), 0.0)
    return session


def left(seq: int) -> PeerLeft:
    return PeerLeft(seq=seq, peer="b", reason="left")


def test_the_first_socket_joins_and_a_later_one_resumes_after_what_arrived() -> None:
    session = ClientSession(TICKET)
    assert session.opening() == Join(ticket=TICKET)
    session.receive(welcome(), 0.0)
    session.receive(left(7), 0.0)
    assert session.opening() == Resume(session="room.fedcba9876543210", last_seq=7)


def test_messages_are_numbered_from_one_and_kept_until_processed() -> None:
    session = joined()
    numbers = [session.queue(SetState(state=ParticipantState())).seq for _ in range(3)]
    assert numbers == [1, 2, 3]
    session.receive(Resumed(received=2), 1.0)
    assert [message.seq for message in session.unprocessed] == [3]
    session.receive(Pong(nonce=1, received=3), 2.0)
    assert session.unprocessed == ()


def test_a_message_that_comes_again_is_dropped() -> None:
    session = joined()
    assert session.receive(left(1), 0.0)
    assert not session.receive(left(1), 0.0)
    assert session.receive(left(2), 0.0)


def test_what_arrived_is_acknowledged_after_a_while() -> None:
    session = joined()
    session.receive(left(4), 1.0)
    assert session.due(1.1) == []
    assert session.due(1.1 + ACKNOWLEDGE_SECONDS) == [Acknowledge(last_seq=4)]
    assert session.due(1.2 + ACKNOWLEDGE_SECONDS) == []


def test_many_messages_are_acknowledged_at_once() -> None:
    session = joined()
    for seq in range(1, ACKNOWLEDGE_EVERY + 1):
        session.receive(left(seq), 1.0)
    assert session.due(1.0) == [Acknowledge(last_seq=ACKNOWLEDGE_EVERY)]


def test_a_quiet_session_pings() -> None:
    session = joined()
    assert session.due(PING_SECONDS - 0.1) == []
    assert session.due(PING_SECONDS + 0.1) == [Ping(nonce=1)]
    assert session.due(2 * PING_SECONDS + 0.2) == [Ping(nonce=2)]


def test_turn_credentials_are_asked_for_before_they_expire_and_again_after() -> None:
    session = joined(expire_in=20)
    asked = [message for message in session.due(15.5) if isinstance(message, RequestIceServers)]
    assert len(asked) == 1
    assert asked[0] in session.unprocessed
    assert not any(isinstance(message, RequestIceServers) for message in session.due(16.0))
    session.receive(IceServersIssued(ice_servers=[], expire_in=20), 16.0)
    assert any(isinstance(message, RequestIceServers) for message in session.due(31.5))


def test_without_turn_nothing_is_refreshed() -> None:
    session = joined(expire_in=0)
    assert not any(isinstance(message, RequestIceServers) for message in session.due(1e6))


def test_the_wait_for_what_is_due_is_bounded() -> None:
    session = joined()
    assert session.next_due(0.0) <= ACKNOWLEDGE_SECONDS
    assert session.next_due(1e6) == 0.0


def test_a_fatal_error_ends_the_session_with_its_code() -> None:
    session = joined()
    with pytest.raises(AdmissionError) as ended:
        session.receive(Failure(code="session_unknown", message="gone", fatal=True), 0.0)
    assert ended.value.code == "session_unknown"


def test_an_error_about_one_message_does_not() -> None:
    assert joined().receive(Failure(code="room_rule", message="no", about=3), 0.0)


@given(st.lists(st.one_of(st.just("send"), st.integers(0, 30)), max_size=60))
def test_whatever_is_processed_what_is_left_is_the_newest_in_order(steps: list[str | int]) -> None:
    session, sent, processed = joined(), 0, 0
    for step in steps:
        if isinstance(step, int):
            processed = max(processed, min(step, sent))
            session.receive(Resumed(received=min(step, sent)), 0.0)
        else:
            session.queue(RequestIceServers())
            sent += 1
    assert [message.seq for message in session.unprocessed] == list(range(processed + 1, sent + 1))
