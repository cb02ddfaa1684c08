"""Figures from RTCStatsReports and from the frames that arrived."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from talchum.domain.frame import I420Frame
from talchum.vision.detection import FaceDetector
from talchum.vision.networks import default_networks_directory, network_path
from talchum.vision.runtime import open_session
from tests.browser import canary
from tests.browser.received import ReceivedFrame

Statistics = list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Arrived:
    """What came from another person between two looks.

    frames: video frames decoded a second. width, height: of the last one. energy: of the sound a second
    (totalAudioEnergy, W3C webrtc-stats). packets: of sound a second. concealed: share of sound made up.
    """

    frames: float
    width: int
    height: int
    energy: float
    packets: float
    concealed: float


def arrived(before: Statistics, after: Statistics) -> Arrived:
    """What came in between; both of one person, for the connections to other participants only."""
    if not _people(before):
        return Arrived(0.0, 0, 0, 0.0, 0.0, 0.0)  # nobody was there yet
    seconds = (_people(after)[0]["at"] - _people(before)[0]["at"]) / 1000
    video = _inbound(after, "video")
    sound = _difference(before, after, "audio")
    return Arrived(
        frames=_difference(before, after, "video")("framesDecoded") / seconds,
        width=int(video.get("frameWidth", 0)),
        height=int(video.get("frameHeight", 0)),
        energy=sound("totalAudioEnergy") / seconds,
        packets=sound("packetsReceived") / seconds,
        concealed=sound("concealedSamples") / max(1.0, sound("totalSamplesReceived")),
    )


@dataclass(frozen=True, slots=True)
class Route:
    """The candidate pair in use. relayed: through TURN, at either end. protocol: udp, tcp or tls to ours."""

    relayed: bool
    protocol: str


def routes(statistics: Statistics, *, leg: bool = False) -> list[Route]:
    """The route of every connected connection to a participant, or to a face worker."""
    found = []
    for connection in statistics:
        entries = connection["entries"]
        if connection["leg"] is not leg or connection["state"] != "connected":
            continue
        for transport in entries.values():
            pair = entries.get(transport.get("selectedCandidatePairId", ""))
            if transport["type"] == "transport" and pair is not None:
                local, remote = entries[pair["localCandidateId"]], entries.get(pair["remoteCandidateId"], {})
                relayed = "relay" in (local["candidateType"], remote.get("candidateType"))
                found.append(Route(relayed, local.get("relayProtocol", local.get("protocol", ""))))
    return found


FLAT_STEP = 8  # luma levels around the median that count as one surface
FLAT_SHARE = 0.6  # of a drawn card 0.8 and more is one surface, of the performer's room 0.2


@dataclass(frozen=True, slots=True)
class Glimpse:
    """What one received frame shows. arrival: wall clock, seconds. canary: the camera's. face: a person's."""

    arrival: float
    canary: bool
    face: bool


def glimpse(frame: ReceivedFrame) -> Glimpse:
    """Searches a frame for the canary and for a face on a person."""
    return Glimpse(frame.arrival, canary.search(frame.picture).found, shows_person(frame.picture))


def shows_person(picture: I420Frame) -> bool:
    """Whether the project's own detector sees a face, and the picture is no drawn card.

    The mask that is drawn on the cards is a face to the detector, so a card is told by its one flat surface.
    """
    luma = picture.y.astype(np.int16)
    flat = float((np.abs(luma - np.median(luma)) <= FLAT_STEP).mean())
    return flat < FLAT_SHARE and bool(_detector().detect(picture))


def share_of_faces(glimpses: Sequence[Glimpse]) -> float:
    """The share of frames that show a face, 0 to 1."""
    return sum(one.face for one in glimpses) / max(1, len(glimpses))


def share_of_canaries(glimpses: Sequence[Glimpse]) -> float:
    """The share of frames that show the camera, 0 to 1."""
    return sum(one.canary for one in glimpses) / max(1, len(glimpses))


@cache
def _detector() -> FaceDetector:
    return FaceDetector(
        open_session(network_path("face_detection_short_range", default_networks_directory()))
    )


def _people(statistics: Statistics) -> Sequence[dict[str, Any]]:
    return [connection for connection in statistics if not connection["leg"]]


def _inbound(statistics: Statistics, kind: str) -> dict[str, Any]:
    """The newest incoming stream of a kind, {} when there is none."""
    streams = [
        entry
        for connection in _people(statistics)
        for entry in connection["entries"].values()
        if entry["type"] == "inbound-rtp" and entry["kind"] == kind
    ]
    return streams[-1] if streams else {}


def _difference(before: Statistics, after: Statistics, kind: str) -> Callable[[str], float]:
    earlier, later = _inbound(before, kind), _inbound(after, kind)
    return lambda name: float(later.get(name, 0)) - float(earlier.get(name, 0))
