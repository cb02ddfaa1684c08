"""The video that a connection sends: from which source, and within which limits."""

from __future__ import annotations

import logging
from collections.abc import Callable

import webrtc

from talchum.adapters.webrtc.engine import ENGINE_ERRORS
from talchum.adapters.webrtc.sources import VideoSource, WrittenVideo

logger = logging.getLogger(__name__)

_CARD_SIZED_BITRATE = 600_000


def max_bitrate(width: int, height: int) -> int:
    """Bits a second that VP8 needs for a face at this size, and no more."""
    pixels = width * height
    if pixels <= 320 * 240:
        return _CARD_SIZED_BITRATE
    if pixels <= 640 * 480:
        return 1_700_000
    return 2_500_000


class VideoSender:
    """The one video sender of a connection.

    It checks nothing: what it is given has passed `check_source`.
    size_changed: called when the source's picture changes its size. receives: whether an answer takes video,
    too.
    """

    def __init__(
        self,
        connection: webrtc.RTCPeerConnection,
        size_changed: Callable[[], None],
        *,
        receives: bool = True,
    ) -> None:
        self._connection = connection
        self._size_changed = size_changed
        self._sender: webrtc.RTCRtpSender | None = None
        self._source: VideoSource | None = None
        self._sent_source: VideoSource | None = None
        self._limit = 0
        self._receives = receives
        self._closed = False

    def use(self, source: VideoSource) -> None:
        """Note the source to be sent from the next `update` on."""
        previous, self._source = self._source, source
        if isinstance(previous, WrittenVideo):
            previous.unwatch_size(self._size_changed)
        if isinstance(source, WrittenVideo):
            source.watch_size(self._size_changed)

    def offer(self, source: VideoSource) -> None:
        """Add the source's track to the connection, so that it is offered, unless one is there already."""
        if self._sender is None:
            self._sent_source = source
            self._sender = self._connection.add_track(source.track)

    async def answer(self) -> None:
        """Send back on the first video section that was offered, refuse audio: it never goes to a worker."""
        for transceiver in self._connection.get_transceivers():
            kind = transceiver.receiver.track.kind
            if kind == "audio":
                transceiver.direction = "inactive"
            elif self._sender is None and self._source is not None:
                transceiver.direction = "sendrecv" if self._receives else "sendonly"
                self._sender = transceiver.sender
                self._sent_source = self._source
                await transceiver.sender.replace_track(self._source.track)

    def forget_limit(self) -> None:
        """Have the next `update` set the limit anew: a description may reset what was set on the sender."""
        self._limit = 0

    async def update(self) -> None:
        """Give the sender the source that was asked for and the limits of its size."""
        sender, source = self._sender, self._source
        if sender is None or source is None or self._closed:
            return
        try:
            if source is not self._sent_source:
                await sender.replace_track(source.track)
                self._sent_source = source
            await self._limit_bitrate(sender, source.size)
        except ENGINE_ERRORS as error:
            logger.warning("the video sender was not brought up to date: %s", type(error).__name__)

    def close(self) -> None:
        """Touch the engine no more and leave the source to whoever made it."""
        self._closed = True
        if isinstance(self._source, WrittenVideo):
            self._source.unwatch_size(self._size_changed)

    async def _limit_bitrate(self, sender: webrtc.RTCRtpSender, size: tuple[int, int]) -> None:
        """Cap the encoder, and keep the size rather than the rate: a worker's tracker needs the pixels."""
        limit = max_bitrate(*size) if size[0] else max_bitrate(1280, 720)
        parameters = sender.get_parameters()
        if limit == self._limit or not parameters.encodings:
            return
        parameters.degradation_preference = "maintain-resolution"
        parameters.encodings[0].max_bitrate = limit
        await sender.set_parameters(parameters)
        self._limit = limit
