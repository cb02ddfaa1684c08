"""Face-leg round trips at 1280x720@30 beside two plain echoes, in one run with one client.

    python -m benchmarks.face_leg [--out benchmarks/results/face_leg.json] [--rounds 5] [--seconds 8]

Four servers, each a process of its own: the face leg's stage with `portrait` and with `neural`, a plain echo
on the same engine (decode, copy in Python, encode), and a plain echo on aiortc. One client sends stamped
frames to one of them at a time, in turns, and reads the stamps that come back. The bars: portrait p50 at most
1.5 times the plain echo's and at most 0.9 times aiortc's; neural p50 at most 1.7 times the plain echo's.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from benchmarks.machine import REPOSITORY, commit, describe_machine, spread
from benchmarks.pipeline import enlarged_clip
from talchum.adapters.webrtc.audience import Audience
from talchum.adapters.webrtc.engine import prepare_engine
from talchum.adapters.webrtc.listener import PeerListener
from talchum.adapters.webrtc.peer import PeerOptions, WebRtcPeer
from talchum.adapters.webrtc.remote_tracks import Glimpse, RemoteVideo
from talchum.adapters.webrtc.sources import CameraVideo, EgressVideo
from talchum.domain.frame import I420Frame
from talchum.domain.stamp import paint_stamp, read_stamp
from talchum.protocol.messages import IceCandidate, SessionDescription

WIDTH, HEIGHT, FPS = 1280, 720, 30
IDENTITY = "sora"
SETTLE_SECONDS = 3.0  # of each turn, not measured: rate control and caches find themselves again
WARM_SECONDS = 10.0
FACES = ("portrait", "neural")
SERVERS = (*FACES, "echo", "aiortc")
BARS = {("portrait", "echo"): 1.5, ("portrait", "aiortc"): 0.9, ("neural", "echo"): 1.7}

Send = Callable[[dict[str, Any]], None]


# -- servers ------------------------------------------------------------------------------------


class Server(Protocol):
    """One of the four, told what the client says."""

    async def description(self, sdp: str) -> None:
        """The client's offer."""

    async def candidate(self, candidate: dict[str, Any]) -> None:
        """A candidate of the client."""

    async def turn(self, *, on: bool) -> None:
        """The client sends frames from now on, or stops."""


class EngineServer(PeerListener):
    """An echo on the product's own WebRTC adapter; a face engine puts the leg's stage between."""

    def __init__(self, send: Send, face: str | None) -> None:
        prepare_engine(zero_playout_delay=True, allow_loopback=True)
        self._send = send
        self._face = face
        audience: Audience = "participant" if face is None else "performer"
        options = PeerOptions(audience=audience, polite=True, offers=False, own_face=face is None)
        self._peer = WebRtcPeer(options, self)
        self._egress, self._echo = EgressVideo(), CameraVideo()
        self._stage: Any = None
        self._worn: Any = None

    async def description(self, sdp: str) -> None:
        """Answer the client's offer."""
        await self._peer.send_video(self._egress if self._face else self._echo)
        if self._face:
            self._prepare(self._face)
        self._peer.receive_description(SessionDescription(type="offer", sdp=sdp))

    async def candidate(self, candidate: dict[str, Any]) -> None:
        """Use a candidate of the client."""
        self._peer.receive_candidate(IceCandidate(candidate=candidate["candidate"], sdp_mid=candidate["mid"]))

    async def turn(self, *, on: bool) -> None:
        """Run the stage only while frames come, so that its cards cost the others nothing."""
        if not self._face:
            return
        if on:
            from talchum.apps.face_stage import FaceStage
            from talchum.domain.leg_tag import LegTag
            from talchum.vision.marks import Marking
            from talchum.vision.pipeline import FacePipeline

            marking = Marking(LegTag(0))
            self._stage = FaceStage(FacePipeline(self._networks, marking), self._egress.send, marking)
            self._stage.wear(self._worn)
            self._stage.start()
        elif self._stage is not None:
            stage, self._stage = self._stage, None
            await stage.close()

    def description_made(self, description: SessionDescription) -> None:
        """Answer."""
        self._send({"answer": description.sdp})

    def candidate_found(self, candidate: IceCandidate) -> None:
        """Tell a candidate."""
        self._send({"candidate": {"candidate": candidate.candidate, "mid": candidate.sdp_mid}})

    def video_arrived(self, video: RemoteVideo) -> None:
        """Take every frame."""
        video.read(self._take)

    def _take(self, frame: I420Frame, arrived: float) -> None:
        if not self._face:
            self._echo.send(frame)
        elif self._stage is not None:
            self._stage.take(frame, arrived)

    def _prepare(self, engine: str) -> None:
        import cv2

        from talchum.adapters.identity_files import IdentityFiles, default_identities_directory
        from talchum.vision.networks import default_networks_directory
        from talchum.vision.pipeline import FaceNetworks, prepare_worn_face, warm_up

        cv2.setNumThreads(1)
        self._networks = FaceNetworks.load(default_networks_directory())
        warm_up(self._networks)
        assets = IdentityFiles(default_identities_directory()).assets(IDENTITY)
        self._worn = prepare_worn_face(assets, engine, topology=self._networks.topology)


