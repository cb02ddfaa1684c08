"""From an offer to a face with its signed consent, or to nothing that is left behind."""

from __future__ import annotations

import io
import time
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from talchum.adapters.accounts import Accounts
from talchum.adapters.sealed_files import unseal
from talchum.adapters.sealed_templates import open_template
from talchum.adapters.video_file import ClipReader
from talchum.apps.enrolments import KEPT_AFTER_FAILURE, MOST_OPEN
from talchum.domain.enrolment_offer import OFFER_SECONDS
from talchum.domain.errors import CaptureError, ContentError, EnrolmentError
from talchum.domain.sighting import alike
from talchum.domain.training_job import JobError, Lease
from talchum.vision.networks import NETWORKS
from tests.apps.enrolling import DAY, KEY, House, recorded
from tests.domain.consents import FRIEND, SUBJECT

pytestmark = pytest.mark.vision


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = House.in_(tmp_path)
    yield made
    made.close()


@pytest.fixture
def now() -> float:
    return time.time() - 300


def test_what_is_offered_is_what_was_agreed_to(house: House, now: float) -> None:
    offer, handle = house.enrolments.offer(
        SUBJECT, title=" Hana ", expires_at=int(now) + DAY * 9, adult=True, keeps=True, now=now
    )
    assert (offer.title, offer.scope, offer.wearers, offer.keeps) == ("Hana", "self", (SUBJECT,), True)
    assert offer.statement == house.enrolments.statement(int(now) + DAY * 9, now)
    assert handle not in str(house.records.get(offer.nonce))
    again, another = house.enrolments.offer(
        SUBJECT, title="Hana", expires_at=int(now) + DAY * 9, adult=True, keeps=True, now=now
    )
    assert len({offer.nonce, again.nonce}) == len({offer.identity, again.identity}) == 2
    assert handle != another


@pytest.mark.parametrize("days", [0.5, 366.0], ids=["too short", "too long"])
def test_a_consent_holds_for_a_day_to_a_year(house: House, now: float, days: float) -> None:
    with pytest.raises(EnrolmentError) as refused:
        house.enrolments.statement(int(now + days * DAY), now)
    assert refused.value.code == "enrolment_refused"


def test_nobody_has_many_at_a_time_but_old_offers_take_no_room(house: House, now: float) -> None:
    for _ in range(MOST_OPEN):
        house.offered(now)
    with pytest.raises(EnrolmentError) as refused:
        house.offered(now + 1)
    assert refused.value.code == "too_many_enrolments"
    assert house.offered(now, account=FRIEND)
    assert house.offered(now + OFFER_SECONDS + 1)
    assert len(house.records.of_subject(SUBJECT)) == 1


def test_a_recording_is_sealed_and_waits_to_be_learned(house: House, now: float, tmp_path: Path) -> None:
    offer, capture = house.passed(now)
    row, job = house.enrolments.show(SUBJECT, offer.nonce)
    assert job is not None
    assert (row.state, row.capture, job.capture, job.identity) == (
        "passed",
        capture.id,
        capture.id,
        offer.identity,
    )
    assert house.queue.told == [job.id]
    content = house.desk.content
    plain = tmp_path / "clip.mp4"
    unseal(content.path(capture.clip), plain, row.clip_key or b"")
    with ClipReader(plain) as reader:
        assert len(list(reader.frames())) == 6
    assert row.template is not None
    assert alike(open_template(row.template, offer.identity, KEY), recorded().face) > 0.999
    assert row.evidence is not None
    assert set(row.evidence["networks"]) > set(NETWORKS)


def test_the_still_is_the_face_with_its_mesh_on_it(house: House, now: float) -> None:
    _, capture = house.passed(now)
    still = cv2.imdecode(np.frombuffer(house.desk.content.get(capture.still), np.uint8), cv2.IMREAD_COLOR)
    points = np.load(io.BytesIO(house.desk.content.get(capture.points)))
    assert still is not None
    assert still.shape == (512, 512, 3)
    assert points.shape == (468, 2)
    assert (points > 20).all() and (points < 492).all()  # noqa: PT018
    eyes = points[[33, 133, 263, 362]].mean(axis=0)
    assert np.abs(eyes - (256, 230)).max() < 40


