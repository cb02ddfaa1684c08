"""What a room has written to the audit log."""

from __future__ import annotations

from talchum.domain.audit import room_name
from talchum.protocol.messages import Describe, Leave, ReleaseFaceLeg, RequestFaceLeg, SetState, Trickle
from talchum.protocol.room_effects import CancelFaceLeg
from tests.protocol.rooms import HOST, KEY, OFFER, WEARING, Call, wear


def names(call: Call) -> list[str]:
    return [event.name for event in call.notes]


def test_a_call_is_noted_from_its_first_participant_to_its_last(call: Call) -> None:
    first, second = call.join(), call.join()
    call.say(first, Leave())
    assert names(call) == ["call-opened", "participant-joined", "participant-joined", "participant-left"]
    call.lose(second)
    call.wait(30.0)
    assert names(call)[4:] == ["participant-left", "call-closed"]
    assert all(event.fields["room"] == room_name(KEY) for event in call.notes)
    assert [e.fields["participant"] for e in call.notes if "participant" in e.fields] == [
        first,
        second,
        first,
        second,
    ]
    assert call.notes[4].fields["reason"] == "lost"


def test_who_comes_back_on_another_page_leaves_and_joins(call: Call) -> None:
    issued = call.room.issue_ticket(call.now)
    first = call.enter(issued.ticket)
    call.join()
    call.join(peer=first, rejoin=issued.rejoin)
    left, joined = call.notes[-2:]
    assert (left.name, left.fields["reason"]) == ("participant-left", "replaced")
    assert (joined.name, joined.fields["participant"]) == ("participant-joined", first)
    assert names(call).count("call-opened") == 1


def test_a_socket_that_is_lost_and_found_is_not_noted(call: Call, pair: tuple[str, str]) -> None:
    before = len(call.notes)
    call.lose(pair[0])
    call.resume(pair[0], 0)
    assert len(call.notes) == before


def test_a_leg_is_noted_by_its_tag_when_a_worker_takes_it_and_when_it_ends(call: Call) -> None:
    performer = call.join()
    worker = wear(call, performer)
    started = call.notes[-1]
    tag = call.tasks[-1].tag
    assert (started.name, started.fields["tag"]) == ("leg-started", tag)
    assert (started.fields["performer"], started.fields["worker"]) == (performer, worker)
    call.say(performer, ReleaseFaceLeg(request="r1"))
    ended = call.notes[-1]
    assert (ended.name, ended.fields["tag"], ended.fields["reason"]) == ("leg-ended", tag, "ended")


def test_a_leg_ends_with_its_worker_and_before_its_performer(call: Call) -> None:
    performer = call.join()
    call.lose(wear(call, performer))
    assert call.notes[-1].fields["reason"] == "lost"
    wear(call, performer, "r2")
    call.say(performer, Leave())
    assert names(call)[-3:] == ["leg-ended", "participant-left", "call-closed"]


def test_a_leg_that_nobody_took_is_not_noted(call: Call) -> None:
    performer = call.join()
    call.say(performer, RequestFaceLeg(request="r1", identity="yangban"))
    assert any(isinstance(effect, CancelFaceLeg) for effect in call.wait(8.0))
    assert names(call) == ["call-opened", "participant-joined"]


def test_what_participants_say_to_each_other_is_not_noted(call: Call, pair: tuple[str, str]) -> None:
    first, second = pair
    before = list(call.notes)
    call.say(first, SetState(state=WEARING))
    call.say(first, Describe(to=second, description=OFFER))
    call.say(first, Trickle(to=second, candidate=HOST))
    assert call.notes == before
