"""`VerificationRecords` without a store; its own tests hold both to the same."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field

from talchum.domain.errors import VerificationError
from talchum.domain.verification_job import VerificationJob


@dataclass
class VerificationDouble:
    """Nothing runs out here. held: who holds a place."""

    jobs: dict[str, VerificationJob] = field(default_factory=dict)
    held: set[str] = field(default_factory=set)
    claimed: set[str] = field(default_factory=set)

    async def reserve(self, size: int, places: int) -> str:
        if len(self.held) >= places:
            raise VerificationError("busy", code="verifications_busy", retryable=True)
        name = secrets.token_urlsafe(24)
        self.jobs[name] = VerificationJob(size)
        self.held.add(name)
        return name

    async def claim(self, name: str) -> VerificationJob:
        job = await self.look(name)
        if name in self.claimed or job.state != "waiting":
            raise VerificationError("taken", code="verification_taken")
        self.claimed.add(name)
        return job

    async def keep(self, name: str, job: VerificationJob) -> bool:
        if name not in self.jobs:
            return False
        self.jobs[name] = job
        return True

    async def finish(self, name: str, job: VerificationJob) -> None:
        self.held.discard(name)
        if name in self.jobs:
            self.jobs[name] = job

    async def look(self, name: str) -> VerificationJob:
        if name not in self.jobs:
            raise VerificationError("unknown", code="verification_unknown")
        return self.jobs[name]

    async def forget(self, name: str) -> None:
        self.jobs.pop(name, None)
        self.held.discard(name)