class AiortcServer:
    """The echo of aiortc's own example: what arrives is relayed back."""

    def __init__(self, send: Send) -> None:
        from aiortc import RTCPeerConnection

        self._send = send
        self._connection = RTCPeerConnection()
        self._connection.on("track", lambda track: self._connection.addTrack(track))

    async def description(self, sdp: str) -> None:
        """Answer the client's offer."""
        from aiortc import RTCSessionDescription

        await self._connection.setRemoteDescription(RTCSessionDescription(sdp=sdp, type="offer"))
        await self._connection.setLocalDescription(await self._connection.createAnswer())
        self._send({"answer": self._connection.localDescription.sdp})

    async def candidate(self, candidate: dict[str, Any]) -> None:
        """Use a candidate of the client."""
        from aiortc.sdp import candidate_from_sdp

        if not candidate["candidate"]:
            return
        found = candidate_from_sdp(candidate["candidate"].removeprefix("candidate:"))
        found.sdpMid = candidate["mid"]
        await self._connection.addIceCandidate(found)

    async def turn(self, *, on: bool) -> None:
        """Nothing to do: without frames it does nothing."""


async def serve(name: str) -> None:
    """Speak JSON lines with the client over standard input and output."""

    def send(message: dict[str, Any]) -> None:
        sys.stdout.write(json.dumps(message) + "\n")
        sys.stdout.flush()

    face = name if name in FACES else None
    server: Server = AiortcServer(send) if name == "aiortc" else EngineServer(send, face)
    reader = asyncio.StreamReader(limit=1 << 20)
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        message = json.loads(line)
        if "offer" in message:
            await server.description(message["offer"])
        elif "candidate" in message:
            await server.candidate(message["candidate"])
        else:
            await server.turn(on=message["turn"])


# -- the client ---------------------------------------------------------------------------------


