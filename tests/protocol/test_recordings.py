"""A call is recorded while all in it agree, and not a moment longer."""

from __future__ import annotations

import pytest

from talchum.domain.errors import AdmissionError
from talchum.protocol.messages import (
    AnswerRecording,
    ClientMessage,
    Describe,
    Failure,
    Leave,
    PeerJoined,
    PeerLeft,
    RecordingState,
    RequestFaceLeg,
    RequestRecording,
    SetState,
    StateChanged,
    Trickle,
    Worn,
)
from talchum.protocol.recordings import ASK_AGAIN_SECONDS
from talchum.protocol.room import RoomRules
from tests.protocol.rooms import HOST, OFFER, WEARING, Call, code_of, wear

SORA = Worn(identity="sora", kind="synthetic", engine="neural")


def states(call: Call, peer: str) -> list[RecordingState]:
    return [message for message in call.outboxes[peer] if isinstance(message, RecordingState)]


def answer(call: Call, peer: str, *, agree: bool = True) -> None:
    call.say(peer, AnswerRecording(recording=states(call, peer)[-1].recording, agree=agree))


def recorded(call: Call, pair: tuple[str, str]) -> str:
    """Have the call recorded; the recorder."""
    call.say(pair[0], RequestRecording())
    answer(call, pair[1])
    return call.enter(call.recordings[-1].ticket)


def how_it_ended(call: Call, peer: str) -> str:
    last = states(call, peer)[-1]
    assert last.phase == "stopped"
    return last.reason


def test_it_begins_when_the_last_one_agrees(call: Call, pair: tuple[str, str]) -> None:
    first, second = pair
    call.say(first, RequestRecording())
    for peer in pair:
        [asked] = states(call, peer)
        assert (asked.phase, asked.asked_by, asked.agreed_by, asked.file) == ("asked", first, [first], "")
    assert call.recordings == [], "nobody records what not all have agreed to"
    answer(call, second)
    [task] = call.recordings
    recorder = call.enter(task.ticket)
    for peer in pair:
        _, starting, running = states(call, peer)
        assert (starting.phase, running.phase) == ("starting", "running")
        assert starting.file == task.file
        assert starting.agreed_by == [first, second]
        joined = next(m for m in reversed(call.outboxes[peer]) if isinstance(m, PeerJoined))
        assert (joined.peer.id, joined.peer.role, joined.peer.polite) == (recorder, "recorder", False)


def test_what_opens_the_file_is_not_kept(call: Call, pair: tuple[str, str]) -> None:
    recorded(call, pair)
    assert call.recordings[0].file not in str(call.room.state)


def test_asking_for_what_was_asked_agrees(call: Call, pair: tuple[str, str]) -> None:
    for peer in pair:
        call.say(peer, RequestRecording())
    assert len(call.recordings) == 1


def test_agreeing_twice_agrees_once(call: Call, pair: tuple[str, str]) -> None:
    call.say(pair[0], RequestRecording())
    for _ in range(3):
        answer(call, pair[0])
    assert call.recordings == []


def test_nobody_records_themselves_alone(call: Call) -> None:
    assert code_of(call.say(call.join(), RequestRecording())) == "recording_alone"


def test_a_refusal_ends_what_was_asked(call: Call, pair: tuple[str, str]) -> None:
    call.say(pair[0], RequestRecording())
    answer(call, pair[1], agree=False)
    assert [how_it_ended(call, peer) for peer in pair] == ["refused", "refused"]
    assert call.recordings == []


def test_who_refused_is_not_asked_again_for_a_minute(call: Call, pair: tuple[str, str]) -> None:
    call.say(pair[0], RequestRecording())
    answer(call, pair[1], agree=False)
    call.wait(ASK_AGAIN_SECONDS - 1)
    [refusal] = call.say(pair[0], RequestRecording())
    assert isinstance(refusal, Failure)
    assert (refusal.code, refusal.retryable, refusal.fatal) == ("recording_paused", True, False)
    assert refusal.message == "got a wish to record 59 s after a refusal, expected 60 s at least"
    assert states(call, pair[1])[-1].phase == "stopped"
    call.wait(1)
    assert call.say(pair[0], RequestRecording()) == []
    assert states(call, pair[1])[-1].phase == "asked"


def test_who_refused_may_think_better_of_it_at_once(call: Call, pair: tuple[str, str]) -> None:
    call.say(pair[0], RequestRecording())
    answer(call, pair[1], agree=False)
    call.say(pair[1], RequestRecording())
    answer(call, pair[0])
    assert len(call.recordings) == 1


