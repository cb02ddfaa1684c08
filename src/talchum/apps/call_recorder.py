"""One recording of a call: joins the room as a recorder, takes what every participant sends, and signs it.

It is sent what other participants are sent, and nothing more. The film lies in files without names until it
is signed and sealed, so that a process that ends early leaves nothing.
"""

from __future__ import annotations

import asyncio
import logging
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import IO

from talchum.adapters.call_film import CallFilm
from talchum.adapters.network_addresses import addresses_of
from talchum.adapters.signalling_client import SignallingClient
from talchum.adapters.signing import unverified_claims
from talchum.adapters.webrtc.listener import PeerListener
from talchum.adapters.webrtc.peer import PeerOptions, WebRtcPeer
from talchum.adapters.webrtc.remote_tracks import RemoteVideo, RemoteVoice
from talchum.domain.disclosure import Disclosure
from talchum.domain.errors import AdmissionError, MessageError, PeerConnectionError, StatementError
from talchum.domain.recorded_call import RecordedPicture, manifest_of
from talchum.protocol.messages import (
    Describe,
    Described,
    Disclosed,
    IceCandidate,
    IceServer,
    IceServersIssued,
    Peer,
    ServerMessage,
    SessionDescription,
    StateChanged,
    Trickle,
    Trickled,
    Welcome,
)
from talchum.protocol.session_description import check_candidate, check_session_description
from talchum.protocol.worker_candidates import Reachability, WorkerCandidates, servers_for, turn_hosts

logger = logging.getLogger(__name__)

LONGEST_SECONDS = 2 * 3600.0
WATCH_SECONDS = 1.0
MAX_STATEMENTS = 64
CLOCK_TOLERANCE = 24 * 3600.0
"""The statements come from the call server that has just signed them."""

Keep = Callable[[IO[bytes], dict[str, object]], None]
"""Signs a film with this manifest and keeps it; blocks."""


@dataclass(frozen=True, slots=True)
class RecordingOrder:
    """What to record. recording: its name in the audit log."""

    server_url: str
    ticket: str
    recording: str
    ice_servers: tuple[IceServer, ...] = ()


class RecordedParticipant(PeerListener):
    """The connection to one participant, whose picture and voice go into the film.

    place: of their picture in the film, from the left. candidates: which of theirs are taken.
    """

    def __init__(
        self,
        peer: Peer,
        place: int,
        film: CallFilm,
        client: SignallingClient,
        options: PeerOptions,
        candidates: WorkerCandidates,
    ) -> None:
        self.id = peer.id
        self.picture = RecordedPicture(own_face=peer.state.own_face)
        self._place = place
        self._film = film
        self._client = client
        self._candidates = candidates
        self.peer = WebRtcPeer(options, self)

    def receive_description(self, description: SessionDescription) -> None:
        """An offer of theirs, without the candidates nobody sends to."""
        check_session_description(description)
        self.peer.receive_description(self._candidates.strip(description))

    def receive_candidate(self, candidate: IceCandidate) -> None:
        """A candidate of theirs, if it is one to send to."""
        check_candidate(candidate)
        if self._candidates.takes(candidate):
            self.peer.receive_candidate(candidate)

    # -- from the connection

    def description_made(self, description: SessionDescription) -> None:
        """Send the answer."""
        self._client.send(Describe(to=self.id, description=description))

    def candidate_found(self, candidate: IceCandidate) -> None:
        """Send a candidate."""
        self._client.send(Trickle(to=self.id, candidate=candidate))

    def video_arrived(self, video: RemoteVideo) -> None:
        """Film what is sent, whatever it is: a worn face, a card, or an own face."""
        video.read(lambda frame, _arrived: self._film.see(self._place, frame))

    def voice_arrived(self, voice: RemoteVoice) -> None:
        """And what is said."""
        voice.read(lambda samples, rate: self._film.hear(self._place, samples, rate, time.monotonic()))

    def failed(self, error: PeerConnectionError) -> None:
        """The next description may be a better one."""
        logger.warning("a recording could not negotiate: %s", error.code)


