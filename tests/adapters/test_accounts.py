"""Accounts: what signs in does so once, as long and as whom it should, and no secret is kept."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from talchum.adapters.accounts import MAX_PASSKEYS, Accounts
from talchum.adapters.database import METADATA, open_database
from talchum.domain.consent import is_account_id
from talchum.domain.errors import AccountError, DatabaseError

NOW = 1_795_000_000.0


@pytest.fixture
def accounts(tmp_path: Path) -> Iterator[Accounts]:
    engine = open_database(f"sqlite:///{tmp_path / 'talchum.db'}")
    yield Accounts(engine)
    engine.dispose()


def code(refused: pytest.ExceptionInfo[AccountError]) -> str:
    return refused.value.code


def test_an_account_has_a_name_of_its_own_and_an_id_that_tells_nothing(accounts: Accounts) -> None:
    hana = accounts.create("  Hana \n Kim ", NOW)
    assert hana.name == "Hana Kim"
    assert is_account_id(hana.id)
    assert accounts.get(hana.id) == hana
    assert accounts.create("Hana Kim", NOW).id != hana.id
    assert len(accounts.create("x" * 400, NOW).name) == 64
    with pytest.raises(AccountError) as refused:
        accounts.get("acc-0000000000000000")
    assert code(refused) == "account_unknown"
    with pytest.raises(AccountError) as refused:
        accounts.create("again", NOW, account=hana.id)
    assert code(refused) == "account_exists"


def test_a_session_is_its_owners_until_it_ends(accounts: Accounts) -> None:
    hana = accounts.create("Hana", NOW)
    token = accounts.open_session(hana.id, 60.0, NOW)
    assert accounts.of_session(token, NOW + 59) == hana
    assert accounts.of_session(token, NOW + 60) is None
    assert accounts.of_session("another", NOW) is None
    accounts.close_session(token)
    assert accounts.of_session(token, NOW) is None
    with pytest.raises(AccountError):
        accounts.open_session("acc-0000000000000000", 60.0, NOW)


def test_every_session_of_an_account_can_be_ended(accounts: Accounts) -> None:
    hana = accounts.create("Hana", NOW)
    tokens = [accounts.open_session(hana.id, 60.0, NOW) for _ in range(3)]
    accounts.close_sessions(hana.id)
    assert [accounts.of_session(token, NOW) for token in tokens] == [None] * 3


def test_an_invitation_opens_one_account_once(accounts: Accounts) -> None:
    token = accounts.invite(600.0, NOW)
    hana = accounts.redeem(token, "Hana", NOW + 599)
    assert accounts.get(hana.id).name == "Hana"
    for later in (token, accounts.invite(600.0, NOW)):
        with pytest.raises(AccountError) as refused:
            accounts.redeem(later, "Juno", NOW + 600)
        assert code(refused) == "invitation_invalid"
    assert accounts.redeem(accounts.invite(60.0, NOW, account=hana.id), "", NOW) == hana


def test_passkeys_belong_to_their_account(accounts: Accounts) -> None:
    hana, juno = accounts.create("Hana", NOW), accounts.create("Juno", NOW)
    accounts.add_passkey(hana.id, "key-1", b"public", 3, NOW)
    accounts.use_passkey("key-1", 4, NOW + 5)
    [key] = accounts.passkeys(hana.id)
    assert (key.account, key.public_key, key.sign_count, key.used) == (hana.id, b"public", 4, int(NOW + 5))
    with pytest.raises(AccountError) as refused:
        accounts.add_passkey(juno.id, "key-1", b"other", 0, NOW)
    assert code(refused) == "passkey_exists"
    accounts.remove_passkey(juno.id, "key-1")
    assert accounts.passkey("key-1") == key
    accounts.remove_passkey(hana.id, "key-1")
    with pytest.raises(AccountError) as refused:
        accounts.passkey("key-1")
    assert code(refused) == "passkey_unknown"


def test_an_account_has_so_many_passkeys_and_no_more(accounts: Accounts) -> None:
    hana = accounts.create("Hana", NOW)
    for number in range(MAX_PASSKEYS):
        accounts.add_passkey(hana.id, f"key-{number}", b"public", 0, NOW)
    with pytest.raises(AccountError) as refused:
        accounts.add_passkey(hana.id, "one-more", b"public", 0, NOW)
    assert code(refused) == "too_many_passkeys"


def test_whom_a_provider_vouches_for_has_one_account(accounts: Accounts) -> None:
    first = accounts.of_provider("https://id.example", "sub-1", "Hana", NOW)
    assert accounts.of_provider("https://id.example", "sub-1", "Hana K.", NOW) == first
    assert accounts.of_provider("https://id.example", "sub-2", "Juno", NOW).id != first.id
    assert accounts.of_provider("https://other.example", "sub-1", "Hana", NOW).id != first.id


def test_what_was_of_a_deleted_account_is_gone(accounts: Accounts) -> None:
    hana = accounts.of_provider("https://id.example", "sub-1", "Hana", NOW)
    token = accounts.open_session(hana.id, 60.0, NOW)
    invitation = accounts.invite(60.0, NOW, account=hana.id)
    accounts.add_passkey(hana.id, "key-1", b"public", 0, NOW)
    accounts.delete(hana.id)
    assert accounts.of_session(token, NOW) is None
    with pytest.raises(AccountError):
        accounts.redeem(invitation, "", NOW)
    with accounts.engine.connect() as connection:
        for table in ("accounts", "passkeys", "account_sessions", "account_invitations", "account_providers"):
            assert connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one() == 0, table


def test_no_secret_lies_in_the_database(accounts: Accounts, tmp_path: Path) -> None:
    hana = accounts.create("Hana", NOW)
    secrets = [accounts.open_session(hana.id, 60.0, NOW), accounts.invite(60.0, NOW)]
    stored = b"".join(path.read_bytes() for path in tmp_path.glob("talchum.db*"))
    for secret in secrets:
        assert len(secret) >= 43, "256 random bits"
        assert secret.encode() not in stored


def test_a_database_that_does_not_answer_is_said_so(accounts: Accounts) -> None:
    METADATA.drop_all(accounts.engine)
    with pytest.raises(DatabaseError):
        accounts.create("Hana", NOW)
    with pytest.raises(DatabaseError):
        accounts.of_session("token", NOW)
