"""A performer and the call server between it and a face leg, reduced to what the leg needs."""

from __future__ import annotations

import asyncio
import threading
import time
from dataclasses import dataclass, field
from typing import cast

import numpy as np

from talchum.adapters.webrtc.peer import PeerOptions
from talchum.adapters.webrtc.remote_tracks import Glimpse, RemoteVideo
from talchum.adapters.webrtc.sources import CameraVideo
from talchum.domain.consent import Consent
from talchum.domain.errors import IdentityError
from talchum.domain.frame import CompositorKey, EgressFrame, EgressKind, I420Frame
from talchum.domain.identity import IdentityKind
from talchum.protocol.leg_messages import (
    FromFaceWorker,
    Report,
    Wear,
    decode_face_worker_message,
    encode_leg_message,
)
from talchum.protocol.messages import (
    Describe,
    Described,
    IceCandidate,
    Peer,
    PeerJoined,
    PeerLeft,
    ServerMessage,
    SessionDescription,
    Trickle,
    Trickled,
    Welcome,
)
from talchum.vision.pipeline import WornFace
from talchum.vision.wearer import WearerCheck
from tests.adapters.peers import Side, picture
from tests.adapters.signalling_double import Double

PERFORMER = "p1"
WORN_LEVELS = {"bune": 200, "veil": 60, "hana": 140}
NEURAL_LEVEL = 90
CARD_LEVEL = 16


@dataclass
class FakeRights:
    """A person's face is worn by the consent to it that is here."""

    consents: dict[str, Consent] = field(default_factory=dict)

    def by_which(self, account: str, identity: str) -> Consent | None:
        consent = self.consents.get(identity)
        return consent if consent is not None and account in consent.wearers else None


@dataclass
class FakeOwners:
    """Checks of owners that are told from each other by who asked for them; `unknown` have none."""

    unknown: set[str] = field(default_factory=set)
    checks: dict[str, WearerCheck] = field(default_factory=dict)

    def check(self, identity: str) -> WearerCheck:
        if identity in self.unknown:
            raise IdentityError("got a face without its enrolment", code="owner_unknown")
        return self.checks.setdefault(identity, cast("WearerCheck", object()))


class FakePipeline:
    """Paints the whole frame in the worn identity's grey; `stuck` holds it in a stage.

    engine_seconds: what a frame takes, by engine.
    """

    def __init__(self) -> None:
        self.worn: WornFace | None = None
        self.wearer: WearerCheck | None = None
        self.stuck = threading.Event()
        self.free = threading.Event()
        self.threads: set[str] = set()
        self.frames = 0
        self.engine_seconds: dict[str, float] = {}

    def wear(self, face: WornFace, wearer: WearerCheck | None = None) -> None:
        self.worn, self.wearer = face, wearer

    def take_off(self) -> None:
        self.worn = None

    def transform(self, frame: I420Frame, now: float) -> EgressFrame:
        self.threads.add(threading.current_thread().name)
        self.frames += 1
        if self.stuck.is_set():
            self.free.wait(30)
        if self.worn is None:
            return self._flat(frame.width, frame.height, CARD_LEVEL, "card", "nothing_ready")
        time.sleep(self.engine_seconds.get(self.worn.engine, 0.0))
        return self._flat(frame.width, frame.height, self._level(self.worn), "face", "")

    def idle(self, now: float) -> EgressFrame:
        return self._flat(640, 480, CARD_LEVEL, "card", "late")

    def card(self, width: int, height: int, media_time: float, reason: str) -> EgressFrame:
        return self._flat(width, height, CARD_LEVEL, "card", reason)

    def _level(self, face: WornFace) -> int:
        return NEURAL_LEVEL if face.engine == "neural" else WORN_LEVELS[face.identity]

    def _flat(self, width: int, height: int, level: int, kind: EgressKind, reason: str) -> EgressFrame:
        buffer = np.full(I420Frame.size_of(width, height), 128, np.uint8)
        frame = I420Frame(buffer, width, height, 0.0)
        frame.y[:] = level
        return EgressFrame(frame, kind, reason, {"trackTime": 0.001}, CompositorKey())


