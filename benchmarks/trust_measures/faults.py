"""What is made to go wrong with a leg while a canary is on the performer's face."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from talchum.adapters.identity_files import IdentityFiles, default_identities_directory
from talchum.domain.errors import IdentityError
from talchum.domain.frame import I420Frame
from talchum.vision.pipeline import FacePipeline, prepare_worn_face
from tests.vision.faults import FAULTS, NETWORK_ANSWERS, Fault, answering
from tests.vision.scenes import at_time, face_networks

UNSURE = 0.3
"""A score of landmarks below what counts as a face."""


def nothing(_pipeline: FacePipeline) -> None:
    """Break nothing."""


def as_it_is(frame: I420Frame) -> I420Frame | None:
    """The camera's frame."""
    return frame


@dataclass(frozen=True, slots=True)
class Injection:
    """One fault. breaks: the pipeline. sees: what comes of a camera frame, None when it does not come.

    engine: the only one that it concerns. from_start: before any face was shown.
    """

    breaks: Fault = nothing
    sees: Callable[[I420Frame], I420Frame | None] = as_it_is
    engine: str | None = None
    from_start: bool = False


@dataclass(frozen=True, slots=True)
class FaultKind:
    """Faults of one kind. held: the last picture may stand for 300 ms; else the card comes at once."""

    variants: tuple[Injection, ...]
    held: bool = False


def _named(*names: str) -> FaultKind:
    return FaultKind(tuple(Injection(FAULTS[name]) for name in names))


def _unsure(pipeline: FacePipeline) -> None:
    network = pipeline._tracker._landmark_network
    locate = network.locate
    network.locate = lambda *arguments: (locate(*arguments)[0], UNSURE)  # type: ignore[method-assign]


def _nobody(frame: I420Frame) -> I420Frame:
    """All but the canary gone dark, so that no face is found and the canary is still there."""
    dark = frame.copy()
    keep = np.abs(frame.u.astype(np.int16) - frame.v) > 90  # no skin is as green or as magenta
    keep |= np.abs(frame.u.astype(np.int16) + frame.v - 256) > 90
    seen = np.kron(keep, np.ones((2, 2), np.bool_))[: frame.height, : frame.width]
    dark.y[~seen], dark.u[~keep], dark.v[~keep] = 40, 128, 128
    return dark


def _not_pinned(pipeline: FacePipeline) -> None:
    """Try to put on a face one of whose files is not the one that its manifest pins."""
    name = "sora"
    with tempfile.TemporaryDirectory() as directory:
        target = Path(directory) / name
        target.mkdir()
        for path in (default_identities_directory() / name).iterdir():
            (target / path.name).write_bytes(path.read_bytes())
        network = target / "network.onnx"
        data = bytearray(network.read_bytes())
        data[random.Random(len(data)).randrange(len(data))] ^= 1
        network.write_bytes(data)
        pipeline.take_off()
        try:
            assets = IdentityFiles(Path(directory)).assets(name)
        except IdentityError:
            return
        pipeline.wear(prepare_worn_face(assets, "neural", topology=face_networks().topology))


def _at(media_time: float) -> Injection:
    return Injection(sees=lambda frame: at_time(frame, media_time))


KINDS: dict[str, FaultKind] = {
    "nobody is found": FaultKind((Injection(sees=_nobody),), held=True),
    "a face that is not sure": FaultKind((Injection(_unsure),), held=True),
    "no frame comes": FaultKind((Injection(sees=lambda _frame: None),), held=True),
    "a second face is seen": _named("second face", "second face beside a tracked one"),
    "the tracker fails": _named(
        "tracker raises", "tracker runs out of memory", "tracker returns something else"
    ),
    "landmarks that cannot be": _named("landmarks are not numbers", "landmarks lie outside the frame"),
    "a time that is none": FaultKind((_at(float("nan")), _at(float("inf")))),
    "the engine fails": _named("engine raises", "engine refuses the frame", "engine returns nothing"),
    "the network of a face answers nonsense": FaultKind(
        tuple(Injection(answering(answer), engine="neural") for answer in NETWORK_ANSWERS.values())
    ),
    "a patch that does not cover": _named(
        "patch is transparent",
        "patch is half transparent",
        "patch can be seen through",
        "patch is too small",
        "patch lies over the frame's edge",
    ),
    "the check of a patch fails": _named("check raises", "check finds a hole"),
    "compositing fails": _named("compositing raises"),
    "a face that is not there": _named("identity is none", "engine is unknown"),
    "a face that is not what its manifest pins": FaultKind((Injection(_not_pinned, from_start=True),)),
    "consent has ended": FaultKind((Injection(FacePipeline.take_off),)),
}
"""By what it is. Two more need a leg's thread and a clock: see `stuck_stage`."""
