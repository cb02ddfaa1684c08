"""What a participant without a browser is told of the other's face."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from talchum.adapters.call_server_client import Published
from talchum.adapters.signing import Signer
from talchum.apps.peer_disclosure import DisclosureReader, PeerDisclosure
from talchum.apps.statements import disclosure_signer
from talchum.domain.disclosure import DisclosedLeg, Disclosure
from talchum.domain.leg_tag import LegTag
from talchum.protocol.messages import (
    AcknowledgeDisclosure,
    ClientMessage,
    FaceDisclosure,
    ParticipantState,
    Peer,
    SessionDescription,
)
from tests.protocol.rooms import FINGERPRINT, described

ROOM = "f" * 64
AHEAD = 86_400.0  # the server's clock is right, and this one a day behind
FACE = ParticipantState(face=FaceDisclosure(kind="synthetic"), camera=True)
PEER = Peer(id="p1", role="participant", polite=True, state=FACE)
SORA = DisclosedLeg(LegTag(7), "synthetic", "neural")
DISCLOSURE = Disclosure(ROOM, "p1", (SORA,), FINGERPRINT)


class Desk:
    """A participant's disclosure with the installation that signs it."""

    def __init__(self, peer: Peer = PEER) -> None:
        self.signer = Signer(Ed25519PrivateKey.generate())
        self.sent: list[ClientMessage] = []
        self.told: list[dict[str, Any]] = []
        reader = DisclosureReader(ROOM, Published(self.signer.jwks, AHEAD))
        self.known = PeerDisclosure(peer, reader, self.sent.append, self.told.append)

    def statement(self, disclosure: Disclosure = DISCLOSURE) -> str:
        return disclosure_signer(self.signer, "talchum")(disclosure, time.time() + AHEAD)


def test_a_verified_disclosure_is_acknowledged_once_and_frames_count_from_then_on() -> None:
    desk = Desk()
    desk.known.disclosed(desk.statement())
    assert not desk.known.may_show  # nothing is known of the connection yet
    desk.known.described(described())
    assert desk.known.may_show
    desk.known.described(described())
    desk.known.described(SessionDescription(type="rollback"))
    assert desk.sent == [AcknowledgeDisclosure(to="p1", tags=["00000007"])]
    assert desk.told == [
        {"verified": True, "kinds": ["synthetic"], "engines": ["neural"], "tags": ["00000007"]}
    ]


@pytest.mark.parametrize(
    "disclosure",
    [
        replace(DISCLOSURE, room="e" * 64),
        replace(DISCLOSURE, performer="p2"),
        replace(DISCLOSURE, fingerprint=FINGERPRINT.replace("AB", "CD")),
    ],
)
def test_a_disclosure_of_something_else_lets_no_frame_count(disclosure: Disclosure) -> None:
    desk = Desk()
    desk.known.described(described())
    desk.known.disclosed(desk.statement(disclosure))
    assert not desk.known.may_show
    assert desk.sent == []
    assert desk.told == [{"verified": False, "code": "statement_misplaced"}]


def test_a_changed_statement_closes_what_an_earlier_one_opened() -> None:
    desk = Desk()
    desk.known.described(described())
    desk.known.disclosed(desk.statement())
    desk.known.disclosed(desk.statement()[:-6] + "AAAAAA")
    assert not desk.known.may_show
    assert desk.told[-1] == {"verified": False, "code": "statement_invalid"}


def test_another_kind_counts_once_it_is_disclosed() -> None:
    desk = Desk()
    desk.known.described(described())
    desk.known.disclosed(desk.statement())
    desk.known.state = ParticipantState(face=FaceDisclosure(kind="anonymise"), camera=True)
    assert not desk.known.may_show
    veil = DisclosedLeg(LegTag(7), "anonymise", "veil")
    desk.known.disclosed(desk.statement(replace(DISCLOSURE, legs=(veil,))))
    assert desk.known.may_show


def test_an_own_face_counts_when_it_is_declared_and_nothing_does_before_a_state() -> None:
    own = ParticipantState(own_face=True, camera=True)
    assert Desk(Peer(id="p1", role="participant", polite=True, state=own)).known.may_show
    assert not Desk(Peer(id="p1", role="participant", polite=True)).known.may_show
