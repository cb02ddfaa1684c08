"""What peers say to each other, and how much of it."""

from __future__ import annotations

from talchum.protocol.messages import (
    Describe,
    Described,
    FaceDisclosure,
    ParticipantState,
    SessionDescription,
    SetState,
    StateChanged,
    Trickle,
    Trickled,
)
from tests.protocol.rooms import HOST, OFFER, WEARING, Call, code_of, wear


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


def test_performer_and_worker_talk_without_any_state(call: Call, pair: tuple[str, str]) -> None:
    performer, _ = pair
    worker = wear(call, performer)
    assert call.say(performer, Describe(seq=2, to=worker, description=OFFER)) == []
    answer = SessionDescription(type="answer", sdp="v=0\r\n")
    assert call.say(worker, Describe(seq=1, to=performer, description=answer)) == []
    assert call.say(worker, Trickle(seq=2, to=performer, candidate=HOST)) == []
    assert [type(m) for m in call.outboxes[performer][-2:]] == [Described, Trickled]
