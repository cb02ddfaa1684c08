"""Limits on what one peer may hand another to parse, checked before anything parses it.

An engine that parses an offer of 10,000 candidates was measured to hold its event loop for 17 s, and another
one 42 s over 1,400 lines of feedback in 32 KB. So the server counts lines and refuses; it never rewrites or
keeps a description, and reads but one line of it: the fingerprint of its certificate.
"""

from __future__ import annotations

import re
from collections import Counter

from talchum.domain.errors import MessageError
from talchum.protocol.messages import MAX_SDP_BYTES, IceCandidate, SessionDescription

MAX_CANDIDATES = 64
MAX_MEDIA_SECTIONS = 4
MAX_LINES = 1024
"""Browsers write at most 250 a section."""

MAX_LINE_LENGTH = 1026
"""A candidate of 1,024 characters after ``a=``; browsers write at most 150."""

MAX_SAME_ATTRIBUTES = 16
"""Lines of a section that begin alike, such as ``a=rtcp-fb:96``; browsers write at most 6."""

# What every parser agrees on: RFC 8866 9 in printable ASCII, which is all that JSEP (RFC 9429) writes.
_LINE = re.compile(r"[a-z]=[\x21-\x7e][\x20-\x7e]*|s= ")
_LINE_END = re.compile(r"\r?\n")
_LEADING_ZEROS = re.compile(r":0+(?=\d)")
_FINGERPRINT = re.compile(r"a=fingerprint:\s*([\w-]{1,32})\s+([0-9A-Fa-f:]{1,191})\s*")


def check_session_description(description: SessionDescription) -> None:
    """Accept plain lines (RFC 8866 in printable ASCII), at most 32 KB, 64 candidates and 4 m-lines.

    Raises MessageError (`description_too_large`, `too_many_candidates`, `too_many_media_sections`,
    `too_many_lines`, `description_invalid`).
    """
    if description.type == "rollback":
        _expect(not description.sdp, "description_invalid", "got a rollback with sdp, expected none")
        return
    sdp = description.sdp
    size = len(sdp.encode("utf-8", "surrogatepass"))
    _expect(
        size <= MAX_SDP_BYTES,
        "description_too_large",
        f"got a description of {size} bytes, expected at most {MAX_SDP_BYTES}",
    )
    _expect(sdp.startswith("v=0"), "description_invalid", "got a description that does not begin with v=0")
    lines = _LINE_END.split(sdp)
    if lines[-1] == "":
        lines.pop()
    _expect(
        all(_LINE.fullmatch(line) is not None for line in lines),
        "description_invalid",
        "got a description with a line that is not plain, expected a letter, = and printable ASCII",
    )
    candidates = sum(line.lower().startswith("a=candidate") for line in lines)
    _expect(
        candidates <= MAX_CANDIDATES,
        "too_many_candidates",
        f"got {candidates} candidates in a description, expected at most {MAX_CANDIDATES}",
    )
    sections = sum(line.startswith("m=") for line in lines)
    _expect(
        sections <= MAX_MEDIA_SECTIONS,
        "too_many_media_sections",
        f"got {sections} media sections, expected at most {MAX_MEDIA_SECTIONS}",
    )
    _check_lines(lines)


def _check_lines(lines: list[str]) -> None:
    """Pass for as many and as long lines as a browser may write; an engine's work can grow with their square.

    Raises MessageError (`too_many_lines`).
    """
    _expect(
        len(lines) <= MAX_LINES and max(map(len, lines)) <= MAX_LINE_LENGTH,
        "too_many_lines",
        f"got {len(lines)} lines of up to {max(map(len, lines))} characters, "
        f"expected at most {MAX_LINES} of {MAX_LINE_LENGTH}",
    )
    section, alike = 0, Counter[tuple[int, str]]()
    for line in lines:
        section += line.startswith("m=")
        if not line.startswith("a=candidate:"):
            alike[section, _LEADING_ZEROS.sub(":", line.partition(" ")[0])] += 1
    most = max(alike.values(), default=0)
    _expect(
        most <= MAX_SAME_ATTRIBUTES,
        "too_many_lines",
        f"got {most} lines of a section that begin alike, expected at most {MAX_SAME_ATTRIBUTES}",
    )


def check_candidate(candidate: IceCandidate) -> None:
    """Accept one candidate line (RFC 8839 5.1) or the empty end of candidates.

    Raises MessageError (`candidate_invalid`): anything but printable ASCII could be a line of a description
    to one parser and none to another.
    """
    text = candidate.candidate
    fragments = (text, candidate.sdp_mid or "", candidate.username_fragment or "")
    _expect(
        all(fragment.isascii() and fragment.isprintable() for fragment in fragments),
        "candidate_invalid",
        "got a candidate with a character that is not printable ASCII, expected one plain line",
    )
    _expect(
        not text or text.startswith("candidate:"),
        "candidate_invalid",
        "got a candidate that does not begin with candidate:",
    )


def fingerprint_of(sdp: str) -> str:
    """The certificate's fingerprint in a description (RFC 8122 5), as ``sha-256 AB:CD:...``.

    Empty when there is none or more than one: nothing can be said of such a connection.
    """
    found = set()
    for line in _lines(sdp):
        if line.lower().startswith("a=fingerprint"):
            match = _FINGERPRINT.fullmatch(line)
            if match is None:
                return ""
            found.add(f"{match[1].lower()} {match[2].upper()}")
    return found.pop() if len(found) == 1 else ""


def _lines(sdp: str) -> list[str]:
    # A parser may take CR alone as a line end, so it is counted as one here.
    return sdp.replace("\r", "\n").split("\n")


def _expect(holds: bool, code: str, message: str) -> None:
    if not holds:
        raise MessageError(message, code=code)
