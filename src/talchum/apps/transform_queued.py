"""`talchum transform --queue`: the segments of a clip are done by all transform workers there are.

The clip lies in the content store only while the job runs, sealed with a key that travels in its tasks.
"""

from __future__ import annotations

import logging
import secrets
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TextIO

import redis
from rich.console import Console

from talchum.adapters.clip_segments import check_writable, segments_of
from talchum.adapters.content_store import ContentStore, open_content_store
from talchum.adapters.sealed_files import new_key, seal, unseal
from talchum.adapters.transform_jobs import TransformJobs
from talchum.adapters.transform_queue import Made, SentJob, TransformJob, make_transform_celery, send_job
from talchum.apps.settings import Settings
from talchum.apps.transform import ENTROPY_BITS, check_complete, progress_bar, tell
from talchum.apps.transform_segment import TransformReport
from talchum.domain.errors import TalchumError, TransformError
from talchum.domain.leg_tag import LegTag
from talchum.domain.segments import SEGMENT_SECONDS

logger = logging.getLogger(__name__)

POLL_SECONDS = 0.2
WANT_SECONDS = 30.0
LONELY_SECONDS = 15.0


def run(
    source: Path,
    target: Path,
    *,
    settings: Settings,
    identity: str,
    engine: str | None,
    as_json: bool,
    out: TextIO,
    segment_seconds: float = SEGMENT_SECONDS,
    entropy: int | None = None,
    tag: LegTag | None = None,
) -> int:
    """Have a face put into a clip; returns the exit status.

    entropy, tag: as for `talchum.apps.transform.run`. Raises TransformError or what a worker met,
    MediaFileError, ContentError, StoreError; then the target is as it was.
    """
    check_writable(target)
    segments = segments_of(source, segment_seconds)
    tag = tag or LegTag.drawn(secrets.token_bytes(5))
    drawn = entropy if entropy is not None else secrets.randbits(ENTROPY_BITS)
    jobs = TransformJobs(redis.from_url(settings.redis_url, socket_timeout=5, socket_connect_timeout=2))
    name = secrets.token_urlsafe(12)
    with (
        tempfile.TemporaryDirectory(prefix=f".{target.name}.", dir=target.parent) as directory,
        make_transform_celery(settings.redis_url) as celery,
    ):
        room = Path(directory)
        content = open_content_store(settings.content, room / "cache")
        try:
            jobs.want(name)
            key = new_key()
            sealed = _put_sealed(source, room, content, key)
            jobs.note_blob(name, sealed)
            job = TransformJob(name, sealed, key.hex(), identity, engine, drawn, str(tag))
            sent = send_job(celery, job, segments)
            with progress_bar(source.name, sum(segment.frames for segment in segments)) as (bar, task):
                made = _wait(jobs, name, sent, lambda frames: bar.update(task, completed=frames))
            report = TransformReport(made.frames, made.card_frames, made.cpu_seconds)
            check_complete(source, report)
            _get_unsealed(content, made.digest, key, room, target)
        finally:
            _clean(jobs, name, content)
    tell(report, tag, target, as_json=as_json, out=out)
    return 0


def _put_sealed(source: Path, room: Path, content: ContentStore, key: bytes) -> str:
    sealed = room / "sealed"
    seal(source, sealed, key)
    digest = content.put_file(sealed)
    sealed.unlink()
    return digest


def _get_unsealed(content: ContentStore, digest: str, key: bytes, room: Path, target: Path) -> None:
    plain = room / "plain"
    unseal(content.path(digest), plain, key)
    plain.replace(target)


def _wait(jobs: TransformJobs, name: str, sent: SentJob, show: Callable[[int], None]) -> Made:
    """Until the last task is done. Raises TransformError, with what its worker met."""
    begun = wanted = time.monotonic()
    lonely = False
    while (made := sent.made()) is None:
        failure = jobs.failure(name)
        if failure is not None:
            raise TransformError(failure.message, code=failure.code)
        now = time.monotonic()
        if now - wanted >= WANT_SECONDS:
            jobs.want(name)
            wanted = now
        frames = jobs.frames(name)
        show(frames)
        if not lonely and not frames and now - begun >= LONELY_SECONDS:
            lonely = True
            Console(stderr=True).print("nobody has begun yet: does a `talchum transform-worker` run?")
        time.sleep(POLL_SECONDS)
    show(made.frames)
    return made


def _clean(jobs: TransformJobs, name: str, content: ContentStore) -> None:
    """Leave nothing of the job; workers that are still at it find that nobody wants it."""
    try:
        blobs = jobs.blobs(name)
        jobs.forget(name)
        for digest in blobs:
            content.delete(digest)
    except TalchumError as error:
        logger.warning("the job left something behind, readable to nobody: %s", error.code)
