"""What a face worker needs to enrol people: opened with the first who does, since a call needs none of it."""

from __future__ import annotations

from functools import cached_property

from talchum.adapters.capture_records import CaptureRecords
from talchum.adapters.celery_queue import TrainingQueue, make_celery
from talchum.adapters.enrolment_records import EnrolmentRecords
from talchum.adapters.sealed_templates import KEY_BYTES, PURPOSE
from talchum.adapters.signing import KEY_FILE, Signer
from talchum.adapters.training_jobs import TrainingJobs
from talchum.apps.enrolment_desk import EnrolmentDesk
from talchum.apps.enrolment_leg import Desk
from talchum.apps.enrolment_stage import Recorded, Watcher
from talchum.apps.known_identities import KnownIdentities
from talchum.apps.settings import Settings
from talchum.domain.enrolment_offer import EnrolmentOffer
from talchum.domain.errors import SettingsError
from talchum.vision.detection import FaceDetector
from talchum.vision.landmarks import LandmarkNetwork
from talchum.vision.pipeline import FaceNetworks
from talchum.vision.recognition import FaceRecogniser
from talchum.vision.tracking import FaceTracker
from talchum.vision.watching import EnrolmentWatcher


class Enrolling:
    """Opens the desk and the network that recognises when they are first asked for; both block then."""

    def __init__(self, settings: Settings, networks: FaceNetworks, known: KnownIdentities) -> None:
        self._settings = settings
        self._networks = networks
        self._known = known

    @property
    def desk(self) -> Desk:
        """Where enrolments are begun and kept."""
        return _LateDesk(self)

    def watcher(self) -> Watcher:
        """A watcher of one stream. Raises NetworkFileError."""
        networks = self._networks
        tracker = FaceTracker(FaceDetector(networks.detector), LandmarkNetwork(networks.landmarks))
        return EnrolmentWatcher(tracker, self._recogniser, networks.topology)

    @cached_property
    def _recogniser(self) -> FaceRecogniser:
        return FaceRecogniser.load(self._settings.networks)

    @cached_property
    def opened(self) -> EnrolmentDesk:
        """The desk itself. Raises DatabaseError, SettingsError."""
        learned = self._known.library().learned
        return EnrolmentDesk(
            EnrolmentRecords(learned.engine),
            CaptureRecords(learned.engine),
            TrainingJobs(learned.engine),
            learned.content,
            TrainingQueue(make_celery(self._settings.redis_url)),
            self._networks.topology,
            lambda: template_key(self._settings),
        )


class _LateDesk:
    """A desk that is opened on the thread that asks it something."""

    def __init__(self, enrolling: Enrolling) -> None:
        self._enrolling = enrolling

    def take(self, nonce: str, account: str) -> EnrolmentOffer:
        """As of the desk."""
        return self._enrolling.opened.take(nonce, account)

    def fail(self, nonce: str, end: str) -> None:
        """As of the desk."""
        self._enrolling.opened.fail(nonce, end)

    def keep(self, offer: EnrolmentOffer, recorded: Recorded) -> None:
        """As of the desk."""
        self._enrolling.opened.keep(offer, recorded)


def template_key(settings: Settings) -> bytes:
    """The key of the sealed templates.

    Raises SettingsError (`signing_key_missing`) on a machine that has not the installation's signing key.
    """
    if not settings.signing_key and not (settings.data / KEY_FILE).exists():
        raise SettingsError(
            "got an enrolment on a machine without TALCHUM_SIGNING_KEY, expected the call servers' key there",
            code="signing_key_missing",
        )
    return Signer.of(settings.signing_key, settings.data).derived_key(PURPOSE, KEY_BYTES)
