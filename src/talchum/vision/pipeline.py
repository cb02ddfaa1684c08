"""One performer's frames in, frames that may be shown out: track, render, check, blend, and fail closed."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from talchum.domain.errors import IdentityError
from talchum.domain.face import LANDMARKS, Points, TrackedFace, region_of_landmarks
from talchum.domain.frame import EgressFrame, I420Frame
from talchum.domain.identity import IdentityKind
from talchum.domain.leg_tag import LegTag
from talchum.domain.rendering import AS_USUAL, Rendering
from talchum.vision.cards import CardDeck
from talchum.vision.compositor import Compositor, CoverCheck
from talchum.vision.detection import FaceDetector, NetworkSession
from talchum.vision.engines import ENGINES, FaceEngine
from talchum.vision.engines.neural import BlankNetwork, NeuralEngine, prepare_around
from talchum.vision.identity import IdentityAssets, Opening
from talchum.vision.landmarks import LandmarkNetwork
from talchum.vision.marks import Marking
from talchum.vision.networks import default_networks_directory, network_path
from talchum.vision.runtime import open_session
from talchum.vision.stage_times import timed
from talchum.vision.topology import FaceTopology, load_topology
from talchum.vision.tracking import FaceTracker
from talchum.vision.wearer import WearerCheck

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, eq=False)
class WornFace:
    """An identity prepared for one engine; shareable between legs."""

    identity: str
    kind: IdentityKind
    engine: str
    openings: frozenset[str]
    prepared: Any


def prepare_worn_face(
    assets: IdentityAssets,
    engine: str,
    *,
    topology: FaceTopology | None = None,
    engines: Mapping[str, type[FaceEngine]] = ENGINES,
    rendering: Rendering = AS_USUAL,
) -> WornFace:
    """Make an identity wearable; slow (tens of milliseconds), on any thread.

    topology: the installation's own when None. Raises
    IdentityError (`engine_unknown`, `identity_invalid`), NetworkFileError, SettingsError (no such provider).
    """
    if engine not in engines or engine not in assets.engines:
        offered = ", ".join(name for name in assets.engines if name in engines)
        raise IdentityError(
            f"got engine {engine!r} for {assets.name!r}, expected one of {offered}", code="engine_unknown"
        )
    mesh = topology if topology is not None else load_topology(default_networks_directory())
    prepared = engines[engine].prepare(assets, mesh, rendering)
    return WornFace(assets.name, assets.kind, engine, frozenset(assets.openings), prepared)


@dataclass(frozen=True, slots=True, eq=False)
class FaceNetworks:
    """The opened, verified networks of an installation; legs of a process share one."""

    detector: NetworkSession
    landmarks: NetworkSession
    topology: FaceTopology

    @classmethod
    def load(cls, directory: Path, *, threads: int = 1) -> FaceNetworks:
        """Slow (a tenth of a second). Raises NetworkFileError before a wrong file is opened.

        Always on the processor: docs/engines.md says why.
        """
        return cls(
            open_session(network_path("face_detection_short_range", directory), threads=threads),
            open_session(network_path("face_landmarks_attention", directory), threads=threads),
            load_topology(directory),
        )


class FacePipeline:
    """The face pipeline of one leg, for one thread at a time.

    Every call answers with an `EgressFrame`; whatever goes wrong inside, it is a card. marking: what all of
    them carry. deck: as of `Compositor`. entropy: what engines draw at random is drawn from this, from the
    system's own when None.
    """

    def __init__(
        self,
        networks: FaceNetworks,
        marking: Marking,
        *,
        deck: CardDeck | None = None,
        engines: Mapping[str, type[FaceEngine]] = ENGINES,
        entropy: int | None = None,
    ) -> None:
        self._tracker = FaceTracker(FaceDetector(networks.detector), LandmarkNetwork(networks.landmarks))
        self._engines = {name: engine(networks.topology, entropy) for name, engine in engines.items()}
        self._check = CoverCheck(networks.topology)
        self._compositor = Compositor(marking, deck)
        self._worn: WornFace | None = None
        self._wearer: WearerCheck | None = None
        self._size = (640, 480)
        self._media_time = 0.0
        self._failing = ""

    @classmethod
    def load(cls, networks_directory: Path, marking: Marking, *, threads: int = 1) -> FacePipeline:
        """A pipeline over this installation's networks. Slow: call it off the event loop."""
        return cls(FaceNetworks.load(networks_directory, threads=threads), marking)

    def wear(self, face: WornFace, wearer: WearerCheck | None = None) -> None:
        """Put a face on, from the next frame. Instant. wearer: says who it is worn by; None for anybody."""
        self._worn, self._wearer = face, wearer
        self._compositor.forget()

    def take_off(self) -> None:
        """Wear nothing from the next frame on, and keep nothing of what was worn."""
        self._worn = self._wearer = None
        self._compositor.forget()

    def transform(self, frame: I420Frame, now: float) -> EgressFrame:
        """The frame with the worn face, or what may be shown in its place. Never raises.

        now: monotonic seconds.
        """
        self._size, self._media_time = (frame.width, frame.height), frame.media_time
        times: dict[str, float] = {}
        try:
            return self._transform(frame, now, times)
        except Exception as error:  # noqa: BLE001 - whatever fails, a card leaves, not the camera
            self._log_once(error)
            return self._compositor.without_face(self._size, frame.media_time, "stage_failed", now, times)

    def idle(self, now: float) -> EgressFrame:
        """What to send when no frame came: the last good picture for at most 300 ms, then the card."""
        reason = "late" if self._worn is not None else "nothing_ready"
        return self._compositor.without_face(self._size, self._media_time, reason, now)

    def card(self, width: int, height: int, now: float, reason: str) -> EgressFrame:
        """A card at once. Raises FrameError for an unknown reason or an impossible size."""
        return self._compositor.card(width, height, now, reason)

    def _transform(self, frame: I420Frame, now: float, times: dict[str, float]) -> EgressFrame:
        worn = self._worn
        if worn is None:
            return self._compositor.without_face(self._size, frame.media_time, "nothing_ready", now, times)
        result = timed(times, "trackTime", lambda: self._tracker.update(frame))
        if result.reason or result.face is None:
            if self._wearer is not None:
                self._wearer.lost()
            reason = result.reason or "no_face"
            return self._compositor.without_face(self._size, frame.media_time, reason, now, times)
        face = result.face
        if self._wearer is not None and not self._admits(self._wearer, frame, face, times):
            return self._compositor.without_face(self._size, frame.media_time, "not_the_wearer", now, times)
        engine = self._engines[worn.engine]
        patch = timed(times, "renderTime", lambda: engine.render(frame, face, worn.prepared))
        if not timed(times, "blendTime", lambda: self._check.hides(frame, face, patch, worn.openings)):
            return self._compositor.without_face(self._size, frame.media_time, "stage_failed", now, times)
        egress = self._compositor.face(frame, patch, worn.kind, now, times)
        self._failing = ""
        return egress

    def _admits(
        self, wearer: WearerCheck, frame: I420Frame, face: TrackedFace, times: dict[str, float]
    ) -> bool:
        return timed(times, "trackTime", lambda: wearer.admits(frame, face))

    def _log_once(self, error: Exception) -> None:
        """One line with a traceback per kind of failure, not one per frame."""
        kind = type(error).__name__
        if kind != self._failing:
            logger.error("a stage of the face pipeline failed: %s", kind, exc_info=error)
        self._failing = kind


