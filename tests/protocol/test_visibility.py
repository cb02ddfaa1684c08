"""Who sees and addresses whom."""

from __future__ import annotations

import pytest

from talchum.domain.errors import AdmissionError
from talchum.protocol.messages import Describe, FaceLegQueued, PeerJoined, Trickle
from tests.protocol.rooms import HOST, OFFER, Call, code_of, wear


def test_second_participant_sees_the_first_and_is_polite(call: Call) -> None:
    first, second = call.join(), call.join()
    joined = call.last(first)
    assert isinstance(joined, PeerJoined)
    assert (joined.peer.id, joined.peer.role, joined.peer.polite) == (second, "participant", False)
    third = call.room.issue_ticket  # a third gets no ticket at all
    with pytest.raises(AdmissionError) as refused:
        third(call.now)
    assert refused.value.code == "room_full"


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


def test_face_worker_is_seen_by_its_performer_only(call: Call, pair: tuple[str, str]) -> None:
    performer, other = pair
    worker = wear(call, performer, "r1")
    queued, joined = call.outboxes[performer][-2:]
    assert queued == FaceLegQueued(seq=queued.seq, request="r1", place=1)
    assert isinstance(joined, PeerJoined)
    assert (joined.peer.id, joined.peer.role, joined.peer.face_leg) == (worker, "face-worker", "r1")
    assert not joined.peer.polite
    assert not any(isinstance(m, PeerJoined) for m in call.outboxes[other])
