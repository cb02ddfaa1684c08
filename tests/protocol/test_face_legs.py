"""Face legs, from the wish to the end."""

from __future__ import annotations

import pytest

from talchum.domain.errors import AdmissionError
from talchum.domain.placement import CPU_LEGS, GPU_LEGS, LegQueues
from talchum.protocol.messages import (
    FaceLegQueued,
    FaceLegUnavailable,
    Leave,
    PeerLeft,
    ReleaseFaceLeg,
    RequestFaceLeg,
    SetState,
    encode,
)
from talchum.protocol.room import Room, RoomRules
from talchum.protocol.room_effects import CancelFaceLeg, FaceLegTaken, KeepFaceLeg
from tests.protocol.rooms import WEARING, Call, code_of, wear


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


def test_place_in_the_queue_is_said_at_once_and_when_it_changes(call: Call, pair: tuple[str, str]) -> None:
    performer, _ = pair
    call.room = Room(call.room.state, call.rules, queues=LegQueues({CPU_LEGS: 2}))
    call.say(performer, RequestFaceLeg(seq=1, request="r1", identity="yangban"))
    leg = call.tasks[0].leg
    for place in (3, 3, 2, 1):
        call.wait(1.0, places={leg: place})
    told = [message for message in call.outboxes[performer] if isinstance(message, FaceLegQueued)]
    assert [(message.request, message.place) for message in told] == [("r1", 3), ("r1", 2), ("r1", 1)]


def test_leg_waits_in_the_queue_of_its_engine_and_an_enrolment_in_that_of_no_gpu() -> None:
    call = Call(RoomRules(first_engine=lambda identity: "neural" if identity == "sora" else "portrait"))
    performer = call.join(account="acc-1")
    queues = LegQueues({GPU_LEGS: 6}, frozenset({CPU_LEGS, GPU_LEGS}))
    call.room = Room(call.room.state, call.rules, queues=queues)
    for request, identity, engine, enrolment in (
        ("r1", "sora", None, None),
        ("r2", "sora", "veil", None),
        ("r3", "yangban", None, None),
        ("r4", "sora", None, "enr-1"),
    ):
        wish = RequestFaceLeg(request=request, identity=identity, engine=engine, enrolment=enrolment)
        call.say(performer, wish)
    assert [task.queue for task in call.tasks] == [GPU_LEGS, CPU_LEGS, CPU_LEGS, CPU_LEGS]
    told = [message.place for message in call.outboxes[performer] if isinstance(message, FaceLegQueued)]
    assert told == [7, 1, 1, 1]


def test_waiting_leg_has_its_place_looked_up_within_a_second_and_a_served_one_not(
    call: Call, pair: tuple[str, str]
) -> None:
    call.say(pair[0], RequestFaceLeg(seq=1, request="r1", identity="yangban"))
    assert call.room.next_tick(call.now) == call.now + 1.0
    call.enter(call.tasks[0].ticket)
    assert call.room.next_tick(call.now) == call.now + call.rules.tick


def test_leg_that_a_worker_took_waits_no_more(call: Call, pair: tuple[str, str]) -> None:
    call.say(pair[0], RequestFaceLeg(seq=1, request="r1", identity="yangban"))
    leg, ticket = call.tasks[0].leg, call.tasks[0].ticket
    assert FaceLegTaken(leg) in call.room.join(ticket.partition(".")[2], "s1.9", call.now)


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


def wears_own(account: str, identity: str) -> bool:
    return identity != "hana" or account == "acc-1"


@pytest.mark.parametrize("account", ["", "acc-2"])
def test_a_persons_face_is_refused_to_whom_it_may_not_be_worn_by(account: str) -> None:
    call = Call(RoomRules(may_wear=wears_own))
    performer = call.join(account=account)
    call.say(performer, RequestFaceLeg(seq=1, request="r1", identity="hana"))
    unavailable = call.last(performer)
    assert isinstance(unavailable, FaceLegUnavailable)
    assert (unavailable.code, unavailable.retryable) == ("identity_not_allowed", False)
    assert call.tasks == []
    call.say(performer, RequestFaceLeg(seq=2, request="r2", identity="yangban"))
    assert [task.account for task in call.tasks] == [account]


def test_the_account_goes_to_the_face_worker_and_to_no_other_peer() -> None:
    call = Call(RoomRules(may_wear=wears_own))
    performer, other = call.join(account="acc-1"), call.join()
    call.say(performer, RequestFaceLeg(seq=1, request="r1", identity="hana"))
    assert call.tasks[0].account == "acc-1"
    worker = call.enter(call.tasks[0].ticket)
    for peer in (performer, other, worker):
        assert not any("acc-1" in encode(message) for message in call.outboxes[peer])


def test_a_peer_that_comes_back_is_who_it_signed_in_as_then() -> None:
    call = Call(RoomRules(may_wear=wears_own))
    issued = call.room.issue_ticket(call.now, account="acc-1")
    performer = call.enter(issued.ticket)
    call.join(peer=performer, rejoin=issued.rejoin)  # signed out meanwhile
    call.say(performer, RequestFaceLeg(seq=1, request="r1", identity="hana"))
    assert call.tasks == []


def test_worker_that_leaves_says_so_to_its_performer(call: Call, pair: tuple[str, str]) -> None:
    worker = wear(call, pair[0])
    call.say(worker, Leave(seq=1))
    last = call.last(pair[0])
    assert isinstance(last, PeerLeft)
    assert (last.peer, last.reason) == (worker, "left")
    assert isinstance(call.room, Room)


def test_an_enrolment_is_asked_for_by_somebody_who_is_signed_in() -> None:
    call = Call(RoomRules(identities=frozenset({"yangban"}), may_wear=wears_own))
    guest, performer = call.join(), call.join(account="acc-1")
    wish = RequestFaceLeg(seq=1, request="r1", identity="own-1", enrolment="enr-1")
    call.say(guest, wish)
    unavailable = call.last(guest)
    assert isinstance(unavailable, FaceLegUnavailable)
    assert (unavailable.code, unavailable.retryable) == ("signed_out", False)
    call.say(performer, wish)
    [task] = call.tasks
    assert (task.enrolment, task.account) == ("enr-1", "acc-1")
    assert call.enter(task.ticket)
