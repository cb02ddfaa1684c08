"""What goes through the data channel of a face leg decodes to what was meant, or to a clear error."""

from __future__ import annotations

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from talchum.domain.errors import MessageError
from talchum.protocol.leg_messages import (
    CodecTimes,
    FrameAge,
    Refused,
    Report,
    Wear,
    Wearing,
    decode_face_worker_message,
    decode_performer_message,
    encode_leg_message,
)

REPORT = Report(
    state="face",
    reason="",
    frames_in=30,
    frames_out=29,
    frames_dropped=1,
    card_frames=2,
    stage_times={"trackTime": 0.004},
    frame_age=FrameAge(p50=0.011, p95=0.02),
    codec_times=CodecTimes(receiving=0.004, sending=None),
    fallback=True,
)


def test_a_report_stands_on_the_wire_as_the_browser_reads_it() -> None:
    assert json.loads(encode_leg_message(REPORT)) == {
        "type": "report",
        "state": "face",
        "reason": "",
        "framesIn": 30,
        "framesOut": 29,
        "framesDropped": 1,
        "cardFrames": 2,
        "stageTimes": {"trackTime": 0.004},
        "frameAge": {"p50": 0.011, "p95": 0.02},
        "codecTimes": {"receiving": 0.004, "sending": None},
        "fallback": True,
    }


@pytest.mark.parametrize(
    "message",
    [REPORT, Wearing(identity="bune", engine="portrait"), Refused(code="identity_unknown", message="no")],
)
def test_a_workers_message_comes_back(message: Report | Wearing | Refused) -> None:
    assert decode_face_worker_message(encode_leg_message(message)) == message


def test_a_report_of_a_worker_that_knows_no_fallback_is_read() -> None:
    older = {
        name: value for name, value in json.loads(encode_leg_message(REPORT)).items() if name != "fallback"
    }
    report = decode_face_worker_message(json.dumps(older))
    assert isinstance(report, Report)
    assert not report.fallback


def test_a_wish_without_an_engine_comes_back() -> None:
    assert decode_performer_message('{"type":"wear","identity":"veil"}') == Wear(identity="veil")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        '{"type":"wear"}',
        '{"type":"wear","identity":"../etc"}',
        '{"type":"wear","identity":5}',
        '{"type":"report"}',
        "\ud800",
    ],
)
def test_what_a_performer_may_not_say_is_refused(text: str) -> None:
    with pytest.raises(MessageError) as refused:
        decode_performer_message(text)
    assert refused.value.code == "malformed_message"


def test_a_long_message_is_not_parsed() -> None:
    with pytest.raises(MessageError) as refused:
        decode_performer_message('{"type":"wear","identity":"' + "a" * 5000 + '"}')
    assert refused.value.code == "message_too_large"


@given(st.text(max_size=300))
def test_no_text_does_anything_but_decode_or_raise(text: str) -> None:
    for decode in (decode_performer_message, decode_face_worker_message):
        with contextlib.suppress(MessageError):
            decode(text)
