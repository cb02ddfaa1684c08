"""An enrolment is begun once, soon, and by its person."""

from __future__ import annotations

from dataclasses import replace

import pytest

from talchum.domain.enrolment_offer import NONCE_BYTES, OFFER_SECONDS, EnrolmentOffer, is_nonce, nonce_of
from talchum.domain.errors import EnrolmentError
from tests.domain.consents import FRIEND, SUBJECT
from tests.domain.offers import offer


def code_of(refused: EnrolmentOffer, account: str, now: float) -> str:
    with pytest.raises(EnrolmentError) as error:
        refused.taken(account, now)
    return error.value.code


def test_its_person_begins_it() -> None:
    assert offer().taken(SUBJECT, 1_000 + OFFER_SECONDS - 1).taken_at == 1_000 + OFFER_SECONDS - 1


def test_nobody_begins_it_twice() -> None:
    assert code_of(offer().taken(SUBJECT, 1_001.0), SUBJECT, 1_002.0) == "enrolment_taken"


@pytest.mark.parametrize("now", [1_000 + OFFER_SECONDS, 1e9, 999.0])
def test_an_old_one_is_not_begun(now: float) -> None:
    assert code_of(offer(), SUBJECT, now) == "enrolment_too_old"


def test_somebody_else_is_not_told_that_there_is_one() -> None:
    assert code_of(offer(), FRIEND, 1_001.0) == "enrolment_unknown"


def test_who_does_not_declare_to_be_an_adult_is_offered_none() -> None:
    with pytest.raises(EnrolmentError) as error:
        replace(offer(), adult=False)
    assert error.value.code == "enrolment_refused"


@pytest.mark.parametrize("text", ["", "enr-", "enr-" + "a" * 23, "enr-" + "A" * 24, 7, None])
def test_what_is_no_name_of_an_enrolment(text: object) -> None:
    assert not is_nonce(text)
    assert is_nonce(nonce_of(bytes(NONCE_BYTES)))
