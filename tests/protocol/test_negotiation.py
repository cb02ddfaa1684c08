"""Two machines and an order of delivery: whatever happens, both end up stable and agreed."""

from __future__ import annotations

from collections import deque

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from talchum.domain.errors import PeerConnectionError
from talchum.protocol.messages import IceCandidate, SessionDescription
from talchum.protocol.negotiation import (
    MAX_BUFFERED_CANDIDATES,
    AddCandidate,
    Effect,
    Negotiation,
    RestartIce,
    SendDescription,
    SetLocalDescription,
    SetRemoteDescription,
)


class Side:
    """A peer connection reduced to what negotiation sees of it: whose offer is agreed."""

    def __init__(self, name: str, *, polite: bool, offers: bool = True, goes_first: bool = True) -> None:
        self.name = name
        self.machine = Negotiation(polite=polite, offers=offers, goes_first=goes_first)
        self.sent: deque[SessionDescription] = deque()
        self.agreed = ""
        self.candidates: list[str] = []
        self.made = 0
        self._offered = ""
        self._remote_offer = ""

    def run(self, effects: list[Effect]) -> None:
        queue = deque(effects)
        while queue:
            match queue.popleft():
                case SetLocalDescription(type="offer"):
                    self.made += 1
                    self._offered = f"{self.name}{self.made}"
                    description = SessionDescription(type="offer", sdp=self._offered)
                    queue.extend(self.machine.local_description_set(description))
                case SetLocalDescription():
                    self.agreed = self._remote_offer
                    description = SessionDescription(type="answer", sdp=self._remote_offer)
                    queue.extend(self.machine.local_description_set(description))
                case SetRemoteDescription(description):
                    if description.type == "offer":
                        self._remote_offer = description.sdp
                    else:
                        assert description.sdp == self._offered, "an answer to another offer was applied"
                        self.agreed = description.sdp
                    queue.extend(self.machine.remote_description_set(description))
                case SendDescription(description):
                    self.sent.append(description)
                case AddCandidate(candidate):
                    self.candidates.append(candidate.candidate)
                case RestartIce():
                    queue.extend(self.machine.negotiation_needed())

    def need(self) -> None:
        self.run(self.machine.negotiation_needed())

    def receive_from(self, other: Side) -> None:
        self.run(self.machine.description_received(other.sent.popleft()))


def pair() -> tuple[Side, Side]:
    return Side("polite", polite=True), Side("impolite", polite=False)


def settle(a: Side, b: Side) -> None:
    for _ in range(100):
        if a.sent:
            b.receive_from(a)
        elif b.sent:
            a.receive_from(b)
        else:
            return
    raise AssertionError("the two sides never stop offering")


def test_one_offer_is_answered() -> None:
    a, b = pair()
    a.need()
    settle(a, b)
    assert a.agreed == b.agreed == "polite1"
    assert a.machine.state == b.machine.state == "stable"


def test_glare_with_the_offers_crossing_is_won_by_the_impolite_side_and_the_other_offers_again() -> None:
    polite, impolite = pair()
    polite.need()
    impolite.need()
    polite.receive_from(impolite)
    assert polite.agreed == "impolite1"
    settle(polite, impolite)
    assert polite.agreed == impolite.agreed == "polite2"


def test_glare_seen_first_by_the_impolite_side_ends_the_same() -> None:
    polite, impolite = pair()
    polite.need()
    impolite.need()
    impolite.receive_from(polite)
    assert impolite.machine.state == "have-local-offer"
    settle(polite, impolite)
    assert polite.agreed == impolite.agreed == "polite2"


def test_candidates_of_an_ignored_offer_are_dropped_and_those_of_the_next_one_are_not() -> None:
    polite, impolite = pair()
    impolite.need()
    polite.need()
    impolite.receive_from(polite)
    impolite.run(impolite.machine.candidate_received(IceCandidate(candidate="of the ignored offer")))
    settle(polite, impolite)
    impolite.run(impolite.machine.candidate_received(IceCandidate(candidate="of the next offer")))
    assert impolite.candidates == ["of the next offer"]


def test_candidates_of_the_answer_that_follows_an_ignored_offer_are_used() -> None:
    polite, impolite = pair()
    impolite.need()
    polite.need()
    impolite.receive_from(polite)
    polite.receive_from(impolite)
    assert polite.sent[0].type == "answer"
    impolite.receive_from(polite)
    impolite.run(impolite.machine.candidate_received(IceCandidate(candidate="of the answer")))
    assert impolite.candidates == ["of the answer"]


