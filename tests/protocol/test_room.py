"""Sessions, numbers and time of a room."""

from __future__ import annotations

import pytest

from talchum.domain.errors import AdmissionError
from talchum.protocol.messages import (
    Acknowledge,
    Describe,
    Failure,
    Join,
    ParticipantState,
    Ping,
    Pong,
    ReportRoute,
    RequestIceServers,
    SetState,
)
from talchum.protocol.room import RoomRules
from talchum.protocol.room_effects import Continued, IssueIceServers, Routed, Trim
from tests.protocol.rooms import OFFER, WEARING, Call, code_of, wear


def test_ticket_opens_once(call: Call) -> None:
    ticket = call.room.issue_ticket(call.now).ticket
    call.enter(ticket)
    with pytest.raises(AdmissionError) as refused:
        call.enter(ticket)
    assert refused.value.code == "ticket_invalid"


def test_ticket_is_refused_after_a_minute(call: Call) -> None:
    ticket = call.room.issue_ticket(call.now).ticket
    call.now += 60.5
    with pytest.raises(AdmissionError) as refused:
        call.enter(ticket)
    assert refused.value.code == "ticket_invalid"


def test_number_already_processed_is_dropped(call: Call, pair: tuple[str, str]) -> None:
    first, second = pair
    call.say(first, SetState(seq=1, state=WEARING))
    call.say(first, Describe(seq=2, to=second, description=OFFER))
    call.say(first, Describe(seq=2, to=second, description=OFFER))
    call.say(first, SetState(seq=1, state=ParticipantState()))
    assert len(call.outboxes[second]) == 2


def test_refused_message_counts_as_processed_and_says_which(call: Call, pair: tuple[str, str]) -> None:
    answer = call.say(pair[0], Describe(seq=7, to="nobody", description=OFFER))[0]
    assert isinstance(answer, Failure)
    assert answer.about == 7
    assert call.say(pair[0], Ping(nonce=5)) == [Pong(nonce=5, received=7)]


def test_join_in_a_session_is_refused(call: Call, pair: tuple[str, str]) -> None:
    assert code_of(call.say(pair[0], Join(ticket="x" * 20))) == "unexpected_message"


def test_acknowledged_messages_are_forgotten(call: Call, pair: tuple[str, str]) -> None:
    first, _ = pair
    effects = call.room.handle(first, call.connections[first], Acknowledge(last_seq=1), call.now)
    assert effects == [Trim(first, 1)]
    assert code_of(call.say(first, Acknowledge(last_seq=2))) == "malformed_message"


def test_fresh_ice_servers_are_asked_of_the_server(call: Call, pair: tuple[str, str]) -> None:
    first, _ = pair
    effects = call.room.handle(first, call.connections[first], RequestIceServers(seq=1), call.now)
    assert effects == [IssueIceServers(first)]


def test_route_is_counted_once_and_only_a_participants(call: Call, pair: tuple[str, str]) -> None:
    said = ReportRoute(seq=7, route="relay-tcp")
    peer = call.room.state.peers[pair[0]]
    assert call.room.handle(pair[0], peer.connection, said, call.now) == [Routed("relay-tcp")]
    assert call.room.handle(pair[0], peer.connection, said, call.now) == []
    worker = wear(call, pair[0])
    assert code_of(call.say(worker, ReportRoute(seq=1, route="host"))) == "role_refused"


def test_resume_continues_numbers_and_keeps_what_came_meanwhile(call: Call, pair: tuple[str, str]) -> None:
    first, second = pair
    call.say(first, SetState(seq=1, state=WEARING))
    call.lose(first)
    call.say(second, SetState(seq=1, state=WEARING))
    call.say(second, Describe(seq=2, to=first, description=OFFER))
    resumed = call.resume(first, 1)[0]
    assert resumed == Continued(first, "participant", received=1, last_seq=1)
    assert [message.seq for message in call.outboxes[first]] == [1, 2, 3]


def test_resume_takes_the_session_from_a_socket_that_still_hangs(call: Call, pair: tuple[str, str]) -> None:
    first, _ = pair
    old = call.connections[first]
    call.resume(first, 0)
    assert old in call.closed
    with pytest.raises(AdmissionError) as refused:
        call.room.handle(first, old, Ping(nonce=1), call.now)
    assert refused.value.code == "session_replaced"
    assert call.room.disconnect(first, old, call.now) == []


def test_resume_after_more_than_was_sent_is_refused(call: Call, pair: tuple[str, str]) -> None:
    with pytest.raises(AdmissionError) as refused:
        call.resume(pair[0], 99)
    assert refused.value.code == "resume_refused"


def test_nothing_is_due_in_an_empty_room(call: Call) -> None:
    assert call.room.next_tick(call.now) is None
    peer = call.join()
    assert call.room.next_tick(call.now) == call.now + 3.0
    call.lose(peer)
    call.now += 29.0
    assert call.room.next_tick(call.now) == call.now + 1.0


def test_two_rooms_with_different_rules_share_nothing() -> None:
    small, large = Call(RoomRules(participants=1)), Call(RoomRules(participants=3))
    small.join()
    for _ in range(3):
        large.join()
    with pytest.raises(AdmissionError):
        small.join()
