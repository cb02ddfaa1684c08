"""Whose faces were enrolled here, so that a face of kind `self` is worn by its owner alone."""

from __future__ import annotations

from functools import cached_property

from talchum.adapters.enrolment_records import EnrolmentRecords
from talchum.adapters.sealed_templates import open_template
from talchum.apps.enrolling import template_key
from talchum.apps.known_identities import KnownIdentities
from talchum.apps.settings import Settings
from talchum.domain.errors import IdentityError
from talchum.vision.pipeline import FaceNetworks
from talchum.vision.recognition import FaceRecogniser
from talchum.vision.wearer import WearerCheck


class EnrolledFaces:
    """Opens the network that recognises when it is first needed; everything blocks."""

    def __init__(self, settings: Settings, networks: FaceNetworks, known: KnownIdentities) -> None:
        self._settings = settings
        self._networks = networks
        self._known = known

    def check(self, identity: str) -> WearerCheck:
        """A check of its owner for one leg.

        Raises IdentityError (`owner_unknown`) without an enrolment to it, ConsentError, SettingsError,
        DatabaseError, NetworkFileError.
        """
        records = EnrolmentRecords(self._known.library().learned.engine)
        sealed = records.templates().get(identity)
        if sealed is None:
            raise IdentityError(
                "got a person's own face without the enrolment that it came of", code="owner_unknown"
            )
        owner = open_template(sealed, identity, template_key(self._settings))
        return WearerCheck(self._recogniser, owner, self._networks.topology)

    @cached_property
    def _recogniser(self) -> FaceRecogniser:
        return FaceRecogniser.load(self._settings.networks)