class CallRecorder:
    """Records one call from joining until the room ends it; everything runs on one event loop.

    work: directory for the film while it is made. reachable: as of a face worker.
    """

    def __init__(
        self, order: RecordingOrder, keep: Keep, work: Path, *, reachable: Reachability = "direct"
    ) -> None:
        self._order = order
        self._keep = keep
        self._work = work
        self._reachable = reachable
        self._candidates = WorkerCandidates()
        self._client = SignallingClient(order.server_url, order.ticket, self._on_message, resume=False)
        self._file: IO[bytes] | None = None
        self._film: CallFilm | None = None
        self._participants: dict[str, RecordedParticipant] = {}
        self._statements: list[str] = []
        self._ended = asyncio.Event()
        self.reason = ""

    async def run(self) -> None:
        """Record, then sign and keep what was recorded. Raises MediaFileError, and what `keep` raises."""
        servers = servers_for(self._reachable, self._order.ice_servers)
        if self._reachable == "relay":
            self._candidates = WorkerCandidates(await addresses_of(turn_hosts(servers)))
        with tempfile.TemporaryFile(dir=self._work) as file:
            self._file = file
            tasks = [asyncio.create_task(step()) for step in (self._signal, self._watch)]
            try:
                await self._ended.wait()
            finally:
                await self._client.leave()  # while there is a socket to say it on
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
                for participant in self._participants.values():
                    await participant.peer.close()
            logger.info("a recording ended: %s", self.reason)
            if self._film is not None:
                await asyncio.to_thread(self._finish, self._film, file)

    def end(self, reason: str) -> None:
        """End the recording soon; what was recorded is kept."""
        if not self._ended.is_set():
            self.reason = reason
            self._ended.set()

    def _finish(self, film: CallFilm, file: IO[bytes]) -> None:
        film.close()
        pictures = [participant.picture for participant in self._participants.values()]
        manifest = manifest_of(
            pictures, self._statements, recording=self._order.recording, version=version("talchum")
        )
        self._keep(file, manifest)

    # -- steps

    async def _signal(self) -> None:
        try:
            await self._client.run()
        except AdmissionError as error:
            self.end(error.code)
        else:
            self.end("left")

    async def _watch(self) -> None:
        """End what has become too long, or cannot be written."""
        give_up_at = time.monotonic() + LONGEST_SECONDS
        while time.monotonic() < give_up_at:
            await asyncio.sleep(WATCH_SECONDS)
            if self._film is not None and self._film.failed:
                self.end("film_failed")
                return
        self.end("too_long")

    # -- signalling

    def _on_message(self, message: ServerMessage) -> None:
        try:
            match message:
                case Welcome(peers=peers):
                    self._begin([peer for peer in peers if peer.role == "participant"])
                case IceServersIssued(ice_servers=servers):
                    for participant in self._participants.values():
                        participant.peer.use_ice_servers(servers_for(self._reachable, servers))
                case Described(from_=sender, description=description) if sender in self._participants:
                    self._participants[sender].receive_description(description)
                case Trickled(from_=sender, candidate=candidate) if sender in self._participants:
                    self._participants[sender].receive_candidate(candidate)
                case StateChanged(from_=sender, state=state) if sender in self._participants:
                    self._participants[sender].picture.own_face |= state.own_face
                case Disclosed(from_=sender, statement=statement) if sender in self._participants:
                    self._disclosed(self._participants[sender].picture, statement)
        except (MessageError, StatementError) as error:
            logger.warning("a recording refused a message: %s", error.code)

    def _begin(self, peers: list[Peer]) -> None:
        if self._file is None or not peers:
            self.end("nobody_there")
            return
        self._film = CallFilm(self._file, len(peers))
        options = PeerOptions(
            audience="participant",
            polite=True,
            ice_servers=servers_for(self._reachable, self._order.ice_servers),
            relay_only=self._reachable == "relay",
        )
        for place, peer in enumerate(peers):
            self._participants[peer.id] = RecordedParticipant(
                peer, place, self._film, self._client, options, self._candidates
            )
        logger.info("a recording began")

    def _disclosed(self, picture: RecordedPicture, statement: str) -> None:
        claims = unverified_claims(statement)
        picture.disclosed(Disclosure.of_claims(claims, time.time(), CLOCK_TOLERANCE).legs)
        if statement not in self._statements and len(self._statements) < MAX_STATEMENTS:
            self._statements.append(statement)
