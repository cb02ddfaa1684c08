"""What a face worker does with an enrolment: begin it once, and have what was recorded learned."""

from __future__ import annotations

import io
import logging
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Protocol

import cv2
import numpy as np

from talchum.adapters.capture_records import CaptureRecords
from talchum.adapters.content_store import ContentStore
from talchum.adapters.enrolment_records import EnrolmentRecords
from talchum.adapters.sealed_files import new_key, sealed
from talchum.adapters.sealed_templates import seal_template
from talchum.adapters.training_jobs import TrainingJobs
from talchum.apps.enrolment_stage import Recorded
from talchum.domain.capture import PERSON_GENERATOR, Capture
from talchum.domain.enrolment_offer import EnrolmentOffer
from talchum.domain.errors import StoreError, TrainingError
from talchum.domain.face import MESH_LANDMARKS, FaceRegion
from talchum.domain.frame import Image
from talchum.domain.training_job import DEFAULT_STEPS
from talchum.vision.conditioning import head_region, into_square
from talchum.vision.cropping import cut_region
from talchum.vision.networks import FACE_TOPOLOGY_FILE, NETWORKS
from talchum.vision.topology import FaceTopology

logger = logging.getLogger(__name__)

STILL_SIDE = 512
THUMBNAIL_SIDE = 256
_STILL_SCALE = 1.35  # of the head's square
_THUMBNAIL_SCALE = 1.6


class Nudge(Protocol):
    """What is asked of `TrainingQueue`."""

    def nudge(self, job: str) -> None:
        """Tell one trainer of a job. Raises StoreError."""


@dataclass(frozen=True, slots=True)
class EnrolmentDesk:
    """Everything here blocks and raises DatabaseError or ContentError when there is no answer.

    template_key: of the sealed templates; raises SettingsError where this machine has no signing key.
    """

    records: EnrolmentRecords
    captures: CaptureRecords
    jobs: TrainingJobs
    content: ContentStore
    queue: Nudge
    topology: FaceTopology
    template_key: Callable[[], bytes]
    steps: int = DEFAULT_STEPS

    def take(self, nonce: str, account: str) -> EnrolmentOffer:
        """Begin an enrolment that was offered. Raises EnrolmentError, SettingsError."""
        self.template_key()  # before somebody performs in vain
        return self.records.take(nonce, account, time.time())

    def fail(self, nonce: str, end: str) -> None:
        """It was not passed."""
        self.records.fail(nonce, end)

    def keep(self, offer: EnrolmentOffer, recorded: Recorded) -> None:
        """It was passed: keep what was recorded, the clip sealed, and have it learned."""
        clip_key = new_key()
        still, points = cut_still(recorded, self.topology, STILL_SIDE, _STILL_SCALE)
        thumbnail, _ = cut_still(recorded, self.topology, THUMBNAIL_SIDE, _THUMBNAIL_SCALE)
        capture = Capture(
            subject=offer.identity,
            title={"en": offer.title, "ko": offer.title},
            clip=self.content.put(sealed(recorded.clip, clip_key)),
            still=self.content.put(_webp(still, 95)),
            points=self.content.put(points),
            thumbnail=self.content.put(_webp(thumbnail, 90)),
            seconds=recorded.seconds,
            provenance={
                "generator": PERSON_GENERATOR,
                "statement": "Recorded live by the person whose face it is, with their signed consent",
                "inputs": [],
            },
            created=time.time(),
        )
        self.captures.add(capture)
        self.records.keep(
            offer.nonce,
            capture=capture.id,
            clip_key=clip_key,
            template=self._template_of(offer, recorded),
            evidence={
                "challenge": asdict(recorded.challenge),
                "age": asdict(recorded.age),
                "networks": {
                    pinned.name: pinned.sha256 for pinned in (*NETWORKS.values(), FACE_TOPOLOGY_FILE)
                },
            },
        )
        have_learned(self.records, self.jobs, self.queue, offer, capture.id, self.steps)

    def _template_of(self, offer: EnrolmentOffer, recorded: Recorded) -> bytes | None:
        """Whose face it is, where that is compared with who wears it."""
        if offer.scope != "self":
            return None
        return seal_template(recorded.face, offer.identity, self.template_key())


def have_learned(
    records: EnrolmentRecords,
    jobs: TrainingJobs,
    queue: Nudge,
    offer: EnrolmentOffer,
    capture: str,
    steps: int = DEFAULT_STEPS,
) -> None:
    """Have a trainer learn from an enrolment; when there is no room for its job, a call server asks again."""
    try:
        job = jobs.submit(capture=capture, identity=offer.identity, steps=steps, now=time.time())
        records.set_job(offer.nonce, job.id)
        queue.nudge(job.id)
    except (StoreError, TrainingError) as error:
        logger.warning("an enrolment waits to be learned: %s (%s)", error.message, error.code)


def cut_still(recorded: Recorded, topology: FaceTopology, side: int, scale: float) -> tuple[Image, bytes]:
    """The face at rest in a square, RGB, and where its mesh lies on it, as .npy."""
    head = head_region(recorded.landmarks, topology)
    region = FaceRegion(head.x, head.y, head.side * scale, head.angle)
    points = into_square(recorded.landmarks, region, side)[:MESH_LANDMARKS, :2]
    buffer = io.BytesIO()
    np.save(buffer, np.ascontiguousarray(points, np.float32), allow_pickle=False)
    return cut_region(recorded.still, region, side), buffer.getvalue()


def _webp(image: Image, quality: int) -> bytes:
    done, encoded = cv2.imencode(".webp", image[..., ::-1], [cv2.IMWRITE_WEBP_QUALITY, quality])
    assert done
    return bytes(encoded.tobytes())
