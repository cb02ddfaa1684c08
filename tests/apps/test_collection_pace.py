"""How collection is paced; it is a setting of a whole process, so each is one of its own."""

from __future__ import annotations

from tests.apps.own_process import said


def test_what_lives_at_the_start_is_never_looked_through_again() -> None:
    program = (
        "import gc; from talchum.apps.collection_pace import pace_collection; pace_collection();"
        "print(gc.get_freeze_count() > 1_000, gc.get_threshold())"
    )
    assert said(program) == "True (50000, 50, 100)"


def test_what_a_request_leaves_in_a_circle_is_collected_all_the_same() -> None:
    program = """
import gc, weakref
from talchum.apps.collection_pace import pace_collection
pace_collection()
class Kept: pass
kept = Kept(); kept.itself = kept
gone = weakref.ref(kept); del kept
filling = [[] for _ in range(60_000)]
print(gone() is None)
"""
    assert said(program) == "True"
