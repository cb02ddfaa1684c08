"""The rules of a call, situation by situation."""

from __future__ import annotations

import pytest

from talchum.domain.errors import AdmissionError
from talchum.protocol.messages import (
    Acknowledge,
    Describe,
    Described,
    FaceDisclosure,
    FaceLegQueued,
    FaceLegUnavailable,
    Failure,
    IceCandidate,
    Join,
    Leave,
    ParticipantState,
    PeerJoined,
    PeerLeft,
    PeerPresence,
    Ping,
    Pong,
    ReleaseFaceLeg,
    RequestFaceLeg,
    RequestIceServers,
    ServerMessage,
    SessionDescription,
    SetState,
    StateChanged,
    Trickle,
    Trickled,
)
from talchum.protocol.room import (
    CancelFaceLeg,
    Continued,
    Forget,
    IssueIceServers,
    KeepFaceLeg,
    Room,
    RoomRules,
    Trim,
)
from tests.protocol.rooms import WEARING, Call

OFFER = SessionDescription(type="offer", sdp="v=0\r\n")
HOST = IceCandidate(candidate="candidate:1 1 udp 2122260223 192.0.2.7 50000 typ host", sdp_mid="0")


def code_of(answers: list[ServerMessage]) -> str:
    assert len(answers) == 1
    assert isinstance(answers[0], Failure)
    assert not answers[0].fatal
    return answers[0].code


@pytest.fixture
def call() -> Call:
    return Call()


@pytest.fixture
def pair(call: Call) -> tuple[str, str]:
    return call.join(), call.join()


def wear(call: Call, performer: str, request: str = "r1") -> str:
    """Ask for a face leg and let a worker take it."""
    call.say(performer, RequestFaceLeg(request=request, identity="yangban"))
    return call.enter(call.tasks[-1].ticket)


# -- entering -----------------------------------------------------------------------------------


def test_second_participant_sees_the_first_and_is_polite(call: Call) -> None:
    first, second = call.join(), call.join()
    joined = call.last(first)
    assert isinstance(joined, PeerJoined)
    assert (joined.peer.id, joined.peer.role, joined.peer.polite) == (second, "participant", False)
    third = call.room.issue_ticket  # a third gets no ticket at all
    with pytest.raises(AdmissionError) as refused:
        third(call.now)
    assert refused.value.code == "room_full"


def test_ticket_for_the_last_place_is_refused_when_it_was_taken_meanwhile(call: Call) -> None:
    tickets = [call.room.issue_ticket(call.now).ticket for _ in range(3)]
    call.enter(tickets[0])
    call.enter(tickets[1])
    with pytest.raises(AdmissionError) as refused:
        call.enter(tickets[2])
    assert refused.value.code == "room_full"
    assert refused.value.retryable


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


# -- talking ------------------------------------------------------------------------------------


def test_offer_before_any_state_is_refused(call: Call, pair: tuple[str, str]) -> None:
    first, second = pair
    before = list(call.outboxes[second])
    assert code_of(call.say(first, Describe(seq=1, to=second, description=OFFER))) == "disclosure_missing"
    assert call.outboxes[second] == before


def test_offer_after_the_state_arrives_with_the_senders_name(call: Call, pair: tuple[str, str]) -> None:
    first, second = pair
    state = ParticipantState(face=FaceDisclosure(kind="synthetic"), camera=True)
    assert call.say(first, SetState(seq=1, state=state)) == []
    assert call.say(first, Describe(seq=2, to=second, description=OFFER)) == []
    told, offered = call.outboxes[second]
    assert isinstance(told, StateChanged)
    assert (told.from_, told.state) == (first, state)
    assert isinstance(offered, Described)
    assert (offered.from_, offered.description, offered.seq) == (first, OFFER, 2)


def test_state_told_before_is_replayed_to_a_newcomer(call: Call) -> None:
    first = call.join()
    state = ParticipantState(face=FaceDisclosure(kind="anonymise"))
    call.say(first, SetState(seq=1, state=state))
    issued = call.room.issue_ticket(call.now)
    welcomed = call.room.join(issued.ticket.partition(".")[2], "s1.99", call.now)[0]
    assert [(peer.id, peer.state) for peer in getattr(welcomed, "peers", [])] == [(first, state)]


