"""What participants are told, signed, of the faces that the others wear, and what they say they have read.

It is more than the performer's word: kinds and engines come from the face workers, and the fingerprint from
the description that the receiver's own connection was made with. The room only says what is to be signed.
"""

from __future__ import annotations

from talchum.domain.audit import MAX_TAGS, room_name
from talchum.domain.disclosure import DisclosedLeg, Disclosure
from talchum.domain.errors import RoomError
from talchum.domain.leg_tag import LegTag
from talchum.protocol.admission import hash_secret
from talchum.protocol.messages import AcknowledgeDisclosure, DisclosureAcknowledged
from talchum.protocol.room_effects import PendingEffects
from talchum.protocol.room_state import DisclosureRecord, LegRecord, RoomState, WornRecord
from talchum.protocol.visibility import audience, expect_visible


class Disclosures:
    """Has everybody told, of everybody else, what they do not know yet."""

    def __init__(self, state: RoomState, effects: PendingEffects) -> None:
        self._state = state
        self._effects = effects

    def tell(self, now: float) -> None:
        """Have a disclosure signed wherever legs, kinds, engines or a fingerprint have changed."""
        room = room_name(self._state.key)
        participants = [name for name, peer in self._state.peers.items() if peer.role == "participant"]
        for performer in participants:
            legs = self._worn_by(performer)
            for receiver in audience(self._state, performer) if legs else ():
                fingerprint = self._state.peers[performer].fingerprints.get(receiver, "")
                if fingerprint:
                    self._tell(receiver, performer, Disclosure(room, performer, legs, fingerprint), now)
        for leg in self._state.legs.values():
            self._tell_viewers(room, leg, now)

    def acknowledge(self, sender: str, message: AcknowledgeDisclosure) -> None:
        """Pass on that somebody has read what they were told, and have it noted.

        Raises RoomError (`peer_unknown`, `disclosure_unknown`).
        """
        expect_visible(self._state, sender, message.to)
        record = self._state.peers[sender].disclosed.get(message.to)
        if record is None or not set(message.tags) <= set(record.tags):
            raise RoomError("got an acknowledgement of what was not disclosed", code="disclosure_unknown")
        self._effects.push(message.to, DisclosureAcknowledged(from_=sender, tags=message.tags))
        if not set(message.tags) <= set(record.acknowledged):  # else it is noted already
            record.acknowledged = list(dict.fromkeys([*record.acknowledged, *message.tags]))
            self._effects.note("acknowledged", tags=message.tags, by=sender)

    def _tell_viewers(self, room: str, leg: LegRecord, now: float) -> None:
        """Of an opened leg its worker's connection is disclosed too, with its own certificate."""
        for viewer in leg.viewers:
            fingerprint = self._state.peers[leg.worker].fingerprints.get(viewer, "")
            if fingerprint and leg.worn is not None:
                disclosure = Disclosure(room, leg.performer, (_disclosed(leg, leg.worn),), fingerprint)
                self._tell(viewer, leg.worker, disclosure, now)

    def _worn_by(self, performer: str) -> tuple[DisclosedLeg, ...]:
        legs = [
            _disclosed(leg, leg.worn)
            for leg in self._state.legs.values()
            if leg.performer == performer and leg.worker and leg.worn is not None
        ]
        return tuple(sorted(legs, key=lambda leg: leg.tag.number))

    def _tell(self, receiver: str, source: str, disclosure: Disclosure, now: float) -> None:
        disclosed = self._state.peers[receiver].disclosed
        record = disclosed.get(source, DisclosureRecord())
        digest = hash_secret(repr(disclosure))
        if record.digest == digest:
            return
        tags = dict.fromkeys([*record.tags, *(str(leg.tag) for leg in disclosure.legs)])
        disclosed[source] = DisclosureRecord(digest=digest, tags=list(tags)[-MAX_TAGS:])
        self._effects.disclose(receiver, source, disclosure, now)
        self._effects.note("disclosed", tags=[str(leg.tag) for leg in disclosure.legs], to=receiver)


def _disclosed(leg: LegRecord, worn: WornRecord) -> DisclosedLeg:
    return DisclosedLeg(LegTag.parse(leg.tag), worn.kind, worn.engine)