def test_who_ended_what_another_asked_for_is_not_asked_again_at_once(
    call: Call, pair: tuple[str, str]
) -> None:
    recorded(call, pair)
    answer(call, pair[1], agree=False)
    assert code_of(call.say(pair[0], RequestRecording())) == "recording_paused"
    recorded(call, (pair[1], pair[0]))


def test_who_ended_their_own_recording_may_ask_for_another(call: Call, pair: tuple[str, str]) -> None:
    recorded(call, pair)
    answer(call, pair[0], agree=False)
    assert call.say(pair[0], RequestRecording()) == []


def test_asking_and_taking_it_back_is_no_way_to_pester(call: Call, pair: tuple[str, str]) -> None:
    call.say(pair[0], RequestRecording())
    answer(call, pair[0], agree=False)
    assert code_of(call.say(pair[0], RequestRecording())) == "recording_paused"
    assert call.say(pair[1], RequestRecording()) == []


def test_a_refusal_of_one_holds_against_all_the_others() -> None:
    call = Call(RoomRules(participants=3))
    first, second, third = call.join(), call.join(), call.join()
    call.say(first, RequestRecording())
    answer(call, third, agree=False)
    for peer in (first, second):
        assert code_of(call.say(peer, RequestRecording())) == "recording_paused"
    assert call.say(third, RequestRecording()) == []


@pytest.mark.parametrize("withdraws", [0, 1])
def test_anybody_ends_it_at_once(call: Call, pair: tuple[str, str], withdraws: int) -> None:
    recorder = recorded(call, pair)
    connection = call.connections[recorder]
    answer(call, pair[withdraws], agree=False)
    assert [how_it_ended(call, peer) for peer in pair] == ["withdrawn", "withdrawn"]
    assert recorder not in call.room.state.peers
    assert connection in call.closed
    assert all(
        PeerLeft(seq=m.seq, peer=recorder, reason="ended") in call.outboxes[pair[0]]
        for m in call.outboxes[pair[0]]
        if isinstance(m, PeerLeft)
    )


def test_it_can_be_ended_before_the_recorder_is_there(call: Call, pair: tuple[str, str]) -> None:
    call.say(pair[0], RequestRecording())
    answer(call, pair[1])
    answer(call, pair[0], agree=False)
    with pytest.raises(AdmissionError) as refused:
        call.enter(call.recordings[0].ticket)
    assert refused.value.code == "ticket_invalid"


def test_an_answer_that_comes_too_late_changes_nothing(call: Call, pair: tuple[str, str]) -> None:
    call.say(pair[0], RequestRecording())
    old = states(call, pair[1])[0].recording
    answer(call, pair[1], agree=False)
    call.wait(ASK_AGAIN_SECONDS)
    call.say(pair[0], RequestRecording())
    call.say(pair[1], AnswerRecording(recording=old, agree=True))
    assert call.recordings == []
    assert states(call, pair[0])[-1].phase == "asked"


@pytest.mark.parametrize("went", [0, 1])
def test_who_leaves_ends_it(call: Call, pair: tuple[str, str], went: int) -> None:
    recorder = recorded(call, pair)
    call.say(pair[went], Leave())
    assert how_it_ended(call, pair[1 - went]) == "left"
    assert recorder not in call.room.state.peers


def test_who_is_lost_for_good_ends_it(call: Call, pair: tuple[str, str]) -> None:
    recorded(call, pair)
    call.lose(pair[0])
    assert states(call, pair[1])[-1].phase == "running", "their media may well go on"
    call.wait(30.0)
    assert how_it_ended(call, pair[1]) == "left"


def test_a_newcomer_ends_it_until_they_agree_too() -> None:
    call = Call(RoomRules(participants=3))
    pair = call.join(), call.join()
    recorder = recorded(call, pair)
    third = call.join()
    assert recorder not in call.room.state.peers
    stopped, asked = states(call, pair[0])[-2:]
    assert (stopped.phase, stopped.reason) == ("stopped", "joined")
    assert (asked.phase, asked.agreed_by) == ("asked", list(pair))
    assert asked.recording != stopped.recording
    assert len(call.recordings) == 1
    answer(call, third)
    assert len(call.recordings) == 2
    call.enter(call.recordings[1].ticket)
    assert states(call, third)[-1].phase == "running"


