"""What the fake cameras and microphones of the tests play.

One clip serves every test: the project's synthetic performer, a canary painted on the face, the frame's
number as eight blocks along the top, and a white border that flashes once a second while the microphone
beeps.
"""

from __future__ import annotations

import wave
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from talchum.domain.frame import Image
from tests.browser import canary

WIDTH, HEIGHT = 640, 480
RATE = 30
FRAMES = 240  # fits the eight bits of the number, and whole seconds of sound
BORDER = 16  # pixels; the number's blocks are as high
BITS = 8
FLASH_EVERY = RATE
FLASH_FRAMES = 3
SAMPLE_RATE = 48_000
BEEP_SECONDS = 0.05
BEEP_HERTZ = 1000
BLACK, WHITE = 16, 235

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Camera:
    """Files for Chromium's fake devices: Motion-JPEG and WAV, both of the same length, both looped."""

    video: Path
    audio: Path


def make_camera(
    directory: Path,
    pictures: Sequence[Image],
    canaries: Sequence[Sequence[Point]],
    name: str = "camera",
    *,
    marks: bool = True,
) -> Camera:
    """A camera that plays `pictures` forwards and backwards.

    pictures: RGB uint8 (480, 640, 3), at least two. canaries: for each picture, where patterns are painted.
    marks: whether the number and the flashing border are drawn.
    """
    there_and_back = [*range(len(pictures)), *range(len(pictures) - 2, 0, -1)]
    frames = []
    for number in range(FRAMES):
        source = there_and_back[number % len(there_and_back)]
        image = pictures[source].copy()
        for centre in canaries[source]:
            canary.paint(image, centre)
        if marks:
            draw_marks(image, number)
        frames.append(image)
    camera = Camera(directory / f"{name}.mjpeg", directory / f"{name}.wav")
    write_motion_jpeg(camera.video, frames)
    write_beeps(camera.audio)
    return camera


def draw_marks(image: Image, number: int) -> None:
    """Draws the border, white in the first frames of a second, and the number over its top edge."""
    level = WHITE if number % FLASH_EVERY < FLASH_FRAMES else BLACK
    image[:, :BORDER] = image[:, -BORDER:] = level
    image[-BORDER:] = level
    block = image.shape[1] // BITS
    for bit in range(BITS):
        image[:BORDER, bit * block : (bit + 1) * block] = WHITE if number >> bit & 1 else BLACK


def write_motion_jpeg(path: Path, frames: Iterable[Image]) -> None:
    """Writes what Chromium's fake video capture reads."""
    with av.open(str(path), "w", format="mjpeg") as container:
        stream = container.add_stream("mjpeg", rate=RATE)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuvj420p"
        stream.time_base = Fraction(1, RATE)
        stream.codec_context.options = {"qmin": "2", "qmax": "4"}
        for image in frames:
            frame = av.VideoFrame.from_ndarray(image, format="rgb24").reformat(format="yuvj420p")
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def write_beeps(path: Path) -> None:
    """Writes one beep at the start of every second."""
    samples = np.zeros(FRAMES // RATE * SAMPLE_RATE)
    moments = np.arange(round(BEEP_SECONDS * SAMPLE_RATE)) / SAMPLE_RATE
    for second in range(FRAMES // RATE):
        start = second * SAMPLE_RATE
        samples[start : start + len(moments)] = 0.6 * np.sin(2 * np.pi * BEEP_HERTZ * moments)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE)
        file.writeframes((samples * 32767).astype("<i2").tobytes())
