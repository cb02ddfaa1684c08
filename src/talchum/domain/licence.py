"""A link by which somebody is asked to lend their face: to whom, and until when."""

from __future__ import annotations

from dataclasses import dataclass

from talchum.domain.errors import EnrolmentError

LINK_SECONDS = 3 * 24 * 3600
"""How long a link can be opened and an enrolment by it be begun."""

MOST_LICENSEE = 64
MOST_LINKS = 5
"""Open links of one account; a further one takes the place of the oldest."""


@dataclass(frozen=True, slots=True)
class Licence:
    """What the link says.

    wearer: the account that asks, and that may wear the face. licensee: what the statement calls it.
    expires_at: of the consent; until: of the link; wall clock, seconds. subject: the account of the person,
    empty until somebody opened it as one. enrolment: the last that was offered by it, empty for none.
    """

    wearer: str
    licensee: str
    expires_at: int
    until: int
    subject: str = ""
    enrolment: str = ""

    def expect_for(self, account: str) -> None:
        """Pass for the one who is to lend their face.

        Raises EnrolmentError: `licence_own` for who asks, `licence_unknown` for a third person.
        """
        if account == self.wearer:
            raise EnrolmentError("got a link of one's own, expected another person's", code="licence_own")
        if self.subject not in ("", account):
            raise unknown_licence()


def unknown_licence() -> EnrolmentError:
    """Of a link that never was, is over, or is somebody else's."""
    return EnrolmentError("got a link that is unknown or over", code="licence_unknown")
