"""A passed enrolment of nobody, and an installation that keeps it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from talchum.adapters.enrolment_records import EnrolmentRecords
from talchum.adapters.licence_links import LicenceLinks
from talchum.adapters.memory_clip import MemoryClip
from talchum.adapters.training_jobs import TrainingJobs
from talchum.apps.consent_registry import ConsentRegistry
from talchum.apps.enrolment_desk import EnrolmentDesk
from talchum.apps.enrolment_stage import Recorded
from talchum.apps.enrolments import Enrolments
from talchum.domain.capture import Capture
from talchum.domain.consent import AgeCheck, Challenge, ChallengeStep
from talchum.domain.enrolment_offer import EnrolmentOffer
from talchum.domain.errors import StoreError
from talchum.domain.training_job import LEAST_STEPS
from tests.apps.people import persons_bundle, registry_in
from tests.domain.consents import SUBJECT
from tests.vision.scenes import at_time, clip, face_networks, tracked

KEY = b"t" * 32
DAY = 24 * 3600


@dataclass
class Queue:
    """Remembers what trainers were told. away: nobody takes it."""

    told: list[str] = field(default_factory=list)
    away: bool = False

    def nudge(self, job: str) -> None:
        if self.away:
            raise StoreError("the queue is away")
        self.told.append(job)


def recorded(ended: int = 0) -> Recorded:
    """What a passed enrolment leaves. ended: wall clock, seconds."""
    memory = MemoryClip(15)
    for number, frame in enumerate(clip(6)):
        memory.write(at_time(frame, number / 15))
    face = np.zeros(1024, np.float32)
    face[7] = 1.0
    return Recorded(
        Challenge(ended - 50, ended, (ChallengeStep("turn-left", 3.0, "passed", 1.4),)),
        AgeCheck("recorded", 31.5),
        face,
        memory.finish(),
        memory.seconds,
        clip(1)[0],
        tracked(1)[0].landmarks,
    )


@dataclass
class House:
    """An installation in a directory."""

    registry: ConsentRegistry
    queue: Queue
    desk: EnrolmentDesk
    enrolments: Enrolments

    @classmethod
    def in_(cls, data: Path) -> House:
        registry, queue = registry_in(data), Queue()
        engine, content = registry.records.engine, registry.library.learned.content
        records, jobs = EnrolmentRecords(engine), TrainingJobs(engine)
        topology = face_networks().topology
        desk = EnrolmentDesk(
            records, registry.captures, jobs, content, queue, topology, lambda: KEY, LEAST_STEPS
        )
        licences = LicenceLinks(engine)
        return cls(registry, queue, desk, Enrolments(records, jobs, queue, registry, licences))

    @property
    def records(self) -> EnrolmentRecords:
        return self.enrolments.records

    def offered(self, now: float, *, keeps: bool = False, account: str = SUBJECT) -> EnrolmentOffer:
        offer, _ = self.enrolments.offer(
            account, title="Hana", expires_at=int(now) + 30 * DAY, adult=True, keeps=keeps, now=now
        )
        return offer

    def passed(self, now: float, *, keeps: bool = False) -> tuple[EnrolmentOffer, Capture]:
        offer = self.offered(now, keeps=keeps)
        self.desk.keep(self.records.take(offer.nonce, SUBJECT, now + 1), recorded(int(now) + 60))
        [capture] = [one for one in self.registry.captures.list() if one.subject == offer.identity]
        return offer, capture

    def learn(self, offer: EnrolmentOffer, kind: str = "self") -> None:
        """What a trainer does at the end."""
        bundle = persons_bundle(offer.identity, kind)
        for data in bundle.files.values():
            self.registry.library.learned.content.put(data)
        self.records.learned(offer.nonce, bundle.manifest)

    def close(self) -> None:
        self.registry.records.engine.dispose()
