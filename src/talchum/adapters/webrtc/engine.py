"""Settings of the engine, which it takes once a process."""

from __future__ import annotations

import webrtc

from talchum.domain.errors import PeerConnectionError

ZERO_PLAYOUT_DELAY = {
    "WebRTC-ForcePlayoutDelay": "min_ms:0,max_ms:0",
    "WebRTC-ForceSendPlayoutDelay": "min_ms:0,max_ms:0",
}

ENGINE_ERRORS = (webrtc.PythonWebRTCExceptionBase, webrtc.RTCException, TypeError, ValueError)
"""What the engine raises for something that it does not take."""


def prepare_engine(*, zero_playout_delay: bool, allow_loopback: bool) -> None:
    """Settle what the engine fixes at a process's first connection.

    zero_playout_delay: show each frame when it is complete and ask the other side to do so; it takes a 720p30
    echo from 92-114 to 53 ms (docs/latency.md).
    allow_loopback: gather loopback candidates too, for a service that runs on one machine.
    Raises PeerConnectionError (`engine_running`) when a connection was made before.
    """
    try:
        if zero_playout_delay:
            webrtc.field_trials.update(ZERO_PLAYOUT_DELAY)
        if allow_loopback:
            webrtc.allow_loopback()
    except webrtc.InvalidStateError as error:
        raise PeerConnectionError(
            "got engine settings after the first connection, expected them before it",
            code="engine_running",
            retryable=False,
        ) from error
