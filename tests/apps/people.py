"""A person's face in a registry, without anybody: a synthetic person's files, and a consent nobody gave."""

from __future__ import annotations

import os
import time
from dataclasses import replace
from pathlib import Path

from talchum.adapters.enrolment_records import EnrolmentRecords
from talchum.adapters.sealed_templates import KEY_BYTES, PURPOSE, seal_template
from talchum.apps.consent_registry import ConsentRegistry
from talchum.apps.settings import Settings
from talchum.domain.bundle import Bundle
from talchum.domain.consent import Consent, Scope, handle_hash
from talchum.domain.consent_statement import consent_statement
from talchum.domain.enrolment_offer import NONCE_BYTES, nonce_of
from talchum.domain.sighting import Embedding
from tests.adapters.learned_bundles import SHIPPED, learned_bundle
from tests.domain.consents import FRIEND, OWN, SUBJECT
from tests.domain.offers import offer

HANDLE = "HANA-HANA-HANA-HANA-HANA-HANA-HANA-HANA"


def persons_bundle(name: str = "hana", kind: str = "self", *, real_network: bool = False) -> Bundle:
    """A face of kind `self` or `licensed`. real_network: one that can be worn by `neural`."""
    network = SHIPPED.bundle("sora").files["network.onnx"] if real_network else b"a network"
    made = learned_bundle(name, like="sora", network=network)
    return Bundle.of({**made.manifest, "kind": kind}, made.files)


def consent_to(bundle: Bundle, *, handle: str = HANDLE, seconds: int = 3600, since: float = 0.0) -> Consent:
    """A consent to this face, of `SUBJECT` and, if licensed, for `FRIEND`; since: before now, in seconds."""
    scope: Scope = "licensed" if bundle.identity.kind == "licensed" else "self"
    issued = int(time.time() - since) - 1
    licensee = "" if scope == "self" else "Studio"
    return replace(
        OWN,
        identity=bundle.identity.name,
        scope=scope,
        wearers=(SUBJECT,) if scope == "self" else (FRIEND,),
        licensee=licensee,
        statement=consent_statement(scope, licensee=licensee, expires_at=issued + seconds),
        issued_at=issued,
        expires_at=issued + seconds,
        challenge=replace(OWN.challenge, began=issued - 60, ended=issued - 10),
        assets=dict(bundle.identity.files),
        revocation=handle_hash(handle),
    )


def remember_owner(
    registry: ConsentRegistry, identity: str, face: Embedding, *, handle: str = HANDLE
) -> None:
    """Keep whose own face it is, as an enrolment does that became a consent.

    handle: the consent's; a call server soon forgets an enrolment that no consent stands behind.
    """
    records = EnrolmentRecords(registry.records.engine)
    now = time.time()
    nonce = nonce_of(os.urandom(NONCE_BYTES))
    offered = replace(
        offer(),
        nonce=nonce,
        identity=identity,
        expires_at=int(now) + 3600,
        offered_at=now,
        revocation=handle_hash(handle),
    )
    records.add(offered)
    records.take(offered.nonce, offered.subject, now + 1)
    template = seal_template(face, identity, registry.signer.derived_key(PURPOSE, KEY_BYTES))
    records.keep(offered.nonce, capture="cap-none", clip_key=b"", template=template, evidence={})
    records.learned(offered.nonce, {})
    records.close(offered.nonce, "learned", "granted")
    records.forget_recording(offered.nonce)


def registry_in(data: Path) -> ConsentRegistry:
    """The registry of the installation whose state lies there."""
    return ConsentRegistry.open(Settings(redis_url="", data=data))
