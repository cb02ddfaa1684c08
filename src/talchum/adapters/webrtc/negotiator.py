"""Perfect negotiation on the engine's connection: what `Negotiation` decides is done here."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable

import webrtc

from talchum.adapters.webrtc.engine import ENGINE_ERRORS
from talchum.adapters.webrtc.listener import PeerListener
from talchum.adapters.webrtc.video_sender import VideoSender
from talchum.domain.errors import PeerConnectionError
from talchum.protocol.messages import IceCandidate, SessionDescription
from talchum.protocol.negotiation import (
    AddCandidate,
    Effect,
    Negotiation,
    RestartIce,
    SendDescription,
    SetLocalDescription,
    SetRemoteDescription,
)

logger = logging.getLogger(__name__)


class Negotiator:
    """Takes what happens to one connection in order, and does one effect at a time.

    sender: answers with its own video when this side never offers, and is brought up to date in between.
    polite, offers, goes_first: see `Negotiation`.
    """

    def __init__(
        self,
        connection: webrtc.RTCPeerConnection,
        sender: VideoSender,
        listener: PeerListener,
        *,
        polite: bool,
        offers: bool,
        goes_first: bool,
    ) -> None:
        self._connection = connection
        self._sender = sender
        self._listener = listener
        self._offers = offers
        self._negotiation = Negotiation(polite=polite, offers=offers, goes_first=goes_first)
        self._inputs: asyncio.Queue[Callable[[], list[Effect]]] = asyncio.Queue()
        self._describing = False
        self._held_candidates: list[IceCandidate] = []

    # -- what happens

    def description_received(self, description: SessionDescription) -> None:
        """An offer or answer came from the other side."""
        self._inputs.put_nowait(lambda: self._negotiation.description_received(description))

    def candidate_received(self, candidate: IceCandidate) -> None:
        """A candidate came from the other side."""
        self._inputs.put_nowait(lambda: self._negotiation.candidate_received(candidate))

    def candidate_found(self, candidate: IceCandidate) -> None:
        """The engine found a candidate; a browser refuses one that comes before its description."""
        if self._describing:
            self._held_candidates.append(candidate)
        else:
            self._listener.candidate_found(candidate)

    def negotiation_needed(self) -> None:
        """The engine has something to agree on."""
        self._inputs.put_nowait(self._negotiation.negotiation_needed)

    def restart_needed(self) -> None:
        """A new route is wanted."""
        self._inputs.put_nowait(self._negotiation.restart_needed)

    def sender_outdated(self) -> None:
        """Have the sender brought up to date as soon as no negotiation is going on."""
        self._inputs.put_nowait(list)

    # -- one effect at a time

    async def run(self) -> None:
        """Negotiate until cancelled."""
        while True:
            step = await self._inputs.get()
            try:
                effects = deque(step())
                while effects:
                    effects.extend(await self._run_effect(effects.popleft()))
                if self._negotiation.state == "stable":
                    await self._sender.update()
            except PeerConnectionError as error:
                self._listener.failed(error)

    async def _run_effect(self, effect: Effect) -> list[Effect]:
        match effect:
            case SendDescription(description):
                self._listener.description_made(description)
                self._release_candidates()
            case RestartIce():
                self._connection.restart_ice()
            case AddCandidate(candidate):
                await self._add_candidate(candidate)
            case SetLocalDescription() | SetRemoteDescription():
                try:
                    return await self._describe(effect)
                except ENGINE_ERRORS as error:
                    self._release_candidates()
                    self._negotiation.description_refused()
                    raise PeerConnectionError(
                        f"the engine refused a description: {type(error).__name__}",
                        code="description_refused",
                    ) from error
        return []

    async def _describe(self, effect: SetLocalDescription | SetRemoteDescription) -> list[Effect]:
        self._sender.forget_limit()
        if isinstance(effect, SetRemoteDescription):
            init = webrtc.RTCSessionDescriptionInit(type=effect.description.type, sdp=effect.description.sdp)
            await self._connection.set_remote_description(init)
            if effect.description.type == "offer" and not self._offers:
                await self._sender.answer()
            return self._negotiation.remote_description_set(effect.description)
        _prefer_vp8(self._connection)
        self._describing = True
        await self._connection.set_local_description()
        made = self._connection.local_description
        if made is None:
            raise PeerConnectionError("got no description from the engine", code="description_refused")
        return self._negotiation.local_description_set(SessionDescription(type=effect.type, sdp=made.sdp))

    def _release_candidates(self) -> None:
        self._describing = False
        held, self._held_candidates = self._held_candidates, []
        for candidate in held:
            self._listener.candidate_found(candidate)

    async def _add_candidate(self, candidate: IceCandidate) -> None:
        init = webrtc.RTCIceCandidateInit(
            candidate=candidate.candidate,
            sdp_mid=candidate.sdp_mid,
            sdp_m_line_index=candidate.sdp_m_line_index,
            username_fragment=candidate.username_fragment,
        )
        try:
            await self._connection.add_ice_candidate(init)
        except ENGINE_ERRORS as error:
            # A candidate of an older generation, or one this engine cannot use; another one will do.
            logger.debug("a candidate was not added: %s", type(error).__name__)


def _prefer_vp8(connection: webrtc.RTCPeerConnection) -> None:
    """VP8 with retransmission and nothing else: every browser has it and no codec is ever downloaded."""
    capabilities = webrtc.RTCRtpReceiver.get_capabilities("video")
    codecs = capabilities.codecs if capabilities is not None else []
    wanted = [codec for codec in codecs if codec.mime_type.lower() in ("video/vp8", "video/rtx")]
    for transceiver in connection.get_transceivers():
        if transceiver.receiver.track.kind == "video" and not transceiver.stopped:
            transceiver.set_codec_preferences(wanted)
