"""Peers that come, are lost, come back and go."""

from __future__ import annotations

import pytest

from talchum.domain.errors import AdmissionError
from talchum.protocol.messages import Leave, PeerJoined, PeerPresence, Ping
from talchum.protocol.room_effects import Forget
from tests.protocol.rooms import Call, wear


def test_ticket_for_the_last_place_is_refused_when_it_was_taken_meanwhile(call: Call) -> None:
    tickets = [call.room.issue_ticket(call.now).ticket for _ in range(3)]
    call.enter(tickets[0])
    call.enter(tickets[1])
    with pytest.raises(AdmissionError) as refused:
        call.enter(tickets[2])
    assert refused.value.code == "room_full"
    assert refused.value.retryable


def test_reload_comes_back_as_the_same_peer_and_the_other_side_is_told(call: Call) -> None:
    issued = call.room.issue_ticket(call.now)
    first = call.enter(issued.ticket)
    second = call.join()
    old_connection = call.connections[first]
    assert call.join(peer=first, rejoin=issued.rejoin) == first
    assert call.farewells(second) == [(first, "replaced")]
    rejoined = call.last(second)
    assert isinstance(rejoined, PeerJoined)
    # The one who came back is the newcomer now, so it gives way.
    assert not rejoined.peer.polite
    assert old_connection in call.closed


def test_wrong_rejoin_secret_is_refused(call: Call) -> None:
    peer = call.join()
    with pytest.raises(AdmissionError) as refused:
        call.room.issue_ticket(call.now, peer=peer, rejoin="something else entirely")
    assert refused.value.code == "rejoin_refused"


def test_peer_unknown_to_the_room_rejoins_as_a_new_one(call: Call) -> None:
    issued = call.room.issue_ticket(call.now, peer="p0123456789ab", rejoin="a secret of another day")
    assert issued.peer != "p0123456789ab"


def test_who_left_may_come_back_as_itself_while_there_is_a_place(call: Call) -> None:
    issued = call.room.issue_ticket(call.now)
    first = call.enter(issued.ticket)
    call.join()
    call.say(first, Leave())
    assert call.join(peer=first, rejoin=issued.rejoin) == first


def test_who_left_does_not_get_a_place_that_is_taken(call: Call) -> None:
    issued = call.room.issue_ticket(call.now)
    first = call.enter(issued.ticket)
    call.join()
    call.say(first, Leave())
    call.join()
    with pytest.raises(AdmissionError) as refused:
        call.room.issue_ticket(call.now, peer=first, rejoin=issued.rejoin)
    assert refused.value.code == "room_full"


def test_leaving_frees_the_place(call: Call, pair: tuple[str, str]) -> None:
    first, second = pair
    effects = call.room.handle(first, call.connections[first], Leave(seq=1), call.now)
    assert Forget(first) in effects
    call.take(effects)
    assert call.farewells(second) == [(first, "left")]
    with pytest.raises(AdmissionError) as refused:
        call.say(first, Ping(nonce=1))
    assert refused.value.code == "session_unknown"
    call.join()


def test_lost_socket_is_told_and_so_is_its_return(call: Call, pair: tuple[str, str]) -> None:
    first, second = pair
    call.lose(first)
    assert call.last(second) == PeerPresence(seq=1, peer=first, present=False)
    call.resume(first, 0)
    assert call.last(second) == PeerPresence(seq=2, peer=first, present=True)


def test_who_does_not_resume_within_the_grace_has_left(call: Call, pair: tuple[str, str]) -> None:
    first, second = pair
    call.lose(first)
    call.wait(29.0)
    assert call.farewells(second) == []
    call.wait(1.5)
    assert call.farewells(second) == [(first, "lost")]
    with pytest.raises(AdmissionError) as refused:
        call.resume(first, 0)
    assert refused.value.code == "session_unknown"


def test_place_of_a_lost_participant_is_kept_for_the_grace(call: Call, pair: tuple[str, str]) -> None:
    call.lose(pair[0])
    with pytest.raises(AdmissionError):
        call.room.issue_ticket(call.now)
    call.wait(31.0)
    call.join()


def test_peers_of_a_dead_server_are_lost(call: Call) -> None:
    first, second = call.join(server="s1"), call.join(server="s2")
    call.wait(1.0, dead_servers=("s2",))
    assert call.last(first) == PeerPresence(seq=2, peer=second, present=False)


def test_a_face_worker_outlives_the_call_server_that_it_was_connected_to(call: Call) -> None:
    performer = call.join()
    worker = wear(call, performer, server="s2")
    call.wait(1.0, dead_servers=("s2",))
    assert call.last(performer) == PeerPresence(seq=call.last(performer).seq, peer=worker, present=False)
    call.resume(worker, 0)
    assert call.last(performer) == PeerPresence(seq=call.last(performer).seq, peer=worker, present=True)


def test_a_face_worker_that_does_not_come_back_from_a_stopped_call_server_is_lost(call: Call) -> None:
    performer = call.join()
    worker = wear(call, performer)
    call.take(call.room.disconnect(worker, call.connections[worker], call.now, server_stops=True))
    assert worker in call.room.state.peers
    call.wait(31.0)
    assert call.farewells(performer) == [(worker, "lost")]


def test_peer_thought_lost_is_back_when_it_speaks(call: Call, pair: tuple[str, str]) -> None:
    first, second = pair
    call.wait(1.0, dead_servers=("s1",))
    call.say(first, Ping(nonce=1))
    assert call.last(second) == PeerPresence(seq=2, peer=first, present=True)
