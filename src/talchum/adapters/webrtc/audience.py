"""Who may be sent what; the table is in this package's docstring."""

from __future__ import annotations

from typing import Literal

from talchum.adapters.webrtc.sources import CameraVideo, EgressVideo, ReturnedVideo, VideoSource
from talchum.domain.errors import PeerConnectionError

Audience = Literal["performer", "face-worker", "participant"]


def check_source(source: VideoSource, audience: Audience, *, own_face: bool) -> None:
    """Pass only a source that this audience may be sent. own_face: see `PeerOptions`.

    Raises PeerConnectionError (`camera_refused`, `returned_only`, `egress_only`).
    """
    if isinstance(source, CameraVideo):
        allowed = audience == "face-worker" or (audience == "participant" and own_face)
        code = "camera_refused"
    elif isinstance(source, ReturnedVideo):
        allowed, code = audience == "participant", "returned_only"
    else:
        allowed, code = type(source) is EgressVideo, "egress_only"
    if not allowed:
        raise PeerConnectionError(
            f"got {type(source).__name__} for a {audience}, expected a source that may be shown there",
            code=code,
            retryable=False,
        )
