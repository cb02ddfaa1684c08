from __future__ import annotations

import pytest

from talchum.domain.leg_tag import LegTag
from talchum.domain.mark import Mark
from talchum.domain.verification import (
    BadgeFinding,
    CredentialsFinding,
    CredentialsState,
    Finding,
    MarkedInterval,
    MarkFinding,
)

OURS, OTHER = LegTag(1), LegTag(2)


def finding(
    mark: LegTag | None = None,
    badge: LegTag | None = None,
    credentials: CredentialsState = "none",
    bound: LegTag | None = None,
) -> Finding:
    intervals = [] if mark is None else [MarkedInterval(0.0, 4.0, Mark("synthetic", mark), 20.0)]
    return Finding(
        5.0,
        MarkFinding(intervals, 20.0 if intervals else 2.0),
        BadgeFinding(10, {} if badge is None else {str(badge): 9}),
        CredentialsFinding(credentials, frozenset() if bound is None else frozenset({str(bound)})),
    )


@pytest.mark.parametrize(
    "found",
    [
        finding(OURS, OURS),
        finding(OURS),  # the badge was cut off
        finding(OURS, OURS, "trusted", OURS),
        finding(None, None, "valid", OURS),  # the mark was lost, the credentials were not
    ],
)
def test_marks_that_agree_are_marked(found: Finding) -> None:
    assert (found.verdict, found.disagreements) == ("marked", [])


@pytest.mark.parametrize(
    ("found", "code"),
    [
        (finding(None, OURS), "badge_without_mark"),
        (finding(OURS, OTHER), "badge_of_another_leg"),
        (finding(OURS, OURS, "invalid", OURS), "credentials_invalid"),
        (finding(OURS, None, "trusted", OTHER), "credentials_of_another_leg"),
    ],
)
def test_marks_that_disagree_are_said_to(found: Finding, code: str) -> None:
    assert found.verdict == "marked-inconsistent"
    assert code in found.disagreements


def test_nothing_found_is_not_detected() -> None:
    assert finding().verdict == "not-detected"


@pytest.mark.parametrize("state", ["trusted", "valid", "invalid"])
def test_credentials_of_somebody_elses_say_nothing_of_ours(state: CredentialsState) -> None:
    assert finding(None, None, state).verdict == "not-detected"


def test_broken_credentials_that_claim_to_be_of_talchum_are_inconsistent_without_any_leg() -> None:
    broken = Finding(
        5.0, MarkFinding(), BadgeFinding(), CredentialsFinding("invalid", frozenset(), names_talchum=True)
    )
    assert (broken.verdict, broken.disagreements) == ("marked-inconsistent", ["credentials_invalid"])


def test_every_tag_is_listed_once() -> None:
    assert finding(OURS, OTHER, "valid", OURS).tags == [str(OURS), str(OTHER)]
