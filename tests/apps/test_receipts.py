"""What both sides of a call get of it, from real call servers over one log."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from talchum.adapters.audit_log import AuditLog
from talchum.adapters.database import open_database
from talchum.adapters.signing import Verifier
from talchum.domain.audit import room_name
from talchum.domain.audit_chain import CHECKPOINT_TYPE, Checkpoint, verify_chain
from talchum.domain.errors import StatementError
from talchum.protocol.admission import room_key
from tests.apps.call_servers import CallServer, Installation, installation, participant

pytestmark = pytest.mark.valkey


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    directory = tmp_path_factory.mktemp("servers")
    with installation(directory, TALCHUM_WEB=str(directory / "nothing")) as servers:
        servers.start()
        servers.start()
        yield servers


@pytest.fixture
def log(running: Installation) -> Iterator[AuditLog]:
    log = AuditLog(open_database(f"sqlite:///{running.directory / 'talchum.db'}"))
    yield log
    log.engine.dispose()


async def receipt(server: CallServer, room: str, left: str) -> dict[str, Any]:
    answer = await asyncio.to_thread(server.request, f"/api/rooms/{room}/receipt?left={left}")
    assert answer[0] == 200, answer
    return dict(answer[1])


def checked(server: CallServer, receipt: dict[str, Any]) -> Checkpoint:
    keys = server.request("/.well-known/talchum.json")[1]
    checkpoint = Checkpoint.of_claims(Verifier(keys).verify(receipt["checkpoint"], CHECKPOINT_TYPE))
    said = (receipt["seq"], receipt["hash"], receipt["time"], tuple(receipt["tags"]))
    assert said == (checkpoint.seq, checkpoint.hash, checkpoint.time, checkpoint.tags)
    return checkpoint


async def test_both_sides_get_a_signed_checkpoint_of_their_call(running: Installation, log: AuditLog) -> None:
    one, two = running.servers
    room = one.new_room()
    async with participant(one, room) as first, participant(two, room) as second:
        await first.say("leave")
        await second.hear("peer-left")
        for_who_stays = await receipt(two, room, first.peer)
        for_who_left = await receipt(two, room, first.peer)  # whichever server is asked
    for one_receipt in (for_who_stays, for_who_left):
        assert one_receipt["entries"] == 4, "opened, joined, joined, left"
        checkpoint = checked(one, one_receipt)
        assert checkpoint.room == room_name(room_key(room))
        assert verify_chain(log.entries(), [checkpoint]).last >= checkpoint.seq


async def test_a_call_whose_servers_die_is_noted_to_its_end(tmp_path: Path) -> None:
    with installation(tmp_path, TALCHUM_WEB=str(tmp_path), TALCHUM_RESUME_SECONDS="1") as servers:
        one, two = servers.start(), servers.start()
        room = one.new_room()
        async with participant(one, room) as first, participant(two, room) as second:
            for server in (one, two):  # each has written what it noted before one is killed
                await receipt(server, room, "")
            one.kill()
            left = await second.hear("peer-left")
            assert (left["peer"], left["reason"]) == (first.peer, "lost")
            assert (await receipt(two, room, first.peer))["entries"] == 4


async def test_the_receipt_of_another_key_is_not_the_services(running: Installation, tmp_path: Path) -> None:
    one = running.servers[0]
    room = one.new_room()
    async with participant(one, room):
        pass
    with installation(tmp_path, TALCHUM_WEB=str(tmp_path)) as others:
        keys = others.start().request("/.well-known/talchum.json")[1]
    with pytest.raises(StatementError):
        Verifier(keys).verify((await receipt(one, room, ""))["checkpoint"], CHECKPOINT_TYPE)


def test_of_a_room_where_nobody_was_there_is_no_receipt(running: Installation) -> None:
    one = running.servers[0]
    status, answer, _ = one.request(f"/api/rooms/{one.new_room()}/receipt")
    assert (status, answer["code"]) == (404, "receipt_unknown")
    status, answer, _ = one.request("/api/rooms/nonsense/receipt")
    assert (status, answer["code"]) == (404, "room_unknown")


def test_other_pages_get_no_receipt(running: Installation) -> None:
    one = running.servers[0]
    headers = {"Origin": "https://elsewhere.example"}
    status, answer, _ = one.request(f"/api/rooms/{one.new_room()}/receipt", headers=headers)
    assert (status, answer["code"]) == (403, "origin_refused")


async def test_a_call_goes_on_while_the_log_is_away(tmp_path: Path) -> None:
    nowhere = f"sqlite:///{tmp_path / 'nowhere' / 'talchum.db'}"
    settings = {"TALCHUM_WEB": str(tmp_path), "TALCHUM_DATABASE_URL": nowhere}
    with installation(tmp_path, **settings) as servers:
        server = servers.start()
        room = server.new_room()
        async with participant(server, room) as first, participant(server, room):
            await first.hear("peer-joined")
            status, answer, _ = await asyncio.to_thread(server.request, f"/api/rooms/{room}/receipt")
            assert (status, answer["code"]) == (503, "database_unavailable")
            (tmp_path / "nowhere").mkdir()
            async with asyncio.timeout(60):
                while status != 200:  # the log is tried again once a second
                    status, answer, _ = await asyncio.to_thread(server.request, f"/api/rooms/{room}/receipt")
            assert answer["entries"] == 3
