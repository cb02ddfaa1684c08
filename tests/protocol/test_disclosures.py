"""What participants are told of worn faces, and what they say they have read."""

from __future__ import annotations

import pytest

from talchum.domain.audit import room_name
from talchum.domain.disclosure import Disclosure
from talchum.protocol.messages import (
    AcknowledgeDisclosure,
    Describe,
    Described,
    Disclosed,
    DisclosureAcknowledged,
    FaceDisclosure,
    Leave,
    ParticipantState,
    ReleaseFaceLeg,
    RequestFaceLeg,
    SessionDescription,
    SetState,
    StateChanged,
    Worn,
)
from talchum.protocol.room_effects import CancelFaceLeg
from tests.protocol.rooms import FINGERPRINT, KEY, Call, code_of, described, wear

FACE = ParticipantState(face=FaceDisclosure(kind="synthetic"), camera=True)
OWN = ParticipantState(own_face=True, camera=True)
SORA = Worn(identity="sora", kind="synthetic", engine="neural")


def told(call: Call, receiver: str) -> list[Disclosure]:
    return [disclosure for to, disclosure in call.disclosures if to == receiver]


def connect(call: Call, performer: str, other: str) -> str:
    """A face is put on, then the performer offers; the worker's name."""
    worker = wear(call, performer)
    call.say(worker, SORA)
    call.say(performer, SetState(state=FACE))
    call.say(performer, Describe(to=other, description=described()))
    return worker


def test_the_other_is_told_of_a_worn_face_with_the_description_it_concerns(
    call: Call, pair: tuple[str, str]
) -> None:
    performer, other = pair
    connect(call, performer, other)
    (disclosure,) = told(call, other)
    (leg,) = disclosure.legs
    assert (str(leg.tag), leg.kind, leg.engine) == (call.tasks[0].tag, "synthetic", "neural")
    assert (disclosure.performer, disclosure.fingerprint) == (performer, FINGERPRINT)
    assert disclosure.room == room_name(KEY) != KEY
    assert [type(message) for message in call.outboxes[other]] == [StateChanged, Described, Disclosed]
    assert told(call, performer) == []


def test_the_order_in_which_face_and_description_come_does_not_matter(
    call: Call, pair: tuple[str, str]
) -> None:
    performer, other = pair
    call.say(performer, SetState(state=FACE))
    call.say(performer, Describe(to=other, description=described()))
    worker = wear(call, performer)
    assert told(call, other) == []
    call.say(worker, SORA)
    assert len(told(call, other)) == 1


def test_nothing_is_told_twice(call: Call, pair: tuple[str, str]) -> None:
    performer, other = pair
    worker = connect(call, performer, other)
    call.say(worker, SORA)
    call.say(performer, Describe(to=other, description=described()))
    call.say(performer, SetState(state=FACE))
    call.wait(3.0)
    assert len(told(call, other)) == 1


def test_another_engine_another_kind_and_another_certificate_are_told(
    call: Call, pair: tuple[str, str]
) -> None:
    performer, other = pair
    worker = connect(call, performer, other)
    call.say(worker, Worn(identity="sora", kind="synthetic", engine="portrait"))
    call.say(worker, Worn(identity="veil", kind="anonymise", engine="veil"))
    call.say(performer, Describe(to=other, description=described(FINGERPRINT.replace("AB", "CD"))))
    latest = [(disclosure.legs[0].engine, disclosure.fingerprint[8:10]) for disclosure in told(call, other)]
    assert latest == [("neural", "AB"), ("portrait", "AB"), ("veil", "AB"), ("veil", "CD")]


def test_a_second_leg_is_told_beside_the_first_and_alone_when_that_is_gone(
    call: Call, pair: tuple[str, str]
) -> None:
    performer, other = pair
    worker = connect(call, performer, other)
    second = wear(call, performer, "r2")
    assert len(told(call, other)) == 1  # it wears nothing yet
    call.say(second, SORA)
    call.lose(worker)
    tags = [{str(leg.tag) for leg in disclosure.legs} for disclosure in told(call, other)]
    first, next_one = (task.tag for task in call.tasks)
    assert tags == [{first}, {first, next_one}, {next_one}]


def test_without_a_leg_nothing_new_is_told(call: Call, pair: tuple[str, str]) -> None:
    performer, other = pair
    connect(call, performer, other)
    call.say(performer, ReleaseFaceLeg(request="r1"))
    assert len(told(call, other)) == 1


@pytest.mark.parametrize(
    "fingerprints", ["", f"a=fingerprint:{FINGERPRINT}\r\na=fingerprint:sha-256 AA:BB\r\n"]
)
def test_of_a_connection_without_one_certain_certificate_nothing_is_said(
    call: Call, pair: tuple[str, str], fingerprints: str
) -> None:
    performer, other = pair
    call.say(wear(call, performer), SORA)
    call.say(performer, SetState(state=FACE))
    offer = SessionDescription(type="offer", sdp=f"v=0\r\n{fingerprints}")
    call.say(performer, Describe(to=other, description=offer))
    assert told(call, other) == []