def test_a_person_that_was_learned_is_kept_with_the_consent_and_the_recording_goes(
    house: House, now: float
) -> None:
    offer, capture = house.passed(now)
    house.learn(offer)
    house.enrolments.go_on(time.time())
    row, _ = house.enrolments.show(SUBJECT, offer.nonce)
    assert row.state == "granted"
    [consented] = house.registry.records.list()
    consent = house.registry.read(consented)
    assert (consent.identity, consent.subject, consent.statement) == (
        offer.identity,
        SUBJECT,
        offer.statement,
    )
    assert consent.expires_at == offer.expires_at
    assert consent.age.years == 31.5
    assert house.registry.library.identity(offer.identity).kind == "self"
    assert house.registry.captures.list() == []
    with pytest.raises(ContentError):
        house.desk.content.get(capture.clip)
    assert row.template is not None
    house.enrolments.go_on(time.time())  # nothing is done twice
    assert len(house.registry.records.list()) == 1
    with pytest.raises(EnrolmentError) as refused:
        house.enrolments.withdraw(SUBJECT, offer.nonce)
    assert refused.value.code == "enrolment_granted"


def test_who_asks_to_keep_the_recording_keeps_it_until_the_consent_ends(house: House, now: float) -> None:
    offer, capture = house.passed(now, keeps=True)
    house.learn(offer)
    house.enrolments.go_on(time.time())
    assert house.desk.content.get(capture.clip)
    house.enrolments.tidy()
    assert house.records.get(offer.nonce).state == "granted"
    [row] = house.registry.records.list()
    house.registry.end(row.id, "subject")
    house.enrolments.tidy()
    with pytest.raises(EnrolmentError):
        house.records.get(offer.nonce)
    with pytest.raises(ContentError):
        house.desk.content.get(capture.clip)


def test_a_consent_that_another_call_server_signed_is_not_signed_again(house: House, now: float) -> None:
    offer, _ = house.passed(now)
    house.learn(offer)
    [row] = house.records.in_state("learned")
    house.enrolments.go_on(time.time())
    house.enrolments._grant(row, time.time())  # it had read the same row
    assert len(house.registry.records.list()) == 1
    assert house.records.get(offer.nonce).state == "granted"


def test_what_is_under_way_is_shown_to_its_person_until_it_is_a_face(house: House, now: float) -> None:
    house.offered(now)
    assert house.enrolments.under_way(SUBJECT) == []
    offer, _ = house.passed(now)
    [(row, job)] = house.enrolments.under_way(SUBJECT)
    assert (row.offer.nonce, row.state) == (offer.nonce, "passed")
    assert job is not None
    assert house.enrolments.under_way(FRIEND) == []
    house.learn(offer)
    house.enrolments.go_on(time.time())
    assert house.enrolments.under_way(SUBJECT) == []


def test_a_withdrawn_enrolment_leaves_nothing(house: House, now: float) -> None:
    offer, capture = house.passed(now)
    _, job = house.enrolments.show(SUBJECT, offer.nonce)
    assert job is not None
    with pytest.raises(EnrolmentError):
        house.enrolments.withdraw(FRIEND, offer.nonce)
    house.enrolments.withdraw(SUBJECT, offer.nonce)
    assert house.desk.jobs.get(job.id).state == "cancelled"
    assert house.registry.captures.list() == []
    for digest in capture.parts.values():
        with pytest.raises(ContentError):
            house.desk.content.get(digest)
    with pytest.raises(EnrolmentError):
        house.records.learned(offer.nonce, {})  # of a trainer that had not heard of it


