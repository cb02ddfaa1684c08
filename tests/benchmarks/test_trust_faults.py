"""Faults of every kind, with a canary on the performer's face."""

from __future__ import annotations

import pytest

from benchmarks.trust_measures.canary import camera, measure_canary
from benchmarks.trust_measures.faults import KINDS
from benchmarks.trust_measures.stuck_stage import STAGE_KINDS
from tests.browser.canary import search

pytestmark = pytest.mark.vision


def test_the_canary_is_found_where_it_is() -> None:
    assert all(search(frame).found for frame in camera())


def test_what_breaks_the_picture_leaves_the_canary_in_it() -> None:
    dark = KINDS["nobody is found"].variants[0].sees(camera()[0])
    assert dark is not None
    assert search(dark).found


@pytest.mark.filterwarnings("ignore:invalid value encountered in cast:RuntimeWarning")
def test_no_fault_of_any_kind_shows_the_performer() -> None:
    kinds = len(KINDS) + len(STAGE_KINDS)
    outcome = measure_canary(kinds)
    assert kinds >= 12
    assert outcome.details["injected"] == dict.fromkeys([*KINDS, *STAGE_KINDS], 1)
    assert outcome.seen.startswith("0 of ")
    assert outcome.details["withBadge"] == outcome.details["egressFrames"]
    at_once = [ms for kind, ms in outcome.details["worstMsToCard"].items() if not _may_last(kind)]
    assert max(at_once) <= 66


def _may_last(kind: str) -> bool:
    return kind in STAGE_KINDS or KINDS[kind].held