class Target(PeerListener):
    """One server as the client sees it."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.camera = CameraVideo()
        self.ages: list[float] = []
        self.measuring = False
        self.received = 0
        self.seconds = 0.0
        self.cpu = 0.0
        self._peer = WebRtcPeer(PeerOptions(audience="face-worker", polite=True), self)
        self._process: asyncio.subprocess.Process | None = None
        self._answers: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Start the server and connect to it."""
        command = (sys.executable, "-m", "benchmarks.face_leg", "--serve", self.name)
        pipe = asyncio.subprocess.PIPE
        self._process = await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe, limit=1 << 20)
        self._answers = asyncio.create_task(self._listen(self._process))
        await self._peer.send_video(self.camera)
        while self._peer.state != "connected":  # noqa: ASYNC110 - the engine's state, looked at once
            await asyncio.sleep(0.05)

    async def close(self) -> None:
        """End the connection and the server."""
        await self._peer.close()
        await self.camera.close()
        if self._process is not None:
            self._process.terminate()
            await self._process.wait()
        if self._answers is not None:
            self._answers.cancel()

    def say(self, message: dict[str, Any]) -> None:
        """Tell the server."""
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.write((json.dumps(message) + "\n").encode())

    def cpu_seconds(self) -> float:
        """What the server has used so far."""
        assert self._process is not None
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    async def _listen(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None
        while line := await process.stdout.readline():
            message = json.loads(line)
            if "answer" in message:
                self._peer.receive_description(SessionDescription(type="answer", sdp=message["answer"]))
            else:
                found = message["candidate"]
                candidate = IceCandidate(candidate=found["candidate"], sdp_mid=found["mid"])
                self._peer.receive_candidate(candidate)

    def description_made(self, description: SessionDescription) -> None:
        """Offer."""
        self.say({"offer": description.sdp})

    def candidate_found(self, candidate: IceCandidate) -> None:
        """Tell a candidate."""
        self.say({"candidate": {"candidate": candidate.candidate, "mid": candidate.sdp_mid}})

    def video_arrived(self, video: RemoteVideo) -> None:
        """Look at what comes back."""
        video.watch(self._look)

    def _look(self, glimpse: Glimpse) -> None:
        age = read_stamp(glimpse.strip, glimpse.arrived)
        if self.measuring and age is not None and glimpse.width == WIDTH:
            self.ages.append(age)
            self.received += 1


async def play(target: Target, frames: list[I420Frame], seconds: float) -> None:
    """Send stamped frames to one server."""
    start = time.monotonic()
    for index in range(int(seconds * FPS)):
        await asyncio.sleep(max(0.0, start + index / FPS - time.monotonic()))
        frame = frames[index % len(frames)].copy()
        paint_stamp(frame, time.monotonic())
        target.camera.send(frame)


async def take_turn(target: Target, frames: list[I420Frame], seconds: float) -> None:
    """One turn: settle, then measure."""
    target.say({"turn": True})
    await play(target, frames, SETTLE_SECONDS)
    cpu, start, target.measuring = target.cpu_seconds(), time.monotonic(), True
    await play(target, frames, seconds)
    target.measuring = False
    target.cpu += target.cpu_seconds() - cpu
    target.seconds += time.monotonic() - start
    target.say({"turn": False})


async def measure(rounds: int, seconds: float) -> dict[str, Any]:
    """All of them in turns."""
    # The client's own playout delay stays the engine's default, as in a browser.
    prepare_engine(zero_playout_delay=False, allow_loopback=True)
    frames = enlarged_clip()
    targets = [Target(name) for name in SERVERS]
    try:
        for target in targets:
            await target.open()
            target.say({"turn": True})
            await play(target, frames, WARM_SECONDS)
            target.say({"turn": False})
        for _ in range(rounds):
            for target in targets:
                await take_turn(target, frames, seconds)
    finally:
        for target in targets:
            await target.close()
    return {target.name: summary(target) for target in targets}


def summary(target: Target) -> dict[str, Any]:
    """One server's row."""
    return {
        "roundTripMs": spread([1e3 * age for age in target.ages]),
        "framesReceived": target.received,
        "framesPerSecond": round(target.received / target.seconds, 1),
        "serverCores": round(target.cpu / target.seconds, 2),
    }


def main() -> None:
    """Measure, print and write the result."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--out", type=Path, default=REPOSITORY / "benchmarks/results/face_leg.json")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=8.0)
    parser.add_argument("--serve", choices=SERVERS)
    options = parser.parse_args()
    logging.basicConfig(level=logging.WARNING)
    if options.serve is not None:
        asyncio.run(serve(options.serve))
        return
    load = os.getloadavg()[0]
    servers = asyncio.run(measure(options.rounds, options.seconds))
    p50 = {name: server["roundTripMs"]["p50"] for name, server in servers.items()}
    ratios = {(face, plain): round(p50[face] / p50[plain], 2) for face, plain in BARS}
    result = {
        "benchmark": "face_leg",
        "commit": commit(),
        "machine": describe_machine(),
        "loadBefore": round(load, 2),
        "video": f"{WIDTH}x{HEIGHT}@{FPS} VP8",
        "rounds": options.rounds,
        "secondsPerTurn": options.seconds,
        "servers": servers,
        "portraitOverEcho": ratios["portrait", "echo"],
        "portraitOverAiortc": ratios["portrait", "aiortc"],
        "neuralOverEcho": ratios["neural", "echo"],
        "withinBars": all(ratios[name] <= bar for name, bar in BARS.items()),
    }
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(result, indent=2) + "\n")
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
