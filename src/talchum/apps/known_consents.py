"""The consents a running process knows, so that who may wear whose face is answered at once and fails closed.

A record counts once its signature was verified. While the database gives no answer, what was known holds for
`STALE_SECONDS` and then for nobody, since a consent may have been revoked meanwhile.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Mapping, Set
from typing import Protocol, Self

from talchum.adapters.consent_records import ConsentRecords, ConsentRow
from talchum.adapters.identity_library import Identities
from talchum.adapters.signing import Verifier
from talchum.apps.known_identities import KnownIdentities
from talchum.apps.signed_consents import read_consent
from talchum.domain.consent import Consent
from talchum.domain.errors import ConsentError, IdentityError, StatementError, TalchumError
from talchum.domain.identity import CONSENTED_KINDS
from talchum.vision.identity import IdentityAssets

logger = logging.getLogger(__name__)

FOLLOW_SECONDS = 0.5
"""How old what is known may be while the database answers."""

STALE_SECONDS = 5.0


class NeedsConsent(Protocol):
    """What is asked of `KnownIdentities`."""

    def needs_consent(self, name: str) -> bool:
        """Whether an identity is a person's face, or may be one."""


class KnownConsents:
    """Usable from any thread; only `refresh` blocks.

    open_records, open_verifier: called until they succeed; raise TalchumError. clock:
    monotonic seconds. now: wall clock, seconds.
    """

    def __init__(
        self,
        open_records: Callable[[], ConsentRecords],
        open_verifier: Callable[[], Verifier],
        *,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._open_records = open_records
        self._open_verifier = open_verifier
        self._clock = clock
        self._now = now
        self._records: ConsentRecords | None = None
        self._verifier: Verifier | None = None
        self._read: dict[str, Consent | None] = {}
        self._by_identity: Mapping[str, tuple[Consent, ...]] = {}
        self._refreshed: float | None = None
        self._answered = True

    @classmethod
    def of(cls, identities: KnownIdentities, open_verifier: Callable[[], Verifier]) -> Self:
        """Those in the database of an installation's identities."""
        return cls(lambda: ConsentRecords(identities.library().learned.engine), open_verifier)

    def refresh(self) -> None:
        """Ask which consents there are now."""
        asked = self._clock()  # what is answered is at least as new as the question
        try:
            if self._records is None:
                self._records = self._open_records()
            rows = [row for row in self._records.list() if row.ended is None]
            self._take(rows)
        except TalchumError as error:
            if self._answered:  # once, not twice a second
                logger.warning("consents: %s (%s)", error.message, error.code)
            self._answered = False
        else:
            self._refreshed, self._answered = asked, True

    async def follow(self) -> AsyncIterator[Set[str]]:
        """Refresh for as long as this runs; each time the identities that no consent is for any more."""
        while True:
            before = self._by_identity.keys()
            await asyncio.to_thread(self.refresh)
            yield before - self._by_identity.keys()
            await asyncio.sleep(FOLLOW_SECONDS)

    def consents_to(self, identity: str) -> tuple[Consent, ...]:
        """The consents to a face that hold now, none while it is not known whether they were revoked."""
        if self._refreshed is None or self._clock() - self._refreshed > STALE_SECONDS:
            return ()
        now = self._now()
        return tuple(one for one in self._by_identity.get(identity, ()) if one.holds(now))

    def by_which(self, account: str, identity: str) -> Consent | None:
        """The consent by which an account may wear a person's face now."""
        now = self._now()
        return next((one for one in self.consents_to(identity) if one.lets_wear(account, now)), None)

    def _take(self, rows: list[ConsentRow]) -> None:
        if rows and self._verifier is None:
            self._verifier = self._open_verifier()
        self._read = {row.record: self._read_once(row) for row in rows}
        by_identity: dict[str, tuple[Consent, ...]] = {}
        for consent in filter(None, self._read.values()):
            by_identity[consent.identity] = (*by_identity.get(consent.identity, ()), consent)
        self._by_identity = by_identity

    def _read_once(self, row: ConsentRow) -> Consent | None:
        if row.record in self._read:
            return self._read[row.record]
        assert self._verifier is not None
        try:
            return read_consent(row, self._verifier)
        except (StatementError, ConsentError) as error:
            logger.warning("consent %s is not one: %s (%s)", row.id, error.message, error.code)
            return None


class WearingRights:
    """Who may wear what: everybody what shows nobody, and a person's face whom its consent names."""

    def __init__(self, identities: NeedsConsent, consents: KnownConsents) -> None:
        self._identities = identities
        self._consents = consents

    def may_wear(self, account: str, identity: str) -> bool:
        """Whether an account, empty for a guest, may wear an identity now."""
        return not self._identities.needs_consent(identity) or self.by_which(account, identity) is not None

    def by_which(self, account: str, identity: str) -> Consent | None:
        """The consent by which it may, where one is needed."""
        return self._consents.by_which(account, identity) if account else None


class ConsentedFaces:
    """The assets of identities, of people's faces only with a consent that holds, to the very files."""

    def __init__(self, identities: Identities, consents: KnownConsents) -> None:
        self._identities = identities
        self._consents = consents

    def assets(self, name: str) -> IdentityAssets:
        """As of `Identities`. Raises IdentityError (`consent_missing`) too."""
        identity = self._identities.identity(name)
        if identity.needs_consent and not any(
            consent.covers(identity) for consent in self._consents.consents_to(name)
        ):
            raise IdentityError("got a person's face without a consent to it", code="consent_missing")
        return self._identities.assets(name)


def expect_of_nobody(kind: str) -> None:
    """Pass for a face that needs no consent. Raises IdentityError (`identity_not_allowed`)."""
    if kind in CONSENTED_KINDS:
        raise IdentityError(
            "got a person's face, expected one of nobody: only calls know who wears it",
            code="identity_not_allowed",
        )