def test_the_handle_takes_back_what_is_no_consent_yet(house: House, now: float) -> None:
    _, handle = house.enrolments.offer(
        SUBJECT, title="Hana", expires_at=int(now) + DAY * 9, adult=True, keeps=False, now=now
    )
    assert not house.enrolments.withdraw_by_handle("HANA-HANA-HANA-HANA-HANA-HANA-HANA-HANA")
    assert house.enrolments.withdraw_by_handle(handle.lower())
    assert house.records.of_subject(SUBJECT) == []
    assert not house.enrolments.withdraw_by_handle(handle)


def test_what_cannot_be_learned_is_deleted_a_day_later(house: House, now: float) -> None:
    offer, capture = house.passed(now)
    _, job = house.enrolments.show(SUBJECT, offer.nonce)
    assert job is not None
    lease = Lease("t", now + 100)
    house.desk.jobs.change(job.id, lambda one: one.claimed(lease, now))
    house.desk.jobs.change(job.id, lambda one: one.failed("t", JobError("face_lost", "got", False), now))
    house.enrolments.go_on(now + KEPT_AFTER_FAILURE - 60)
    assert house.registry.captures.get(capture.id)
    house.enrolments.go_on(now + KEPT_AFTER_FAILURE + 60)
    with pytest.raises(CaptureError):
        house.registry.captures.get(capture.id)
    row, _ = house.enrolments.show(SUBJECT, offer.nonce)
    assert (row.state, row.template) == ("dropped", None)


def test_without_room_for_a_job_it_is_asked_for_again(house: House, now: float) -> None:
    house.queue.away = True
    offer, _ = house.passed(now)
    assert house.records.get(offer.nonce).job is not None, "the job is kept though nobody was told"
    house.queue.away = False
    row = house.records.get(offer.nonce)
    house.enrolments.go_on(time.time())
    assert house.records.get(offer.nonce).job == row.job


def test_an_erased_account_leaves_no_recording(house: House, now: float) -> None:
    _, capture = house.passed(now)
    house.offered(now)
    house.enrolments.erase(SUBJECT)
    assert house.records.of_subject(SUBJECT) == []
    with pytest.raises(ContentError):
        house.desk.content.get(capture.clip)


def test_a_person_is_learned_by_their_own_job_only(house: House, now: float) -> None:
    _, capture = house.passed(now)
    assert capture.is_of_person
    with pytest.raises(CaptureError) as refused:
        capture.identity_fields("another")
    assert refused.value.code == "capture_of_person"
    assert capture.identity_fields("own-1", kind="self")["licence"] == "LicenseRef-consent"


def test_a_lent_face_is_worn_by_who_asked_and_by_nobody_else(house: House, now: float) -> None:
    Accounts(house.registry.records.engine).create("Juno", now, account=FRIEND)
    token = house.enrolments.ask_for_face(FRIEND, " The  Studio ", int(now) + 30 * DAY, now)
    offer, handle = house.enrolments.lend(SUBJECT, token, title="Hana", adult=True, keeps=False, now=now)
    house.desk.keep(house.records.take(offer.nonce, SUBJECT, now + 1), recorded(int(now) + 60))
    house.learn(offer, kind="licensed")
    house.enrolments.go_on(time.time())
    row = house.registry.find_by_handle(handle)
    consent = house.registry.read(row)
    assert (consent.scope, consent.subject, consent.licensee) == ("licensed", SUBJECT, "The Studio")
    assert consent.lets_wear(FRIEND, time.time())
    assert not consent.lets_wear(SUBJECT, time.time())
    assert house.registry.library.identity(offer.identity).kind == "licensed"
    assert house.records.get(offer.nonce).template is None, "nobody compares who wears it"
    assert house.records.templates() == {}
    with pytest.raises(EnrolmentError) as used:
        house.enrolments.lend(SUBJECT, token, title="Hana", adult=True, keeps=False, now=now)
    assert used.value.code == "licence_used"