class RoomDouble(Double):
    """The call server for the leg, with the performer on its other side."""

    def __init__(self, performer: Performer) -> None:
        super().__init__()
        self.performer = performer
        self.viewers: dict[str, Viewer] = {}
        performer.room = self

    def _welcome(self) -> Welcome:
        performer = Peer(id=PERFORMER, role="participant", polite=True)
        return Welcome(
            session="room.fedcba9876543210",
            peer="w1",
            role="face-worker",
            peers=[performer],
            ice_servers=[],
            ice_servers_expire_in=600,
            resume_within=30,
        )

    async def _take(self, socket: object, message: object) -> None:
        match message:
            case Describe(to=to, description=description):
                self._side(to).peer.receive_description(description)
            case Trickle(to=to, candidate=candidate):
                self._side(to).peer.receive_candidate(candidate)
        await super()._take(socket, message)  # type: ignore[arg-type]

    def _side(self, name: str) -> Performer | Viewer:
        return self.viewers.get(name, self.performer)


class Performer(Side):
    """A client with a camera: it offers, shows a ramp and looks at what comes back."""

    def __init__(self) -> None:
        super().__init__(PeerOptions(audience="face-worker", polite=False))
        self.room: RoomDouble | None = None
        self.camera = CameraVideo()
        self.levels: list[int] = []
        self.said: list[FromFaceWorker] = []
        self.tasks: set[asyncio.Task[None]] = set()

    async def offer(self) -> None:
        self.peer.open_channel("talchum")
        await self.peer.send_video(self.camera)
        self._spawn(self._play())

    async def _play(self) -> None:
        while True:
            self.camera.send(picture())
            await asyncio.sleep(1 / 30)

    def stop_camera(self) -> None:
        for task in self.tasks:
            task.cancel()

    def wear(self, identity: str, engine: str | None = None) -> bool:
        return self.peer.send_message(encode_leg_message(Wear(identity=identity, engine=engine)))

    @property
    def reports(self) -> list[Report]:
        return [message for message in self.said if isinstance(message, Report)]

    def description_made(self, description: SessionDescription) -> None:
        self.descriptions.append(description)
        self._push(Described(from_=PERFORMER, description=description))

    def candidate_found(self, candidate: IceCandidate) -> None:
        self._push(Trickled(from_=PERFORMER, candidate=candidate))

    def video_arrived(self, video: RemoteVideo) -> None:
        video.watch(self._look)

    def message_arrived(self, text: str) -> None:
        self.said.append(decode_face_worker_message(text))

    def _look(self, glimpse: Glimpse) -> None:
        self.levels.append(int(glimpse.strip.mean()))

    async def leave(self) -> None:
        self._push(PeerLeft(peer=PERFORMER, reason="left"))

    async def close(self) -> None:
        self.stop_camera()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        await self.peer.close()
        await self.camera.close()

    def _push(self, message: ServerMessage) -> None:
        assert self.room is not None
        self._spawn(self.room.push(message))

    def _spawn(self, work: object) -> None:
        task = asyncio.ensure_future(work)  # type: ignore[call-overload]
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)


class Viewer(Side):
    """Another participant, to whom the leg was opened: it offers to take video and looks at what comes."""

    def __init__(self, name: str, room: RoomDouble) -> None:
        super().__init__(PeerOptions(audience="participant", polite=False))
        self.name = name
        self.room = room
        self.tasks: set[asyncio.Task[None]] = set()
        self.levels: list[int] = []
        room.viewers[name] = self

    async def open(self, *, receive: bool = True) -> None:
        await self.room.push(PeerJoined(peer=Peer(id=self.name, role="participant", polite=True)))
        if receive:
            self.peer.receive_video()

    def seen(self) -> set[int]:
        """The greys of the double's faces, as near as the codec leaves them."""
        return {
            level for level in WORN_LEVELS.values() for seen in self.levels[-3:] if abs(seen - level) < 12
        }

    def description_made(self, description: SessionDescription) -> None:
        self.descriptions.append(description)
        self._push(Described(from_=self.name, description=description))

    def candidate_found(self, candidate: IceCandidate) -> None:
        self._push(Trickled(from_=self.name, candidate=candidate))

    def _push(self, message: ServerMessage) -> None:
        task = asyncio.ensure_future(self.room.push(message))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    def video_arrived(self, video: RemoteVideo) -> None:
        video.watch(lambda glimpse: self.levels.append(int(glimpse.strip.mean())))


def worn(identity: str, engine: str | None = None) -> WornFace:
    kind: IdentityKind = "self" if identity == "hana" else "synthetic"
    return WornFace(identity, kind, engine or "portrait", frozenset(), None)


def started() -> float:
    return time.monotonic()
