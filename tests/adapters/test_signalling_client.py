"""A client over a real WebSocket that is cut, silenced and refused."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from talchum.adapters.signalling_client import SignallingClient
from talchum.domain.errors import AdmissionError
from talchum.protocol.messages import (
    Failure,
    Join,
    Leave,
    ParticipantState,
    PeerLeft,
    RequestIceServers,
    Resume,
    ServerMessage,
    SetState,
    Welcome,
)
from tests.adapters.peers import until
from tests.adapters.signalling_double import SESSION, Double, signalling_double

TICKET = "room.0123456789abcdef"


class Client:
    """A running client and what it was told."""

    def __init__(self, double: Double, *, resume: bool = True) -> None:
        self.messages: list[ServerMessage] = []
        self.client = SignallingClient(double.url, TICKET, self.messages.append, resume=resume)
        self.running = asyncio.create_task(self.client.run())

    async def joined(self) -> None:
        await until(lambda: any(isinstance(m, Welcome) for m in self.messages), "the client is welcomed")


@pytest.fixture
async def double() -> AsyncIterator[Double]:
    async with signalling_double() as made:
        yield made


def state(*, camera: bool) -> SetState:
    return SetState(state=ParticipantState(camera=camera))


async def test_it_joins_speaks_and_leaves(double: Double) -> None:
    client = Client(double)
    await client.joined()
    client.client.send(state(camera=True))
    await until(lambda: len(double.got) == 1, "the message arrives")
    await client.client.leave()
    await client.running
    assert isinstance(double.got[-1], Leave)
    assert double.openings == [Join(ticket=TICKET)]


async def test_what_is_sent_before_the_welcome_goes_after_it(double: Double) -> None:
    client = Client(double)
    client.client.send(state(camera=True))
    client.client.send(state(camera=False))
    await until(lambda: len(double.got) == 2, "both arrive")
    assert [m.seq for m in double.got] == [1, 2]
    await client.client.leave()
    await client.running


async def test_after_a_cut_it_resumes_and_nothing_is_lost_either_way(double: Double) -> None:
    client = Client(double)
    await client.joined()
    await double.push(PeerLeft(peer="b", reason="left"))
    await until(lambda: any(isinstance(m, PeerLeft) for m in client.messages), "the first message arrives")
    await double.cut()
    await until(lambda: not client.client.connected, "the cut is noticed")
    client.client.send(state(camera=True))
    await double.push(PeerLeft(peer="c", reason="lost"))
    await until(lambda: len(double.got) == 1, "what was sent meanwhile arrives")
    await until(lambda: sum(isinstance(m, PeerLeft) for m in client.messages) == 2, "what was missed comes")
    assert double.openings == [Join(ticket=TICKET), Resume(session=SESSION, last_seq=1)]
    assert [m.peer for m in client.messages if isinstance(m, PeerLeft)] == ["b", "c"]
    await client.client.leave()
    await client.running


async def test_session_older_than_a_resume_may_take_outlives_a_cut(double: Double) -> None:
    double.resume_within = 1
    client = Client(double)
    await client.joined()
    await asyncio.sleep(1.2)
    client.client.cut()
    await until(lambda: len(double.openings) == 2 and client.client.connected, "it resumes")
    assert not client.running.done()
    await client.client.leave()
    await client.running


async def test_what_the_server_had_not_processed_is_sent_again(double: Double) -> None:
    client = Client(double)
    await client.joined()
    double.deaf = True
    client.client.send(state(camera=True))
    client.client.cut()
    await until(lambda: not client.client.connected, "the cut is noticed")
    double.deaf = False
    await until(lambda: [m.seq for m in double.got] == [1], "it is sent again, once")
    await client.client.leave()
    await client.running


async def test_a_refused_ticket_says_the_servers_code(double: Double) -> None:
    double.refuse = Failure(code="ticket_invalid", message="got a used ticket", fatal=True)
    client = Client(double)
    with pytest.raises(AdmissionError) as refused:
        await client.running
    assert refused.value.code == "ticket_invalid"


async def test_one_that_does_not_resume_ends_with_its_socket(double: Double) -> None:
    client = Client(double, resume=False)
    await client.joined()
    await double.cut()
    with pytest.raises(AdmissionError) as lost:
        await client.running
    assert lost.value.code == "session_lost"


async def test_credentials_are_refreshed_while_the_call_runs(double: Double) -> None:
    double.expire_in = 1
    client = Client(double)
    await until(lambda: any(isinstance(m, RequestIceServers) for m in double.got), "fresh ones are asked for")
    await client.client.leave()
    await client.running


async def test_text_that_is_no_message_is_passed_over(double: Double) -> None:
    client = Client(double)
    await client.joined()
    assert double.socket is not None
    await double.socket.send("nonsense")
    await double.push(PeerLeft(peer="b", reason="left"))
    await until(lambda: any(isinstance(m, PeerLeft) for m in client.messages), "the next message arrives")
    await client.client.leave()
    await client.running