def test_an_answer_to_a_rolled_back_offer_is_stale() -> None:
    polite, impolite = pair()
    polite.need()
    impolite.need()
    polite.receive_from(impolite)
    polite.sent.popleft()  # the first offer
    effects = polite.machine.description_received(SessionDescription(type="answer", sdp="polite0"))
    assert effects == [] or polite.machine.state == "have-local-offer"


def test_an_answer_without_an_offer_changes_nothing() -> None:
    a, _ = pair()
    assert a.machine.description_received(SessionDescription(type="answer", sdp="x")) == []
    assert a.machine.state == "stable"


def test_a_need_that_comes_while_an_offer_is_out_is_told_after_the_answer() -> None:
    a, b = pair()
    a.need()
    a.need()
    assert a.made == 1
    settle(a, b)
    assert a.made == 2
    assert a.agreed == b.agreed == "polite2"


def test_candidates_that_come_before_the_description_wait_for_it() -> None:
    a, b = pair()
    a.need()
    b.run(b.machine.candidate_received(IceCandidate(candidate="early")))
    assert b.candidates == []
    settle(a, b)
    assert b.candidates == ["early"]


def test_candidates_without_a_description_are_bounded() -> None:
    _, b = pair()
    for _ in range(MAX_BUFFERED_CANDIDATES):
        b.machine.candidate_received(IceCandidate(candidate="early"))
    with pytest.raises(PeerConnectionError, match="64"):
        b.machine.candidate_received(IceCandidate(candidate="one more"))


def test_a_side_that_leaves_the_first_offer_to_the_other_makes_its_own_after_that() -> None:
    waiting, first = Side("waiting", polite=True, goes_first=False), Side("first", polite=False)
    waiting.need()
    assert not waiting.sent
    first.need()
    settle(waiting, first)
    assert (waiting.made, first.made) == (1, 1)
    assert waiting.agreed == first.agreed == "waiting1"
    waiting.need()
    settle(waiting, first)
    assert waiting.agreed == first.agreed == "waiting2"


def test_an_ice_restart_is_a_new_offer() -> None:
    a, b = pair()
    a.need()
    settle(a, b)
    a.run(a.machine.restart_needed())
    settle(a, b)
    assert a.agreed == b.agreed == "polite2"


def test_both_sides_restarting_at_once_agree() -> None:
    a, b = pair()
    a.need()
    settle(a, b)
    a.run(a.machine.restart_needed())
    b.run(b.machine.restart_needed())
    settle(a, b)
    assert a.agreed == b.agreed


def test_a_side_that_only_answers_never_offers() -> None:
    performer, worker = Side("performer", polite=False), Side("worker", polite=True, offers=False)
    worker.need()
    worker.run(worker.machine.restart_needed())
    assert not worker.sent
    performer.need()
    settle(performer, worker)
    assert performer.agreed == worker.agreed == "performer1"
    assert worker.made == 0


def test_an_offer_that_could_not_be_applied_leaves_the_machine_ready_for_the_next() -> None:
    a, b = pair()
    a.need()
    b.machine.description_received(a.sent.popleft())
    b.run(b.machine.description_refused())
    a.sent.append(SessionDescription(type="offer", sdp="polite1"))
    b.receive_from(a)
    assert b.agreed == "polite1"


def test_a_rollback_from_outside_changes_nothing() -> None:
    a, _ = pair()
    assert a.machine.description_received(SessionDescription(type="rollback")) == []


@given(st.lists(st.sampled_from(["a needs", "b needs", "to a", "to b", "a restarts"]), max_size=40))
@settings(max_examples=300, deadline=None)
def test_any_order_of_needs_and_deliveries_ends_agreed_and_stable(steps: list[str]) -> None:
    a, b = pair()
    for step in steps:
        if step == "a needs":
            a.need()
        elif step == "b needs":
            b.need()
        elif step == "a restarts":
            a.run(a.machine.restart_needed())
        elif step == "to a" and b.sent:
            a.receive_from(b)
        elif step == "to b" and a.sent:
            b.receive_from(a)
    settle(a, b)
    assert a.agreed == b.agreed
    assert a.machine.state == b.machine.state == "stable"
    assert bool(a.agreed) == bool(a.made or b.made)
