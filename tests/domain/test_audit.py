from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from talchum.domain.audit import BEGINNING, EVENTS, FIELDS, AuditEntry, AuditEvent, canonical_json, room_name
from talchum.domain.errors import AuditError
from tests.domain.audit_chains import ANN, CALL, CONSENT, ROOM, TAG, chain_of

WORN = {"room": ROOM, "tag": TAG, "kind": "synthetic", "engine": "neural", "identity": "sora"}


def test_the_hash_is_that_of_the_canonical_entry_with_the_hash_before_it() -> None:
    first, second = chain_of(*CALL[:2])
    text = (
        f'{{"event":"participant-joined","fields":{{"participant":"{ANN}","room":"{ROOM}"}},'
        f'"previous":"{first.hash}","seq":2,"time":1764000001000}}'
    )
    assert first.previous == BEGINNING
    assert second.hash == hashlib.sha256(text.encode()).hexdigest()
    assert second.unaltered


def test_an_entry_is_read_back_from_its_line() -> None:
    for entry in chain_of(*CALL):
        assert AuditEntry.parse(entry.line()) == entry


def test_canonical_json_escapes_as_rfc_8785_does() -> None:
    value = {"b": "\u20ac$\u000f\nA'\u0042\"\\/", "a": [1, True, None]}
    assert canonical_json(value) == '{"a":[1,true,null],"b":"\u20ac$\\u000f\\nA\'B\\"\\\\/"}'


def test_every_field_of_an_event_has_a_pattern() -> None:
    assert {field.rstrip("?") for fields in EVENTS.values() for field in fields} == set(FIELDS)


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("somebody-sneezed", {"room": ROOM}),
        ("call-opened", {}),
        ("call-opened", {"room": ROOM, "address": "192.0.2.7"}),
        ("call-opened", {"room": "k" * 22}),
        ("participant-joined", {"room": ROOM, "participant": "Kim Minji"}),
        ("participant-left", {"room": ROOM, "participant": ANN, "reason": "got 192.0.2.7"}),
        ("leg-ended", {"room": ROOM, "tag": TAG.lower(), "reason": "left"}),
        ("disclosed", {"room": ROOM, "tags": TAG, "to": ANN}),
        ("disclosed", {"room": ROOM, "tags": [TAG] * 9, "to": ANN}),
        ("gap", {"lost": -1}),
        ("gap", {"lost": True}),
        ("gap", {"lost": 1.5}),
        ("worn", {**WORN, "kind": "stolen"}),
        ("worn", {**WORN, "kind": "self"}),
        ("worn", {**WORN, "consent": CONSENT}),
        ("worn", {**WORN, "kind": "licensed", "consent": CONSENT}),
    ],
)
def test_what_is_not_in_the_closed_set_cannot_get_in(name: str, fields: dict[str, Any]) -> None:
    with pytest.raises(AuditError) as caught:
        AuditEvent(name, fields)
    assert caught.value.code == "audit_event_refused"
    assert "192.0.2.7" not in caught.value.message


def test_a_face_of_a_person_is_named_by_its_consent_alone() -> None:
    fields = {key: value for key, value in WORN.items() if key != "identity"}
    AuditEvent("worn", {**fields, "kind": "licensed", "consent": CONSENT})
    AuditEvent("worn", WORN)


@pytest.mark.parametrize(
    "change",
    [
        {"seq": 0},
        {"seq": "1"},
        {"time": 1.5},
        {"previous": "x"},
        {"hash": None},
        {"event": ["call-opened"]},
        {"fields": [ROOM]},
        {"fields": {"room": ROOM, "name": "Kim"}},
        {"note": "x"},
    ],
)
def test_a_malformed_entry_is_refused(change: dict[str, Any]) -> None:
    (entry,) = chain_of(CALL[0])
    with pytest.raises(AuditError) as caught:
        AuditEntry.read({**json.loads(entry.line()), **change})
    assert caught.value.code == "audit_entry_malformed"


@given(st.text())
def test_no_line_does_more_than_be_refused(line: str) -> None:
    with pytest.raises(AuditError):
        AuditEntry.parse(line)


def test_a_room_is_named_by_who_knows_its_key() -> None:
    assert room_name("k" * 22) == ROOM
    assert room_name("l" * 22) != ROOM
