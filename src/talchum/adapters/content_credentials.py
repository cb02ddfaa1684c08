"""Content credentials (C2PA) of a file, read with c2pa-python."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import c2pa  # type: ignore[import-untyped]

from talchum.domain.errors import FrameError
from talchum.domain.leg_tag import LegTag
from talchum.domain.recorded_call import MARK_ALGORITHM, SOFT_BINDING
from talchum.domain.verification import CredentialsFinding, CredentialsState

# Whoever wrote the file must not learn who looks at it, nor have this machine ask where they say.
_NO_NETWORK = {"remote_manifest_fetch": False, "ocsp_fetch": False}
_STATES: dict[str | None, CredentialsState] = {"Trusted": "trusted", "Valid": "valid"}


def read_credentials(path: Path, anchors: str = "") -> CredentialsFinding:
    """The credentials of a file; `none` where it has none or can have none.

    anchors: certificates (PEM) that a `trusted` signature leads to.
    """
    settings: dict[str, Any] = {"verify": {"verify_trust": True, **_NO_NETWORK}}
    if anchors:
        settings["trust"] = {"user_anchors": anchors}
    try:
        with c2pa.Context(c2pa.Settings.from_dict(settings)) as context:
            reader = c2pa.Reader.try_create(str(path), context=context)
            if reader is None:
                return CredentialsFinding()
            with reader:
                state = _STATES.get(reader.get_validation_state(), "invalid")
                return CredentialsFinding(state, _tags(json.loads(reader.json())))
    except c2pa.C2paError.NotSupported:
        return CredentialsFinding()
    except c2pa.C2paError:
        # There is a manifest, or what is left of one, that cannot be read.
        return CredentialsFinding("invalid")


def _tags(store: dict[str, Any]) -> frozenset[str]:
    """Of the legs that the active manifest's soft bindings name."""
    manifest = store.get("manifests", {}).get(store.get("active_manifest"), {})
    tags = set()
    for assertion in manifest.get("assertions", ()):
        data = assertion.get("data")
        if not str(assertion.get("label", "")).startswith(SOFT_BINDING) or not isinstance(data, dict):
            continue
        if data.get("alg") != MARK_ALGORITHM:
            continue
        for block in data.get("blocks", ()):
            try:
                tags.add(str(LegTag.parse(str(block.get("value")))))
            except FrameError:
                continue
    return frozenset(tags)