def test_candidates_are_counted_for_each_description(call: Call, pair: tuple[str, str]) -> None:
    first, second = pair
    call.say(first, SetState(seq=1, state=WEARING))
    call.say(first, Describe(seq=2, to=second, description=OFFER))
    answers = [call.say(first, Trickle(to=second, candidate=HOST)) for _ in range(66)]
    assert code_of(answers[-1]) == "too_many_candidates"
    assert all(answer == [] for answer in answers[:65])
    call.say(first, Describe(seq=3, to=second, description=OFFER))
    assert call.say(first, Trickle(to=second, candidate=HOST)) == []


def test_message_to_a_stranger_is_refused_as_if_nobody_were_there(call: Call, pair: tuple[str, str]) -> None:
    first, second = pair
    worker = wear(call, first)
    answers = [
        call.say(second, Describe(to=worker, description=OFFER)),
        call.say(second, Describe(to="w000000000000", description=OFFER)),
        call.say(worker, Describe(to=second, description=OFFER)),
        call.say(first, Trickle(to=first, candidate=HOST)),
    ]
    assert {code_of(answer) for answer in answers} == {"peer_unknown"}
    assert len({answer[0] for answer in answers}) == 1


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


# -- losing and resuming ------------------------------------------------------------------------


def test_lost_socket_is_told_and_so_is_its_return(call: Call, pair: tuple[str, str]) -> None:
    first, second = pair
    call.lose(first)
    assert call.last(second) == PeerPresence(seq=1, peer=first, present=False)
    call.resume(first, 0)
    assert call.last(second) == PeerPresence(seq=2, peer=first, present=True)


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


def test_peer_thought_lost_is_back_when_it_speaks(call: Call, pair: tuple[str, str]) -> None:
    first, second = pair
    call.wait(1.0, dead_servers=("s1",))
    call.say(first, Ping(nonce=1))
    assert call.last(second) == PeerPresence(seq=2, peer=first, present=True)


def test_nothing_is_due_in_an_empty_room(call: Call) -> None:
    assert call.room.next_tick(call.now) is None
    peer = call.join()
    assert call.room.next_tick(call.now) == call.now + 3.0
    call.lose(peer)
    call.now += 29.0
    assert call.room.next_tick(call.now) == call.now + 1.0


# -- face legs ----------------------------------------------------------------------------------


def test_face_worker_is_seen_by_its_performer_only(call: Call, pair: tuple[str, str]) -> None:
    performer, other = pair
    worker = wear(call, performer, "r1")
    queued, joined = call.outboxes[performer][-2:]
    assert queued == FaceLegQueued(seq=queued.seq, request="r1")
    assert isinstance(joined, PeerJoined)
    assert (joined.peer.id, joined.peer.role, joined.peer.face_leg) == (worker, "face-worker", "r1")
    assert not joined.peer.polite
    assert not any(isinstance(m, PeerJoined) for m in call.outboxes[other])


def test_performer_and_worker_talk_without_any_state(call: Call, pair: tuple[str, str]) -> None:
    performer, _ = pair
    worker = wear(call, performer)
    assert call.say(performer, Describe(seq=2, to=worker, description=OFFER)) == []
    answer = SessionDescription(type="answer", sdp="v=0\r\n")
    assert call.say(worker, Describe(seq=1, to=performer, description=answer)) == []
    assert call.say(worker, Trickle(seq=2, to=performer, candidate=HOST)) == []
    assert [type(m) for m in call.outboxes[performer][-2:]] == [Described, Trickled]


def test_participants_ticket_never_makes_a_face_worker(call: Call, pair: tuple[str, str]) -> None:
    for message in (
        RequestFaceLeg(request="x", identity="yangban"),
        SetState(state=WEARING),
    ):
        worker = wear(call, pair[0], f"r{len(call.tasks)}")
        assert code_of(call.say(worker, message)) == "role_refused"


def test_lost_worker_is_gone_at_once(call: Call, pair: tuple[str, str]) -> None:
    performer, _ = pair
    worker = wear(call, performer)
    effects = call.lose(worker)
    assert CancelFaceLeg(call.tasks[0].leg) in effects
    assert call.farewells(performer) == [(worker, "lost")]


