from __future__ import annotations

from contextlib import suppress
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from talchum.domain.errors import MessageError
from talchum.protocol.messages import IceCandidate, SessionDescription
from talchum.protocol.session_description import (
    check_candidate,
    check_session_description,
    fingerprint_of,
)


def offer(*lines: str) -> SessionDescription:
    return SessionDescription(type="offer", sdp="\r\n".join(("v=0", *lines, "")))


def code_of(description: SessionDescription) -> str:
    with pytest.raises(MessageError) as refused:
        check_session_description(description)
    return refused.value.code


CANDIDATE = "a=candidate:1 1 udp 2122260223 192.0.2.7 50000 typ host"


def test_largest_description_that_is_taken() -> None:
    check_session_description(offer(*["m=video 9 UDP/TLS/RTP/SAVPF 96"] * 4, *[CANDIDATE] * 64))


def test_one_candidate_too_many() -> None:
    assert code_of(offer(*[CANDIDATE] * 65)) == "too_many_candidates"


@pytest.mark.parametrize("separator", ["\n", "\r", "\r\n", "\n\r"])
def test_candidates_are_counted_whatever_ends_a_line(separator: str) -> None:
    sdp = separator.join(["v=0", *[CANDIDATE.replace("candidate", "CANDIDATE")] * 65])
    assert code_of(SessionDescription(type="answer", sdp=sdp)) == "too_many_candidates"


def test_one_media_section_too_many() -> None:
    assert code_of(offer(*["m=audio 9 UDP/TLS/RTP/SAVPF 111"] * 5)) == "too_many_media_sections"


def test_size_is_counted_in_bytes() -> None:
    check_session_description(offer("a=" + "x" * 32_700))
    assert code_of(offer("a=" + "é" * 16_384)) == "description_too_large"


def test_what_is_no_description() -> None:
    assert code_of(SessionDescription(type="offer", sdp="hello")) == "description_invalid"
    assert code_of(SessionDescription(type="rollback", sdp="v=0")) == "description_invalid"
    check_session_description(SessionDescription(type="rollback"))


@given(st.text(max_size=200))
def test_any_text_is_taken_or_refused_by_a_message_error(text: str) -> None:
    kinds: tuple[Literal["offer", "answer", "rollback"], ...] = ("offer", "answer", "rollback")
    for kind in kinds:
        with suppress(MessageError):
            check_session_description(SessionDescription(type=kind, sdp=text))


def test_candidate_with_a_line_break_could_carry_another_line() -> None:
    for candidate in (
        IceCandidate(candidate="candidate:1\r\na=setup:active"),
        IceCandidate(candidate="", sdp_mid="0\n"),
        IceCandidate(candidate="", username_fragment="\r"),
        IceCandidate(candidate="a=candidate:1"),
    ):
        with pytest.raises(MessageError) as refused:
            check_candidate(candidate)
        assert refused.value.code == "candidate_invalid"


def test_end_of_candidates_is_taken() -> None:
    check_candidate(IceCandidate(candidate=""))


HEX = ":".join(["0a"] * 32)


@pytest.mark.parametrize(
    ("lines", "fingerprint"),
    [
        ([], ""),
        ([f"a=fingerprint:sha-256 {HEX}"], f"sha-256 {HEX.upper()}"),
        ([f"a=fingerprint:SHA-256  {HEX} "] * 3, f"sha-256 {HEX.upper()}"),
        ([f"a=fingerprint:sha-256 {HEX}", f"a=fingerprint:sha-512 {HEX}"], ""),
        ([f"a=fingerprint:sha-256 {HEX}", f"A=Fingerprint:sha-256 {HEX}"], ""),
        ([f"a=fingerprint:sha-256 {HEX}", "a=fingerprint:sha-256"], ""),
    ],
)
def test_fingerprint_is_read_when_it_is_the_only_one(lines: list[str], fingerprint: str) -> None:
    assert fingerprint_of(offer(*lines).sdp) == fingerprint
    assert fingerprint_of("\r".join(["v=0", *lines])) == fingerprint


@given(st.text(max_size=300))
def test_fingerprint_of_any_text_is_one_or_none(text: str) -> None:
    assert "\n" not in fingerprint_of(text)
