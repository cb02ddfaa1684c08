"""What a participant and the other one know of the delay between them, told once a second to each other."""

from __future__ import annotations

import contextlib
import logging

from talchum.adapters.webrtc.peer import WebRtcPeer
from talchum.adapters.webrtc.statistics import PeerStats
from talchum.domain.errors import MessageError, PeerConnectionError
from talchum.domain.relay_choice import LineLength
from talchum.protocol.delay_messages import (
    Loop,
    Passage,
    decode_delay_message,
    encode_delay_message,
)

logger = logging.getLogger(__name__)

UNTOLD_SENDING_SECONDS = 0.015
"""Of the other side's encoder and pacer, until it has said."""

VOICE_FRAME_SECONDS = 0.02
"""An Opus frame (RFC 7587 4.2) is complete before it is sent."""

MOST_SECONDS = 59.0


class DelayExchange:
    """The delays of one connection to another participant. latest: what was last read of the connection."""

    def __init__(self, peer: WebRtcPeer) -> None:
        self._peer = peer
        self.latest = PeerStats()
        self._loop = Loop(seconds=None, returning=None, sending=None)
        self._arriving: float | None = None
        self.line = LineLength()
        self.passage: Passage | None = None

    async def tell(self, loop: float | None, returning: float | None, lead: float = 0.0) -> None:
        """Say what is known. loop: seconds from our camera to our sender, None while unknown.

        returning: those of them that follow the face worker's encoder.
        lead: by how much the picture that we show comes earlier than by this connection (server relay).
        """
        with contextlib.suppress(PeerConnectionError):  # it is being closed
            now, before = await self._peer.stats(), self.latest
            self.latest = now
            self.line.measured(now.round_trip_time)
            message = Loop(
                seconds=bounded(loop),
                returning=bounded(returning),
                sending=bounded(now.sending_since(before)),
            )
            self._peer.send_message(encode_delay_message(message))
            if (passage := self._measured_passage(now, before)) is not None:
                self._peer.send_message(encode_delay_message(_earlier(passage, lead)))

    def heard(self, text: str) -> None:
        """The other participant said something."""
        try:
            message = decode_delay_message(text)
        except MessageError as error:
            logger.debug("the other participant said something unreadable: %s", error.code)
            return
        if isinstance(message, Loop):
            self._loop = message
        else:
            self.passage = message

    def voice_lead(self, loop: float) -> float:
        """Seconds by which our voice reaches the other side before our picture, were it not held back."""
        passage = self.passage
        return loop if passage is None else loop + passage.video - passage.voice

    @property
    def by_client(self) -> float | None:
        """How late the other side's picture is by this connection, seconds, None while unknown."""
        picture, loop = self._picture(), self._loop.seconds
        return None if picture is None or loop is None else loop + picture

    def by_server(self, passage: float | None) -> float | None:
        """How late it is from their face worker, seconds. passage: what follows the worker's encoder."""
        loop, returning = self._loop.seconds, self._loop.returning
        if passage is None or loop is None or returning is None:
            return None
        return loop - returning + passage

    def _picture(self) -> float | None:
        """From the other side's sender to the decoded picture, over the last second."""
        if self._arriving is None:
            return None
        sending = self._loop.sending
        return (UNTOLD_SENDING_SECONDS if sending is None else sending) + self._arriving

    def _measured_passage(self, now: PeerStats, before: PeerStats) -> Passage | None:
        self._arriving = now.arriving_since(before)
        picture = self._picture()
        voice = now.voice_buffering.mean_since(before.voice_buffering)
        if picture is None or voice is None or now.round_trip_time is None:
            return None
        return Passage(
            video=min(MOST_SECONDS, picture),
            voice=min(MOST_SECONDS, now.round_trip_time / 2 + VOICE_FRAME_SECONDS + voice),
        )


def _earlier(passage: Passage, lead: float) -> Passage:
    """With a picture that is earlier by this; only the difference counts, and no age is below nothing."""
    taken = min(lead, passage.video)
    return Passage(video=passage.video - taken, voice=min(MOST_SECONDS, passage.voice + lead - taken))


def bounded(seconds: float | None) -> float | None:
    """A delay as it may stand in a message."""
    return None if seconds is None else min(MOST_SECONDS, max(0.0, seconds))
