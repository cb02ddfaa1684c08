"""How long a face stays on after its consent was taken back in a call, to the card at the performer's client.

Every try is a call of its own between two `talchum call`, in a whole installation; what the other side
recorded last must be the card.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.machine import spread
from benchmarks.outcome import Outcome
from talchum.adapters.accounts import Accounts
from talchum.apps.consent_registry import ConsentRegistry
from tests.apps.people import consent_to, persons_bundle, registry_in, remember_owner
from tests.calls.service import Service, running_service
from tests.calls.test_consent import invitation, is_card, last_picture, names
from tests.calls.test_headless_call import SOME_FRAMES, client, wait_for
from tests.domain.consents import SUBJECT
from tests.vision.scenes import clip, face_in

BAR_SECONDS = 2.0


def measure_revocation(n: int) -> Outcome:
    """`n` calls, in each of which the subject takes the face back."""
    times: list[float] = []
    cards = logged = 0
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        with running_service(directory / "service") as service, _registry(service) as registry:
            for number in range(n):
                times.append(_revoke_in_call(service, registry, directory / str(number)))
                cards += is_card(last_picture(directory / str(number) / "seen.mp4"), "consent_revoked")
            events = [entry.event.name for entry in registry.audit.entries()]
            logged = events.count("revoked")
    found = spread(times, 2)
    return Outcome(
        "consent taken back in a call, to the card",
        f"<= {BAR_SECONDS:.0f} s, and in the log",
        f"p95 {found['p95']} s, worst {max(times):.2f} s; {logged} of {n} in the log",
        n,
        max(times) <= BAR_SECONDS and cards == logged == n,
        {"secondsToCard": found, "lastPictureIsCard": cards},
    )


def _revoke_in_call(service: Service, registry: ConsentRegistry, directory: Path) -> float:
    directory.mkdir()
    bundle, handle = persons_bundle(f"hana-{directory.name}", real_network=True), f"{directory.name:0>4}" * 8
    consent = consent_to(bundle, handle=handle)
    registry.grant(bundle, consent)
    face = bundle.identity.name
    remember_owner(registry, face, face_in(clip(1)[0]), handle=handle)
    wait_for(lambda: face in names(service, registry), "the face is known")
    link, seen = service.new_link(), directory / "seen.mp4"
    worn = ("--identity", face, "--engine", "portrait", "--sign-in", invitation(registry, SUBJECT))
    with (
        client(service, link, directory / "b", "--record", str(seen)) as other,
        client(service, link, directory / "a", *worn) as performer,
    ):
        performer.until("the face is on")
        other.until("the first frame arrived")
        revoked = time.monotonic()
        registry.end(consent.id, "subject")
        performer.until("consent_revoked")
        took = time.monotonic() - revoked
        time.sleep(SOME_FRAMES)  # of the card, at the other side
        other.leave()
        performer.leave()
    return took


@contextmanager
def _registry(service: Service) -> Iterator[ConsentRegistry]:
    opened = registry_in(service.directory)
    Accounts(opened.records.engine).create("somebody", time.time(), account=SUBJECT)
    try:
        yield opened
    finally:
        opened.records.engine.dispose()
