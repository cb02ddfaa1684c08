"""Finds where a marked picture lies in a video when nobody says: its scale, its place and its shape.

A few seconds of video are reduced to what turned round every half second, at each of ten moments within it.
The pilot is then sought in them by correlation (FFT), one size of the picture after the other, and the best
place made exact. A badge that is seen somewhere says place and size at once.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from talchum.domain.frame import Plane
from talchum.domain.rendering import CORNERS
from talchum.vision.badge import CODE_MODULES, QUIET_MODULES, SHORT_SIDE_MODULES, BadgePlace
from talchum.vision.mark_geometry import PictureGeometry, chips_in, visible_chips
from talchum.vision.mark_pattern import BAND_TURNS, BANDS, LONG_CHIPS, TURN_SECONDS, MarkPattern

ASPECTS = (16 / 9, 4 / 3, 3 / 4, 9 / 16)
"""Shapes that cameras have; a picture of another shape is only found whole or by its badge."""

Progress = Callable[[float], None]

_FINEST_CHIP, _COARSEST_CHIP = 2.0, 13.0  # pixels of the video
_SIZE_STEP = 1.012
_LARGEST = 1.6  # of the video, of which the rest was cut off
_LEAST_PIXELS = 1.5  # to a chip, across and down
_EVERY = 2  # of the ten moments while correlating: half a step beside it the pattern is still found
_MOMENTS = BANDS // _EVERY
_LEAST_PEAK = 6.5  # standard deviations of the correlation
_WORTH_A_LOOK, _LEAST_CONFIDENCE = 5.0, 9.0
_CLIP = 3.0
_STILL = 0.05
_SETTLED = 0.1  # pixels
_BADGE_SIZES = tuple(1 + 0.006 * step for step in range(-6, 7))


@dataclass(frozen=True, slots=True, eq=False)
class TurningPicture:
    """What turned round every half second in a window of video.

    moments: (10, height, width), for a band that turned first 0, 1, ... 9 tenths of half a second after the
    window's first picture; in standard deviations of the pixel.
    """

    moments: NDArray[np.float32]

    @classmethod
    def of(cls, frames: Iterable[tuple[float, Plane]]) -> TurningPicture:
        """frames: seconds and luma, all of one size, two seconds or more."""
        sums = _Sums()
        for time, luma in frames:
            sums.add(time, luma)
        return cls(sums.moments())

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) of the video."""
        _, height, width = self.moments.shape
        return width, height

    def confidence(self, geometry: PictureGeometry) -> float:
        """Of the pilot lying there, in standard deviations; the best of ten moments."""
        pattern = MarkPattern.of(upright=geometry.upright)
        chips = np.stack([chips_in(moment, geometry, pattern.shape) for moment in self.moments])
        seen = visible_chips(geometry, pattern.shape, *self.size)
        scale = chips[:, seen].std() + 1e-6 if seen.any() else 1.0
        said = np.clip(chips / scale, -_CLIP, _CLIP) * pattern.signs
        rows = np.arange(len(pattern.signs))
        best = 0.0
        for phase in range(BANDS):
            moment, sign = _moment_of(phase, pattern.band)
            pilot = (said[moment, rows] * sign[:, None])[pattern.pilot & seen]
            best = max(best, abs(float(pilot.sum())) / float(np.sqrt((pilot**2).sum() + 1e-9)))
        return best


class _Sums:
    """Running sums of a window, so that its frames need not be kept."""

    def __init__(self) -> None:
        self._count = 0
        self._turned_count = np.zeros(BANDS)
        self._all: NDArray[np.float64] | None = None

    def add(self, time: float, luma: Plane) -> None:
        if self._all is None:
            self._start = time
            self._all = np.zeros(luma.shape, np.float64)
            self._squares = np.zeros(luma.shape, np.float64)
            self._turned = np.zeros((BANDS, *luma.shape), np.float64)
        self._count += 1
        cv2.accumulate(luma, self._all)
        cv2.accumulateSquare(luma, self._squares)
        for moment in range(BANDS):
            place = (time - self._start) / TURN_SECONDS - moment / BANDS
            if place % 2 < 1:
                cv2.accumulate(luma, self._turned[moment])
                self._turned_count[moment] += 1

    def moments(self) -> NDArray[np.float32]:
        if self._all is None:
            return np.zeros((BANDS, 1, 1), np.float32)
        mean = self._all / self._count
        spread = np.sqrt(np.maximum(self._squares / self._count - mean**2, 0)) + _STILL
        # Twice what was there while turned, less what there was on average.
        turned = self._turned - self._turned_count[:, None, None] * mean
        return np.asarray(2 * turned / (spread * np.sqrt(self._count)), np.float32)


