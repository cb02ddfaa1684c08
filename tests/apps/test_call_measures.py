"""What a call server's sockets carry, as it is measured."""

from __future__ import annotations

from talchum.apps.call_measures import CallMeasures
from talchum.domain.metrics import PARTICIPANTS, ROOMS, SOCKETS, Metric, Unmeasured


class Gauges(Unmeasured):
    """Remembers what was set last."""

    def __init__(self) -> None:
        self.values: dict[str, float] = {}

    def set(self, metric: Metric, value: float, *labels: str) -> None:
        self.values[metric.name] = value

    def now(self) -> tuple[float, float, float]:
        """Sockets, participants, rooms."""
        sockets, participants, rooms = (
            self.values.get(one.name, 0.0) for one in (SOCKETS, PARTICIPANTS, ROOMS)
        )
        return sockets, participants, rooms


def test_a_room_counts_while_one_of_its_participants_is_here() -> None:
    gauges = Gauges()
    measures = CallMeasures(gauges)
    for name in ("a", "b", "c", "w"):
        measures.opened(name)
    measures.joined("a", "first", "participant", 0.0)
    measures.joined("b", "first", "participant", 0.0)
    measures.resumed("c", "second", "participant")
    measures.joined("w", "third", "face-worker", 0.0)
    assert gauges.now() == (4, 3, 2)
    measures.closed("a")
    measures.closed("w")
    assert gauges.now() == (2, 2, 2)
    measures.closed("b")
    measures.closed("c")
    assert gauges.now() == (0, 0, 0)


def test_a_socket_that_joins_another_room_leaves_the_first() -> None:
    gauges = Gauges()
    measures = CallMeasures(gauges)
    measures.opened("a")
    measures.joined("a", "first", "participant", 0.0)
    measures.joined("a", "second", "participant", 0.0)
    assert gauges.now() == (1, 1, 1)
