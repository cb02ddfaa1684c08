"""A person's face in a real call: worn by whom its consent names, until it is taken back."""

from __future__ import annotations

import json
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from talchum.adapters.accounts import Accounts
from talchum.adapters.enrolment_records import EnrolmentRecords
from talchum.apps.consent_registry import ConsentRegistry
from talchum.vision.cards import draw_card
from tests.apps.people import HANDLE, consent_to, persons_bundle, registry_in, remember_owner
from tests.calls.service import Service, running_service
from tests.calls.test_headless_call import SOME_FRAMES, client, wait_for
from tests.domain.consents import STRANGER, SUBJECT
from tests.vision.scenes import clip, face_in, portrait

pytestmark = [pytest.mark.call, pytest.mark.valkey]

WITHIN_SECONDS = 2.0


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    with running_service(tmp_path / "service") as running:
        yield running


@pytest.fixture
def registry(service: Service) -> Iterator[ConsentRegistry]:
    opened = registry_in(service.directory)
    bundle = persons_bundle(real_network=True)
    opened.grant(bundle, consent_to(bundle))
    remember_owner(opened, "hana", face_in(clip(1)[0]))
    for account in (SUBJECT, STRANGER):
        Accounts(opened.records.engine).create("somebody", time.time(), account=account)
    yield opened
    opened.records.engine.dispose()


def invitation(registry: ConsentRegistry, account: str) -> str:
    return Accounts(registry.records.engine).invite(60.0, time.time(), account=account)


def test_a_revoked_face_is_a_card_within_two_seconds(
    service: Service,
    registry: ConsentRegistry,
    tmp_path: Path,
    record_property: Callable[[str, object], None],
) -> None:
    link, seen = service.new_link(), tmp_path / "seen.mp4"
    worn = ("--identity", "hana", "--engine", "portrait", "--sign-in", invitation(registry, SUBJECT))
    wait_for(lambda: "hana" in names(service, registry), "the face is known")
    with (
        client(service, link, tmp_path / "b", "--record", str(seen)) as other,
        client(service, link, tmp_path / "a", *worn) as performer,
    ):
        performer.until("the face is on")
        other.until("the first frame arrived")
        time.sleep(SOME_FRAMES)
        registry.end(registry.find_by_handle(HANDLE).id, "subject")
        revoked = time.monotonic()
        performer.until("consent_revoked")
        took = time.monotonic() - revoked
        time.sleep(SOME_FRAMES)  # of the card, at the other side
        other.leave()
        leg = performer.leave()["faceLeg"]
    record_property("revoke_to_card_seconds", took)
    print(f"revoke to card: {took:.2f} s")
    assert took < WITHIN_SECONDS
    assert leg["cardFrames"] > 0
    assert is_card(last_picture(seen), "consent_revoked")
    events = [entry.event for entry in registry.audit.entries()]
    [worn_event] = [event for event in events if event.name == "worn"]
    assert worn_event.fields["consent"] == consent_to(persons_bundle()).id
    assert "hana" not in str(events), "the log names the consent, not the face"
    assert events[-1].name != "worn"


def test_another_person_before_the_owners_camera_is_a_card_to_the_end(
    service: Service, registry: ConsentRegistry, tmp_path: Path
) -> None:
    records = EnrolmentRecords(registry.records.engine)
    [enrolled] = records.of_identity("hana")
    records.delete(enrolled.offer.nonce)
    remember_owner(registry, "hana", face_in(portrait("amara")))  # the clip shows somebody else
    link, seen = service.new_link(), tmp_path / "seen.mp4"
    worn = ("--identity", "hana", "--engine", "portrait", "--sign-in", invitation(registry, SUBJECT))
    wait_for(lambda: "hana" in names(service, registry), "the face is known")
    with (
        client(service, link, tmp_path / "b", "--record", str(seen)) as other,
        client(service, link, tmp_path / "a", *worn) as performer,
    ):
        performer.until("the face is on")
        other.until("the first frame arrived")
        time.sleep(SOME_FRAMES)
        other.leave()
        leg = performer.leave()["faceLeg"]
    assert leg["framesReceived"] > 0
    assert leg["cardFrames"] > 0
    assert is_card(last_picture(seen), "not_the_wearer")


@pytest.mark.parametrize("account", ["", STRANGER])
def test_nobody_else_wears_it(
    service: Service, registry: ConsentRegistry, tmp_path: Path, account: str
) -> None:
    wait_for(lambda: "hana" in names(service, registry), "the face is known")
    signed_in = ("--sign-in", invitation(registry, account)) if account else ()
    with client(service, service.new_link(), tmp_path / "a", "--identity", "hana", *signed_in) as asking:
        assert "identity_unknown" in asking.refusal(), "the list does not even show it"


def names(service: Service, registry: ConsentRegistry) -> list[str]:
    """The faces that the call server shows to the person."""

    accounts = Accounts(registry.records.engine)
    cookie = f"talchum-session={accounts.open_session(SUBJECT, 60.0, time.time())}"
    request = urllib.request.Request(f"{service.url()}/api/identities", headers={"Cookie": cookie})
    with urllib.request.urlopen(request, timeout=5) as answer:
        return [identity["name"] for identity in json.load(answer)]


def last_picture(path: Path) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    with av.open(str(path)) as container:
        *_, last = container.decode(video=0)
        return np.asarray(last.to_ndarray(format="rgb24"), np.uint8)


def is_card(picture: np.ndarray[tuple[int, ...], np.dtype[np.uint8]], reason: str) -> bool:
    """Whether a received picture is this card, but for its marks in the lower corner and what codecs do."""
    height, width = picture.shape[:2]
    card = draw_card(width, height, reason)
    upper = slice(0, int(height * 0.75))
    difference = cv2.absdiff(picture[upper], card[upper]).mean()
    return bool(difference < 6.0)
