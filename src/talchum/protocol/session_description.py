"""Limits on what one peer may hand another to parse, checked before anything parses it.

An engine that parses an offer of 10,000 candidates was measured to hold its event loop for 17 s, so the
server counts lines and refuses; it never rewrites or keeps a description, and reads but one line of it: the
fingerprint of its certificate.
"""

from __future__ import annotations

import re

from talchum.domain.errors import MessageError
from talchum.protocol.messages import MAX_SDP_BYTES, IceCandidate, SessionDescription

MAX_CANDIDATES = 64
MAX_MEDIA_SECTIONS = 4
_FINGERPRINT = re.compile(r"a=fingerprint:\s*([\w-]{1,32})\s+([0-9A-Fa-f:]{1,191})\s*")


def check_session_description(description: SessionDescription) -> None:
    """Accept a description of at most 32 KB, 64 candidates and 4 m-lines (RFC 8866).

    Raises MessageError (`description_too_large`, `too_many_candidates`, `too_many_media_sections`,
    `description_invalid`).
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
    lines = _lines(sdp)
    candidates = sum(line.lower().startswith("a=candidate:") for line in lines)
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


def check_candidate(candidate: IceCandidate) -> None:
    """Accept one candidate line (RFC 8839 5.1) or the empty end of candidates.

    Raises MessageError (`candidate_invalid`): a line break could smuggle lines into a description.
    """
    text = candidate.candidate
    fragments = (text, candidate.sdp_mid or "", candidate.username_fragment or "")
    _expect(
        not any("\n" in fragment or "\r" in fragment for fragment in fragments),
        "candidate_invalid",
        "got a candidate with a line break, expected one line",
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
