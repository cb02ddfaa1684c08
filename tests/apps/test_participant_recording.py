"""What a participant without a browser says to a recording."""

from __future__ import annotations

import pytest

from talchum.apps.participant_recording import ParticipantRecording, RecordingWish
from talchum.protocol.messages import (
    AnswerRecording,
    ClientMessage,
    Peer,
    RecordingPhase,
    RecordingState,
    RequestRecording,
)
from tests.adapters.peers import ready_engine

RECORDER = Peer(id="r1", role="recorder", polite=False)


@pytest.fixture(autouse=True)
def engine() -> None:
    ready_engine()


def state(phase: RecordingPhase, *agreed: str, reason: str = "", file: str = "") -> RecordingState:
    return RecordingState(
        recording="one", phase=phase, asked_by="other", agreed_by=list(agreed), reason=reason, file=file
    )


def recording(wish: RecordingWish) -> tuple[ParticipantRecording, list[ClientMessage]]:
    sent: list[ClientMessage] = []
    return ParticipantRecording(wish, sent.append, own_face=False), sent


@pytest.mark.parametrize(("wish", "agree"), [("refuse", False), ("agree", True), ("ask", True)])
def test_what_is_asked_is_answered_as_was_wished(wish: RecordingWish, agree: bool) -> None:
    participant, sent = recording(wish)
    participant.heard(state("asked", "other"), "me")
    assert sent == [AnswerRecording(recording="one", agree=agree)]
    participant.heard(state("asked", "other", "me"), "me")
    assert len(sent) == 1, "what was agreed to is not answered again"


def test_it_is_asked_for_once_and_only_if_that_is_the_wish() -> None:
    for wish, asked in (("refuse", []), ("agree", []), ("ask", [RequestRecording()])):
        participant, sent = recording(wish)  # type: ignore[arg-type]
        participant.somebody_is_there()
        participant.somebody_is_there()
        assert sent == asked


async def test_a_recorder_is_met_only_after_agreeing() -> None:
    participant, _ = recording("agree")
    assert participant.meet(RECORDER, (), None) is None
    participant.heard(state("running", "other"), "me")
    assert participant.meet(RECORDER, (), None) is None, "others agreed, this one did not"
    participant.heard(state("starting", "other", "me", file="secret"), "me")
    peer = participant.meet(RECORDER, (), None)
    assert peer is not None
    assert participant.peers == {"r1": peer}
    assert participant.part("r1") is peer
    assert participant.part("r1") is None
    await peer.close()


def test_the_report_says_how_it_ended_and_where_the_file_is() -> None:
    participant, _ = recording("agree")
    assert participant.report("https://calls.example") is None
    participant.heard(state("starting", "other", "me", file="secret"), "me")
    participant.heard(state("stopped", "other", "me", reason="left"), "me")
    assert participant.report("https://calls.example") == {
        "phase": "stopped",
        "reason": "left",
        "file": "https://calls.example/api/recordings/secret",
    }
