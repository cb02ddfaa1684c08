"""A film of a call that never was, read back."""

from __future__ import annotations

import tempfile
import time
from typing import IO

import av
import numpy as np
import pytest

from talchum.adapters.call_film import FRAME_RATE, VOICE_RATE, CallFilm
from talchum.domain.errors import MediaFileError
from talchum.domain.frame import I420Frame
from talchum.vision.tiles import TILE_HEIGHT, TILE_WIDTH


def plain(luma: int) -> I420Frame:
    buffer = np.full(I420Frame.size_of(TILE_WIDTH, TILE_HEIGHT), 128, np.uint8)
    buffer[: TILE_WIDTH * TILE_HEIGHT] = luma
    return I420Frame(buffer, TILE_WIDTH, TILE_HEIGHT, 0.0)


def tone(hertz: float, start: float) -> np.ndarray[tuple[int, ...], np.dtype[np.int16]]:
    moments = start + np.arange(VOICE_RATE // 100) / VOICE_RATE
    return (8000 * np.sin(2 * np.pi * hertz * moments)).astype(np.int16)[:, np.newaxis]


def filmed(file: IO[bytes], *, seconds: float = 1.0) -> float:
    """Film two people, one dark and one bright, who hum in different pitches."""
    film = CallFilm(file, 2)
    film.see(0, plain(60))
    film.see(1, plain(180))
    began = time.monotonic()
    for number in range(int(seconds * 100)):
        time.sleep(max(0.0, began + number / 100 - time.monotonic()))
        for place, hertz in ((0, 440.0), (1, 1000.0)):
            film.hear(place, tone(hertz, number / 100), VOICE_RATE, time.monotonic())
    return film.close()


def test_pictures_are_side_by_side_and_both_voices_are_heard() -> None:
    with tempfile.TemporaryFile() as file:
        seconds = filmed(file)
        assert seconds >= 0.9
        file.seek(0)
        with av.open(file, "r") as container:
            pictures = [frame.to_ndarray(format="gray") for frame in container.decode(video=0)]
        assert pictures
        last = pictures[-1]
        assert last.shape == (TILE_HEIGHT, 2 * TILE_WIDTH)
        assert int(last[:, TILE_WIDTH:].mean()) > int(last[:, :TILE_WIDTH].mean()) + 80
        file.seek(0)
        with av.open(file, "r") as container:
            assert container.streams.video[0].codec_context.name in ("h264", "mpeg4")
            sound = np.concatenate([f.to_ndarray()[0] for f in container.decode(audio=0)])
        assert abs(len(sound) / VOICE_RATE - seconds) < 0.1
        spectrum = np.abs(np.fft.rfft(sound[: VOICE_RATE // 2]))
        heard = {round(int(i) * VOICE_RATE / (VOICE_RATE // 2), -2) for i in np.argsort(spectrum)[-4:]}
        assert {400.0, 1000.0} <= heard


def test_a_film_of_nothing_is_black_and_still_a_film() -> None:
    with tempfile.TemporaryFile() as file:
        film = CallFilm(file, 1)
        time.sleep(3 / FRAME_RATE)
        film.close()
        file.seek(0)
        with av.open(file, "r") as container:
            assert next(container.decode(video=0)).to_ndarray(format="gray").mean() < 20


def test_a_file_that_takes_no_more_is_said_to(caplog: pytest.LogCaptureFixture) -> None:
    with tempfile.TemporaryFile() as file:
        film = CallFilm(file, 1)
        file.close()
        time.sleep(2 / FRAME_RATE)
        with pytest.raises(MediaFileError):
            film.close()
    assert "a film of a call failed" in caplog.text
