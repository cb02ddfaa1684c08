"""The JSON Schemas that ship describe what there really is, and refuse what the program refuses."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from tests.adapters.learned_bundles import SHIPPED, learned_bundle
from tests.domain.consents import OWN, licensed

SCHEMAS = Path(__file__).parent.parent / "src" / "talchum" / "schemas"
DOCS = Path(__file__).parent.parent / "docs"


def validator(name: str) -> Draft202012Validator:
    schema = json.loads((SCHEMAS / f"{name}.schema.json").read_text())
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


@pytest.mark.parametrize("name", [identity.name for identity in SHIPPED.list()])
def test_every_manifest_that_ships_fits_its_schema(name: str) -> None:
    validator("identity").validate(dict(SHIPPED.bundle(name).manifest))


@pytest.mark.parametrize("kind", ["synthetic", "self", "licensed"])
def test_a_learned_bundle_fits_it_too(kind: str) -> None:
    validator("identity").validate({**learned_bundle("hana").manifest, "kind": kind})


@pytest.mark.parametrize(
    "change",
    [{"kind": "photograph"}, {"photo": "me.jpg"}, {"engines": []}, {"files": {}}, {"name": "../sora"}],
)
def test_what_is_no_manifest_does_not_fit(change: dict[str, Any]) -> None:
    assert not validator("identity").is_valid({**SHIPPED.bundle("sora").manifest, **change})


@pytest.mark.parametrize("consent", [OWN, licensed()], ids=["self", "licensed"])
def test_every_consent_record_fits_its_schema(consent: Any) -> None:
    validator("consent").validate(consent.claims("talchum"))


@pytest.mark.parametrize(
    "change",
    [{"adult": False}, {"version": 2}, {"licensee": "Studio"}, {"wearers": []}, {"photo": "me.jpg"}],
)
def test_what_is_no_consent_record_does_not_fit(change: dict[str, Any]) -> None:
    assert not validator("consent").is_valid({**OWN.claims("talchum"), **change})


@pytest.mark.parametrize(("page", "name"), [("consent.md", "consent"), ("identities.md", "identity")])
def test_every_field_of_a_schema_is_named_on_its_page(page: str, name: str) -> None:
    text = (DOCS / page).read_text()
    schema = validator(name).schema
    assert f"{name}.schema.json" in text
    assert isinstance(schema, dict)
    for field in schema["properties"]:
        assert f"`{field}`" in text, f"{field} is not on {page}"
