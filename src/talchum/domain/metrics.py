"""Every measurement that a process gives of itself, with all values its labels may have.

A label takes nothing that is not in `LABELS`, so that the number of series is bounded and nothing that came
from a person (a name, an address, a room) can become one. docs/operate.md lists `METRICS`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

MetricKind = Literal["counter", "gauge", "histogram"]
Part = Literal["server", "worker", "trainer", "recorder"]
EVERY_PART: tuple[Part, ...] = ("server", "worker", "trainer", "recorder")

OTHER = "other"
"""What stands for a label's value that is not in `LABELS`."""

LABELS: Mapping[str, tuple[str, ...]] = {
    "role": ("participant", "face-worker", "recorder"),
    "message": ("description", "candidate", "state"),
    "route": ("host", "srflx", "prflx", "relay", "relay-udp", "relay-tcp", "relay-tls"),
    "end": ("left", "lost", "replaced", "ended"),
    "refusal": ("no_free_face_worker", "identity_unknown", "identity_not_allowed", "signed_out"),
    "queue": ("face-legs", "face-legs.gpu"),
    "slots": ("total", "free"),
    "engine": ("veil", "portrait", "neural", "none"),
    "stage": ("trackTime", "renderTime", "blendTime", "markTime"),
    "picture": ("face", "held", "card"),
    "outcome": ("queued", "running", "succeeded", "failed", "cancelled"),
    "card": (
        "nothing_ready",
        "no_face",
        "second_face",
        "late",
        "stage_failed",
        "network_file_corrupt",
        "identity_invalid",
        "consent_revoked",
        "not_the_wearer",
        "leg_lost",
    ),
}

MILLISECONDS = (0.001, 0.0025, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.15, 0.2, 0.3, 0.5, 1.0)
SECONDS = (0.1, 0.25, 0.5, 1.0, 2.0, 3.0, 5.0, 8.0, 15.0, 30.0, 60.0)


@dataclass(frozen=True, slots=True)
class Metric:
    """One measurement: its name as it is scraped, and which processes give it.

    unit: of its value, "1" for a number of things. buckets: upper bounds of a histogram.
    """

    name: str
    kind: MetricKind
    unit: str
    help: str
    labels: tuple[str, ...] = ()
    parts: tuple[Part, ...] = EVERY_PART
    buckets: tuple[float, ...] = ()

    @property
    def series(self) -> tuple[str, ...]:
        """The names that a query may use."""
        if self.kind != "histogram":
            return (self.name,)
        return tuple(f"{self.name}_{suffix}" for suffix in ("bucket", "sum", "count"))

    def bounded(self, values: tuple[str, ...]) -> tuple[str, ...]:
        """One value for each label, `OTHER` in the place of what is not allowed."""
        named = zip(self.labels, values, strict=True)
        return tuple(value if value in LABELS[label] else OTHER for label, value in named)


class Measurements(Protocol):
    """Where a process leaves what it measures; any thread, quickly, without an error.

    labels: a value for each of the metric's, in order.
    """

    @property
    def read(self) -> bool:
        """Whether anybody can read them, so that what costs something to measure is worth it."""

    def count(self, metric: Metric, *labels: str, by: float = 1.0) -> None:
        """Raise a counter."""

    def set(self, metric: Metric, value: float, *labels: str) -> None:
        """Set a gauge."""

    def observe(self, metric: Metric, value: float, *labels: str) -> None:
        """Add to a histogram."""


class Unmeasured:
    """Where nobody asked for measurements."""

    read = False

    def count(self, metric: Metric, *labels: str, by: float = 1.0) -> None:
        """Forget it."""

    def set(self, metric: Metric, value: float, *labels: str) -> None:
        """Forget it."""

    def observe(self, metric: Metric, value: float, *labels: str) -> None:
        """Forget it."""


UNMEASURED = Unmeasured()

_SERVER: tuple[Part, ...] = ("server",)
_WORKER: tuple[Part, ...] = ("worker",)

