"""The acceptance table of trust: its small measures over few tries."""

from __future__ import annotations

import json

import pytest

from benchmarks import trust
from benchmarks.acceptance import markdown
from benchmarks.machine import REPOSITORY
from benchmarks.trust_measures.badge import measure_badge
from benchmarks.trust_measures.contents import CONTENTS, content
from benchmarks.trust_measures.embedding import measure_embedding
from benchmarks.trust_measures.false_positives import measure_false_positives
from benchmarks.trust_measures.flicker import PLAIN, measure_flicker, thresholds
from benchmarks.trust_measures.hostile_sdp import measure_hostile_sdp
from benchmarks.trust_measures.upload_bombs import measure_upload_bombs
from benchmarks.trust_measures.verification import measure_verification

pytestmark = pytest.mark.computing


@pytest.mark.parametrize("name", CONTENTS)
def test_every_content_is_a_wide_picture(name: str) -> None:
    frames = list(content(name, 2))
    assert [(frame.width, frame.height) for frame in frames] == [(1280, 720)] * 2


def test_the_badge_is_read_in_the_smallest_call() -> None:
    outcome = measure_badge(10 * len(CONTENTS))
    assert (outcome.met, outcome.n) == (True, 10 * len(CONTENTS))


def test_what_the_mark_costs_is_measured_over_every_content() -> None:
    outcome = measure_embedding(len(CONTENTS))
    assert outcome.n == len(CONTENTS)
    assert outcome.details["cpuMs"]["p95"] > 0


def test_every_bomb_is_refused() -> None:
    bombs = measure_upload_bombs(1).details["bombs"]
    assert len(bombs) > 30
    assert all(bomb["refused"] and bomb["grownMb"] < 50 for bomb in bombs.values())


def test_spoiled_offers_are_counted_by_what_became_of_them() -> None:
    outcome = measure_hostile_sdp(40)
    assert sum(outcome.details["fates"].values()) == 40


def test_the_page_on_trust_has_the_table_of_the_results() -> None:
    page = (REPOSITORY / "docs" / "trust.md").read_text()
    assert markdown(json.loads(trust.TABLE.result.read_text())) in page


def test_other_keys_and_unmarked_scenes_say_nothing() -> None:
    outcome = measure_false_positives(20)
    assert outcome.n >= 20
    assert outcome.seen.startswith("0,")
    assert outcome.details["overLeastConfidence"] == 0
    assert outcome.details["unmarked"]["n"] > 0
    assert outcome.details["otherKeys"]["n"] > 0


def test_the_mark_is_not_seen_where_nothing_hides_it() -> None:
    outcome = measure_flicker(1)
    assert outcome.met, outcome.seen
    assert all(outcome.details["mean"][name] > 0 for name in PLAIN), "it is there"


def test_the_same_mark_is_seen_less_in_the_dark() -> None:
    frames = [frame.copy() for frame in content("card", 30)]
    darker = [frame.copy() for frame in frames]
    for frame in darker:
        frame.y[:] = 16
    assert thresholds(darker).mean() < thresholds(frames).mean(), "little is seen in the dark"


def test_files_that_are_marked_clean_recorded_and_tampered_with_are_told_apart() -> None:
    outcome = measure_verification(1)
    assert outcome.met, outcome.details["surprises"]
    assert outcome.details["recordingsTrusted"] == 1
