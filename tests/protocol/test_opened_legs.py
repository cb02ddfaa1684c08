"""Server relay: a face worker that its performer has opened to another participant."""

from __future__ import annotations

import pytest

from talchum.protocol.messages import (
    AcknowledgeDisclosure,
    Describe,
    Disclosed,
    DisclosureAcknowledged,
    FaceDisclosure,
    Leave,
    OpenFaceLeg,
    ParticipantState,
    PeerJoined,
    ReleaseFaceLeg,
    SessionDescription,
    SetState,
    Worn,
)
from talchum.protocol.room import RoomRules
from tests.protocol.rooms import FINGERPRINT, Call, code_of, described, wear

SORA = Worn(identity="sora", kind="synthetic", engine="neural")
FACE = ParticipantState(face=FaceDisclosure(kind="synthetic"), camera=True)
WORKERS = FINGERPRINT.replace("AB", "CD")
ANSWER = SessionDescription(type="answer", sdp=described(WORKERS).sdp)


@pytest.fixture
def call() -> Call:
    return Call(RoomRules(server_relay=True))


def opened(call: Call, performer: str, viewer: str) -> str:
    """A leg is worn and opened; its worker."""
    worker = wear(call, performer)
    call.say(worker, SORA)
    assert call.say(performer, OpenFaceLeg(request="r1", to=viewer)) == []
    return worker


def joined(call: Call, receiver: str, peer: str) -> list[PeerJoined]:
    return [m for m in call.outboxes[receiver] if isinstance(m, PeerJoined) and m.peer.id == peer]


def test_viewer_and_worker_are_introduced_and_the_viewer_leads(call: Call, pair: tuple[str, str]) -> None:
    performer, viewer = pair
    worker = opened(call, performer, viewer)
    (to_viewer,), (to_worker,) = joined(call, viewer, worker), joined(call, worker, viewer)
    seen = to_viewer.peer
    assert (seen.role, seen.performer, seen.face_leg, seen.polite) == ("face-worker", performer, None, False)
    assert (to_worker.peer.role, to_worker.peer.polite) == ("participant", True)
    own = joined(call, performer, worker)[0].peer
    assert (own.performer, own.face_leg) == (None, "r1")


def test_viewer_negotiates_with_the_worker_and_says_nothing_of_itself_first(
    call: Call, pair: tuple[str, str]
) -> None:
    performer, viewer = pair
    worker = opened(call, performer, viewer)
    assert call.say(viewer, Describe(to=worker, description=described())) == []
    assert call.say(worker, Describe(to=viewer, description=ANSWER)) == []


def test_the_workers_connection_is_disclosed_with_its_own_certificate(
    call: Call, pair: tuple[str, str]
) -> None:
    performer, viewer = pair
    call.say(performer, SetState(state=FACE))
    call.say(performer, Describe(to=viewer, description=described()))
    worker = opened(call, performer, viewer)
    call.say(worker, Describe(to=viewer, description=ANSWER))
    told = [(disclosure.performer, disclosure.fingerprint) for to, disclosure in call.disclosures]
    assert told == [(performer, FINGERPRINT), (performer, WORKERS)]
    last = call.last(viewer)
    assert isinstance(last, Disclosed)
    assert last.from_ == worker
    call.say(worker, Worn(identity="veil", kind="anonymise", engine="veil"))
    assert [d.legs[0].kind for _, d in call.disclosures[-2:]] == ["anonymise", "anonymise"]


def test_the_workers_disclosure_is_acknowledged_and_noted(call: Call, pair: tuple[str, str]) -> None:
    performer, viewer = pair
    worker = opened(call, performer, viewer)
    call.say(worker, Describe(to=viewer, description=ANSWER))
    tag = call.tasks[0].tag
    assert call.say(viewer, AcknowledgeDisclosure(to=worker, tags=[tag])) == []
    assert isinstance(call.last(worker), DisclosureAcknowledged)
    assert [event.name for event in call.notes[-2:]] == ["disclosed", "acknowledged"]


def test_closing_takes_it_back_and_leaves_the_leg(call: Call, pair: tuple[str, str]) -> None:
    performer, viewer = pair
    worker = opened(call, performer, viewer)
    call.say(worker, Describe(to=viewer, description=ANSWER))
    for _ in range(2):
        assert call.say(performer, OpenFaceLeg(request="r1", to=viewer, open=False)) == []
    assert call.farewells(viewer) == [(worker, "ended")]
    assert call.farewells(worker) == [(viewer, "ended")]
    assert code_of(call.say(viewer, Describe(to=worker, description=described()))) == "peer_unknown"
    assert worker in call.room.state.peers
    told = len(call.disclosures)
    call.say(worker, Worn(identity="veil", kind="anonymise", engine="veil"))
    assert len(call.disclosures) == told  # nothing is left of the connection that was closed


def test_opening_twice_says_it_once(call: Call, pair: tuple[str, str]) -> None:
    performer, viewer = pair
    worker = opened(call, performer, viewer)
    call.say(performer, OpenFaceLeg(request="r1", to=viewer))
    assert len(joined(call, viewer, worker)) == 1


def test_a_leg_that_ends_is_gone_for_the_viewer_too(call: Call, pair: tuple[str, str]) -> None:
    performer, viewer = pair
    worker = opened(call, performer, viewer)
    call.say(performer, ReleaseFaceLeg(request="r1"))
    assert call.farewells(viewer) == [(worker, "ended")]
    assert call.say(performer, OpenFaceLeg(request="r1", to=viewer, open=False)) == []


def test_who_comes_back_sees_no_worker_before_it_is_opened_anew(call: Call, pair: tuple[str, str]) -> None:
    performer, viewer = pair
    worker = opened(call, performer, viewer)
    call.say(viewer, Leave())
    assert call.farewells(worker) == [(viewer, "left")]
    again = call.join()
    assert not joined(call, worker, again)
    assert call.say(performer, OpenFaceLeg(request="r1", to=again)) == []
    assert joined(call, again, worker)


def test_only_its_performer_opens_a_leg_that_wears_a_face_and_only_to_a_participant(
    call: Call, pair: tuple[str, str]
) -> None:
    performer, viewer = pair
    worker = wear(call, performer)
    assert code_of(call.say(performer, OpenFaceLeg(request="r1", to=viewer))) == "face_leg_unworn"
    call.say(worker, SORA)
    assert code_of(call.say(viewer, OpenFaceLeg(request="r1", to=performer))) == "face_leg_unworn"
    assert code_of(call.say(performer, OpenFaceLeg(request="r1", to=worker))) == "peer_unknown"
    assert code_of(call.say(performer, OpenFaceLeg(request="r1", to=performer))) == "peer_unknown"
    assert code_of(call.say(worker, OpenFaceLeg(request="r1", to=viewer))) == "role_refused"
    assert not joined(call, viewer, worker)


def test_where_it_is_off_no_leg_is_opened() -> None:
    call = Call()
    performer, viewer = call.join(), call.join()
    call.say(wear(call, performer), SORA)
    assert code_of(call.say(performer, OpenFaceLeg(request="r1", to=viewer))) == "server_relay_off"
