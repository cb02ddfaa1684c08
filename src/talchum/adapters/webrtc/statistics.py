"""What a connection says of itself (W3C webrtc-stats)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import webrtc

from talchum.domain.delays import NOTHING_YET, Total
from talchum.protocol.messages import CallRoute

Route = Literal["direct", "relay"]


@dataclass(frozen=True, slots=True)
class PeerStats:
    """What a connection says of itself; None where nothing is known yet. Times in seconds.

    path: the same as `route`, as the call server counts it.
    encoding, pacing: of the video that is sent, over frames and over packets.
    video_processing: from a frame's first packet to the decoded frame. voice_buffering: of samples in the
    jitter buffer, over samples. All four count from the connection's beginning.
    """

    route: Route | None = None
    path: CallRoute | None = None
    round_trip_time: float | None = None
    frames_per_second_in: float | None = None
    frames_per_second_out: float | None = None
    frames_received: int = 0
    frames_dropped: int = 0
    width_out: int = 0
    height_out: int = 0
    encoding: Total = NOTHING_YET
    pacing: Total = NOTHING_YET
    video_processing: Total = NOTHING_YET
    voice_buffering: Total = NOTHING_YET

    def sending_since(self, before: PeerStats) -> float | None:
        """What a picture spent in our encoder and pacer in between, None when none was sent."""
        encoding = self.encoding.mean_since(before.encoding)
        pacing = self.pacing.mean_since(before.pacing)
        return None if encoding is None or pacing is None else encoding + pacing

    def arriving_since(self, before: PeerStats) -> float | None:
        """From the other side's sender to the decoded picture in between, None when none came."""
        received, trip = self.receiving_since(before), self.round_trip_time
        return None if received is None or trip is None else trip / 2 + received

    def receiving_since(self, before: PeerStats) -> float | None:
        """From a picture's first packet to the decoded picture in between, None when none came."""
        return self.video_processing.mean_since(before.video_processing)


def summary(report: webrtc.RTCStatsReport) -> PeerStats:
    """Read from an engine's report what is told of a connection."""
    stats = PeerStats()
    for entry in report.values():
        if isinstance(entry, webrtc.RTCTransportStats):
            stats = _with_route(stats, report, entry)
        elif isinstance(entry, webrtc.RTCInboundRtpStreamStats):
            stats = _with_voice(stats, entry) if entry.kind == "audio" else _with_video(stats, entry)
        elif isinstance(entry, webrtc.RTCOutboundRtpStreamStats) and entry.kind == "video":
            stats = _with_sent_video(stats, entry)
    return stats


def _with_route(
    stats: PeerStats, report: webrtc.RTCStatsReport, transport: webrtc.RTCTransportStats
) -> PeerStats:
    pair = report.get(transport.selected_candidate_pair_id) if transport.selected_candidate_pair_id else None
    if not isinstance(pair, webrtc.RTCIceCandidatePairStats):
        return stats
    local, remote = report.get(pair.local_candidate_id), report.get(pair.remote_candidate_id)
    route: Route = "relay" if _is_relay(local) or _is_relay(remote) else "direct"
    path = _path_between(local, remote)
    return replace(stats, route=route, path=path, round_trip_time=pair.current_round_trip_time)


def _with_video(stats: PeerStats, entry: webrtc.RTCInboundRtpStreamStats) -> PeerStats:
    return replace(
        stats,
        frames_per_second_in=entry.frames_per_second,
        frames_received=entry.frames_received or 0,
        frames_dropped=entry.frames_dropped or 0,
        video_processing=Total(entry.total_processing_delay or 0.0, entry.frames_decoded or 0),
    )


def _with_voice(stats: PeerStats, entry: webrtc.RTCInboundRtpStreamStats) -> PeerStats:
    buffering = Total(entry.jitter_buffer_delay or 0.0, entry.jitter_buffer_emitted_count or 0)
    return replace(stats, voice_buffering=buffering)


def _with_sent_video(stats: PeerStats, entry: webrtc.RTCOutboundRtpStreamStats) -> PeerStats:
    return replace(
        stats,
        frames_per_second_out=entry.frames_per_second,
        width_out=entry.frame_width or 0,
        height_out=entry.frame_height or 0,
        encoding=Total(entry.total_encode_time or 0.0, entry.frames_encoded or 0),
        pacing=Total(entry.total_packet_send_delay or 0.0, entry.packets_sent or 0),
    )


def _path_between(local: object, remote: object) -> CallRoute:
    """By the end that is further from being reached as it is."""
    if _is_relay(local):
        relays: dict[str | None, CallRoute] = {"udp": "relay-udp", "tcp": "relay-tcp", "tls": "relay-tls"}
        return relays.get(getattr(local, "relay_protocol", None), "relay")
    types = {getattr(end, "candidate_type", None) for end in (local, remote)}
    order: tuple[CallRoute, ...] = ("relay", "prflx", "srflx")
    return next((kind for kind in order if kind in types), "host")


def _is_relay(candidate: object) -> bool:
    return isinstance(candidate, webrtc.RTCIceCandidateStats) and candidate.candidate_type == "relay"
