"""A training job: one capture that becomes one identity, and all it can go through.

Every change is a pure transition from job to job, so that a record changes whole or not at all. Times are
wall clock seconds.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from talchum.domain.errors import TrainingError
from talchum.domain.identity import is_identity_name

State = Literal["queued", "running", "succeeded", "failed", "cancelled"]
Phase = Literal["waiting", "looking", "learning", "exporting"]

LEAST_STEPS, DEFAULT_STEPS, MOST_STEPS = 20, 1200, 20_000
MOST_QUEUED = 20
MOST_CRASHES = 5
"""How often a job may take its process with it before it is no longer tried."""


@dataclass(frozen=True, slots=True)
class Lease:
    """Who works on a job, and until when that is believed without a heartbeat."""

    owner: str
    until: float


@dataclass(frozen=True, slots=True)
class JobError:
    """Why a job failed, as in `TalchumError`."""

    code: str
    message: str
    retryable: bool


@dataclass(frozen=True, slots=True)
class Quality:
    """How well moments that were held out are painted. psnr: dB. ssim: 0..1. preview: digest of a picture."""

    psnr: float
    ssim: float
    preview: str


@dataclass(frozen=True, slots=True)
class TrainingJob:
    """A job as it stands.

    identity: the name it will have. step: of `steps`. seconds_per_step: as this attempt goes. attempts: how
    often somebody began. crashes: how often they ended without a word. started: the first attempt.
    """

    id: str
    capture: str
    identity: str
    steps: int
    created: float
    state: State = "queued"
    phase: Phase = "waiting"
    step: int = 0
    seconds_per_step: float | None = None
    quality: Quality | None = None
    error: JobError | None = None
    attempts: int = 0
    crashes: int = 0
    started: float | None = None
    ended: float | None = None
    lease: Lease | None = None

    @property
    def seconds_left(self) -> float | None:
        """How long the rest of the learning takes at the pace so far, None when that is not known."""
        if self.state != "running" or self.phase != "learning" or self.seconds_per_step is None:
            return None
        return (self.steps - self.step) * self.seconds_per_step

    def claimable(self, now: float) -> bool:
        """Whether anybody may begin: it waits, or whoever had begun has not been heard of."""
        return self.state == "queued" or (
            self.state == "running" and (self.lease is None or self.lease.until <= now)
        )

    def claimed(self, lease: Lease, now: float) -> TrainingJob:
        """Somebody begins or goes on. Raises TrainingError (`job_not_claimable`)."""
        if not self.claimable(now):
            raise TrainingError(
                f"got a job that is {self.state}, expected one that waits", code="job_not_claimable"
            )
        left = self._without_a_word(now) if self.state == "running" else self
        if left.state == "failed":
            return left
        return replace(
            left,
            state="running",
            phase="looking",
            seconds_per_step=None,
            attempts=self.attempts + 1,
            started=now if self.started is None else self.started,
            lease=lease,
        )

    def heard(self, lease: Lease) -> TrainingJob:
        """Its owner lives. Raises TrainingError (`lease_lost`)."""
        self._expect_owner(lease.owner)
        return replace(self, lease=lease)

    def progressed(
        self,
        owner: str,
        *,
        phase: Phase,
        step: int | None = None,
        seconds_per_step: float | None = None,
        quality: Quality | None = None,
    ) -> TrainingJob:
        """It got further. Raises TrainingError (`lease_lost`)."""
        self._expect_owner(owner)
        return replace(
            self,
            phase=phase,
            step=self.step if step is None else step,
            seconds_per_step=seconds_per_step,
            quality=quality or self.quality,
        )

    def succeeded(self, owner: str, now: float) -> TrainingJob:
        """The identity can be worn. Raises TrainingError (`lease_lost`)."""
        self._expect_owner(owner)
        return self._over("succeeded", now)

    def failed(self, owner: str, error: JobError, now: float) -> TrainingJob:
        """It cannot be done, or not now. Raises TrainingError (`lease_lost`)."""
        self._expect_owner(owner)
        return replace(self._over("failed", now), error=error)

    def crashed(self, owner: str, now: float) -> TrainingJob:
        """Its process ended without a word: it waits again. Raises TrainingError (`lease_lost`)."""
        self._expect_owner(owner)
        return self._without_a_word(now)

    def released(self, owner: str) -> TrainingJob:
        """Its owner has to stop: it waits again. Raises TrainingError (`lease_lost`)."""
        self._expect_owner(owner)
        return self._waiting()

    def cancelled(self, now: float) -> TrainingJob:
        """Nobody wants it; again is no error. Raises TrainingError (`job_ended`)."""
        if self.state == "cancelled":
            return self
        if self.state not in ("queued", "running"):
            raise TrainingError(
                f"got a job that has {self.state}, expected one that waits or runs", code="job_ended"
            )
        return self._over("cancelled", now)

    def retried(self) -> TrainingJob:
        """It waits again and will go on from where it stood. Raises TrainingError (`job_not_ended`)."""
        if self.state not in ("failed", "cancelled"):
            raise TrainingError(
                f"got a job that is {self.state}, expected one that failed or was cancelled",
                code="job_not_ended",
            )
        return replace(self._waiting(), error=None, ended=None, crashes=0)

    def _expect_owner(self, owner: str) -> None:
        if self.state != "running" or self.lease is None or self.lease.owner != owner:
            raise TrainingError("got word of a job from somebody who no longer has it", code="lease_lost")

    def _without_a_word(self, now: float) -> TrainingJob:
        crashes = self.crashes + 1
        if crashes < MOST_CRASHES:
            return replace(self._waiting(), crashes=crashes)
        error = JobError(
            "training_crashed", f"the training's process ended without a word {crashes} times", True
        )
        return replace(self._over("failed", now), crashes=crashes, error=error)

    def _waiting(self) -> TrainingJob:
        return replace(self, state="queued", phase="waiting", seconds_per_step=None, lease=None)

    def _over(self, state: State, now: float) -> TrainingJob:
        # the phase stays: it says where the job ended
        return replace(self, state=state, seconds_per_step=None, ended=now, lease=None)


def new_job(id: str, *, capture: str, identity: object, steps: object, now: float) -> TrainingJob:
    """A job that waits. Raises TrainingError (`identity_invalid`, `steps_out_of_range`)."""
    if not is_identity_name(identity):
        raise TrainingError(
            f"got identity {identity!r:.80}, expected 1 to 32 of a-z, 0-9 and -, a letter first",
            code="identity_invalid",
        )
    if not isinstance(steps, int) or isinstance(steps, bool) or not LEAST_STEPS <= steps <= MOST_STEPS:
        raise TrainingError(
            f"got {steps!r:.20} steps, expected {LEAST_STEPS} to {MOST_STEPS}", code="steps_out_of_range"
        )
    return TrainingJob(id, capture, identity, steps, now)
