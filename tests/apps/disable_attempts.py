"""Attempts to have a face leg without marks by what can be set from outside, and what came of each."""

from __future__ import annotations

import string
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from random import Random
from types import MappingProxyType
from typing import Any, cast, get_args

import numpy as np

from talchum.adapters.celery_queue import FaceLegTask
from talchum.adapters.identity_files import IdentityFiles
from talchum.apps.leg import FaceLeg
from talchum.apps.prepared_faces import PreparedFaces, preparer
from talchum.apps.settings import NAMES, Settings
from talchum.apps.worker import FaceWorker
from talchum.domain.errors import TalchumError
from talchum.domain.frame import EgressFrame
from talchum.domain.identity import LANGUAGES
from talchum.domain.leg_tag import LegTag
from talchum.domain.rendering import CORNERS, InferenceProvider, Proportions
from talchum.vision.badge_reading import BadgeReader
from talchum.vision.mark_geometry import PictureGeometry, chips_in
from talchum.vision.mark_pattern import MarkPattern
from talchum.vision.mark_reading import read_window
from talchum.vision.pipeline import FaceNetworks, FacePipeline
from tests.vision.scenes import at_time, clip, face_networks

TAG = LegTag(0x5A3C9F1234)
RATE = 30
WORN = ("veil", "amara", "sora")

OFF = (
    *("off", "0", "no", "false", "none", "null", "disabled", "never", "-1", "1e-9", "nan", "", " ", "\x00"),
    *("bottom-left ", "BOTTOM-LEFT", "bottom-left;", "nowhere", "en,ko", "../..", "🎭"),
)
"""What somebody writes who wants a thing away."""

INVENTED = (
    *("BADGE", "MARK", "MARKS", "WATERMARK", "NO_BADGE", "DISABLE_MARKS", "BADGE_SIZE", "BADGE_OPACITY"),
    *("DEBUG", "MARKING", "COMPOSITOR", "ENGINE"),
)
"""Names that nobody reads."""

VALID: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "TALCHUM_BADGE_CORNER": CORNERS,
        "TALCHUM_BADGE_LANGUAGE": LANGUAGES,
        "TALCHUM_PROPORTIONS": get_args(Proportions),
        "TALCHUM_INFERENCE_PROVIDER": get_args(InferenceProvider),
        "TALCHUM_WORKER_REACHABLE": ("direct", "relay"),
        "TALCHUM_WORKER_SLOTS": ("0", "1", "64"),
        "TALCHUM_LOG_LEVEL": ("DEBUG", "ERROR"),
        "TALCHUM_IDENTITIES": ("/nonexistent", "/dev/null", "."),
        "TALCHUM_DATA": ("/nonexistent", ""),
        "TALCHUM_HOST": ("0.0.0.0", "::", "off"),
        "TALCHUM_PORT": ("0", "65535"),
        "TALCHUM_SIGNING_KEY": OFF[:4],
        "TALCHUM_REGISTRATION": ("invited", "open"),
        "TALCHUM_RESUME_SECONDS": ("1", "600"),
    }
)


@dataclass(frozen=True, slots=True)
class Attempt:
    """What came of one. refused: the code by which the worker did not start, else empty.

    frames: pictures that left. badged: of them with the leg's badge. mark: whether the invisible mark of all
    of them together says the leg's tag.
    """

    refused: str
    frames: int = 0
    badged: int = 0
    marked: bool = False

    @property
    def unmarked(self) -> int:
        """Pictures that lack a mark."""
        return self.frames if not self.marked else self.frames - self.badged


def environment(chance: Random) -> dict[str, str]:
    """Settings that are taken, each at any of its values, or with one among them that ought not be."""
    given = {name: chance.choice(values) for name, values in VALID.items() if chance.random() < 0.5}
    given["TALCHUM_REDIS_URL"] = "unix:///run/valkey.sock"
    turn = chance.random()
    if turn < 0.1:
        given[chance.choice(sorted(NAMES))] = chance.choice(OFF)
    elif turn < 0.2:
        given[f"TALCHUM_{chance.choice(INVENTED)}"] = chance.choice(OFF)
    elif turn < 0.25:
        text = "".join(chance.choices(string.printable, k=chance.choice((3, 4000))))
        given[chance.choice(sorted(NAMES))] = text
    return given


def attempt(given: Mapping[str, str], identity: str, count: int) -> Attempt:
    """Start a leg as a face worker does under these settings, and look at `count` pictures of the clip."""
    try:
        settings = Settings.from_environment(given)
        networks = _networks(settings)
        pipeline = _pipeline(settings, networks)
    except TalchumError as error:
        return Attempt(error.code)
    try:
        prepare = preparer(IdentityFiles(settings.identities), networks.topology, settings.rendering)
        pipeline.wear(prepare(identity, None))
    except TalchumError:
        pass  # nothing is worn: a card is shown
    frames = [pipeline.transform(at_time(frame, now), now) for frame, now in _camera(count)]
    return _looked_at(frames)


def _camera(count: int) -> Iterable[tuple[Any, float]]:
    frames = clip()
    there_and_back = [*frames, *frames[::-1]]
    return ((there_and_back[number % len(there_and_back)], number / RATE) for number in range(count))


def _networks(settings: Settings) -> FaceNetworks:
    usual = settings.networks == Settings("").networks
    return face_networks() if usual else FaceNetworks.load(settings.networks)


def _pipeline(settings: Settings, networks: FaceNetworks) -> FacePipeline:
    """Made by the face worker itself, as for a task from the queue."""
    nobody: Any = None
    with ThreadPoolExecutor(1) as executor:
        faces = PreparedFaces(nobody, executor)
        worker = FaceWorker(networks, faces, nobody, [], 1, settings.badge, nobody, nobody)
    task = FaceLegTask("r", str(TAG), "k", "p", "t", settings.worker_url(), "veil", None, [], 0.0)
    leg: FaceLeg = worker._face_leg(task)
    return cast("FacePipeline", leg._make_pipeline())


def _looked_at(frames: list[EgressFrame]) -> Attempt:
    reader = BadgeReader()
    pictures = [frame.picture for frame in frames]
    badged = sum(reader.read(picture.y) == TAG for picture in pictures)
    whole = PictureGeometry.whole(pictures[0].width, pictures[0].height)
    pattern = MarkPattern.of(upright=False)
    chips = np.stack([chips_in(picture.y, whole, pattern.shape) for picture in pictures])
    mark = read_window(chips, np.arange(len(chips)) / RATE, pattern).mark
    return Attempt("", len(frames), badged, mark is not None and mark.tag == TAG)