def test_released_leg_closes_its_worker(call: Call, pair: tuple[str, str]) -> None:
    performer, _ = pair
    worker = wear(call, performer)
    call.say(performer, ReleaseFaceLeg(seq=2, request="r1"))
    assert call.farewells(performer) == [(worker, "ended")]
    assert call.connections[worker] in call.closed
    assert call.say(performer, ReleaseFaceLeg(seq=3, request="r1")) == []


def test_leg_released_while_queued_takes_its_ticket_along(call: Call, pair: tuple[str, str]) -> None:
    performer, _ = pair
    call.say(performer, RequestFaceLeg(seq=1, request="r1", identity="yangban"))
    call.say(performer, ReleaseFaceLeg(seq=2, request="r1"))
    with pytest.raises(AdmissionError) as refused:
        call.enter(call.tasks[0].ticket)
    assert refused.value.code == "ticket_invalid"


def test_request_nobody_takes_is_answered(call: Call, pair: tuple[str, str]) -> None:
    performer, _ = pair
    call.say(performer, RequestFaceLeg(seq=1, request="r1", identity="yangban"))
    assert KeepFaceLeg(call.tasks[0].leg) in call.wait(4.0)
    call.wait(4.5)
    unavailable = call.last(performer)
    assert isinstance(unavailable, FaceLegUnavailable)
    assert (unavailable.request, unavailable.code, unavailable.retryable) == (
        "r1",
        "no_free_face_worker",
        True,
    )
    with pytest.raises(AdmissionError):
        call.enter(call.tasks[0].ticket)


def test_leg_is_wanted_while_its_performer_may_come_back(call: Call, pair: tuple[str, str]) -> None:
    performer, _ = pair
    worker = wear(call, performer)
    call.lose(performer)
    assert KeepFaceLeg(call.tasks[0].leg) in call.wait(20.0)
    effects = call.wait(11.0)
    assert CancelFaceLeg(call.tasks[0].leg) in effects
    assert call.connections[worker] in call.closed


def test_reload_ends_the_legs_of_the_page_before(call: Call) -> None:
    issued = call.room.issue_ticket(call.now)
    performer = call.enter(issued.ticket)
    worker = wear(call, performer)
    call.join(peer=performer, rejoin=issued.rejoin)
    assert call.connections[worker] in call.closed
    assert call.outboxes[performer] == []


def test_two_requests_with_one_name_are_refused(call: Call, pair: tuple[str, str]) -> None:
    wear(call, pair[0], "r1")
    again = RequestFaceLeg(request="r1", identity="yangban")
    assert code_of(call.say(pair[0], again)) == "face_leg_exists"
    assert call.say(pair[1], again) == []  # the other participant has its own names


def test_legs_of_one_performer_are_bounded(call: Call, pair: tuple[str, str]) -> None:
    for number in range(4):
        wear(call, pair[0], f"r{number}")
    one_more = RequestFaceLeg(request="r9", identity="yangban")
    assert code_of(call.say(pair[0], one_more)) == "too_many_face_legs"


def test_identity_that_is_not_installed_is_said_at_once() -> None:
    call = Call(RoomRules(identities=frozenset({"yangban"})))
    performer = call.join()
    call.say(performer, RequestFaceLeg(seq=1, request="r1", identity="nobody"))
    unavailable = call.last(performer)
    assert isinstance(unavailable, FaceLegUnavailable)
    assert (unavailable.code, unavailable.retryable) == ("identity_unknown", False)
    assert call.tasks == []


def test_two_rooms_with_different_rules_share_nothing() -> None:
    small, large = Call(RoomRules(participants=1)), Call(RoomRules(participants=3))
    small.join()
    for _ in range(3):
        large.join()
    with pytest.raises(AdmissionError):
        small.join()


def test_worker_that_leaves_says_so_to_its_performer(call: Call, pair: tuple[str, str]) -> None:
    worker = wear(call, pair[0])
    call.say(worker, Leave(seq=1))
    last = call.last(pair[0])
    assert isinstance(last, PeerLeft)
    assert (last.peer, last.reason) == (worker, "left")
    assert isinstance(call.room, Room)
