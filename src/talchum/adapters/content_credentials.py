"""Content credentials (C2PA) of a file, read with c2pa-python."""

from __future__ import annotations

import json
import mmap
from pathlib import Path
from typing import Any

import c2pa  # type: ignore[import-untyped]

from talchum.domain.errors import FrameError
from talchum.domain.leg_tag import LegTag
from talchum.domain.recorded_call import MARK_ALGORITHM, RECORDING, SOFT_BINDING
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
                manifest = _active_manifest(json.loads(reader.json()))
                return CredentialsFinding(state, _tags(manifest), _names_talchum(manifest))
    except c2pa.C2paError.NotSupported:
        return CredentialsFinding()
    except c2pa.C2paError:
        # There is a manifest, or what is left of one, that cannot be read.
        return CredentialsFinding("invalid", names_talchum=_has_left_of_ours(path))


def _active_manifest(store: dict[str, Any]) -> dict[str, Any]:
    manifest: dict[str, Any] = store.get("manifests", {}).get(store.get("active_manifest"), {})
    return manifest


def _names_talchum(manifest: dict[str, Any]) -> bool:
    assertions = manifest.get("assertions", ())
    return any(
        assertion.get("label") == RECORDING
        or (isinstance(data := assertion.get("data"), dict) and data.get("alg") == MARK_ALGORITHM)
        for assertion in assertions
    )


def _has_left_of_ours(path: Path) -> bool:
    """Whether a file with a manifest that cannot be read still has the names of our assertions in it."""
    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            return any(data.find(name.encode()) >= 0 for name in (RECORDING, MARK_ALGORITHM))
    except (OSError, ValueError):  # also an empty file
        return False


def _tags(manifest: dict[str, Any]) -> frozenset[str]:
    """Of the legs that a manifest's soft bindings name."""
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