def warm_up(networks: FaceNetworks, engines: Mapping[str, type[FaceEngine]] = ENGINES) -> None:
    """Have everything compiled and loaded that the first frame of a leg would wait for.

    Compiled code is kept on disk: seconds once after an installation, about one in each process afterwards.
    Never on an event loop.
    """
    frame = _noise(320, 240)
    landmarks = _frontal_landmarks(networks.topology, frame)
    face = TrackedFace(landmarks, 1.0, 0.0)
    compositor, check = Compositor(Marking(LegTag(0))), CoverCheck(networks.topology)
    for make, assets in product(engines.values(), _blank_identities(networks.topology)):
        with suppress(IdentityError):  # not every engine takes both
            prepared = make.prepare(assets, networks.topology)
            patch = make(networks.topology).render(frame, face, prepared)
            check.hides(frame, face, patch, assets.openings)
            compositor.face(frame, patch, assets.kind, 0.0)
    _warm_up_neural(networks.topology)
    FaceDetector(networks.detector).detect(frame)
    LandmarkNetwork(networks.landmarks).locate(frame, region_of_landmarks(landmarks))
    compositor.card(640, 480, 0.0, "nothing_ready")


def _warm_up_neural(topology: FaceTopology) -> None:
    """No blank identity has a network, and all but that is compiled code; a large face needs all of it."""
    frame = _noise(640, 480)
    face = TrackedFace(_frontal_landmarks(topology, frame), 1.0, 0.0)
    engine = NeuralEngine(topology)
    prepared = prepare_around(BlankNetwork(), _blank_identities(topology)[0], topology)
    for _ in range(2):  # what is steadied needs something before it
        engine.render(frame, face, prepared)


def _noise(width: int, height: int) -> I420Frame:
    values = np.random.default_rng(0).integers(60, 200, I420Frame.size_of(width, height), np.uint8)
    return I420Frame(values, width, height, 0.0)


def _blank_identities(topology: FaceTopology) -> tuple[IdentityAssets, IdentityAssets]:
    """A face without features, and a cover without a texture."""
    side = 128
    texture = np.full((side, side, 3), 160, np.uint8)
    alpha = np.full((side, side), 255, np.uint8)
    points = np.ascontiguousarray(topology.uv * side, np.float32)
    nowhere = np.zeros((0, 2), np.float32)
    openings: frozenset[Opening] = frozenset({"eyes", "mouth"})
    return (
        IdentityAssets("blank", "synthetic", texture, alpha, points, openings, ()),
        IdentityAssets("blank", "anonymise", None, None, nowhere, frozenset(), ()),
    )


def _frontal_landmarks(topology: FaceTopology, frame: I420Frame) -> Points:
    """The canonical face looking straight into the camera, half as high as the frame."""
    vertices = topology.vertices
    scale = frame.height / 2 / float(np.ptp(vertices[:, 1]))
    landmarks = np.zeros((LANDMARKS, 3), np.float32)
    landmarks[: len(vertices)] = (vertices - vertices.mean(0)) * np.array([scale, -scale, -scale], np.float32)
    landmarks[:, :2] += (frame.width / 2, frame.height / 2)
    return landmarks
