"""What a connection says of itself (W3C webrtc-stats)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import webrtc

Route = Literal["direct", "relay"]


@dataclass(frozen=True, slots=True)
class PeerStats:
    """What a connection says of itself; None where nothing is known yet. Times in seconds."""

    route: Route | None
    round_trip_time: float | None
    frames_per_second_in: float | None
    frames_per_second_out: float | None
    frames_received: int
    frames_dropped: int
    width_out: int
    height_out: int


def summary(report: webrtc.RTCStatsReport) -> PeerStats:
    """Read from an engine's report what is told of a connection."""
    route: Route | None = None
    round_trip = fps_in = fps_out = None
    received = dropped = width = height = 0
    for entry in report.values():
        if isinstance(entry, webrtc.RTCTransportStats) and entry.selected_candidate_pair_id:
            pair = report.get(entry.selected_candidate_pair_id)
            if isinstance(pair, webrtc.RTCIceCandidatePairStats):
                ends = (report.get(pair.local_candidate_id), report.get(pair.remote_candidate_id))
                route = "relay" if any(_is_relay(end) for end in ends) else "direct"
                round_trip = pair.current_round_trip_time
        elif isinstance(entry, webrtc.RTCInboundRtpStreamStats) and entry.kind == "video":
            fps_in = entry.frames_per_second
            received, dropped = entry.frames_received or 0, entry.frames_dropped or 0
        elif isinstance(entry, webrtc.RTCOutboundRtpStreamStats) and entry.kind == "video":
            fps_out = entry.frames_per_second
            width, height = entry.frame_width or 0, entry.frame_height or 0
    return PeerStats(route, round_trip, fps_in, fps_out, received, dropped, width, height)


def _is_relay(candidate: object) -> bool:
    return isinstance(candidate, webrtc.RTCIceCandidateStats) and candidate.candidate_type == "relay"