def test_a_newcomer_who_refuses_stays_unrecorded_and_gets_nothing_of_what_was() -> None:
    call = Call(RoomRules(participants=3))
    pair = call.join(), call.join()
    recorded(call, pair)
    third = call.join()
    answer(call, third, agree=False)
    assert [how_it_ended(call, peer) for peer in (*pair, third)] == ["refused"] * 3
    assert len(call.recordings) == 1
    assert [peer.role for peer in call.room.state.peers.values()] == ["participant"] * 3
    assert {state.file for state in states(call, third)} == {""}


def test_a_recorder_on_its_way_does_not_come_in_once_somebody_else_joined() -> None:
    call = Call(RoomRules(participants=3))
    pair = call.join(), call.join()
    call.say(pair[0], RequestRecording())
    answer(call, pair[1])
    third = call.join()
    with pytest.raises(AdmissionError):
        call.enter(call.recordings[0].ticket)
    assert states(call, third)[-1].phase == "asked"


def test_who_comes_back_on_another_page_ends_it(call: Call) -> None:
    issued = call.room.issue_ticket(call.now)
    pair = call.enter(issued.ticket), call.join()
    recorder = recorded(call, pair)
    call.join(peer=pair[0], rejoin=issued.rejoin)
    assert recorder not in call.room.state.peers
    assert how_it_ended(call, pair[1]) == "left"


def test_a_newcomer_is_asked_what_the_others_were() -> None:
    call = Call(RoomRules(participants=3))
    first, second = call.join(), call.join()
    call.say(first, RequestRecording())
    third = call.join()
    assert states(call, third)[-1].phase == "asked"
    answer(call, second)
    assert call.recordings == []
    answer(call, third)
    assert len(call.recordings) == 1


def test_a_recorder_that_does_not_come_is_given_up(call: Call, pair: tuple[str, str]) -> None:
    call.say(pair[0], RequestRecording())
    answer(call, pair[1])
    assert call.room.next_tick(call.now) == call.now + 3.0
    call.wait(8.0)
    assert how_it_ended(call, pair[0]) == "no_recorder"
    with pytest.raises(AdmissionError):
        call.enter(call.recordings[0].ticket)


def test_a_recorder_that_is_lost_or_fails_ends_it(call: Call, pair: tuple[str, str]) -> None:
    call.lose(recorded(call, pair))
    assert how_it_ended(call, pair[0]) == "recorder_lost"
    call.say(recorded(call, pair), Leave())
    assert how_it_ended(call, pair[0]) == "recorder_ended"


def test_only_participants_ask_and_agree(call: Call, pair: tuple[str, str]) -> None:
    recorder = recorded(call, pair)
    worker = wear(call, pair[0])
    said: list[ClientMessage] = [
        RequestRecording(),
        AnswerRecording(recording="x", agree=True),
        SetState(state=WEARING),
        RequestFaceLeg(request="r", identity="sora"),
        SORA,
    ]
    for message in said:
        assert code_of(call.say(recorder, message)) == "role_refused"
    assert code_of(call.say(worker, RequestRecording())) == "role_refused"


def test_a_recorder_is_shown_what_the_other_participant_is_shown(call: Call, pair: tuple[str, str]) -> None:
    performer, _ = pair
    recorder = recorded(call, pair)
    worker = wear(call, performer)
    assert code_of(call.say(performer, Describe(to=recorder, description=OFFER))) == "disclosure_missing"
    call.say(performer, SetState(state=WEARING))
    call.say(performer, Describe(to=recorder, description=OFFER))
    call.say(performer, Trickle(to=recorder, candidate=HOST))
    call.say(worker, SORA)
    heard = [type(message) for message in call.outboxes[recorder]]
    assert StateChanged in heard
    assert "Described" in {kind.__name__ for kind in heard}
    assert code_of(call.say(recorder, Describe(to=worker, description=OFFER))) == "peer_unknown"
    assert code_of(call.say(worker, Describe(to=recorder, description=OFFER))) == "peer_unknown"


def test_beginning_and_end_are_noted(call: Call, pair: tuple[str, str]) -> None:
    recorded(call, pair)
    started = call.notes[-1]
    answer(call, pair[1], agree=False)
    stopped = call.notes[-1]
    assert (started.name, stopped.name) == ("recording-started", "recording-stopped")
    assert stopped.fields["reason"] == "withdrawn"
    assert started.fields["recording"] == stopped.fields["recording"]
    recorded(call, (pair[1], pair[0]))
    call.say(pair[0], Leave())
    assert [event.name for event in call.notes[-2:]] == ["recording-stopped", "participant-left"]
