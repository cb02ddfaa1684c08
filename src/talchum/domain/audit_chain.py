"""Whether a chain of audit entries is whole, and whether it is the one that was signed for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from talchum.domain.audit import BEGINNING, AuditEntry
from talchum.domain.errors import AuditError

CHECKPOINT_TYPE = "talchum-checkpoint+jwt"
"""`typ` of a signed checkpoint (RFC 7515)."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What the chain was at one moment, to be signed and kept elsewhere.

    seq, hash: of its last entry. room: the one it was made for, by its name in the log, empty for none. tags:
    of the face legs of that call. time: wall clock, ms.
    """

    seq: int
    hash: str
    time: int
    room: str = ""
    tags: tuple[str, ...] = ()

    def claims(self) -> dict[str, object]:
        """As it is signed."""
        return {
            "seq": self.seq,
            "hash": self.hash,
            "time": self.time,
            "room": self.room,
            "tags": list(self.tags),
        }

    @classmethod
    def of_claims(cls, claims: Mapping[str, Any]) -> Checkpoint:
        """From what was signed. Raises AuditError (`checkpoint_malformed`)."""
        try:
            seq, digest, time = claims["seq"], claims["hash"], claims["time"]
            room, tags = claims["room"], claims["tags"]
        except KeyError as error:
            raise _malformed() from error
        texts = [digest, room, *tags] if isinstance(tags, list) else [None]
        if type(seq) is not int or type(time) is not int or not all(isinstance(text, str) for text in texts):
            raise _malformed()
        return cls(seq, digest, time, room, tuple(tags))


@dataclass(frozen=True, slots=True)
class ChainSummary:
    """A chain that is whole. first, last: entries, 0 for an empty one. lost: how many its gaps count."""

    first: int = 0
    last: int = 0
    hash: str = BEGINNING
    lost: int = 0


class ChainVerifier:
    """Reads entries in their order and keeps none of them.

    checkpoints: whose signatures are checked already. A chain that does not begin with entry 1 was pruned and
    needs the checkpoint of the entry before its first.
    """

    def __init__(self, checkpoints: Iterable[Checkpoint] = ()) -> None:
        self._expected: dict[int, str] = {}
        for one in checkpoints:
            if self._expected.setdefault(one.seq, one.hash) != one.hash:
                raise AuditError(
                    f"two checkpoints of entry {one.seq} contradict each other", code="checkpoints_contradict"
                )
        self._summary = ChainSummary()

    def add(self, entry: AuditEntry) -> None:
        """Take the next entry.

        Raises AuditError: `audit_entry_altered`, `audit_entry_missing` (also one out of order),
        `audit_chain_broken`, `audit_chain_replaced` (whole, but not the one a checkpoint was signed for),
        `audit_beginning_missing`.
        """
        before = self._summary
        if before.last == 0:
            self._begin(entry)
        elif entry.seq != before.last + 1:
            raise AuditError(
                f"got entry {entry.seq} after {before.last}, expected {before.last + 1}",
                code="audit_entry_missing",
            )
        if not entry.unaltered:
            raise AuditError(
                f"entry {entry.seq} was altered after it was written", code="audit_entry_altered"
            )
        if before.last and entry.previous != before.hash:
            raise AuditError(
                f"entry {entry.seq} does not follow the entry before it", code="audit_chain_broken"
            )
        self._expect_signed(entry.seq, entry.hash)
        lost = entry.event.fields["lost"] if entry.event.name == "gap" else 0
        first = before.first or entry.seq
        self._summary = ChainSummary(first, entry.seq, entry.hash, before.lost + int(str(lost)))

    def finish(self) -> ChainSummary:
        """The end of the chain.

        Raises AuditError: `audit_cut_off` when it ends before a checkpoint's entry, `audit_checkpoint_pruned`
        when it begins after it.
        """
        for seq in sorted(self._expected):
            if seq > self._summary.last:
                raise AuditError(
                    f"the log ends with entry {self._summary.last}, expected a checkpoint's entry {seq}",
                    code="audit_cut_off",
                )
            if seq < self._summary.first - 1:
                raise AuditError(
                    f"the log begins with entry {self._summary.first}, too late for a checkpoint of {seq}",
                    code="audit_checkpoint_pruned",
                )
        return self._summary

    def _begin(self, entry: AuditEntry) -> None:
        if entry.seq == 1:
            if entry.previous != BEGINNING:
                raise AuditError("entry 1 does not begin a chain", code="audit_chain_broken")
        elif entry.seq - 1 not in self._expected:
            raise AuditError(
                f"entry {entry.seq} is the first, expected entry 1 or a checkpoint of {entry.seq - 1}",
                code="audit_beginning_missing",
            )
        else:
            self._expect_signed(entry.seq - 1, entry.previous)

    def _expect_signed(self, seq: int, digest: str) -> None:
        if self._expected.get(seq, digest) != digest:
            raise AuditError(
                f"entry {seq} is not the one that a checkpoint was signed of", code="audit_chain_replaced"
            )


def verify_chain(entries: Iterable[AuditEntry], checkpoints: Iterable[Checkpoint] = ()) -> ChainSummary:
    """The summary of a whole chain. Raises AuditError as `ChainVerifier`, for the first wrong entry."""
    verifier = ChainVerifier(checkpoints)
    for entry in entries:
        verifier.add(entry)
    return verifier.finish()


def _malformed() -> AuditError:
    return AuditError("got a checkpoint that does not say what it was made of", code="checkpoint_malformed")
