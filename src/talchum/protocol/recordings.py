"""Recording a call: asked by one, agreed to by all, over as soon as anything of that no longer holds.

A recorder is one more peer, which every participant sees. It is sent for when the last participant has
agreed. Whoever leaves, joins or takes the agreement back ends the recording at once.
"""

from __future__ import annotations

from talchum.domain.errors import AdmissionError, RoomError
from talchum.protocol.admission import (
    TICKET_LIFETIME,
    SecretSource,
    Ticket,
    add_ticket,
    hash_secret,
    new_peer_id,
)
from talchum.protocol.membership import Membership
from talchum.protocol.messages import AnswerRecording, RecordingPhase, RecordingState
from talchum.protocol.room_effects import EnqueueRecording, PendingEffects
from talchum.protocol.room_state import RecordingRecord, RefusalRecord, RoomState

ASK_AGAIN_SECONDS = 60.0
"""After a refusal: who does not want to be recorded is not asked over and over."""


class Recordings:
    """Keeps the one recording that a room may have. wait: seconds for a recorder to come."""

    def __init__(
        self,
        state: RoomState,
        effects: PendingEffects,
        membership: Membership,
        secret_source: SecretSource,
        *,
        wait: float,
    ) -> None:
        self._state = state
        self._effects = effects
        self._membership = membership
        self._secret = secret_source
        self._wait = wait

    # -- what participants say

    def request(self, participant: str, now: float) -> None:
        """Ask for a recording, or agree to the one that was asked for.

        Raises RoomError: `recording_alone` when there is nobody to ask, `recording_paused` too soon after a
        refusal.
        """
        if len(self._participants()) < 2:
            raise RoomError("got a wish to record a call with nobody in it", code="recording_alone")
        record = self._state.recording
        if record is None:
            self._expect_pause_over(participant, now)
            self._ask(participant, [participant])
        else:
            self._agree(participant, record, now)

    def answer(self, participant: str, message: AnswerRecording, now: float) -> None:
        """Take an agreement, a refusal or a withdrawal; one that comes too late changes nothing."""
        record = self._state.recording
        if record is None or record.name != message.recording:
            return
        if message.agree:
            self._agree(participant, record, now)
        else:
            self._remember_refusal(participant, record, now)
            self.stop("withdrawn" if record.started else "refused")

    # -- the recorder's

    def expect_wanted(self, name: str) -> None:
        """Pass while this recording waits for its recorder. Raises AdmissionError (`recording_gone`)."""
        record = self._state.recording
        if record is None or record.name != name:
            raise AdmissionError(
                "got the ticket of a recording that is no longer wanted", code="recording_gone"
            )

    def begin(self, recorder: str) -> None:
        """This peer records from now on."""
        record = self._state.recording
        if record is not None:
            record.recorder = recorder
            self._effects.note("recording-started", recording=record.name)
            self._tell(record, "running")

    # -- who comes and goes

    def joined(self, participant: str) -> None:
        """A newcomer has not agreed: what runs is over, and they are asked."""
        record = self._state.recording
        if record is None:
            return
        if record.started:
            self.stop("joined")
            self._ask(record.asked_by, record.agreed)
        else:
            self._tell(record, "asked")

    def left(self) -> None:
        """A participant is gone: there is nobody to take their agreement back."""
        self.stop("left")

    def stop(self, reason: str) -> None:
        """End what was asked for or runs; the recorder leaves the room and finishes its file."""
        record = self._state.recording
        if record is None:
            return
        self._state.recording = None
        self._state.tickets.pop(record.ticket_hash, None)
        if record.recorder:
            self._effects.note("recording-stopped", recording=record.name, reason=reason)
            self._membership.take_out(record.recorder, "ended")
        self._tell(record, "stopped", reason=reason)

    # -- time

    def tick(self, now: float) -> None:
        """Give up when no recorder came."""
        if any(now >= deadline for deadline in self.deadlines()):
            self.stop("no_recorder")

    def deadlines(self) -> list[float]:
        """When a recorder that was sent for is given up."""
        record = self._state.recording
        waiting = record is not None and record.started and not record.recorder
        return [record.started_at + self._wait] if record is not None and waiting else []

    # -- refusals

    def _remember_refusal(self, participant: str, record: RecordingRecord, now: float) -> None:
        """Who ends what they asked for themselves once it runs has refused nothing."""
        if not record.started or participant != record.asked_by:
            self._state.refusal = RefusalRecord(by=participant, asked_by=record.asked_by, at=now)

    def _expect_pause_over(self, participant: str, now: float) -> None:
        refusal = self._state.refusal
        if refusal is None or _may_ask_at_once(participant, refusal):
            return
        passed = now - refusal.at
        if passed < ASK_AGAIN_SECONDS:
            raise RoomError(
                f"got a wish to record {passed:.0f} s after a refusal, expected {ASK_AGAIN_SECONDS:.0f} s "
                "at least",
                code="recording_paused",
                retryable=True,
            )

    # -- steps

    def _ask(self, participant: str, agreed: list[str]) -> None:
        name = hash_secret(self._secret())[:32]
        record = RecordingRecord(name=name, asked_by=participant, agreed=list(agreed))
        self._state.recording = record
        self._tell(record, "asked")

    def _agree(self, participant: str, record: RecordingRecord, now: float) -> None:
        if participant in record.agreed:
            return
        record.agreed.append(participant)
        if set(self._participants()) <= set(record.agreed):
            self._start(record, now)
        else:
            self._tell(record, "asked")

    def _start(self, record: RecordingRecord, now: float) -> None:
        secret, file = self._secret(), self._secret()
        ticket = Ticket(
            secret_hash=hash_secret(secret),
            peer=new_peer_id("r", self._secret),
            role="recorder",
            expires_at=now + TICKET_LIFETIME,
            leg=record.name,
        )
        add_ticket(self._state.tickets, ticket, now)
        self._state.refusal = None
        record.started, record.started_at, record.ticket_hash = True, now, ticket.secret_hash
        # What opens the file goes to those who agreed and to the recorder, and is not kept.
        self._tell(record, "starting", file=file)
        expires_at = now + self._wait
        self._effects.add(EnqueueRecording(record.name, file, f"{self._state.key}.{secret}", expires_at))

    def _tell(
        self, record: RecordingRecord, phase: RecordingPhase, *, reason: str = "", file: str = ""
    ) -> None:
        for name in self._participants():
            message = RecordingState(
                recording=record.name,
                phase=phase,
                asked_by=record.asked_by,
                agreed_by=list(record.agreed),
                reason=reason,
                file=file,
            )
            self._effects.push(name, message)

    def _participants(self) -> list[str]:
        return [name for name, peer in self._state.peers.items() if peer.role == "participant"]


def _may_ask_at_once(participant: str, refusal: RefusalRecord) -> bool:
    """Whoever refused may think better of it; where the asker gave up, that is everybody else."""
    if refusal.by == refusal.asked_by:
        return participant != refusal.asked_by
    return participant == refusal.by
