"""The faces of people: kept with the consent to them, and gone with it."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from talchum.adapters.audit_log import AuditLog
from talchum.adapters.capture_records import CaptureRecords
from talchum.adapters.consent_records import ConsentRecords, ConsentRow, EndReason
from talchum.adapters.identity_library import IdentityLibrary
from talchum.adapters.signing import Signer, Verifier
from talchum.apps.known_identities import open_library
from talchum.apps.settings import Settings
from talchum.apps.signed_consents import read_consent
from talchum.apps.statements import ISSUER
from talchum.domain.audit import AuditEvent
from talchum.domain.bundle import Bundle
from talchum.domain.consent import (
    CONSENT_TYPE,
    Consent,
    consent_id,
    handle_hash,
    is_consent_id,
)
from talchum.domain.errors import ConsentError, IdentityError, StatementError

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ConsentRegistry:
    """Everything here blocks and raises DatabaseError or ContentError when there is no answer."""

    library: IdentityLibrary
    records: ConsentRecords
    captures: CaptureRecords
    audit: AuditLog
    signer: Signer
    verifier: Verifier
    issuer: str

    @classmethod
    def open(cls, settings: Settings, library: IdentityLibrary | None = None) -> Self:
        """That of an installation. Raises SettingsError, DatabaseError."""
        library = library or open_library(settings)
        engine = library.learned.engine
        signer = Signer.of(settings.signing_key, settings.data)
        return cls(
            library,
            ConsentRecords(engine),
            CaptureRecords(engine),
            AuditLog(engine),
            signer,
            signer.verifier(),
            settings.public_url or ISSUER,
        )

    def grant(self, bundle: Bundle, consent: Consent) -> str:
        """Keep a person's face with their consent; the signed record.

        Raises ConsentError (`consent_invalid`) for a consent to something else, IdentityError
        (`identity_taken`).
        """
        if not consent.covers(bundle.identity):
            raise ConsentError("got a consent to something else than this face")
        record = self.signer.sign(consent.claims(self.issuer), CONSENT_TYPE)
        self.library.add(
            bundle,
            consent.issued_at,
            lambda connection: self.records.add(connection, consent, record),
        )
        self._note(AuditEvent("consent-given", {"consent": consent.id, "kind": consent.scope}))
        return record

    def end(self, consent: str, reason: EndReason) -> None:
        """Let a consent hold no more, and delete its face unless another one holds for it.

        Raises ConsentError (`consent_unknown`).
        """
        row = self.records.get(consent)
        if self.records.end(consent, reason, time.time()):
            name = "consent-expired" if reason == "expired" else "revoked"
            self._note(AuditEvent(name, {"consent": consent}))
            logger.info("consent %s has ended (%s)", consent, reason)
        self._drop_face(row.identity)

    def find(self, handle: str) -> ConsentRow:
        """The consent of a revocation handle, or of its name. Raises ConsentError (`consent_unknown`)."""
        return self.records.get(handle if is_consent_id(handle) else consent_id(handle_hash(handle)))

    def find_by_handle(self, handle: str) -> ConsentRow:
        """The consent that this handle takes back; its name is not enough.

        Raises ConsentError (`consent_unknown`).
        """
        row = self.records.get(consent_id(handle_hash(handle)))
        if self.read(row).revocation != handle_hash(handle):
            raise ConsentError("got a handle that takes nothing back", code="consent_unknown")
        return row

    def read(self, row: ConsentRow) -> Consent:
        """What a record says. Raises StatementError, ConsentError when it is not one of ours."""
        return read_consent(row, self.verifier)

    def end_expired(self) -> None:
        """End what has run out, with its faces."""
        now = time.time()
        for row in self.records.list():
            try:
                ran_out = row.ended is None and now >= self.read(row).expires_at
            except (StatementError, ConsentError):
                continue  # nobody wears it, and only the operator can say what it is
            if ran_out:
                self.end(row.id, "expired")

    def named_in(self, account: str) -> Sequence[tuple[ConsentRow, Consent]]:
        """Every consent that this account gave or that names it, the ended ones too."""
        found = []
        for row in self.records.list():
            try:
                consent = self.read(row)
            except (StatementError, ConsentError) as error:
                logger.warning("consent %s is not one: %s", row.id, error.code)
                continue
            if account == consent.subject or account in consent.wearers:
                found.append((row, consent))
        return found

    def erase(self, account: str) -> None:
        """End and delete all that this account's person consented to."""
        for row in self.records.of_subject(account):
            self.end(row.id, "erased")
            self.records.erase(row.id)

    def _drop_face(self, identity: str) -> None:
        """Delete a face that no consent holds for, with those of its files that nothing else names."""
        if any(row.identity == identity and row.ended is None for row in self.records.list()):
            return
        try:
            files = self.library.learned.identity(identity).files
        except IdentityError:
            return  # it is gone already
        self.library.learned.remove(identity)
        used = {digest for capture in self.captures.list() for digest in capture.parts.values()}
        for digest in files.values():
            if digest not in used and not self.library.learned.names_file(digest):
                self.library.learned.content.delete(digest)

    def _note(self, event: AuditEvent) -> None:
        self.audit.append([(int(time.time() * 1000), event)])
