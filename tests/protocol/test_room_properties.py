"""What holds in a room whatever anybody says, in whatever order."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from talchum.domain.errors import AdmissionError
from talchum.protocol.messages import (
    Acknowledge,
    AnswerRecording,
    ClientMessage,
    Describe,
    Described,
    IceCandidate,
    Leave,
    ParticipantState,
    PeerJoined,
    ReleaseFaceLeg,
    RequestFaceLeg,
    RequestRecording,
    SessionDescription,
    SetState,
    StateChanged,
    Trickle,
    Trickled,
)
from tests.protocol.rooms import Call

NAMES = st.integers(0, 9)
REQUESTS = st.sampled_from(["r1", "r2", "r3"])
KINDS = (
    *("ticket", "enter", "enter", "reuse", "state", "offer", "offer", "candidate", "request", "release"),
    *("worker", "worker", "leave", "lose", "resume", "wait", "server dies", "ack"),
    *("record", "agree", "agree", "refuse", "recorder"),
)
Step = tuple[str, int, int, str]
STEPS: st.SearchStrategy[list[Step]] = st.lists(
    st.tuples(st.sampled_from(KINDS), NAMES, NAMES, REQUESTS), max_size=60
)


class Story:
    """Plays steps on a room and keeps what nobody may break."""

    def __init__(self) -> None:
        self.call = Call()
        self.tickets: list[str] = []
        self.used: list[str] = []
        self.peers: list[str] = []
        self.performer_of: dict[str, str] = {}

    def play(self, step: Step) -> None:
        kind, one, other, request = step
        call = self.call
        try:
            match kind:
                case "ticket":
                    self.tickets.append(call.room.issue_ticket(call.now).ticket)
                case "enter" if self.tickets:
                    ticket = self.tickets.pop(one % len(self.tickets))
                    self.peers.append(call.enter(ticket, server=f"s{other % 2}"))
                    self.used.append(ticket)
                case "reuse" if self.used:
                    call.enter(self.used[one % len(self.used)])
                    raise AssertionError("a ticket was used twice")
                case "worker" if call.tasks:
                    task = call.tasks.pop(one % len(call.tasks))
                    worker = call.enter(task.ticket)
                    self.used.append(task.ticket)
                    self.peers.append(worker)
                    self.performer_of[worker] = task.performer
                case "recorder" if call.recordings:
                    self.peers.append(call.enter(call.recordings.pop().ticket))
                case "wait":
                    call.wait(float(one * 4))
                case "server dies":
                    call.wait(1.0, dead_servers=(f"s{one % 2}",))
                case _ if self.peers:
                    self._speak(kind, self.peers[one % len(self.peers)], other, request)
        except AdmissionError:
            return

    def _speak(self, kind: str, peer: str, other: int, request: str) -> None:
        to = self.peers[other % len(self.peers)]
        messages: dict[str, ClientMessage] = {
            "state": SetState(state=ParticipantState(camera=True)),
            "offer": Describe(to=to, description=SessionDescription(type="offer", sdp="v=0")),
            "candidate": Trickle(to=to, candidate=IceCandidate(candidate="")),
            "request": RequestFaceLeg(request=request, identity="yangban"),
            "release": ReleaseFaceLeg(request=request),
            "leave": Leave(),
            "ack": Acknowledge(last_seq=other),
            "record": RequestRecording(),
            "agree": AnswerRecording(recording=self._recording(), agree=True),
            "refuse": AnswerRecording(recording=self._recording(), agree=False),
        }
        if kind in messages:
            self.call.say(peer, messages[kind])
        elif kind == "lose":
            self.call.lose(peer)
        elif kind == "resume":
            self.call.resume(peer, 0)

    def _recording(self) -> str:
        recording = self.call.room.state.recording
        return recording.name if recording is not None else "none"

    def check(self) -> None:
        records = self.call.room.state.peers
        participants = [name for name, peer in records.items() if peer.role == "participant"]
        assert len(participants) <= 2
        recording = self.call.room.state.recording
        recorders = [name for name, peer in records.items() if peer.role == "recorder"]
        assert recorders == ([recording.recorder] if recording is not None and recording.recorder else [])
        assert recording is None or not recording.started or set(participants) <= set(recording.agreed)
        for peer, outbox in self.call.outboxes.items():
            assert [message.seq for message in outbox] == list(range(1, len(outbox) + 1))
            self._check_senders(peer, outbox)
        for leg in self.call.room.state.legs.values():
            assert leg.performer in records
            assert not leg.worker or leg.worker in records
        for peer_name, record in records.items():
            if record.role == "face-worker":
                assert self.call.room.state.legs[record.leg].worker == peer_name

    def _check_senders(self, receiver: str, outbox: Sequence[object]) -> None:
        for message in outbox:
            if isinstance(message, Described | Trickled | StateChanged):
                sender = message.from_
            elif isinstance(message, PeerJoined):
                sender = message.peer.id
            else:
                continue
            assert sender != receiver
            for worker, peer in ((sender, receiver), (receiver, sender)):
                if worker in self.performer_of:
                    assert self.performer_of[worker] == peer


@settings(max_examples=150, deadline=None)
@given(STEPS)
def test_nobody_hears_whom_they_may_not_and_no_number_is_missing(steps: list[Step]) -> None:
    story = Story()
    for step in [("ticket", 0, 0, "r1"), ("ticket", 0, 0, "r1"), ("enter", 0, 0, ""), *steps]:
        story.play(step)
        story.check()