def test_rollback_leaves_the_certificate_as_it_was(call: Call, pair: tuple[str, str]) -> None:
    performer, other = pair
    call.say(performer, SetState(state=FACE))
    call.say(performer, Describe(to=other, description=described()))
    call.say(performer, Describe(to=other, description=SessionDescription(type="rollback")))
    call.say(wear(call, performer), SORA)
    assert told(call, other)[0].fingerprint == FINGERPRINT


def test_who_comes_back_is_told_anew_of_their_new_connection(call: Call, pair: tuple[str, str]) -> None:
    performer, other = pair
    connect(call, performer, other)
    call.say(other, Leave())
    other = call.join()
    assert told(call, other) == []  # the certificate of the connection that is gone says nothing
    call.say(performer, Describe(to=other, description=described()))
    assert len(told(call, other)) == 1


def test_only_a_face_worker_says_what_is_worn_and_only_of_its_own_leg(
    call: Call, pair: tuple[str, str]
) -> None:
    performer, other = pair
    worker = connect(call, performer, other)
    assert code_of(call.say(performer, SORA)) == "role_refused"
    elsewhere = wear(call, other, "mine")
    call.say(elsewhere, Worn(identity="veil", kind="anonymise", engine="veil"))
    worn = {leg.worker: leg.worn.kind for leg in call.room.state.legs.values() if leg.worn is not None}
    assert worn == {worker: "synthetic", elsewhere: "anonymise"}
    assert [disclosure.legs[0].kind for disclosure in told(call, other)] == ["synthetic"]


def test_an_acknowledgement_reaches_the_performer_and_the_record(call: Call, pair: tuple[str, str]) -> None:
    performer, other = pair
    connect(call, performer, other)
    tag = call.tasks[0].tag
    assert call.say(other, AcknowledgeDisclosure(seq=1, to=performer, tags=[tag])) == []
    heard = call.last(performer)
    assert heard == DisclosureAcknowledged(seq=heard.seq, from_=other, tags=[tag])
    assert [event.name for event in call.notes[-3:]] == ["worn", "disclosed", "acknowledged"]
    disclosed, acknowledged = call.notes[-2].fields, call.notes[-1].fields
    assert disclosed == {"room": room_name(KEY), "tags": [tag], "to": other}
    assert acknowledged == {"room": room_name(KEY), "tags": [tag], "by": other}


def test_an_acknowledgement_is_noted_once_for_each_disclosure(call: Call, pair: tuple[str, str]) -> None:
    performer, other = pair
    worker = connect(call, performer, other)
    acknowledgement = AcknowledgeDisclosure(to=performer, tags=[call.tasks[0].tag])
    for _ in range(3):
        call.say(other, acknowledgement)
    assert [event.name for event in call.notes].count("acknowledged") == 1
    call.say(worker, Worn(identity="veil", kind="anonymise", engine="veil"))
    call.say(other, acknowledgement)
    assert [event.name for event in call.notes][-3:] == ["worn", "disclosed", "acknowledged"]


def test_a_tag_that_was_told_earlier_can_still_be_acknowledged(call: Call, pair: tuple[str, str]) -> None:
    performer, other = pair
    worker = connect(call, performer, other)
    call.say(wear(call, performer, "r2"), SORA)
    call.lose(worker)
    assert call.say(other, AcknowledgeDisclosure(to=performer, tags=[call.tasks[0].tag])) == []


def test_what_was_not_disclosed_cannot_be_acknowledged(call: Call, pair: tuple[str, str]) -> None:
    performer, other = pair
    message = AcknowledgeDisclosure(to=performer, tags=["00000007"])
    assert code_of(call.say(other, message)) == "disclosure_unknown"
    worker = connect(call, performer, other)
    assert code_of(call.say(other, message)) == "disclosure_unknown"
    assert code_of(call.say(other, AcknowledgeDisclosure(to=worker, tags=["00000007"]))) == "peer_unknown"
    assert code_of(call.say(worker, message)) == "role_refused"


def test_an_own_face_ends_every_face_leg(call: Call, pair: tuple[str, str]) -> None:
    performer, other = pair
    worker = connect(call, performer, other)
    message = SetState(seq=9, state=OWN)
    effects = call.room.handle(performer, call.connections[performer], message, call.now)
    assert CancelFaceLeg(call.tasks[0].leg) in effects
    call.take(effects)
    assert worker not in call.room.state.peers
    assert call.room.state.legs == {}


def test_no_face_leg_beside_an_own_face(call: Call, pair: tuple[str, str]) -> None:
    performer, _ = pair
    call.say(performer, SetState(state=OWN))
    answers = call.say(performer, RequestFaceLeg(request="r1", identity="yangban"))
    assert code_of(answers) == "own_face_shown"
    call.say(performer, SetState(state=FACE))
    assert call.say(performer, RequestFaceLeg(request="r1", identity="yangban")) == []


def test_a_fallback_is_noted_as_one(call: Call, pair: tuple[str, str]) -> None:
    performer, other = pair
    worker = connect(call, performer, other)
    call.say(worker, Worn(identity="sora", kind="synthetic", engine="portrait", fallback=True))
    fallback = next(event for event in call.notes if event.name == "fallback")
    assert fallback.fields == {"room": room_name(KEY), "tag": call.tasks[0].tag, "engine": "portrait"}
    assert [disclosure.legs[0].engine for disclosure in told(call, other)] == ["neural", "portrait"]