def _moment_of(phase: int, band: NDArray[np.int16]) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
    """Which moment shows each band, and with which sign, when the first in turn is `phase` tenths late."""
    late = phase - np.array(BAND_TURNS)[band]
    return np.asarray(late % BANDS, np.intp), np.asarray(np.where(late < 0, -1.0, 1.0), np.float32)


def geometries_of_badge(corners: NDArray[np.float32], width: int, height: int) -> Iterator[PictureGeometry]:
    """Where the picture may lie whose badge's code has these corners, (4, 2) pixels.

    One for each shape and corner, and each a few hundredths larger and smaller, since a code is small.
    """
    across, down = np.linalg.norm(corners[1] - corners[0]), np.linalg.norm(corners[3] - corners[0])
    measured = float(across + down) / 2 / (CODE_MODULES - 2 * QUIET_MODULES)
    left, top = float(corners[:, 0].min()), float(corners[:, 1].min())
    for aspect, corner, factor in itertools.product((width / height, *ASPECTS), CORNERS, _BADGE_SIZES):
        module = measured * factor
        short = SHORT_SIDE_MODULES * module
        size = (short * aspect, short) if aspect > 1 else (short, short / aspect)
        # In a picture a thousand times as large whole pixels do not matter.
        place = BadgePlace.of(round(1000 * size[0]), round(1000 * size[1]), corner)
        quiet = QUIET_MODULES * module
        yield PictureGeometry(left - quiet - place.x / 1000, top - quiet - place.y / 1000, *size)


def refine(picture: TurningPicture, geometry: PictureGeometry) -> tuple[PictureGeometry, float]:
    """The best geometry near this one, and its confidence: place and size a little otherwise, ever less."""
    best, confidence = geometry, picture.confidence(geometry)
    step = max(geometry.width, geometry.height) / LONG_CHIPS
    while step > _SETTLED:
        for other in _neighbours(best, step):
            found = picture.confidence(other)
            if found > confidence:
                best, confidence = other, found
                break
        else:
            step /= 2
    return best, confidence


def _neighbours(geometry: PictureGeometry, step: float) -> Iterator[PictureGeometry]:
    for across, down in ((step, 0), (-step, 0), (0, step), (0, -step)):
        yield replace(geometry, left=geometry.left + across, top=geometry.top + down)
    for larger in (step, -step):
        factor = 1 + larger / max(geometry.width, geometry.height)
        width, height = geometry.width * factor, geometry.height * factor
        yield replace(
            geometry,
            left=geometry.left - (width - geometry.width) / 2,
            top=geometry.top - (height - geometry.height) / 2,
            width=width,
            height=height,
        )


def search(picture: TurningPicture, progress: Progress = lambda _share: None) -> PictureGeometry | None:
    """Where a marked picture lies, of any size and one of `ASPECTS`; None when there is none to be found.

    progress: told the share of sizes that were tried.
    """
    correlator = _Correlator(picture)
    tries = list(itertools.product(_chip_sizes(), ASPECTS))
    for number, (chip, aspect) in enumerate(tries):
        progress(number / len(tries))
        candidate = correlator.best_place(chip, aspect)
        if candidate is not None and picture.confidence(candidate) >= _WORTH_A_LOOK:
            geometry, confidence = refine(picture, candidate)
            if confidence >= _LEAST_CONFIDENCE:
                return geometry
    return None


def _chip_sizes() -> Iterator[float]:
    """Pixels of a chip along the longer side, the usual sizes of calls on screens first."""
    count = int(np.log(_COARSEST_CHIP / _FINEST_CHIP) / np.log(_SIZE_STEP)) + 1
    sizes = [_FINEST_CHIP * _SIZE_STEP**number for number in range(count)]
    yield from sorted(sizes, key=lambda size: abs(np.log(size / 5.0)))