SOCKETS = Metric("talchum_sockets", "gauge", "1", "Signalling sockets that are open.", parts=_SERVER)
PARTICIPANTS = Metric(
    "talchum_participants", "gauge", "1", "Sockets that carry a participant's session.", parts=_SERVER
)
ROOMS = Metric(
    "talchum_rooms", "gauge", "1", "Rooms with a participant whose session is at this server.", parts=_SERVER
)
JOINS = Metric("talchum_joins_total", "counter", "1", "Sessions begun.", ("role",), _SERVER)
RESUMES = Metric(
    "talchum_resumes_total", "counter", "1", "Sessions that went on with a new socket.", ("role",), _SERVER
)
RELAYED = Metric(
    "talchum_relayed_messages_total",
    "counter",
    "1",
    "Messages that one peer said to another.",
    ("message",),
    _SERVER,
)
RELAY_TIME = Metric(
    "talchum_relay_seconds",
    "histogram",
    "seconds",
    "From reading a message until it is in the outbox of its receiver.",
    parts=_SERVER,
    buckets=MILLISECONDS,
)
ROUTES = Metric(
    "talchum_call_routes_total",
    "counter",
    "1",
    "Connections between participants, and changes of their route; each side tells its own.",
    ("route",),
    _SERVER,
)
LEGS_ASKED = Metric(
    "talchum_face_legs_asked_total", "counter", "1", "Face legs put on a queue.", parts=_SERVER
)
LEGS_BEGUN = Metric(
    "talchum_face_legs_begun_total", "counter", "1", "Face legs that a worker joined for.", parts=_SERVER
)
LEGS_ENDED = Metric(
    "talchum_face_legs_ended_total",
    "counter",
    "1",
    "Face legs that had begun and ended, by how their worker left.",
    ("end",),
    _SERVER,
)
LEGS_REFUSED = Metric(
    "talchum_face_legs_refused_total",
    "counter",
    "1",
    "Requests for a face that no worker served, by the code the performer got.",
    ("refusal",),
    _SERVER,
)
LEGS_WAITING = Metric(
    "talchum_face_legs_waiting",
    "gauge",
    "1",
    "Face legs of the whole installation that wait for a worker; every call server gives the same number.",
    ("queue",),
    _SERVER,
)
STORE_ERRORS = Metric(
    "talchum_store_errors_total",
    "counter",
    "1",
    "Times that Redis did not answer as it should.",
    parts=("server", "worker"),
)
LOOP_LAG = Metric(
    "talchum_event_loop_lag_seconds",
    "histogram",
    "seconds",
    "How late the event loop of sockets or media gets round to what is due.",
    parts=("server", "worker", "recorder"),
    buckets=MILLISECONDS,
)
WORKER_SLOTS = Metric(
    "talchum_face_worker_slots",
    "gauge",
    "1",
    "Legs this worker can carry, all and free ones.",
    ("slots",),
    _WORKER,
)
LEG_WAIT = Metric(
    "talchum_face_leg_wait_seconds",
    "histogram",
    "seconds",
    "From the request for a face until a worker takes it up; between two machines' clocks.",
    parts=_WORKER,
    buckets=SECONDS,
)
FRAME_AGE = Metric(
    "talchum_frame_age_seconds",
    "histogram",
    "seconds",
    "frameAge: from a frame's arrival at the worker until its picture is given to the sender.",
    ("engine",),
    _WORKER,
    MILLISECONDS,
)
STAGE_TIME = Metric(
    "talchum_stage_seconds",
    "histogram",
    "seconds",
    "Processor time of one frame in one stage of the face pipeline.",
    ("engine", "stage"),
    _WORKER,
    MILLISECONDS,
)
PICTURES = Metric(
    "talchum_pictures_total",
    "counter",
    "1",
    "Pictures sent by face legs, by what they show.",
    ("picture",),
    _WORKER,
)
CARDS = Metric(
    "talchum_cards_total", "counter", "1", "Pictures that were a card, by why.", ("card",), _WORKER
)
FRAMES_DROPPED = Metric(
    "talchum_frames_dropped_total",
    "counter",
    "1",
    "Frames of cameras that a newer one replaced before they were worked on.",
    parts=_WORKER,
)
TRAINING = Metric(
    "talchum_training_jobs",
    "gauge",
    "1",
    "Training jobs that run in this trainer, 0 or 1.",
    parts=("trainer",),
)
TRAINING_ATTEMPTS = Metric(
    "talchum_training_attempts_total",
    "counter",
    "1",
    "Attempts at a training job that are over, by how the job stood then.",
    ("outcome",),
    ("trainer",),
)
RECORDINGS = Metric(
    "talchum_recordings", "gauge", "1", "Calls this recorder records now.", parts=("recorder",)
)

METRICS: tuple[Metric, ...] = (
    SOCKETS,
    PARTICIPANTS,
    ROOMS,
    JOINS,
    RESUMES,
    RELAYED,
    RELAY_TIME,
    ROUTES,
    LEGS_ASKED,
    LEGS_BEGUN,
    LEGS_ENDED,
    LEGS_REFUSED,
    LEGS_WAITING,
    STORE_ERRORS,
    LOOP_LAG,
    WORKER_SLOTS,
    LEG_WAIT,
    FRAME_AGE,
    STAGE_TIME,
    PICTURES,
    CARDS,
    FRAMES_DROPPED,
    TRAINING,
    TRAINING_ATTEMPTS,
    RECORDINGS,
    # Of the process itself, by the names that every Prometheus client gives them.
    Metric(
        "process_cpu_seconds_total", "counter", "seconds", "Processor time, of the user and of the system."
    ),
    Metric("process_resident_memory_bytes", "gauge", "bytes", "Memory in use."),
    Metric("process_virtual_memory_bytes", "gauge", "bytes", "Memory reserved."),
    Metric("process_start_time_seconds", "gauge", "seconds", "When the process began (Unix time)."),
    Metric("process_open_fds", "gauge", "1", "Open files and sockets."),
    Metric("process_max_fds", "gauge", "1", "Files and sockets that may be open."),
)
"""All of them, in the order of the docs."""
