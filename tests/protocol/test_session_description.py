from __future__ import annotations

from contextlib import suppress
from random import Random
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
from tests.protocol.hostile_sdp import OFFERS, spoiled


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


@pytest.mark.parametrize("name", OFFERS)
def test_what_browsers_write_is_taken(name: str) -> None:
    check_session_description(SessionDescription(type="offer", sdp=OFFERS[name]))
    check_session_description(SessionDescription(type="answer", sdp=OFFERS[name].replace("\r\n", "\n")))


@pytest.mark.parametrize(
    "separator", ["\r", "\n\r", "\r\r\n", "\r\n\r\n", "\v", "\f", "\x85", "\u2028", "\x00"]
)
def test_a_line_has_one_end_for_every_parser(separator: str) -> None:
    for sdp in (f"v=0{separator}{CANDIDATE}\r\n", f"v=0\r\n{CANDIDATE}{separator}"):
        assert code_of(SessionDescription(type="answer", sdp=sdp)) == "description_invalid"


@pytest.mark.parametrize(
    "line",
    [
        *(
            CANDIDATE.replace("a=", start)
            for start in ("A=", "a =", "a= ", " a=", "\ta=", "\ufeffa=", "=", "")
        ),
        *(
            f"a=mid:0{control}"
            for control in ("\x00", "\x1b[2J", "\x7f", "\t", "\u202e", "é", "\ud800", "탈")
        ),
        *("a=", "a", "=x", "hello", " ", "a=\x00"),
    ],
)
def test_a_line_that_two_parsers_may_read_differently_is_refused(line: str) -> None:
    assert code_of(offer(line)) == "description_invalid"


def test_a_session_without_a_name_is_written_with_a_space() -> None:
    check_session_description(offer("s= ", "t=0 0"))


def test_lines_that_an_engine_would_multiply_are_limited() -> None:
    """1,375 of the first kind held an event loop for 42 s."""
    for shape in ("a=rtcp-fb:* x{0}", "a=fmtp:96 x{0}={0}", "a=rtcp-fb:{1}96 nack"):
        lines = [shape.format(number, "0" * number) for number in range(17)]
        check_session_description(offer("m=audio 9 X 0", *lines[:16], "m=video 9 X 96", *lines[1:]))
        assert code_of(offer("m=video 9 X 96", *lines)) == "too_many_lines"


def test_lines_are_limited_in_number_and_length() -> None:
    check_session_description(offer(*(f"a=x{number}" for number in range(1023))))
    assert code_of(offer(*(f"a=x{number}" for number in range(1024)))) == "too_many_lines"
    check_session_description(offer("a=" + "x" * 1024))
    assert code_of(offer("a=" + "x" * 1025)) == "too_many_lines"


def test_one_media_section_too_many() -> None:
    assert code_of(offer(*["m=audio 9 UDP/TLS/RTP/SAVPF 111"] * 5)) == "too_many_media_sections"


def test_size_is_counted_in_bytes() -> None:
    check_session_description(offer(*(f"a=x{number} {'x' * 1000}" for number in range(32))))
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


@given(st.sampled_from(sorted(OFFERS)), st.randoms(use_true_random=False), st.integers(1, 6))
def test_a_spoiled_offer_is_taken_or_refused_and_never_fails(
    name: str, chance: Random, mutations: int
) -> None:
    description = SessionDescription(type="offer", sdp=spoiled(name, chance, mutations))
    with suppress(MessageError):
        check_session_description(description)
        assert description.sdp.isascii()
        assert len(description.sdp) <= 32 * 1024
    assert "\n" not in fingerprint_of(description.sdp)


def test_candidate_that_is_not_one_plain_line_could_carry_another_line() -> None:
    for candidate in (
        IceCandidate(candidate="candidate:1\x00"),
        IceCandidate(candidate="candidate:1\u2028a=x"),
        IceCandidate(candidate="candidate:1\x1b[2J"),
        IceCandidate(candidate="", sdp_mid="0\t"),
        IceCandidate(candidate="", username_fragment="é"),
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
