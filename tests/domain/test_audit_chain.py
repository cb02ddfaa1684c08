from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from talchum.domain.audit import BEGINNING, AuditEntry, AuditEvent
from talchum.domain.audit_chain import ChainSummary, ChainVerifier, Checkpoint, verify_chain
from talchum.domain.errors import AuditError
from tests.domain.audit_chains import CALL, ROOM, TAG, chain_of

OTHERS = tuple(reversed(CALL))


def checkpoint_of(entry: AuditEntry) -> Checkpoint:
    return Checkpoint(entry.seq, entry.hash, entry.time, ROOM, (TAG,))


def rewritten(chain: list[AuditEntry], at: int, event: AuditEvent) -> list[AuditEntry]:
    """The chain as somebody leaves it who changes one entry and makes all hashes fit again."""
    events = [entry.event for entry in chain]
    events[at] = event
    return chain_of(*events)


def changed_without_its_hash(chain: list[AuditEntry]) -> list[AuditEntry]:
    chain[4] = replace(chain[4], time=chain[4].time - 60_000)
    return chain


def changed_with_its_hash(chain: list[AuditEntry]) -> list[AuditEntry]:
    chain[4] = chain_of(OTHERS[4], after=chain[3])[0]
    return chain


def without_one(chain: list[AuditEntry]) -> list[AuditEntry]:
    return chain[:4] + chain[5:]


def without_one_and_numbered_anew(chain: list[AuditEntry]) -> list[AuditEntry]:
    return chain[:4] + [replace(entry, seq=entry.seq - 1) for entry in chain[5:]]


def swapped(chain: list[AuditEntry]) -> list[AuditEntry]:
    return [*chain[:3], chain[4], chain[3], *chain[5:]]


def twice(chain: list[AuditEntry]) -> list[AuditEntry]:
    return [*chain[:4], chain[3], *chain[4:]]


def without_its_beginning(chain: list[AuditEntry]) -> list[AuditEntry]:
    return chain[2:]


@pytest.mark.parametrize(
    ("attack", "code", "seq"),
    [
        (changed_without_its_hash, "audit_entry_altered", 5),
        (changed_with_its_hash, "audit_chain_broken", 6),
        (without_one, "audit_entry_missing", 6),
        (without_one_and_numbered_anew, "audit_entry_altered", 5),
        (swapped, "audit_entry_missing", 5),
        (twice, "audit_entry_missing", 4),
        (without_its_beginning, "audit_beginning_missing", 3),
    ],
)
def test_the_first_wrong_entry_is_named(
    attack: Callable[[list[AuditEntry]], list[AuditEntry]], code: str, seq: int
) -> None:
    with pytest.raises(AuditError) as caught:
        verify_chain(attack(chain_of(*CALL)))
    assert caught.value.code == code
    assert f"entry {seq} " in caught.value.message


def test_a_whole_chain_is_summed_up_with_what_was_lost() -> None:
    chain = chain_of(*CALL, AuditEvent("gap", {"lost": 7}))
    assert verify_chain(chain) == ChainSummary(first=1, last=10, hash=chain[-1].hash, lost=7)
    assert verify_chain([]) == ChainSummary(hash=BEGINNING)


def test_a_cut_off_end_shows_only_against_a_checkpoint() -> None:
    chain = chain_of(*CALL)
    assert verify_chain(chain[:-2]).last == 7, "nothing in the chain tells of its end"
    with pytest.raises(AuditError) as caught:
        verify_chain(chain[:-2], [checkpoint_of(chain[-1])])
    assert caught.value.code == "audit_cut_off"
    with pytest.raises(AuditError, match="ends with entry 0"):
        verify_chain([], [checkpoint_of(chain[0])])


def test_a_chain_written_anew_shows_only_against_a_checkpoint() -> None:
    chain = chain_of(*CALL)
    other = rewritten(chain, 3, AuditEvent("gap", {"lost": 1}))
    verify_chain(other)
    verify_chain(other, [checkpoint_of(chain[2])])  # signed before what was changed
    with pytest.raises(AuditError) as caught:
        verify_chain(other, [checkpoint_of(chain[5])])
    assert caught.value.code == "audit_chain_replaced"


def test_a_chain_may_grow_after_a_checkpoint() -> None:
    chain = chain_of(*CALL, *CALL)
    assert verify_chain(chain, [checkpoint_of(chain[8]), checkpoint_of(chain[17])]).last == 18


def test_a_pruned_chain_needs_the_checkpoint_of_what_is_gone() -> None:
    chain = chain_of(*CALL)
    kept, last_gone = chain[4:], checkpoint_of(chain[3])
    assert verify_chain(kept, [last_gone, checkpoint_of(chain[-1])]).first == 5
    with pytest.raises(AuditError) as caught:
        verify_chain(kept, [replace(last_gone, hash=chain[0].hash)])
    assert caught.value.code == "audit_chain_replaced"
    with pytest.raises(AuditError) as caught:
        verify_chain(kept, [last_gone, checkpoint_of(chain[1])])
    assert caught.value.code == "audit_checkpoint_pruned"


def test_two_checkpoints_of_one_entry_must_agree() -> None:
    chain = chain_of(*CALL)
    with pytest.raises(AuditError) as caught:
        ChainVerifier([checkpoint_of(chain[1]), replace(checkpoint_of(chain[1]), hash=chain[0].hash)])
    assert caught.value.code == "checkpoints_contradict"


def test_a_checkpoint_is_read_back_from_its_claims() -> None:
    checkpoint = checkpoint_of(chain_of(*CALL)[-1])
    assert Checkpoint.of_claims({**checkpoint.claims(), "iat": 1}) == checkpoint


@pytest.mark.parametrize("change", [{"seq": "1"}, {"hash": 1}, {"time": None}, {"tags": "x"}, {"tags": [1]}])
def test_malformed_claims_are_refused(change: dict[str, object]) -> None:
    claims = {**checkpoint_of(chain_of(CALL[0])[0]).claims(), **change}
    with pytest.raises(AuditError):
        Checkpoint.of_claims(claims)
    with pytest.raises(AuditError):
        Checkpoint.of_claims({})
