from __future__ import annotations

from talchum.domain.audit import AuditEvent
from talchum.domain.audit_notes import CallNote, LegNote, WornNote, note_of_call, note_of_leg
from tests.domain.audit_chains import CALL, CONSENT, ROOM, TAG, chain_of

BEGAN = 1_764_000_000_000


def test_a_leg_is_told_from_its_entries() -> None:
    leg = note_of_leg(chain_of(*CALL))
    assert leg == LegNote(
        tag=TAG,
        room=ROOM,
        started=BEGAN + 2000,
        ended=BEGAN + 6000,
        reason="ended",
        worn=(WornNote(BEGAN + 3000, "self", "neural", consent=CONSENT),),
    )
    assert leg.kinds == ("self",)
    assert leg.consents == (CONSENT,)


def test_a_leg_that_runs_has_no_end_and_may_change_what_it_wears() -> None:
    other = AuditEvent(
        "worn", {"room": ROOM, "tag": TAG, "kind": "anonymise", "engine": "veil", "identity": "veil"}
    )
    leg = note_of_leg(chain_of(*CALL[:4], other, other))
    assert leg is not None
    assert leg.ended is None
    assert leg.kinds == ("self", "anonymise")
    assert leg.worn[-1].identity == "veil"


def test_a_revocation_is_told_whenever_it_came() -> None:
    (revoked,) = chain_of(AuditEvent("revoked", {"consent": CONSENT}))
    leg = note_of_leg(chain_of(*CALL), [revoked])
    assert leg is not None
    assert leg.revoked == BEGAN


def test_of_a_tag_that_was_given_twice_the_later_leg_is_told() -> None:
    leg = note_of_leg(chain_of(*CALL, CALL[2]))
    assert leg is not None
    assert leg.started == BEGAN + 9000
    assert leg.worn == ()


def test_entries_without_a_beginning_tell_of_no_leg() -> None:
    assert note_of_leg([]) is None


def test_a_call_is_counted_from_its_latest_opening() -> None:
    assert note_of_call(chain_of(*CALL, *CALL[:3])) == CallNote(3, (TAG,))
    assert note_of_call([]) == CallNote(0, ())
