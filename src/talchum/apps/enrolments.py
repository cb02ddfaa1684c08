"""What a call server does with enrolments: offer and show them, and sign the consent at the end."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from talchum.adapters.enrolment_records import EnrolmentRecords, EnrolmentRow, EnrolmentState
from talchum.adapters.licence_links import LicenceLinks
from talchum.adapters.training_jobs import TrainingJobs
from talchum.apps.consent_registry import ConsentRegistry
from talchum.apps.enrolment_desk import Nudge, have_learned
from talchum.domain.bundle import Bundle
from talchum.domain.capture import Capture
from talchum.domain.consent import (
    HANDLE_BYTES,
    LONGEST_SECONDS,
    AgeCheck,
    Challenge,
    ChallengeStep,
    Consent,
    consent_id,
    handle_hash,
    handle_of,
)
from talchum.domain.consent_statement import consent_statement
from talchum.domain.enrolment_offer import NONCE_BYTES, OFFER_SECONDS, EnrolmentOffer, nonce_of
from talchum.domain.errors import CaptureError, ConsentError, EnrolmentError, TalchumError, TrainingError
from talchum.domain.identity import Language
from talchum.domain.licence import LINK_SECONDS, MOST_LICENSEE, Licence
from talchum.domain.training_job import TrainingJob

logger = logging.getLogger(__name__)

SHORTEST_SECONDS = 24 * 3600
MOST_TITLE = 64
MOST_OPEN = 5
"""Enrolments of one account that are not over."""

KEPT_AFTER_FAILURE = 24 * 3600.0
"""How long an operator may try again to learn from a recording."""

_OPEN: tuple[EnrolmentState, ...] = ("offered", "taken", "passed", "learned")


@dataclass(frozen=True, slots=True)
class Enrolments:
    """Everything here blocks and raises DatabaseError or ContentError when there is no answer."""

    records: EnrolmentRecords
    jobs: TrainingJobs
    queue: Nudge
    registry: ConsentRegistry
    licences: LicenceLinks

    def statement(
        self, expires_at: int, now: float, licence: Licence | None = None
    ) -> Mapping[Language, str]:
        """What somebody agrees to, for themselves or by a link.

        Raises EnrolmentError (`enrolment_refused`).
        """
        if licence is not None:
            return consent_statement("licensed", licensee=licence.licensee, expires_at=licence.expires_at)
        if not now + SHORTEST_SECONDS <= expires_at <= now + LONGEST_SECONDS:
            raise EnrolmentError(
                "got a consent for less than a day or more than a year", code="enrolment_refused"
            )
        return consent_statement("self", licensee="", expires_at=expires_at)

    def ask_for_face(self, account: str, licensee: str, expires_at: int, now: float) -> str:
        """A link by which somebody lends this account their face; its token.

        Raises EnrolmentError (`enrolment_refused`).
        """
        named = " ".join(licensee.split())
        if not named or len(named) > MOST_LICENSEE:
            raise EnrolmentError(
                f"got a licensee of {len(named)} characters, expected 1 to {MOST_LICENSEE}",
                code="enrolment_refused",
            )
        # the consent is to hold for a day at least, whenever the link is used
        self.statement(expires_at - LINK_SECONDS, now)
        self.statement(expires_at, now)
        return self.licences.make(account, named, expires_at, now)

    def lend(
        self, account: str, token: str, *, title: str, adult: bool, keeps: bool, now: float
    ) -> tuple[EnrolmentOffer, str]:
        """Offer an enrolment for who asked by a link; an earlier one by it that is not passed is withdrawn.

        Raises EnrolmentError as `offer`, `licence_unknown`, `licence_own`, `licence_used`.
        """
        licence = self.licences.get(token, now)
        licence.expect_for(account)
        before = [row for row in self.records.of_subject(account) if row.offer.nonce == licence.enrolment]
        if any(row.state in ("passed", "learned", "granted") for row in before):
            raise EnrolmentError("got a link that a face was lent by already", code="licence_used")
        for row in before:
            self._withdraw(row)
        return self.offer(
            account,
            title=title,
            expires_at=licence.expires_at,
            adult=adult,
            keeps=keeps,
            now=now,
            licence=licence,
            claim=lambda nonce: self.licences.bind(token, account, licence.enrolment, nonce),
        )

    def offer(
        self,
        account: str,
        *,
        title: str,
        expires_at: int,
        adult: bool,
        keeps: bool,
        now: float,
        licence: Licence | None = None,
        claim: Callable[[str], None] = lambda nonce: None,
    ) -> tuple[EnrolmentOffer, str]:
        """Offer an enrolment to who agreed to the statement; with the revocation handle, kept nowhere.

        licence: for whom, None for themselves. claim: called with its name before it is kept.
        Raises EnrolmentError (`enrolment_refused`, `too_many_enrolments`).
        """
        shown = title.strip()
        if not shown or len(shown) > MOST_TITLE:
            raise EnrolmentError(
                f"got a title of {len(shown)} characters, expected 1 to {MOST_TITLE}",
                code="enrolment_refused",
            )
        self._expect_room(account, now)
        handle = handle_of(os.urandom(HANDLE_BYTES))
        offer = EnrolmentOffer(
            nonce=nonce_of(os.urandom(NONCE_BYTES)),
            subject=account,
            identity=f"{'own' if licence is None else 'lent'}-{os.urandom(4).hex()}",
            title=shown,
            scope="self" if licence is None else "licensed",
            wearers=(account if licence is None else licence.wearer,),
            licensee="" if licence is None else licence.licensee,
            expires_at=expires_at,
            statement=self.statement(expires_at, now, licence),
            revocation=handle_hash(handle),
            adult=adult,
            keeps=keeps,
            offered_at=now,
        )
        claim(offer.nonce)
        self.records.add(offer)
        return offer, handle

    def show(self, account: str, nonce: str) -> tuple[EnrolmentRow, TrainingJob | None]:
        """An enrolment of this account. Raises EnrolmentError (`enrolment_unknown`)."""
        row = self._own(account, nonce)
        return row, self._job_of(row)

    def under_way(self, account: str) -> list[tuple[EnrolmentRow, TrainingJob | None]]:
        """What this account's person recorded that is no consent yet, the oldest first."""
        rows = [row for row in self.records.of_subject(account) if row.state in ("passed", "learned")]
        return [(row, self._job_of(row)) for row in rows]

    def withdraw(self, account: str, nonce: str) -> None:
        """Forget an enrolment that has become no consent yet, with what was recorded.

        Raises EnrolmentError (`enrolment_unknown`, `enrolment_granted`).
        """
        self._withdraw(self._own(account, nonce))

    def withdraw_by_handle(self, handle: str) -> bool:
        """The same by its handle; False when there is none that is under way."""
        hashed = handle_hash(handle)
        for state in _OPEN:
            for row in self.records.in_state(state):
                if row.offer.revocation == hashed:
                    self._withdraw(row)
                    return True
        return False

    def erase(self, account: str) -> None:
        """Delete all that this account's person recorded; their consents are the registry's to end."""
        for row in self.records.of_subject(account):
            self._delete_recording(row)
            self.records.delete(row.offer.nonce)
        self.licences.forget_subject(account)

    def go_on(self, now: float) -> None:
        """Sign what was learned, let wait what could not, delete what is over; for a call server's loop."""
        for row in self.records.in_state("learned"):
            try:
                self._grant(row, now)
            except TalchumError as error:
                if error.retryable:
                    raise
                logger.error("an enrolment came to nothing: %s (%s)", error.message, error.code)
                self._drop(row, "learned")
        for row in self.records.in_state("passed"):
            self._look_after(row, now)

    def tidy(self) -> None:
        """Forget the enrolments of consents that have ended, with what was kept of them."""
        for row in self.records.in_state("granted"):
            try:
                ended = self.registry.records.get(consent_id(row.offer.revocation)).ended is not None
            except ConsentError:
                ended = True  # its account is gone
            if ended:
                self._delete_recording(row)
                self.records.delete(row.offer.nonce)

    # -- one enrolment

    def _grant(self, row: EnrolmentRow, now: float) -> None:
        """Keep the face with the signed consent to it."""
        assert row.manifest is not None
        assert row.evidence is not None
        offer, content = row.offer, self.registry.library.learned.content
        digests: Mapping[str, str] = row.manifest["files"]
        bundle = Bundle.of(dict(row.manifest), {name: content.get(one) for name, one in digests.items()})
        try:
            self.registry.grant(bundle, consent_of(row, bundle.identity.files, int(now)))
        except ConsentError as error:
            if error.code != "consent_exists":  # else another call server was faster, and may not be done
                raise
        if not offer.keeps:
            self._delete_recording(row)
        try:
            self.records.close(offer.nonce, "learned", "granted")
        except EnrolmentError:
            return  # it was the other's to say
        logger.info("an enrolment became a face")

    def _look_after(self, row: EnrolmentRow, now: float) -> None:
        """Have it learned, or give up when it cannot be."""
        job = None
        if row.job is not None:
            try:
                job = self.jobs.get(row.job)
            except TrainingError:
                job = None
        if job is None and row.capture is not None:
            have_learned(self.records, self.jobs, self.queue, row.offer, row.capture)
        elif job is not None and (
            job.state == "cancelled"
            or (job.state == "failed" and now - (job.ended or now) > KEPT_AFTER_FAILURE)
        ):
            self._drop(row, "passed")

    def _drop(self, row: EnrolmentRow, before: EnrolmentState) -> None:
        self._delete_recording(row)
        self.records.close(row.offer.nonce, before, "dropped")

    def _withdraw(self, row: EnrolmentRow) -> None:
        if row.state == "granted":
            raise EnrolmentError("got an enrolment that is a consent by now", code="enrolment_granted")
        if row.job is not None:
            try:
                self.jobs.change(row.job, lambda one: one.cancelled(time.time()))
            except TrainingError as error:
                logger.info("a training job was left: %s", error.code)
        self._delete_recording(row)
        self.records.delete(row.offer.nonce)

    def _delete_recording(self, row: EnrolmentRow) -> None:
        """Delete the capture, with those of its parts that no face is made of."""
        if row.capture is None:
            return
        library = self.registry.library.learned
        try:
            capture: Capture | None = self.registry.captures.get(row.capture)
        except CaptureError:
            capture = None
        if capture is not None:
            self.registry.captures.remove(capture.id)
            for digest in capture.parts.values():
                if not library.names_file(digest):
                    library.content.delete(digest)
        self.records.forget_recording(row.offer.nonce)

    def _job_of(self, row: EnrolmentRow) -> TrainingJob | None:
        try:
            return None if row.job is None else self.jobs.get(row.job)
        except TrainingError:
            return None

    def _own(self, account: str, nonce: str) -> EnrolmentRow:
        row = self.records.get(nonce)
        if row.offer.subject != account:
            raise EnrolmentError("got an enrolment that is not known here")
        return row

    def _expect_room(self, account: str, now: float) -> None:
        for row in self.records.of_subject(account):  # those nobody began take no room
            if row.state == "offered" and now - row.offer.offered_at > OFFER_SECONDS:
                self.records.delete(row.offer.nonce)
        count = sum(row.state in _OPEN for row in self.records.of_subject(account))
        if count >= MOST_OPEN:
            raise EnrolmentError(
                f"got an enrolment while {count} are not over, expected fewer than {MOST_OPEN}",
                code="too_many_enrolments",
                retryable=True,
            )


def consent_of(row: EnrolmentRow, assets: Mapping[str, str], now: int) -> Consent:
    """The consent that an enrolment came to. Raises ConsentError."""
    offer, evidence = row.offer, row.evidence
    if evidence is None:
        raise ConsentError("got an enrolment without its evidence")
    challenge, age = evidence["challenge"], evidence["age"]
    return Consent(
        identity=offer.identity,
        scope=offer.scope,
        subject=offer.subject,
        wearers=offer.wearers,
        licensee=offer.licensee,
        statement=offer.statement,
        issued_at=now,
        expires_at=offer.expires_at,
        assets=dict(assets),
        challenge=Challenge(
            challenge["began"],
            challenge["ended"],
            tuple(ChallengeStep(**step) for step in challenge["steps"]),
        ),
        adult=offer.adult,
        age=AgeCheck(**age),
        networks=evidence["networks"],
        revocation=offer.revocation,
    )
