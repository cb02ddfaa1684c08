"""What a participant without a browser is told of the other's face, and whether their frames count.

It does what a page does, but that nobody is asked: who runs `talchum call` reads what it prints.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any

from talchum.adapters.call_server_client import Published
from talchum.adapters.signing import Verifier
from talchum.domain.disclosure import DISCLOSURE_TYPE, Disclosure
from talchum.domain.errors import StatementError
from talchum.protocol.messages import AcknowledgeDisclosure, ClientMessage, Peer, SessionDescription
from talchum.protocol.session_description import fingerprint_of

logger = logging.getLogger(__name__)

CLOCK_TOLERANCE = 300.0
"""Seconds between call servers, and for what a statement was on the way; this clock's error is known."""


class DisclosureReader:
    """Verifies disclosures of one room. room: its name in statements."""

    def __init__(self, room: str, published: Published) -> None:
        self._room = room
        self._verifier = Verifier(published.keys)
        self._ahead = published.ahead

    def read(self, statement: str, performer: str, fingerprint: str) -> Disclosure:
        """What is disclosed of this performer's connection. Raises StatementError."""
        claims = self._verifier.verify(statement, DISCLOSURE_TYPE)
        disclosure = Disclosure.of_claims(claims, time.time() + self._ahead, CLOCK_TOLERANCE)
        disclosure.expect(room=self._room, performer=performer, fingerprint=fingerprint)
        return disclosure


class PeerDisclosure:
    """What is known of one other participant's face.

    state: what they say of it. send: gives a message to the call server. report: is given what there is to
    tell of every disclosure. performer: whose face it is where `peer` is their face worker.
    """

    def __init__(
        self,
        peer: Peer,
        reader: DisclosureReader,
        send: Callable[[ClientMessage], None],
        report: Callable[[dict[str, Any]], None],
        *,
        performer: str = "",
    ) -> None:
        self._peer = peer.id
        self._performer = performer or peer.id
        self._reader = reader
        self._send = send
        self._fingerprint = ""
        self._statement = ""
        self._verified: Disclosure | None = None
        self._report = report
        self.state = peer.state

    @property
    def may_show(self) -> bool:
        """Whether a frame counts as shown: of a face declared as their own, or disclosed and acknowledged."""
        if self.state.face is None:
            return self.state.own_face
        verified = self._verified
        return verified is not None and self.state.face.kind in {leg.kind for leg in verified.legs}

    def described(self, description: SessionDescription) -> None:
        """A description of theirs came: the connection will have this certificate or none."""
        if description.type != "rollback":
            self._fingerprint = fingerprint_of(description.sdp)
            self._consider()

    def disclosed(self, statement: str) -> None:
        """The call server has disclosed something."""
        self._statement = statement
        self._consider()

    def _consider(self) -> None:
        if not self._statement or not self._fingerprint:
            return
        try:
            disclosure = self._reader.read(self._statement, self._performer, self._fingerprint)
        except StatementError as error:
            logger.warning("a disclosure does not verify, and no frame counts: %s", error.code)
            self._verified = None
            self._report({"verified": False, "code": error.code})
            return
        if disclosure == self._verified:
            return
        self._verified = disclosure
        tags = [str(leg.tag) for leg in disclosure.legs]
        kinds = sorted({leg.kind for leg in disclosure.legs})
        logger.info("an AI-made face is disclosed, verified and acknowledged: %s", ", ".join(kinds))
        engines = sorted({leg.engine for leg in disclosure.legs})
        self._report({"verified": True, "kinds": kinds, "engines": engines, "tags": tags})
        self._send(AcknowledgeDisclosure(to=self._peer, tags=tags))
