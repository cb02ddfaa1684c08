"""`talchum identities`."""

from __future__ import annotations

import io
import json

from talchum.apps.identities_command import run
from tests.adapters.learned_bundles import SHIPPED


def test_json_is_exactly_name_kind_and_engines() -> None:
    out = io.StringIO()
    assert run(SHIPPED, as_json=True, out=out) == 0
    listed = json.loads(out.getvalue())
    assert all(set(one) == {"name", "kind", "engines"} for one in listed)
    assert {"name": "veil", "kind": "anonymise", "engines": ["veil"]} in listed
    assert {"name": "yangban", "kind": "synthetic", "engines": ["portrait"]} in listed


def test_table_names_every_identity_and_its_maker() -> None:
    out = io.StringIO()
    assert run(SHIPPED, as_json=False, out=out) == 0
    for name in ("yangban", "veil", "faces.masks"):
        assert name in out.getvalue()
