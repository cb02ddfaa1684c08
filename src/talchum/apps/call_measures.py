"""What is measured of a call server's sockets and of the rooms behind them."""

from __future__ import annotations

from collections import Counter

from talchum.domain.metrics import (
    JOINS,
    LEGS_ASKED,
    LEGS_BEGUN,
    LEGS_ENDED,
    LEGS_REFUSED,
    PARTICIPANTS,
    RELAY_TIME,
    RELAYED,
    RESUMES,
    ROOMS,
    ROUTES,
    SOCKETS,
    STORE_ERRORS,
    UNMEASURED,
    Measurements,
)
from talchum.domain.tracing import UNTRACED, Span, Traces
from talchum.protocol.messages import Described, FaceLegUnavailable, Role, StateChanged, Trickled
from talchum.protocol.room_effects import Effect, EnqueueFaceLeg, Note, Push, Routed


class CallMeasures:
    """Counts what happens at one call server; connections go by their names."""

    def __init__(self, measurements: Measurements = UNMEASURED, traces: Traces = UNTRACED) -> None:
        self._measurements = measurements
        self._traces = traces
        self._sockets: set[str] = set()
        self._participants: dict[str, str] = {}
        self._rooms: Counter[str] = Counter()

    def opened(self, connection: str) -> None:
        """A socket was accepted."""
        self._sockets.add(connection)
        self._measurements.set(SOCKETS, len(self._sockets))

    def joined(self, connection: str, room: str, role: Role, asked_at: float) -> None:
        """It began a session, which it asked for at this wall clock."""
        self._measurements.count(JOINS, role)
        self._traces.begin("join", at=asked_at).end(role=role)
        self._carries(connection, room, role)

    def resumed(self, connection: str, room: str, role: Role) -> None:
        """It goes on with a session."""
        self._measurements.count(RESUMES, role)
        self._carries(connection, room, role)

    def closed(self, connection: str) -> None:
        """It is gone."""
        self._sockets.discard(connection)
        self._measurements.set(SOCKETS, len(self._sockets))
        self._leaves(connection)
        self._tell()

    def asks_for_leg(self) -> Span:
        """A face leg is being put on its queue."""
        return self._traces.begin("face-leg request")

    def happened(self, effects: list[Effect]) -> None:
        """A step of a room is done."""
        for effect in effects:
            match effect:
                case Routed(route):
                    self._measurements.count(ROUTES, route)
                case EnqueueFaceLeg():
                    self._measurements.count(LEGS_ASKED)
                case Note(event) if event.name == "leg-started":
                    self._measurements.count(LEGS_BEGUN)
                case Note(event) if event.name == "leg-ended":
                    self._measurements.count(LEGS_ENDED, str(event.fields["reason"]))
                case Push(message=FaceLegUnavailable(code=code)):
                    self._measurements.count(LEGS_REFUSED, code)

    def relayed(self, effects: list[Effect], seconds: float) -> None:
        """A peer's message was acted on; it took this long."""
        for effect in effects:
            match effect:
                case Push(message=Described() | Trickled() | StateChanged() as message):
                    self._measurements.count(RELAYED, str(message.__struct_config__.tag))
                    self._measurements.observe(RELAY_TIME, seconds)

    def store_failed(self) -> None:
        """The store did not answer."""
        self._measurements.count(STORE_ERRORS)

    def _carries(self, connection: str, room: str, role: Role) -> None:
        if role == "participant":
            self._leaves(connection)
            self._participants[connection] = room
            self._rooms[room] += 1
            self._tell()

    def _leaves(self, connection: str) -> None:
        room = self._participants.pop(connection, None)
        if room is not None:
            self._rooms[room] -= 1
            if self._rooms[room] == 0:
                del self._rooms[room]

    def _tell(self) -> None:
        self._measurements.set(PARTICIPANTS, len(self._participants))
        self._measurements.set(ROOMS, len(self._rooms))
