"""Links are known by their hash, one person's, and a handful at a time."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from talchum.adapters.accounts import Accounts
from talchum.adapters.database import open_database
from talchum.adapters.licence_links import LicenceLinks
from talchum.domain.errors import EnrolmentError
from talchum.domain.licence import LINK_SECONDS, MOST_LINKS, Licence
from tests.domain.consents import FRIEND, SUBJECT

NOW = 1_000.0
EXPIRES = 2_000_000


@pytest.fixture
def links(tmp_path: Path) -> Iterator[LicenceLinks]:
    engine = open_database(f"sqlite:///{tmp_path / 'talchum.db'}")
    Accounts(engine).create("Juno", NOW, account=FRIEND)
    yield LicenceLinks(engine)
    engine.dispose()


def test_a_link_comes_back_as_it_was_and_its_token_is_kept_nowhere(links: LicenceLinks) -> None:
    token = links.make(FRIEND, "Studio", EXPIRES, NOW)
    assert links.get(token, NOW) == Licence(FRIEND, "Studio", EXPIRES, int(NOW + LINK_SECONDS))
    with links.engine.connect() as connection:
        assert token not in str(connection.execute(text("SELECT * FROM licence_links")).all())


def test_one_more_than_a_handful_takes_the_place_of_the_oldest(links: LicenceLinks) -> None:
    tokens = [links.make(FRIEND, "Studio", EXPIRES, NOW + number) for number in range(MOST_LINKS + 2)]
    for token in tokens[:2]:
        with pytest.raises(EnrolmentError) as over:
            links.get(token, NOW + 10)
        assert over.value.code == "licence_unknown"
    assert {links.get(token, NOW + 10).wearer for token in tokens[2:]} == {FRIEND}


def test_of_two_who_use_a_link_at_once_one_does(links: LicenceLinks) -> None:
    token = links.make(FRIEND, "Studio", EXPIRES, NOW)
    done, refused = list[str](), list[str]()

    def use(subject: str) -> None:
        try:
            links.bind(token, subject, "", f"enr-{subject}")
            done.append(subject)
        except EnrolmentError as error:
            refused.append(error.code)

    threads = [threading.Thread(target=use, args=(f"acc-{number:016x}",)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(done) == 1
    assert refused == ["licence_unknown"] * 3
    assert links.get(token, NOW).subject == done[0]


def test_the_same_person_uses_it_again_after_what_they_had(links: LicenceLinks) -> None:
    token = links.make(FRIEND, "Studio", EXPIRES, NOW)
    links.bind(token, SUBJECT, "", "enr-1")
    with pytest.raises(EnrolmentError):
        links.bind(token, SUBJECT, "", "enr-2")
    links.bind(token, SUBJECT, "enr-1", "enr-2")
    assert links.get(token, NOW).enrolment == "enr-2"