class _Correlator:
    """Correlates a video with the pilot, both shrunk until a chip is a pixel."""

    def __init__(self, picture: TurningPicture) -> None:
        self._picture = picture
        self._patterns = {upright: MarkPattern.of(upright=upright) for upright in (False, True)}
        self._templates: dict[tuple[bool, int, int], list[NDArray[np.float32]]] = {}

    def best_place(self, chip: float, aspect: float) -> PictureGeometry | None:
        """The best place of a picture with chips of this size; None when nothing stands out."""
        rows, columns = self._patterns[aspect < 1].shape
        long = chip * LONG_CHIPS
        width, height = (long, long / aspect) if aspect > 1 else (long * aspect, long)
        across, down = width / columns, height / rows
        video_width, video_height = self._picture.size
        if max(width / video_width, height / video_height) > _LARGEST or min(across, down) < _LEAST_PIXELS:
            return None
        here = max(1, round(video_width / across)), max(1, round(video_height / down))
        shape = _round_size(here[1] + rows), _round_size(here[0] + columns)
        found = self._strongest(here, shape, upright=aspect < 1)
        if found is None:
            return None
        y, x = found
        # A place beyond the video is one before it, as the correlation is circular.
        left, top = x - shape[1] * (x > here[0]), y - shape[0] * (y > here[1])
        return PictureGeometry(float(left * across), float(top * down), width, height)

    def _strongest(
        self, here: tuple[int, int], shape: tuple[int, int], *, upright: bool
    ) -> tuple[int, int] | None:
        spectra = [_spectrum(_sharp(moment, here), shape) for moment in self._picture.moments[::_EVERY]]
        best, place = _LEAST_PEAK, None
        for phase in range(0, BANDS, _EVERY):
            total = np.zeros(shape, np.float32)
            for late, template in enumerate(self._template(shape, upright=upright)):
                moment, turned = (phase // _EVERY - late) % _MOMENTS, phase // _EVERY < late
                product = cv2.mulSpectrums(spectra[moment], template, 0, conjB=True)
                (cv2.subtract if turned else cv2.add)(total, product, dst=total)
            found = np.abs(cv2.idft(total, flags=cv2.DFT_SCALE | cv2.DFT_REAL_OUTPUT))
            peak = float(found.max()) / (float(np.sqrt(np.mean(found**2))) + 1e-9)
            if peak > best:
                best = peak
                y, x = np.unravel_index(int(found.argmax()), found.shape)
                place = int(y), int(x)
        return place

    def _template(self, shape: tuple[int, int], *, upright: bool) -> list[NDArray[np.float32]]:
        """Spectra of the pilot, by which of the moments its bands turn at."""
        key = (upright, *shape)
        if key not in self._templates:
            pattern = self._patterns[upright]
            lates = (np.array(BAND_TURNS) // _EVERY)[pattern.band]
            chips = [
                np.where(pattern.pilot & (lates == late)[:, None], pattern.signs, 0).astype(np.float32)
                for late in range(_MOMENTS)
            ]
            self._templates[key] = [_spectrum(part, shape) for part in chips]
        return self._templates[key]


def _sharp(moment: NDArray[np.float32], size: tuple[int, int]) -> NDArray[np.float32]:
    small = cv2.resize(moment, size, interpolation=cv2.INTER_AREA)
    sharp = np.asarray(cv2.subtract(small, cv2.GaussianBlur(small, (0, 0), 1.2)), np.float32)
    return np.asarray(np.clip(sharp / (float(np.std(sharp)) + 1e-6), -_CLIP, _CLIP), np.float32)


def _spectrum(image: NDArray[np.float32], shape: tuple[int, int]) -> NDArray[np.float32]:
    padded = np.zeros(shape, np.float32)
    padded[: image.shape[0], : image.shape[1]] = image
    return np.asarray(cv2.dft(padded, nonzeroRows=image.shape[0]), np.float32)


def _round_size(size: int) -> int:
    """One that transforms fast, and few different ones."""
    return int(cv2.getOptimalDFTSize(-(-size // 32) * 32))
